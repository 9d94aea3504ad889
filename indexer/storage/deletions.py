"""What a complete list of all identifiers shows: what is gone from a repository, and what never arrived here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from harvesters.checkpoints import Counts, Missing, SliceState
from harvesters.records import RawRecord
from indexer import clock
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.receiving import note_changes

_AT_ONCE = 500


def note_headers(connection: Connection, source_key: int, slice_key: int, headers: Sequence[RawRecord]) -> Counts:
    """Mark the listed records as seen by this list, all formats of an identifier; a tombstone deletes."""
    counts = Counts(received=len(headers), pages=1)
    listed = {header.identifier: header for header in headers}
    counts.duplicates = len(headers) - len(listed)
    raw = schema.raw_records
    for names in chunks(list(listed)):
        mine = (raw.c.source_key == source_key) & raw.c.identifier.in_(names)
        statement = select(raw.c.key, raw.c.identifier, raw.c.slice_key, raw.c.deleted, raw.c.datestamp).where(mine)
        rows = connection.execute(statement).all()
        counts.duplicates += len({row.identifier for row in rows if row.slice_key == slice_key})
        gone = [row for row in rows if listed[row.identifier].deleted and not row.deleted]
        _mark_deleted(connection, [(row.key, listed[row.identifier].datestamp) for row in gone])
        counts.deleted += len({row.identifier for row in gone})
        connection.execute(update(raw).where(mine).values(slice_key=slice_key))
    counts.unchanged = counts.distinct - counts.deleted
    return counts


def missing_records(connection: Connection, source_key: int, state: SliceState, *, examples: int) -> Missing:
    """Count the live records that a complete list did not name, and give some of them, spread over all."""
    raw = schema.raw_records
    live = int(
        connection.execute(
            select(func.count(raw.c.identifier.distinct())).where(raw.c.source_key == source_key, ~raw.c.deleted)
        ).scalar_one()
    )
    missing = _missing(connection, source_key, state)
    count = int(connection.execute(select(func.count(raw.c.identifier.distinct())).where(missing)).scalar_one())
    step = max(1, count // examples)
    names: list[str] = []
    statement = select(raw.c.identifier).where(missing).distinct().order_by(raw.c.identifier)
    for place, name in enumerate(connection.execute(statement).scalars()):
        if place % step == 0 and len(names) < examples:
            names.append(name)
    return Missing(count=count, live=live, examples=tuple(names))


def delete_missing(
    connection: Connection, source_key: int, state: SliceState, spared: Collection[str], *, after: int
) -> tuple[int, int | None]:
    """Delete some of the missing records; return how many identifiers and where to go on (``None``: done)."""
    raw = schema.raw_records
    statement = (
        select(raw.c.key, raw.c.identifier, raw.c.datestamp)
        .where(_missing(connection, source_key, state), raw.c.key > after)
        .order_by(raw.c.key)
        .limit(_AT_ONCE)
    )
    rows = connection.execute(statement).all()
    gone = [row for row in rows if row.identifier not in spared]
    _mark_deleted(connection, [(row.key, row.datestamp) for row in gone])
    return len({row.identifier for row in gone}), rows[-1].key if len(rows) == _AT_ONCE else None


def _missing(connection: Connection, source_key: int, state: SliceState) -> ColumnElement[bool]:
    """Return the condition of live records that the list has not named, and that were here when it began."""
    raw, slices = schema.raw_records.c, schema.harvest_slices.c
    began: datetime = connection.execute(select(slices.started_at).where(slices.key == state.key)).scalar_one()
    # Named in one format is named: other formats and enrichments come with lists of their own.
    named = schema.raw_records.alias("named")
    is_named = select(named.c.key).where(
        named.c.source_key == source_key, named.c.identifier == raw.identifier, named.c.slice_key == state.key
    )
    return and_(raw.source_key == source_key, ~raw.deleted, raw.received_at < began, ~is_named.exists())


def _mark_deleted(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Take records for deleted: (key, datestamp). Their bytes stay.

    The digest goes, so that the same bytes are a change should they come back.
    """
    if not rows:
        return
    now, raw = clock.now(), schema.raw_records
    for keys in chunks([key for key, _ in rows]):
        connection.execute(
            update(raw)
            .where(raw.c.key.in_(keys))
            .values(deleted=True, digest=b"", pending=True, received_at=now, changes=raw.c.changes + 1)
        )
    note_changes(connection, [(key, stamp, True, now) for key, stamp in rows])
