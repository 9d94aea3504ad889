"""The values of one facet: all of them, page by page, searched by what readers see of them, with exact counts.

A facet is counted without its own filter, as beside a result list, so that another value can be chosen. The first
thousand values by count cost what a facet costs; everything else (a search among the values, the order of labels, later
pages) counts every value, at most ``MOST_VALUES`` of them.
"""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

from indexer.errors import QueryError
from indexer.search.folding import fold
from indexer.search.query import FACET_FIELDS, Exact, FacetValue, KeywordField, Match, Query, TokenQuery, View
from indexer.search.searching import Found
from indexer.search.titles import title_order
from indexer.storage.search_index import MOST_VALUES
from search_api.cursors import Places
from search_api.library import Library
from search_api.searching import Search, Searcher
from search_api.web.i18n import UI_LANGUAGES, UiLanguage, Words

FacetOrder = Literal["count", "label"]
#: What values stand in ascending order of, then the value.
_Rank = tuple[int | str, str]
DEFAULT_VALUES, MOST_AT_ONCE = 50, 1_000
#: So many values by count the engines find without counting all others.
_FIRST = 1_000
#: Years are numbers: engines count them as a facet, and there can be no more.
_YEARS = 10_000
#: Values that moved up since the page before.
_SLACK = 100
#: Values of lists that are kept for their next pages, some 100 bytes each, and for how long: works follow the subject
#: tree, and names change, without the index' position telling.
_MOST_KEPT, _KEPT_SECONDS = 300_000, 60.0
#: Facets of codes that have names in the page's texts, and under which group these stand.
_NAMED = {"type": "type", "has": "has", "license": "license", "status": "badge", "version": "version"}
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetSearch:
    """What somebody wants to see of a facet: ``search`` is the works, ``text`` what the values' labels contain."""

    search: Search
    facet: str
    text: str = ""
    order: FacetOrder = "count"
    limit: int = DEFAULT_VALUES
    cursor: str | None = None
    ui: UiLanguage = "en"


def filters_shown(search: Search) -> dict[str, Any]:
    """Return the filters that are set, as plain values."""
    return {name: value for name, value in asdict(search.filters).items() if value not in ((), None)}


def without_filter(query: TokenQuery, facet: str) -> TokenQuery:
    """Leave a facet's own filter out."""
    return replace(query, filters={name: clause for name, clause in query.filters.items() if name != facet})


class FacetNames:
    """What readers see of facets' values, and what they may type to find them."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher

    def labels(self, facet: str, values: Sequence[str], ui: UiLanguage) -> dict[str, str]:
        """Return a label for each value."""
        known = self._searcher.labels(facet, list(values), ui)
        if facet in _NAMED and ui != "en":
            words = Words(ui)
            named = {value: words.label(_NAMED[facet], value) for value in values}
            known = {**known, **{value: label for value, label in named.items() if label != value}}
        return {value: known.get(value, value) for value in values}

    def texts(self, facet: str, values: Sequence[str]) -> dict[str, str]:
        """Return the folded text of each value: the value itself and its labels in both languages."""
        if facet in {"subject", "keyword", "year"}:
            return {value: fold(value) for value in values}
        if facet == "container":  # titles have one form only, and nobody knows a container's id
            return {value: fold(title) for value, title in self.labels(facet, values, "en").items()}
        spoken = [self.labels(facet, values, ui) for ui in UI_LANGUAGES]
        return {value: fold("\n".join((value, *(labels[value] for labels in spoken)))) for value in values}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """Values in order; ``is_whole``: these are all, ``is_cut``: there were more than may be counted."""

    ranked: list[tuple[_Rank, FacetValue]]
    is_whole: bool
    is_cut: bool

    def after(self, last: _Rank | None) -> list[tuple[_Rank, FacetValue]]:
        """Return what follows a rank, at most as many as a page and one more may hold."""
        start = 0 if last is None else bisect_right(self.ranked, last, key=_by_rank)
        return self.ranked[start : start + MOST_AT_ONCE + 1]


def _by_rank(pair: tuple[_Rank, FacetValue]) -> _Rank:
    return pair[0]


class _Kept:
    """The last lists that were counted whole, for their next pages; each is of one position of the index."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lists: OrderedDict[str, tuple[float, _Counted]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> _Counted | None:
        """Return a list that was kept and is no older than it may be."""
        with self._lock:
            since, counted = self._lists.get(key, (0.0, None))
            if counted is None or self._clock() - since >= _KEPT_SECONDS:
                return None
            self._lists.move_to_end(key)
            return counted

    def put(self, key: str, counted: _Counted) -> None:
        """Keep a list, and forget the oldest ones where they come to too many values."""
        with self._lock:
            self._lists[key] = self._clock(), counted
            self._lists.move_to_end(key)
            while len(self._lists) > 1 and sum(len(one.ranked) for _, one in self._lists.values()) > _MOST_KEPT:
                self._lists.popitem(last=False)


