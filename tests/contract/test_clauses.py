"""Each clause of a token query, on each engine."""

from __future__ import annotations

import math

import pytest

from indexer.errors import UnsupportedQueryError
from indexer.search.query import (
    AllOf,
    AtLeast,
    Exact,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    Tokens,
    View,
    Weighted,
    Without,
    Years,
)
from indexer.storage.search_index import SearchIndex
from tests.contract.corpus import EVERYTHING, fill, find, make_document


def word(*alternatives: str) -> Tokens:
    return Tokens(field="all", alternatives=alternatives)


def phrase(text: str, slop: int = 0) -> TokenPhrase:
    return TokenPhrase(field="all", alternatives=(tuple(text.split()),), slop=slop)


def score_by_key(index: SearchIndex, query: TokenQuery) -> dict[int, float]:
    return {hit.key: hit.score for hit in index.search(query, View(limit=200)).hits}


def test_a_word_finds_any_of_its_alternatives(index: SearchIndex) -> None:
    fill(index, [make_document(1, "图书 馆"), make_document(2, "library"), make_document(3, "museum")])
    assert sorted(find(index, word("library", "图书"))) == [1, 2]


def test_a_word_looks_only_into_its_field(index: SearchIndex) -> None:
    fill(index, [make_document(1, "cell", title="tissue"), make_document(2, "tissue", title="cell")])
    assert find(index, Tokens(field="title", alternatives=("cell",))) == [2]


def test_of_alternatives_only_the_best_one_scores(index: SearchIndex) -> None:
    fill(index, [make_document(1, "rare common"), make_document(2, "common x"), make_document(3, "common y")])
    alone = score_by_key(index, TokenQuery(matching=word("rare")))
    both = score_by_key(index, TokenQuery(matching=word("rare", "common")))
    assert both[1] == pytest.approx(alone[1], rel=1e-3)


def test_scores_are_those_of_the_bm25_formula(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a a b"), make_document(2, "b c d e"), make_document(3, "b")])
    idf, mean = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5)), 8 / 3
    expected = idf * 2.2 * 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / mean))
    assert score_by_key(index, TokenQuery(matching=word("a")))[1] == pytest.approx(expected, rel=1e-3)


def test_long_fields_count_with_their_length_rounded_to_one_byte(index: SearchIndex) -> None:
    # 120 words are kept as 120, 125 as 120 too: in 120 to 127 they weigh the same, 128 weighs more.
    documents = [make_document(key, "a" + " b" * (length - 1)) for key, length in ((1, 120), (2, 125), (3, 128))]
    fill(index, documents)
    scores = score_by_key(index, TokenQuery(matching=word("a")))
    assert scores[1] == scores[2]
    assert scores[3] < scores[1]


def test_documents_without_a_field_do_not_change_what_engines_agree_on(index: SearchIndex) -> None:
    fill(index, [make_document(1, title="a b"), make_document(2, "x"), make_document(3, "y")])
    idf, mean = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5)), 4 / 3
    expected = idf * 2.2 * 1 / (1 + 1.2 * (0.25 + 0.75 * 2 / mean))
    query = TokenQuery(matching=Tokens(field="title", alternatives=("a",)))
    assert score_by_key(index, query)[1] == pytest.approx(expected, rel=1e-3)


def test_a_phrase_wants_its_words_in_a_row(index: SearchIndex) -> None:
    fill(index, [make_document(1, "open access now"), make_document(2, "access open now"), make_document(3, "open")])
    assert find(index, phrase("open access")) == [1]


def test_a_phrase_of_one_word_is_that_word(index: SearchIndex) -> None:
    fill(index, [make_document(1, "open access"), make_document(2, "access")])
    assert find(index, phrase("open")) == [1]


@pytest.mark.parametrize("slop", [0, 3, 20])
def test_no_phrase_crosses_stretches(index: SearchIndex, slop: int) -> None:
    fill(index, [make_document(1, ["zhang wei", "li na"]), make_document(2, "zhang li")])
    assert find(index, phrase("wei li", slop)) == []


