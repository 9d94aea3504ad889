"""``highlight=true``: what matched, as ranges of characters, on both deployments."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_api.app import make_app
from search_api.library import Library
from tests.unit.web.records import Dublin, put

_ABSTRACT = "Nothing here. " * 20 + "We found <b>rice</b> 🌾 diseases & their causes. " + "Nothing there. " * 20


@pytest.fixture
def client(library: Library) -> TestClient:
    put(
        library,
        Dublin(
            identifier="oai:campus:1",
            elements=[
                ("title", "Diseases of rice"),
                ("description", _ABSTRACT),
                ("creator", "Rice, Ann"),
                ("language", "en"),
            ],
        ),
        Dublin(identifier="oai:campus:2", elements=[("title", "基於深度學習的水稻病害識別"), ("language", "zh")]),
    )
    return TestClient(make_app(library))


def _search(client: TestClient, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/works", params=parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def _marked(shown: dict[str, Any]) -> list[str]:
    return [shown["text"][start:end] for start, end in shown["spans"]]


def test_title_and_snippet_tell_what_matched_without_markup(client: TestClient) -> None:
    (work,) = _search(client, q="rice disease", highlight="true")
    assert work["highlights"]["title"] == {"text": "Diseases of rice", "spans": [[0, 8], [12, 16]]}
    snippet = work["highlights"]["snippet"]
    assert _marked(snippet) == ["rice", "diseases"]
    assert "We found" in snippet["text"]
    assert len(snippet["text"]) <= 202


def test_traditional_titles_are_marked_where_they_are_asked_in_simplified(client: TestClient) -> None:
    (work,) = _search(client, q="深度学习 水稻", highlight="true", fields="id,title")
    assert _marked(work["highlights"]["title"]) == ["深度學習", "水稻"]
    assert work["highlights"]["snippet"] is None
    assert set(work) == {"id", "title", "highlights"}


def test_ids_alone_may_be_highlighted_too(client: TestClient) -> None:
    (work,) = _search(client, q="rice", highlight="true", fields="id")
    assert set(work) == {"id", "highlights"}


def test_what_matched_among_the_authors_marks_no_title(client: TestClient) -> None:
    (work,) = _search(client, q="author:rice", highlight="true")
    assert (_marked(work["highlights"]["title"]), work["highlights"]["snippet"]) == ([], None)


def test_nothing_is_marked_unasked_and_without_words(client: TestClient) -> None:
    assert all("highlights" not in work for work in _search(client, q="rice"))
    assert all(not _marked(work["highlights"]["title"]) for work in _search(client, highlight="true"))
