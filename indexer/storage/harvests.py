"""The harvest ledger: runs, their slices, checkpoints; implements ``harvesters.checkpoints.Checkpoints``."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from harvesters.checkpoints import (
    Counts,
    DoubtfulList,
    Missing,
    RunKind,
    RunReport,
    RunStatus,
    SliceState,
    SliceStatus,
)
from harvesters.errors import PageError
from harvesters.records import DamagedRecord, Page, Window
from harvesters.sources.definition import Source
from indexer import clock
from indexer.errors import StoreBusyError, StoreConflictError
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.checkpoints import checkpoint_of, forget, move_checkpoint
from indexer.storage.database import Database, inserted_key, retried
from indexer.storage.deletions import delete_missing, missing_records
from indexer.storage.doubts import doubtful_lists
from indexer.storage.harvest_history import HarvestHistory, counts_of, report, runs_statement
from indexer.storage.limits import storable_text
from indexer.storage.quarantine import WHOLE_ANSWER, QuarantineTable
from indexer.storage.raw import RawTable
from indexer.storage.storing import PageStore, counted, counting, key_of_source

#: What is said of a run whose process ended without a word.
INTERRUPTED = (
    "The harvest was interrupted without a word (killed, or the machine stopped). "
    "The next one goes on from its last page."
)
_RESUME = counting(schema.harvest_runs, "resumed")


class HarvestLedger:
    """Every page's records, counts and next token in one transaction: what is counted is stored, and the reverse."""

    def __init__(self, database: Database, raw: RawTable, quarantine: QuarantineTable) -> None:
        self._database = database
        self._raw = raw
        self._quarantine = quarantine
        self._pages = PageStore(raw.receiver, quarantine)
        self.history = HarvestHistory(database)

    # --- runs --------------------------------------------------------------------------------

    def begin(self, source: Source, *, kind: RunKind = "harvest", since: str | None, until: str | None) -> int:
        """Open a ledger row; rows left running by a killed process become incomplete."""
        runs = schema.harvest_runs
        now = clock.now()
        with self._database.write() as connection:
            source_key = key_of_source(connection, source.id)
            connection.execute(
                update(runs)
                .where(runs.c.source_key == source_key, runs.c.status == "running")
                .values(status="incomplete", error=INTERRUPTED, finished_at=now)
            )
            values = {"source_key": source_key, "kind": kind, "status": "running", "since": since, "until": until}
            if kind == "harvest":  # what it receives would no longer count as seen by a comparison left half-way
                self._drop_comparisons(connection, source_key)
            inserted = connection.execute(runs.insert().values(**values, resumed=False, started_at=now))
            return inserted_key(inserted)

    def _drop_comparisons(self, connection: Connection, source_key: int) -> None:
        slices, runs = schema.harvest_slices, schema.harvest_runs
        compared = select(runs.c.key).where(runs.c.source_key == source_key, runs.c.kind == "reconcile")
        connection.execute(
            update(slices)
            .where(slices.c.source_key == source_key, slices.c.status == "open", slices.c.run_key.in_(compared))
            .values(status="dropped", token=None, finished_at=clock.now())
        )

    def finish(
        self, run: int, status: RunStatus, *, expected: int | None, error: str | None, error_url: str | None
    ) -> RunReport:
        """Close the ledger row and return it; then compress anew what came before there was a dictionary."""
        runs = schema.harvest_runs
        said = {"error": storable_text(error), "error_url": storable_text(error_url)}
        values = {"status": status, "expected": expected, **said}
        with self._database.write() as connection:
            connection.execute(update(runs).where(runs.c.key == run).values(**values, finished_at=clock.now()))
            row = connection.execute(runs_statement().where(runs.c.key == run)).one()
        with contextlib.suppress(StoreBusyError, StoreConflictError):  # else the next run does it
            self._raw.compression.finish()
        return report(row)

    def unfinished(self, source: Source, *, kind: RunKind = "harvest") -> list[SliceState]:
        """Return the lists of ordinary runs that were left with a token to go on from, oldest first.

        Those without a token are dropped, for they begin anew anyway; so are those of a window that somebody chose
        once, which must not be taken for the source's own. Lists of another set are left alone.
        """
        slices, runs = schema.harvest_slices, schema.harvest_runs
        with self._database.write() as connection:
            source_key = key_of_source(connection, source.id)
            mine = (
                (slices.c.source_key == source_key)
                & (slices.c.status == "open")
                & (slices.c.set_spec == (source.set_spec or ""))
            )
            of_kind = select(runs.c.key).where(runs.c.source_key == source_key, runs.c.kind == kind)
            chosen = of_kind.where(runs.c.since.is_not(None) | runs.c.until.is_not(None))
            connection.execute(
                update(slices)
                .where(mine, slices.c.run_key.in_(of_kind), slices.c.token.is_(None) | slices.c.run_key.in_(chosen))
                .values(status="dropped", token=None, finished_at=clock.now())
            )
            rows = connection.execute(
                select(slices)
                .where(
                    mine,
                    slices.c.run_key.in_(of_kind),
                    slices.c.metadata_prefix.in_(source.metadata_prefixes),
                )
                .order_by(slices.c.key)
            )
            return [_slice(row) for row in rows]

    # --- checkpoints -------------------------------------------------------------------------

    def checkpoint(self, source: Source, metadata_prefix: str) -> str | None:
        """Return the newest datestamp up to which this format is complete, else where its first harvest began."""
        with self._database.read() as connection:
            source_key = key_of_source(connection, source.id)
            return checkpoint_of(connection, source_key, metadata_prefix, source.set_spec or "")

    def forget_checkpoints(self, source: Source) -> None:
        """Begin anew with a source: nothing of it counts as complete, half-finished lists are dropped."""
        slices = schema.harvest_slices
        with self._database.write() as connection:
            source_key = key_of_source(connection, source.id)
            forget(connection, source_key, source.set_spec or "")
            connection.execute(
                update(slices)
                .where(
                    slices.c.source_key == source_key,
                    slices.c.status.in_(("open", "doubtful")),
                    slices.c.set_spec == (source.set_spec or ""),
                )
                .values(status="dropped", token=None, finished_at=clock.now())
            )

    # --- lists -------------------------------------------------------------------------------

    def open_slice(self, run: int, source: Source, metadata_prefix: str, window: Window) -> SliceState:
        """Begin a list."""
        with self._database.write() as connection:
            source_key = key_of_source(connection, source.id)
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
        slices = schema.harvest_slices
        with self._database.write() as connection:
            connection.execute(update(slices).where(slices.c.key == state.key).values(run_key=run))
            connection.execute(_RESUME, {**counted(run, state.counts), "new_resumed": True})

    @retried
    def store_pages(self, run: int, state: SliceState, pages: Sequence[Page]) -> Counts:
        """Store pages with all that follows from them; return their counts and bring ``state`` up to date."""
        try:
            with self._database.write() as connection:
                stored = self._pages.store(connection, run, state, pages)
        except BaseException:
            self._raw.compression.forget()
            raise
        stored.tell(state)
        return stored.counts

    def keep_page(self, run: int, state: SliceState, error: PageError) -> None:
        """Keep an answer of a list that could not be read, as sent, until the list comes through."""
        kept = DamagedRecord(
            url=error.url or "",
            body=error.body,
            reason=str(error),
            remedy="Harvest the source again.",
            identifier=WHOLE_ANSWER,
        )
        slices = schema.harvest_slices
        with self._database.write() as connection:
            row = connection.execute(select(slices).where(slices.c.key == state.key)).one()
            self._quarantine.add_damaged(connection, row, run, kept)

    def close_slice(
        self,
        source: Source,  # noqa: ARG002  # the protocol's: a ledger may know lists by their sources
        state: SliceState,
        *,
        status: SliceStatus,
        moves_checkpoint: bool,
        note: str | None = None,
        resolves: bool = True,
    ) -> None:
        """End a list; with ``moves_checkpoint`` its records' newest datestamp becomes the checkpoint."""
        slices = schema.harvest_slices
        now = clock.now()
        with self._database.write() as connection:
            row = connection.execute(select(slices).where(slices.c.key == state.key)).one()
            connection.execute(
                update(slices)
                .where(slices.c.key == state.key)
                .values(status=status, token=None, finished_at=now, note=storable_text(note))
            )
            if status == "complete" and resolves:
                self._quarantine.resolve_pages(connection, row)
            if moves_checkpoint:
                move_checkpoint(self._database, connection, row)

    def drop_slice(self, state: SliceState, *, status: SliceStatus = "dropped", note: str | None = None) -> None:
        """Forget a list's token: it died, or the list goes on in another way."""
        slices = schema.harvest_slices
        values = {"status": status, "token": None, "note": storable_text(note), "finished_at": clock.now()}
        with self._database.write() as connection:
            connection.execute(update(slices).where(slices.c.key == state.key).values(**values))

    def doubtful(self, source: Source) -> list[DoubtfulList]:
        """Return the lists to be read again, oldest first."""
        with self._database.read() as connection:
            source_key = key_of_source(connection, source.id)
            found = doubtful_lists(connection, source_key, source.set_spec or "")
        return [one for one in found if one.metadata_prefix in source.metadata_prefixes]

    def settle_doubt(self, doubtful: DoubtfulList) -> None:
        """A doubtful list was read again."""
        slices = schema.harvest_slices
        with self._database.write() as connection:
            connection.execute(update(slices).where(slices.c.key == doubtful.key).values(status="repeated"))

    def not_received(self, source: Source, state: SliceState, identifiers: Sequence[str]) -> list[str]:
        """Return those identifiers whose records this list has not brought yet, in the order given."""
        raw = schema.raw_records.c
        received: set[str] = set()
        with self._database.read() as connection:
            source_key = key_of_source(connection, source.id)
            for names in chunks(identifiers):
                statement = select(raw.identifier).where(
                    raw.source_key == source_key,
                    raw.identifier.in_(names),
                    raw.metadata_prefix == state.metadata_prefix,
                    raw.slice_key == state.key,
                )
                received.update(connection.scalars(statement))
        return [name for name in dict.fromkeys(identifiers) if name not in received]

    # --- comparing with everything there is ----------------------------------------------------

    def lacking(self, source: Source, metadata_prefix: str, identifiers: Sequence[str]) -> list[str]:
        """Return those identifiers that have no live record in a format here, in the order given."""
        raw = schema.raw_records.c
        here: set[str] = set()
        with self._database.read() as connection:
            source_key = key_of_source(connection, source.id)
            for names in chunks(identifiers):
                statement = select(raw.identifier).where(
                    raw.source_key == source_key,
                    raw.identifier.in_(names),
                    raw.metadata_prefix == metadata_prefix,
                    ~raw.deleted,
                )
                here.update(connection.scalars(statement))
        return [name for name in dict.fromkeys(identifiers) if name not in here]

    def settle_piece(self, key: int) -> None:
        """Mark a quarantine row whose bytes were read at last, or whose record is gone."""
        self._quarantine.resolve_rows([key])

    @retried
    def store_headers(self, run: int, state: SliceState, page: Page) -> Counts:
        """Note the identifiers that a repository lists; tombstones delete."""
        with self._database.write() as connection:
            stored = self._pages.store_headers(connection, run, state, page)
        stored.tell(state)
        return stored.counts

    def missing(self, source: Source, state: SliceState, *, examples: int) -> Missing:
        """Return which live records a complete list has not named."""
        with self._database.read() as connection:
            return missing_records(connection, key_of_source(connection, source.id), state, examples=examples)

    def delete_missing(self, run: int, source: Source, state: SliceState, spared: Collection[str]) -> int:
        """Take the missing records, but for the spared, for deleted, some at a time; return how many."""
        runs = schema.harvest_runs
        total, after = 0, 0
        while True:
            with self._database.write() as connection:
                source_key = key_of_source(connection, source.id)
                count, following = delete_missing(connection, source_key, state, spared, after=after)
                connection.execute(update(runs).where(runs.c.key == run).values(deleted=runs.c.deleted + count))
            total += count
            if following is None:
                return total
            after = following


def _slice(row: Row[Any]) -> SliceState:
    return SliceState(
        key=row.key,
        metadata_prefix=row.metadata_prefix,
        window=Window(since=row.since, until=row.until),
        token=row.token,
        list_size=row.list_size,
        counts=counts_of(row),
        doubt=row.note,
    )
