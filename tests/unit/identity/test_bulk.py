"""A whole set resolved: the same partition in any order, and no blow-up where thousands look alike."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.identity.blocking import MOST_IN_BLOCK
from indexer.identity.bulk import candidate_pairs, resolve
from indexer.identity.portrait import Portrait, portrait_of
from tests.unit.identity.drawing import TITLE, crowd, describe, draw
from tests.unit.identity.worlds import portraits


@st.composite
def _worlds(draw_: st.DrawFn) -> list[Portrait]:
    size = draw_(st.integers(2, 10))
    return [draw_(portraits(identifier=f"record {n}")) for n in range(size)]


@settings(max_examples=100, deadline=None)
@given(_worlds(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_partition(world: list[Portrait], chance: random.Random) -> None:
    expected = resolve(world)
    shuffled = list(world)
    chance.shuffle(shuffled)
    again = resolve(shuffled)
    assert again.groups == expected.groups
    assert again.judgements == expected.judgements
    assert sorted(order for group in expected.groups for order in group) == sorted(one.order for one in world)


def test_five_hundred_articles_that_share_a_doi_by_mistake_stay_apart() -> None:
    words = "nitrogen lake whale river forest glacier desert island harbour meadow".split()  # noqa: SIM905
    chance = random.Random(1)  # noqa: S311 - a test needs the same numbers again
    world = [
        draw(f"{' '.join(chance.sample(words, 5))} number {n}", [f"Person{chr(97 + n % 26)}, A."], ids=["doi:10.1/a"])
        for n in range(500)
    ]
    resolution = resolve(world)
    assert len(resolution.groups) == 500
    assert resolution.pairs < 500 * 20


def test_one_article_five_hundred_times_is_one_work_after_few_pairs() -> None:
    resolution = resolve([draw(ids=["doi:10.1/a"]) for _ in range(500)])
    assert len(resolution.groups) == 1
    assert resolution.pairs <= 500 * 3


def test_one_article_five_hundred_times_without_identifiers_is_one_work_too() -> None:
    resolution = resolve([draw() for _ in range(500)])
    assert len(resolution.groups) == 1


def test_five_hundred_editorials_stay_apart_without_being_compared() -> None:
    world = [draw("Editorial", ["Smith, J"], journal="Lakes") for _ in range(500)]
    assert len(resolve(world).groups) == 500
    assert list(candidate_pairs(world)) == []


def test_articles_of_five_thousand_authors_are_compared_in_no_time() -> None:
    authors = crowd(5_000)
    titles = [f"Observation of a rare decay channel in collisions, run {n // 10}" for n in range(50)]
    start = time.process_time()
    resolution = resolve(portrait_of(replace(describe(title), contributors=authors)) for title in titles)
    assert time.process_time() - start < 5
    assert [len(group) for group in resolution.groups] == [10] * 5


def test_an_empty_set_is_no_works() -> None:
    assert resolve([]).groups == []


def test_a_notice_finds_the_work_that_it_names_among_more_copies_than_are_all_compared() -> None:
    copies = [draw(ids=["doi:10.1/a"]) for _ in range(MOST_IN_BLOCK + 10)]
    notice = draw("Retraction: " + TITLE, year=2024, ids=["doi:10.1/b"], relations=[("retracts", "doi:10.1/a")])
    found = resolve([*copies, notice])
    assert sorted(map(len, found.groups)) == [1, MOST_IN_BLOCK + 10]
    assert "retracts" in {judgement.relation for judgement in found.judgements.values()}
