"""The pages of facets and trends: what their templates show, with every link made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from search_api.trends import Keywords, Row, Trends, shares
from search_api.web.addresses import SearchAddress
from search_api.web.charts import Bar, Histogram, bars_of
from search_api.web.i18n import Words
from search_api.web.texts import direction_of, language_of

#: Of the picture of years beside the results, in its own units.
_WIDTH, _TOP, _BOTTOM = 260, 4, 72
_LABELLED = 6
#: What a search's own page needs and another page of the same search does not.
_OF_THE_LIST = ("sort", "limit", "cursor")
#: Facets that may be compared over the years, as the page offers them.
COMPARED = ("keyword", "subject", "clc", "container", "lang", "source", "type", "license", "version", "has")


@dataclass(frozen=True, slots=True, kw_only=True)
class YearBarView:
    """A span of years: its bar, its words, and the address of the search within it."""

    bar: Bar
    label: str
    first: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearsView:
    """The picture of years beside the results; nothing is left out: what has no year is told in words."""

    bars: tuple[YearBarView, ...]
    no_year: str | None
    width: int = _WIDTH
    bottom: int = _BOTTOM


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueView:
    """A value on the page of its facet; its link adds the filter, or takes it away where it is active."""

    label: str
    language: str
    direction: str
    count: str
    url: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordView:
    """A keyword with its numbers, and the address of the search with it."""

    label: str
    numbers: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """Works by year as a table: a heading for each column, then rows of a name and its cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def facet_address(address: SearchAddress, facet: str) -> str:
    """Return the address of the page with all values of a facet."""
    return f"/facets?{urlencode([('facet', facet), *address.without(_OF_THE_LIST).pairs])}"


def trends_address(address: SearchAddress) -> str:
    """Return the address of the page with a search's trends."""
    pairs = address.without(_OF_THE_LIST).pairs
    return f"/trends?{urlencode(pairs)}" if pairs else "/trends"


def years_view(histogram: Histogram, address: SearchAddress, words: Words) -> YearsView | None:
    """Return the picture of years; ``None`` where there is nothing to choose from."""
    if not histogram.buckets:
        return None
    plain = address.without(("year", "year_from", "year_to"))
    placed = bars_of(histogram.buckets, left=0, right=_WIDTH, top=_TOP, bottom=_BOTTOM)
    sparse = len(placed) > _LABELLED
    bars = tuple(
        YearBarView(
            bar=bar,
            label=words("years_span", years=bar.bucket.label, works=words.works(bar.bucket.count)),
            first="" if sparse and at % 2 else str(bar.bucket.first),
            url=str(plain.adding("year_from", str(bar.bucket.first)).adding("year_to", str(bar.bucket.last))),
        )
        for at, bar in enumerate(placed)
    )
    no_year = words("years_none", works=words.works(histogram.no_year)) if histogram.no_year else None
    return YearsView(bars=bars, no_year=no_year)


def value_views(facet: str, rows: Sequence[Mapping[str, Any]], address: SearchAddress, words: Words) -> list[ValueView]:
    """Return a facet's values with their links."""
    views = []
    for row in rows:
        language = language_of(row["label"], None)
        value = str(row["value"])
        url = address.removing(facet, value) if row["selected"] else address.adding(facet, value)
        views.append(
            ValueView(
                label=row["label"],
                language=language,
                direction=direction_of(language),
                count=words.number(row["count"]),
                url=str(url),
                active=row["selected"],
            )
        )
    return views


def keyword_views(found: Keywords, address: SearchAddress, words: Words) -> list[KeywordView]:
    """Return keywords with the numbers that speak for them."""
    return [
        KeywordView(
            label=one.label,
            numbers=words("keywords_chance", count=words.number(one.count), expected=str(round(one.expected, 1))),
            url=str(address.adding("keyword", one.value)),
        )
        for one in found.keywords
    ]


def table_view(found: Trends, words: Words) -> TableView:
    """Return works by year as a table, the newest year first, with each value's share of the year."""
    every = (found.total, *(one.row for one in found.series))
    fractions = [shares(row.counts, found.total.counts) for row in every]
    rows = []
    for at in range(len(found.years) - 1, -1, -1):
        cells = [
            (words.number(row.counts[at]), _percent(fractions[column][at]) if column else "")
            for column, row in enumerate(every)
        ]
        rows.append((str(found.years[at]), tuple(cells)))
    if any(row.before for row in every):
        rows.append((words("trends_before", year=found.years.start), _numbers(every, "before", words)))
    if any(row.no_year for row in every):
        rows.append((words("trends_no_year"), _numbers(every, "no_year", words)))
    rows.append((words("trends_total"), _numbers(every, "count", words)))
    return TableView(columns=(words("trends_all"), *(one.label for one in found.series)), rows=tuple(rows))


def _numbers(every: Sequence[Row], name: str, words: Words) -> tuple[tuple[str, str], ...]:
    return tuple((words.number(getattr(row, name)), "") for row in every)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f} %"
