"""Searches end in time, and slow ones cost quick ones nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from indexer.errors import SearchIndexError, SearchTooSlowError
from indexer.search.compile import compile_query
from indexer.search.query import FACET_FIELDS, Hits, Query, TokenQuery, View
from indexer.storage.limited import CHEAP, LimitedIndex, cost_of
from indexer.storage.memory import MemoryIndex

QUICK = compile_query(Query(text="solar cells"), "all")
COSTLY = compile_query(Query(text=" OR ".join(f"{a}{b}*" for a in "abc" for b in "abc")), "all")
NOTHING = Hits(hits=(), count=0)


class StuckIndex(MemoryIndex):
    """An engine whose costly searches take until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.began = threading.Semaphore(0)

    def search(self, query: TokenQuery, view: View) -> Hits:  # noqa: ARG002
        """Answer nothing."""
        if query == COSTLY:
            self.began.release()
            assert self.let_go.wait(60)
        return NOTHING


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(SearchTooSlowError) as error:
        ask()
    return error.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "solar cells",
        "the effects of early mobilisation on the outcome of patients in intensive care",
        "钙钛矿太阳能电池的稳定性研究",
        '"solar cells"',
        "peroxi* stability",
        "10.1371/journal.pone.0000001",
    ],
)
def test_ordinary_queries_with_nine_facets_are_cheap(text: str) -> None:
    view = View(facets=tuple(FACET_FIELDS)[:9])
    assert cost_of(compile_query(Query(text=text), "all"), view) <= CHEAP


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"{a}{b}*" for a in "abcde" for b in "abcde"),
        " OR ".join(f'"{a} {b}"' for a in ("the", "of", "and") for b in ("in", "to", "a")),
        " OR ".join(f'"{a} {b}"~50' for a in ("the", "of") for b in ("in", "to")),
        "NOT (" + " OR ".join(f"{a}*" for a in ("ab", "cd", "ef", "gh")) + ")",
    ],
)
def test_many_prefixes_and_phrases_are_costly(text: str) -> None:
    assert cost_of(compile_query(Query(text=text), "all")) > CHEAP


def test_a_search_that_takes_too_long_is_cut_off_with_a_remedy() -> None:
    engine = StuckIndex()
    index = LimitedIndex(engine, 0.05)
    with pytest.raises(SearchTooSlowError) as error:
        index.search(COSTLY, View())
    assert error.value.reason == "The search took longer than 0.05 s."
    assert "Narrow the query" in error.value.remedy
    engine.let_go.set()


def test_while_searches_that_were_cut_off_still_run_others_are_refused_at_once_and_quick_ones_answered() -> None:
    engine = StuckIndex()
    index = LimitedIndex(engine, 0.05, running=2)
    for _ in range(2):
        assert "longer than" in refused(lambda: index.search(COSTLY, View()))
    index._seconds = 60  # whoever waited now would wait long
    assert refused(lambda: index.search(COSTLY, View())) == "Too many costly searches are under way."
    assert index.search(QUICK, View()) == NOTHING
    engine.let_go.set()


def test_costly_searches_are_answered_again_when_those_that_were_cut_off_have_ended() -> None:
    engine = StuckIndex()
    index = LimitedIndex(engine, 0.05, running=1)
    assert "longer than" in refused(lambda: index.search(COSTLY, View()))
    engine.let_go.set()
    index._seconds = 60
    running = [thread for thread in threading.enumerate() if thread.name == "costly-search"]
    for thread in running:
        thread.join(60)
    assert index.search(COSTLY, View()) == NOTHING


def test_more_costly_searches_than_may_wait_are_refused_at_once() -> None:
    engine = StuckIndex()
    index = LimitedIndex(engine, 60, running=1, waiting=0)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(index.search, COSTLY, View())
        assert engine.began.acquire(timeout=60)
        assert refused(lambda: index.search(COSTLY, View())) == "Too many costly searches are under way."
        engine.let_go.set()
        assert first.result(60) == NOTHING


def test_what_an_engine_raises_arrives_from_a_costly_search_too() -> None:
    class Refusing(MemoryIndex):
        def search(self, query: TokenQuery, view: View) -> Hits:  # noqa: ARG002
            raise SearchIndexError("No.", remedy="Ask otherwise.")

    with pytest.raises(SearchIndexError, match="Ask otherwise"):
        LimitedIndex(Refusing(), 60).search(COSTLY, View())
