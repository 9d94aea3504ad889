"""From stored raw records to works: normalise, join, merge, write; and again where a journal's records changed.

Each batch is one transaction that takes pending raw records and leaves manifestations, journals, works and feed entries
that agree with each other; killed half-way, nothing of it happened. A journal may have hundreds of thousands of works:
that they must be merged anew is written down in the batch that changed the journal, and done in batches of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection

from harvesters.formats import ENRICHMENTS
from indexer.assembling import Assembler
from indexer.errors import StoreError, UnusableRecordError
from indexer.identity.portrait import Portrait, portrait_of
from indexer.models import Journal, Manifestation
from indexer.normalise.journals import normalise_journal
from indexer.normalise.manifestation import normalise
from indexer.storage.catalogue_writer import Described, WorkEntry
from indexer.storage.database import retried
from indexer.storage.feed import append_changes
from indexer.storage.journals import JournalWriter, StaleContainers, journal_sources
from indexer.storage.limits import storable_text
from indexer.storage.raw import RecordGroup
from indexer.storage.store import RecordStore

BATCH = 500
_WRITER = "identity"
_TELL = "Tell kaijuan's maintainers; run kaijuan rebuild after the update."
_log = structlog.get_logger()

Watch = Callable[[int], None]
_Outcome = tuple[Manifestation, Portrait] | Journal | UnusableRecordError | None


def unwatched(_: int) -> None:
    """Nobody is watching."""


@dataclass(slots=True, kw_only=True)
class Joined:
    """What a pass did: pending records taken, works merged anew for their journals, and what came of both."""

    records: int = 0
    remerged: int = 0
    works_changed: int = 0
    quarantined: int = 0

    def add(self, done: Joined) -> None:
        """Count a batch."""
        self.records += done.records
        self.remerged += done.remerged
        self.works_changed += done.works_changed
        self.quarantined += done.quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class _Described:
    """What a batch's groups say, by what becomes of it: ``gone`` are names that no article or journal is left of."""

    articles: list[Described] = field(default_factory=list)
    journals: list[tuple[int, Journal]] = field(default_factory=list)
    no_articles: list[tuple[int, str]] = field(default_factory=list)
    no_journals: list[tuple[int, str]] = field(default_factory=list)
    unusable: list[tuple[RecordGroup, UnusableRecordError]] = field(default_factory=list)
    usable: list[int] = field(default_factory=list)

    def sort_in(self, group: RecordGroup, outcome: _Outcome) -> None:
        """Put a group where it belongs; what is one kind now is no longer of the other."""
        if isinstance(outcome, UnusableRecordError):
            self.unusable.append((group, outcome))
        else:
            self.usable.extend(group.keys)
        if isinstance(outcome, tuple):
            self.articles.append((group.source_key, *outcome))
        else:
            self.no_articles.append(group.name)
        if isinstance(outcome, Journal):
            self.journals.append((group.source_key, outcome))
        else:
            self.no_journals.append(group.name)


