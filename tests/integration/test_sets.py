"""A set that brings nothing: empty, or misspelt."""

from __future__ import annotations

import pytest

from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults

_SETS = (("theses", "Theses"), ("articles", "Journal articles"), ("books:open", "Open books"))
_ITEMS = tuple(Item(f"oai:x:{number}", "2026-01-01T00:00:00Z", set_specs=("theses",)) for number in range(3))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("thesis", "'theses'"), ("Theses", "'theses'"), ("journal articles", "'articles'"), ("zzz", "theses, articles")],
)
def test_a_misspelt_set_fails_and_names_what_may_be_meant(library: Library, asked: str, meant: str) -> None:
    with ListRepository(_ITEMS, sets=_SETS, sets_page_size=2) as repository:
        report = harvest(library, add_source(library, "x", repository.url), set_spec=asked)
    assert report.status == "failed"
    assert report.error is not None
    assert meant in report.error
    assert "--set" in report.error


@pytest.mark.parametrize("asked", ["articles", "books"])
def test_an_empty_set_that_is_listed_or_above_a_listed_one_is_complete(library: Library, asked: str) -> None:
    with ListRepository(_ITEMS, sets=_SETS) as repository:
        report = harvest(library, add_source(library, "x", repository.url), set_spec=asked)
    assert (report.status, report.error) == ("complete", None)


@pytest.mark.parametrize("sets", [None, ()])
def test_where_no_sets_are_listed_an_empty_one_is_complete(
    library: Library, sets: tuple[tuple[str, str], ...] | None
) -> None:
    with ListRepository(_ITEMS, sets=sets) as repository:
        assert harvest(library, add_source(library, "x", repository.url), set_spec="thesis").status == "complete"


def test_where_the_list_of_sets_fails_an_empty_one_is_complete(library: Library) -> None:
    with ListRepository(_ITEMS, sets=_SETS) as repository:
        repository.faults.add(faults.status(500), verb="ListSets")
        source = add_source(library, "x", repository.url, attempts=1)
        assert harvest(library, source, set_spec="thesis").status == "complete"


def test_sets_are_not_asked_for_where_records_came(library: Library) -> None:
    with ListRepository(_ITEMS, sets=_SETS) as repository:
        assert harvest(library, add_source(library, "x", repository.url), set_spec="theses").received == 3
        assert not [request for request in repository.requests if request.argument("verb") == "ListSets"]
