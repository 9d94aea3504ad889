"""The words and values of an index: which there are, and in how many works they stand."""

from __future__ import annotations

import pytest

from indexer.search.query import Exact, FacetValue, Flat, Keys, TokenQuery, Tokens, View
from indexer.storage.search_index import MOST_VALUES, SearchIndex
from tests.contract.corpus import EVERYTHING, fill, find, make_document

A = Tokens(field="all", alternatives=("a",))


def counted(values: tuple[FacetValue, ...]) -> list[tuple[str, int]]:
    return [(one.value, one.count) for one in values]


@pytest.fixture
def filled(index: SearchIndex) -> SearchIndex:
    fill(
        index,
        [make_document(1, "a", suggest=["s:red", "s:blue"], lang="en"), make_document(2, "a b", suggest=["s:red"])],
        [make_document(3, "b", suggest=["s:re.d", "j:red"], lang="zh"), make_document(4, "", suggest="s:rot (deu*)")],
    )
    return index


def test_values_are_counted_the_most_frequent_first(filled: SearchIndex) -> None:
    assert counted(filled.values(EVERYTHING, "suggest")) == [
        ("s:red", 2), ("j:red", 1), ("s:blue", 1), ("s:re.d", 1), ("s:rot (deu*)", 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("s:re", ["s:red", "s:re.d"]),
        ("s:re.", ["s:re.d"]),
        ("s:rot (", ["s:rot (deu*)"]),
        ("s:rot (deu*)", ["s:rot (deu*)"]),
        ("x", []),
        ("J", []),
    ],
)
def test_a_prefix_means_its_characters(filled: SearchIndex, prefix: str, expected: list[str]) -> None:
    assert [value for value, _ in counted(filled.values(EVERYTHING, "suggest", prefix=prefix))] == expected


def test_only_the_works_of_the_query_and_its_filters_count(filled: SearchIndex) -> None:
    assert counted(filled.values(TokenQuery(matching=A), "suggest")) == [("s:red", 2), ("s:blue", 1)]
    filtered = TokenQuery(matching=A, filters={"lang": Exact(field="lang", values=("en",))})
    assert counted(filled.values(filtered, "suggest", prefix="s:r")) == [("s:red", 1)]


def test_no_more_values_than_wanted(filled: SearchIndex) -> None:
    assert counted(filled.values(EVERYTHING, "suggest", size=2)) == [("s:red", 2), ("j:red", 1)]


def test_every_value_is_counted_however_many_there_are(index: SearchIndex) -> None:
    documents = [
        make_document(key, "a", subject_facet=[*(f"v{key * 50 + at:05}" for at in range(50)), f"w{key % 3}"])
        for key in range(1_290)
    ]
    fill(index, *(documents[start::4] for start in range(4)))
    expected = [("w0", 430), ("w1", 430), ("w2", 430), *((f"v{at:05}", 1) for at in range(64_500))]
    assert counted(index.values(EVERYTHING, "subject_facet", size=MOST_VALUES)) == expected
    assert counted(index.values(TokenQuery(matching=A), "subject_facet", size=11_000)) == expected[:11_000]
    assert counted(index.values(EVERYTHING, "subject_facet", prefix="w", size=11_000)) == expected[:3]


def test_few_works_among_many_have_their_own_values_counted(index: SearchIndex) -> None:
    documents = [make_document(key, "a" if key % 2_000 == 1 else "b", container=f"c{key % 40}") for key in range(6_000)]
    fill(index, *(documents[start::3] for start in range(3)))
    assert counted(index.values(TokenQuery(matching=A), "container", size=5)) == [("c1", 3)]
    assert len(index.values(EVERYTHING, "container", size=50)) == 40


def test_a_deleted_work_counts_no_more(filled: SearchIndex) -> None:
    with filled.writer() as writer:
        writer.delete([2])
        writer.commit(3)
    assert counted(filled.values(EVERYTHING, "suggest", prefix="s:red")) == [("s:red", 1)]


def test_frequencies_tell_in_how_many_works_a_token_stands(filled: SearchIndex) -> None:
    assert filled.frequencies("all", ["a", "b", "c"]) == {"a": 2, "b": 2, "c": 0}
    assert filled.frequencies("title", ["a"]) == {"a": 0}
    assert filled.frequencies("all", []) == {}


def test_frequencies_tell_in_how_many_works_a_value_stands(filled: SearchIndex) -> None:
    assert filled.frequencies("suggest", ["s:red", "s:rot (deu*)", "s:r"]) == {"s:red": 2, "s:rot (deu*)": 1, "s:r": 0}


def test_a_thousand_frequencies_are_one_answer(filled: SearchIndex) -> None:
    asked = ["a", *(f"x{at}" for at in range(1_200)), "b"]
    answer = filled.frequencies("all", asked)
    assert list(answer) == asked
    assert (answer["a"], answer["b"], sum(answer.values())) == (2, 2, 4)


def test_keys_find_their_works_and_nothing_else(filled: SearchIndex) -> None:
    assert find(filled, Keys(keys=(4, 2, 99))) == [2, 4]
    assert find(filled, Keys(keys=())) == []


def test_a_flat_clause_scores_alike_however_well_it_matches(filled: SearchIndex) -> None:
    fill(filled, [make_document(5, "a a a a b")])
    hits = filled.search(TokenQuery(matching=Flat(clause=A, score=2.5)), View()).hits
    assert [(hit.key, hit.score) for hit in hits] == [(1, 2.5), (2, 2.5), (5, 2.5)]


def test_a_flat_boost_lifts_what_it_matches_and_finds_nothing(filled: SearchIndex) -> None:
    query = TokenQuery(matching=A, boosts=(Flat(clause=Keys(keys=(2, 3)), score=50.0),))
    hits = filled.search(query, View()).hits
    assert [hit.key for hit in hits] == [2, 1]
    assert hits[0].score > 50 > hits[1].score
