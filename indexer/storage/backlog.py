"""How much waits: what operators watch, by queries that an index answers, however large the store is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from indexer.storage import schema
from indexer.storage.leases import LeaseCounts, count_leases
from indexer.storage.store import RecordStore

#: Up to which records that wait are counted: that there are so many says enough, and counting all takes long.
MOST_COUNTED = 20_000
_RUNS = schema.harvest_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How harvesting a source goes.

    ``lag_seconds``: since the last complete harvest began, or without one since the source was added; ``totals``: the
    ledger's counts over all runs, by name.
    """

    status: str | None
    lag_seconds: float
    is_enabled: bool
    quarantined: int
    totals: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits in a store: raw records, changes of subjects, stretches of the feed; and how its sources are."""

    pending: int
    subjects: int
    horizon: int
    leases: LeaseCounts
    sources: Mapping[str, SourceState]


def read_backlog(store: RecordStore) -> Backlog:
    """Read what waits."""
    raw = schema.raw_records.c
    waiting = select(raw.key).where(raw.pending).limit(MOST_COUNTED).subquery()
    with store.database.read() as connection:
        pending = connection.scalar(select(func.count()).select_from(waiting)) or 0
    return Backlog(
        pending=pending,
        subjects=len(store.subject_queue.waiting()),
        horizon=store.feed.horizon(),
        leases=count_leases(store.database),
        sources=read_sources(store),
    )


def read_sources(store: RecordStore) -> dict[str, SourceState]:
    """Read how harvesting goes, by source."""
    enabled = {source.id: source.enabled for source in store.sources.all()}
    table, kept = schema.sources, schema.quarantine
    mine = (_RUNS.c.source_key == table.c.key, _RUNS.c.kind == "harvest")
    newest = select(_RUNS.c.status).where(*mine).order_by(_RUNS.c.key.desc()).limit(1)
    complete = select(_RUNS.c.started_at).where(*mine, _RUNS.c.status == "complete")
    statement = select(
        table.c.id,
        table.c.key,
        table.c.created_at,
        newest.scalar_subquery().label("status"),
        complete.order_by(_RUNS.c.key.desc()).limit(1).scalar_subquery().label("complete"),
        select(func.count())
        .where(kept.c.source_key == table.c.key, kept.c.resolved_at.is_(None))
        .scalar_subquery()
        .label("quarantined"),
    )
    with store.database.read() as connection:
        now = store.database.moment(connection)
        totals = _totals(connection)
        return {
            row.id: SourceState(
                status=row.status,
                lag_seconds=_seconds(row.complete or row.created_at, now),
                is_enabled=enabled.get(row.id, False),
                quarantined=row.quarantined,
                totals=totals.get(row.key, dict.fromkeys(schema.COUNTS, 0)),
            )
            for row in connection.execute(statement)
        }


def _totals(connection: Connection) -> dict[int, dict[str, int]]:
    sums = [func.sum(_RUNS.c[name]).label(name) for name in schema.COUNTS]
    rows = connection.execute(select(_RUNS.c.source_key, *sums).group_by(_RUNS.c.source_key))
    return {row.source_key: {name: int(getattr(row, name)) for name in schema.COUNTS} for row in rows}


def _seconds(since: datetime, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0)


def index_lag(store: RecordStore, position: int) -> float:
    """Return for how many seconds the oldest change behind a position of the feed has been waiting; 0.0 without one."""
    following = store.feed.after(position, 1)
    if not following:
        return 0.0
    with store.database.read() as connection:
        return _seconds(following[0].at, store.database.moment(connection))