class Joiner:
    """The steps between the store's raw records and its works."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def join_pending(self, *, limit: int | None, watch: Watch) -> Joined:
        """Bring journals, manifestations and works up to date with the raw records.

        ``limit`` bounds the records taken and the works merged anew, each about; ``watch`` hears of records only.
        """
        total = Joined()
        self._work_off(self._join_batch, self._set_first_aside, total, lambda: total.records, limit, watch)
        self._work_off(self._remerge_batch, self._pass_first_over, total, lambda: total.remerged, limit, unwatched)
        return total

    def _work_off(
        self,
        step: Callable[[int], Joined | None],
        set_aside: Callable[[], Joined],
        total: Joined,
        taken: Callable[[], int],
        limit: int | None,
        watch: Watch,
    ) -> None:
        """Take batch after batch until nothing is left; a culprit is found among fewer, and set aside alone."""
        size = BATCH
        while limit is None or taken() < limit:
            try:
                done = step(size)
            except StoreError:
                raise
            except Exception:  # noqa: BLE001  # whatever it is, it must not block what stands behind it
                if size > 1:
                    size = max(1, size // 8)
                    continue
                _log.exception("joining_failed")
                done = set_aside()
            size = min(BATCH, size * 2)
            if done is None:
                break
            total.add(done)
            watch(done.records)

    # --- records ------------------------------------------------------------------------------

    @retried
    def _join_batch(self, size: int) -> Joined | None:
        """Normalise the next groups, then write what comes of them in one transaction.

        Normalising is what takes long, so it is done before the store's one write lock is taken. A group that changed
        meanwhile is left for the next batch.
        """
        database = self._store.database
        with database.read() as connection:
            groups = self._store.raw.pending(connection, size)
            of_journals = journal_sources(connection) if groups else frozenset()
        if not groups:
            return None
        outcomes = [(group, _outcome(group, is_journal=group.source_key in of_journals)) for group in groups]
        done = Joined(records=len(groups))
        with database.write() as connection:
            database.one_writer(connection, _WRITER)
            current = self._store.raw.unchanged(connection, groups)
            described = _Described()
            for group, outcome in outcomes:
                if group.name in current:
                    described.sort_in(group, outcome)
            entries = self._save(connection, described)
            append_changes(database, connection, entries)
            self._store.raw.settle(connection, [group for group in groups if group.name in current])
            done.quarantined = len(described.unusable)
            done.works_changed = len(entries)
            return done

    def _save(self, connection: Connection, described: _Described) -> list[WorkEntry]:
        """Save or retire journals and manifestations, and write the works that come of it."""
        for group, error in described.unusable:
            self._store.quarantine.add_unusable(connection, group, error)
        self._store.quarantine.resolve(connection, described.usable)
        JournalWriter(self._store.database, connection).replace(described.journals, described.no_journals)
        assembler = Assembler(self._store.database, connection)
        saved = assembler.writer.save(described.articles)
        retired = assembler.writer.retire(described.no_articles)
        return assembler.follow({**saved, **dict.fromkeys(retired)})

    @retried
    def reconsider(self, judge: Callable[[Connection], Iterable[tuple[int, str]]]) -> Joined:
        """Record or undo a person's judgement and let its works follow, both in one transaction.

        ``judge`` does the former and returns the names (source key, identifier) of all records that it is about.
        """
        database = self._store.database
        with database.write() as connection:
            database.one_writer(connection, _WRITER)
            names = list(judge(connection))
            assembler = Assembler(database, connection)
            entries = assembler.assemble(list(assembler.writer.keys(names).values()))
            append_changes(database, connection, entries)
        return Joined(works_changed=len(entries))

    @retried
    def _set_first_aside(self) -> Joined:
        """Quarantine the first pending group, which cannot be written for a reason that we did not foresee."""
        with self._store.database.write() as connection:
            groups = self._store.raw.pending(connection, 1)
            for group in groups:
                reason = UnusableRecordError("The record could not be stored as a work.", remedy=_TELL)
                self._store.quarantine.add_unusable(connection, group, reason)
            self._store.raw.settle(connection, groups)
        return Joined(records=len(groups), quarantined=len(groups))

    # --- journals --------------------------------------------------------------------------------

    @retried
    def _remerge_batch(self, size: int) -> Joined | None:
        """Merge the next works of stale containers anew; they stay in the same works with the same members."""
        database = self._store.database
        with database.read() as connection:
            if StaleContainers(database, connection).is_empty():
                return None
        with database.write() as connection:
            database.one_writer(connection, _WRITER)
            queue = StaleContainers(database, connection)
            batch = queue.next(size)
            entries = self._remerge(Assembler(database, connection), batch.work_keys)
            append_changes(database, connection, entries)
            queue.settle(batch)
        return Joined(remerged=len(batch.work_keys), works_changed=len(entries))

    def _remerge(self, assembler: Assembler, work_keys: Sequence[int]) -> list[WorkEntry]:
        return assembler.remerge(work_keys)

    @retried
    def _pass_first_over(self) -> Joined:
        """Leave out the next stale work, which cannot be merged for a reason that we did not foresee."""
        database = self._store.database
        with database.write() as connection:
            queue = StaleContainers(database, connection)
            batch = queue.next(1)
            queue.settle(batch)
        _log.error("work_passed_over", works=batch.work_keys, remedy=_TELL)
        return Joined(remerged=len(batch.work_keys))


def _outcome(group: RecordGroup, *, is_journal: bool) -> _Outcome:
    """Normalise a group, and draw an article's portrait.

    Return ``None`` where all its own records are deleted, the error where it cannot be used.

    What a service adds to a record is no article on its own, whether the record is gone or never came.

    A record that trips our own code is one that cannot be used, so that it does not block all others.
    """
    live = tuple(record for record in group.records if not record.deleted)
    if all(record.metadata_prefix in ENRICHMENTS for record in live):
        return None
    try:
        if is_journal:
            return normalise_journal(live, group.source)
        described = normalise(live, group.source)
        return described, portrait_of(described)
    except UnusableRecordError as error:
        return UnusableRecordError(storable_text(error.reason), remedy=storable_text(error.remedy))
    except Exception as error:  # noqa: BLE001  # as above
        _log.exception("normalising_failed", source=group.source, identifier=group.identifier)
        said = f"The record trips the normaliser ({type(error).__name__}: {error})."
        return UnusableRecordError(storable_text(said), remedy=_TELL)
