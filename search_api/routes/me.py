"""What is one's own: name and profile, devices, ways in, consents, who looked, everything to take along, leaving."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import TypeAdapter

from indexer import clock
from indexer.errors import StalePersonError
from search_api.bodies import json_body, read_body
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.library import Library
from search_api.people.access import AccountsDep, Member, MemberDep
from search_api.people.bodies import (
    ANSWERS,
    FIX,
    PROBLEM,
    WRITES,
    BodyDep,
    ConsentIn,
    ConsentOut,
    ConsentsOut,
    LoginIn,
    LoginOut,
    LoginsOut,
    LooksOut,
    MeIn,
    PasswordIn,
    PersonOut,
    ProofIn,
    SessionsOut,
    listing,
)
from search_api.people.consents import PURPOSES, Purpose
from search_api.people.errors import AccountError
from search_api.people.problems import ConflictProblem, conflict
from search_api.people.profiles import changed_person
from search_api.people.told import consent_body, etag_of, login_body, look_body, person_body, session_body
from search_api.people.visits import clear_cookie

router = APIRouter(prefix="/v1/me", tags=["people"], dependencies=[Depends(StrictParameters())])
_ME, _PASSWORD = TypeAdapter(MeIn), TypeAdapter(PasswordIn)
_LOGIN, _PROOF, _CONSENT = TypeAdapter(LoginIn), TypeAdapter(ProofIn), TypeAdapter(ConsentIn)
_MOST_LOOKS = 500
_TAG = re.compile(r'(?:W/)?"[a-z0-9]{1,50}\.([0-9]{1,18})"')
_GONE: dict[int | str, dict[str, Any]] = {204: {"description": "Done."}, **WRITES}
_OwnId = Annotated[str, Path(max_length=50, description="As the list shows it.")]


@router.get("", summary="Who am I", response_class=OrjsonResponse, responses={200: {"model": PersonOut}, **ANSWERS})
def show_me(member: MemberDep) -> Response:
    """Return one's own name, profile and roles; the ETag goes into ``If-Match`` of a change."""
    return OrjsonResponse(person_body(member.person, member.roles), headers={"ETag": etag_of(member.person)})


@router.patch(
    "",
    summary="Change name or profile",
    response_class=OrjsonResponse,
    responses={
        200: {"model": PersonOut},
        412: {"model": ConflictProblem, "description": "Changed meanwhile; both versions are here."},
        428: PROBLEM,
        **WRITES,
    },
    openapi_extra=json_body(MeIn, {"name": "Li Ming", "profile": {"faculty": "Physics", "time_zone": "Asia/Shanghai"}}),
)
def change_me(
    library: LibraryDep,
    member: MemberDep,
    body: BodyDep,
    if_match: Annotated[str | None, Header(max_length=200, description="The ETag that was read, or *.")] = None,
) -> Response:
    """Change what is named, and leave the rest; two devices that change the same do not overwrite each other."""
    version = _version(member, if_match)
    given = read_body(body, _ME, fix=FIX)
    name, profile = changed_person(member.person, given)
    try:
        person = library.store.people.change(member.person.key, version, name=name, profile=profile)
    except StalePersonError:
        raise conflict(library.store.people.get(member.person.key), given.model_dump(exclude_unset=True)) from None
    return OrjsonResponse(person_body(person, member.roles), headers={"ETag": etag_of(person)})


@router.delete(
    "",
    summary="Leave, with everything",
    status_code=204,
    responses=_GONE,
    openapi_extra=json_body(ProofIn, {"password": "…"}),
)
def leave(request: Request, library: LibraryDep, accounts: AccountsDep, member: MemberDep, body: BodyDep) -> Response:
    """Delete the account and all that is in it, at once and for ever; the password says that it is you."""
    given = read_body(body, _PROOF, fix=FIX)
    accounts.prove(member.person, member.session, _secret(given.password))
    library.store.personal_data.delete(member.person.key)
    return _without_cookie(request, library)


@router.get(
    "/export", summary="Take everything along", responses={200: {"description": "A JSON object of tables."}, **ANSWERS}
)
def export_me(library: LibraryDep, member: MemberDep) -> Response:
    """Return everything that is kept of you, table by table; digests of passwords and tokens are left out."""
    headers = {"Content-Disposition": 'attachment; filename="kaijuan-export.json"'}
    return StreamingResponse(_exported(library, member), media_type="application/json", headers=headers)


@router.get(
    "/sessions",
    summary="List my devices",
    response_class=OrjsonResponse,
    responses={200: {"model": SessionsOut}, **ANSWERS},
)
def list_sessions(library: LibraryDep, member: MemberDep) -> Response:
    """Return the devices that are signed in, the newest first, each with the day of its last use."""
    found = library.store.sessions.of(member.person.key, idle_days=library.settings.accounts.idle_days)
    return OrjsonResponse(listing([session_body(one, current=one.id == member.session.id) for one in found]))


@router.delete("/sessions", summary="Sign out all other devices", status_code=204, responses=_GONE)
def end_other_sessions(library: LibraryDep, member: MemberDep) -> Response:
    """Sign all devices out but this one."""
    library.store.sessions.end_others(member.person.key, member.session.id)
    return Response(status_code=204)


@router.delete("/sessions/{session_id}", summary="Sign a device out", status_code=204, responses=_GONE)
def end_session(request: Request, library: LibraryDep, member: MemberDep, session_id: _OwnId) -> Response:
    """Sign a device out; ``current`` is this one."""
    wanted = member.session.id if session_id == "current" else session_id
    library.store.sessions.end(member.person.key, wanted)
    return _without_cookie(request, library) if wanted == member.session.id else Response(status_code=204)


