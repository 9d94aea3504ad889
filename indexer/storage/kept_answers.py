"""Answers to writes that carried an ``Idempotency-Key``: sent again, a write is answered again and not done twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database, retried

KEPT = timedelta(hours=24)
#: A write that was begun so long ago and never answered has died with its process, and may be tried again.
_GIVEN_UP = timedelta(seconds=60)
_table = schema.kept_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What was answered; without ``status`` the request is still under way. ``request`` is a digest of it."""

    request: bytes
    status: int | None
    media_type: str | None
    body: bytes | None


class KeptAnswers:
    """Answers by the digest of who asked and the key that was sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    def claim(self, digest: bytes, request: bytes, person_key: int | None = None) -> KeptAnswer | None:
        """Begin a request, or return what is known of the one that came under this key before (``None``: begun)."""
        now = clock.now()
        row = _table.c.digest == digest
        with self._database.write() as connection:
            connection.execute(delete(_table).where(_table.c.at < now - KEPT))
            abandoned = row & _table.c.status.is_(None) & (_table.c.at < now - _GIVEN_UP)
            connection.execute(delete(_table).where(abandoned))
            insert = self._database.insert(_table).values(digest=digest, request=request, at=now, person_key=person_key)
            begun = insert.on_conflict_do_nothing(index_elements=["digest"]).returning(_table.c.digest)
            if connection.execute(begun).first() is not None:
                return None
            known = connection.execute(select(_table).where(row)).one()
        return KeptAnswer(request=known.request, status=known.status, media_type=known.media_type, body=known.body)

    @retried
    def keep(self, digest: bytes, status: int, media_type: str, body: bytes) -> None:
        """Keep the answer of a request that was begun."""
        values = {"status": status, "media_type": media_type, "body": body}
        with self._database.write() as connection:
            connection.execute(update(_table).where(_table.c.digest == digest).values(values))

    @retried
    def release(self, digest: bytes) -> None:
        """Forget a request that was not done: it may be sent again under its key."""
        with self._database.write() as connection:
            connection.execute(delete(_table).where(_table.c.digest == digest))
