"""A limit on the time that a search may take, whichever engine answers.

An engine's call cannot be stopped from outside. So whatever may take long runs in a thread that can be left behind,
only so many at once, and only so many wait: a search that nobody waits for any more delays other costly ones at most,
and never those that cost little, which are answered as if this were not here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TypeVar

from indexer.errors import SearchTooSlowError
from indexer.search.query import (
    AllOf,
    AtLeast,
    Clause,
    FacetValue,
    Flat,
    Hits,
    KeywordField,
    TextField,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    View,
    Weighted,
    Without,
)
from indexer.storage.search_index import IndexStats, IndexWriter, SearchIndex, SharedGeneration

DEFAULT_SECONDS = 10.0
#: Costly searches that run at once, those included that nobody waits for any more, and those that wait to run.
MOST_RUNNING, MOST_WAITING = 2, 8
#: What a search may cost and still be run at once: some 0.5 s of a core in a library of a million works.
CHEAP = 200.0
# Measured (benchmarks/search.py), in milliseconds for words that stand in most of a million works, about.
_WORD, _PHRASE, _NEAR, _PREFIX, _SHORT_PREFIX, _FACET = 2.0, 20.0, 30.0, 20.0, 40.0, 5.0
_SHORT = 2
NARROW = "Narrow the query: fewer and longer words, fewer * and ~, or fewer facets."

_Answer = TypeVar("_Answer")


def cost_of(query: TokenQuery, view: View | None = None) -> float:
    """Estimate what a search may cost at worst; only what goes far beyond an ordinary one matters."""
    parts = (*query.boosts, *query.filters.values(), *query.restrictions)
    return (_cost(query.matching) if query.matching else 0.0) + _sum(parts) + _FACET * (len(view.facets) if view else 0)


def _sum(clauses: Iterable[Clause]) -> float:
    return sum(_cost(clause) for clause in clauses)


def _cost(clause: Clause) -> float:
    match clause:
        case TokenPhrase():
            return _WORD if max(map(len, clause.alternatives), default=0) <= 1 else _NEAR if clause.slop else _PHRASE
        case TokenPrefix():
            return _SHORT_PREFIX if len(clause.prefix) <= _SHORT else _PREFIX
        case AllOf() | AtLeast():
            return _sum(clause.clauses)
        case Without():
            return _sum([clause.excluded, *([clause.clause] if clause.clause else [])])
        case Weighted() | Flat():
            return _cost(clause.clause)
        case _:
            return _WORD


class LimitedIndex:
    """A search index whose searches end in time; everything else is the index's own."""

    def __init__(
        self,
        engine: SearchIndex,
        seconds: float = DEFAULT_SECONDS,
        *,
        running: int = MOST_RUNNING,
        waiting: int = MOST_WAITING,
    ) -> None:
        self.engine = engine
        self._seconds = seconds
        self._running = threading.BoundedSemaphore(running)
        self._admitted = threading.BoundedSemaphore(running + waiting)
        self._left_behind = 0
        self._most_left_behind = running
        self._counting = threading.Lock()

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer a compiled query.

        Raises:
            SearchTooSlowError: it took longer than it may, or too many costly ones are under way.
        """
        if cost_of(query, view) <= CHEAP:
            return self.engine.search(query, view)
        return self._in_time(lambda: self.engine.search(query, view))

    def values(
        self, query: TokenQuery, field: KeywordField, *, prefix: str = "", size: int = 20
    ) -> tuple[FacetValue, ...]:
        """Count a field's values; raise ``SearchTooSlowError`` as ``search`` does."""
        if cost_of(query) <= CHEAP:
            return self.engine.values(query, field, prefix=prefix, size=size)
        return self._in_time(lambda: self.engine.values(query, field, prefix=prefix, size=size))

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Return in how many works tokens stand."""
        return self.engine.frequencies(field, tokens)

    def _in_time(self, ask: Callable[[], _Answer]) -> _Answer:
        with self._counting:
            is_stuck = self._left_behind >= self._most_left_behind
        if is_stuck or not self._admitted.acquire(blocking=False):
            raise SearchTooSlowError("Too many costly searches are under way.", remedy=f"Wait a moment. {NARROW}")
        try:
            until = time.monotonic() + self._seconds
            if not self._running.acquire(timeout=self._seconds):
                raise SearchTooSlowError("Other costly searches took too long.", remedy=f"Wait a moment. {NARROW}")
            answer: Future[_Answer] = Future()
            threading.Thread(target=self._run, args=(ask, answer), daemon=True, name="costly-search").start()
            return self._wait(answer, until)
        finally:
            self._admitted.release()

    def _run(self, ask: Callable[[], _Answer], answer: Future[_Answer]) -> None:
        try:
            try:
                answer.set_result(ask())
            except BaseException as error:  # noqa: BLE001  # it is raised again by whoever waits
                answer.set_exception(error)
        finally:
            self._running.release()

    def _wait(self, answer: Future[_Answer], until: float) -> _Answer:
        try:
            return answer.result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError as error:
            with self._counting:
                self._left_behind += 1
            answer.add_done_callback(self._come_back)
            raise SearchTooSlowError(f"The search took longer than {self._seconds:g} s.", remedy=NARROW) from error

    def _come_back(self, _: Future[_Answer]) -> None:
        with self._counting:
            self._left_behind -= 1

    def writer(self) -> AbstractContextManager[IndexWriter]:
        """Open the current generation for changes."""
        return self.engine.writer()

    def shared(self) -> SharedGeneration | None:
        """Return the current generation for several writers, where there may be several."""
        return self.engine.shared()

    def rebuild(self) -> AbstractContextManager[IndexWriter]:
        """Open a new generation."""
        return self.engine.rebuild()

    def position(self) -> int:
        """Return the feed position."""
        return self.engine.position()

    def mark(self) -> str:
        """Return what stands at the position."""
        return self.engine.mark()

    def stats(self) -> IndexStats:
        """Describe the current generation."""
        return self.engine.stats()

    def close(self) -> None:
        """Release files and connections."""
        self.engine.close()