@pytest.mark.parametrize(
    ("text", "found"), [("a b c", False), ("a x a", True), ("a x x a", True), ("a x x x a", False)]
)
def test_the_same_word_twice_needs_two_places(index: SearchIndex, text: str, *, found: bool) -> None:
    fill(index, [make_document(1, text), make_document(2, "c")])
    assert find(index, phrase("a a", 2)) == ([1] if found else [])


@pytest.mark.parametrize(
    ("text", "slop", "found"),
    [
        ("a x b", 0, False),
        ("a x b", 1, True),
        ("a x x b", 1, False),
        ("b a", 1, False),
        ("b a", 2, True),
    ],
)
def test_slop_counts_how_far_words_are_moved(index: SearchIndex, text: str, slop: int, *, found: bool) -> None:
    fill(index, [make_document(1, text), make_document(2, "c")])
    assert find(index, phrase("a b", slop)) == ([1] if found else [])


@pytest.mark.parametrize(
    ("text", "slop", "found"),
    [
        ("a b x c", 1, True),
        ("a x b x c", 1, False),
        ("a x b x c", 2, True),
        ("a x x x c b", 2, False),
        ("c b a", 4, True),
        ("c b a", 3, False),
    ],
)
def test_slop_of_three_words_misses_nothing(index: SearchIndex, text: str, slop: int, *, found: bool) -> None:
    fill(index, [make_document(1, text), make_document(2, "d")])
    assert find(index, phrase("a b c", slop)) == ([1] if found else [])


