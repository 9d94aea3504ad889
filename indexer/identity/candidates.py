"""Which members of a block are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from indexer.identity.blocking import MOST_IN_BLOCK
from indexer.identity.portrait import Portrait

FIRST = 3
"""Each member of a large fine block is paired with this many of its first ones."""


def pairs_within(members: Sequence[Portrait], *, fine: bool) -> Iterator[tuple[Portrait, Portrait]]:
    """Yield the pairs of one block, the lower order on the left; the same whatever the order of ``members``.

    Up to ``MOST_IN_BLOCK`` members everybody meets everybody. Of more, a coarse block pairs nobody, because what so
    many share proves nothing; a fine one pairs each member with the first three, so that pairs grow with members.
    """
    ordered = sorted(members, key=_order)
    if len(ordered) <= MOST_IN_BLOCK:
        yield from combinations(ordered, 2)
    elif fine:
        for position, right in enumerate(ordered):
            for left in ordered[: min(position, FIRST)]:
                yield left, right


def _order(portrait: Portrait) -> int:
    return portrait.order
