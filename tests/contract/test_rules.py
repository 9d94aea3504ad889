"""What a library hides or lifts means the same to every engine."""

from __future__ import annotations

import pytest

from indexer.search.query import Exact, Keys, TokenQuery, Tokens, View
from indexer.search.rules import Lift, Rules, any_of, sources_hidden
from indexer.storage.search_index import SearchIndex
from tests.contract.corpus import fill, make_document

WORD = Tokens(field="all", alternatives=("a",))
RANKED = TokenQuery(matching=WORD)


@pytest.fixture
def filled(index: SearchIndex) -> SearchIndex:
    fill(
        index,
        [
            make_document(1, "a b", source="x", container="c1", lang="en"),
            make_document(2, "a b", source=["x", "y"], container="c2", lang="en"),
            make_document(3, "a b", source="y", container="c2", lang="zh"),
            make_document(4, "b", source="z", container="c1", lang="zh"),
        ],
    )
    return index


def keys(index: SearchIndex, query: TokenQuery) -> list[int]:
    return [hit.key for hit in index.search(query, View()).hits]


def test_hidden_works_are_neither_found_nor_counted(filled: SearchIndex) -> None:
    sources = sources_hidden(frozenset("x"), frozenset("xyz"))
    assert sources is not None
    rules = Rules(hidden=any_of([sources, Keys(keys=(3,))]))
    for query, expected in ((RANKED, [2]), (TokenQuery(matching=None), [2, 4])):
        ruled = rules.apply(query, is_ranked=True)
        found = filled.search(ruled, View(facets=("lang",)))
        assert ([hit.key for hit in found.hits], found.count) == (expected, len(expected))
        assert {one.value: one.count for one in found.facets["lang"]} == {2: {"en": 1}, 4: {"en": 1, "zh": 1}}[
            expected[-1]
        ]
        assert {one.value for one in filled.values(ruled, "source")} == (
            {"x", "y"} if expected == [2] else {"x", "y", "z"}
        )
        sought = rules.only_hidden(ruled)
        assert sought is not None
        assert sorted(keys(filled, sought)) == [1, 3]


def test_lifted_works_come_first_and_lowered_ones_last(filled: SearchIndex) -> None:
    assert keys(filled, RANKED) == [1, 2, 3]
    container = Exact(field="container", values=("c2",))
    assert keys(filled, Rules(lifts=(Lift(clause=container, weight=1.0),)).apply(RANKED, is_ranked=True)) == [2, 3, 1]
    both = Rules(lifts=(Lift(clause=container, weight=0.5), Lift(clause=Keys(keys=(2,)), weight=-1.0)))
    assert keys(filled, both.apply(RANKED, is_ranked=True)) == [3, 1, 2]
