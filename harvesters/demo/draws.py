"""Draw the same things for the same number, on every machine and in every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def mix(number: int, seed: int, salt: int) -> int:
    """Scatter a number over 63 bits (the splitmix64 finaliser); cheap enough to scan a million numbers."""
    z = (number * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03 + salt * 0x8CB92BA72F3D8DD7) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) >> 1


class Draws:
    """A stream of draws that only ``Random.random()`` feeds, the one method whose values Python keeps for ever."""

    __slots__ = ("_random",)

    def __init__(self, number: int, seed: int, salt: int) -> None:
        self._random = random.Random(mix(number, seed, salt)).random  # noqa: S311  # no secret is drawn here

    def below(self, limit: int) -> int:
        """Draw an integer of 0 .. limit-1."""
        return int(self._random() * limit)

    def between(self, low: int, high: int) -> int:
        """Draw an integer of low .. high, both included."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """Say yes in ``share`` of all draws."""
        return self._random() < share

    def pick(self, choices: Sequence[T]) -> T:
        """Take one of the choices, each as likely."""
        return choices[int(self._random() * len(choices))]

    def zipf(self, choices: Sequence[T]) -> T:
        """Take one of the choices, the k-th about 1/k times as often as the first (as words and topics come)."""
        return choices[int((len(choices) + 1) ** self._random()) - 1]

    def two(self, choices: Sequence[T]) -> tuple[T, T]:
        """Take two different ones: the first by :meth:`zipf`, the second evenly from the others."""
        first = int((len(choices) + 1) ** self._random()) - 1
        other = (first + 1 + int(self._random() * (len(choices) - 1))) % len(choices)
        return choices[first], choices[other]
