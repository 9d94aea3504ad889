"""Walking a result through the API while the library changes, on both deployments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.errors import SearchIndexError
from search_api.app import make_app
from search_api.exporting.walking import walk
from search_api.library import Library, open_library
from search_api.searching import Search
from tests.unit.web.records import Dublin, put

_WORKS = 60


def _article(number: int, words: int) -> Dublin:
    title = f"Solar study {number} of {'solar ' * (words % 4)}{'cells ' * (words % 3)}on roof {number}"
    return Dublin(identifier=f"oai:campus:{number}", elements=[("title", title), ("date", f"20{number % 20:02d}")])


@pytest.fixture
def client(library: Library) -> TestClient:
    put(library, *(_article(number, number) for number in range(_WORKS)))
    return TestClient(make_app(library))


def _page(client: TestClient, **parameters: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"q": "solar", "limit": 7, "fields": "id,title"} | parameters
    answer = client.get("/v1/works", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def _walk(client: TestClient, change: Callable[[int], None], **parameters: Any) -> list[dict[str, Any]]:
    pages = [_page(client, **parameters)]
    while cursor := pages[-1]["meta"]["next_cursor"]:
        change(len(pages))
        pages.append(_page(client, cursor=cursor, **parameters))
    return pages


@pytest.mark.parametrize("sort", ["relevance", "newest", "title", "first_indexed"])
def test_works_that_stay_come_exactly_once_while_others_come(library: Library, client: TestClient, sort: str) -> None:
    before = {work["id"] for work in _page(client, limit=200)["results"]}

    def change(page: int) -> None:
        if page in {2, 4}:
            put(library, *(_article(1_000 * page + one, one) for one in range(30)))

    pages = _walk(client, change, sort=sort)
    seen = Counter(work["id"] for page in pages for work in page["results"])
    assert {work: seen[work] for work in before} == dict.fromkeys(before, 1)
    assert max(seen.values()) == 1
    assert all(page["meta"]["unbroken"] for page in pages)


def test_another_process_says_where_it_cannot_go_on_as_it_was(library: Library, client: TestClient) -> None:
    first = _page(client)
    second = _page(client, cursor=first["meta"]["next_cursor"])
    with open_library(library.settings, []) as other:
        elsewhere = TestClient(make_app(other))
        third = _page(elsewhere, cursor=second["meta"]["next_cursor"])
        assert third["meta"]["unbroken"]  # nothing has changed: it reads the same state
        put(library, *(_article(2_000 + one, one) for one in range(30)))
        with open_library(library.settings, []) as late:
            fourth = _page(TestClient(make_app(late)), cursor=third["meta"]["next_cursor"])
        embedded = library.settings.storage.kind == "embedded"
        assert fourth["meta"]["unbroken"] is not embedded  # the cluster keeps it for all processes
        fifth = _page(elsewhere, cursor=fourth["meta"]["next_cursor"])
        assert fifth["meta"]["unbroken"] is not embedded


def test_an_export_breaks_off_rather_than_leave_works_out(embedded: Library) -> None:
    put(embedded, *(_article(number, number) for number in range(_WORKS)))
    works = walk(embedded, Search(q="solar"), at_once=7)
    found = [next(works)[0].id for _ in range(7)]
    put(embedded, *(_article(3_000 + one, one) for one in range(30)))
    embedded.index.engine._snapshots.clear()  # type: ignore[attr-defined]  # as if many others had paged meanwhile
    with pytest.raises(SearchIndexError, match="no longer kept"):
        list(works)
    again = walk(embedded, Search(q="solar", sort="first_indexed"), at_once=7)
    found = [next(again)[0].id for _ in range(7)]
    put(embedded, *(_article(4_000 + one, one) for one in range(30)))
    found += [work.id for work, _ in again]
    assert len(found) == len(set(found)) >= _WORKS
