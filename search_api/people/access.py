"""Who may do this: what routes ask for before anything of a request is looked at.

Without a session it is 401, without the right 403; what belongs to somebody else is 404, as if it were not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from indexer.errors import UnknownPersonError
from indexer.storage.people import Person, Role
from indexer.storage.sessions import Session
from indexer.storage.sources import Actor
from search_api.library import Library
from search_api.manners.forwarded import client_key
from search_api.people.accounts import Accounts, Comer
from search_api.people.devices import LONGEST_DEVICE, device_of
from search_api.people.errors import AccountError
from search_api.people.roles import Permission, may, may_for
from search_api.people.visits import visit_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who is signed in, on which device, with which roles."""

    person: Person
    session: Session
    roles: tuple[Role, ...]

    @property
    def actor(self) -> Actor:
        """Return who is written down for what they do."""
        return Actor(person_key=self.person.key, roles=frozenset(role.name for role in self.roles))


def member_of(request: Request) -> Member | None:
    """Return who is signed in, if anybody is."""
    visit = visit_of(request)
    if visit is None:
        return None
    people = cast(Library, request.app.state.library).store.people
    try:
        person = people.get(visit.session.person_key)
    except UnknownPersonError:  # left this moment, on another device
        return None
    return Member(person=person, session=visit.session, roles=tuple(people.roles(person.key)))


def signed_in(request: Request) -> Member:
    """Return who is signed in.

    Raises:
        AccountError: ``not_signed_in``.
    """
    member = member_of(request)
    if member is None:
        raise AccountError("not_signed_in")
    return member


def require(permission: Permission) -> Callable[[Request], Member]:
    """Return a dependency that lets only those in who have a permission, and gives who it is."""

    def permitted(request: Request) -> Member:
        member = signed_in(request)
        if not may(member.roles, permission):
            raise AccountError("not_allowed")
        return member

    return permitted


def require_classes(member: Member, permission: Permission, classes: Sequence[str | None], library: Library) -> None:
    """Refuse a change of classes that are not all among those that somebody's roles are for.

    Raises:
        AccountError: ``not_allowed``.
    """
    if not may_for(member.roles, permission, classes, library.store.subjects.tree()):
        raise AccountError("not_allowed")


def comer_of(request: Request, device: str | None = None) -> Comer:
    """Return from where a request comes, and on what device: as it says itself, or as its browser does."""
    named = " ".join((device or "").split())
    named = "".join(letter for letter in named if letter.isprintable())[:LONGEST_DEVICE]
    return Comer(address=client_key(request.scope), device=named or device_of(request.headers.get("user-agent", "")))


def _accounts(request: Request) -> Accounts:
    return cast(Accounts, request.app.state.accounts)


AccountsDep = Annotated[Accounts, Depends(_accounts)]
MemberDep = Annotated[Member, Depends(signed_in)]
MaybeMemberDep = Annotated[Member | None, Depends(member_of)]
ManagerDep = Annotated[Member, Depends(require("people.manage"))]
