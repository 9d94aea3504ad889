"""Clusters: by links, against contradictions, as people ruled; the same in any order."""

from __future__ import annotations

import random

import pytest

from indexer.identity.clustering import Link, Ruling, cluster
from indexer.identity.portrait import Portrait
from tests.unit.identity.drawing import TITLE, draw

_KNOWN = {one.order: one for one in (draw(f"Lakes of the north {n}", []) for n in range(8))}
_ORDERS = sorted(_KNOWN)


def _groups(links: list[tuple[int, int, float]], *rulings: Ruling) -> list[tuple[int, ...]]:
    """Cluster eight records that have nothing to do with each other, named 0 to 7."""
    alike = {order: _alike(order) for order in _ORDERS}
    found = cluster(alike, [Link(_ORDERS[a], _ORDERS[b], score) for a, b, score in links], _ruled(rulings))
    return sorted(tuple(_ORDERS.index(order) for order in group) for group in found.groups if len(group) > 1)


def _overruled(*rulings: Ruling) -> frozenset[int]:
    return cluster({order: _alike(order) for order in _ORDERS}, [], _ruled(rulings)).overruled


def _ruled(rulings: tuple[Ruling, ...]) -> list[Ruling]:
    return [one._replace(groups=tuple(tuple(_ORDERS[n] for n in group) for group in one.groups)) for one in rulings]


def _alike(order: int) -> Portrait:
    """Draw a portrait that contradicts no other."""
    return Portrait("test", str(order), order)


def _link(one: int, other: int, score: float) -> Link:
    return Link(min(one, other), max(one, other), score)


def test_links_join_and_whoever_has_none_stays_alone() -> None:
    assert _groups([(0, 1, 0.9), (1, 2, 0.9), (4, 5, 0.9)]) == [(0, 1, 2), (4, 5)]
    assert len(cluster(_KNOWN, []).groups) == 8


def test_a_link_to_somebody_unknown_is_passed_over() -> None:
    assert cluster(_KNOWN, [Link(_ORDERS[0], 17, 0.9)]).groups == sorted((order,) for order in _ORDERS)


def test_a_link_is_refused_where_members_contradict_each_other_and_the_better_one_goes_first() -> None:
    article, notice = draw(), draw("Corrigendum: " + TITLE)
    bridge = draw(TITLE, [], year=None)
    known = {one.order: one for one in (article, notice, bridge)}

    def partition(to_article: float, to_notice: float) -> list[tuple[int, ...]]:
        links = [Link(article.order, bridge.order, to_article), Link(notice.order, bridge.order, to_notice)]
        return cluster(known, links).groups

    assert tuple(sorted((article.order, bridge.order))) in partition(0.9, 0.8)
    assert (notice.order,) in partition(0.9, 0.8)
    assert (article.order,) in partition(0.8, 0.9)


def test_people_join_what_the_machine_did_not() -> None:
    assert _groups([(0, 1, 0.9)], Ruling(1, "same", 1, ((1,), (4, 5)))) == [(0, 1, 4, 5)]


def test_people_keep_apart_what_the_machine_would_join() -> None:
    apart = Ruling(1, "different", 1, ((0,), (1,)))
    assert _groups([(0, 1, 0.99)], apart) == []
    assert _groups([(0, 2, 0.99), (1, 2, 0.9)], apart) == [(0, 2)]


def test_members_of_one_group_of_a_split_may_still_be_parted() -> None:
    assert _groups([(0, 1, 0.9)], Ruling(1, "different", 1, ((0, 1), (2, 3)))) == [(0, 1)]


def test_the_later_of_two_contradicting_rulings_holds_and_the_other_is_told() -> None:
    same, apart = Ruling(1, "same", 1, ((0, 1, 2),)), Ruling(2, "different", 2, ((0,), (2,)))
    assert _groups([], same, apart) == []
    assert _overruled(same, apart) == {1}
    assert _groups([], same._replace(at=3), apart) == [(0, 1, 2)]
    assert _overruled(same._replace(at=3), apart) == {2}


def test_of_an_overruled_merge_what_the_newer_ruling_leaves_together_stays_together() -> None:
    same = Ruling(1, "same", 1, ((0, 1, 2, 3, 4),))
    apart = Ruling(2, "different", 2, ((0, 1), (2,)))
    assert _groups([], same, apart) == [(0, 1), (3, 4)]
    assert _overruled(same, apart) == {1}


def test_a_ruling_about_nobody_known_changes_nothing() -> None:
    ruling = Ruling(9, "same", 1, ((17, 18),))
    found = cluster(_KNOWN, [], [ruling, Ruling(10, "different", 2, ((), (19,)))])
    assert len(found.groups) == 8
    assert found.overruled == frozenset()


def test_what_people_joined_does_not_keep_others_out_by_contradicting_them() -> None:
    article, other, copy = draw(), draw("Whales of the southern seas", ["Nemo, Ann"], year=2001), draw()
    known = {one.order: one for one in (article, other, copy)}
    link = _link(article.order, copy.order, 0.9)
    ruling = Ruling(1, "same", 1, ((article.order, other.order),))
    assert cluster(known, [link], [ruling]).groups == [tuple(sorted(known))]


def test_in_a_cycle_of_rulings_the_newest_hold_and_all_that_contradict_them_are_told() -> None:
    rulings = (
        Ruling(1, "same", 1, ((0, 1),)),
        Ruling(2, "same", 2, ((1, 2),)),
        Ruling(3, "same", 3, ((2, 0),)),
        Ruling(4, "different", 4, ((0,), (1,))),
    )
    assert _overruled(*rulings) == {1, 2}
    assert _groups([(0, 1, 0.99)], *rulings) == [(0, 2)]


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_links_rulings_and_records_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test needs the same numbers again
    ends = [chance.sample(_ORDERS, 2) for _ in range(8)]
    links = [_link(one, other, chance.choice((0.9, 0.95))) for one, other in ends]
    rulings = [
        Ruling(n, chance.choice(("same", "different")), n, tuple((one,) for one in chance.sample(_ORDERS, 2)))
        for n in range(4)
    ]
    known = {order: _alike(order) for order in _ORDERS}
    expected = cluster(known, links, rulings)
    for _ in range(5):
        shuffled = dict(chance.sample(list(known.items()), len(known)))
        again = cluster(shuffled, chance.sample(links, len(links)), chance.sample(rulings, len(rulings)))
        assert again == expected


def test_thousands_of_links_into_one_cluster_take_little_time() -> None:
    known = {n: Portrait("test", str(n), n) for n in range(20_000)}
    links = [Link(n, n + 1, 0.9) for n in range(19_999)]
    assert len(cluster(known, links).groups) == 1
    assert len(cluster(known, links, [Ruling(1, "different", 1, tuple((n,) for n in range(20_000)))]).groups) == 20_000
