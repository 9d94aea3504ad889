"""From stored raw records to searchable works: joined (``joining``), then indexed.

The search index follows the feed of works at its own position, so it can be lost, rebuilt or late without any record
being lost.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

import structlog
from sqlalchemy import Connection

from indexer.errors import IndexDamagedError, StoreBusyError, StoreDamagedError
from indexer.following import DEFAULT_LEASE_SECONDS, Follower, Indexed, never, uncollected
from indexer.identity.judging import RULES_VERSION
from indexer.identity.portrait import PORTRAIT_VERSION
from indexer.joining import Joined, Joiner, Watch, unwatched
from indexer.normalise import NORMALISER_VERSION
from indexer.reclassifying import reclassify
from indexer.reidentifying import Reidentifier
from indexer.search.document import Classify, Document, document_of
from indexer.storage.catalogue import StoredWork
from indexer.storage.search_index import IndexWriter, SearchIndex
from indexer.storage.store import RecordStore

__all__ = ["Indexed", "Joined", "Pipeline"]

_FEED_BATCH = 1000
_COMMIT_EVERY = 20_000
_NORMALISER, _IDENTITY = "normaliser_version", "identity_version"
#: By which versions a store is made now.
_VERSIONS = {_NORMALISER: NORMALISER_VERSION, _IDENTITY: f"{PORTRAIT_VERSION}.{RULES_VERSION}"}
_UNKNOWN = ""
_log = structlog.get_logger()


def _confirmed() -> None:
    """Nobody else could."""


class Pipeline:
    """The steps between the store's raw records and the search index."""

    def __init__(self, store: RecordStore, *, lease_seconds: float = DEFAULT_LEASE_SECONDS) -> None:
        self._store = store
        store.database.make_room()
        self._joiner = Joiner(store)
        self._follower = Follower(store, self._describe, lease_seconds=lease_seconds)

    # --- records to works --------------------------------------------------------------------

    def is_outdated(self) -> bool:
        """Tell whether another version of the normaliser or of identity made what the store holds: a rebuild is due."""
        made_by = {name: self._store.fact(name) for name in _VERSIONS}
        return any(made not in {None, _VERSIONS[name]} for name, made in made_by.items())

    def join_pending(self, *, limit: int | None = None, watch: Watch = unwatched) -> Joined:
        """Bring journals, manifestations and works up to date with the raw records.

        ``limit`` bounds the records taken and the works merged anew for their journals, each about; ``watch`` hears of
        each batch's records, and before that of what is identified anew.
        """
        if self._store.fact(_NORMALISER) is None:
            self._store.set_fact(_NORMALISER, NORMALISER_VERSION)
        if limit != 0:
            self._identify_anew(watch)
        return self._joiner.join_pending(limit=limit, watch=watch)

    def count_pending(self) -> int:
        """Return about how much ``join_pending`` will tell its watch of."""
        return self._store.raw.count_pending() + self.count_to_identify()

    def count_to_identify(self) -> int:
        """Return how much of that is to identify anew what is there; 0 where the rules of this version made it."""
        if self._store.fact(_IDENTITY) == _VERSIONS[_IDENTITY]:
            return 0
        return Reidentifier(self._store).count()

    def count_rebuild(self, *, normalise: bool) -> int:
        """Return about how much a rebuild will tell its watch of: records identified and normalised, works indexed."""
        counts = self._store.catalogue.counts()
        anew = Reidentifier(self._store).count() + counts["manifestations"] if normalise else 0
        return anew + counts["works"]

    def _identify_anew(self, watch: Watch) -> None:
        """Bring what other rules of identity made (or none, in a store of old) up to the present ones.

        Pairs that were judged by different rules must not be mixed: clusters would depend on which came first.
        """
        if self._store.fact(_IDENTITY) == _VERSIONS[_IDENTITY]:
            return
        reidentifier = Reidentifier(self._store)
        if not reidentifier.is_empty():
            reidentifier.run(watch)
        self._store.set_fact(_IDENTITY, _VERSIONS[_IDENTITY])

    def reconsider(self, judge: Callable[[Connection], Iterable[tuple[int, str]]]) -> Joined:
        """Record or undo a person's judgement and let its works follow, both in one transaction.

        ``judge`` does the former and returns the names (source key, identifier) of all records that it is about.

        Raises:
            StoreBusyError: identity is to be computed anew first, by whoever joins records next.
        """
        if self._store.fact(_IDENTITY) != _VERSIONS[_IDENTITY] and not Reidentifier(self._store).is_empty():
            raise StoreBusyError(
                "Which records are one work is to be computed anew by the rules of this version.",
                remedy="Run kaijuan index, or wait until it is done, and judge again.",
            )
        return self._joiner.reconsider(judge)

    # --- works to index ----------------------------------------------------------------------

    def follow_feed(
        self, index: SearchIndex, *, watch: Watch = unwatched, is_stopped: Callable[[], bool] = never
    ) -> Indexed:
        """Bring the index up to the feed's horizon; a changed work replaces its document, a gone one leaves.

        A shared index may be followed by several processes at once; what others have in hand they are left with.
        """
        self.require_same_history(index)
        done = Indexed()
        if index.shared() is not None:
            self._follower.follow(index, done, watch=watch, is_stopped=is_stopped)
            return done
        position = index.position()
        if self._store.feed.after(position, 1):
            with index.writer() as writer:
                self._follow(writer, position, done, watch)
        return done

    def has_seen(self, index: SearchIndex, horizon: int) -> bool:
        """Tell whether all entries up to a position of the feed are in a shared index."""
        return self._follower.has_seen(index, horizon)

    def reclassify(self, index: SearchIndex) -> int:
        """Index again what changes of the subject tree are about; return how many works. One process at a time."""
        if index.shared() is not None:
            return self._follower.reclassify(index)
        waiting = self._store.subject_queue.waiting()
        if not waiting:
            return 0
        position, mark = index.position(), index.mark()
        describe = self._describe()
        with index.writer() as writer:
            return reclassify(
                self._store,
                index,
                waiting,
                describe,
                write=writer.upsert,
                show=lambda: writer.commit(position, mark),
            )

    def _describe(self) -> Callable[[Iterable[StoredWork]], Iterator[Document]]:
        """Return what makes documents by the subject tree as it is now."""
        return functools.partial(_documents, classify=self._store.subjects.classifier())

    def _follow(self, writer: IndexWriter, position: int, done: Indexed, watch: Watch) -> int:
        """Write what follows a position, and return the one that was come to."""
        uncommitted, describe = 0, self._describe()
        while changes := self._store.feed.after(position, _FEED_BATCH):
            keys = list(dict.fromkeys(change.work_key for change in changes))
            works = self._store.catalogue.by_keys(keys)
            active = [work for work in works.values() if work.state == "active"]
            gone = [key for key in keys if key not in works or works[key].state != "active"]
            with uncollected():
                writer.upsert(describe(active))
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
        return position

    def require_same_history(self, index: SearchIndex, *, may_be_new: bool = True) -> None:
        """Make sure that index and store belong together.

        Raises:
            StoreDamagedError: the index has followed changes that the store knows nothing of: its file is gone.
            IndexDamagedError: the index followed another history of the store (a backup was put back: numbers are given
                anew, and it would show one work's words on another's card); or, unless it ``may_be_new``, it is empty.
        """
        position, mark = _standing(index)
        horizon = self._store.feed.horizon()
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
        if mark != self._store.feed.mark(position):
            raise IndexDamagedError(
                "The search index belongs to another state of the store (was a backup put back?).",
                remedy="Build it anew with kaijuan rebuild --index-only.",
            )

    def rebuild_index(
        self,
        index: SearchIndex,
        *,
        is_alone: bool = True,
        confirm: Callable[[], None] = _confirmed,
        watch: Watch = unwatched,
    ) -> Indexed:
        """Fill a new generation from all works and swap it in; searches go on in the old one meanwhile.

        Unless it ``is_alone``, others follow the feed with the old one, and with the new one from where that was left.
        ``confirm`` raises where this process has lost the right to replace it.
        """
        done = Indexed()
        horizon = self._store.feed.horizon()
        settled = len(self._store.subject_queue.waiting()) if is_alone else 0
        describe = self._describe()  # what is said of subjects from now on is done after
        with index.rebuild() as writer:
            for page in self._store.catalogue.pages():
                with uncollected():
                    writer.upsert(describe(page))
                done.indexed += len(page)
                watch(len(page))
            position = self._follow(writer, horizon, Indexed(), unwatched)
            writer.make_copies()
            self._follow(writer, position, Indexed(), unwatched)
            confirm()
        self._store.subject_queue.settle(settled)
        return done

    def forget_normalised(self) -> int:
        """Mark every raw record to be normalised and identified anew (after a change of the rules); return how many."""
        self._store.set_fact(_NORMALISER, NORMALISER_VERSION)
        self._store.set_fact(_IDENTITY, _UNKNOWN)
        with self._store.database.write() as connection:
            return self._store.raw.await_again(connection)


def _standing(index: SearchIndex) -> tuple[int, str]:
    """Read position and mark as they belong together, though others may be moving them on."""
    while True:
        position, mark = index.position(), index.mark()
        if index.position() == position:
            return position, mark


def _documents(works: Iterable[StoredWork], classify: Classify) -> Iterator[Document]:
    """Make documents; a work that trips our own code is logged and left out, so that it does not stop the feed."""
    for work in works:
        try:
            yield document_of(work.work(), classify)
        except Exception:  # noqa: BLE001  # whatever it is, it must not block the works behind it
            _log.exception("document_failed", work=work.id)
