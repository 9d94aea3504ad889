"""From stored raw records to searchable works: normalise, join, merge, write, index.

Each batch is one transaction that takes pending raw records and leaves manifestations, works and feed entries that
agree with each other; killed half-way, nothing of it happened. The search index follows the feed at its own position,
so it can be lost, rebuilt or late without any record being lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from indexer.errors import UnusableRecordError
from indexer.identity.cluster import Assignment, assign
from indexer.identity.merge import Merged, merge
from indexer.models import Manifestation
from indexer.normalise.manifestation import normalise
from indexer.search.document import document_of
from indexer.search.folding import fold
from indexer.storage.catalogue import CatalogueWriter, WorkEntry
from indexer.storage.feed import append_changes
from indexer.storage.raw import RecordGroup
from indexer.storage.search_index import IndexWriter, SearchIndex
from indexer.storage.store import RecordStore

BATCH = 500
_FEED_BATCH = 1000
_COMMIT_EVERY = 20_000
LOCK = "index"


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

    def join_pending(self, *, limit: int | None = None, watch: Watch = _unwatched) -> Joined:
        """Bring manifestations and works up to date with the raw records; ``watch`` hears of each batch's size."""
        total = Joined()
        while limit is None or total.records < limit:
            done = self._join_batch()
            if not done.records:
                break
            total.records += done.records
            total.works_changed += done.works_changed
            total.quarantined += done.quarantined
            watch(done.records)
        return total

    def _join_batch(self) -> Joined:
        database = self._store.database
        try:
            with database.write() as connection:
                database.one_writer(connection, "identity")
                groups = self._store.raw.pending(connection, BATCH)
                done = Joined(records=len(groups))
                writer = CatalogueWriter(database, connection)
                usable: list[int] = []
                changed = [
                    key
                    for group in groups
                    if (key := self._describe(connection, writer, group, done, usable)) is not None
                ]
                self._store.quarantine.resolve(connection, usable)
                entries = self._identify(writer, changed)
                append_changes(database, connection, entries)
                self._store.raw.settle(connection, [key for group in groups for key in group.keys])
                done.works_changed = len(entries)
                return done
        except BaseException:
            self._containers.clear()  # ids minted in a transaction that did not happen
            raise

    def _describe(
        self, connection: Connection, writer: CatalogueWriter, group: RecordGroup, done: Joined, usable: list[int]
    ) -> int | None:
        """Make a group's manifestation; return the key of the one that was saved or retired."""
        live = tuple(record for record in group.records if not record.deleted)
        if not live:
            return writer.retire(group.source_key, group.identifier)
        try:
            manifestation = normalise(live, group.source)
        except UnusableRecordError as error:
            self._store.quarantine.add_unusable(connection, group, error)
            done.quarantined += 1
            return writer.retire(group.source_key, group.identifier)
        usable.extend(group.keys)
        return writer.save(group.source_key, manifestation)

    # --- identity ----------------------------------------------------------------------------

    def _identify(self, writer: CatalogueWriter, changed: Sequence[int]) -> list[WorkEntry]:
        """Re-cluster the neighbourhood of what changed and write the works that come of it."""
        if not changed:
            return []
        members, work_keys = writer.neighbourhood(changed)
        assignments = assign(members)
        known = writer.works(work_keys)
        manifestations = writer.manifestations(member.key for member in members)
        home = {member.key: member.work_key for member in members}
        entries: list[WorkEntry | None] = []
        kept: set[int] = set()
        for assignment in assignments:
            merged = self._merged(writer, assignment, manifestations)
            if assignment.work_key is None:
                entry: WorkEntry | None = writer.new_work(
                    merged, known[assignment.split_from] if assignment.split_from is not None else None
                )
                work_key = entry[0] if entry else 0
            else:
                work_key = assignment.work_key
                entry = writer.write_work(known[work_key], merged)
            entries.append(entry)
            kept.add(work_key)
            writer.move([key for key in assignment.members if home[key] != work_key], work_key)
            absorbed = [known[key] for key in assignment.absorbed]
            entries.extend(writer.end_work(row, merged_into=work_key) for row in absorbed)
            if absorbed:
                writer.keep_first_indexed(work_key, absorbed)
            kept.update(assignment.absorbed)
        entries.extend(
            writer.end_work(row, merged_into=None)
            for key, row in known.items()
            if key not in kept and row.state == "active"
        )
        return [entry for entry in entries if entry is not None]

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
            writer.upsert(document_of(work.work()) for work in active)
            writer.delete(gone)
            position = changes[-1].sequence
            done.indexed += len(active)
            done.removed += len(gone)
            uncommitted += len(keys)
            if uncommitted >= _COMMIT_EVERY:
                writer.commit(position)
                uncommitted = 0
            watch(len(keys))
        writer.commit(position)

    def rebuild_index(self, index: SearchIndex, *, watch: Watch = _unwatched) -> Indexed:
        """Fill a new generation from all works and swap it in; searches go on in the old one meanwhile."""
        done = Indexed()
        horizon = self._store.feed.horizon()
        with index.rebuild() as writer:
            for page in self._store.catalogue.pages():
                writer.upsert(document_of(work.work()) for work in page)
                done.indexed += len(page)
                watch(len(page))
            self._follow(writer, horizon, Indexed(), _unwatched)
        return done

    def forget_normalised(self) -> int:
        """Mark every raw record to be normalised anew (after a change of the rules); return how many."""
        with self._store.database.write() as connection:
            return self._store.raw.await_again(connection)
