"""What people type finds what they mean, over the reference engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from indexer.models import Identifier, LanguageTag, Text, Work
from indexer.search.document import document_of
from indexer.search.query import After, Match, Query, View
from indexer.search.searching import search
from indexer.storage.memory import MemoryIndex

TITLES = {
    1: ("en", "Machine computation of COVID-19 spread"),
    2: ("en", "Computing the spread of a virus"),
    3: ("zh", "基于深度学习的图像分割方法研究"),
    4: ("zh", "肺癌影像的診斷"),
    5: ("pt", "Avaliação da educação"),
    6: ("ru", "Новые методы исследования"),
    7: ("en", "The microbiome of the human gut"),
}


BARE = Work(key=0, id="w", version=1, first_indexed=datetime(2026, 1, 1, tzinfo=UTC), title=Text(value=""))


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    """The seven works."""
    memory = MemoryIndex()
    works = [
        Work(
            key=key,
            id=f"w{key}",
            version=1,
            first_indexed=datetime(2026, 1, 1, tzinfo=UTC),
            title=Text(value=title),
            languages=(LanguageTag(code=language, origin="declared"),),
            identifiers=(Identifier(scheme="doi", value=f"10.1000/w{key}"),),
        )
        for key, (language, title) in TITLES.items()
    ]
    with memory.writer() as writer:
        writer.upsert(document_of(work) for work in works)
        writer.commit(1)
    return memory


def keys(index: MemoryIndex, text: str, match: Match = "all") -> set[int]:
    return {hit.key for hit in search(index, Query(text=text, match=match), View()).hits.hits}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("covid19", {1}),
        ("covid 19 computations", {1}),
        ("comput*", {1, 2}),
        ("computat*", {1}),
        ("computation*", {1, 2}),
        ("spread -covid", {2}),
        ('"spread of a virus"', {2}),
        ('"virus of spread"', set()),
        ("title:spread OR title:gut", {1, 2, 7}),
        ("深度學習圖像", {3}),
        ("“图像分割”", {3}),
        ("癌", {4}),
        ("诊断", {4}),
        ("avaliacoes", {5}),
        ("метод исследований", {6}),
        ("micro-biome", {7}),
        ("https://doi.org/10.1000/W7", {7}),
        ("NOT spread", {3, 4, 5, 6, 7}),
    ],
)
def test_a_query_finds(index: MemoryIndex, text: str, found: set[int]) -> None:
    assert keys(index, text) == found


def test_auto_asks_for_most_words_where_all_bring_few(index: MemoryIndex) -> None:
    wanted = Query(text="machine computation covid absent")
    found = search(index, wanted, View())
    assert ({hit.key for hit in found.hits.hits}, found.match) == ({1}, "most")


def test_auto_stays_with_all_where_most_bring_no_more(index: MemoryIndex) -> None:
    assert search(index, Query(text="machine computation spread"), View()).match == "all"
    assert search(index, Query(text="gut"), View()).match == "all"


def test_auto_asks_for_any_word_where_nothing_else_brings_a_work(index: MemoryIndex) -> None:
    found = search(index, Query(text="virus absent"), View())
    assert ({hit.key for hit in found.hits.hits}, found.match) == ({2}, "any")


def test_auto_asks_a_sentence_by_any_of_its_words_with_the_most_relevant_first(index: MemoryIndex) -> None:
    text = "how does the microbiome of the human gut change with the spread of antibiotics and diet"
    found = search(index, Query(text=text), View())
    assert ([hit.key for hit in found.hits.hits][:1], found.hits.count, found.match) == ([7], 3, "any")


def test_auto_never_asks_for_any_word_where_works_are_sorted_by_date(index: MemoryIndex) -> None:
    assert search(index, Query(text="virus absent"), View(sort="newest")).hits.count == 0


def test_a_pasted_text_with_stray_signs_finds_its_work(index: MemoryIndex) -> None:
    text = "In this (first study we describe 'the microbiome of the \"human gut. " + "Further words follow here. " * 20
    found = search(index, Query(text=text), View())
    assert (found.hits.hits[0].key, found.match) == (7, "any")


def test_a_word_that_is_nowhere_is_found_nowhere(index: MemoryIndex) -> None:
    found = search(index, Query(text="absent"), View())
    assert (found.hits.count, found.match) == (0, "all")


def test_the_work_whose_title_is_the_query_stands_first_among_works_that_match_better() -> None:
    memory = MemoryIndex()
    titles = {1: "Deep learning", **dict.fromkeys(range(2, 40), "Deep learning deep learning deep learning")}
    with memory.writer() as writer:
        writer.upsert(document_of(replace(BARE, key=key, title=Text(value=title))) for key, title in titles.items())
        writer.commit(1)
    for text in ("deep learning", "ＤＥＥＰ－ＬＥＡＲＮＩＮＧ", "“Deep Learning.”"):
        assert search(memory, Query(text=text), View()).hits.hits[0].key == 1, text
    assert search(memory, Query(text="learning deep"), View()).hits.hits[0].key != 1


def test_a_record_without_an_abstract_is_not_ranked_above_the_one_that_is_about_the_query() -> None:
    memory = MemoryIndex()
    about = "Light drives photocatalysis on titania, which splits water into oxygen and hydrogen under the sun. " * 2
    works = [
        replace(BARE, key=1, title=Text(value="Photocatalysis today")),
        replace(
            BARE, key=2, title=Text(value="On photocatalysis"), abstracts=(Text(value=about + "Water is clean. " * 12),)
        ),
        replace(BARE, key=3, title=Text(value="Other things"), abstracts=(Text(value="Nothing of the kind. " * 20),)),
    ]
    with memory.writer() as writer:
        writer.upsert(document_of(work) for work in works)
        writer.commit(1)
    assert [hit.key for hit in search(memory, Query(text="photocatalysis"), View()).hits.hits] == [2, 1]


def test_auto_never_loosens_on_a_following_page(index: MemoryIndex) -> None:
    view = View(after=After(value=99.0, key=0, seen=0))
    assert search(index, Query(text="machine computation covid absent"), view).match == "all"


def test_any_finds_works_with_one_of_the_words(index: MemoryIndex) -> None:
    assert keys(index, "virus gut", "any") == {2, 7}
