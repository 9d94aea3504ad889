"""Tokens of programs that ask under a name of their own; what is kept is a digest, from which no token can be had."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, or_, select, update

from indexer import clock, ids
from indexer.errors import UnknownTokenError
from indexer.storage import schema
from indexer.storage.database import Database, retried
from indexer.storage.sources import COMMAND_LINE, Actor, record_audit

#: By which people and scanners of leaked secrets know what it is.
PREFIX = "kj_"
LONGEST_LABEL = 200
_RANDOM_BYTES = 32
#: What every token may: ask what anybody may ask.
_READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token without its secret; ``last_used`` is a day (``2026-11-22``), or ``None`` before the first use."""

    id: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used: str | None

    @property
    def state(self) -> str:
        """Return ``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= clock.now() else "active"


class TokenTable:
    """Making, knowing again, listing and revoking tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    def add(self, label: str, *, days: int | None = None, actor: Actor = COMMAND_LINE) -> tuple[Token, str]:
        """Make a token for ``days`` (``None``: until it is revoked); return it and the secret, told this once only."""
        secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        now = clock.now()
        token = Token(
            id=ids.mint(ids.TOKEN),
            label=label,
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
            revoked_at=None,
            last_used=None,
        )
        with self._database.write() as connection:
            connection.execute(
                schema.tokens.insert().values(
                    id=token.id,
                    digest=digest_of(secret),
                    label=label,
                    person_key=actor.person_key,
                    scopes=_READ,
                    created_at=now,
                    expires_at=token.expires_at,
                )
            )
            record_audit(connection, actor, "token.add", token.id, {"label": label, "days": days})
        return token, secret

    def find(self, secret: str) -> Token | None:
        """Return the active token of a secret; ``None`` for what is unknown, expired or revoked."""
        if not secret.startswith(PREFIX):
            return None
        table = schema.tokens.c
        statement = select(schema.tokens).where(
            table.digest == digest_of(secret),
            table.scopes == _READ,
            table.revoked_at.is_(None),
            or_(table.expires_at.is_(None), table.expires_at > clock.now()),
        )
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
            return _token(row) if row else None

    @retried
    def note_use(self, token_id: str) -> None:
        """Write down that a token was used today."""
        table, today = schema.tokens, clock.now().date().isoformat()
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id == token_id).values(last_used=today))

    def all(self) -> list[Token]:
        """Return every token that ever was, the oldest first; people's devices are their own business."""
        statement = select(schema.tokens).where(schema.tokens.c.scopes == _READ).order_by(schema.tokens.c.key)
        with self._database.read() as connection:
            return [_token(row) for row in connection.execute(statement)]

    @retried
    def revoke(self, token_id: str, actor: Actor = COMMAND_LINE) -> Token:
        """Let a token be none from now on; one that is revoked already stays as it is.

        Raises:
            UnknownTokenError: there is no such token.
        """
        table = schema.tokens
        statement = select(table).where(table.c.id == token_id, table.c.scopes == _READ)
        with self._database.write() as connection:
            row = connection.execute(statement).one_or_none()
            if row is None:
                raise UnknownTokenError(
                    f"There is no token {token_id[:80]!r}.", remedy="List them with: kaijuan tokens list"
                )
            if row.revoked_at is None:
                connection.execute(update(table).where(table.c.key == row.key).values(revoked_at=clock.now()))
                record_audit(connection, actor, "token.revoke", token_id, {"label": row.label})
            return _token(connection.execute(statement).one())


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret; it has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(
        id=row.id,
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used=row.last_used,
    )
