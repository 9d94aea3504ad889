"""Terms of a thesaurus in a query: where they are found, and what is looked for beside them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.models import Text, Work
from indexer.search.compile import compile_query
from indexer.search.document import document_of
from indexer.search.query import AllOf, AtLeast, Match, Query, TokenPhrase, Tokens, View, Weighted, Without
from indexer.search.ranking import AS_WRITTEN_SCORE
from indexer.search.searching import search
from indexer.search.thesaurus import WEIGHT, Entry, Term, Thesaurus, builtin_entries, compared, expand, read_as
from indexer.storage.memory import MemoryIndex

DEEP = Entry(
    kind="translation", terms=(Term(text="深度学习", language="zh"), Term(text="deep learning", language="en"))
)
NETS = Entry(
    kind="translation", terms=(Term(text="neural network", language="en"), Term(text="神经网络", language="zh"))
)
LIFE = Entry(
    kind="translation", terms=(Term(text="quality of life", language="en"), Term(text="生活质量", language="zh"))
)
CANCER = Entry(kind="synonym", terms=(Term(text="cancer"), Term(text="carcinoma"), Term(text="tumour")))
SOME = Thesaurus([DEEP, NETS, LIFE, CANCER], version="1.0")
CHINESE = TokenPhrase(field="all", alternatives=(("深度", "度学", "学习"),))


def told(text: str, thesaurus: Thesaurus = SOME) -> list[tuple[str, list[str]]]:
    return [(one.written, [added.text for added in one.added]) for one in expand(text, thesaurus).told]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deep learning", [("deep learning", ["深度学习"])]),
        ("Deep Learning of neural networks", [("Deep Learning", ["深度学习"]), ("neural networks", ["神经网络"])]),
        ("基于深度學習的方法", [("深度学习", ["deep learning"])]),
        ("quality of life", [("quality of life", ["生活质量"])]),
        ("cancer", [("cancer", ["carcinoma", "tumour"])]),
        ("deep OR learning", []),
        ("learning deep", []),
        ("deep x learning", []),
        ('"deep learning"', []),
        ("heart -cancer", []),
        ("heart NOT (deep learning)", []),
        ("author:cancer journal:cancer", []),
        ("title:cancer", [("cancer", ["carcinoma", "tumour"])]),
        ("title:deep learning", []),
        ("x AND (deep learning OR y)", [("deep learning", ["深度学习"])]),
        ("cancer*", []),
        ("", []),
        ('"never closed', []),
    ],
)
def test_terms_are_found_where_their_words_stand_side_by_side(text: str, expected: list[tuple[str, list[str]]]) -> None:
    assert told(text) == expected


def test_the_longest_term_counts() -> None:
    solar = Entry(kind="translation", terms=(Term(text="solar cell"), Term(text="太阳能电池")))
    perovskite = Entry(kind="translation", terms=(Term(text="perovskite solar cell"), Term(text="钙钛矿太阳能电池")))
    module = Entry(kind="translation", terms=(Term(text="solar cell module"), Term(text="太阳能电池组件")))
    some = Thesaurus([solar, perovskite, module])
    assert told("perovskite solar cells", some) == [("perovskite solar cells", ["钙钛矿太阳能电池"])]
    assert told("solar cell modules", some) == [("solar cell modules", ["太阳能电池组件"])]


def test_what_is_blocked_stands_for_nothing_and_nothing_for_it() -> None:
    blocked = Thesaurus([CANCER, Entry(kind="block", terms=(Term(text="tumour"),))])
    assert told("tumour", blocked) == []
    assert told("cancer", blocked) == [("cancer", ["carcinoma"])]


def test_a_term_is_looked_for_beside_each_of_its_words() -> None:
    words = (
        Tokens(field="all", alternatives=("deep",)),
        Tokens(field="all", alternatives=("learning", "learn", "learningi")),
    )
    expected = AllOf(
        clauses=tuple(
            AtLeast(count=1, clauses=(word, Weighted(clause=Without(clause=CHINESE, excluded=word), weight=WEIGHT / 2)))
            for word in words
        )
    )
    assert compile_query(Query(text="deep learning"), "all", SOME).matching == expected


def test_with_any_of_the_words_the_term_is_one_more_for_each() -> None:
    matching = compile_query(Query(text="deep learning"), "any", SOME).matching
    assert isinstance(matching, AtLeast)
    assert matching.count == 1
    assert len(matching.clauses) == 4


@pytest.mark.parametrize("text", ['"deep learning"', "deep x learning", "heart -cancer", "author:cancer"])
def test_what_has_no_term_is_compiled_as_without_a_thesaurus(text: str) -> None:
    assert compile_query(Query(text=text), "all", SOME) == compile_query(Query(text=text), "all")


LIBRARY = {
    1: ("Diabetes", "One word among very many others here, " * 40 + "and nothing about it at all."),
    2: ("Care at home", "It tells of many things, " * 40 + "and of diabetes once, in a hospital"),
    3: ("糖尿病糖尿病", "糖尿病。hospital hospital hospital"),
    4: ("糖尿病 (Diabetes)", "糖尿病糖尿病糖尿病"),
    5: ("Diabetes", "Diabetes, diabetes and diabetes: all about diabetes"),
    6: ("Hospital", "hospital hospital"),
}


def scored(text: str, match: Match, *, expand: bool = True) -> dict[int, float]:
    entries = [Entry(kind="translation", terms=(Term(text="diabetes"), Term(text="糖尿病", language="zh")))]
    memory = MemoryIndex()
    with memory.writer() as writer:
        works = (
            Work(
                key=key,
                id=f"w{key}",
                version=1,
                first_indexed=datetime(2026, 1, 1, tzinfo=UTC),
                title=Text(value=title),
                abstracts=(Text(value=abstract),),
            )
            for key, (title, abstract) in LIBRARY.items()
        )
        writer.upsert(map(document_of, works))
        writer.commit(1)
    query = Query(text=text, match=match, expand=expand)
    return {hit.key: hit.score for hit in search(memory, query, View(), thesaurus=Thesaurus(entries)).hits.hits}


def ranked(text: str, match: Match, *, expand: bool = True) -> list[int]:
    return list(scored(text, match, expand=expand))


@pytest.mark.parametrize("match", ["auto", "all", "most", "any"])
@pytest.mark.parametrize("text", ["diabetes", "(diabetes)"])
def test_works_with_what_was_typed_stand_first_and_those_of_the_thesaurus_are_found_behind(
    text: str, match: Match
) -> None:
    found = ranked(text, match)
    assert found[-1] == 3
    assert found[:-1] == ranked(text, match, expand=False)
    assert set(found) == {1, 2, 3, 4, 5}


def test_that_holds_beside_other_words_too() -> None:
    assert ranked("diabetes hospital", "all") == [2, 3]
    assert ranked("diabetes AND hospital", "all") == [2, 3]


def test_a_work_in_both_languages_is_not_counted_twice() -> None:
    written, expanded = scored("diabetes", "all", expand=False), scored("diabetes", "all")
    assert {round(expanded[key] - written[key], 9) for key in written} == {AS_WRITTEN_SCORE}


def test_a_query_that_wants_none_gets_none() -> None:
    plain = compile_query(Query(text="deep learning", expand=False), "all", SOME)
    assert plain.matching == compile_query(Query(text="deep learning"), "all").matching


def test_what_is_excluded_is_excluded_as_written() -> None:
    matching = compile_query(Query(text="x -(deep learning)"), "all", SOME).matching
    assert isinstance(matching, Without)
    assert matching == compile_query(Query(text="x -(deep learning)"), "all").matching


def test_the_query_tells_its_stems_and_simplified_characters() -> None:
    found = {one.written: [added.text for added in one.added] for one in read_as('methods 神經 "quoted words" x')}
    assert found == {"methods": ["method"], "神經": ["神经"]}


def test_the_terms_that_come_with_the_program_mean_one_thing_each() -> None:
    entries = builtin_entries()
    texts = [term.text for entry in entries for term in entry.terms if term.language == "zh"]
    assert len(texts) == len(set(texts)) >= 200
    assert all(len({compared(term.text) for term in entry.terms} - {""}) > 1 for entry in entries)
    assert all("zh" in {term.language for term in entry.terms} for entry in entries)
    assert all(len(text) > 1 for text in texts)
    whole = Thesaurus(entries)
    assert told("machine learning", whole) == [("machine learning", ["机器学习"])]
    assert told("机器学习", whole) == [("机器学习", ["machine learning"])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("软件", ["軟體"]),
        ("軟體", ["软件"]),
        ("網路", ["网络"]),
        ("數位化", ["数字化"]),
        ("資訊", ["信息"]),
        ("資料庫", ["数据库"]),
        ("人工智慧", ["人工智能", "artificial intelligence"]),
        ("雷射", ["激光"]),
        ("列印", ["打印"]),
        ("硬體", ["硬件"]),
        ("網際網路", ["互联网"]),
        ("教學品質", ["教学质量"]),
        ("程式設計", ["程序设计"]),
    ],
)
def test_words_of_taiwan_and_of_the_mainland_stand_for_each_other(text: str, expected: list[str]) -> None:
    assert [added for _, added in told(text, Thesaurus(builtin_entries()))] == [expected]


@pytest.mark.parametrize("text", ["质量", "品質", "程序", "數據", "資料", "software"])
def test_words_that_mean_something_else_too_stand_for_nothing(text: str) -> None:
    assert told(text, Thesaurus(builtin_entries())) == []


def test_a_term_that_is_part_of_another_brings_what_stands_for_itself_alone() -> None:
    whole = Thesaurus(builtin_entries())
    assert told("神经网络", whole) == [("神经网络", ["神經網路", "neural network"])]
    assert told("微分方程", whole) == [("微分方程", ["differential equation"])]
    assert told("graph neural network", whole)[0][1][0] == "图神经网络"


@given(st.text(alphabet='deplarnig 深度学习()"-:ORND*', max_size=40))
def test_whatever_is_typed_compiles_with_a_thesaurus_where_it_does_without(text: str) -> None:
    expand(text, SOME)
    try:
        compile_query(Query(text=text), "all")
    except QueryError:
        return
    compile_query(Query(text=text), "all", SOME)
