"""Clustering: the partition is the members', the ids are history's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.identity.cluster import Assignment, Member, assign, components
from indexer.identity.keys import Key


def member(key: int, *dois: str, work: int | None = None, notice: bool = False) -> Member:
    return Member(key=key, work_key=work, keys=frozenset(Key("doi", doi) for doi in dois), notice=notice)


def test_a_shared_key_joins_directly_and_through_others() -> None:
    groups = components([member(1, "a"), member(2, "a", "b"), member(3, "b"), member(4, "c"), member(5)])
    assert [[one.key for one in group] for group in groups] == [[1, 2, 3], [4], [5]]


def test_equal_values_of_different_schemes_do_not_join() -> None:
    one = Member(key=1, work_key=None, keys=frozenset({Key("pmid", "7")}), notice=False)
    other = Member(key=2, work_key=None, keys=frozenset({Key("pmcid", "7")}), notice=False)
    assert len(components([one, other])) == 2


def test_a_notice_with_the_articles_doi_stays_apart_but_joins_other_notices() -> None:
    groups = components([member(1, "a"), member(2, "a", notice=True), member(3, "a", notice=True)])
    assert [[one.key for one in group] for group in groups] == [[1], [2, 3]]


def test_a_new_component_has_no_work_yet() -> None:
    assert assign([member(1, "a"), member(2, "a")]) == [Assignment(work_key=None, members=(1, 2))]


def test_of_merged_works_the_older_keeps_its_id() -> None:
    assert assign([member(1, "a", work=20), member(2, "a", work=10)]) == [
        Assignment(work_key=10, members=(1, 2), absorbed=(20,))
    ]


def test_a_split_leaves_the_id_with_the_oldest_member() -> None:
    assert assign([member(1, "a", work=10), member(2, "b", work=10)]) == [
        Assignment(work_key=10, members=(1,)),
        Assignment(work_key=None, members=(2,), split_from=10),
    ]


def test_a_mistaken_merge_comes_apart_under_the_ids_it_had() -> None:
    merged = [
        Member(key=1, work_key=10, founded_key=10, keys=frozenset({Key("doi", "a")}), notice=False),
        Member(key=2, work_key=10, founded_key=20, keys=frozenset({Key("doi", "b")}), notice=False),
    ]
    assert [one.work_key for one in assign(merged, frozenset({20}))] == [10, 20]
    # A work that is somebody's living home is never taken from them.
    assert [one.work_key for one in assign(merged)] == [10, None]


def test_a_member_that_moves_to_another_work_splits_nothing() -> None:
    moved = assign([member(1, "a", work=10), member(2, "b", work=10), member(3, "b", work=30)])
    assert moved == [Assignment(work_key=10, members=(1,)), Assignment(work_key=30, members=(2, 3))]


def test_one_doi_on_twenty_thousand_records_is_no_burden() -> None:
    assert len(components([member(key, "shared") for key in range(20_000)])) == 1


members = st.lists(
    st.tuples(st.integers(0, 200), st.frozensets(st.sampled_from("abcdefgh"), max_size=3), st.booleans()),
    unique_by=lambda item: item[0],
    max_size=25,
)


@given(members, st.randoms())
def test_the_partition_does_not_depend_on_the_order(
    items: list[tuple[int, frozenset[str], bool]], random: object
) -> None:
    everyone = [member(key, *dois, notice=notice) for key, dois, notice in items]
    shuffled = list(everyone)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert components(everyone) == components(shuffled)
    assert sorted(one.key for group in components(everyone) for one in group) == sorted(one.key for one in everyone)
