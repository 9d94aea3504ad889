"""Storing what arrives: which records are new, changed, gone, or seen already in the same list."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, CursorResult, Row, bindparam, select, update

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
#: The dictionary's key, and what compresses with it.
_Packer = tuple[int | None, Callable[[bytes], bytes]]
# Built once: building a statement costs more than running it.
_RAW = schema.raw_records
_UPDATE = (
    update(_RAW)
    .where(_RAW.c.key == bindparam("at_key"))
    .values({name: bindparam(new) for name, new in zip(_COLUMNS, _NEW, strict=True)} | {"changes": _RAW.c.changes + 1})
)
_HEAD = select(schema.heads.c.key).where(schema.heads.c.digest == bindparam("at_digest"))


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
        table = _RAW.c
        self._known_statement = select(
            table.key,
            table.identifier,
            table.metadata_prefix,
            table.datestamp,
            table.digest,
            table.slice_key,
            table.deleted,
        ).where(table.source_key == bindparam("at_source"), database.is_among(table.identifier, "names"))

    def store(self, connection: Connection, source_key: int, slice_key: int, records: Sequence[RawRecord]) -> Received:
        """Store records and tell what was new; a record that the same slice has brought already is a duplicate."""
        received = Received(Counts(received=len(records)))
        latest = _latest(records, received)
        known = self._known(connection, source_key, latest)
        writes = _Writes(source_key, slice_key)
        for name, record in latest.items():
            digest = hashlib.sha256(record.head + record.body).digest()
            row = known.get(name)
            if row is None:
                writes.inserts.append((record, digest))
            else:
                _classify(record, digest, row, received, writes)
        received.counts.deleted += (deleted := sum(record.deleted for record, _ in writes.inserts))
        received.counts.new += len(writes.inserts) - deleted
        self._write(connection, writes)
        return received

    def _known(
        self, connection: Connection, source_key: int, wanted: Mapping[_Name, RawRecord]
    ) -> dict[_Name, Row[Any]]:
        names = self._database.texts({identifier for identifier, _ in wanted})
        rows: CursorResult[Any] = connection.execute(self._known_statement, {"at_source": source_key, "names": names})
        return {(row.identifier, row.metadata_prefix): row for row in rows}

    def _write(self, connection: Connection, writes: _Writes) -> None:
        table = schema.raw_records
        self._lock(connection, sorted([*writes.seen, *(key for *_, key in writes.updates)]))
        records = [*(record for record, _ in writes.inserts), *(record for record, *_ in writes.updates)]
        heads = self._heads(connection, {record.head for record in records})
        packers = {
            prefix: self._packer(connection, writes.source_key, prefix)
            for prefix in {record.metadata_prefix for record in records}
        }
        if writes.inserts:
            self._insert(connection, writes, heads, packers)
        if writes.updates:
            self._update(connection, writes, heads, packers)
        for start in range(0, len(writes.seen), _IN_CHUNK):
            keys = writes.seen[start : start + _IN_CHUNK]
            connection.execute(update(table).where(table.c.key.in_(keys)).values(slice_key=writes.slice_key))
        # Learning comes last: it may train a dictionary and compress anew what was just written.
        self._compression.learn(connection, writes.source_key, [record for record, _ in writes.inserts])

    def _packer(self, connection: Connection, source_key: int, metadata_prefix: str) -> _Packer:
        """Return the dictionary that records of a format are compressed with, and what compresses them."""
        dictionary = self._compression.current(connection, source_key, metadata_prefix)
        return dictionary, self._compression.packer(dictionary)

    def _lock(self, connection: Connection, keys: Sequence[int]) -> None:
        """Lock all rows that will be written, by key, as the index does: else each could wait for the other."""
        if self._database.is_embedded:
            return  # SQLite has one writer
        table = schema.raw_records.c
        for start in range(0, len(keys), _IN_CHUNK):
            chosen = select(table.key).where(table.key.in_(keys[start : start + _IN_CHUNK])).order_by(table.key)
            connection.execute(chosen.with_for_update(key_share=True))

    def _insert(
        self, connection: Connection, writes: _Writes, heads: Mapping[bytes, int | None], packers: Mapping[str, _Packer]
    ) -> None:
        moments = {record.received_at for record, _ in writes.inserts}
        times = {moment: self._database.time_value(moment) for moment in moments}
        rows = []
        for record, digest in writes.inserts:
            time = times[record.received_at]
            rows.append((*_values(record, digest, writes.slice_key, heads, packers), time, writes.source_key, time))
        columns = (*_COLUMNS, "source_key", "first_received_at")
        self._database.insert_rows(connection, schema.raw_records, columns, rows)

    def _update(
        self, connection: Connection, writes: _Writes, heads: Mapping[bytes, int | None], packers: Mapping[str, _Packer]
    ) -> None:
        rows = [
            dict(
                zip(_NEW, (*_values(record, digest, writes.slice_key, heads, packers), record.received_at), strict=True)
            )
            | {"at_key": key}
            for record, digest, key in writes.updates
        ]
        connection.execute(_UPDATE, rows)
        changes = [(key, record.datestamp, record.deleted, record.received_at) for record, _, key in writes.updates]
        note_changes(connection, changes)

    def _heads(self, connection: Connection, heads: set[bytes]) -> dict[bytes, int | None]:
        keys: dict[bytes, int | None] = {b"": None}
        for head in sorted(heads - {b""}):
            digest = hashlib.sha256(head).digest()
            key = connection.scalar(_HEAD, {"at_digest": digest})
            if key is None:
                insert = self._database.insert(schema.heads).values(digest=digest, head=head)
                connection.execute(insert.on_conflict_do_nothing(index_elements=["digest"]))
                key = connection.execute(_HEAD, {"at_digest": digest}).scalar_one()
            keys[head] = key
        return keys


def _values(
    record: RawRecord, digest: bytes, slice_key: int, heads: Mapping[bytes, int | None], packers: Mapping[str, _Packer]
) -> tuple[Any, ...]:
    """Return the values of ``_COLUMNS`` but the last, the time, which is written in two ways."""
    dictionary, pack = packers[record.metadata_prefix]
    return (
        record.identifier,
        record.metadata_prefix,
        record.datestamp,
        orjson.dumps(record.set_specs),
        record.deleted,
        pack(record.body),
        dictionary,
        digest,
        len(record.body),
        heads[record.head],
        slice_key,
        True,
    )


class _Writes:
    """What pages ask to be written: new records with their digests, changed ones with their rows' keys too."""

    def __init__(self, source_key: int, slice_key: int) -> None:
        self.source_key = source_key
        self.slice_key = slice_key
        self.inserts: list[tuple[RawRecord, bytes]] = []
        self.updates: list[tuple[RawRecord, bytes, int]] = []
        self.seen: list[int] = []


def _latest(records: Sequence[RawRecord], received: Received) -> dict[_Name, RawRecord]:
    """Return the latest state of each record; those that come more than once are duplicates."""
    latest = {(record.identifier, record.metadata_prefix): record for record in records}
    if len(latest) == len(records):
        return latest
    latest = {}
    for record in records:
        name = (record.identifier, record.metadata_prefix)
        earlier = latest.get(name)
        if earlier is not None:
            received.counts.duplicates += 1
            received.moved |= earlier.datestamp != record.datestamp
        if earlier is None or record.datestamp >= earlier.datestamp:
            latest[name] = record
    return latest


def _classify(record: RawRecord, digest: bytes, row: Row[Any], received: Received, writes: _Writes) -> None:
    """Tell whether a record that is here already changed."""
    counts = received.counts
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
