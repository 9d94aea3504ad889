"""Identity of a whole set in memory: the same steps as the store's, for benchmarks and for checking the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from indexer.identity.blocking import blocks_of
from indexer.identity.candidates import pairs_within
from indexer.identity.clustering import Link, Ruling, cluster
from indexer.identity.judging import Judgement, judge
from indexer.identity.portrait import Portrait


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Groups of orders (each sorted), the judged pairs that are not plainly different, and overruled rulings."""

    groups: list[tuple[int, ...]]
    judgements: dict[tuple[int, int], Judgement]
    overruled: frozenset[int]
    pairs: int


def resolve(portraits: Iterable[Portrait], rulings: Iterable[Ruling] = ()) -> Resolution:
    """Group portraits into works; any order of arrival gives the same groups. Orders must differ."""
    known = {one.order: one for one in portraits}
    judgements: dict[tuple[int, int], Judgement] = {}
    pairs = 0
    for left, right in candidate_pairs(known.values()):
        pairs += 1
        judgement = judge(left, right)
        if judgement.verdict != "different":
            judgements[left.order, right.order] = judgement
    links = (Link(*pair, one.score) for pair, one in judgements.items() if one.verdict == "same")
    clusters = cluster(known, links, rulings)
    return Resolution(groups=clusters.groups, judgements=judgements, overruled=clusters.overruled, pairs=pairs)


def candidate_pairs(portraits: Iterable[Portrait]) -> Iterator[tuple[Portrait, Portrait]]:
    """Yield each pair that shares a block that pairs it, once, the lower order on the left."""
    blocks: dict[int, list[Portrait]] = {}
    fine: set[int] = set()
    for portrait in portraits:
        for value, is_fine in blocks_of(portrait):
            blocks.setdefault(value, []).append(portrait)
            if is_fine:
                fine.add(value)
    seen: set[tuple[int, int]] = set()
    for value, members in blocks.items():
        if len(members) == 1:
            continue
        for left, right in pairs_within(members, fine=value in fine):
            pair = left.order, right.order
            if pair not in seen:
                seen.add(pair)
                yield left, right
