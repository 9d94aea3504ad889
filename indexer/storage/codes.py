"""Codes that are good once and soon expire: the first administrator's, and those with which a password is chosen."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, select

from indexer.storage import schema
from indexer.storage.database import Database, retried
from indexer.storage.sources import Actor, record_audit
from indexer.storage.tokens import digest_of

Purpose = Literal["administrator", "password"]
#: No letters that look like digits: people copy them from a terminal or from paper.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _LETTERS = 4, 5
_codes = schema.one_time_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeCode:
    """What a code is good for, and for whom."""

    purpose: Purpose
    person_key: int | None


class CodeTable:
    """Making codes and using them up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    def add(self, purpose: Purpose, *, lasts: timedelta, actor: Actor, person_key: int | None = None) -> str:
        """Make a code, told this once; a person's earlier ones are good no more."""
        code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) for _ in range(_GROUPS))
        with self._database.write() as connection:
            now = self._database.moment(connection)
            connection.execute(delete(_codes).where(_codes.c.expires_at < now))
            if person_key is not None:
                connection.execute(delete(_codes).where(_codes.c.person_key == person_key))
            connection.execute(
                _codes.insert().values(
                    digest=_digest_of(code),
                    purpose=purpose,
                    person_key=person_key,
                    created_at=now,
                    expires_at=now + lasts,
                )
            )
            person = schema.people
            named = connection.scalar(select(person.c.id).where(person.c.key == person_key)) if person_key else "all"
            record_audit(connection, actor, "code.add", str(named), {"purpose": purpose})
        return code

    def look(self, code: str) -> OneTimeCode | None:
        """Return what a code is good for, without using it up."""
        with self._database.read() as connection:
            statement = select(_codes).where(
                _codes.c.digest == _digest_of(code), _codes.c.expires_at > self._database.moment(connection)
            )
            row = connection.execute(statement).one_or_none()
        return OneTimeCode(purpose=row.purpose, person_key=row.person_key) if row else None

    @retried
    def use(self, code: str) -> OneTimeCode | None:
        """Use a code up; of several who come with one at once, one gets it."""
        with self._database.write() as connection:
            now = self._database.moment(connection)
            used = delete(_codes).where(_codes.c.digest == _digest_of(code)).returning(_codes)
            row = connection.execute(used).one_or_none()
        if row is None or row.expires_at <= now:
            return None
        return OneTimeCode(purpose=row.purpose, person_key=row.person_key)


def _digest_of(code: str) -> bytes:
    """Return what is kept of a code, however it was typed; its 98 random bits are enough for a plain hash."""
    return digest_of("code:" + "".join(code.split()).replace("-", "").upper())
