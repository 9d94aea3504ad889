"""Storing what arrives: which records are new, changed, gone, or seen already in the same list."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, select, update

from harvesters.checkpoints import Counts
from harvesters.records import RawRecord
from indexer.storage import schema
from indexer.storage.compression import Compression
from indexer.storage.database import Database

_IN_CHUNK = 500
_Name = tuple[str, str]
_COLUMNS = (
    "identifier",
    "metadata_prefix",
    "datestamp",
    "set_specs",
    "deleted",
    "body",
    "dictionary_key",
    "digest",
    "size",
    "head_key",
    "slice_key",
    "pending",
    "received_at",
)
_NEW = tuple(f"new_{name}" for name in _COLUMNS)


@dataclass(slots=True)
class Received:
    """What storing a page's records showed.

    ``left`` are records that had come with an earlier list and have changed since: (that list's key, new datestamp).
    ``moved`` tells that a record came a second time in this list with another datestamp: the list moved under us.
    ``again`` are the identifiers that this list had brought before.
    """

    counts: Counts
    left: list[tuple[int, str]] = field(default_factory=list)
    moved: bool = False
    again: set[str] = field(default_factory=set)


class Receiver:
    """Stores records inside the caller's transaction."""

    def __init__(self, database: Database, compression: Compression) -> None:
        self._database = database
        self._compression = compression
        table = schema.raw_records.c
        # Built once: building it costs more than running it.
        self._known_statement = select(
            table.key,
            table.identifier,
            table.metadata_prefix,
            table.datestamp,
            table.digest,
            table.slice_key,
            table.deleted,
        ).where(
            table.source_key == bindparam("at_source"),
            table.identifier.in_(bindparam("names", expanding=True)),
        )

    def store(self, connection: Connection, source_key: int, slice_key: int, records: Sequence[RawRecord]) -> Received:
        """Store records and tell what was new; a record that the same slice has brought already is a duplicate."""
        received = Received(Counts(received=len(records)))
        latest: dict[_Name, RawRecord] = {}
        for record in records:
            name = (record.identifier, record.metadata_prefix)
            earlier = latest.get(name)
            if earlier is not None:
                received.counts.duplicates += 1
                received.moved |= earlier.datestamp != record.datestamp
            if earlier is None or record.datestamp >= earlier.datestamp:
                latest[name] = record
        known = self._known(connection, source_key, latest)
        writes = _Writes(source_key, slice_key)
        for name, record in latest.items():
            _classify(record, known.get(name), received, writes)
        self._write(connection, writes)
        return received

    def _known(
        self, connection: Connection, source_key: int, wanted: Mapping[_Name, RawRecord]
    ) -> dict[_Name, Row[Any]]:
        identifiers = list({identifier for identifier, _ in wanted})
        found: dict[_Name, Row[Any]] = {}
        for start in range(0, len(identifiers), _IN_CHUNK):
            chunk = identifiers[start : start + _IN_CHUNK]
            for row in connection.execute(self._known_statement, {"at_source": source_key, "names": chunk}):
                found[row.identifier, row.metadata_prefix] = row  # type: ignore[assignment]
        return found

    def _write(self, connection: Connection, writes: _Writes) -> None:
        table = schema.raw_records
        self._lock(connection, sorted([*writes.seen, *(key for *_, key in writes.updates)]))
        records = [record for record, *_ in (*writes.inserts, *writes.updates)]
        heads = self._heads(connection, {record.head for record in records if record.head})
        prefixes = {record.metadata_prefix for record in records}
        writes.dictionaries = {
            prefix: self._compression.current(connection, writes.source_key, prefix) for prefix in prefixes
        }
        if writes.inserts:
            self._insert(connection, writes, heads)
        if writes.updates:
            self._update(connection, writes, heads)
        for start in range(0, len(writes.seen), _IN_CHUNK):
            keys = writes.seen[start : start + _IN_CHUNK]
            connection.execute(update(table).where(table.c.key.in_(keys)).values(slice_key=writes.slice_key))
        # Learning comes last: it may train a dictionary and compress anew what was just written.
        self._compression.learn(connection, writes.source_key, [record for record, _, _ in writes.inserts])

    def _lock(self, connection: Connection, keys: Sequence[int]) -> None:
        """Lock all rows that will be written, by key, as the index does: else each could wait for the other."""
        if self._database.is_embedded:
            return  # SQLite has one writer
        table = schema.raw_records.c
        for start in range(0, len(keys), _IN_CHUNK):
            chosen = select(table.key).where(table.key.in_(keys[start : start + _IN_CHUNK])).order_by(table.key)
            connection.execute(chosen.with_for_update(key_share=True))

    def _insert(self, connection: Connection, writes: _Writes, heads: Mapping[bytes, int]) -> None:
        moments = {record.received_at for record, _, _ in writes.inserts}
        times = {moment: self._database.time_value(moment) for moment in moments}
        rows = [
            (
                *self._values(writes, record, digest, heads),
                times[record.received_at],
                writes.source_key,
                times[record.received_at],
                0,
            )
            for record, digest, _ in writes.inserts
        ]
        columns = (*_COLUMNS, "source_key", "first_received_at", "changes")
        self._database.insert_rows(connection, schema.raw_records, columns, rows)

    def _update(self, connection: Connection, writes: _Writes, heads: Mapping[bytes, int]) -> None:
        table = schema.raw_records
        rows = [
            dict(zip(_NEW, (*self._values(writes, record, digest, heads), record.received_at), strict=True))
            | {"at_key": key}
            for record, digest, key in writes.updates
        ]
        names: dict[str, Any] = {name: bindparam(new) for name, new in zip(_COLUMNS, _NEW, strict=True)}
        statement = update(table).where(table.c.key == bindparam("at_key"))
        connection.execute(statement.values(**names, changes=table.c.changes + 1), rows)
        changes = [(key, record.datestamp, record.deleted, record.received_at) for record, _, key in writes.updates]
        note_changes(connection, changes)

    def _values(self, writes: _Writes, record: RawRecord, digest: bytes, heads: Mapping[bytes, int]) -> tuple[Any, ...]:
        """Return the values of ``_COLUMNS`` but the last, the time, which is written in two ways."""
        dictionary = writes.dictionaries[record.metadata_prefix]
        return (
            record.identifier,
            record.metadata_prefix,
            record.datestamp,
            orjson.dumps(record.set_specs),
            record.deleted,
            self._compression.compress(record.body, dictionary),
            dictionary,
            digest,
            len(record.body),
            heads.get(record.head),
            writes.slice_key,
            True,
        )

    def _heads(self, connection: Connection, heads: set[bytes]) -> dict[bytes, int]:
        keys: dict[bytes, int] = {}
        for head in sorted(heads):
            digest = hashlib.sha256(head).digest()
            insert = self._database.insert(schema.heads).values(digest=digest, head=head)
            connection.execute(insert.on_conflict_do_nothing(index_elements=["digest"]))
            keys[head] = connection.execute(
                select(schema.heads.c.key).where(schema.heads.c.digest == digest)
            ).scalar_one()
        return keys


class _Writes:
    """What one page asks to be written: (record, digest, key of its row)."""

    def __init__(self, source_key: int, slice_key: int) -> None:
        self.source_key = source_key
        self.slice_key = slice_key
        self.inserts: list[tuple[RawRecord, bytes, int]] = []
        self.updates: list[tuple[RawRecord, bytes, int]] = []
        self.seen: list[int] = []
        self.dictionaries: dict[str, int | None] = {}


def _classify(record: RawRecord, row: Row[Any] | None, received: Received, writes: _Writes) -> None:
    counts = received.counts
    digest = hashlib.sha256(record.head + record.body).digest()
    if row is None:
        counts.deleted += record.deleted
        counts.new += not record.deleted
        writes.inserts.append((record, digest, 0))
        return
    is_same = row.digest == digest
    if row.slice_key == writes.slice_key:
        counts.duplicates += 1
        received.again.add(record.identifier)
        received.moved |= row.datestamp != record.datestamp
        if is_same or record.datestamp < row.datestamp:
            return  # an older state of a record that moved between the pages of a list
    elif is_same:
        counts.unchanged += 1
        writes.seen.append(row.key)
        return
    else:
        received.left.append((row.slice_key, record.datestamp))
        is_newly_deleted = record.deleted and not row.deleted
        counts.deleted += is_newly_deleted
        counts.changed += not is_newly_deleted
    writes.updates.append((record, digest, row.key))


def note_changes(connection: Connection, changes: Sequence[tuple[int, str, bool, Any]]) -> None:
    """Write down that raw records changed: (key, datestamp, deleted, time)."""
    names = ("raw_key", "datestamp", "deleted", "at")
    connection.execute(schema.raw_changes.insert(), [dict(zip(names, one, strict=True)) for one in changes])