class FacetLister:
    """Answers what values a facet has among the works of a search."""

    def __init__(
        self,
        library: Library,
        searcher: Searcher,
        most: int = MOST_VALUES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._library = library
        self._searcher = searcher
        self._most = most
        self._names = FacetNames(searcher)
        self._kept = _Kept(clock)
        self._places = Places(library.store.secret("cursor"), "facet-values-1")

    def answer(self, wanted: FacetSearch) -> dict[str, Any]:
        """Return the body ``{meta, results}``.

        Raises:
            QueryError: the query or the cursor cannot be understood, or the facet has too many values for this.
        """
        started = time.perf_counter()
        question = _question(wanted)
        place = self._places.read(wanted.cursor, question=question) if wanted.cursor else None
        query = wanted.search.query()
        if place is not None:
            query = replace(query, match=place[0])
        seen = int(place[1]) if place else 0
        found, counted = self._count(wanted, query, seen)
        ranked = counted.after((place[2], str(place[3])) if place else None)
        page = [value for _, value in ranked[: wanted.limit]]
        cursor = None
        if len(ranked) > wanted.limit:
            last = ranked[wanted.limit - 1][0]
            cursor = self._places.write([found.match, seen + len(page), *last], question=question)
        elif counted.is_cut:  # where it goes on was not counted
            raise _too_many(wanted.facet, self._most)
        selected = self._selected(wanted, found.compiled, counted)
        return {
            "meta": {
                "facet": wanted.facet,
                "facet_q": wanted.text,
                "order": wanted.order,
                "count": self._works(found, wanted.facet),
                "values": len(counted.ranked) if counted.is_whole else None,
                "selected": self._shown(wanted, selected, selected),
                "query": {"text": wanted.search.q, "match": found.match, "filters": filters_shown(wanted.search)},
                "next_cursor": cursor,
                "took_ms": round((time.perf_counter() - started) * 1000, 1),
            },
            "results": self._shown(wanted, page, selected),
        }

    def count_years(self, search: Search, match: Match) -> tuple[dict[int, int], int]:
        """Return a search's works by year and all of them, without its filter of single years; its bounds hold."""
        view = View(limit=1, facets=("year",), facet_size=_YEARS)
        found = self._searcher.find(replace(search.query(), match=match), view)
        counts = {int(one.value): one.count for one in found.hits.facets["year"]}
        return counts, self._works(found, "year")

    def _count(self, wanted: FacetSearch, query: Query, seen: int) -> tuple[Found, _Counted]:
        """Return how the query was understood, and the values in order: the first ones only, where that is enough."""
        facet = wanted.facet
        ahead = seen + wanted.limit + 1 + _SLACK
        if facet == "year" or (wanted.order == "count" and not wanted.text and ahead <= _FIRST + _SLACK):
            size = _YEARS if facet == "year" else ahead
            found = self._searcher.find(query, View(limit=1, facets=(facet,), facet_size=size))
            values = found.hits.facets[facet]
            return found, self._ranked(wanted, values, is_whole=len(values) < size or facet == "year", is_cut=False)
        found = self._searcher.find(query, View(limit=1))
        index, field = self._library.index, FACET_FIELDS[facet]
        others = without_filter(found.compiled, facet)
        key = repr((others, facet, wanted.text, wanted.order, wanted.ui, index.position()))
        kept = self._kept.get(key)
        if kept is None:
            values = index.values(others, cast("KeywordField", field), size=self._most)
            is_cut = len(values) == self._most
            if is_cut and (wanted.text or wanted.order == "label"):
                raise _too_many(facet, self._most)
            kept = self._ranked(wanted, values, is_whole=not is_cut, is_cut=is_cut)
            self._kept.put(key, kept)
        return found, kept

    def _ranked(self, wanted: FacetSearch, values: Sequence[FacetValue], *, is_whole: bool, is_cut: bool) -> _Counted:
        if wanted.text.strip():
            values = self._matching(wanted, values)
        ranked = sorted(zip(self._rank(wanted, values), values, strict=True), key=_by_rank)
        return _Counted(ranked=ranked, is_whole=is_whole, is_cut=is_cut)

    def _rank(self, wanted: FacetSearch, values: Sequence[FacetValue]) -> list[_Rank]:
        """Return what each value stands in ascending order of."""
        if wanted.order == "count":
            return [(-one.count, one.value) for one in values]
        labels = self._names.labels(wanted.facet, [one.value for one in values], wanted.ui)
        return [(title_order(labels[one.value], None), one.value) for one in values]

    def _matching(self, wanted: FacetSearch, counted: Iterable[FacetValue]) -> list[FacetValue]:
        """Keep the values of which every word stands in the label; Latin letters find Chinese by its pinyin."""
        words = fold(wanted.text).split()
        values = list(counted)
        texts = self._names.texts(wanted.facet, [one.value for one in values])
        by_sound = all(word.isascii() and word.isalpha() for word in words)
        return [
            one
            for one in values
            if all(word in texts[one.value] for word in words) or (by_sound and _sounds(texts[one.value], words))
        ]

    def _selected(self, wanted: FacetSearch, query: TokenQuery, counted: _Counted) -> list[FacetValue]:
        """Return the values that the facet's own filter names, with their counts."""
        named = [str(value) for value in getattr(wanted.search.filters, wanted.facet)]
        counts = {one.value: one.count for _, one in counted.ranked if one.value in named}
        return [
            FacetValue(value=value, count=counts[value] if value in counts else self._count_one(wanted, query, value))
            for value in named
        ]

    def _count_one(self, wanted: FacetSearch, query: TokenQuery, value: str) -> int:
        if wanted.facet == "year":  # all years were counted
            return 0
        field: Any = FACET_FIELDS[wanted.facet]
        narrowed = replace(query, filters={**query.filters, wanted.facet: Exact(field=field, values=(value,))})
        return self._library.index.search(narrowed, View(limit=1)).count

    def _works(self, found: Found, facet: str) -> int:
        """Count the works over which the facet is counted."""
        if facet not in found.compiled.filters:
            return found.hits.count
        return self._library.index.search(without_filter(found.compiled, facet), View(limit=1)).count

    def _shown(
        self, wanted: FacetSearch, values: Sequence[FacetValue], selected: Sequence[FacetValue]
    ) -> list[dict[str, Any]]:
        labels = self._names.labels(wanted.facet, [one.value for one in values], wanted.ui)
        chosen = {one.value for one in selected}
        return [
            {"value": one.value, "label": labels[one.value], "count": one.count, "selected": one.value in chosen}
            for one in values
        ]


def _question(wanted: FacetSearch) -> list[object]:
    return [asdict(wanted.search.query()), wanted.facet, wanted.text, wanted.order, wanted.ui]


def _sounds(text: str, words: Sequence[str]) -> bool:
    """Tell whether Chinese text sounds like words in pinyin: whole syllables run together, or their first letters."""
    if not _HAN.search(text):
        return False
    syllables = title_order(text, None).split()
    spoken, initials = "".join(syllables), "".join(syllable[0] for syllable in syllables)
    return all(word in spoken or word in initials for word in words)


def _too_many(facet: str, most: int) -> QueryError:
    return QueryError("facet_too_large", facet=facet, most=most, parameter="facet")
