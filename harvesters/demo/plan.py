"""Who holds what: which works each demonstration repository has, and what every work is about.

Works are numbered from 0. Their places repeat in cycles of 29 works, which make 35 records: 24 works in one
repository only, 4 in two and 1 in all three. So the k-th record of a repository and the number of its work follow from
each other by arithmetic, and nothing needs to be held in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harvesters.demo.draws import mix
from harvesters.demo.journals import PER_FIELD

House = Literal["doaj", "pmc", "university"]
"""One of the three repositories."""

_CYCLE = "DPDUXDUPDDTUPDYDUDPDXUDPZDDUP"
"""D, P, U: one repository; X: DOAJ and PMC; Y: DOAJ and university; Z: PMC and university; T: all three."""

_HOLDS: dict[House, str] = {"doaj": "DXYT", "pmc": "PXZT", "university": "UYZT"}
_SLOTS: dict[House, tuple[int, ...]] = {
    house: tuple(slot for slot, place in enumerate(_CYCLE) if place in holds) for house, holds in _HOLDS.items()
}
RECORDS_IN_CYCLE = sum(map(len, _SLOTS.values()))
"""How many records one cycle of works makes."""

_TONGUES = {
    # how many of a hundred works are in English, 简体, 繁體, Spanish, Portuguese, Russian, Arabic
    "D": (44, 8, 4, 18, 11, 9, 6),
    "P": (90, 4, 0, 3, 3, 0, 0),
    "U": (18, 52, 28, 0, 0, 1, 1),
    "X": (80, 6, 0, 8, 6, 0, 0),
    "Y": (35, 45, 20, 0, 0, 0, 0),
    "Z": (60, 35, 5, 0, 0, 0, 0),
    "T": (70, 22, 8, 0, 0, 0, 0),
}
_TONGUE_TABLES = {
    place: tuple(tongue for tongue, share in enumerate(shares) for _ in range(share))
    for place, shares in _TONGUES.items()
}
_DISCIPLINE_TABLE = tuple(
    discipline for discipline, share in enumerate((12, 16, 12, 10, 11, 9, 8, 7, 7, 7, 5, 6)) for _ in range(share)
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What can be known of a work without writing it: its language, discipline and journal, by number."""

    tongue: int
    discipline: int
    journal: int


def profile(number: int, seed: int) -> Profile:
    """Tell the profile of a work; a few microseconds, so that a set can be filtered by scanning."""
    drawn = mix(number, seed, 1)
    table = _TONGUE_TABLES[_CYCLE[number % len(_CYCLE)]]
    tongue = table[drawn % len(table)]
    drawn >>= 8
    discipline = _DISCIPLINE_TABLE[drawn % len(_DISCIPLINE_TABLE)]
    drawn >>= 8
    place = min(drawn % PER_FIELD, (drawn >> 8) % PER_FIELD)
    return Profile(tongue, discipline, (tongue * 12 + discipline) * PER_FIELD + place)


def houses_of(number: int) -> tuple[House, ...]:
    """Name the repositories that hold a work."""
    return tuple(house for house, holds in _HOLDS.items() if _CYCLE[number % len(_CYCLE)] in holds)


def only_in_pmc(number: int) -> bool:
    """Tell whether a work stands in PMC alone (corrections are made there)."""
    return _CYCLE[number % len(_CYCLE)] == "P"


def work_of(house: House, place: int) -> int:
    """Tell which work the ``place``-th record of a repository is about."""
    cycle, rest = divmod(place, len(_SLOTS[house]))
    return cycle * len(_CYCLE) + _SLOTS[house][rest]


def place_of(house: House, number: int) -> int | None:
    """Tell which record of a repository a work is, or ``None`` if the repository does not hold it."""
    cycle, slot = divmod(number, len(_CYCLE))
    if number < 0 or slot not in _SLOTS[house]:
        return None
    return cycle * len(_SLOTS[house]) + _SLOTS[house].index(slot)


def works_for(count: int) -> int:
    """Tell how many works make ``count`` records over the three repositories (or up to two more)."""
    cycles, rest = divmod(count, RECORDS_IN_CYCLE)
    slot = 0
    while rest > 0:
        rest -= len(houses_of(slot))
        slot += 1
    return cycles * len(_CYCLE) + slot


def size_of(house: House, works: int) -> int:
    """Tell how many of the first ``works`` works a repository holds."""
    cycles, rest = divmod(works, len(_CYCLE))
    return cycles * len(_SLOTS[house]) + sum(slot < rest for slot in _SLOTS[house])
