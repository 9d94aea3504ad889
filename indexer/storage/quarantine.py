"""What could not be used, kept whole with reason and remedy, so that it can be replayed after a fix."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, true, update

from harvesters.records import DamagedRecord
from indexer import clock
from indexer.errors import UnusableRecordError
from indexer.storage import schema
from indexer.storage.compression import Compression
from indexer.storage.database import Database
from indexer.storage.limits import storable_identifier, storable_text
from indexer.storage.raw import RecordGroup

_IN_CHUNK = 500
#: Stands for the identifier of an answer that could not be read at all.
WHOLE_ANSWER = ""


class QuarantineTable:
    """Rows are never removed; a later success marks them resolved."""

    def __init__(self, database: Database, compression: Compression) -> None:
        self._database = database
        self._compression = compression

    def add_damaged(self, connection: Connection, place: Row[Any], run: int, damaged: DamagedRecord) -> None:
        """Keep a piece of a list (``place`` is its row) that was no readable record; the same again is kept once."""
        table = schema.quarantine
        values = {
            "body": self._compression.compress(damaged.body),
            "digest": hashlib.sha256(damaged.body).digest(),
            "reason": storable_text(damaged.reason),
            "remedy": damaged.remedy,
            "url": storable_text(damaged.url),
            "run_key": run,
            "slice_key": place.key,
        }
        name = storable_identifier(damaged.identifier) if damaged.identifier is not None else None
        is_open = (
            (table.c.source_key == place.source_key)
            & table.c.resolved_at.is_(None)
            & table.c.raw_key.is_(None)
            & (table.c.metadata_prefix == place.metadata_prefix)
        )
        is_same = table.c.identifier == name if name else table.c.digest == values["digest"]
        known = connection.scalar(select(table.c.key).where(is_open, is_same).limit(1))
        if known is not None:
            connection.execute(update(table).where(table.c.key == known).values(**values))
            return
        connection.execute(
            table.insert().values(
                **values,
                source_key=place.source_key,
                metadata_prefix=place.metadata_prefix,
                identifier=name,
                created_at=clock.now(),
            )
        )

    def resolve_damaged(self, connection: Connection, place: Row[Any], identifiers: Sequence[str]) -> None:
        """Mark damaged pieces of a list's format whose records have arrived in good order since."""
        table = schema.quarantine
        waiting = (
            (table.c.source_key == place.source_key)
            & table.c.resolved_at.is_(None)
            & table.c.raw_key.is_(None)
            & (table.c.metadata_prefix == place.metadata_prefix)
        )
        if connection.scalar(select(table.c.key).where(waiting).limit(1)) is None:
            return
        for start in range(0, len(identifiers), _IN_CHUNK):
            arrived = table.c.identifier.in_(identifiers[start : start + _IN_CHUNK])
            connection.execute(update(table).where(waiting, arrived).values(resolved_at=clock.now()))

    def resolve_pages(self, connection: Connection, place: Row[Any]) -> None:
        """Mark whole answers that could not be read: a list that covers the one they are of has come through since."""
        table, lists = schema.quarantine, schema.harvest_slices
        of_list = select(lists.c.key).where(
            lists.c.source_key == place.source_key,
            lists.c.metadata_prefix == place.metadata_prefix,
            lists.c.set_spec == place.set_spec,
            true() if place.since is None else lists.c.since >= place.since,
            true() if place.until is None else lists.c.until <= place.until,
        )
        whole = (table.c.source_key == place.source_key) & (table.c.identifier == WHOLE_ANSWER)
        waiting = whole & table.c.raw_key.is_(None) & table.c.resolved_at.is_(None)
        connection.execute(
            update(table)
            .where(waiting, table.c.slice_key.is_(None) | table.c.slice_key.in_(of_list))
            .values(resolved_at=clock.now())
        )
        self._resolve_mended_rows(connection, place.source_key)

    def resolve_rows(self, keys: Sequence[int]) -> None:
        """Mark rows whose bytes were read at last, or whose record is gone."""
        table = schema.quarantine
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.key.in_(keys)).values(resolved_at=clock.now()))

    def _resolve_mended_rows(self, connection: Connection, source_key: int) -> None:
        """Mark rows of files (known by their place alone) that a complete reading did not find damaged any more.

        A list that was resumed does not show its first part again: the next one will.
        """
        table, runs = schema.quarantine, schema.harvest_runs
        last = connection.execute(
            select(runs.c.key, runs.c.resumed)
            .where(runs.c.source_key == source_key)
            .order_by(runs.c.key.desc())
            .limit(1)
        ).one_or_none()
        if last is None or last.resumed:
            return
        placed = (table.c.source_key == source_key) & table.c.raw_key.is_(None) & (table.c.identifier == table.c.url)
        gone = placed & table.c.resolved_at.is_(None) & (table.c.run_key != last.key)
        connection.execute(update(table).where(gone).values(resolved_at=clock.now()))

    def add_unusable(self, connection: Connection, group: RecordGroup, error: UnusableRecordError) -> None:
        """Note that a stored record cannot become a manifestation; its bytes stay where they are."""
        table = schema.quarantine
        known = connection.scalar(
            select(table.c.key).where(
                table.c.raw_key.in_(group.keys), table.c.resolved_at.is_(None), table.c.reason == error.reason
            )
        )
        if known is None:
            connection.execute(
                table.insert().values(
                    source_key=group.source_key,
                    raw_key=group.keys[0],
                    identifier=group.identifier,
                    body=b"",
                    reason=error.reason,
                    remedy=error.remedy,
                    created_at=clock.now(),
                )
            )

    def resolve(self, connection: Connection, raw_keys: Sequence[int]) -> None:
        """Mark the rows of records that are usable now."""
        table = schema.quarantine
        for start in range(0, len(raw_keys), _IN_CHUNK):
            connection.execute(
                update(table)
                .where(table.c.raw_key.in_(raw_keys[start : start + _IN_CHUNK]), table.c.resolved_at.is_(None))
                .values(resolved_at=clock.now())
            )

    def counts(self) -> dict[str, int]:
        """Return, per source id, how many rows are open."""
        statement = (
            select(schema.sources.c.id, func.count())
            .join(schema.sources, schema.sources.c.key == schema.quarantine.c.source_key)
            .where(schema.quarantine.c.resolved_at.is_(None))
            .group_by(schema.sources.c.id)
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def show(self, key: int) -> tuple[dict[str, Any], bytes] | None:
        """Return a row and the bytes it is about, resolved or not."""
        table, raw = schema.quarantine, schema.raw_records
        statement = (
            select(table, schema.sources.c.id.label("source"))
            .join(schema.sources, schema.sources.c.key == table.c.source_key)
            .where(table.c.key == key)
        )
        with self._database.read() as connection:
            row = connection.execute(statement).first()
            if row is None:
                return None
            kept = (row.body, None)
            if row.raw_key is not None:
                found = connection.execute(select(raw.c.body, raw.c.dictionary_key).where(raw.c.key == row.raw_key))
                kept = found.one().tuple()
        values = {name: getattr(row, name) for name in ("key", "source", "identifier", "url", "reason", "remedy")} | {
            "created_at": clock.iso(row.created_at),
            "resolved_at": clock.iso(row.resolved_at),
        }
        return values, self._compression.decompress(*kept) if kept[0] else b""

    def pieces(self, source_key: int, *, keys: Sequence[int] | None, limit: int) -> list[Row[Any]]:
        """Return a source's open rows (all, or those of the keys given), oldest first, each with its bytes.

        ``metadata_prefix`` is the format in which a piece was sent, and the only one in which it can be had again;
        ``None`` where that was not written down (rows of before, and of records that are stored).
        """
        table = schema.quarantine
        statement = (
            select(table.c.key, table.c.raw_key, table.c.metadata_prefix, table.c.identifier, table.c.url, table.c.body)
            .where(table.c.source_key == source_key, table.c.resolved_at.is_(None))
            .order_by(table.c.key)
            .limit(limit)
        )
        if keys is not None:
            statement = statement.where(table.c.key.in_(keys))
        with self._database.read() as connection:
            return [*connection.execute(statement)]

    def body(self, row: Row[Any]) -> bytes:
        """Return the bytes that a row keeps."""
        return self._compression.decompress(row.body) if row.body else b""

    def list(self, *, source: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return open rows, newest first, of one source or of all, without their bodies."""
        table = schema.quarantine
        statement = (
            select(
                table.c.key,
                schema.sources.c.id.label("source"),
                table.c.identifier,
                table.c.url,
                table.c.reason,
                table.c.remedy,
                table.c.created_at,
            )
            .join(schema.sources, schema.sources.c.key == table.c.source_key)
            .where(table.c.resolved_at.is_(None))
            .order_by(table.c.key.desc())
            .limit(limit)
        )
        if source is not None:
            statement = statement.where(schema.sources.c.id == source)
        with self._database.read() as connection:
            rows = connection.execute(statement).mappings()
            # SQLAlchemy's names are no plain texts: a column called "key" is quoted, and JSON refuses it.
            return [
                {**{str(name): value for name, value in row.items()}, "created_at": clock.iso(row["created_at"])}
                for row in rows
            ]
