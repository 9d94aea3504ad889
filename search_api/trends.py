"""Works per year, and which keywords come with a search more often than by chance.

Everything is counted by the index, nothing estimated: the years of a row, what was published before them and what has
no year add up to its count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from indexer import clock
from indexer.errors import QueryError
from indexer.search.query import FACET_FIELDS, Exact, Filters, Query, TokenQuery, View
from search_api.facets import FacetNames, filters_shown
from search_api.library import Library
from search_api.searching import Search, Searcher
from search_api.web.i18n import UiLanguage

DEFAULT_SERIES, MOST_SERIES = 5, 10
#: Years of one answer; what is older is told as one number.
MOST_YEARS = 200
_EVERY_YEAR = 10_000
KeywordKind = Literal["keyword", "subject", "clc"]
DEFAULT_KEYWORDS, MOST_KEYWORDS = 20, 100
#: A keyword of fewer works is an accident, whatever the measure says.
FEWEST_WORKS = 3
#: Log-likelihood beyond which chance is below one in a thousand (chi-squared with one degree of freedom).
SIGNIFICANT = 10.83
_CANDIDATES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendSearch:
    """What somebody wants to see by year: all works of ``search``, and those of values of a facet."""

    search: Search
    facet: str | None = None
    values: tuple[str, ...] = ()
    ui: UiLanguage = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Works by year: ``counts`` of each year, ``before`` of earlier ones and ``no_year`` come to ``count``."""

    count: int
    counts: tuple[int, ...]
    before: int
    no_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A facet's value by year."""

    value: str
    label: str
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """The years, all works by year, and each value's."""

    years: range
    total: Row
    series: tuple[Series, ...]
    match: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A keyword that comes with a search: in ``count`` of its works, where ``expected`` would be chance.

    ``everywhere`` is in how many works of the library it stands, ``score`` the log-likelihood ratio G² of the two.
    """

    value: str
    label: str
    count: int
    everywhere: int
    expected: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """Keywords by score, among how many works of how many."""

    keywords: tuple[Keyword, ...]
    count: int
    everything: int
    match: str


class Trending:
    """Answers how a search's works spread over years and keywords."""

    def __init__(self, library: Library, searcher: Searcher) -> None:
        self._library = library
        self._searcher = searcher
        self._names = FacetNames(searcher)

    def trends(self, wanted: TrendSearch) -> Trends:
        """Count works by year; raise ``QueryError`` where the query cannot be understood.

        A facet's own filter is left out, as where its values are counted; all other filters hold, those of years too.
        """
        facet = wanted.facet
        query = wanted.search.query()
        counting = facet is not None and not wanted.values
        view = View(limit=1, facets=(facet,) if facet and counting else (), facet_size=DEFAULT_SERIES)
        found = self._searcher.find(query, view)
        values = wanted.values or tuple(one.value for one in found.hits.facets.get(facet or "", ()))
        others = _held(found.compiled, facet)
        counted = self._by_year(others)
        years = _years(counted[0], wanted.search.filters)
        labels = self._names.labels(facet, values, wanted.ui) if facet else {}
        return Trends(
            years=years,
            total=_row(*counted, years),
            series=tuple(
                Series(value=value, label=labels[value], row=_row(*self._by_year(_with(others, facet, value)), years))
                for value in values
                if facet
            ),
            match=found.match,
        )

    def _by_year(self, query: TokenQuery) -> tuple[dict[int, int], int]:
        hits = self._library.index.search(query, View(limit=1, facets=("year",), facet_size=_EVERY_YEAR))
        return {int(one.value): one.count for one in hits.facets["year"]}, hits.count

    def keywords(self, search: Search, kind: KeywordKind, limit: int, ui: UiLanguage) -> Keywords:
        """Return keywords that stand in a search's works more often than in all works of the library.

        Looked at are the 500 most frequent of its works; one counts where it stands in ``FEWEST_WORKS`` at least and G²
        (Dunning 1993) is ``SIGNIFICANT``. What the search's own filter names is left out: all its works have it.

        Raises:
            QueryError: the query cannot be understood, or asks for everything, which cannot be compared.
        """
        query = search.query()
        if not search.q.strip() and not filters_shown(search):
            raise QueryError("compares_everything", parameter="q")
        found = self._searcher.find(query, View(limit=1))
        counting = View(limit=1, facets=(kind,), facet_size=_CANDIDATES)
        facets = self._library.index.search(_held(found.compiled, None), counting).facets
        named = set(getattr(search.filters, kind))
        counts = {one.value: one.count for one in facets[kind] if one.count >= FEWEST_WORKS and one.value not in named}
        everything = max(self._searcher.find(Query(ruled=search.ruled), View(limit=1)).hits.count, found.hits.count)
        field: Any = FACET_FIELDS[kind]
        everywhere = self._library.index.frequencies(field, list(counts))
        scored = sorted(_scored(counts, everywhere, found.hits.count, everything), key=lambda one: (-one[3], one[0]))
        labels = self._names.labels(kind, [one[0] for one in scored[:limit]], ui)
        keywords = tuple(
            Keyword(value=value, label=labels[value], count=count, everywhere=at, expected=expected, score=score)
            for value, count, at, score, expected in scored[:limit]
        )
        return Keywords(keywords=keywords, count=found.hits.count, everything=everything, match=found.match)


