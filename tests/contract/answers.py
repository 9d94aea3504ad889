"""What it means that two libraries give one answer: the same but for the order of what ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

#: Engines add scores up in other orders, and tantivy's are cut to 12 bits.
TOLERANCE = 1e-3
#: Values that an answer shows of a facet.
SHOWN = 20


def same_order(names: Sequence[str], right: Mapping[str, float]) -> None:
    """Hold works to be the best ones of the right ranking, each once; where scores tie, any of them may stand.

    Where nothing is scored, nothing ties: works stand in the order of the keys.
    """
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert set(names) <= set(right)
    if not any(right.values()):
        assert list(names) == list(right)[: len(names)]
        return
    best = sorted(right.values(), reverse=True)[: len(names)]
    assert [right[name] for name in names] == pytest.approx(best, rel=TOLERANCE)


def same_facet(shown: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]], most: int = SHOWN) -> None:
    """Hold values to be the right ones with the right counts.

    Journals are counted by ids, which decide ties and are others in each library: of those that tie at the end of what
    is shown, any may be.
    """
    counts = [one["count"] for one in right]
    assert [one["count"] for one in shown] == counts
    last = counts[-1] if len(counts) == most else 0
    for one in (shown, right):
        assert counts == sorted((value["count"] for value in one), reverse=True)
    assert _above(shown, last) == _above(right, last)


def _above(values: Sequence[Mapping[str, Any]], count: int) -> dict[str, tuple[str, int]]:
    return {one["value"]: (one["label"], one["count"]) for one in values if one["count"] > count}
