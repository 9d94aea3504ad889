"""People, sessions, ways in and looks as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from indexer import clock
from indexer.storage.logins import Login
from indexer.storage.people import Consent, Look, Person, Role
from indexer.storage.sessions import Session

#: What people may say of themselves; all of it may be left out.
PROFILE = ("faculty", "level", "field", "card_number", "language", "time_zone")


def person_body(person: Person, roles: Iterable[Role] | None = None) -> dict[str, Any]:
    """Return a person; with ``roles`` where they are known."""
    body: dict[str, Any] = {
        "id": person.id,
        "name": person.name,
        "profile": {name: person.profile.get(name) for name in PROFILE},
        "created_at": clock.iso(person.created_at),
        "updated_at": clock.iso(person.updated_at),
        "version": person.version,
    }
    if roles is not None:
        body["roles"] = role_bodies(roles)
    return body


def role_bodies(roles: Iterable[Role]) -> list[dict[str, Any]]:
    """Return roles."""
    return [{"role": role.name, "subject": role.subject or None} for role in roles]


def session_body(session: Session, *, current: bool) -> dict[str, Any]:
    """Return a device that is signed in."""
    return {
        "id": session.id,
        "device": session.device,
        "current": current,
        "created_at": clock.iso(session.created_at),
        "expires_at": clock.iso(session.expires_at),
        "last_used": session.last_used,
    }


def login_body(login: Login) -> dict[str, Any]:
    """Return a way in; a local one with its name."""
    return {
        "id": login.id,
        "kind": login.kind,
        "name": login.name,
        "has_password": login.secret is not None,
        "created_at": clock.iso(login.created_at),
        "last_used": login.last_used,
    }


def look_body(look: Look) -> dict[str, Any]:
    """Return a look of the staff's."""
    return {"who": look.who, "what": look.what, "why": look.why, "at": clock.iso(look.at)}


def consent_body(purpose: str, history: Iterable[Consent]) -> dict[str, Any]:
    """Return how a person stands to a purpose, and how that came."""
    own = [one for one in history if one.purpose == purpose]
    return {
        "purpose": purpose,
        "given": any(one.withdrawn_at is None for one in own),
        "history": [{"given_at": clock.iso(one.given_at), "withdrawn_at": clock.iso(one.withdrawn_at)} for one in own],
    }


def etag_of(person: Person) -> str:
    """Return the validator of a person: whose it is and which version, never by content alone."""
    return f'"{person.id}.{person.version}"'