def _held(query: TokenQuery, facet: str | None) -> TokenQuery:
    """Make every filter but the facet's own one that always holds."""
    kept = (clause for name, clause in query.filters.items() if name != facet)
    return replace(query, boosts=(), filters={}, restrictions=(*query.restrictions, *kept))


def _with(query: TokenQuery, facet: str | None, value: str) -> TokenQuery:
    field: Any = FACET_FIELDS[facet or ""]
    return replace(query, restrictions=(*query.restrictions, Exact(field=field, values=(value,))))


def _years(counts: Mapping[int, int], filters: Filters) -> range:
    """Return the years to show: as the bounds say, else from the first with works to the last, at most 200."""
    if not counts:
        return range(0)
    first = min(counts) if filters.year_from is None else filters.year_from
    last = max(counts)
    if filters.year_to is not None:
        last = max(last, min(filters.year_to, clock.now().year))
    return range(max(first, last - MOST_YEARS + 1), last + 1)


def _row(counts: Mapping[int, int], count: int, years: range) -> Row:
    before = sum(number for year, number in counts.items() if year < years.start) if years else 0
    return Row(
        count=count,
        counts=tuple(counts.get(year, 0) for year in years),
        before=before,
        no_year=count - sum(counts.values()),
    )


def _scored(
    counts: Mapping[str, int], everywhere: Mapping[str, int], among: int, everything: int
) -> Iterator[tuple[str, int, int, float, float]]:
    for value, count in counts.items():
        at = max(count, min(everywhere[value], everything - among + count))  # works changed of late may count twice
        expected = among * at / everything
        score = log_likelihood(count, among, at, everything)
        if count > expected and score >= SIGNIFICANT:
            yield value, count, at, score, expected


def log_likelihood(count: int, among: int, at: int, everything: int) -> float:
    """Return G² of the table of works with and without a keyword (``at``), within a set (``among``) and outside it."""
    cells = (
        (count, among, at),
        (among - count, among, everything - at),
        (at - count, everything - among, at),
        (everything - among - at + count, everything - among, everything - at),
    )
    return 2 * sum(seen * math.log(seen * everything / (row * column)) for seen, row, column in cells if seen > 0)


def trends_body(wanted: TrendSearch, found: Trends, started: float) -> dict[str, Any]:
    """Return the body ``{meta, years, total, results}``; ``started`` is of ``time.perf_counter``."""
    return {
        "meta": {
            "count": found.total.count,
            "facet": wanted.facet,
            "query": {
                "text": wanted.search.q,
                "match": found.match,
                "filters": filters_shown(wanted.search),
            },
            "took_ms": round((time.perf_counter() - started) * 1000, 1),
        },
        "years": list(found.years),
        "total": _row_body(found.total),
        "results": [
            {
                "value": one.value,
                "label": one.label,
                **_row_body(one.row),
                "shares": shares(one.row.counts, found.total.counts),
            }
            for one in found.series
        ],
    }


def shares(counts: Sequence[int], totals: Sequence[int]) -> list[float | None]:
    """Return each year's share of all works of the year, ``None`` where there are none."""
    return [round(count / total, 4) if total else None for count, total in zip(counts, totals, strict=True)]


def _row_body(row: Row) -> dict[str, Any]:
    return {"count": row.count, "counts": list(row.counts), "before": row.before, "no_year": row.no_year}


def keywords_body(search: Search, kind: KeywordKind, found: Keywords, started: float) -> dict[str, Any]:
    """Return the body ``{meta, results}``; ``started`` is of ``time.perf_counter``."""
    return {
        "meta": {
            "facet": kind,
            "count": found.count,
            "everything": found.everything,
            "measure": "log_likelihood",
            "least_score": SIGNIFICANT,
            "least_count": FEWEST_WORKS,
            "query": {"text": search.q, "match": found.match, "filters": filters_shown(search)},
            "took_ms": round((time.perf_counter() - started) * 1000, 1),
        },
        "results": [
            {
                "value": one.value,
                "label": one.label,
                "count": one.count,
                "everywhere": one.everywhere,
                "expected": round(one.expected, 2),
                "score": round(one.score, 2),
            }
            for one in found.keywords
        ],
    }
