"""Every engine over every database gives one answer: the recorded corpus and the Chinese set, asked over the API."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, get_args

import pytest

from indexer.search.query import FACET_FIELDS, KeywordField
from indexer.storage.search_index import MOST_VALUES
from search_api.schemas import WorksParameters
from tests.contract.answers import same_facet, same_order
from tests.contract.conftest import Combinations
from tests.contract.corpus import EVERYTHING
from tests.contract.holdings import CHINESE_WORKS, Held

ALL_FACETS = ",".join(FACET_FIELDS)
#: No question is walked further: a tenth of the works is as good as all.
MOST_WALKED = 600
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"q": ""},
    {"q": "control"},
    {"q": "gene expression in mice"},
    {"q": "protein structure", "match": "any"},
    {"q": "protein OR 蛋白质", "match": "any"},
    {"q": "控制系统"},
    {"q": "基于神经网络的图像识别方法"},
    {"q": '"neural network"'},
    {"q": '"network neural"~3'},
    {"q": '"effects treatment"~3 NOT rats'},
    {"q": '"模型 控制"~3'},
    {"q": '"the effects of"~2'},
    {"q": "神經網絡", "expand": "off"},
    {"q": "neur* -network"},
    {"q": "immuno* OR 免疫*"},
    {"q": "title:model lang:en"},
    {"q": "author:wang OR author:smith"},
    {"q": "year:2010..2014 cancer"},
    {"q": "has:doi (health OR 健康)", "lang": ["en", "zh"]},
    {"q": "journal:cuadernos", "sort": "title"},
    {"q": "study", "year_from": 2005, "year_to": 2015, "has": ["pdf"]},
    {"q": "analysis", "source": ["pmc", "chinese"], "lang": "zh"},
    {"q": "развитие OR россии"},
    {"q": "educación OR saúde", "sort": "newest"},
    {"q": "enzime activty"},
    {"q": "NOT the", "sort": "oldest"},
    {"q": "title:effects subject:biology", "match": "most"},
    {"q": "How do plants respond to drought stress, and which genes are involved in the response?"},
    {"q": "doi:10.5555/set.7"},
    {"q": '"unbalanced'},
    {"q": "a" * 3_000},
)
TYPED = (
    "wang",
    "wan",
    "author:li",
    "neur",
    "journal:cua",
    "神经",
    "shenjing",
    "sjwl",
    "控制",
    "Journal of",
    "bio",
    "z",
    "социал",
    "deep lea",
    "深度xue",
)


@pytest.fixture(params=QUESTIONS, ids=lambda question: question["q"][:30] or "everything")
def question(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@cache
def _ranked(held: Held, question: str) -> dict[str, float]:
    return held.rank(WorksParameters(**json.loads(question)).search())


@cache
def _asked(held: Held, question: str) -> Any:
    return held.ask("/v1/works", **json.loads(question))


def ranked(held: Held, question: dict[str, Any]) -> dict[str, float]:
    """Return the works of a question with their scores; asked once."""
    return _ranked(held, json.dumps(question))


def asked(held: Held, question: dict[str, Any]) -> Any:
    """Return the answer to a question; asked once."""
    return _asked(held, json.dumps(question))


def test_the_recorded_corpus_and_the_chinese_set_are_asked(reference: Held, combinations: Combinations) -> None:
    if combinations.recorded is None:
        pytest.skip("only generated works are asked: set KAIJUAN_SHARED to the folder that holds data/recorded")
    sources = {one["value"]: one["count"] for one in reference.ask("/v1/works", facets="source")["facets"]["source"]}
    assert sources["chinese"] == CHINESE_WORKS
    assert sources["pmc"] > 840
    assert reference.library.index.stats().documents > 4_500


def test_a_library_holds_the_same_works(held: Held, reference: Held) -> None:
    assert set(held.names.ids) == set(reference.names.ids)
    assert held.library.index.stats().documents == reference.library.index.stats().documents


def test_an_answer_is_the_same(held: Held, reference: Held, question: dict[str, Any]) -> None:
    wanted = question | {"facets": ALL_FACETS, "highlight": True, "limit": 30}
    right, answer = asked(reference, wanted), held.ask("/v1/works", **wanted)
    if "status" in right:
        assert answer == right
        return
    assert answer["meta"] == right["meta"]
    for name in FACET_FIELDS:
        same_facet(answer["facets"][name], right["facets"][name])
        if name != "container":
            assert answer["facets"][name] == right["facets"][name]
    same_order([one["id"] for one in answer["results"]], ranked(reference, question))
    cards = {one["id"]: one for one in right["results"]}
    both = [one for one in answer["results"] if one["id"] in cards]
    assert both == [cards[one["id"]] for one in both]
    assert not cards or len(both) > len(cards) // 2


def test_a_walk_has_the_same_works_each_once(held: Held, reference: Held, question: dict[str, Any]) -> None:
    right = asked(reference, question | {"limit": 1})
    if "status" in right:
        return
    pages = held.walk("/v1/works", limit=37, fields="id", most=MOST_WALKED // 37, **question)
    assert {page["meta"]["count"] for page in pages} == {right["meta"]["count"]}
    assert all(page["meta"]["unbroken"] for page in pages)
    names = [one["id"] for page in pages for one in page["results"]]
    assert len(names) == min(right["meta"]["count"], MOST_WALKED // 37 * 37)
    same_order(names, ranked(reference, question))


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "title"])
@pytest.mark.parametrize("q", ["", "study OR 研究"])
def test_every_order_is_the_same_to_the_end(held: Held, reference: Held, sort: str, q: str) -> None:
    question: dict[str, Any] = {"q": q, "sort": sort}
    pages = held.walk("/v1/works", limit=200, fields="id", **question)
    right = ranked(reference, question)
    same_order(names := [one["id"] for page in pages for one in page["results"]], right)
    assert len(names) == len(right) > 50


def test_the_newest_of_a_library_come_first(held: Held) -> None:
    works = [work for page in held.library.store.catalogue.pages() for work in page]
    works.sort(key=lambda work: work.first_indexed, reverse=True)
    pages = held.walk("/v1/works", limit=200, fields="id", sort="first_indexed")
    assert [one["id"] for page in pages for one in page["results"]] == [held.names.by_id[one.id] for one in works]


def test_an_export_is_what_is_found(held: Held, reference: Held) -> None:
    for q in ("neural OR 神经网络", "title:model"):
        answer = held.client.get("/v1/export", params={"q": q, "format": "jsonl"})
        names = [held.names.by_id[json.loads(line)["id"]] for line in answer.text.splitlines()]
        assert len(names) == asked(reference, {"q": q})["meta"]["count"] > 10
        same_order(names, ranked(reference, {"q": q}))


@pytest.mark.parametrize("facet", ["keyword", "subject", "container", "clc", "year"])
def test_every_value_of_a_facet_is_the_same(held: Held, reference: Held, facet: str) -> None:
    for more in ({}, {"q": "study"}, {"lang": "en", "q": "的 OR of"}, {"facet_q": "bio", "order": "label"}):
        wanted: dict[str, Any] = {"facet": facet, "limit": 100, **more}
        pages, right = (one.walk("/v1/facets", most=4, **wanted) for one in (held, reference))
        if facet != "container":
            assert pages == right
        elif "order" not in more:
            listed, expected = ([value for page in walked for value in page["results"]] for walked in (pages, right))
            same_facet(listed, expected, most=400)


@pytest.mark.parametrize("typed", TYPED)
def test_suggestions_are_the_same(held: Held, reference: Held, typed: str) -> None:
    answer, right = (one.ask("/v1/suggest", q=typed, limit=20) for one in (held, reference))
    assert answer == right


def test_related_works_are_the_same(held: Held, reference: Held) -> None:
    names = [one["id"] for q in ("protein", "网络", "развитие") for one in asked(reference, {"q": q})["results"][:5]]
    for name in names:
        answer, right = (one.ask(f"/v1/works/{one.names.ids[name]}/related") for one in (held, reference))
        scores = {one["id"]: one["score"] for one in right["results"]}
        assert [one["score"] for one in answer["results"]] == pytest.approx(list(scores.values()), rel=1e-3)
        told = {one["id"]: one["reasons"] for one in right["results"]}
        both = [one for one in answer["results"] if one["id"] in told]
        assert [one["reasons"] for one in both] == [told[one["id"]] for one in both]
        assert len(both) >= len(told) - 1


def test_trends_are_the_same(held: Held, reference: Held) -> None:
    for more in ({"q": "network"}, {"facet": "lang"}, {"q": "系统", "facet": "source"}):
        answer, right = (one.ask("/v1/trends", **more) for one in (held, reference))
        assert answer == right


def counted(held: Held, name: KeywordField) -> list[tuple[int, str]]:
    """Count every value of a field, by name: ids order what ties, and are others in each library."""
    values = held.library.index.values(EVERYTHING, name, size=MOST_VALUES)
    assert [one.count for one in values] == sorted((one.count for one in values), reverse=True)
    return sorted((one.count, held.names.told(one.value)) for one in values)


def test_values_and_words_are_counted_alike(held: Held, reference: Held) -> None:
    index, right = held.library.index, reference.library.index
    for name in get_args(KeywordField):
        assert counted(held, name) == counted(reference, name)
    postings = reference.library.index.engine._corpus.fields["all"].postings  # type: ignore[attr-defined]
    words = [*sorted(postings)[::40], "nothing-like-it"]
    assert len(set(right.frequencies("all", words).values())) > 10
    assert index.frequencies("all", words) == right.frequencies("all", words)