@pytest.mark.parametrize("engine", ["tantivy"], indirect=True)
def test_a_phrase_too_wide_for_the_engine_is_refused_with_a_remedy(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a b c d e f g h")])
    assert find(index, phrase("a b c d e f", 2)) == [1]
    with pytest.raises(UnsupportedQueryError, match="Make the phrase shorter"):
        find(index, phrase("a b c d e f g h", 9))


def test_a_loose_phrase_scores_as_its_words_do(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a x b"), make_document(2, "a b y z"), make_document(3, "a")])
    loose = score_by_key(index, TokenQuery(matching=phrase("a b", 1)))
    words = score_by_key(index, TokenQuery(matching=AllOf(clauses=(word("a"), word("b")))))
    assert loose == pytest.approx(words, rel=1e-3)


@pytest.mark.parametrize("expansions", [60, 1_500])
def test_a_prefix_finds_every_token_that_begins_so(index: SearchIndex, expansions: int) -> None:
    documents = [make_document(key, f"lear{key:05}x") for key in range(expansions)]
    fill(index, documents, [make_document(expansions, "other leather")])
    page = index.search(TokenQuery(matching=TokenPrefix(field="all", prefix="lear")), View(limit=10))
    assert page.count == expansions
    assert [hit.key for hit in page.hits] == list(range(10))
    assert {hit.score for hit in page.hits} == {1.0}


@pytest.mark.parametrize("prefix", ["c++", "a.b", "n-3", "中文", "x[", "5'-", "a&b", "q#", "t~", "h\\", "m^2", "𠮷"])
def test_a_prefix_means_its_characters_whatever_they_are(index: SearchIndex, prefix: str) -> None:
    fill(index, [make_document(1, f"{prefix}tail"), make_document(2, "cxxtail aXbtail"), make_document(3, prefix)])
    assert find(index, TokenPrefix(field="all", prefix=prefix)) == [1, 3]


def test_exact_finds_whole_values_and_adds_no_score(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a", lang="zh"), make_document(2, "a", lang="zh-TW"), make_document(3, lang="en")])
    assert score_by_key(index, TokenQuery(matching=Exact(field="lang", values=("zh", "en")))) == {1: 0.0, 3: 0.0}


def test_exact_values_may_hold_spaces_and_any_script(index: SearchIndex) -> None:
    fill(
        index,
        [make_document(1, subject_facet=("Public health", "公共 卫生")), make_document(2, subject_facet="Public")],
    )
    assert find(index, Exact(field="subject_facet", values=("公共 卫生",))) == [1]
    assert find(index, Exact(field="subject_facet", values=("Public",))) == [2]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [(2020, 2021, [2, 3]), (None, 2020, [1, 2]), (2021, None, [3]), (None, None, [1, 2, 3]), (2022, 2020, [])],
)
def test_years_are_inclusive_and_open_where_none(
    index: SearchIndex, since: int | None, until: int | None, found: list[int]
) -> None:
    years = [(1, 2019), (2, 2020), (3, 2021), (4, None)]
    fill(index, [make_document(key, "a", year=year) for key, year in years])
    assert find(index, Years(since=since, until=until)) == found


def test_all_of_adds_scores_up(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a b"), make_document(2, "a"), make_document(3, "b")])
    one, other = (score_by_key(index, TokenQuery(matching=word(token)))[1] for token in "ab")
    both = score_by_key(index, TokenQuery(matching=AllOf(clauses=(word("a"), word("b")))))
    assert both == {1: pytest.approx(one + other, rel=1e-3)}


@pytest.mark.parametrize(("count", "found"), [(0, [1, 2, 3, 4]), (1, [1, 2, 3]), (2, [1, 2]), (3, [1]), (4, [])])
def test_at_least_counts_matching_clauses(index: SearchIndex, count: int, found: list[int]) -> None:
    fill(index, [make_document(1, "a b c"), make_document(2, "a b"), make_document(3, "a"), make_document(4, "d")])
    clause = AtLeast(count=count, clauses=(word("a"), word("b"), word("c")))
    assert sorted(find(index, clause)) == found


def test_more_than_there_are_is_never_reached(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a")])
    assert find(index, AtLeast(count=2, clauses=(word("a"),))) == []


def test_without_takes_away(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a b"), make_document(2, "a"), make_document(3, "c")])
    assert find(index, Without(clause=word("a"), excluded=word("b"))) == [2]
    assert find(index, Without(clause=None, excluded=word("b"))) == [2, 3]


def test_a_weight_multiplies_the_score_of_whatever_it_holds(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a b"), make_document(2, "a")])
    inner = AllOf(clauses=(word("a"), Weighted(clause=word("b"), weight=0.5), TokenPrefix(field="all", prefix="a")))
    plain = score_by_key(index, TokenQuery(matching=inner))
    heavy = score_by_key(index, TokenQuery(matching=Weighted(clause=inner, weight=3)))
    assert heavy[1] == pytest.approx(3 * plain[1], rel=1e-3)


def test_boosts_add_score_and_find_nothing(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a", title="x"), make_document(2, "a", title="t"), make_document(3, "b", title="t")])
    boost = Weighted(clause=Tokens(field="title", alternatives=("t",)), weight=0.3)
    assert find(index, word("a"), boosts=(boost,)) == [2, 1]


@pytest.mark.parametrize(
    "clause", [word(), Exact(field="lang", values=()), TokenPhrase(field="all", alternatives=((),)),
               AtLeast(count=1, clauses=())]
)  # fmt: skip
def test_a_clause_of_nothing_finds_nothing(index: SearchIndex, clause: Tokens) -> None:
    fill(index, [make_document(1, "a", lang="zh")])
    assert find(index, clause) == []


def test_all_of_nothing_finds_everything(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a"), make_document(2)])
    assert find(index, AllOf(clauses=())) == [1, 2]


def test_filters_restrict_and_do_not_score(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a", lang="zh", year=2020), make_document(2, "a", lang="en", year=2020),
                 make_document(3, "a", lang="zh", year=2010)])  # fmt: skip
    plain = score_by_key(index, TokenQuery(matching=word("a")))
    query = TokenQuery(
        matching=word("a"),
        filters={"lang": Exact(field="lang", values=("zh",))},
        restrictions=(Years(since=2015),),
    )
    assert score_by_key(index, query) == {1: plain[1]}


def test_an_empty_index_answers_with_nothing(index: SearchIndex) -> None:
    page = index.search(EVERYTHING, View(facets=("source", "year")))
    assert (page.hits, page.count, page.next, page.facets) == ((), 0, None, {"source": (), "year": ()})
    assert find(index, word("a")) == []
