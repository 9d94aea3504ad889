"""The harvest ledger: runs, their slices, checkpoints; implements ``harvesters.checkpoints.Checkpoints``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from harvesters.checkpoints import Counts, RunReport, RunStatus, SliceState
from harvesters.errors import PageError
from harvesters.records import DamagedRecord, Page, Window
from harvesters.sources.definition import Source
from harvesters.windows import is_datestamp
from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database, inserted_key
from indexer.storage.quarantine import QuarantineTable
from indexer.storage.raw import RawTable

#: What is said of a run whose process ended without a word.
INTERRUPTED = (
    "The harvest was interrupted without a word (killed, or the machine stopped). "
    "The next one goes on from its last page."
)


class HarvestLedger:
    """Every page's records, counts and next token in one transaction: what is counted is stored, and the reverse."""

    def __init__(self, database: Database, raw: RawTable, quarantine: QuarantineTable) -> None:
        self._database = database
        self._raw = raw
        self._quarantine = quarantine

    def begin(self, source: Source, *, since: str | None, until: str | None) -> int:
        """Open a ledger row; rows left running by a killed process become incomplete."""
        runs = schema.harvest_runs
        now = clock.now()
        with self._database.write() as connection:
            source_key = self._source_key(connection, source)
            connection.execute(
                update(runs)
                .where(runs.c.source_key == source_key, runs.c.status == "running")
                .values(status="incomplete", error=INTERRUPTED, finished_at=now)
            )
            inserted = connection.execute(
                runs.insert().values(
                    source_key=source_key, status="running", since=since, until=until, resumed=False, started_at=now
                )
            )
            return inserted_key(inserted)

    def unfinished(self, source: Source) -> list[SliceState]:
        """Return the lists of ordinary harvests that were left with a token to go on from.

        All others are dropped: those without a token begin anew anyway, and a window or a set that somebody chose once
        must not be taken for the source's own.
        """
        slices, runs = schema.harvest_slices, schema.harvest_runs
        with self._database.write() as connection:
            source_key = self._source_key(connection, source)
            mine = (slices.c.source_key == source_key) & (slices.c.status == "open")
            chosen = select(runs.c.key).where(
                runs.c.source_key == source_key, runs.c.since.is_not(None) | runs.c.until.is_not(None)
            )
            stale = slices.c.token.is_(None) | (slices.c.set_spec != (source.set_spec or ""))
            connection.execute(
                update(slices)
                .where(mine, stale | slices.c.run_key.in_(chosen))
                .values(status="dropped", token=None, finished_at=clock.now())
            )
            rows = connection.execute(
                select(slices)
                .where(mine, slices.c.metadata_prefix.in_(source.metadata_prefixes))
                .order_by(slices.c.key)
            )
            return [_slice(row) for row in rows]

    def checkpoint(self, source: Source, metadata_prefix: str) -> str | None:
        """Return the newest datestamp up to which this format is complete, else where its first harvest began."""
        table, slices, runs = schema.checkpoints.c, schema.harvest_slices.c, schema.harvest_runs.c
        with self._database.read() as connection:
            source_key = self._source_key(connection, source)
            reached: str | None = connection.scalar(
                select(table.datestamp).where(
                    table.source_key == source_key,
                    table.metadata_prefix == metadata_prefix,
                    table.set_spec == (source.set_spec or ""),
                )
            )
            if reached is not None:
                return reached
            began = (
                select(func.min(slices.since))
                .join(schema.harvest_runs, runs.key == slices.run_key)
                .where(
                    slices.source_key == source_key,
                    slices.metadata_prefix == metadata_prefix,
                    slices.set_spec == (source.set_spec or ""),
                    runs.since.is_(None),
                    runs.until.is_(None),
                )
            )
            start: str | None = connection.scalar(began)
            return start

    def forget_checkpoints(self, source: Source) -> None:
        """Begin anew with a source: nothing of it counts as complete, half-finished lists are dropped."""
        table, slices = schema.checkpoints, schema.harvest_slices
        with self._database.write() as connection:
            source_key = self._source_key(connection, source)
            connection.execute(
                table.delete().where(table.c.source_key == source_key, table.c.set_spec == (source.set_spec or ""))
            )
            connection.execute(
                update(slices)
                .where(slices.c.source_key == source_key, slices.c.status == "open")
                .values(status="dropped", token=None, finished_at=clock.now())
            )

    def open_slice(self, run: int, source: Source, metadata_prefix: str, window: Window) -> SliceState:
        """Begin a list."""
        with self._database.write() as connection:
            source_key = self._source_key(connection, source)
            inserted = connection.execute(
                schema.harvest_slices.insert().values(
                    run_key=run,
                    source_key=source_key,
                    metadata_prefix=metadata_prefix,
                    set_spec=source.set_spec or "",
                    since=window.since,
                    until=window.until,
                    status="open",
                    started_at=clock.now(),
                )
            )
            key = inserted_key(inserted)
        return SliceState(
            key=key, metadata_prefix=metadata_prefix, window=window, token=None, list_size=None, counts=Counts()
        )

    def adopt_slice(self, run: int, state: SliceState) -> None:
        """Go on with an earlier run's list in this run, which takes over its counts."""
        slices, runs = schema.harvest_slices, schema.harvest_runs
        with self._database.write() as connection:
            connection.execute(update(slices).where(slices.c.key == state.key).values(run_key=run))
            connection.execute(
                update(runs).where(runs.c.key == run).values(resumed=True, **_increments(runs, state.counts))
            )

    def store_page(self, run: int, state: SliceState, page: Page) -> Counts:
        """Store a page with all that follows from it; return its counts and bring ``state`` up to date."""
        slices, runs = schema.harvest_slices, schema.harvest_runs
        with self._database.write() as connection:
            row = connection.execute(
                select(slices.c.source_key, slices.c.newest_datestamp, slices.c.first_response).where(
                    slices.c.key == state.key
                )
            ).one()
            counts = self._raw.store(connection, row.source_key, state.key, page.records)
            counts.pages, counts.bytes = 1, page.bytes_received
            counts.quarantined = len(page.damaged)
            counts.received += len(page.damaged)
            identifiers = [record.identifier for record in page.records]
            self._quarantine.resolve_damaged(connection, row.source_key, identifiers)
            for damaged in page.damaged:
                self._quarantine.add_damaged(connection, row.source_key, run, damaged)
            stamps = [record.datestamp for record in page.records if is_datestamp(record.datestamp)]
            newest = max([row.newest_datestamp or "", *stamps])
            size = page.list_size if page.list_size is not None else state.list_size
            connection.execute(
                update(slices)
                .where(slices.c.key == state.key)
                .values(
                    token=page.token,
                    list_size=size,
                    newest_datestamp=newest or None,
                    first_response=row.first_response or page.response_date,
                    **_increments(slices, counts),
                )
            )
            connection.execute(update(runs).where(runs.c.key == run).values(**_increments(runs, counts)))
        state.token, state.list_size = page.token, size
        state.counts.add(counts)
        return counts

    def keep_page(self, run: int, source: Source, error: PageError) -> None:
        """Keep an answer that could not be read, as sent, until a list of the source is complete again."""
        kept = DamagedRecord(
            url=error.url or "", body=error.body, reason=str(error), remedy="Harvest the source again."
        )
        with self._database.write() as connection:
            self._quarantine.add_damaged(connection, self._source_key(connection, source), run, kept)

    def close_slice(self, source: Source, state: SliceState, *, complete: bool, moves_checkpoint: bool) -> None:
        """End a list; with ``moves_checkpoint`` its records' newest datestamp becomes the checkpoint."""
        slices = schema.harvest_slices
        now = clock.now()
        with self._database.write() as connection:
            row = connection.execute(select(slices).where(slices.c.key == state.key)).one()
            status = "complete" if complete else "short"
            connection.execute(
                update(slices).where(slices.c.key == state.key).values(status=status, token=None, finished_at=now)
            )
            if complete:
                self._quarantine.resolve_pages(connection, row.source_key)
            if moves_checkpoint and row.newest_datestamp:
                # What changed while the list was being fetched may have been missed, so the checkpoint stops at the
                # list's beginning, by the repository's clock and by ours; neither may push it into the future.
                began = [clock.iso(row.started_at) or ""]
                if row.first_response and is_datestamp(row.first_response):
                    began.append(row.first_response)
                newest = min(row.newest_datestamp, *began)
                self._move_checkpoint(connection, row.source_key, state.metadata_prefix, source.set_spec or "", newest)

    def _move_checkpoint(
        self, connection: Connection, source_key: int, prefix: str, set_spec: str, datestamp: str
    ) -> None:
        table = schema.checkpoints
        insert = self._database.insert(table).values(
            source_key=source_key,
            metadata_prefix=prefix,
            set_spec=set_spec,
            datestamp=datestamp,
            updated_at=clock.now(),
        )
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["source_key", "metadata_prefix", "set_spec"],
                set_={"datestamp": insert.excluded.datestamp, "updated_at": insert.excluded.updated_at},
                where=table.c.datestamp < insert.excluded.datestamp,
            )
        )

    def drop_slice(self, state: SliceState) -> None:
        """Forget a list's token: it died, the list begins anew next time."""
        slices = schema.harvest_slices
        with self._database.write() as connection:
            connection.execute(
                update(slices)
                .where(slices.c.key == state.key)
                .values(status="dropped", token=None, finished_at=clock.now())
            )

    def finish(
        self, run: int, status: RunStatus, *, expected: int | None, error: str | None, error_url: str | None
    ) -> RunReport:
        """Close the ledger row and return it."""
        runs = schema.harvest_runs
        with self._database.write() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.key == run)
                .values(status=status, expected=expected, error=error, error_url=error_url, finished_at=clock.now())
            )
            row = connection.execute(_runs_statement().where(runs.c.key == run)).one()
            return _report(row)

    def runs(self, source_id: str | None = None, *, limit: int = 50) -> list[RunReport]:
        """Return the newest ledger rows first, of one source or of all."""
        statement = _runs_statement().order_by(schema.harvest_runs.c.key.desc()).limit(limit)
        if source_id is not None:
            statement = statement.where(schema.sources.c.id == source_id)
        with self._database.read() as connection:
            return [_report(row) for row in connection.execute(statement)]

    def last_runs(self) -> dict[str, RunReport]:
        """Return the newest ledger row of each source that has any."""
        runs = schema.harvest_runs
        newest = select(func.max(runs.c.key)).group_by(runs.c.source_key)
        with self._database.read() as connection:
            return {
                row.source: _report(row) for row in connection.execute(_runs_statement().where(runs.c.key.in_(newest)))
            }

    def newest_datestamps(self) -> dict[str, str]:
        """Return, per source id, the newest checkpoint: how far the source is known to be complete."""
        statement = (
            select(schema.sources.c.id, func.max(schema.checkpoints.c.datestamp))
            .join(schema.sources, schema.sources.c.key == schema.checkpoints.c.source_key)
            .group_by(schema.sources.c.id)
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def _source_key(self, connection: Connection, source: Source) -> int:
        return int(
            connection.execute(select(schema.sources.c.key).where(schema.sources.c.id == source.id)).scalar_one()
        )


def _increments(table: Any, counts: Counts) -> dict[str, Any]:
    return {name: table.c[name] + value for name, value in asdict(counts).items()}


def _runs_statement() -> Any:
    runs = schema.harvest_runs
    return select(runs, schema.sources.c.id.label("source")).join(
        schema.sources, schema.sources.c.key == runs.c.source_key
    )


def _counts(row: Row[Any]) -> Counts:
    return Counts(**{name: getattr(row, name) for name in schema.COUNTS})


def _slice(row: Row[Any]) -> SliceState:
    return SliceState(
        key=row.key,
        metadata_prefix=row.metadata_prefix,
        window=Window(since=row.since, until=row.until),
        token=row.token,
        list_size=row.list_size,
        counts=_counts(row),
    )


def _report(row: Row[Any]) -> RunReport:
    seconds = (row.finished_at - row.started_at).total_seconds() if row.finished_at else None
    return RunReport(
        id=row.key,
        source=row.source,
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
        **asdict(_counts(row)),
    )
