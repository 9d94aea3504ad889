"""The harvest ledger: runs, their slices, checkpoints; implements ``harvesters.checkpoints.Checkpoints``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
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
from harvesters.errors import PageError, SourceError
from harvesters.records import DamagedRecord, Page, RawRecord, Window
from harvesters.sources.definition import Source
from harvesters.windows import is_datestamp
from indexer import clock
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.database import Database, inserted_key, retried
from indexer.storage.deletions import delete_missing, missing_records, note_headers
from indexer.storage.doubts import doubt_lists, doubt_of, doubtful_lists, holds_idle_page
from indexer.storage.harvest_history import HarvestHistory, counts_of, report, runs_statement
from indexer.storage.limits import storable_text, unstorable
from indexer.storage.quarantine import WHOLE_ANSWER, QuarantineTable
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
        self.history = HarvestHistory(database)

    # --- runs --------------------------------------------------------------------------------

    def begin(self, source: Source, *, kind: RunKind = "harvest", since: str | None, until: str | None) -> int:
        """Open a ledger row; rows left running by a killed process become incomplete."""
        runs = schema.harvest_runs
        now = clock.now()
        with self._database.write() as connection:
            source_key = self._source_key(connection, source.id)
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
        """Close the ledger row and return it."""
        runs = schema.harvest_runs
        said = {"error": storable_text(error), "error_url": storable_text(error_url)}
        values = {"status": status, "expected": expected, **said}
        with self._database.write() as connection:
            connection.execute(update(runs).where(runs.c.key == run).values(**values, finished_at=clock.now()))
            row = connection.execute(runs_statement().where(runs.c.key == run)).one()
            return report(row)

    def unfinished(self, source: Source, *, kind: RunKind = "harvest") -> list[SliceState]:
        """Return the lists of ordinary runs that were left with a token to go on from, oldest first.

        Those without a token are dropped, for they begin anew anyway; so are those of a window that somebody chose
        once, which must not be taken for the source's own. Lists of another set are left alone.
        """
        slices, runs = schema.harvest_slices, schema.harvest_runs
        with self._database.write() as connection:
            source_key = self._source_key(connection, source.id)
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
        table, slices, runs = schema.checkpoints.c, schema.harvest_slices.c, schema.harvest_runs.c
        with self._database.read() as connection:
            source_key = self._source_key(connection, source.id)
            reached: str | None = connection.scalar(
                select(table.datestamp).where(
                    table.source_key == source_key,
                    table.metadata_prefix == metadata_prefix,
                    table.set_spec == (source.set_spec or ""),
                )
            )
            if reached is not None:
                return reached
            # Where the earliest of its lists began, which may well have had no beginning.
            began = (
                select(slices.since)
                .join(schema.harvest_runs, runs.key == slices.run_key)
                .where(
                    slices.source_key == source_key,
                    slices.metadata_prefix == metadata_prefix,
                    slices.set_spec == (source.set_spec or ""),
                    runs.kind == "harvest",
                    runs.since.is_(None),
                    runs.until.is_(None),
                )
                .order_by(slices.since.is_not(None), slices.since)
                .limit(1)
            )
            start: str | None = connection.scalar(began)
            return start

    def forget_checkpoints(self, source: Source) -> None:
        """Begin anew with a source: nothing of it counts as complete, half-finished lists are dropped."""
        table, slices = schema.checkpoints, schema.harvest_slices
        with self._database.write() as connection:
            source_key = self._source_key(connection, source.id)
            connection.execute(
                table.delete().where(table.c.source_key == source_key, table.c.set_spec == (source.set_spec or ""))
            )
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
            source_key = self._source_key(connection, source.id)
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

    @retried
    def store_pages(self, run: int, state: SliceState, pages: Sequence[Page]) -> Counts:
        """Store pages with all that follows from them; return their counts and bring ``state`` up to date."""
        try:
            with self._database.write() as connection:
                counts = self._store_pages(connection, run, state, pages)
        except BaseException:
            self._raw.compression.forget()
            raise
        state.token = pages[-1].token
        state.counts.add(counts)
        return counts

    def _store_pages(self, connection: Connection, run: int, state: SliceState, pages: Sequence[Page]) -> Counts:
        slices, runs = schema.harvest_slices, schema.harvest_runs
        row = connection.execute(select(slices).where(slices.c.key == state.key)).one()
        records, refused = _storable(pages)
        # An enriching source's answers belong to the source that it enriches.
        source_key = self._source_key(connection, records[0].source) if records else row.source_key
        received = self._raw.receiver.store(connection, source_key, state.key, records)
        counts = received.counts
        is_idle = holds_idle_page(pages, received.again)
        counts.pages, counts.bytes = len(pages), sum(page.bytes_received for page in pages)
        pieces = [*refused, *(piece for page in pages for piece in page.damaged)]
        counts.quarantined = len(pieces)
        counts.received += len(pieces)
        self._quarantine.resolve_damaged(connection, row, [record.identifier for record in records])
        for piece in pieces:
            self._quarantine.add_damaged(connection, row, run, piece)
        doubt_lists(connection, received.left)
        state.doubt = state.doubt or row.note
        for page in pages:
            state.doubt = state.doubt or doubt_of(state, page, moved=received.moved, is_idle=is_idle)
            state.list_size = page.list_size if page.list_size is not None else state.list_size
        responses = [page.response_date for page in pages if page.response_date]
        values = {
            "token": pages[-1].token,
            "list_size": state.list_size,
            "newest_datestamp": _newest(row.newest_datestamp, records),
            "first_response": row.first_response or (responses[0] if responses else None),
            "last_response": responses[-1] if responses else row.last_response,
            "note": state.doubt,
        }
        connection.execute(
            update(slices).where(slices.c.key == state.key).values(**values, **_increments(slices, counts))
        )
        connection.execute(update(runs).where(runs.c.key == run).values(**_increments(runs, counts)))
        return counts

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
        source: Source,
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
            if moves_checkpoint and row.newest_datestamp:
                # What changed while the list was being fetched may have been missed, so the checkpoint stops at the
                # list's beginning, by the repository's clock and by ours; neither may push it into the future.
                began = [clock.iso(row.started_at) or ""]
                if row.first_response and is_datestamp(row.first_response):
                    began.append(row.first_response)
                # A header may say more than its list: nothing behind the window is here.
                newest = min(row.newest_datestamp, *began, *([row.until] if row.until else []))
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

    def drop_slice(self, state: SliceState, *, status: SliceStatus = "dropped", note: str | None = None) -> None:
        """Forget a list's token: it died, or the list goes on in another way."""
        slices = schema.harvest_slices
        values = {"status": status, "token": None, "note": storable_text(note), "finished_at": clock.now()}
        with self._database.write() as connection:
            connection.execute(update(slices).where(slices.c.key == state.key).values(**values))

    def doubtful(self, source: Source) -> list[DoubtfulList]:
        """Return the lists to be read again, oldest first."""
        with self._database.read() as connection:
            source_key = self._source_key(connection, source.id)
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
            source_key = self._source_key(connection, source.id)
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
            source_key = self._source_key(connection, source.id)
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

    def store_headers(self, run: int, state: SliceState, page: Page) -> Counts:
        """Note the identifiers that a repository lists; tombstones delete."""
        slices, runs = schema.harvest_slices, schema.harvest_runs
        with self._database.write() as connection:
            row = connection.execute(select(slices).where(slices.c.key == state.key)).one()
            counts = note_headers(connection, row.source_key, state.key, page.records)
            counts.bytes = page.bytes_received
            counts.quarantined = len(page.damaged)
            counts.received += counts.quarantined
            for damaged in page.damaged:
                self._quarantine.add_damaged(connection, row, run, damaged)
            state.doubt = state.doubt or row.note or doubt_of(state, page, moved=False, is_idle=False)
            size = page.list_size if page.list_size is not None else row.list_size
            connection.execute(
                update(slices)
                .where(slices.c.key == state.key)
                .values(token=page.token, list_size=size, note=state.doubt, **_increments(slices, counts))
            )
            connection.execute(update(runs).where(runs.c.key == run).values(**_increments(runs, counts)))
        state.token, state.list_size = page.token, size
        state.counts.add(counts)
        return counts

    def missing(self, source: Source, state: SliceState, *, examples: int) -> Missing:
        """Return which live records a complete list has not named."""
        with self._database.read() as connection:
            return missing_records(connection, self._source_key(connection, source.id), state, examples=examples)

    def delete_missing(self, run: int, source: Source, state: SliceState, spared: Collection[str]) -> int:
        """Take the missing records, but for the spared, for deleted, some at a time; return how many."""
        runs = schema.harvest_runs
        total, after = 0, 0
        while True:
            with self._database.write() as connection:
                source_key = self._source_key(connection, source.id)
                count, following = delete_missing(connection, source_key, state, spared, after=after)
                connection.execute(update(runs).where(runs.c.key == run).values(deleted=runs.c.deleted + count))
            total += count
            if following is None:
                return total
            after = following

    def _source_key(self, connection: Connection, source_id: str) -> int:
        key = connection.scalar(select(schema.sources.c.key).where(schema.sources.c.id == source_id))
        if key is None:
            raise SourceError(f"There is no source {source_id!r}. See them with: kaijuan sources")
        return int(key)


def _increments(table: Any, counts: Counts) -> dict[str, Any]:
    return {name: table.c[name] + value for name, value in asdict(counts).items()}


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


def _storable(pages: Sequence[Page]) -> tuple[list[RawRecord], list[DamagedRecord]]:
    """Part the records that every database can hold from those that one cannot."""
    records: list[RawRecord] = []
    refused: list[DamagedRecord] = []
    for page in pages:
        for record in page.records:
            piece = unstorable(record, page.url)
            if piece is None:
                records.append(record)
            else:
                refused.append(piece)
    return records, refused


def _newest(known: str | None, records: Sequence[RawRecord]) -> str | None:
    """Return the newest datestamp that OAI-PMH knows; each different text is looked at once."""
    stamps = sorted({record.datestamp for record in records}, reverse=True)
    newest = next((stamp for stamp in stamps if is_datestamp(stamp)), "")
    return max(known or "", newest) or None
