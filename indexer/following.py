"""Bring an index that several processes write up to date with the change feed, each by its own stretches.

What goes wrong in one process leaves its stretch to another (``storage/leases.py``); writing a stretch twice, late, or
besides another process does no harm, because each document carries its work's version.
"""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog

from indexer.errors import SearchIndexError, StoreError
from indexer.joining import Watch, unwatched
from indexer.reclassifying import reclassify
from indexer.search.document import Document
from indexer.storage.catalogue import StoredWork
from indexer.storage.leases import Lease, Leases
from indexer.storage.search_index import SearchIndex, SharedGeneration
from indexer.storage.store import RecordStore

#: Entries of the feed that are leased at once: half a second's work, about.
STRETCH = 1_000
DEFAULT_LEASE_SECONDS = 60.0
#: Showing what was written costs a moment of the whole cluster; it is done this often at most, and at the end.
_SHOW_SECONDS = 2.0
_LOOK_AFTER_SECONDS = 10.0
_log = structlog.get_logger()

Describe = Callable[[Iterable[StoredWork]], Iterator[Document]]


@dataclass(slots=True, kw_only=True)
class Indexed:
    """What following the feed did to the index."""

    indexed: int = 0
    removed: int = 0


def never() -> bool:
    """Go on until all is done."""
    return False


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Make a batch without Python's search for cycles.

    Works and documents have none, and looking through them for some takes a third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Follower:
    """One worker of those that write a shared index."""

    def __init__(
        self, store: RecordStore, describe: Callable[[], Describe], *, lease_seconds: float = DEFAULT_LEASE_SECONDS
    ) -> None:
        self._store = store
        self._describe = describe
        owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._leases = Leases(store.database, owner=owner, seconds=lease_seconds)
        self._shown = 0.0
        self._looked_after = time.monotonic()
        self._waiting: tuple[str, int, int] | None = None

    def follow(
        self, index: SearchIndex, done: Indexed, *, watch: Watch = unwatched, is_stopped: Callable[[], bool] = never
    ) -> None:
        """Write stretch after stretch until nobody has left one, or until stopped; count into ``done``.

        A generation that a rebuild swaps away meanwhile is left for the new one.
        """
        generation = _shared(index)
        while True:
            try:
                self._follow(generation, done, watch, is_stopped)
            except SearchIndexError:
                replaced_by = _shared(index)
                if replaced_by.id == generation.id:
                    raise
                generation = replaced_by
            else:
                return

    def _follow(
        self, generation: SharedGeneration, done: Indexed, watch: Watch, is_stopped: Callable[[], bool]
    ) -> None:
        written = 0
        while not is_stopped() and not self._leases.is_idle(generation.id, generation.position):
            lease = self._leases.take(generation.id, generation.position, STRETCH)
            if lease is None:
                break
            with self._held(lease):
                watch(self._write(generation, lease, done))
            written += 1
            if time.monotonic() - self._shown >= _SHOW_SECONDS:
                self._show(generation)
                written = 0
        if written:
            self._show(generation)
        if not is_stopped():
            self._look_after(generation)

    @contextlib.contextmanager
    def _held(self, lease: Lease) -> Iterator[None]:
        """Give a stretch back at once where it fails, rather than let others wait until its time has passed."""
        with structlog.contextvars.bound_contextvars(lease=f"{lease.first}-{lease.last}"):
            try:
                yield
            except BaseException:
                with contextlib.suppress(StoreError):
                    self._leases.give_back(lease)
                raise

    def _write(self, generation: SharedGeneration, lease: Lease, done: Indexed) -> int:
        # The tree is read after the stretch was taken: see reclassify.
        describe = self._describe()
        changes = self._store.feed.after(lease.first - 1, lease.last - lease.first + 1)
        versions = {change.work_key: change.version for change in changes if change.sequence <= lease.last}
        works = self._store.catalogue.by_keys(list(versions))
        versions |= {key: work.version for key, work in works.items()}
        active = [work for work in works.values() if work.state == "active"]
        present = {work.key for work in active}
        gone = {key: version for key, version in versions.items() if key not in present}
        with uncollected():
            documents = list(describe(active))
        if not self._leases.is_ours(lease):
            # Who slept for so long might bring back what was said of subjects before: of those there are no versions.
            return 0
        generation.write(documents, gone)
        self._leases.finish(lease)
        done.indexed += len(active)
        done.removed += len(gone)
        return len(versions)

    def _show(self, generation: SharedGeneration) -> None:
        self._leases.advance(generation.id, lambda to: generation.advance(to, self._store.feed.mark(to)))
        self._shown = time.monotonic()

    def _look_after(self, generation: SharedGeneration) -> None:
        """Once in a while, do what others left undone: show, write again what may be on one copy, remove old ones."""
        if time.monotonic() - self._looked_after < _LOOK_AFTER_SECONDS:
            return
        self._looked_after = time.monotonic()
        self._show(generation)  # whoever wrote the last stretch may have died, or failed, before it was seen
        generation.tidy()
        # The leases first: were this worker killed in between, what is behind would be written once more, not never.
        if self._leases.step_back(generation.id, generation.place_to_return_to):
            generation.step_back()
            _log.warning("index_stepped_back", position=generation.position(), reason="copies were missing")

    def has_seen(self, index: SearchIndex, horizon: int) -> bool:
        """Tell whether all entries up to a position of the feed are in the index, and seen there."""
        return _shared(index).position() >= horizon

    def reclassify(self, index: SearchIndex) -> int:
        """Index again what changes of the subject tree are about, once nobody writes by the older tree any more.

        One process at a time. Returns how many works; 0 as well where others are still at it: ask again.
        """
        generation, waiting = _shared(index), self._store.subject_queue.waiting()
        if not waiting:
            self._waiting = None
            return 0
        if self._waiting is None or self._waiting[0] != generation.id or self._waiting[1] > len(waiting):
            self._waiting = generation.id, len(waiting), self._leases.newest(generation.id)
        _, count, newest = self._waiting
        if not self._leases.are_done(generation.id, newest):
            return 0
        self._waiting = None
        return reclassify(
            self._store,
            index,
            waiting[:count],
            self._describe(),
            write=lambda documents: generation.write(documents, {}),
            show=lambda: self._show(generation),
        )


def _shared(index: SearchIndex) -> SharedGeneration:
    generation = index.shared()
    if generation is None:
        raise AssertionError("this index has one writer at a time")
    return generation
