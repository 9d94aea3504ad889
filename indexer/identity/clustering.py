"""From judged pairs and people's rulings to works: the same clusters in whatever order things came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Literal, NamedTuple

from indexer.identity.judging import contradict
from indexer.identity.portrait import Portrait

MOST_CROSS_PAIRS = 100
"""Larger pairs of clusters are compared by their first members only, so that a link's cost is bounded."""
_FIRST = 10


class Link(NamedTuple):
    """A pair that was judged the same; both are orders."""

    left: int
    right: int
    score: float


class Ruling(NamedTuple):
    """A person's judgement; ``groups`` are groups of orders.

    ``same``: all that are listed are one work. ``different``: members of different groups are never one work.
    ``at`` is anything that sorts; of two rulings that contradict each other the later one holds.
    """

    id: int
    verdict: Literal["same", "different"]
    at: Any
    groups: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Groups of orders, each sorted, and the ids of rulings that newer ones overrule."""

    groups: list[tuple[int, ...]]
    overruled: frozenset[int]


def cluster(portraits: Mapping[int, Portrait], links: Iterable[Link], rulings: Iterable[Ruling] = ()) -> Clusters:
    """Group portraits, keyed by order. Names in links and rulings that are not among them are passed over.

    Rulings go first, the newest before the others; then links by score, then by order. A link is passed over whose two
    clusters a ruling keeps apart or a member's contradiction does.
    """
    forest = _Forest(portraits)
    overruled = frozenset(one.id for one in _newest_first(rulings) if not forest.obey(one))
    forest.settle()
    for link in sorted(links, key=lambda one: (-one.score, one.left, one.right)):
        if link.left in portraits and link.right in portraits:
            forest.follow(link)
    return Clusters(sorted(forest.groups()), overruled)


def _newest_first(rulings: Iterable[Ruling]) -> list[Ruling]:
    return sorted(rulings, key=lambda one: (one.at, one.id), reverse=True)


class _Forest:
    """Clusters while they grow; each knows its members and, by ruling, the side that it is on."""

    def __init__(self, portraits: Mapping[int, Portrait]) -> None:
        self._portraits = portraits
        self._root = {order: order for order in portraits}
        self._members: dict[int, list[int]] = {order: [order] for order in portraits}
        self._sides: dict[int, dict[int, int]] = {}
        self._ruled: dict[int, int] = {}

    def obey(self, ruling: Ruling) -> bool:
        """Apply a ruling, or return ``False`` where a newer one says otherwise."""
        known = [[order for order in group if order in self._root] for group in ruling.groups]
        if ruling.verdict == "same":
            return self._join_all([order for group in known for order in group])
        return self._keep_apart(ruling.id, known)

    def _join_all(self, orders: list[int]) -> bool:
        """Join what no newer ruling parts; where one was split off a merge of three, the two others stay one work."""
        roots = list(dict.fromkeys(self._root[order] for order in orders))
        taken: dict[int, set[int]] = {}
        for root in roots:
            for ruling, side in self._sides.get(root, {}).items():
                taken.setdefault(ruling, set()).add(side)
        disputed = [ruling for ruling, sides in taken.items() if len(sides) > 1]
        alike: dict[tuple[int | None, ...], int] = {}
        for root in roots:
            sides = self._sides.get(root, {})
            first = alike.setdefault(tuple(sides.get(ruling) for ruling in disputed), root)
            self._join(self._root[first], self._root[root])
        return not disputed

    def _keep_apart(self, ruling: int, groups: list[list[int]]) -> bool:
        sides: dict[int, int] = {}
        for side, group in enumerate(groups):
            for order in group:
                if sides.setdefault(self._root[order], side) != side:
                    return False
        for root, side in sides.items():
            self._sides.setdefault(root, {})[ruling] = side
        return True

    def settle(self) -> None:
        """Remember what people joined: among those the machine's objections do not count."""
        self._ruled = dict(self._root)

    def follow(self, link: Link) -> None:
        """Join the clusters of a link unless something keeps them apart."""
        left, right = self._root[link.left], self._root[link.right]
        if left != right and not self._is_ruled_out(left, right) and not self._is_contradicted(link, left, right):
            self._join(left, right)

    def _is_ruled_out(self, left: int, right: int) -> bool:
        few, many = sorted((self._sides.get(left, {}), self._sides.get(right, {})), key=len)
        return any(many.get(ruling, side) != side for ruling, side in few.items())

    def _is_contradicted(self, link: Link, left: int, right: int) -> bool:
        a, b = self._members[left], self._members[right]
        if len(a) * len(b) > MOST_CROSS_PAIRS:
            a, b = sorted(a)[:_FIRST], sorted(b)[:_FIRST]
        own, others = self._ruled[link.left], self._ruled[link.right]
        return any(
            contradict(self._portraits[one], self._portraits[other])
            for one, other in islice(product(a, b), MOST_CROSS_PAIRS)
            if self._ruled[one] != own or self._ruled[other] != others
        )

    def _join(self, left: int, right: int) -> None:
        """Put the smaller cluster into the larger one."""
        if left == right:
            return
        if len(self._members[left]) < len(self._members[right]):
            left, right = right, left
        moved = self._members.pop(right)
        for order in moved:
            self._root[order] = left
        self._members[left].extend(moved)
        if sides := self._sides.pop(right, None):
            self._sides.setdefault(left, {}).update(sides)

    def groups(self) -> list[tuple[int, ...]]:
        """Return the clusters, each sorted."""
        return [tuple(sorted(members)) for members in self._members.values()]
