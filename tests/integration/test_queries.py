"""``/v1/queries/validate``: what a query was understood to ask, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of a library that has nothing: what a query means depends on nothing in it."""
    with open_library(Settings(data_dir=tmp_path_factory.mktemp("queries")), sources=[]) as library:
        yield TestClient(make_app(library), raise_server_exceptions=False)


def ask(client: TestClient, q: str) -> dict[str, Any]:
    answer = client.get("/v1/queries/validate", params={"q": q})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_a_query_is_answered_with_its_tree_and_in_words(client: TestClient) -> None:
    body = ask(client, "作者：张三 https://doi.org/10.1000/X")
    assert (body["valid"], body["errors"], body["doubts"], body["citation"]) == (True, [], [], None)
    assert body["normalized"] == "author:张三 doi:10.1000/x"
    assert [item["kind"] for item in body["tree"]["items"]] == ["word", "term"]
    assert body["words"]["en"] == "the word “张三” among the authors and with DOI 10.1000/x"
    assert body["words"]["zh"] == "作者中有词“张三”，并且DOI 为 10.1000/x"
    assert ask(client, body["normalized"])["normalized"] == body["normalized"]


def test_a_blank_query_asks_for_everything(client: TestClient) -> None:
    body = ask(client, " ")
    assert (body["valid"], body["tree"], body["normalized"], body["words"]["en"]) == (True, None, "", "everything")


@pytest.mark.parametrize(
    ("q", "position", "fix"),
    [
        ("deep auther:smith", 5, "Did you mean “author:”"),
        ('solar "cells', 6, "remove it"),
        ("a *b", 2, "beginning of the word"),
        ("x" * 10_000, 2_000, "Shorten it"),
        ('"a b c"~2', 0, "two words"),
        ("year:2024..2019", 5, "year:2019..2024"),
    ],
)
def test_a_wrong_query_is_answered_with_place_and_remedy(client: TestClient, q: str, position: int, fix: str) -> None:
    body = ask(client, q)
    (error,) = body["errors"]
    assert (body["valid"], body["tree"], body["words"], body["normalized"]) == (False, None, None, None)
    assert (error["parameter"], error["position"]) == ("q", position)
    assert fix in error["fix"]


def test_what_looks_like_a_field_is_doubted(client: TestClient) -> None:
    (doubt,) = ask(client, "deep auteur:smith")["doubts"]
    assert (doubt["position"], doubt["written"], doubt["meant"]) == (5, "auteur", "author")
    assert doubt["words"]["zh"]


def test_an_answer_tells_what_was_doubtful(embedded: Library) -> None:
    embedded.bring_up_to_date()
    client = TestClient(make_app(embedded))
    asked = {
        q: client.get("/v1/works", params={"q": q}).json()["meta"]["query"]["doubts"]
        for q in ("auteur:smith", "land:use", "")
    }
    assert [doubt["meant"] for doubt in asked["auteur:smith"]] == ["author"]
    assert (asked["land:use"], asked[""]) == ([], [])


def test_a_reference_is_told_as_one(client: TestClient) -> None:
    body = ask(client, "Smith J, Doe A. Effects of light on plants. J Bot. 2019;12(3):45-67. doi:10.1000/x")
    assert body["citation"] == {
        "identifiers": ["doi:10.1000/x"],
        "words": ["Smith", "Doe", "Effects", "of", "light", "on", "plants", "Bot"],
    }


@pytest.mark.parametrize("query", ["", "q=a&q=b", "q=a&match=all"])
def test_parameters_are_strict(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/queries/validate?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["fix"]
