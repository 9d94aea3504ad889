"""One open library: settings, store, index, pipeline; what CLI, API and ``up`` all work with."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvesters.checkpoints import RunReport
from harvesters.pace import Pace
from harvesters.preview import Preview, preview
from harvesters.progress import Progress
from harvesters.reconcile import Reconcile
from harvesters.replay import Piece, Replay
from harvesters.runner import Request, Run
from harvesters.sources.definition import Source, read_sources, seed_sources
from indexer.errors import SearchIndexError, StoreBusyError
from indexer.storage.harvests import INTERRUPTED
from indexer.storage.store import RecordStore
from search_api.settings import ClusterStorage, Settings

if TYPE_CHECKING:
    from indexer.pipeline import Indexed, Joined, Pipeline
    from indexer.storage.search_index import SearchIndex

INDEX_FOLDER = "search"
#: Held by whoever joins records, and writes an index that has one writer at a time.
LOCK = "index"
#: Held by whoever builds the index anew, beside others that join records and follow with a shared one.
REBUILDING = "rebuild"
REPLAYED_AT_ONCE = 1_000
#: The largest integer key of both databases.
MAX_KEY = 2**63 - 1
#: Who only looks whether a lock is free holds it for a moment: that is not being busy.
_PATIENCE_SECONDS = 1.0
#: A rebuild waits for the batch that another process has in hand.
_REBUILD_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.2


def _unwatched(_: int) -> None:
    """Nobody is watching."""


def _unstopped() -> bool:
    """Nobody asks to stop."""
    return False


class Library:
    """The parts of one library; the index is opened when first used, so that harvests need none."""

    def __init__(self, settings: Settings, store: RecordStore) -> None:
        self.settings = settings
        self.store = store
        self._index: SearchIndex | None = None
        self._opening = threading.Lock()

    @functools.cached_property
    def pipeline(self) -> Pipeline:
        """Return the steps from records to index; they bring dictionaries and models, which a harvest does not need."""
        from indexer.normalise.languages import choose_detector  # noqa: PLC0415
        from indexer.pipeline import Pipeline  # noqa: PLC0415  # 40 MiB and a third of a second

        choose_detector(self.settings.language_detector)
        storage = self.settings.storage
        if isinstance(storage, ClusterStorage):
            return Pipeline(self.store, lease_seconds=storage.lease_seconds)
        return Pipeline(self.store)

    @property
    def index_folder(self) -> Path:
        """Return where the embedded search index is kept."""
        return self.settings.data_dir / INDEX_FOLDER

    @property
    def index(self) -> SearchIndex:
        """Return the search index; raise ``SearchIndexError`` where it cannot be used, or does not fit the store."""
        return self._fitting_index(may_be_new=False)

    def _fitting_index(self, *, may_be_new: bool) -> SearchIndex:
        if self._index is None:
            index = self._open_index()
            try:
                self.pipeline.require_same_history(index, may_be_new=may_be_new)
            except BaseException:
                index.close()
                raise
            return self._kept(index)
        return self._index

    def _kept(self, index: SearchIndex) -> SearchIndex:
        """Keep an index that was opened; of two threads that opened one, both get the first's."""
        with self._opening:
            kept = self._index = self._index or index
        if kept is not index:
            index.close()
        return kept

    def _open_index(self, *, for_rebuild: bool = False) -> SearchIndex:
        from indexer.storage.limited import LimitedIndex  # noqa: PLC0415  # a harvest needs no index

        storage = self.settings.storage
        if isinstance(storage, ClusterStorage):
            from indexer.storage.elastic import ElasticIndex  # noqa: PLC0415  # half a second that the other deployment need not pay

            engine: SearchIndex = ElasticIndex.open(
                storage.elasticsearch_url.get_secret_value(),
                storage.index_prefix,
                shards=storage.shards,
                replicas=storage.replicas,
                ca=storage.elasticsearch_ca,
                for_rebuild=for_rebuild,
                search_seconds=self.settings.search_seconds,
            )
            return LimitedIndex(engine, self.settings.search_seconds)
        from indexer.storage.tantivy import TantivyIndex  # noqa: PLC0415  # as above

        engine = TantivyIndex.open(self.index_folder, for_rebuild=for_rebuild)
        return LimitedIndex(engine, self.settings.search_seconds)

    def close_index(self) -> None:
        """Close the index; the next use opens it anew."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def harvest(
        self, source: Source, request: Request, *, pace: Pace, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> RunReport:
        """Harvest a source; raise ``StoreBusyError`` where another process is harvesting it."""
        return self._run(Run, source, request, pace, on_progress)

    def reconcile(
        self, source: Source, request: Request, *, pace: Pace, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> RunReport:
        """Compare with all that a repository lists; raise ``StoreBusyError`` where it is being harvested."""
        return self._run(Reconcile, source, request, pace, on_progress)

    def _run(
        self,
        work: Callable[..., Run],
        source: Source,
        request: Request,
        pace: Pace,
        on_progress: Callable[[Progress], None],
    ) -> RunReport:
        source, options = self._opened(source)
        with self.alone_with(source.id), self.alone_at(source):
            ledger = self.store.harvests
            return work(source, ledger, pace=pace, request=request, on_progress=on_progress, **options).harvest()

    @contextlib.contextmanager
    def alone_with(self, source_id: str) -> Iterator[None]:
        """Let no other process harvest, compare or remove a source meanwhile; raise ``StoreBusyError`` where one is."""
        busy = StoreBusyError(
            f"Source {source_id!r} is being harvested by another process.",
            remedy=f"Wait until it is done (kaijuan harvests {source_id} shows how far it is), or stop it first.",
        )
        with self._locked(f"harvest:{source_id}", busy, _PATIENCE_SECONDS):
            yield

    @contextlib.contextmanager
    def alone_at(self, source: Source) -> Iterator[None]:
        """Let no other process ask a source's host meanwhile: politeness does not end where a process does.

        Raises:
            StoreBusyError: another process is asking the host.
        """
        busy = StoreBusyError(
            f"Another process is asking {source.host}, the host of source {source.id!r}, and a host is asked by one at "
            "a time.",
            remedy="Wait until it is done (kaijuan harvests shows what is running), or stop it first.",
        )
        with self._locked(f"host:{source.host}", busy, _PATIENCE_SECONDS):
            yield

    @contextlib.contextmanager
    def _locked(self, name: str, busy: StoreBusyError, wait_seconds: float) -> Iterator[Callable[[], None]]:
        """Hold a lock; where another holds it, say what that means instead of the lock's name."""
        with contextlib.ExitStack() as stack:
            try:
                confirm = stack.enter_context(self.store.database.lock(name, wait_seconds=wait_seconds))
            except StoreBusyError as error:
                raise busy from error
            yield confirm

    def _indexing(self, wait_seconds: float = 0) -> contextlib.AbstractContextManager[object]:
        busy = StoreBusyError(
            "Another process is bringing works and index up to date.",
            remedy="Wait until it is done, or stop it first; kaijuan up does it all the time it runs.",
        )
        return self._locked(LOCK, busy, wait_seconds)

    def with_key(self, source: Source) -> Source:
        """Return a source as it is with its key, if it has one: its lag is that of the feed without."""
        return dataclasses.replace(source, lag_days=0) if self._key(source) else source

    def _key(self, source: Source) -> str | None:
        secret = self.settings.source_keys.get(source.id)
        return secret.get_secret_value() if secret else None

    def _opened(self, source: Source) -> tuple[Source, dict[str, Any]]:
        """Return a source as it is with its key, and what its lister is opened with."""
        key, source = self._key(source), self.with_key(source)
        return source, {"contact": self.settings.contact, "key": key, "wanted": self.store.wants}

    def shown(self, report: RunReport) -> RunReport:
        """Show a run that its process left without a word as what it is: nobody is running it."""
        if report.status != "running" or self.store.database.is_locked(f"harvest:{report.source}"):
            return report
        return dataclasses.replace(report, status="incomplete", error=INTERRUPTED)

    def preview(self, source: Source, request: Request, *, pace: Pace) -> Preview:
        """Tell what a harvest would ask for; nothing is stored.

        Raises:
            StoreBusyError: another process is asking the host.
        """
        source, options = self._opened(source)
        with self.alone_at(source):
            return preview(source, self.store.harvests, request, pace=pace, **options)

    def replay(
        self,
        source: Source,
        *,
        keys: Sequence[int] | None,
        pace: Pace,
        limit: int = REPLAYED_AT_ONCE,
    ) -> tuple[RunReport | None, int]:
        """Try a source's quarantined pieces again.

        Returns the ledger row of what had to be asked for or read anew (``None``: nothing had), and how many stored
        records wait to be normalised again: bring the library up to date afterwards.
        """
        source_key = self.store.sources.keys()[source.id]
        rows = self.store.quarantine.pieces(source_key, keys=keys, limit=limit)
        waiting = self.store.raw.await_keys([row.raw_key for row in rows if row.raw_key is not None])
        pieces = [
            Piece(
                key=row.key,
                identifier=row.identifier,
                metadata_prefix=row.metadata_prefix,
                url=row.url or "",
                body=self.store.quarantine.body(row),
            )
            for row in rows
            if row.raw_key is None
        ]
        if not pieces:
            return None, waiting
        work = functools.partial(Replay, pieces=pieces)
        return self._run(work, source, Request(), pace, lambda _: None), waiting

    def bring_up_to_date(
        self,
        watch: Callable[[int], None] = _unwatched,
        *,
        limit: int | None = None,
        wait_seconds: float = 0,
        is_stopped: Callable[[], bool] = _unstopped,
    ) -> tuple[Joined, Indexed]:
        """Join pending records (about ``limit`` at most) and follow the feed.

        Records are joined by one process at a time. An index that several may write is followed by all of them; where
        ``wait_seconds`` are given, what others have in hand is waited for as well.

        Raises:
            StoreBusyError: another process does it, and did not end in ``wait_seconds``.
            IndexDamagedError: the index followed another history of the store.
        """
        with self._indexing(wait_seconds):
            index = self._fitting_index(may_be_new=True)
            joined = self.pipeline.join_pending(limit=limit, watch=watch)
            if not self.is_shared:
                indexed = self.pipeline.follow_feed(index)
                indexed.indexed += self.pipeline.reclassify(index)
                return joined, indexed
        horizon = self.store.feed.horizon()
        indexed = self.follow_feed(is_stopped=is_stopped)
        self._wait_until_seen(index, horizon, indexed, wait_seconds)
        return joined, indexed

    def follow_feed(self, *, is_stopped: Callable[[], bool] = _unstopped) -> Indexed:
        """Do a share of bringing a shared index up to date, whoever joins records.

        Raises:
            StoreBusyError: the index is not a shared one, and another process brings it up to date.
            IndexDamagedError: the index followed another history of the store.
        """
        index = self._fitting_index(may_be_new=True)
        indexed = self.pipeline.follow_feed(index, is_stopped=is_stopped)
        if not self.store.subject_queue.waiting():
            return indexed
        with contextlib.suppress(StoreBusyError), self._indexing():
            # While an index is built anew, by the subject tree as it was, what changes there is done after.
            if not self.store.database.is_locked(REBUILDING):
                indexed.indexed += self.pipeline.reclassify(index)
        return indexed

    def _wait_until_seen(self, index: SearchIndex, horizon: int, indexed: Indexed, seconds: float) -> None:
        """Wait for the stretches that other processes have in hand, or take them over when their time has passed."""
        until = time.monotonic() + seconds
        while seconds and not self.pipeline.has_seen(index, horizon) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
            more = self.follow_feed()
            indexed.indexed += more.indexed
            indexed.removed += more.removed

    def rebuild(self, *, normalise: bool, watch: Callable[[int], None] = _unwatched) -> tuple[Joined, Indexed]:
        """Build the index anew from the store; with ``normalise`` the works from the raw records before.

        Others search meanwhile; a shared index they bring up to date as well.
        """
        busy = StoreBusyError("Another process builds the index anew.", remedy="Wait until it is done, or stop it.")
        with self._locked(REBUILDING, busy, _PATIENCE_SECONDS) as confirm, contextlib.ExitStack() as alone:
            alone.enter_context(self._indexing(_REBUILD_PATIENCE_SECONDS))
            self._require_store()
            if normalise:
                self.pipeline.forget_normalised()
            joined = self.pipeline.join_pending(watch=watch, limit=None if normalise else 0)
            if self._index is None:  # it may be damaged or of another version: the rebuild replaces it
                self._index = self._open_index(for_rebuild=True)
            if self.is_shared:
                alone.close()
            return joined, self.pipeline.rebuild_index(
                self._index, is_alone=not self.is_shared, confirm=confirm, watch=watch
            )

    @property
    def is_shared(self) -> bool:
        """Tell whether several processes may write the index at once; it may be damaged, and cannot be asked."""
        return isinstance(self.settings.storage, ClusterStorage)

    def _require_store(self) -> None:
        """Refuse to replace an index by one of an emptied store: it may be the last trace of what there was."""
        with contextlib.suppress(SearchIndexError):
            _ = self.index


@contextlib.contextmanager
def open_library(settings: Settings, sources: list[Source] | None = None) -> Iterator[Library]:
    """Open a library's store, seed its sources (if none are given, the configured ones), and close all at the end."""
    storage = settings.storage
    if isinstance(storage, ClusterStorage):
        store = RecordStore.cluster(storage.database_url.get_secret_value())
    else:
        store = RecordStore.embedded(settings.data_dir)
    library = Library(settings, store)
    try:
        store.sources.seed(_configured_sources(settings) if sources is None else sources)
        yield library
    finally:
        library.close_index()
        store.close()


def _configured_sources(settings: Settings) -> list[Source]:
    seeds = seed_sources()
    return seeds if settings.sources_file is None else read_sources(settings.sources_file, seeds)
