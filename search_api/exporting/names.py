"""Names in citations: initials, order, and how many of them each style shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from search_api.exporting.item import Item, Person

_PARTS = re.compile(r"[\s.]+")
_MOST_APA, _FIRST_APA = 20, 19
_MOST_CHICAGO, _FIRST_CHICAGO = 10, 7
_MOST_VANCOUVER = 6
_MOST_GB = 3


def initials(given: str, *, mark: str, between: str, hyphen: str) -> str:
    """Return initials: ``Jean-Pierre A.`` with mark ``.`` and hyphen ``-`` is ``J.-P. A.``; ``JA`` is two already."""
    if len(given) == 2 and given.isascii() and given.isupper():  # noqa: PLR2004  # as PubMed writes them
        given = f"{given[0]} {given[1]}"
    words = (
        hyphen.join(piece[0].upper() + mark for piece in re.split(r"[-‐‑]", part) if piece)
        for part in _PARTS.split(given)
    )
    return between.join(word for word in words if word)


def is_all_cjk(people: Sequence[Person]) -> bool:
    """Tell whether a list holds Chinese, Japanese or Korean names only."""
    return all(person.is_cjk for person in people)


def apa(people: Sequence[Person]) -> str:
    """Write up to 20 authors, or 19 and the last (APA 7, 9.8)."""
    names = [_with_initials(person, comma=", ", mark=".", between=" ", hyphen="-") for person in people]
    if len(names) > _MOST_APA:
        return f"{', '.join(names[:_FIRST_APA])}, … {names[-1]}"
    if len(names) < 2 or is_all_cjk(people):  # noqa: PLR2004
        return ", ".join(names)
    return f"{', '.join(names[:-1])}, & {names[-1]}"


def mla(people: Sequence[Person]) -> str:
    """Write one or two authors, or the first and "et al." (MLA 9, 5.6 to 5.8)."""
    first, cjk = people[0].inverted, is_all_cjk(people)
    if len(people) == 1:
        return first
    if len(people) == 2:  # noqa: PLR2004
        return f"{first}和{_straight(people[1])}" if cjk else f"{first}, and {_straight(people[1])}"
    return f"{first}等" if cjk else f"{first}, et al."


def chicago(people: Sequence[Person]) -> str:
    """Write up to ten authors, or seven and "et al." (Chicago 17, 14.76)."""
    names = [people[0].inverted, *(_straight(person) for person in people[1:])]
    cjk = is_all_cjk(people)
    if len(names) > _MOST_CHICAGO:
        return ", ".join(names[:_FIRST_CHICAGO]) + ("等" if cjk else ", et al.")
    if len(names) == 1 or cjk:
        return ", ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def vancouver(people: Sequence[Person]) -> str:
    """Write up to six authors and "et al.", initials without points (ICMJE's examples)."""
    names = [_with_initials(person, comma=" ", mark="", between="", hyphen="") for person in people]
    more = ["等" if is_all_cjk(people) else "et al"] if len(names) > _MOST_VANCOUVER else []
    return ", ".join([*names[:_MOST_VANCOUVER], *more])


def gb(people: Sequence[Person], item: Item) -> str:
    """Write up to three authors, family names in capitals, "等" or "et al" in the work's language (GB/T 7714, 8.1)."""
    names = []
    for person in people[:_MOST_GB]:
        name = _with_initials(person, comma="\n", mark="", between=" ", hyphen=" ")
        family, _, given = name.partition("\n")
        is_person = person.family and not person.is_cjk and not person.is_group
        names.append(f"{family.upper()} {given}".strip() if is_person else family)
    more = ["等" if item.is_chinese or is_all_cjk(people) else "et al"] if len(people) > _MOST_GB else []
    return ", ".join([*names, *more])


def _straight(person: Person) -> str:
    if person.is_cjk:
        return person.cjk_name
    return f"{person.given} {person.family}" if person.given and person.family else person.name


def _with_initials(person: Person, *, comma: str, mark: str, between: str, hyphen: str) -> str:
    short = "" if person.is_cjk else initials(person.given, mark=mark, between=between, hyphen=hyphen)
    return f"{person.family}{comma}{short}" if short else person.inverted
