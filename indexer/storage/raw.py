"""Raw records as sent, compressed; which of them wait to be normalised.

A record is known by (source, identifier, metadata prefix). The latest bytes are kept, with the times of every change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select, update

from harvesters.records import RawRecord
from indexer.storage import schema
from indexer.storage.compression import Compression
from indexer.storage.database import Database
from indexer.storage.receiving import Receiver

_IN_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGroup:
    """All raw records of one (source, identifier); what one manifestation is made of.

    ``digests`` are those of the records as they were read, by key.
    """

    source_key: int
    source: str
    identifier: str
    digests: dict[int, bytes]
    records: tuple[RawRecord, ...]

    @property
    def name(self) -> tuple[int, str]:
        """Return what the group is known by."""
        return self.source_key, self.identifier

    @property
    def keys(self) -> tuple[int, ...]:
        """Return the keys of its records."""
        return tuple(self.digests)


class RawTable:
    """Reading raw records, and which of them wait; its methods work inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.compression = Compression(database)
        self.receiver = Receiver(database, self.compression)

    def pending(self, connection: Connection, limit: int) -> list[RecordGroup]:
        """Return the next groups that wait to be normalised, oldest first."""
        table = schema.raw_records.c
        statement = select(table.source_key, table.identifier).where(table.pending).order_by(table.key).limit(limit)
        names = list(dict.fromkeys((row.source_key, row.identifier) for row in connection.execute(statement)))
        return self._groups(connection, names)

    def _groups(self, connection: Connection, names: Sequence[tuple[int, str]]) -> list[RecordGroup]:
        rows: dict[tuple[int, str], list[Row[Any]]] = {name: [] for name in names}
        raw = schema.raw_records.c
        statement = (
            select(schema.raw_records, schema.heads.c.head, schema.sources.c.id.label("source"))
            .join(schema.sources, schema.sources.c.key == raw.source_key)
            .outerjoin(schema.heads, schema.heads.c.key == raw.head_key)
            .order_by(raw.key)
        )
        for named in _named(names):
            for row in connection.execute(statement.where(named)):
                rows[row.source_key, row.identifier].append(row)
        return [
            RecordGroup(
                source_key=name[0],
                source=members[0].source,
                identifier=name[1],
                digests={row.key: row.digest for row in members},
                records=tuple(self._record(row) for row in members),
            )
            for name, members in rows.items()
            if members
        ]

    def _record(self, row: Row[Any]) -> RawRecord:
        return RawRecord(
            source=row.source,
            identifier=row.identifier,
            metadata_prefix=row.metadata_prefix,
            datestamp=row.datestamp,
            set_specs=tuple(orjson.loads(row.set_specs)),
            deleted=row.deleted,
            body=self.compression.decompress(row.body, row.dictionary_key),
            head=row.head or b"",
            received_at=row.received_at,
        )

    def unchanged(self, connection: Connection, groups: Sequence[RecordGroup]) -> set[tuple[int, str]]:
        """Return the names of those groups whose records are still what they were, none added and none changed."""
        raw = schema.raw_records.c
        now: dict[tuple[int, str], dict[int, bytes]] = {group.name: {} for group in groups}
        statement = select(raw.key, raw.source_key, raw.identifier, raw.digest)
        for named in _named([group.name for group in groups]):
            for row in connection.execute(statement.where(named)):
                now[row.source_key, row.identifier][row.key] = row.digest
        return {group.name for group in groups if now[group.name] == group.digests}

    def settle(self, connection: Connection, groups: Sequence[RecordGroup]) -> None:
        """Mark the groups' records as dealt with, but for those that changed in the meantime: they wait again."""
        table = schema.raw_records
        statement = update(table).where(table.c.key == bindparam("at_key"), table.c.digest == bindparam("read_digest"))
        # By key, as whoever stores records takes them too: two that lock in different orders wait for each other.
        digests = sorted((key, digest) for group in groups for key, digest in group.digests.items())
        rows = [{"at_key": key, "read_digest": digest} for key, digest in digests]
        if rows:
            connection.execute(statement.values(pending=False), rows)

    def await_again(self, connection: Connection, *, source_key: int | None = None) -> int:
        """Mark records to be normalised anew (all, or one source's) and return how many."""
        statement = update(schema.raw_records).values(pending=True)
        if source_key is not None:
            statement = statement.where(schema.raw_records.c.source_key == source_key)
        return connection.execute(statement).rowcount

    def await_keys(self, keys: Sequence[int]) -> int:
        """Mark some records to be normalised anew and return how many."""
        with self._database.write() as connection:
            statement = update(schema.raw_records).values(pending=True)
            return sum(
                connection.execute(
                    statement.where(schema.raw_records.c.key.in_(keys[start : start + _IN_CHUNK]))
                ).rowcount
                for start in range(0, len(keys), _IN_CHUNK)
            )

    def count_pending(self) -> int:
        """Return how many raw records wait to be normalised."""
        with self._database.read() as connection:
            statement = select(func.count()).select_from(schema.raw_records).where(schema.raw_records.c.pending)
            return int(connection.execute(statement).scalar_one())

    def of(self, source_key: int, identifier: str) -> RecordGroup | None:
        """Return one identifier's raw records as sent, or ``None``."""
        with self._database.read() as connection:
            groups = self._groups(connection, [(source_key, identifier)])
        return groups[0] if groups else None


def _named(names: Sequence[tuple[int, str]]) -> Iterator[ColumnElement[bool]]:
    """Cut names into conditions that are short enough for one statement each."""
    raw = schema.raw_records.c
    by_source: dict[int, list[str]] = {}
    for source_key, identifier in names:
        by_source.setdefault(source_key, []).append(identifier)
    for source_key, identifiers in by_source.items():
        for start in range(0, len(identifiers), _IN_CHUNK):
            yield and_(raw.source_key == source_key, raw.identifier.in_(identifiers[start : start + _IN_CHUNK]))
