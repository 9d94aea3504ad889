"""Ids of works: the partition is the members', the ids are history's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.identity.cluster import Assignment, Member, assign, components, connected
from indexer.identity.keys import Key


def keys(*dois: str) -> frozenset[Key]:
    return frozenset(Key("doi", doi) for doi in dois)


def member(key: int, work: int | None = None, founded: int | None = None) -> Member:
    return Member(key=key, work_key=work, founded_key=founded)


def test_a_shared_key_joins_directly_and_through_others() -> None:
    groups = components({1: keys("a"), 2: keys("a", "b"), 3: keys("b"), 4: keys("c"), 5: keys()})
    assert groups == [(1, 2, 3), (4,), (5,)]


def test_equal_values_of_different_schemes_do_not_join() -> None:
    assert len(components({1: frozenset({Key("issn", "7")}), 2: frozenset({Key("title", "7")})})) == 2


def test_a_new_cluster_has_no_work_yet() -> None:
    assert assign([[member(2), member(1)]]) == [Assignment(work_key=None, members=(1, 2))]


def test_of_merged_works_the_older_keeps_its_id() -> None:
    assert assign([[member(1, work=20), member(2, work=10)]]) == [
        Assignment(work_key=10, members=(1, 2), absorbed=(20,))
    ]


def test_a_split_leaves_the_id_with_the_oldest_member() -> None:
    assert assign([[member(1, work=10)], [member(2, work=10)]]) == [
        Assignment(work_key=10, members=(1,)),
        Assignment(work_key=None, members=(2,), split_from=10),
    ]


def test_a_mistaken_merge_comes_apart_under_the_ids_it_had() -> None:
    merged = [[member(1, work=10, founded=10)], [member(2, work=10, founded=20)]]
    assert [one.work_key for one in assign(merged, frozenset({20}))] == [10, 20]
    # A work that is somebody's living home is never taken from them.
    assert [one.work_key for one in assign(merged)] == [10, None]


def test_a_member_that_moves_to_another_work_splits_nothing() -> None:
    moved = assign([[member(1, work=10)], [member(3, work=30), member(2, work=10)]])
    assert moved == [Assignment(work_key=10, members=(1,)), Assignment(work_key=30, members=(2, 3))]


def test_one_key_on_twenty_thousand_records_is_no_burden() -> None:
    assert len(components({key: keys("shared") for key in range(20_000)})) == 1


def test_a_chain_of_twenty_thousand_links_is_no_burden() -> None:
    assert len(connected(range(20_000), [(key, key + 1) for key in range(19_999)])) == 1


everyone = st.dictionaries(
    st.integers(0, 200),
    st.frozensets(st.sampled_from("abcdefgh"), max_size=3).map(lambda dois: keys(*dois)),
    max_size=25,
)


@given(everyone, st.randoms())
def test_the_partition_does_not_depend_on_the_order(held: dict[int, frozenset[Key]], random: object) -> None:
    shuffled = list(held.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert components(held) == components(dict(shuffled))
    assert sorted(one for group in components(held) for one in group) == sorted(held)


def test_a_work_goes_with_the_record_that_it_was_minted_for_even_if_an_older_one_came_from_elsewhere() -> None:
    first, second, third = (
        Member(key=1, work_key=10, founded_key=20),
        Member(key=2, work_key=10),
        Member(key=3, work_key=10, founded_key=10),
    )
    assigned = assign([[first, second], [third]], frozenset((20,)))
    assert [(one.work_key, one.members) for one in assigned] == [(20, (1, 2)), (10, (3,))]