@router.put(
    "/password",
    summary="Change the password",
    status_code=204,
    responses=_GONE,
    openapi_extra=json_body(PasswordIn, {"old": "…", "new": "four other words"}),
)
def change_password(library: LibraryDep, accounts: AccountsDep, member: MemberDep, body: BodyDep) -> Response:  # noqa: ARG001
    """Change the password; all other devices are signed out."""
    given = read_body(body, _PASSWORD, fix=FIX)
    old, new = given.old.get_secret_value(), given.new.get_secret_value()
    accounts.change_password(member.person, old, new, keep=member.session.id)
    return Response(status_code=204)


@router.get(
    "/logins",
    summary="List my ways in",
    response_class=OrjsonResponse,
    responses={200: {"model": LoginsOut}, **ANSWERS},
)
def list_logins(library: LibraryDep, member: MemberDep) -> Response:
    """Return the ways in that lead to this account."""
    return OrjsonResponse(listing([login_body(one) for one in library.store.logins.of(member.person.key)]))


@router.post(
    "/logins",
    summary="Add a way in",
    status_code=201,
    response_class=OrjsonResponse,
    responses={201: {"model": LoginOut}, **WRITES},
    openapi_extra=json_body(LoginIn, {"kind": "local", "name": "liming", "new_password": "four words are long"}),
)
def add_login(accounts: AccountsDep, member: MemberDep, body: BodyDep) -> Response:
    """Add a name with a password, or WeChat; the campus is added in a browser, at /me.

    A way in that leads to another account is refused: accounts are not joined.
    """
    given = read_body(body, _LOGIN, fix=FIX)
    accounts.prove(member.person, member.session, _secret(given.password))
    if given.kind == "wechat":
        login = accounts.new_wechat(given.code or "")
    else:
        login = accounts.new_local(member.person, given.name or "", _secret(given.new_password) or "")
    return OrjsonResponse(login_body(accounts.add_login(member.person, login)), status_code=201)


@router.delete(
    "/logins/{login_id}",
    summary="Remove a way in",
    status_code=204,
    responses=_GONE,
    openapi_extra=json_body(ProofIn, {"password": "…"}),
)
def remove_login(
    library: LibraryDep, accounts: AccountsDep, member: MemberDep, login_id: _OwnId, body: BodyDep
) -> Response:
    """Remove a way in; the last one stays."""
    given = read_body(body, _PROOF, fix=FIX)
    accounts.prove(member.person, member.session, _secret(given.password))
    library.store.logins.remove(member.person.key, login_id)
    return Response(status_code=204)


@router.get(
    "/consents",
    summary="What I agreed to",
    response_class=OrjsonResponse,
    responses={200: {"model": ConsentsOut}, **ANSWERS},
)
def list_consents(library: LibraryDep, member: MemberDep) -> Response:
    """Return each purpose, whether you agree to it, and how that came."""
    history = library.store.people.consents(member.person.key)
    return OrjsonResponse(listing([consent_body(purpose, history) for purpose in PURPOSES]))


@router.put(
    "/consents/{purpose}",
    summary="Agree, or take it back",
    response_class=OrjsonResponse,
    responses={200: {"model": ConsentOut}, **WRITES},
    openapi_extra=json_body(ConsentIn, {"given": True}),
)
def set_consent(library: LibraryDep, member: MemberDep, purpose: Purpose, body: BodyDep) -> Response:
    """Agree to a purpose, or take that back; nothing else depends on it."""
    given = read_body(body, _CONSENT, fix=FIX)
    library.store.people.consent(member.person.key, purpose, given=given.given)
    return OrjsonResponse(consent_body(purpose, library.store.people.consents(member.person.key)))


@router.get(
    "/access",
    summary="Who looked at my data",
    response_class=OrjsonResponse,
    responses={200: {"model": LooksOut}, **ANSWERS},
)
def list_looks(library: LibraryDep, member: MemberDep) -> Response:
    """Return who of the staff saw or changed what of you, and why, the newest first."""
    looks = library.store.people.looks(member.person.key, limit=_MOST_LOOKS)
    return OrjsonResponse(listing([look_body(one) for one in looks]))


def _version(member: Member, if_match: str | None) -> int | None:
    """Return the version that a change is for; ``None`` for any. One that is nobody's fits nothing."""
    if if_match is None:
        raise AccountError("no_version", parameter="If-Match")
    if if_match.strip() == "*":
        return None
    given = _TAG.fullmatch(if_match.strip())
    is_own = given is not None and if_match.strip().removeprefix("W/").startswith(f'"{member.person.id}.')
    return int(given[1]) if given is not None and is_own else -1


def _secret(value: Any) -> str | None:
    return value.get_secret_value() if value is not None else None


def _without_cookie(request: Request, library: Library) -> Response:
    response = Response(status_code=204)
    clear_cookie(response, request, library)
    return response


def _exported(library: Library, member: Member) -> Iterator[bytes]:
    """Give everything of a person in pieces, as one JSON object."""
    head = {"format": "kaijuan-person-1", "exported_at": clock.iso(clock.now()), "person": member.person.id}
    yield orjson.dumps(head)[:-1] + b',"tables":{'
    separator = b""
    for name, rows in groupby(library.store.personal_data.rows(member.person.key), key=lambda pair: pair[0]):
        yield separator + orjson.dumps(name) + b":["
        for place, (_, row) in enumerate(rows):
            yield (b"," if place else b"") + orjson.dumps(row)
        yield b"]"
        separator = b","
    yield b"}}\n"
