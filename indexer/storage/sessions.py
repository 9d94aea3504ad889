"""Sessions: a person signed in on a device. They are rows of ``tokens``, kept by digest like all tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select

from indexer import clock, ids
from indexer.errors import UnknownPersonError
from indexer.storage import schema
from indexer.storage.database import Database, retried
from indexer.storage.limits import storable_text
from indexer.storage.tokens import digest_of

#: By which people and scanners of leaked secrets know what it is.
PREFIX = "ks_"
#: What is in ``scopes``: the token stands for a person, and may what the person may.
PERSON = "person"
#: The oldest go when there are more: nobody has so many devices, a program that signs in anew each time has.
MOST_SESSIONS = 50
_RANDOM_BYTES = 32
_tokens, _people = schema.tokens, schema.people


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person signed in on a device; ``last_used`` is a day (``2026-11-22``)."""

    id: str
    person_key: int
    person_id: str
    device: str
    created_at: datetime
    expires_at: datetime
    last_used: str


class SessionTable:
    """Opening, knowing again, listing and ending sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    def open(self, person_key: int, device: str, *, days: int) -> tuple[Session, str]:
        """Sign a person in on a device for ``days``; return the session and the secret, told this once only.

        Raises:
            UnknownPersonError: they have left, or were disabled, meanwhile.
        """
        secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        now = clock.now()
        session_id = ids.mint(ids.TOKEN)
        with self._database.write() as connection:
            person = connection.execute(
                select(_people).where(_people.c.key == person_key, _people.c.disabled_at.is_(None)).with_for_update()
            ).one_or_none()
            if person is None:
                raise UnknownPersonError("There is no such person.", remedy="Sign in again.")
            connection.execute(
                _tokens.insert().values(
                    id=session_id,
                    digest=digest_of(secret),
                    label=device,
                    person_key=person_key,
                    scopes=PERSON,
                    created_at=now,
                    expires_at=now + timedelta(days=days),
                    last_used=now.date().isoformat(),
                )
            )
            own = (_tokens.c.person_key == person_key) & (_tokens.c.scopes == PERSON)
            kept = select(_tokens.c.key).where(own).order_by(_tokens.c.key.desc()).limit(MOST_SESSIONS)
            keys = list(connection.scalars(kept))
            connection.execute(delete(_tokens).where(own & ((_tokens.c.key < keys[-1]) | (_tokens.c.expires_at < now))))
        session = Session(
            id=session_id,
            person_key=person_key,
            person_id=person.id,
            device=device,
            created_at=now,
            expires_at=now + timedelta(days=days),
            last_used=now.date().isoformat(),
        )
        return session, secret

    def find(self, secret: str, *, idle_days: int) -> Session | None:
        """Return the session of a secret; ``None`` where it is unknown, ended, expired or long unused."""
        if not secret.startswith(PREFIX):
            return None
        found = self._read(_tokens.c.digest == digest_of(secret), idle_days)
        return found[0] if found else None

    def of(self, person_key: int, *, idle_days: int) -> list[Session]:
        """Return the sessions of a person that are open, the newest first."""
        return self._read(_tokens.c.person_key == person_key, idle_days)

    def _read(self, condition: object, idle_days: int) -> list[Session]:
        now = clock.now()
        statement = (
            select(_tokens, _people.c.id.label("person_id"))
            .join(_people, _people.c.key == _tokens.c.person_key)
            .where(
                condition,  # type: ignore[arg-type]  # a condition of SQLAlchemy's, whatever its type parameter
                _tokens.c.scopes == PERSON,
                _tokens.c.expires_at > now,
                _tokens.c.revoked_at.is_(None),
                _tokens.c.last_used >= _idle_since(now.date(), idle_days),
                _people.c.disabled_at.is_(None),
            )
            .order_by(_tokens.c.key.desc())
        )
        with self._database.read() as connection:
            return [
                Session(
                    id=row.id,
                    person_key=row.person_key,
                    person_id=row.person_id,
                    device=row.label,
                    created_at=row.created_at,
                    expires_at=row.expires_at,
                    last_used=row.last_used,
                )
                for row in connection.execute(statement)
            ]

    @retried
    def end(self, person_key: int, session_id: str) -> None:
        """Sign a device out; raise ``UnknownPersonError`` where the person has no such session."""
        own = (_tokens.c.person_key == person_key) & (_tokens.c.scopes == PERSON)
        with self._database.write() as connection:
            if not connection.execute(delete(_tokens).where(own, _tokens.c.id == storable_text(session_id))).rowcount:
                raise UnknownPersonError("There is no such device.", remedy="List them: GET /v1/me/sessions.")

    @retried
    def end_others(self, person_key: int, session_id: str | None) -> int:
        """Sign all other devices out (``None``: all), and return how many there were."""
        own = (_tokens.c.person_key == person_key) & (_tokens.c.scopes == PERSON)
        if session_id is not None:
            own &= _tokens.c.id != session_id
        with self._database.write() as connection:
            return int(connection.execute(delete(_tokens).where(own)).rowcount)


def _idle_since(today: date, idle_days: int) -> str:
    return (today - timedelta(days=idle_days)).isoformat()
