"""Pages that fit together while the index changes: each work that was there all along comes exactly once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from indexer.search.document import Document
from indexer.search.query import AtLeast, Hits, Sort, TokenQuery, Tokens, View
from indexer.storage.search_index import SearchIndex
from indexer.storage.snapshots import Snapshots
from tests.contract.corpus import fill, make_document, walk_pages

WORDS = "abcd"
ANY = TokenQuery(matching=AtLeast(count=1, clauses=tuple(Tokens(field="all", alternatives=(t,)) for t in WORDS)))


def a_text(chance: random.Random) -> str:
    return " ".join(chance.choices([*WORDS, "x", "y", "z"], k=chance.randint(4, 12))) + " a"


def a_document(key: int, chance: random.Random, *, version: int = 1) -> Document:
    day = 20200100 + key % 28
    return make_document(
        key, a_text(chance), version=version, published=day, first_indexed=key % 50, title_order=f"t{key % 30:02d}"
    )


def change(index: SearchIndex, chance: random.Random, step: int) -> None:
    """Add works, replace and remove those whose keys are odd."""
    with index.writer() as writer:
        writer.upsert([a_document(10_000 + step * 50 + at, chance) for at in range(40)])
        writer.upsert([a_document(key, chance, version=step + 2) for key in range(1, 300, 34)])
        writer.delete([21 + 34 * step, 23 + 34 * step])
        writer.commit(step + 10)


def walk_amid(index: SearchIndex, view: View, between: Callable[[int], None]) -> tuple[Counter[int], list[Hits]]:
    pages = [index.search(ANY, view)]
    while (after := pages[-1].next) is not None:
        between(len(pages))
        pages.append(index.search(ANY, replace(view, after=after, snapshot=pages[-1].snapshot)))
    return Counter(hit.key for page in pages for hit in page.hits), pages


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "first_indexed", "title"])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_there_all_along_comes_exactly_once(index: SearchIndex, sort: Sort, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    fill(index, [a_document(key, chance) for key in range(300)])
    at_page_two: list[int] = []

    def between(page: int) -> None:
        # Elasticsearch takes its snapshot for the second page: what changes before is told, not survived.
        if page > 1:
            change(index, chance, page)
            at_page_two.append(page)

    seen, pages = walk_amid(index, View(sort=sort, limit=25), between)
    assert len(at_page_two) > 5
    assert all(page.unbroken for page in pages)
    stayed = range(0, 300, 2)
    assert {key: seen[key] for key in stayed} == dict.fromkeys(stayed, 1)
    assert set(seen.values()) == {1}


def test_a_walk_that_lost_its_snapshot_says_so(index: SearchIndex) -> None:
    chance = random.Random(5)  # noqa: S311 (no secret)
    fill(index, [a_document(key, chance) for key in range(100)])
    first = index.search(ANY, View(limit=10))
    change(index, chance, 1)
    second = index.search(ANY, View(limit=10, after=first.next, snapshot="bm9uZSBzdWNo"))
    assert (first.unbroken, second.unbroken) == (True, False)
    third = index.search(ANY, View(limit=10, after=second.next, snapshot=second.snapshot))
    assert third.unbroken


def test_without_a_change_the_second_page_goes_on_unbroken(index: SearchIndex) -> None:
    chance = random.Random(6)  # noqa: S311 (no secret)
    fill(index, [a_document(key, chance) for key in range(100)])
    assert all(page.unbroken for page in walk_pages(index, ANY, View(limit=7)))


def test_a_snapshot_outlives_a_rebuild(index: SearchIndex) -> None:
    chance = random.Random(7)  # noqa: S311 (no secret)
    documents = [a_document(key, chance) for key in range(100)]
    fill(index, documents)

    def between(page: int) -> None:
        if page == 2:
            with index.rebuild() as writer:
                writer.upsert([a_document(key, chance) for key in range(50, 400)])
                writer.commit(20)

    seen, pages = walk_amid(index, View(limit=15), between)
    if all(page.unbroken for page in pages):
        assert seen == Counter(range(100))
    else:  # Elasticsearch deletes the replaced index, and its points in time with it
        assert "elastic" in type(index).__name__.lower()


def test_states_go_when_nobody_asks_for_them_or_others_crowd_them_out() -> None:
    now = [0.0]
    kept: Snapshots[str] = Snapshots(most=2, seconds=10, clock=lambda: now[0])
    kept.keep("a", "A")
    now[0] = 5
    kept.keep("b", "B")
    kept.keep("a", "A")
    kept.keep("c", "C")
    assert [kept.find(name) for name in "abc"] == ["A", None, "C"]
    now[0] = 15.5
    assert [kept.find(name) for name in "ac"] == [None, None]
    kept.keep("d", "D")
    kept.clear()
    assert kept.find("d") is None
