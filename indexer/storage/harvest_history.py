"""What the harvest ledger says: runs and their lists, newest first."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, func, select

from harvesters.checkpoints import Counts, RunReport, SliceReport
from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database


class HarvestHistory:
    """Reads the ledger's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, source_id: str | None = None, *, before: int | None = None, limit: int = 50) -> list[RunReport]:
        """Return the newest ledger rows first, of one source or of all, older than the run ``before``."""
        statement = runs_statement().order_by(schema.harvest_runs.c.key.desc()).limit(limit)
        if source_id is not None:
            statement = statement.where(schema.sources.c.id == source_id)
        if before is not None:
            statement = statement.where(schema.harvest_runs.c.key < before)
        with self._database.read() as connection:
            return [report(row) for row in connection.execute(statement)]

    def run(self, key: int) -> RunReport | None:
        """Return one ledger row."""
        with self._database.read() as connection:
            row = connection.execute(runs_statement().where(schema.harvest_runs.c.key == key)).first()
            return report(row) if row else None

    def slices(self, run: int, *, limit: int = 1000) -> list[SliceReport]:
        """Return the lists of a run in the order in which they were begun."""
        slices = schema.harvest_slices
        statement = select(slices).where(slices.c.run_key == run).order_by(slices.c.key).limit(limit)
        with self._database.read() as connection:
            return [_slice(row) for row in connection.execute(statement)]

    def last_runs(self, kind: str = "harvest") -> dict[str, RunReport]:
        """Return the newest ledger row of each source that has any."""
        runs = schema.harvest_runs
        newest = select(func.max(runs.c.key)).where(runs.c.kind == kind).group_by(runs.c.source_key)
        with self._database.read() as connection:
            rows = connection.execute(runs_statement().where(runs.c.key.in_(newest)))
            return {row.source: report(row) for row in rows}

    def newest_datestamps(self) -> dict[str, str]:
        """Return, per source id, the newest checkpoint: how far the source is known to be complete."""
        statement = (
            select(schema.sources.c.id, func.max(schema.checkpoints.c.datestamp))
            .join(schema.sources, schema.sources.c.key == schema.checkpoints.c.source_key)
            .group_by(schema.sources.c.id)
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}


def runs_statement() -> Any:
    """Return the statement that reads ledger rows with their sources' ids."""
    runs = schema.harvest_runs
    return select(runs, schema.sources.c.id.label("source")).join(
        schema.sources, schema.sources.c.key == runs.c.source_key
    )


def counts_of(row: Row[Any]) -> Counts:
    """Return the counts of a run's or a list's row."""
    return Counts(**{name: getattr(row, name) for name in schema.COUNTS})


def report(row: Row[Any]) -> RunReport:
    """Return a run's row as what people and programs are shown."""
    seconds = (row.finished_at - row.started_at).total_seconds() if row.finished_at else None
    return RunReport(
        id=row.key,
        source=row.source,
        kind=row.kind,
        status=row.status,
        expected=row.expected,
        started=clock.iso(row.started_at) or "",
        finished=clock.iso(row.finished_at),
        seconds=seconds,
        since=row.since,
        until=row.until,
        resumed=row.resumed,
        error=row.error,
        error_url=row.error_url,
        **asdict(counts_of(row)),
    )


def _slice(row: Row[Any]) -> SliceReport:
    return SliceReport(
        id=row.key,
        metadata_prefix=row.metadata_prefix,
        set_spec=row.set_spec or None,
        since=row.since,
        until=row.until,
        status=row.status,
        expected=row.list_size,
        started=clock.iso(row.started_at) or "",
        finished=clock.iso(row.finished_at),
        note=row.note,
        **asdict(counts_of(row)),
    )
