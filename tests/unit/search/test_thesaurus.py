"""Terms of a thesaurus in a query: where they are found, and what is looked for beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.search.compile import compile_query
from indexer.search.query import AllOf, AtLeast, Query, TokenPhrase, Tokens, Weighted, Without
from indexer.search.thesaurus import Entry, Term, Thesaurus, builtin_entries, expand, read_as

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
    beside = Weighted(clause=CHINESE, weight=0.25)
    words = (
        Tokens(field="all", alternatives=("deep",)),
        Tokens(field="all", alternatives=("learning", "learn", "learningi")),
    )
    expected = AllOf(clauses=tuple(AtLeast(count=1, clauses=(word, beside)) for word in words))
    assert compile_query(Query(text="deep learning"), "all", SOME).matching == expected


def test_with_any_of_the_words_the_term_is_one_more() -> None:
    matching = compile_query(Query(text="deep learning"), "any", SOME).matching
    assert isinstance(matching, AtLeast)
    assert matching.count == 1
    assert len(matching.clauses) == 3


@pytest.mark.parametrize("text", ['"deep learning"', "deep x learning", "heart -cancer", "author:cancer"])
def test_what_has_no_term_is_compiled_as_without_a_thesaurus(text: str) -> None:
    assert compile_query(Query(text=text), "all", SOME) == compile_query(Query(text=text), "all")


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
    assert all({"zh", "en"} <= {term.language for term in entry.terms} for entry in entries)
    assert all(len(text) > 1 for text in texts)
    whole = Thesaurus(entries)
    assert told("machine learning", whole) == [("machine learning", ["机器学习"])]
    assert told("机器学习", whole) == [("机器学习", ["machine learning"])]


@given(st.text(alphabet='deplarnig 深度学习()"-:ORND*', max_size=40))
def test_whatever_is_typed_compiles_with_a_thesaurus_where_it_does_without(text: str) -> None:
    expand(text, SOME)
    try:
        compile_query(Query(text=text), "all")
    except QueryError:
        return
    compile_query(Query(text=text), "all", SOME)
