"""Raw records as sent, compressed; which of them wait to be normalised.

A record is known by (source, identifier, metadata prefix). The latest bytes are kept, with the times of every change.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import zstandard
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select, update

from harvesters.checkpoints import Counts
from harvesters.records import RawRecord
from indexer.storage import schema
from indexer.storage.database import Database

_LEVEL = 3
_IN_CHUNK = 500
_MAX_BODY = 1 << 30
_local = threading.local()


def compress(body: bytes) -> bytes:
    """Compress bytes with zstd; one context per thread, because contexts may not be shared."""
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    return bytes(_local.compressor.compress(body))


def decompress(body: bytes) -> bytes:
    """Give back exactly what was compressed."""
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    return bytes(_local.decompressor.decompress(body, max_output_size=_MAX_BODY))


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
    """Storing and reading raw records; its methods work inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, connection: Connection, source_key: int, slice_key: int, records: Sequence[RawRecord]) -> Counts:
        """Store records and tell what was new; a record that the same slice has brought already is a duplicate."""
        counts = Counts(received=len(records))
        latest: dict[tuple[str, str], RawRecord] = {}
        for record in records:
            name = (record.identifier, record.metadata_prefix)
            earlier = latest.get(name)
            counts.duplicates += earlier is not None
            if earlier is None or record.datestamp >= earlier.datestamp:
                latest[name] = record
        known = self._known(connection, source_key, latest)
        heads = self._heads(connection, {record.head for record in latest.values() if record.head})
        writes = _Writes()
        for name, record in latest.items():
            _classify(record, known.get(name), slice_key, counts, writes, source_key, heads)
        self._write(connection, writes, slice_key)
        return counts

    def _known(
        self, connection: Connection, source_key: int, wanted: dict[tuple[str, str], RawRecord]
    ) -> dict[tuple[str, str], Row[Any]]:
        table = schema.raw_records.c
        identifiers = list({identifier for identifier, _ in wanted})
        found: dict[tuple[str, str], Any] = {}
        for start in range(0, len(identifiers), _IN_CHUNK):
            statement = select(
                table.key,
                table.identifier,
                table.metadata_prefix,
                table.datestamp,
                table.digest,
                table.slice_key,
                table.deleted,
            ).where(table.source_key == source_key, table.identifier.in_(identifiers[start : start + _IN_CHUNK]))
            for row in connection.execute(statement):
                found[row.identifier, row.metadata_prefix] = row
        return found

    def _heads(self, connection: Connection, heads: set[bytes]) -> dict[bytes, int]:
        keys: dict[bytes, int] = {}
        for head in heads:
            digest = hashlib.sha256(head).digest()
            insert = self._database.insert(schema.heads).values(digest=digest, head=head)
            connection.execute(insert.on_conflict_do_nothing(index_elements=["digest"]))
            keys[head] = connection.execute(
                select(schema.heads.c.key).where(schema.heads.c.digest == digest)
            ).scalar_one()
        return keys

    def _write(self, connection: Connection, writes: _Writes, slice_key: int) -> None:
        table = schema.raw_records
        if writes.inserts:
            connection.execute(table.insert(), writes.inserts)
        if writes.updates:
            names: dict[str, Any] = {name: bindparam(f"new_{name}") for name in writes.updates[0] if name != "key"}
            statement = (
                update(table).where(table.c.key == bindparam("at_key")).values(**names, changes=table.c.changes + 1)
            )
            connection.execute(
                statement,
                [{"at_key": row["key"], **{f"new_{name}": row[name] for name in names}} for row in writes.updates],
            )
            connection.execute(
                schema.raw_changes.insert(),
                [
                    {
                        "raw_key": row["key"],
                        "datestamp": row["datestamp"],
                        "deleted": row["deleted"],
                        "at": row["received_at"],
                    }
                    for row in writes.updates
                ],
            )
        for start in range(0, len(writes.seen), _IN_CHUNK):
            keys = writes.seen[start : start + _IN_CHUNK]
            connection.execute(update(table).where(table.c.key.in_(keys)).values(slice_key=slice_key))

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
                records=tuple(_record(row) for row in members),
            )
            for name, members in rows.items()
            if members
        ]

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
        rows = [{"at_key": key, "read_digest": digest} for group in groups for key, digest in group.digests.items()]
        if rows:
            connection.execute(statement.values(pending=False), rows)

    def await_again(self, connection: Connection, *, source_key: int | None = None) -> int:
        """Mark records to be normalised anew (all, or one source's) and return how many."""
        statement = update(schema.raw_records).values(pending=True)
        if source_key is not None:
            statement = statement.where(schema.raw_records.c.source_key == source_key)
        return connection.execute(statement).rowcount

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


class _Writes:
    """What one page asks to be written."""

    def __init__(self) -> None:
        self.inserts: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.seen: list[int] = []


def _classify(
    record: RawRecord,
    row: Row[Any] | None,
    slice_key: int,
    counts: Counts,
    writes: _Writes,
    source_key: int,
    heads: dict[bytes, int],
) -> None:
    digest = hashlib.sha256(record.head + record.body).digest()
    if row is not None and row.slice_key == slice_key:
        counts.duplicates += 1
        if record.datestamp < row.datestamp:
            return  # an older state of a record that moved between the pages of a list
    elif row is None:
        counts.deleted += record.deleted
        counts.new += not record.deleted
    elif row.digest == digest:
        counts.unchanged += 1
    elif record.deleted and not row.deleted:
        counts.deleted += 1
    else:
        counts.changed += 1
    if row is not None and row.digest == digest:
        if row.slice_key != slice_key:
            writes.seen.append(row.key)
        return
    values = _values(record, digest, slice_key, heads)
    if row is None:
        writes.inserts.append(
            {**values, "source_key": source_key, "first_received_at": record.received_at, "changes": 0}
        )
    else:
        writes.updates.append({**values, "key": row.key})


def _values(record: RawRecord, digest: bytes, slice_key: int, heads: dict[bytes, int]) -> dict[str, Any]:
    return {
        "identifier": record.identifier,
        "metadata_prefix": record.metadata_prefix,
        "datestamp": record.datestamp,
        "set_specs": orjson.dumps(record.set_specs),
        "deleted": record.deleted,
        "body": compress(record.body),
        "digest": digest,
        "size": len(record.body),
        "head_key": heads.get(record.head),
        "slice_key": slice_key,
        "received_at": record.received_at,
        "pending": True,
    }


def _record(row: Row[Any]) -> RawRecord:
    return RawRecord(
        source=row.source,
        identifier=row.identifier,
        metadata_prefix=row.metadata_prefix,
        datestamp=row.datestamp,
        set_specs=tuple(orjson.loads(row.set_specs)),
        deleted=row.deleted,
        body=decompress(row.body),
        head=row.head or b"",
        received_at=row.received_at,
    )


def count_records(database: Database) -> dict[str, dict[str, int]]:
    """Return, per source id, how many raw records there are, how many deleted and how many pending."""
    raw = schema.raw_records.c
    statement = (
        select(
            schema.sources.c.id,
            func.count().label("records"),
            func.count().filter(raw.deleted).label("deleted"),
            func.count().filter(raw.pending).label("pending"),
        )
        .join(schema.sources, schema.sources.c.key == raw.source_key)
        .group_by(schema.sources.c.id)
    )
    with database.read() as connection:
        return {
            row.id: {"records": row.records, "deleted": row.deleted, "pending": row.pending}
            for row in connection.execute(statement)
        }
