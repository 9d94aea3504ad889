"""The desk's part of people, for administrators. Each look is written down, and the person looked at can read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import TypeAdapter

from indexer.storage.people import Person
from search_api.bodies import json_body, read_body
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.library import MAX_KEY, Library
from search_api.people.access import AccountsDep, ManagerDep
from search_api.people.accounts import PASSWORD_CODE_LASTS
from search_api.people.bodies import (
    ANSWERS,
    FIX,
    LONGEST_REASON,
    WRITES,
    AddedOut,
    BodyDep,
    ManagedOut,
    PeopleOut,
    PersonIn,
    ReasonIn,
    RolesIn,
    StateIn,
)
from search_api.people.names import LONGEST_NAME, clean_line
from search_api.people.roles import RoleName, read_role
from search_api.people.told import person_body

router = APIRouter(prefix="/v1/desk/people", tags=["desk"])
_PERSON, _ROLES, _STATE, _REASON = (
    TypeAdapter(PersonIn),
    TypeAdapter(RolesIn),
    TypeAdapter(StateIn),
    TypeAdapter(ReasonIn),
)
_Why = Annotated[
    str,
    Query(min_length=1, max_length=LONGEST_REASON, description="Why you look; the people you see can read it."),
]
_PersonId = Annotated[str, Path(max_length=50, description="A person's id.")]
_STRICT = [Depends(StrictParameters())]


@router.get(
    "",
    summary="List people",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("why", "q", "role", "limit", "before"))],
    responses={200: {"model": PeopleOut}, **ANSWERS},
)
def list_people(
    library: LibraryDep,
    manager: ManagerDep,
    why: _Why,
    q: Annotated[str, Query(max_length=LONGEST_NAME, description="Part of a name.")] = "",
    role: Annotated[RoleName | None, Query(description="Only who has this role.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="People a page.")] = 20,
    before: Annotated[int | None, Query(ge=1, le=MAX_KEY, description="`next_before` of the page before.")] = None,
) -> Response:
    """Return people, the newest first. It is noted for each of them that you saw them here, and why."""
    found = library.store.people.page(text=q.strip(), role=role or "", before=before, limit=limit + 1)
    shown = found[:limit]
    library.store.people.note_looks(
        [one.key for one in shown], manager.actor, "list", clean_line(why, "why", LONGEST_REASON)
    )
    meta = {"count": len(shown), "next_before": shown[-1].key if len(found) > limit else None}
    return OrjsonResponse({"meta": meta, "results": [_managed(library, one) for one in shown]})


@router.post(
    "",
    summary="Make an account",
    status_code=201,
    response_class=OrjsonResponse,
    dependencies=_STRICT,
    responses={201: {"model": AddedOut}, **WRITES},
    openapi_extra=json_body(PersonIn, {"name": "wang.fang", "reason": "New at the desk."}),
)
def add_person(library: LibraryDep, accounts: AccountsDep, manager: ManagerDep, body: BodyDep) -> Response:
    """Make an account for somebody, and return the code with which they choose a password at /sign-in."""
    given = read_body(body, _PERSON, fix=FIX)
    reason = clean_line(given.reason, "reason", LONGEST_REASON)
    person = accounts.add_local(given.name, None, reason=reason, actor=manager.actor)
    library.store.people.note_looks([person.key], manager.actor, "made", reason)
    return _with_code(library, person, accounts.password_code(person, actor=manager.actor))


@router.get(
    "/{person_id}",
    summary="Show a person",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("why"))],
    responses={200: {"model": ManagedOut}, 404: WRITES[404], **ANSWERS},
)
def show_person(library: LibraryDep, manager: ManagerDep, person_id: _PersonId, why: _Why) -> Response:
    """Return a person. It is noted for them that you saw this, and why."""
    person = library.store.people.find(person_id)
    library.store.people.note_looks([person.key], manager.actor, "profile", clean_line(why, "why", LONGEST_REASON))
    return OrjsonResponse(_managed(library, person))


@router.put(
    "/{person_id}/roles",
    summary="Give roles",
    response_class=OrjsonResponse,
    dependencies=_STRICT,
    responses={200: {"model": ManagedOut}, **WRITES},
    openapi_extra=json_body(
        RolesIn, {"roles": [{"role": "subject_expert", "subject": "TP"}], "reason": "Knows computing."}
    ),
)
def set_roles(library: LibraryDep, manager: ManagerDep, person_id: _PersonId, body: BodyDep) -> Response:
    """Let a person have these roles and no others; somebody must remain administrator."""
    given = read_body(body, _ROLES, fix=FIX)
    person = library.store.people.find(person_id)
    tree = library.store.subjects.tree()
    roles = [read_role(one.role, one.subject or "", tree) for one in given.roles]
    reason = clean_line(given.reason, "reason", LONGEST_REASON)
    library.store.people.set_roles(person.key, roles, reason=reason, actor=manager.actor)
    return OrjsonResponse(_managed(library, person))


@router.put(
    "/{person_id}/state",
    summary="Shut out, or let in again",
    response_class=OrjsonResponse,
    dependencies=_STRICT,
    responses={200: {"model": ManagedOut}, **WRITES},
    openapi_extra=json_body(StateIn, {"disabled": True, "reason": "Has left the university."}),
)
def set_state(library: LibraryDep, manager: ManagerDep, person_id: _PersonId, body: BodyDep) -> Response:
    """Shut a person out, on all devices at once, or let them in again; what is theirs stays."""
    given = read_body(body, _STATE, fix=FIX)
    person = library.store.people.find(person_id)
    reason = clean_line(given.reason, "reason", LONGEST_REASON)
    changed = library.store.people.set_disabled(person.key, disabled=given.disabled, reason=reason, actor=manager.actor)
    return OrjsonResponse(_managed(library, changed))


@router.post(
    "/{person_id}/code",
    summary="Make a code for a new password",
    status_code=201,
    response_class=OrjsonResponse,
    dependencies=_STRICT,
    responses={201: {"model": AddedOut}, **WRITES},
    openapi_extra=json_body(ReasonIn, {"reason": "Has forgotten the password."}),
)
def make_code(
    library: LibraryDep, accounts: AccountsDep, manager: ManagerDep, person_id: _PersonId, body: BodyDep
) -> Response:
    """Return a code with which somebody who has forgotten the password chooses another."""
    given = read_body(body, _REASON, fix=FIX)
    person = library.store.people.find(person_id)
    code = accounts.password_code(person, actor=manager.actor)
    reason = clean_line(given.reason, "reason", LONGEST_REASON)
    library.store.people.note_looks([person.key], manager.actor, "password_code", reason)
    return _with_code(library, person, code)


def _with_code(library: Library, person: Person, code: str) -> Response:
    body = {"person": _managed(library, person), "code": code, "code_expires_in_days": PASSWORD_CODE_LASTS.days}
    return OrjsonResponse(body, status_code=201)


def _managed(library: Library, person: Person) -> dict[str, Any]:
    kinds: Sequence[Literal["local", "wechat", "campus"]] = [one.kind for one in library.store.logins.of(person.key)]
    return {
        **person_body(person, library.store.people.roles(person.key)),
        "disabled": person.disabled_at is not None,
        "login_kinds": list(dict.fromkeys(kinds)),
    }
