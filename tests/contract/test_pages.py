"""Order and paging: every work once, in order, however small the pages."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from indexer.search.query import AtLeast, Hit, Sort, TokenPrefix, TokenQuery, Tokens, View, Weighted
from indexer.storage.search_index import SearchIndex
from tests.contract.corpus import EVERYTHING, fill, make_document, walk, walk_pages

A = TokenQuery(matching=Tokens(field="all", alternatives=("a",)))


def keys_of(hits: list[Hit]) -> list[int]:
    return [hit.key for hit in hits]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("newest", [2, 5, 3, 1, 4]), ("oldest", [3, 2, 5, 1, 4]), ("first_indexed", [4, 1, 3, 2, 5])],
)
@pytest.mark.parametrize("limit", [1, 2, 5, 200])
def test_fields_sort_with_the_undated_last_and_ties_by_key(
    index: SearchIndex, sort: Sort, expected: list[int], limit: int
) -> None:
    facts = [(1, 0, 200), (2, 20240131, 50), (3, 20230000, 100), (4, 0, 1_900_000_000), (5, 20240131, 50)]
    fill(index, [make_document(key, "a", published=day, first_indexed=seen) for key, day, seen in facts])
    hits = walk(index, A, View(sort=sort, limit=limit))
    assert keys_of(hits) == expected
    assert {hit.score for hit in hits} == {0.0}


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_titles_sort_by_their_order_and_ties_by_key(index: SearchIndex, limit: int) -> None:
    alike = "effects of early treatment"
    orders = ["", "a", "a b", "ab", alike, f"{alike} a", f"{alike} b", "水", "\uffff", "\U00020000", alike, "b", "é"]
    documents = [make_document(key, "a", title_order=order) for key, order in enumerate(orders, start=5)]
    fill(index, documents[::2], documents[1::2])
    expected = sorted(documents, key=lambda one: (one.title_order, one.key))
    for query in (A, EVERYTHING):
        assert keys_of(walk(index, query, View(sort="title", limit=limit))) == [one.key for one in expected]


def test_thousands_of_titles_that_begin_alike_are_walked_once_each(index: SearchIndex) -> None:
    fill(index, [make_document(key, "a", title_order=f"effects of early {key % 700:04d}") for key in range(2_000)])
    hits = walk(index, A, View(sort="title", limit=150))
    assert keys_of(hits) == sorted(range(2_000), key=lambda key: (key % 700, key))


def test_without_text_the_most_relevant_is_the_newest(index: SearchIndex) -> None:
    fill(index, [make_document(key, published=20200000 + key) for key in (1, 2, 3)])
    assert keys_of(walk(index, EVERYTHING, View(limit=1))) == [3, 2, 1]


def test_relevance_comes_first_and_keys_break_ties(index: SearchIndex) -> None:
    fill(index, [make_document(9, "a b"), make_document(3, "a b"), make_document(7, "a a")], [make_document(1, "a b")])
    assert keys_of(walk(index, A, View(limit=2))) == [7, 1, 3, 9]


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "first_indexed", "title"])
@pytest.mark.parametrize("limit", [7, 100, 200])
def test_a_tie_of_1000_works_is_walked_once_each_in_order(index: SearchIndex, sort: Sort, limit: int) -> None:
    tied = [make_document((key * 7919) % 1_000, "a b c", published=20200101, first_indexed=5) for key in range(1_000)]
    better = [make_document(2_000 + key, "a a a", published=20210101, first_indexed=6) for key in range(30)]
    fill(index, tied[:300], tied[300:], better)
    query = TokenQuery(matching=AtLeast(count=1, clauses=tuple(Tokens(field="all", alternatives=(t,)) for t in "abc")))
    pages = walk_pages(index, query, View(sort=sort, limit=limit))
    expected = sorted(range(1_000))
    assert keys_of([hit for page in pages for hit in page.hits if hit.key < 2_000]) == expected
    assert sum(len(page.hits) for page in pages) == 1_030
    assert {page.count for page in pages} == {1_030}


def test_a_tie_by_construction_is_walked_in_order_of_keys(index: SearchIndex) -> None:
    fill(index, *[[make_document(key, f"le{key}") for key in range(start, 600, 3)] for start in range(3)])
    query = TokenQuery(matching=Weighted(clause=TokenPrefix(field="all", prefix="le"), weight=2))
    hits = walk(index, query, View(limit=50))
    assert keys_of(hits) == list(range(600))
    assert {hit.score for hit in hits} == {2.0}


def test_equal_documents_tie_however_their_words_are_added_up(index: SearchIndex) -> None:
    """tantivy adds the words of "at least three of" up in an order that changes: the last bits differ."""
    chance = random.Random(3)  # noqa: S311 (no secret)
    tokens = [f"t{at}" for at in range(8)]

    def write(key: int) -> str:
        rest = [token for at, token in enumerate(tokens) if chance.random() < 1 / (at + 1.5) and key < 250 * (at + 1)]
        return " ".join(tokens if key % 4 == 0 else rest)

    fill(index, [make_document(key, write(key)) for key in range(2_000)])
    clauses = tuple(Tokens(field="all", alternatives=(token,)) for token in tokens)
    hits = walk(index, TokenQuery(matching=AtLeast(count=3, clauses=clauses)), View(limit=200))
    whole = [hit for hit in hits if hit.key % 4 == 0]
    assert keys_of(whole) == list(range(0, 2_000, 4))
    assert len({hit.score for hit in whole}) == 1


def test_the_last_page_says_that_it_is_the_last(index: SearchIndex) -> None:
    fill(index, [make_document(key, "a") for key in range(4)])
    first, second = walk_pages(index, A, View(limit=2))
    assert first.next is not None
    assert first.next.seen == 2
    assert second.next is None


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "first_indexed", "title"])
def test_a_walk_goes_on_where_it_was_when_the_index_changes(index: SearchIndex, sort: Sort) -> None:
    fill(index, [make_document(key, "a", published=20200101, first_indexed=7) for key in range(0, 20, 2)])
    query = TokenQuery(matching=TokenPrefix(field="all", prefix="a"))
    first = index.search(query, View(sort=sort, limit=4))
    fill(index, [make_document(key, "a", published=20200101, first_indexed=7) for key in range(1, 20, 2)])
    rest = walk(index, query, View(sort=sort, limit=4, after=first.next))
    assert keys_of(list(first.hits)) == [0, 2, 4, 6]
    assert keys_of(rest) == list(range(7, 20))


def test_a_cursor_of_a_vanished_score_never_raises(index: SearchIndex) -> None:
    fill(index, [make_document(key, "a b") for key in range(10)])
    after = index.search(A, View(limit=3)).next
    assert after is not None
    assert isinstance(after.value, float)
    for value in (0.0, -5.0, 1e9, after.value * 1.01):
        index.search(A, View(limit=3, after=replace(after, value=value)))
        index.search(TokenQuery(matching=TokenPrefix(field="all", prefix="a")), View(after=replace(after, value=value)))


def test_large_keys_and_far_dates_keep_their_order(index: SearchIndex) -> None:
    keys = [0, 1, 2**31 - 1, 2**31, 2**32 - 1]
    fill(index, [make_document(key, "a", published=99991231, first_indexed=2**32 - 1) for key in keys])
    for sort in ("newest", "oldest", "first_indexed", "relevance"):
        assert keys_of(walk(index, A, View(sort=sort, limit=2))) == keys
