"""Ask the current generation: searches, pages from one point in time, values and frequencies.

It is asked by an alias that names the version of what was indexed (``elastic_generations``): when a rebuild by a newer
program swaps in what this one cannot search, this one finds no index, rather than answer wrongly.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from indexer.errors import SearchIndexError, SearchTooSlowError
from indexer.search.query import FacetValue, Hits, KeywordField, TextField, TokenQuery, View
from indexer.storage.elastic_client import Cluster
from indexer.storage.elastic_errors import MissingError, PassingError, ShardMissingError, shard_missing
from indexer.storage.elastic_generations import ElasticGenerations
from indexer.storage.elastic_queries import (
    MOST_FREQUENCIES,
    VALUES_AT_ONCE,
    build_frequencies,
    build_search,
    build_values,
    build_values_after,
    read_answer,
    read_frequencies,
    read_values,
    read_values_after,
)
from indexer.storage.layout import choose_sort
from indexer.storage.limited import NARROW

#: How long a point in time is kept after a page was asked for from it.
SNAPSHOT_SECONDS = 300
_LONGEST_FIRST_PAGE = 1_000
#: Points in time that a process holds at once; each keeps files and memory of the cluster.
_MOST_SNAPSHOTS = 200
#: A node may learn of a swap a moment after the others.
_LOOKS, _LOOK_SECONDS = 6, 0.05

Answer = dict[str, Any]
_Found = TypeVar("_Found")


def _scored(query: TokenQuery, view: View) -> dict[str, Any]:
    # Several shards agree with one only where they score by the words' frequencies in all of them.
    return {**build_search(query, view), "search_type": "dfs_query_then_fetch"}


def _copies(query: TokenQuery) -> str:
    """Return by what the copies of the shards are chosen: a query's pages come from the same ones, whoever asks.

    Copies of a shard count replaced documents for as long as each keeps them, so that their scores differ.
    """
    return hashlib.blake2b(repr(query).encode(), digest_size=8).hexdigest()


class ElasticReader:
    """Searches of one process; ``cluster`` is as patient as a reader."""

    def __init__(self, cluster: Cluster, generations: ElasticGenerations, *, search_seconds: float) -> None:
        self._cluster = cluster
        self._generations = generations
        self._search_seconds = search_seconds
        self._snapshots: deque[str] = deque()

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer from the last commit; by relevance, pages after the first from one point in time.

        That is made for the second page, because nearly nobody asks for it, and holds files in the cluster for as long
        as somebody pages. Whether it is what the first page saw is told by the hit that page ended with.
        """
        cluster = self._cluster.from_now()
        if choose_sort(query, view) != "relevance" or view.after is None:
            first = {"preference": _copies(query), **_scored(query, view)}
            return read_answer(self._ask(cluster, first), query, view)
        if view.snapshot is not None:
            kept = self._ask_kept(cluster, view.snapshot, _scored(query, view))
            if kept is not None:
                return self._read_snapshot(kept, query, view, unbroken=True)
        return self._at_current(cluster, lambda: self._begin_snapshot(cluster, query, view))

    def values(
        self, query: TokenQuery, field: KeywordField, *, prefix: str = "", size: int = 20
    ) -> tuple[FacetValue, ...]:
        """Count by the server's terms aggregation; very many by walking them in order."""
        if size <= VALUES_AT_ONCE:
            return read_values(self._ask(self._cluster.from_now(), build_values(query, field, prefix, size)))
        counted = (one for one in self._every_value(query, field) if one.value.startswith(prefix))
        return tuple(heapq.nsmallest(size, counted, key=lambda one: (-one.count, one.value)))

    def _every_value(self, query: TokenQuery, field: KeywordField) -> Iterator[FacetValue]:
        after = None
        while page := read_values_after(self._ask(self._cluster.from_now(), build_values_after(query, field, after))):
            yield from page
            after = page[-1].value

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Count by filters, 500 tokens a request; exact."""
        cluster = self._cluster.from_now()
        counted: dict[str, int] = {}
        for start in range(0, len(tokens), MOST_FREQUENCIES):
            part = tokens[start : start + MOST_FREQUENCIES]
            counted |= read_frequencies(self._ask(cluster, build_frequencies(field, part)), part)
        return counted

    def _ask(self, cluster: Cluster, request: Answer) -> Answer:
        request = {"index": self._generations.searched, **request}
        return self._at_current(cluster, lambda: self._search(cluster, request))

    def _at_current(self, cluster: Cluster, ask: Callable[[], _Found]) -> _Found:
        """Ask again where what was current a moment ago has been swapped away and removed."""
        for look in range(_LOOKS):
            try:
                return ask()
            except MissingError:
                self._generations.current(cluster)  # says what is wrong, if anything is
                time.sleep(_LOOK_SECONDS * look)
        return ask()

    def _search(self, cluster: Cluster, request: Answer, *, final: type[PassingError] | None = None) -> Answer:
        limit = f"{self._search_seconds * 1000:.0f}ms"
        return cluster.ask(
            "search", lambda client: self._whole(client.search(timeout=limit, **request).body), final=final
        )

    def _whole(self, answer: Answer) -> Answer:
        """Take no answer of a part for the whole."""
        if answer["timed_out"]:
            raise SearchTooSlowError(f"The search took longer than {self._search_seconds:g} s.", remedy=NARROW)
        if answer["_shards"]["failed"]:
            raise shard_missing("search")
        return answer

    # --- points in time ----------------------------------------------------------------------

    def _begin_snapshot(self, cluster: Cluster, query: TokenQuery, view: View) -> Hits:
        """Answer from a new point in time; unbroken only where the first page would end there as it did."""
        snapshot = self._take_snapshot(cluster, _copies(query))
        unbroken = view.snapshot is None and self._ended_with(cluster, snapshot, query, view)
        answer = self._search(cluster, _from_snapshot(snapshot, _scored(query, view)))
        return self._read_snapshot(answer, query, view, unbroken=unbroken)

    def _take_snapshot(self, cluster: Cluster, copies: str) -> str:
        """Take a point in time; of too many, the oldest is given up, whose walk then says that it is broken."""
        name, kept = self._generations.searched, f"{SNAPSHOT_SECONDS}s"
        opened = cluster.ask(
            "search", lambda client: client.open_point_in_time(index=name, keep_alive=kept, preference=copies)
        )
        self._snapshots.append(str(opened["id"]))
        if len(self._snapshots) > _MOST_SNAPSHOTS:
            self._give_up(cluster, self._snapshots.popleft())
        return str(opened["id"])

    def _ended_with(self, cluster: Cluster, snapshot: str, query: TokenQuery, view: View) -> bool:
        """Tell whether the first page would end there with the same hit of the same score."""
        if view.after is None or view.after.seen > _LONGEST_FIRST_PAGE:
            return False
        first = _scored(query, View(sort=view.sort, limit=view.after.seen - 1))
        hits = self._search(cluster, _from_snapshot(snapshot, first))["hits"]["hits"]
        return len(hits) == view.after.seen and hits[-1]["sort"][:2] == [view.after.value, view.after.key]

    def _ask_kept(self, cluster: Cluster, snapshot: str, request: Answer) -> Answer | None:
        """Ask a point in time of an earlier page; ``None`` where it has expired, or its index or node is lost."""
        try:
            return self._search(cluster, _from_snapshot(snapshot, request), final=ShardMissingError)
        except SearchTooSlowError:
            raise
        except ShardMissingError:
            return None
        except PassingError:
            raise
        except SearchIndexError:
            return None

    def _read_snapshot(self, answer: Answer, query: TokenQuery, view: View, *, unbroken: bool) -> Hits:
        hits = read_answer(answer, query, view)
        if hits.next is None:
            self._give_up(self._cluster, answer["pit_id"])
        return replace(hits, snapshot=answer["pit_id"], unbroken=unbroken)

    def _give_up(self, cluster: Cluster, snapshot: str) -> None:
        with contextlib.suppress(SearchIndexError):
            cluster.ask("end a walk", lambda client: client.close_point_in_time(id=snapshot))


def _from_snapshot(snapshot: str, request: Answer) -> Answer:
    return {"pit": {"id": snapshot, "keep_alive": f"{SNAPSHOT_SECONDS}s"}, **request}
