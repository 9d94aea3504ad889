"""Queries become exact clauses."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import QueryError, UnsupportedQueryError
from indexer.search.compile import UsedMatch, compile_query
from indexer.search.parser import MAX_CLAUSES
from indexer.search.query import (
    AllOf,
    AtLeast,
    Clause,
    Exact,
    Filters,
    Flat,
    Query,
    TextField,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    Tokens,
    Weighted,
    Without,
    Years,
)
from indexer.search.ranking import MOST_PAIRS
from indexer.search.thesaurus import Entry, Term, Thesaurus
from indexer.search.titles import title_key


def tokens(*alternatives: str, field: TextField = "all") -> Tokens:
    return Tokens(field=field, alternatives=alternatives)


def compiled(text: str, match: UsedMatch = "all") -> TokenQuery:
    return compile_query(Query(text=text), match)


def matching(text: str, match: UsedMatch = "all") -> Clause | None:
    return compiled(text, match).matching


X, Y, Z, W = tokens("x"), tokens("y"), tokens("z"), tokens("w")


@pytest.mark.parametrize(
    ("text", "match", "clause"),
    [
        ("x", "all", X),
        ("x y", "all", AllOf(clauses=(X, Y))),
        ("x y", "most", AllOf(clauses=(X, Y))),
        ("x y z w", "most", AtLeast(count=3, clauses=(X, Y, Z, W))),
        ("x y z", "any", AtLeast(count=1, clauses=(X, Y, Z))),
        ("x y x", "all", AllOf(clauses=(Weighted(clause=X, weight=2.0), Y))),
        ("x OR y", "all", AtLeast(count=1, clauses=(X, Y))),
        ("x AND y", "any", AllOf(clauses=(X, Y))),
        ("(x y)", "all", AllOf(clauses=(X, Y))),
        ("x (y OR z)", "any", AllOf(clauses=(X, AtLeast(count=1, clauses=(Y, Z))))),
        ("x -y", "all", Without(clause=X, excluded=Y)),
        ("x -y -z", "any", Without(clause=X, excluded=AtLeast(count=1, clauses=(Y, Z)))),
        ("-x", "all", Without(clause=None, excluded=X)),
        ("x OR -y", "all", AtLeast(count=1, clauses=(X, Without(clause=None, excluded=Y)))),
        ("methods", "all", tokens("methods", "method")),
        ("author:methods", "all", tokens("methods", field="author")),
        (
            "title:methods x y z",
            "any",
            AllOf(clauses=(AtLeast(count=1, clauses=(X, Y, Z)), tokens("methods", "method", field="title"))),
        ),
        (
            "covid-19",
            "all",
            TokenPhrase(field="all", alternatives=(("covid", "19"), ("covidi", "19"), ("covid19",))),
        ),
        (
            "covid-19",
            "any",
            AtLeast(count=1, clauses=(tokens("covid", "covidi"), tokens("19"), tokens("covid19"))),
        ),
        ("王小明", "all", AllOf(clauses=(tokens("王小"), tokens("小明")))),
        ("王小明", "any", AtLeast(count=1, clauses=(tokens("王小"), tokens("小明")))),
        ("深度学习", "all", AllOf(clauses=(tokens("深度"), tokens("学习")))),
        ("癌", "all", TokenPrefix(field="all", prefix="癌")),
        ('"x y"', "any", TokenPhrase(field="all", alternatives=(("x", "y"),))),
        ('"x y"~2', "all", TokenPhrase(field="all", alternatives=(("x", "y"),), slop=2)),
        ('"x"', "all", X),
        ('author:"Smith J"', "all", TokenPhrase(field="author", alternatives=(("smith", "j"),))),
        (
            "comput*",
            "all",
            AtLeast(
                count=1,
                clauses=(
                    TokenPrefix(field="all", prefix="comput"),
                    TokenPrefix(field="all", prefix="=comput"),
                    tokens("comput"),
                ),
            ),
        ),
        (
            "journal:Natu*",
            "all",
            AtLeast(count=1, clauses=(TokenPrefix(field="journal", prefix="natu"), tokens("natu", field="journal"))),
        ),
        ("人工*", "all", tokens("人工")),
        ("10.1000/X", "all", Exact(field="identifier", values=("doi:10.1000/x",))),
        ("PMC12", "all", Exact(field="identifier", values=("pmcid:PMC12",))),
        ("issn:1932-6203", "all", Exact(field="issn", values=("1932-6203",))),
        ("x year:2019..", "any", AllOf(clauses=(X, Years(since=2019)))),
        (
            "has:pdf lang:zh",
            "any",
            AllOf(clauses=(Exact(field="has", values=("pdf",)), Exact(field="lang", values=("zh",)))),
        ),
    ],
)
def test_a_query_matches_by(text: str, match: UsedMatch, clause: Clause) -> None:
    assert matching(text, match) == clause


def title(clause: Clause, weight: float = 0.3) -> Weighted:
    return Weighted(clause=clause, weight=weight)


def pair(*rows: tuple[str, str], weight: float = 0.25) -> Weighted:
    return Weighted(clause=TokenPhrase(field="all", alternatives=rows), weight=weight)


def weighted(query: TokenQuery) -> list[Weighted]:
    return [boost for boost in query.boosts if isinstance(boost, Weighted)]


def exact(query: TokenQuery) -> list[Flat]:
    return [boost for boost in query.boosts if isinstance(boost, Flat)]


def test_most_is_seven_of_ten_rounded_up() -> None:
    counts = {}
    for n in (3, 4, 5, 10):
        clause = matching(" ".join("klmnpqrsuv"[:n]), "most")
        assert isinstance(clause, AtLeast)
        counts[n] = clause.count
    assert counts == {3: 3, 4: 3, 5: 4, 10: 7}


def test_positive_words_score_again_in_the_title() -> None:
    phrase = TokenPhrase(field="title", alternatives=(("y", "z"),))
    assert weighted(compiled('x x "y z" -w')) == [
        title(tokens("x", field="title"), 0.6),
        title(phrase),
        pair(("x", "x")),
    ]
    assert compiled("author:x year:2020 癌").boosts == ()


def test_words_side_by_side_score_more_where_they_stand_so_in_a_record() -> None:
    pairs = [boost for boost in weighted(compiled("x cell, the y methods -z w")) if boost.weight == 0.25]
    assert pairs == [
        pair(("x", "cell")),
        pair(("y", "methods"), ("y", "method")),
        pair(("methods", "w"), ("method", "w")),
    ]


def test_pairs_do_not_reach_over_function_words_that_are_passed_over_nor_into_words_of_several_parts() -> None:
    assert [b for b in weighted(compiled("x of y covid-19 z", "any")) if b.weight == 0.25] == []


def test_a_long_query_looks_up_so_many_pairs_and_no_more() -> None:
    words = " ".join(f"w{one}{other}" for one in "abcdefgh" for other in "abcdefgh")
    assert len([b for b in weighted(compiled(words, "any")) if b.weight == 0.25]) == MOST_PAIRS


@pytest.mark.parametrize(
    "text",
    [
        "Deep learning in Müller's cells",
        "ＤＥＥＰ-learning: “in MULLERS cells”",
        "title:“Deep learning in Mullers cells”",
    ],
)
def test_a_query_that_may_be_a_title_asks_for_it_as_a_whole(text: str) -> None:
    assert exact(compiled(text)) == [
        Flat(clause=Exact(field="title_key", values=(title_key("deep learning in mullers cells"),)), score=1000.0)
    ]


@pytest.mark.parametrize(
    "text", ["x -y", "x year:2020", "author:x", "comput*", "10.1000/x", "title:x y", "(x title:y)"]
)
def test_a_query_that_says_more_than_words_is_no_title(text: str) -> None:
    assert exact(compiled(text)) == []


@pytest.mark.parametrize(
    ("text", "match", "clause"),
    [
        ("what is the x of y", "any", AtLeast(count=1, clauses=(X, Y))),
        ("what is the x of y z", "most", AtLeast(count=3, clauses=(X, Y, Z))),
        ("the x", "all", AllOf(clauses=(tokens("the"), X))),
        ("WHO of x", "any", AtLeast(count=1, clauses=(tokens("who"), X))),
        ("THE X OF Y", "any", AtLeast(count=1, clauses=(X, Y))),
        ("what is the", "any", AtLeast(count=1, clauses=(tokens("what"), tokens("is"), tokens("the")))),
    ],
)
def test_function_words_are_passed_over_unless_all_words_are_asked_for(
    text: str, match: UsedMatch, clause: Clause
) -> None:
    found = matching(text, match)
    assert found is not None
    assert without_stems(found) == clause


def without_stems(clause: Clause) -> Clause:
    match clause:
        case AtLeast() | AllOf():
            return replace(clause, clauses=tuple(without_stems(one) for one in clause.clauses))
        case Tokens():
            return replace(clause, alternatives=clause.alternatives[:1])
        case _:
            return clause


def test_any_takes_a_phrase_for_one_of_the_words_and_looks_through_parentheses() -> None:
    phrase = TokenPhrase(field="all", alternatives=(("y", "z"),))
    assert matching('(x (w)) "y z"', "any") == AtLeast(count=1, clauses=(X, W, phrase))
    assert matching('x "y z"', "all") == AllOf(clauses=(X, phrase))
    assert matching("x (y OR z)", "any") == AllOf(clauses=(X, AtLeast(count=1, clauses=(Y, Z))))


def test_of_a_pasted_text_any_takes_the_first_200_words() -> None:
    text = " ".join(one + other for one in "bcdfghjklmnpqrs" for other in "bcdfghjklmnpqrs")
    clause = matching(text, "any")
    assert isinstance(clause, AtLeast)
    assert MAX_CLAUSES <= len(clause.clauses) < MAX_CLAUSES + 5


def test_chinese_words_and_the_pairs_between_them_only_add_to_the_score() -> None:
    query = compiled("深度学习")
    bonus = [boost.clause for boost in weighted(query) if boost.weight == 1.0]
    assert bonus == [tokens("度学"), tokens("深度"), tokens("学习")]
    assert Weighted(clause=tokens("度学", field="title"), weight=0.3) in query.boosts


def test_filters_stand_beside_the_query() -> None:
    filters = Filters(source=("doaj",), year=(2019, 2021), subject=("Medicine",), has=("pdf", "doi"), year_from=2000)
    assert compile_query(Query(filters=filters), "all") == TokenQuery(
        matching=None,
        filters={
            "source": Exact(field="source", values=("doaj",)),
            "year": AtLeast(count=1, clauses=(Years(since=2019, until=2019), Years(since=2021, until=2021))),
            "subject": Exact(field="subject_facet", values=("Medicine",)),
            "has": Exact(field="has", values=("pdf", "doi")),
        },
        restrictions=(Years(since=2000),),
    )


def test_an_empty_query_asks_for_everything() -> None:
    assert compiled("  ") == TokenQuery(matching=None)


def test_a_query_whose_words_fold_to_nothing_is_refused_and_not_everything() -> None:
    with pytest.raises(QueryError, match="no word"):
        compiled("ـ")


def test_slop_over_more_than_two_words_is_refused() -> None:
    with pytest.raises(UnsupportedQueryError, match="two words") as caught:
        compiled('x "x y z"~2')
    assert caught.value.position == 2


def test_a_run_of_too_many_chinese_words_is_refused() -> None:
    with pytest.raises(QueryError, match="more than 200 words"):
        compiled("深度学习" * 101)


@given(st.text(max_size=80), st.sampled_from(["all", "most", "any"]))
def test_any_text_compiles_or_is_refused(text: str, match: UsedMatch) -> None:
    with contextlib.suppress(QueryError):
        compiled(text, match)


@pytest.mark.parametrize("match", ["all", "most", "any"])
def test_a_function_word_within_a_term_of_the_thesaurus_is_passed_over_all_the_same(match: UsedMatch) -> None:
    terms = (Term(text="quality of life", language="en"), Term(text="生活质量", language="zh"))
    thesaurus = Thesaurus([Entry(kind="translation", terms=terms)])
    found = compile_query(Query(text="the quality of life of cats in flats"), match, thesaurus)
    assert ("of" in str(found.matching).split("'")) == (match == "all")
