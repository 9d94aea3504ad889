"""Exports on both deployments: what a search shows is what is exported, whole, in its order, and in every format."""

from __future__ import annotations

import json

import pytest
import rispy  # type: ignore[import-untyped]
from fastapi.testclient import TestClient
from pybtex.database import parse_string  # type: ignore[import-untyped]

from search_api.app import make_app
from search_api.exporting.formats import FORMATS
from search_api.exporting.walking import walk
from search_api.library import Library
from search_api.searching import Search
from tests.unit.web.records import Dublin, put

_WORKS = 230  # more than a page of a walk
_TITLES = ("Machine learning of tides, part {}", "机器学习与潮汐 {}", "Tides and their moons {}", "Приливы и луна {}")


def _dublin(number: int) -> Dublin:
    return Dublin(
        identifier=f"oai:campus:{number}",
        elements=[
            ("title", _TITLES[number % len(_TITLES)].format(number)),
            ("creator", "王小明" if number % 2 else f"van der Müller, Jörg {number}"),
            ("date", str(2000 + number % 20)),
            ("type", "article"),
            ("identifier", f"https://doi.org/10.5555/tide.{number}"),
        ],
    )


@pytest.fixture
def client(library: Library) -> TestClient:
    put(library, *map(_dublin, range(_WORKS)))
    return TestClient(make_app(library))


def _exported(client: TestClient, **asked: str | int) -> list[str]:
    answer = client.get("/v1/export", params={"format": "jsonl", **asked})
    assert answer.status_code == 200, answer.text
    return [json.loads(line)["id"] for line in answer.text.splitlines()]


def _shown(client: TestClient, **asked: str | int) -> list[str]:
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        body = client.get("/v1/works", params={**asked, **cursor, "limit": 100, "fields": "id"}).json()
        found += [one["id"] for one in body["results"]]
        if body["meta"]["next_cursor"] is None:
            return found
        cursor = {"cursor": body["meta"]["next_cursor"]}


@pytest.mark.parametrize("sort", ["relevance", "newest", "first_indexed", "title"])
def test_what_a_search_shows_is_what_is_exported_in_its_order(client: TestClient, sort: str) -> None:
    assert len(_exported(client, sort=sort)) == _WORKS
    for q in ("", "tides OR луна", "机器学习", "part of tides zebra machine"):
        shown = _shown(client, q=q, sort=sort)
        assert _exported(client, q=q, sort=sort) == shown
        assert len(shown) == len(set(shown)) > 0


def test_terms_of_the_thesaurus_are_exported_as_they_are_found(client: TestClient) -> None:
    chinese, both = _exported(client, q="机器学习", expand="off"), _exported(client, q="机器学习")
    assert set(chinese) < set(both)
    assert len(both) == client.get("/v1/works", params={"q": "机器学习"}).json()["meta"]["count"] == 116


def test_pages_after_the_first_look_for_the_same_terms(client: TestClient, library: Library) -> None:
    assert client.get("/health").status_code == 200
    found = [work.id for work, _ in walk(library, Search(q="机器学习"), at_once=20)]
    assert len(found) == len(set(found)) == 116


def test_every_format_is_whole_and_read_by_other_programs(client: TestClient) -> None:
    texts = {}
    for name in FORMATS:
        answer = client.get("/v1/export", params={"format": name})
        assert answer.status_code == 200
        texts[name] = answer.text
        assert "Machine learning of tides, part 4" in answer.text.replace("{", "").replace("}", "")
    assert len(rispy.loads(texts["ris"])) == len(parse_string(texts["bibtex"], "bibtex").entries) == _WORKS
    assert len(json.loads(texts["csl-json"])) == len(texts["apa"].splitlines()) == _WORKS
