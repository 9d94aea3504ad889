"""The library's rules become part of a compiled query."""

from __future__ import annotations

from indexer.search.compile import compile_query
from indexer.search.query import Exact, Filters, Keys, Query, TokenQuery, View, Without
from indexer.search.rules import NO_RULES, Lift, Rules, sources_hidden

HIDDEN = Keys(keys=(7,))
LIFTED = Lift(clause=Exact(field="container", values=("c1",)), weight=1.0)
LOWERED = Lift(clause=Exact(field="source", values=("x",)), weight=-1.0)
RULES = Rules(hidden=HIDDEN, lifts=(LIFTED, LOWERED))


def compiled(text: str) -> TokenQuery:
    return compile_query(Query(text=text, filters=Filters(lang=("en",), year_from=2000)), "all")


def test_without_rules_nothing_is_changed() -> None:
    query = compiled("solar cells")
    assert NO_RULES.adapt(View())(query) is query
    assert NO_RULES.only_hidden(query) is None


def test_hiding_narrows_every_search_and_leaves_its_filters_alone() -> None:
    for query in (TokenQuery(matching=None), compiled("solar cells"), compiled("lang:en")):
        ruled = Rules(hidden=HIDDEN).apply(query, is_ranked=False)
        assert ruled.restrictions == (*query.restrictions, Without(clause=None, excluded=HIDDEN))
        assert (ruled.filters, ruled.matching, ruled.boosts) == (query.filters, query.matching, query.boosts)


def test_lifts_count_by_relevance_and_where_words_are_searched_for() -> None:
    words = compiled("solar cells")
    ruled = RULES.adapt(View(sort="relevance"))(words)
    assert len(ruled.boosts) == len(words.boosts) + 2
    assert RULES.is_lifting(ruled)
    for query, view in (
        (words, View(sort="newest")),
        (compiled("lang:en"), View()),
        (compiled("year:2020..2024 -has:pdf"), View()),
        (TokenQuery(matching=None), View()),
    ):
        assert RULES.adapt(view)(query).boosts == query.boosts
        assert not RULES.is_lifting(RULES.adapt(view)(query))


def test_lowering_lifts_all_others() -> None:
    *_, raised, lowered = RULES.apply(compiled("solar"), is_ranked=True).boosts
    assert raised.clause == LIFTED.clause
    assert lowered.clause == Without(clause=None, excluded=LOWERED.clause)
    assert raised.score == lowered.score > 0  # type: ignore[union-attr]


def test_what_was_hidden_is_found_by_the_same_query_turned_round() -> None:
    query = compiled("solar")
    sought = RULES.only_hidden(RULES.apply(query, is_ranked=True))
    assert sought is not None
    assert sought.restrictions == (*query.restrictions, HIDDEN)
    assert (sought.matching, sought.filters, sought.boosts) == (query.matching, query.filters, ())


def test_of_hidden_sources_only_works_are_hidden_that_no_other_source_has() -> None:
    theirs = Exact(field="source", values=("a", "b"))
    assert sources_hidden(frozenset("ab"), frozenset("abcd")) == Without(
        clause=theirs, excluded=Exact(field="source", values=("c", "d"))
    )
    assert sources_hidden(frozenset("ab"), frozenset("ab")) == theirs
    assert sources_hidden(frozenset(), frozenset("ab")) is None
