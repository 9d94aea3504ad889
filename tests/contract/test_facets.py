"""Facets: exact counts, OR within a facet, AND between facets, over any number of segments and values."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.search.query import FACET_FIELDS, Exact, FacetValue, TokenQuery, Tokens, View, Years
from indexer.storage.search_index import SearchIndex
from tests.contract.corpus import EVERYTHING, fill, make_document


def pairs(values: tuple[FacetValue, ...]) -> list[tuple[str, int]]:
    return [(value.value, value.count) for value in values]


def test_facets_come_by_count_then_value(index: SearchIndex) -> None:
    langs = ["zh", "en", "fr", "en", "de", "zh"]
    fill(index, [make_document(key, lang=lang) for key, lang in enumerate(langs)])
    page = index.search(EVERYTHING, View(limit=1, facets=("lang",)))
    assert pairs(page.facets["lang"]) == [("en", 2), ("zh", 2), ("de", 1), ("fr", 1)]


def test_a_document_counts_once_for_each_of_its_values(index: SearchIndex) -> None:
    fill(index, [make_document(1, has=("pdf", "doi", "pdf")), make_document(2, has="pdf"), make_document(3)])
    assert pairs(index.search(EVERYTHING, View(facets=("has",))).facets["has"]) == [("pdf", 2), ("doi", 1)]


def test_years_are_counted_as_numbers_and_shown_as_text(index: SearchIndex) -> None:
    fill(index, [make_document(key, year=year) for key, year in enumerate([2020, 999, 2021, 2020, None])])
    facets = index.search(EVERYTHING, View(facets=("year",))).facets
    assert pairs(facets["year"]) == [("2020", 2), ("999", 1), ("2021", 1)]


def test_facet_size_limits_values_and_keeps_counts(index: SearchIndex) -> None:
    fill(index, [make_document(key, source=f"s{key % 7}") for key in range(20)])
    facets = index.search(EVERYTHING, View(facets=("source",), facet_size=2)).facets
    assert pairs(facets["source"]) == [("s0", 3), ("s1", 3)]


@pytest.mark.parametrize("size", [3, 50, 2_000])
def test_counts_stay_exact_over_many_values_and_segments(index: SearchIndex, size: int) -> None:
    documents = [
        make_document(key, container=(f"c{key % 1_100:04}", f"c{key % 3:04}"), source="all") for key in range(3_300)
    ]
    fill(index, *(documents[start::4] for start in range(4)))
    facets = index.search(EVERYTHING, View(facets=("container", "source"), facet_size=size)).facets
    expected = [("c0000", 1_102), ("c0001", 1_102), ("c0002", 1_102), *((f"c{key:04}", 3) for key in range(3, 1_100))]
    assert pairs(facets["container"]) == expected[:size]
    assert pairs(facets["source"]) == [("all", 3_300)]


def test_a_value_that_is_rare_in_each_segment_and_common_in_all_is_counted(index: SearchIndex) -> None:
    segments = [
        [make_document(start + key, container=f"c{(start + key) // 2}") for key in range(600)]
        for start in (0, 1_000, 2_000, 3_000)
    ]
    segments[0] += [make_document(6_000 + key, container="local") for key in range(3)]
    fill(index, *([*batch, make_document(5_000 + at, container="spread")] for at, batch in enumerate(segments)))
    facets = index.search(EVERYTHING, View(facets=("container",), facet_size=1)).facets
    assert pairs(facets["container"]) == [("spread", 4)]


def test_a_facet_is_counted_without_its_own_filter_but_with_all_others(index: SearchIndex) -> None:
    rows = [("doaj", "en", 2020), ("doaj", "zh", 2020), ("pmc", "en", 2020), ("pmc", "zh", 2021), ("oalib", "zh", 2010)]
    documents = [make_document(key, "a", source=s, lang=lang, year=y) for key, (s, lang, y) in enumerate(rows)]
    fill(index, [*documents, make_document(9, "b", source="doaj", lang="zh", year=2020)])
    query = TokenQuery(
        matching=Tokens(field="all", alternatives=("a",)),
        filters={
            "source": Exact(field="source", values=("doaj", "oalib")),
            "lang": Exact(field="lang", values=("zh",)),
        },
        restrictions=(Years(since=2015),),
    )
    page = index.search(query, View(facets=("source", "lang", "year")))
    assert page.count == 1
    assert pairs(page.facets["source"]) == [("doaj", 1), ("pmc", 1)]
    assert pairs(page.facets["lang"]) == [("en", 1), ("zh", 1)]
    assert pairs(page.facets["year"]) == [("2020", 1)]


@pytest.mark.parametrize("name", [name for name in FACET_FIELDS if name != "year"])
def test_every_facet_is_counted_and_filtered_by_alike(index: SearchIndex, name: str) -> None:
    field: Any = FACET_FIELDS[name]
    several = [("x", "y"), ("x",), ("y", "z"), (), ("z",)]
    named: list[dict[str, Any]] = [{field: values} for values in several]
    rows = [make_document(key, "a", **one) for key, one in enumerate(named)]
    fill(index, rows[:2], rows[2:])
    query = TokenQuery(matching=None, filters={name: Exact(field=field, values=("x", "y"))})
    page = index.search(query, View(facets=(name,)))
    assert [hit.key for hit in page.hits] == [0, 1, 2]
    assert pairs(page.facets[name]) == pairs(index.values(EVERYTHING, field)) == [("x", 2), ("y", 2), ("z", 2)]


def test_filters_of_facets_that_are_not_asked_for_still_hold(index: SearchIndex) -> None:
    fill(index, [make_document(1, lang="zh", source="a"), make_document(2, lang="en", source="b")])
    query = TokenQuery(matching=None, filters={"lang": Exact(field="lang", values=("zh",))})
    page = index.search(query, View(facets=("source",)))
    assert [hit.key for hit in page.hits] == [1]
    assert pairs(page.facets["source"]) == [("a", 1)]


def test_facets_do_not_depend_on_the_page(index: SearchIndex) -> None:
    fill(index, [make_document(key, lang="zh") for key in range(5)])
    first = index.search(EVERYTHING, View(limit=2, facets=("lang",)))
    second = index.search(EVERYTHING, View(limit=2, facets=("lang",), after=first.next))
    assert first.facets == second.facets
    assert second.count == 5
