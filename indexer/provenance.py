"""Where a work comes from: each source's record as it was sent and as it was understood, and who says what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from indexer.identity.claims import FieldClaims, claims_of
from indexer.storage import schema
from indexer.storage.catalogue import StoredWork, chunks
from indexer.storage.store import RecordStore

#: Records of a work that its fields are compared with; no work has more but by mistake.
MOST_COMPARED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RawForm:
    """A record as it was sent in one format; ``body`` may be in any encoding, or no text at all."""

    format: str
    datestamp: str
    deleted: bool
    first_received_at: datetime
    received_at: datetime
    changes: int
    size: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A source's record: ``understood`` is the manifestation's data, ``forms`` are what it was made of."""

    id: str
    source: str
    identifier: str
    understood: dict[str, Any]
    updated_at: datetime
    forms: tuple[RawForm, ...]


def records_of(store: RecordStore, work: StoredWork, *, limit: int, after: str | None = None) -> list[SourceRecord]:
    """Return a work's records in the order of their rank, those that follow a manifestation's id.

    Raises:
        ValueError: the work has no manifestation ``after``.
    """
    named: list[str] = work.data["manifestations"]
    start = 0 if after is None else named.index(after) + 1
    return _load(store, named[start : start + limit])


def record_of(store: RecordStore, work: StoredWork, manifestation: str) -> SourceRecord | None:
    """Return one of a work's records, or ``None`` where it has no such."""
    if manifestation not in work.data["manifestations"]:
        return None
    return next(iter(_load(store, [manifestation])), None)


def fields_of(store: RecordStore, work: StoredWork) -> list[FieldClaims]:
    """Return, for each field, the chosen value, where it comes from, and what other records say."""
    named = work.data["manifestations"][:MOST_COMPARED]
    with store.database.read() as connection:
        rows = {row.id: orjson.loads(row.data) for row in _rows(connection, named)}
    return claims_of(work.data, [(one, rows[one]) for one in named if one in rows])


def _load(store: RecordStore, named: Sequence[str]) -> list[SourceRecord]:
    with store.database.read() as connection:
        rows = {row.id: row for row in _rows(connection, named)}
        return [
            SourceRecord(
                id=row.id,
                source=row.source,
                identifier=row.identifier,
                understood=orjson.loads(row.data),
                updated_at=row.updated_at,
                forms=_forms(store, connection, row),
            )
            for one in named
            if (row := rows.get(one)) is not None
        ]


def _rows(connection: Connection, named: Sequence[str]) -> list[Row[Any]]:
    table = schema.manifestations
    statement = select(table, schema.sources.c.id.label("source")).join(
        schema.sources, schema.sources.c.key == table.c.source_key
    )
    return [row for chunk in chunks(named) for row in connection.execute(statement.where(table.c.id.in_(chunk)))]


def _forms(store: RecordStore, connection: Connection, record: Row[Any]) -> tuple[RawForm, ...]:
    raw = schema.raw_records
    statement = (
        select(raw)
        .where(raw.c.source_key == record.source_key, raw.c.identifier == record.identifier)
        .order_by(raw.c.key)
    )
    return tuple(
        RawForm(
            format=row.metadata_prefix,
            datestamp=row.datestamp,
            deleted=row.deleted,
            first_received_at=row.first_received_at,
            received_at=row.received_at,
            changes=row.changes,
            size=row.size,
            body=store.raw.compression.decompress(row.body, row.dictionary_key),
        )
        for row in connection.execute(statement)
    )
