"""Blocks and the pairs within them: few, the same in any order, growing with the records."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from indexer.identity.blocking import MOST_IN_BLOCK, blocks_of
from indexer.identity.candidates import FIRST, pairs_within
from indexer.identity.portrait import Portrait
from tests.unit.identity.drawing import TITLE, draw


def _meet(one: Portrait, other: Portrait) -> bool:
    return not blocks_of(one).isdisjoint(blocks_of(other))


def _orders(members: Sequence[Portrait], *, fine: bool) -> list[tuple[int, int]]:
    return [(left.order, right.order) for left, right in pairs_within(members, fine=fine)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (draw(ids=["doi:10.1/a"]), draw("Something else", ids=["doi:10.1/a"])),
        (draw(), draw("Efects of nitrogen on lake ecosystems in temperate regions")),
        (draw(), draw("Effects of nitrogen on lake ecosystems in temperate regoins", [])),
        (draw("Diminished control in crowdsourcing"), draw("Diminished control in crowdsourcing: a study of workers")),
        (draw("Efectos", volume="3", pages="12-19"), draw(volume="3", pages="12-9")),
        (draw("A history of farming 中国农业经济发展史研究", []), draw("中國農業經濟發展史研究", [])),
        (draw("Corrigendum: " + TITLE), draw()),
    ],
)
def test_records_of_one_work_meet_although_one_has_slips(one: Portrait, other: Portrait) -> None:
    assert _meet(one, other)


def test_of_a_title_of_one_word_only_the_very_same_of_that_year_meets() -> None:
    assert _meet(draw("Lakes", []), draw("LAKES", []))
    assert not _meet(draw("Lakes", []), draw("Lake", []))
    assert not _meet(draw("Lakes", [], year=2020), draw("Lakes", [], year=2024))


def test_headings_make_no_blocks() -> None:
    assert blocks_of(draw("Editorial", [])) == frozenset()
    assert blocks_of(draw("", [])) == frozenset()


def test_a_portrait_has_few_blocks_each_a_signed_64_bit_number() -> None:
    full = draw(
        "A history of farming 中国农业经济发展史研究",
        ids=["doi:10.1/a", "pmid:1"],
        volume="3",
        pages="1-9",
        journal="J",
    )
    assert len(blocks_of(full)) <= 16
    assert len(blocks_of(draw(ids=["doi:10.1/a"], volume="3", pages="1-9"))) <= 9
    assert all(-(2**63) <= block.value < 2**63 for block in blocks_of(full))


def test_a_small_block_pairs_everybody_and_a_large_coarse_one_nobody() -> None:
    members = [draw() for _ in range(MOST_IN_BLOCK)]
    assert len(_orders(members, fine=False)) == MOST_IN_BLOCK * (MOST_IN_BLOCK - 1) // 2
    assert _orders([*members, draw()], fine=False) == []


def test_a_large_fine_block_pairs_each_with_the_first_three() -> None:
    members = [draw() for _ in range(500)]
    pairs = _orders(members, fine=True)
    first = sorted(one.order for one in members)[:FIRST]
    assert len(pairs) == 3 * 500 - 6
    assert {left for left, _ in pairs} == set(first)


@pytest.mark.parametrize(("size", "fine"), [(7, False), (60, True)])
def test_pairs_do_not_depend_on_the_order_of_members(size: int, *, fine: bool) -> None:
    members = [draw() for _ in range(size)]
    shuffled = random.Random(7).sample(members, size)  # noqa: S311 - a test needs the same numbers again
    assert _orders(members, fine=fine) == _orders(shuffled, fine=fine)
    assert all(left < right for left, right in _orders(members, fine=fine))
