"""Authors as identity compares them: family names and initials, in any order, full or short."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from rapidfuzz.distance import Levenshtein

from indexer.identity.titles import script_of
from indexer.models import Contributor
from indexer.search.folding import fold

Overlap = Literal["most", "some", "none", "unknown"]

MOST_PEOPLE = 40
"""An author list of thousands is compared by its first names."""
_WORD = re.compile(r"[^\W\d_]+")
_LONG_FAMILY = 4
_NOBODY = frozenset(
    (
        "anonymous", "anon", "unknown", "author", "authors", "editor", "editors", "al et", "al", "none",
        "na", "author no", "authors no listed", "available not", "listed authors no", "佚名", "本刊", "&本刊编辑部",
        "&编辑部",
    )
)  # fmt: skip
"""What stands in the place of an author where there is none."""
_SLIP = 0.8
_OTHER_NAME = 0.35
_VOWEL = re.compile("[aeiouy]|[^a-z]")
_MANY = 3
_FULL = 3


def authors_of(contributors: Iterable[Contributor]) -> tuple[str, ...]:
    """Write each author as ``family given-words`` (folded, the family without blanks); groups begin with ``&``.

    Editors and translators count only where there is no author.
    """
    people = tuple(contributors)
    authors = [one for one in people if one.role == "author"] or people
    found = (_written(one) for one in authors[:MOST_PEOPLE])
    return tuple(dict.fromkeys(one for one in found if one and one not in _NOBODY))


def _written(person: Contributor) -> str:
    if person.is_group or not person.family:
        words = _words(person.name)
        if person.is_group:
            return "&" + "".join(words) if words else ""
        return " ".join([*words[-1:], *words[:-1]])
    family = "".join(_words(person.family))
    return " ".join((family, *_words(person.given or ""))) if family else " ".join(_words(person.name))


def _words(text: str) -> list[str]:
    lowered = text.lower() if text.isascii() else fold(text)
    if lowered.isalpha():
        return [lowered]
    return _WORD.findall(lowered.replace("'", ""))


def is_full_name(author: str) -> bool:
    """Tell whether more than initials is known of the given names."""
    family, _, given = author.partition(" ")
    return max(map(len, given.split(" "))) >= _FULL and len(family) > 1


def compare_authors(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[Overlap, int]:
    """Tell how much of the shorter list is in the longer one, and how many authors they share.

    A list that is cut short begins as the whole one does; a few names of many that do not are only "some".
    """
    if not one or not other:
        return "unknown", 0
    if one == other:
        return "most", len(one)
    a, b = _in_one_script(one, other)
    if not a or not b:
        return "unknown", 0
    if len(a) > len(b):
        a, b = b, a
    is_namesake = len(a) == 1 and a[0] not in b and any(_is_namesake(a[0], name) for name in b)
    shared = 0 if is_namesake else _count_shared(a, b)
    if not shared:
        return ("unknown", 0) if _share_words(a, b) else ("none", 0)
    if shared * 3 < len(a) * 2 and shared <= _MANY:
        return "some", shared
    is_cut = len(a) * 3 < len(b) * 2 and not is_same_person(a[0], b[0])
    return ("some", shared) if is_cut and shared == 1 else ("most", shared)


def _share_words(one: list[str], other: list[str]) -> bool:
    """Tell whether names that are no one's twins have words in common: a list that was parted in wrong places.

    A family name that two people of different given names have is no such word.
    """
    families = {name.partition(" ")[0] for name in one} & {name.partition(" ")[0] for name in other}
    words = {word for name in one for word in name.strip("&").split(" ") if len(word) >= _LONG_FAMILY}
    return any(word in words and word not in families for name in other for word in name.strip("&").split(" "))


def _in_one_script(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Keep the names of each list that can be compared with the other; groups only where both are groups alone."""
    people_a = [name for name in one if name[0] != "&"] or list(one)
    people_b = [name for name in other if name[0] != "&"] or list(other)
    if (people_a[0][0] == "&") != (people_b[0][0] == "&"):
        return [], []
    if "".join(people_a).isascii() and "".join(people_b).isascii():
        return people_a, people_b
    for script in dict.fromkeys(script_of(name[0]) for name in people_a):
        b = [name for name in people_b if script_of(name[0]) == script]
        if b:
            return [name for name in people_a if script_of(name[0]) == script], b
    return [], []


