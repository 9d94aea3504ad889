"""``/v1/works/{id}/related``: what is about the same, why, and what is left out; on both deployments."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.search.query import Keys, TokenQuery, Without
from search_api.app import make_app
from search_api.library import Library
from search_api.related import related
from tests.unit.web.records import Dublin, put


def _article(number: int, title: str, *elements: tuple[str, str]) -> Dublin:
    doi = ("identifier", f"https://doi.org/10.5555/rel.{number}")
    return Dublin(identifier=f"oai:campus:{number}", elements=[("title", title), ("type", "article"), doi, *elements])


@pytest.fixture
def shelves(library: Library) -> Library:
    english, mueller = ("language", "en"), ("creator", "Müller, Jörg")
    put(
        library,
        _article(1, "Perovskite solar cells with tin electrodes", mueller, ("subject", "Photovoltaics"), english),
        _article(
            2,
            "Tin-based perovskite solar cells for space",
            ("creator", "Jorg Muller"),
            ("subject", "photovoltaics"),
            english,
        ),
        _article(3, "Perovskite solar cells on glass", english),
        _article(4, "The effects of the use of cells", english),
        _article(5, "Medieval poetry of the Alps", mueller, ("subject", "Photovoltaics"), english),
        _article(6, "基于深度学习的水稻病害识别", ("language", "zh")),
        _article(7, "深度學習與小麥病害識別方法", ("language", "zh")),
        _article(8, "宋代诗歌的传播", ("language", "zh")),
        *(_article(20 + one, f"Yearbook of tin mining, volume {one}", english) for one in range(6)),
        _article(40, "Correction: Perovskite solar cells with tin electrodes", english),
        _article(41, "?!", english),
    )
    return library


@pytest.fixture
def client(shelves: Library) -> TestClient:
    return TestClient(make_app(shelves), follow_redirects=False)


def _related(client: TestClient, number: int, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/works/doi:10.5555/rel.{number}/related", params=parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def _titles(results: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in results]


def _reasons(result: dict[str, Any]) -> dict[str, list[str]]:
    return {reason["code"]: reason["detail"] for reason in result["reasons"]}


def test_works_about_the_same_come_with_what_they_share(client: TestClient) -> None:
    first, second = _related(client, 1)[:2]
    assert first["title"] == "Tin-based perovskite solar cells for space"
    reasons = _reasons(first)
    assert set(reasons) == {"words", "subjects", "authors"}
    assert {"Perovskite", "solar", "tin"} <= set(reasons["words"])
    assert (reasons["subjects"], reasons["authors"]) == (["Photovoltaics"], ["Jörg Müller"])
    texts = {reason["code"]: reason["text"] for reason in first["reasons"]}
    assert texts["authors"] == {"en": "Same author: Jörg Müller", "zh": "作者相同：Jörg Müller"}
    assert second["title"] == "Perovskite solar cells on glass"
    assert first["score"] > second["score"]


def test_an_author_or_a_subject_alone_relates_nothing(client: TestClient) -> None:
    assert "Medieval poetry of the Alps" not in _titles(_related(client, 1))


def test_function_words_relate_nothing(client: TestClient) -> None:
    assert _titles(_related(client, 4)) == []


def test_chinese_works_are_related_across_scripts_and_say_words(client: TestClient) -> None:
    (only,) = _related(client, 6)
    assert only["title"] == "深度學習與小麥病害識別方法"
    assert {"深度学习", "病害识别"} <= set(_reasons(only)["words"])


def test_no_more_than_two_of_a_series(client: TestClient) -> None:
    assert len(_related(client, 20)) == 2


def test_a_notice_about_the_work_is_no_recommendation(client: TestClient) -> None:
    assert not [title for title in _titles(_related(client, 1)) if title.startswith("Correction")]


def test_a_work_that_says_nothing_has_nothing_related(client: TestClient) -> None:
    assert _related(client, 41) == []


def test_the_limit_holds_and_has_limits(client: TestClient) -> None:
    assert len(_related(client, 1, limit=1)) == 1
    for limit in (0, 51, "x"):
        assert client.get("/v1/works/doi:10.5555/rel.1/related", params={"limit": limit}).status_code == 400
    assert client.get("/v1/works/doi:10.5555/none/related").status_code == 404


def test_what_the_library_hides_is_not_related(shelves: Library) -> None:
    catalogue = shelves.store.catalogue
    work, hidden = (catalogue.by_identifier("doi", f"10.5555/rel.{number}") for number in (1, 2))
    assert work is not None
    assert hidden is not None
    assert hidden.id in [one.work.id for one in related(shelves, work)]

    def hide(query: TokenQuery) -> TokenQuery:
        clause = Without(clause=None, excluded=Keys(keys=(hidden.key,)))
        return TokenQuery(matching=query.matching, boosts=query.boosts, restrictions=(clause,))

    assert hidden.id not in [one.work.id for one in related(shelves, work, adapt=hide)]
