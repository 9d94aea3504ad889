"""People: who they are, their roles, what they agreed to, and who of the staff looked.

What a person is called and says of themselves changes by version, so that two devices cannot overwrite each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, delete, func, or_, select, update

from indexer import clock, ids
from indexer.errors import LastAdministratorError, StalePersonError, UnknownPersonError
from indexer.storage import schema
from indexer.storage.database import Database, inserted_key, retried
from indexer.storage.limits import storable_text
from indexer.storage.sources import Actor, record_audit

ADMINISTRATOR = "administrator"
_people, _roles = schema.people, schema.person_roles
#: Held by whoever may leave the library without an administrator.
_WRITER = "people"
#: The same look within so long is one look.
_ONE_LOOK = timedelta(hours=1)


class Role(NamedTuple):
    """A role, all over (``subject`` is empty) or for one class of the subject tree and what is below it."""

    name: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person; ``profile`` is what they say of themselves."""

    key: int
    id: str
    name: str
    profile: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person agreed to; ``withdrawn_at`` once that was taken back."""

    purpose: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody of the staff looked at a person or changed something; ``who`` is a public id, if it was a person."""

    who: str | None
    what: str
    why: str
    at: datetime


class PeopleTable:
    """People and what belongs to them alone; ways in are in ``logins``, devices in ``sessions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading -----------------------------------------------------------------------------

    def get(self, key: int) -> Person:
        """Return a person by key; raise ``UnknownPersonError`` where they have left."""
        with self._database.read() as connection:
            return person_of(_row(connection, _people.c.key == key))

    def find(self, person_id: str) -> Person:
        """Return a person by public id; raise ``UnknownPersonError`` where there is none."""
        with self._database.read() as connection:
            return person_of(_row(connection, _people.c.id == storable_text(person_id)))

    def page(self, *, text: str = "", role: str = "", before: int | None = None, limit: int) -> list[Person]:
        """Return people, the newest first: those whose name or local login contains a text, those with a role."""
        statement = select(_people).order_by(_people.c.key.desc()).limit(limit)
        if text:
            part = f"%{_escaped(storable_text(text))}%"
            local = select(schema.logins.c.person_key).where(
                schema.logins.c.kind == "local", schema.logins.c.subject.like(part.casefold(), escape="\\")
            )
            named = func.lower(_people.c.name).like(part.lower(), escape="\\")
            statement = statement.where(or_(named, _people.c.name.like(part, escape="\\"), _people.c.key.in_(local)))
        if role:
            statement = statement.where(_people.c.key.in_(select(_roles.c.person_key).where(_roles.c.role == role)))
        if before is not None:
            statement = statement.where(_people.c.key < before)
        with self._database.read() as connection:
            return [person_of(row) for row in connection.execute(statement)]

    def roles(self, key: int) -> list[Role]:
        """Return the roles of a person, in order of name and class."""
        statement = select(_roles).where(_roles.c.person_key == key).order_by(_roles.c.role, _roles.c.subject)
        with self._database.read() as connection:
            return [Role(row.role, row.subject) for row in connection.execute(statement)]

    # --- changing ----------------------------------------------------------------------------

    @retried
    def change(self, key: int, version: int | None, *, name: str, profile: dict[str, Any]) -> Person:
        """Write name and profile, for the version that was read (``None``: whichever it is).

        Raises:
            StalePersonError: it was changed since; ``current`` is the person as it is now.
            UnknownPersonError: they have left.
        """
        values = {"name": name, "profile": orjson.dumps(profile), "updated_at": clock.now()}
        statement = update(_people).where(_people.c.key == key)
        if version is not None:
            statement = statement.where(_people.c.version == version)
        with self._database.write() as connection:
            is_changed = connection.execute(statement.values(**values, version=_people.c.version + 1)).rowcount
            person = person_of(_row(connection, _people.c.key == key))
        if not is_changed:
            raise StalePersonError(person)
        return person

    @retried
    def set_roles(self, key: int, roles: Sequence[Role], *, reason: str, actor: Actor) -> None:
        """Let a person have these roles and no others.

        Raises:
            LastAdministratorError: nobody would be left who may manage accounts.
        """
        with self._database.write() as connection:
            self._database.one_writer(connection, _WRITER)
            person = person_of(_row(connection, _people.c.key == key))
            held = _roles_in(connection, key)
            connection.execute(delete(_roles).where(_roles.c.person_key == key))
            for role in sorted(set(roles)):
                give_role(connection, key, role)
            _require_administrator(connection, lost=held - set(roles))
            told = [f"{role.name}:{role.subject}" if role.subject else role.name for role in sorted(set(roles))]
            record_audit(connection, actor, "person.roles", person.id, {"roles": told, "reason": reason})
            note_look(connection, key, actor, "roles", reason)

    @retried
    def add_role(self, key: int, role: Role, *, reason: str, actor: Actor) -> None:
        """Let a person have one role more; one that they have already stays."""
        with self._database.write() as connection:
            self._database.one_writer(connection, _WRITER)
            person = person_of(_row(connection, _people.c.key == key))
            held = select(_roles.c.role).where(
                _roles.c.person_key == key, _roles.c.role == role.name, _roles.c.subject == role.subject
            )
            if connection.execute(held).first() is None:
                give_role(connection, key, role)
                record_audit(connection, actor, "person.role", person.id, {"role": role.name, "reason": reason})
                note_look(connection, key, actor, "roles", reason)

    @retried
    def set_disabled(self, key: int, *, disabled: bool, reason: str, actor: Actor) -> Person:
        """Shut a person out, on all devices at once, or let them in again.

        Raises:
            LastAdministratorError: nobody would be left who may manage accounts.
        """
        with self._database.write() as connection:
            self._database.one_writer(connection, _WRITER)
            person = person_of(_row(connection, _people.c.key == key))
            moment = clock.now() if disabled else None
            connection.execute(update(_people).where(_people.c.key == key).values(disabled_at=moment))
            if disabled:
                _require_administrator(connection, lost=_roles_in(connection, key))
                connection.execute(delete(schema.tokens).where(schema.tokens.c.person_key == key))
            action = "person.disable" if disabled else "person.enable"
            record_audit(connection, actor, action, person.id, {"reason": reason})
            note_look(connection, key, actor, "disabled" if disabled else "enabled", reason)
            return person_of(_row(connection, _people.c.key == key))

    # --- consents ----------------------------------------------------------------------------

    @retried
    def consent(self, key: int, purpose: str, *, given: bool) -> None:
        """Write down that a person agrees to a purpose, or takes that back; what holds already is not written again."""
        table, now = schema.consents, clock.now()
        standing = (table.c.person_key == key) & (table.c.purpose == purpose) & table.c.withdrawn_at.is_(None)
        with self._database.write() as connection:
            # Locked, so that two taps at once are one consent.
            _row(connection, _people.c.key == key, for_update=True)
            if not given:
                connection.execute(update(table).where(standing).values(withdrawn_at=now))
            elif connection.execute(select(table.c.key).where(standing)).first() is None:
                connection.execute(table.insert().values(person_key=key, purpose=purpose, given_at=now))

    def consents(self, key: int) -> list[Consent]:
        """Return all that a person ever agreed to, the newest first."""
        table = schema.consents
        statement = select(table).where(table.c.person_key == key).order_by(table.c.key.desc())
        with self._database.read() as connection:
            return [
                Consent(purpose=row.purpose, given_at=row.given_at, withdrawn_at=row.withdrawn_at)
                for row in connection.execute(statement)
            ]

    # --- looks -------------------------------------------------------------------------------

    @retried
    def note_looks(self, keys: Sequence[int], actor: Actor, what: str, why: str) -> None:
        """Write down, for each person to read, that somebody of the staff looked at them."""
        with self._database.write() as connection:
            for key in keys:
                note_look(connection, key, actor, what, why)

    def looks(self, key: int, *, limit: int) -> list[Look]:
        """Return who of the staff looked at a person, the newest first."""
        table = schema.personal_access
        statement = (
            select(table, _people.c.id.label("who"))
            .outerjoin(_people, _people.c.key == table.c.actor_key)
            .where(table.c.person_key == key)
            .order_by(table.c.key.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Look(who=row.who, what=row.what, why=row.why, at=row.at) for row in connection.execute(statement)]


def add_person(connection: Connection, name: str, profile: dict[str, Any] | None = None) -> int:
    """Make a person and return the key."""
    values = {"id": ids.mint(ids.PERSON), "name": name, "profile": orjson.dumps(profile or {})}
    return inserted_key(connection.execute(_people.insert().values(**values, created_at=clock.now())))


def give_role(connection: Connection, key: int, role: Role) -> None:
    """Give a person a role that they have not."""
    connection.execute(_roles.insert().values(person_key=key, role=role.name, subject=role.subject))


def note_look(connection: Connection, key: int, actor: Actor, what: str, why: str) -> None:
    """Write down that somebody of the staff saw or changed something of a person; looks of one hour are one."""
    table = schema.personal_access
    if actor.person_key == key:
        return
    now = clock.now()
    same = select(table.c.key).where(
        table.c.person_key == key,
        table.c.actor_key.is_not_distinct_from(actor.person_key),
        table.c.what == what,
        table.c.why == why,
        table.c.at > now - _ONE_LOOK,
    )
    if connection.execute(same.limit(1)).first() is None:
        values = {"person_key": key, "actor_key": actor.person_key, "what": what, "why": why, "at": now}
        connection.execute(table.insert().values(**values))


def person_of(row: Row[Any]) -> Person:
    """Return the person of a row of ``people``."""
    return Person(
        key=row.key,
        id=row.id,
        name=row.name,
        profile=orjson.loads(row.profile) if row.profile else {},
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        disabled_at=row.disabled_at,
    )


def unknown_person() -> UnknownPersonError:
    """Return the error for somebody who is not there."""
    return UnknownPersonError("There is no such person.", remedy="List them with: kaijuan people list")


def _row(connection: Connection, condition: Any, *, for_update: bool = False) -> Row[Any]:
    statement = select(_people).where(condition)
    row = connection.execute(statement.with_for_update() if for_update else statement).one_or_none()
    if row is None:
        raise unknown_person()
    return row


def _roles_in(connection: Connection, key: int) -> set[Role]:
    statement = select(_roles).where(_roles.c.person_key == key)
    return {Role(row.role, row.subject) for row in connection.execute(statement)}


def _require_administrator(connection: Connection, *, lost: set[Role]) -> None:
    """Refuse a change by which the last one who may manage accounts may no more."""
    if Role(ADMINISTRATOR) not in lost:
        return
    remaining = (
        select(_people.c.key)
        .join(_roles, _roles.c.person_key == _people.c.key)
        .where(_roles.c.role == ADMINISTRATOR, _roles.c.subject == "", _people.c.disabled_at.is_(None))
        .limit(1)
    )
    if connection.execute(remaining).first() is None:
        raise LastAdministratorError(
            "Nobody would be left who may manage accounts.",
            remedy="Let somebody else be administrator first; kaijuan people admin-code helps as well.",
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