def _count_shared(few: list[str], many: list[str]) -> int:
    """Count the names of the one list that are in the other, each once."""
    left = list(many)
    shared = 0
    for name in few:
        twin = next((candidate for candidate in left if is_same_person(name, candidate)), None)
        if twin is not None:
            left.remove(twin)
            shared += 1
    return shared


def is_same_person(one: str, other: str) -> bool:
    """Tell whether two names may be one person's: families agree and initials do not contradict, in either order."""
    if one == other:
        return True
    if one[0] == "&" or other[0] == "&":
        return one[0] == other[0] and (one[1:] in other or other[1:] in one)
    a, b = one.split(" "), other.split(" ")
    if a[0] == b[0]:
        return _initials_agree(a[1:], b[1:])
    if a[0][0] == b[0][0] and is_same_family(a[0], b[0]):
        return _initials_agree(a[1:], b[1:])
    if len(a) > 1 and len(b) > 1:
        return _turned_around(a, b)
    return _is_compound(a, b)


def _turned_around(a: list[str], b: list[str]) -> bool:
    """Recognise family and given names in the other order ("Lu Mengmeng", "Wang X" and "Xiaoguang Wang")."""
    if a[0] in b[1:] and any(_may_be_name(word, b[0]) for word in a[1:]):
        return True
    if b[0] in a[1:] and any(_may_be_name(word, a[0]) for word in b[1:]):
        return True
    return sorted("".join(a)) == sorted("".join(b)) or _is_compound(a, b)


def _may_be_name(given: str, name: str) -> bool:
    """Tell whether a given name may be this one: its initials, the same one, or a longer form of it."""
    if given[0] != name[0]:
        return False
    if len(given) == 1 or len(name) == 1 or not _VOWEL.search(given):
        return True
    short, long = sorted((given, name), key=len)
    return long == short or (len(short) >= _LONG_FAMILY and long.startswith(short))


def _is_compound(a: list[str], b: list[str]) -> bool:
    """Recognise one of two family names: "García" and "García López", "van den Berg" and "Berg"."""
    short, long = (a, b) if len(a[0]) <= len(b[0]) else (b, a)
    family = short[0]
    if len(family) < _LONG_FAMILY or not (long[0].startswith(family) or long[0].endswith(family)):
        return family in long[1:] and len(family) >= _LONG_FAMILY and len(short) == 1
    return _initials_agree(short[1:], long[1:])


def is_same_family(one: str, other: str) -> bool:
    """Tell whether two family names are one, misspelt or written in another way (Müller, Mueller, Muller)."""
    if one.replace("ae", "a").replace("oe", "o").replace("ue", "u") == other.replace("ae", "a").replace(
        "oe", "o"
    ).replace("ue", "u"):
        return True
    return min(len(one), len(other)) >= _LONG_FAMILY and Levenshtein.normalized_similarity(one, other) >= _SLIP


def _initials_agree(one: list[str], other: list[str]) -> bool:
    """Tell whether given names may be one's: where both are known, one's first initial is among the other's."""
    if not one or not other:
        return True
    a, b = {word[0] for word in one}, {word[0] for word in other}
    return one[0][0] in b or other[0][0] in a or (len(one) == 1 and len(one[0]) <= 3 and not a.isdisjoint(b))  # noqa: PLR2004


def _is_namesake(one: str, other: str) -> bool:
    """Tell whether two people of one family have quite other given names, both in full ("John", "James").

    "Wei" and "Wen" may be slips, and among several authors a nickname is likelier than a namesake.
    """
    a, b = one.split(" "), other.split(" ")
    if a[0] != b[0] or len(a) == 1 or len(b) == 1 or not set(a[1:]).isdisjoint(b[1:]):
        return False
    if min(len(a[1]), len(b[1])) < _FULL or not (_VOWEL.search(a[1]) and _VOWEL.search(b[1])):
        return False
    return Levenshtein.normalized_similarity(a[1], b[1]) < _OTHER_NAME
