"""Ways in over the API: for the mini-program, scripts, and whoever keeps a token."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, TypeAdapter

from search_api.bodies import json_body, read_body
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.library import Library
from search_api.people.access import AccountsDep, MaybeMemberDep, comer_of
from search_api.people.accounts import Entry
from search_api.people.bodies import (
    ANSWERS,
    FIX,
    WRITES,
    BodyDep,
    CodeIn,
    PersonOut,
    SignedInOut,
    SignInIn,
    WeChatIn,
)
from search_api.people.told import person_body, session_body

router = APIRouter(prefix="/v1", tags=["people"], dependencies=[Depends(StrictParameters())])
_SIGN_IN, _WECHAT, _CODE = TypeAdapter(SignInIn), TypeAdapter(WeChatIn), TypeAdapter(CodeIn)
_EXAMPLE = {"name": "liming", "password": "four words are long", "device": "My phone"}
_ENTERED: dict[int | str, dict[str, Any]] = {201: {"model": SignedInOut}, **WRITES}


class CampusOut(BaseModel):
    """The campus: browsers go to ``url``."""

    name_zh: str
    name_en: str
    url: str


class WaysOut(BaseModel):
    """How one can sign in here."""

    local: bool
    sign_up: bool
    wechat: bool
    campus: CampusOut | None


@router.get(
    "/sign-in", summary="How to sign in", response_class=OrjsonResponse, responses={200: {"model": WaysOut}, **ANSWERS}
)
def list_ways(library: LibraryDep) -> Response:
    """Return the ways to sign in that this library offers."""
    settings = library.settings
    campus = settings.campus
    return OrjsonResponse(
        {
            "local": True,
            "sign_up": settings.accounts.open,
            "wechat": settings.wechat.is_on,
            "campus": {"name_zh": campus.name_zh, "name_en": campus.name_en, "url": "/sign-in/campus"}
            if campus.is_on
            else None,
        }
    )


@router.post(
    "/sign-in",
    summary="Sign in with name and password",
    status_code=201,
    response_class=OrjsonResponse,
    responses=_ENTERED,
    openapi_extra=json_body(SignInIn, _EXAMPLE),
)
def sign_in(request: Request, library: LibraryDep, accounts: AccountsDep, body: BodyDep) -> Response:
    """Return a token for whoever knows the password of a name. After ten tries a name has to wait."""
    given = read_body(body, _SIGN_IN, fix=FIX)
    entry = accounts.sign_in(given.name, given.password.get_secret_value(), comer_of(request, given.device))
    return _entered(library, entry)


@router.post(
    "/sign-up",
    summary="Make an account",
    status_code=201,
    response_class=OrjsonResponse,
    responses=_ENTERED,
    openapi_extra=json_body(SignInIn, _EXAMPLE),
)
def sign_up(request: Request, library: LibraryDep, accounts: AccountsDep, body: BodyDep) -> Response:
    """Make an account with a name and password, where the library lets readers do that."""
    given = read_body(body, _SIGN_IN, fix=FIX)
    entry = accounts.sign_up(given.name, given.password.get_secret_value(), comer_of(request, given.device))
    return _entered(library, entry)


@router.post(
    "/sign-in/wechat",
    summary="Sign in with WeChat",
    status_code=201,
    response_class=OrjsonResponse,
    responses=_ENTERED,
    openapi_extra=json_body(WeChatIn, {"code": "0a3b…", "device": "My phone"}),
)
def sign_in_by_wechat(request: Request, library: LibraryDep, accounts: AccountsDep, body: BodyDep) -> Response:
    """Return a token for a user of the mini-program; who comes for the first time gets an account."""
    given = read_body(body, _WECHAT, fix=FIX)
    return _entered(library, accounts.wechat(given.code, comer_of(request, given.device)))


@router.post(
    "/sign-in/code",
    summary="Use a one-time code",
    status_code=201,
    response_class=OrjsonResponse,
    responses={200: {"model": PersonOut, "description": "Who is signed in has the role now."}, **_ENTERED},
    openapi_extra=json_body(CodeIn, {"code": "7KQ2M-XXXXX-XXXXX-XXXXX", "name": "liming", "password": "…"}),
)
def use_code(
    request: Request, library: LibraryDep, accounts: AccountsDep, member: MaybeMemberDep, body: BodyDep
) -> Response:
    """Become administrator by the code from the terminal, or choose the password of an account made for you."""
    given = read_body(body, _CODE, fix=FIX)
    entry = accounts.use_code(
        given.code,
        comer_of(request, given.device),
        session=member.session if member else None,
        name=given.name,
        password=given.password.get_secret_value() if given.password else None,
    )
    if entry is not None:
        return _entered(library, entry)
    assert member is not None  # noqa: S101  # only who is signed in is in already
    people = library.store.people
    return OrjsonResponse(person_body(member.person, people.roles(member.person.key)))


def _entered(library: Library, entry: Entry) -> Response:
    people = library.store.people
    person = people.get(entry.session.person_key)
    body = {
        "token": entry.secret,
        "new": entry.is_new,
        "session": session_body(entry.session, current=True),
        "person": person_body(person, people.roles(person.key)),
    }
    return OrjsonResponse(body, status_code=201)
