"""From stored raw records to searchable works: normalise, join, merge, write, index.

Each batch is one transaction that takes pending raw records and leaves manifestations, works and feed entries that
agree with each other; killed half-way, nothing of it happened. The search index follows the feed at its own position,
so it can be lost, rebuilt or late without any record being lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from indexer.errors import IndexDamagedError, StoreDamagedError, StoreError, UnusableRecordError
from indexer.identity.cluster import Assignment, Member, assign
from indexer.identity.merge import Merged, merge
from indexer.models import Manifestation
from indexer.normalise import NORMALISER_VERSION
from indexer.normalise.manifestation import normalise
from indexer.search.document import Document, document_of
from indexer.search.folding import fold
from indexer.storage.catalogue import StoredWork
from indexer.storage.catalogue_writer import CatalogueWriter, WorkEntry
from indexer.storage.feed import append_changes
from indexer.storage.raw import RecordGroup
from indexer.storage.search_index import IndexWriter, SearchIndex
from indexer.storage.store import RecordStore

BATCH = 500
_FEED_BATCH = 1000
_COMMIT_EVERY = 20_000
LOCK = "index"
_NORMALISER = "normaliser_version"
_TELL = "Tell kaijuan's maintainers; run kaijuan rebuild after the update."
_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Joined:
    """What a pass over pending records did."""

    records: int = 0
    works_changed: int = 0
    quarantined: int = 0


@dataclass(slots=True, kw_only=True)
class Indexed:
    """What following the feed did to the index."""

    indexed: int = 0
    removed: int = 0


Watch = Callable[[int], None]


def _unwatched(_: int) -> None:
    """Nobody is watching."""


class Pipeline:
    """The steps between the store's raw records and the search index."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._containers: dict[tuple[str, ...], str | None] = {}

    # --- records to works --------------------------------------------------------------------

    def is_outdated(self) -> bool:
        """Tell whether another version of the normaliser made what the store holds: a rebuild is due."""
        return self._store.fact(_NORMALISER) not in {None, NORMALISER_VERSION}

    def join_pending(self, *, limit: int | None = None, watch: Watch = _unwatched) -> Joined:
        """Bring manifestations and works up to date with the raw records; ``watch`` hears of each batch's size."""
        total = Joined()
        if self._store.fact(_NORMALISER) is None:
            self._store.set_fact(_NORMALISER, NORMALISER_VERSION)
        size = BATCH
        while limit is None or total.records < limit:
            try:
                done = self._join_batch(size)
            except StoreError:
                raise
            except Exception:  # noqa: BLE001  # whatever it is, it must not block the records behind it
                if size == 1:
                    _log.exception("joining_failed")
                    done = self._set_first_aside()
                else:  # find the culprit among fewer, so that it does not block the others
                    size = max(1, size // 8)
                    continue
            size = min(BATCH, size * 2)
            if not done.records:
                break
            total.records += done.records
            total.works_changed += done.works_changed
            total.quarantined += done.quarantined
            watch(done.records)
        return total

    def _join_batch(self, size: int) -> Joined:
        """Normalise the next groups, then write what comes of them in one transaction.

        Normalising is what takes long, so it is done before the store's one write lock is taken. A group that changed
        meanwhile is left for the next batch.
        """
        database = self._store.database
        with database.read() as connection:
            groups = self._store.raw.pending(connection, size)
        described = [(group, _described(group)) for group in groups]
        done = Joined(records=len(groups))
        try:
            with database.write() as connection:
                database.one_writer(connection, "identity")
                current = self._store.raw.unchanged(connection, groups)
                usable = [one for one in described if one[0].name in current]
                writer = CatalogueWriter(database, connection)
                changed = self._save(connection, writer, usable, done)
                entries = self._identify(writer, changed)
                append_changes(database, connection, entries)
                self._store.raw.settle(connection, [group for group, _ in usable])
                done.works_changed = len(entries)
                return done
        except BaseException:
            self._containers.clear()  # ids minted in a transaction that did not happen
            raise

    def _save(
        self,
        connection: Connection,
        writer: CatalogueWriter,
        described: Sequence[tuple[RecordGroup, Manifestation | UnusableRecordError | None]],
        done: Joined,
    ) -> list[int]:
        """Save or retire manifestations; return the keys of those that were touched."""
        saved: list[tuple[int, Manifestation]] = []
        gone: list[tuple[int, str]] = []
        usable: list[int] = []
        for group, outcome in described:
            if isinstance(outcome, UnusableRecordError):
                self._store.quarantine.add_unusable(connection, group, outcome)
                done.quarantined += 1
                gone.append(group.name)
                continue
            usable.extend(group.keys)
            if outcome is None:
                gone.append(group.name)
            else:
                saved.append((group.source_key, outcome))
        self._store.quarantine.resolve(connection, usable)
        return [*writer.save(saved), *writer.retire(gone)]

    def _set_first_aside(self) -> Joined:
        """Quarantine the first pending group, which cannot be written for a reason that we did not foresee."""
        with self._store.database.write() as connection:
            groups = self._store.raw.pending(connection, 1)
            for group in groups:
                reason = UnusableRecordError("The record could not be stored as a work.", remedy=_TELL)
                self._store.quarantine.add_unusable(connection, group, reason)
            self._store.raw.settle(connection, groups)
        return Joined(records=len(groups), quarantined=len(groups))

    # --- identity ----------------------------------------------------------------------------

    def _identify(self, writer: CatalogueWriter, changed: Sequence[int]) -> list[WorkEntry]:
        """Re-cluster the neighbourhood of what changed and write the works that come of it."""
        if not changed:
            return []
        near = writer.neighbourhood(changed)
        known = writer.works(near.works | near.founded)
        assignments = assign(near.members, frozenset(key for key, row in known.items() if row.state != "active"))
        manifestations = writer.manifestations(member.key for member in near.members)
        old: list[tuple[Assignment, Row[Any], Merged]] = []
        new: list[tuple[Assignment, Row[Any] | None, Merged]] = []
        for one in assignments:
            view = self._merged(writer, one, manifestations)
            if one.work_key is not None:
                old.append((one, known[one.work_key], view))
            else:
                new.append((one, known[one.split_from] if one.split_from else None, view))
        changed_works = writer.write_works([(row, view) for _, row, view in old])
        minted = writer.new_works([(view, row) for _, row, view in new])
        homes = [(one, row.key) for one, row, _ in old]
        founders = [(one, entry[0]) for (one, _, _), entry in zip(new, minted, strict=True)]
        writer.found([(one.members[0], work) for one, work in founders])
        _move(writer, near.members, homes + founders)
        touched = [known[key] for key in near.works]
        return [*changed_works, *minted, *self._end_works(writer, homes + founders, known, touched)]

    def _end_works(
        self,
        writer: CatalogueWriter,
        homes: Sequence[tuple[Assignment, int]],
        known: dict[int, Row[Any]],
        touched: Sequence[Row[Any]],
    ) -> list[WorkEntry]:
        """Redirect the works that were merged, and mark those removed that no live manifestation is left in."""
        ended: list[WorkEntry | None] = []
        kept: set[int] = set()
        for assignment, work_key in homes:
            kept |= {work_key, *assignment.absorbed}
            absorbed = [known[key] for key in assignment.absorbed]
            if absorbed:
                ended.extend(writer.end_work(row, merged_into=work_key) for row in absorbed)
                writer.keep_first_indexed(work_key, absorbed)
        abandoned = (row for row in touched if row.key not in kept and row.state == "active")
        ended.extend(writer.end_work(row, merged_into=None) for row in abandoned)
        return [entry for entry in ended if entry is not None]

    def _merged(
        self, writer: CatalogueWriter, assignment: Assignment, manifestations: dict[int, tuple[str, Manifestation]]
    ) -> Merged:
        merged = merge([manifestations[key] for key in assignment.members])
        container = merged.bibliography.container
        if container is None:
            return merged
        name = container.issns or (container.title or "",)
        if name not in self._containers:
            self._containers[name] = writer.container_id(container, fold)
        described = replace(merged.bibliography, container=replace(container, id=self._containers[name]))
        return replace(merged, bibliography=described)

    # --- works to index ----------------------------------------------------------------------

    def follow_feed(self, index: SearchIndex, *, watch: Watch = _unwatched) -> Indexed:
        """Bring the index up to the feed's horizon; a changed work replaces its document, a gone one leaves."""
        self.require_same_history(index)
        done = Indexed()
        position = index.position()
        if not self._store.feed.after(position, 1):
            return done
        with index.writer() as writer:
            self._follow(writer, position, done, watch)
        return done

    def _follow(self, writer: IndexWriter, position: int, done: Indexed, watch: Watch) -> None:
        uncommitted = 0
        while changes := self._store.feed.after(position, _FEED_BATCH):
            keys = list(dict.fromkeys(change.work_key for change in changes))
            works = self._store.catalogue.by_keys(keys)
            active = [work for work in works.values() if work.state == "active"]
            gone = [key for key in keys if key not in works or works[key].state != "active"]
            writer.upsert(_documents(active))
            writer.delete(gone)
            position = changes[-1].sequence
            done.indexed += len(active)
            done.removed += len(gone)
            uncommitted += len(keys)
            if uncommitted >= _COMMIT_EVERY:
                writer.commit(position, self._store.feed.mark(position))
                uncommitted = 0
            watch(len(keys))
        writer.commit(position, self._store.feed.mark(position))

    def require_same_history(self, index: SearchIndex, *, may_be_new: bool = True) -> None:
        """Make sure that index and store belong together.

        Raises:
            StoreDamagedError: the index has followed changes that the store knows nothing of: its file is gone.
            IndexDamagedError: the index followed another history of the store (a backup was put back: numbers are given
                anew, and it would show one work's words on another's card); or, unless it ``may_be_new``, it is empty.
        """
        position, horizon = index.position(), self._store.feed.horizon()
        if position and not horizon:
            raise StoreDamagedError(
                f"The record store is empty, though the search index has followed {position:,} of its changes.",
                remedy="Its file is missing or was emptied: put back the last backup. To begin anew on purpose, move "
                "the whole data folder away.",
            )
        if horizon and not position and not may_be_new:
            raise IndexDamagedError(
                "The search index is missing or empty, though the store has works.", remedy="Run kaijuan index."
            )
        if index.mark() != self._store.feed.mark(position):
            raise IndexDamagedError(
                "The search index belongs to another state of the store (was a backup put back?).",
                remedy="Build it anew with kaijuan rebuild --index-only.",
            )

    def rebuild_index(self, index: SearchIndex, *, watch: Watch = _unwatched) -> Indexed:
        """Fill a new generation from all works and swap it in; searches go on in the old one meanwhile."""
        done = Indexed()
        horizon = self._store.feed.horizon()
        with index.rebuild() as writer:
            for page in self._store.catalogue.pages():
                writer.upsert(_documents(page))
                done.indexed += len(page)
                watch(len(page))
            self._follow(writer, horizon, Indexed(), _unwatched)
        return done

    def forget_normalised(self) -> int:
        """Mark every raw record to be normalised anew (after a change of the rules); return how many."""
        self._store.set_fact(_NORMALISER, NORMALISER_VERSION)
        with self._store.database.write() as connection:
            return self._store.raw.await_again(connection)


def _move(writer: CatalogueWriter, members: Sequence[Member], homes: Sequence[tuple[Assignment, int]]) -> None:
    """Put each member into its work, where it is not there already."""
    at = {member.key: member.work_key for member in members}
    writer.move([(key, work) for one, work in homes for key in one.members if at[key] != work])


def _described(group: RecordGroup) -> Manifestation | UnusableRecordError | None:
    """Normalise a group; ``None`` where all its records are deleted, the error where it cannot be used.

    A record that trips our own code is one that cannot be used, so that it does not block all others.
    """
    live = tuple(record for record in group.records if not record.deleted)
    try:
        return normalise(live, group.source) if live else None
    except UnusableRecordError as error:
        return error
    except Exception as error:  # noqa: BLE001  # as above
        _log.exception("normalising_failed", source=group.source, identifier=group.identifier)
        said = f"The record trips the normaliser ({type(error).__name__}: {error})."
        return UnusableRecordError(said, remedy=_TELL)


def _documents(works: Iterable[StoredWork]) -> Iterator[Document]:
    """Make documents; a work that trips our own code is logged and left out, so that it does not stop the feed."""
    for work in works:
        try:
            yield document_of(work.work())
        except Exception:  # noqa: BLE001  # as above
            _log.exception("document_failed", work=work.id)
