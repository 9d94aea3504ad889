"""Where a text stands: its container, volume and pages, and how two such places relate."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rapidfuzz.fuzz import ratio

from indexer.models import Container
from indexer.normalise.container_names import container_name_keys
from indexer.search.folding import fold

Agreement = Literal["same", "different", "unknown"]

_SMALL = frozenset(
    """
    the of in on for and an a de la le les des du et der die und fur y e do da dos das d l s del di della part
    international proceedings annual acm ieee
    """.split()  # noqa: SIM905
)
_BETWEEN_NAMES = " = "
_WORD = re.compile(r"[^\W_]+")
_PAGE = re.compile(r"([a-z]{0,3})\.?\s*(\d{1,7})([a-z]?\d{0,2})")
_ROMAN = re.compile("[ivxlc]{1,8}")
_PAGES = re.compile(r"\s*(?:-{1,3}|–|—|\bto\b|/)\s*")
_SIMILAR = 88.0
_LABELS = re.compile(r"suppl\w*|spec\w*|\bpt\b|\bpart\b|issue|vol(?:ume)?\b|\bno\b|[第卷期号]")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def pages_of(pages: str | None) -> tuple[str, str]:
    """Return first and last page without leading zeros, a short last page written out ("221-8" ends at 228).

    Article numbers are first pages; what is no page is empty.
    """
    if not pages:
        return "", ""
    parts = _PAGES.split(pages.lower().strip(), maxsplit=1)
    first = _page(parts[0])
    last = _page(parts[1]) if len(parts) > 1 else ""
    if first.isdigit() and last.isdigit() and len(last) < len(first):
        last = first[: len(first) - len(last)] + last
    return first, last or first


def _page(text: str) -> str:
    text = text.strip()
    match = _PAGE.match(text)
    if match is None:
        return text if _ROMAN.fullmatch(text) else ""
    letters, digits, tail = match.groups()
    return f"{'' if letters in {'p', 'pp'} else letters}{int(digits)}{tail}"


def number_of(value: str | None) -> str:
    """Return a volume or issue as it is compared: its first number without label and zeros ("Suppl. 03", "XII")."""
    if not value:
        return ""
    folded = _LABELS.sub(" ", fold(value[:40]))
    words = _WORD.findall(folded)
    number = next((word for word in words if any(letter.isdigit() for letter in word)), words[0] if words else "")
    if _ROMAN.fullmatch(number):
        return str(_from_roman(number))
    return number.lstrip("0") if number.isdigit() else number


def _from_roman(letters: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in letters]
    return sum(
        -value if position + 1 < len(values) and value < values[position + 1] else value
        for position, value in enumerate(values)
    )


def compare_pages(
    one: tuple[str, str], other: tuple[str, str]
) -> Literal["same", "first", "near", "different", "unknown"]:
    """Compare page ranges; "near" is one within the other or a letter more ("e12", "12")."""
    if not one[0] or not other[0]:
        return "unknown"
    if one == other:
        return "same" if one[0] != one[1] or len(one[0]) > 2 else "first"  # noqa: PLR2004 - "1" says little
    if one[0] == other[0]:
        return "first" if one[0] == one[1] or other[0] == other[1] or one[0] != "1" else "near"
    if _is_unplaced(one, other) or _is_unplaced(other, one):
        return "unknown"
    a, b = one[0].lstrip("abcdefghijklmnopqrstuvwxyz"), other[0].lstrip("abcdefghijklmnopqrstuvwxyz")
    if a == b and a and (one[0] == a or other[0] == b):
        return "near"
    return (
        "near"
        if _within(one, other) or _within(other, one) or (one[1] == other[1] and one[1] not in {"", "1"})
        else "different"
    )


def _is_unplaced(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether one numbers its own pages from 1 and the other has an article number."""
    return (
        one[0] == "1" != one[1]
        and other[0] == other[1]
        and (len(other[0]) >= _ARTICLE_NUMBER or not other[0].isdigit())
    )


_ARTICLE_NUMBER = 4


def is_abstract_page(pages: tuple[str, str]) -> bool:
    """Tell whether this is one page of a supplement or a programme ("S131", "A237"), as abstracts have."""
    return pages[0] == pages[1] and _SUPPLEMENT_PAGE.fullmatch(pages[0]) is not None


def is_range(pages: tuple[str, str]) -> bool:
    """Tell whether a text has three pages or more, as papers have."""
    first, last = pages[0].lstrip(_LATIN), pages[1].lstrip(_LATIN)
    return first.isdigit() and last.isdigit() and int(last) - int(first) > 1


_LATIN = "abcdefghijklmnopqrstuvwxyz"
_SUPPLEMENT_PAGE = re.compile(r"(?:s|a|p|o|op|po|ps|pp|abs|t)\d+[a-z]?|\d+[ap]")


def _within(inner: tuple[str, str], outer: tuple[str, str]) -> bool:
    if not all(page.isdigit() for page in (*inner, *outer)):
        return False
    return int(outer[0]) <= int(inner[0]) <= int(inner[1]) <= int(outer[1]) and int(outer[0]) < int(outer[1])


def name_of(container: Container | None) -> str:
    """Return the forms by which the container's name is recognised, with `` = `` between them, or an empty text."""
    if container is None or not container.title:
        return ""
    return _BETWEEN_NAMES.join(container_name_keys(container.title))


def compare_containers(issns: tuple[str, ...], name: str, other_issns: tuple[str, ...], other_name: str) -> Agreement:
    """Compare by ISSN, else by name; two ISSNs may be one journal's, so that they never differ for themselves."""
    if issns and other_issns and not set(issns).isdisjoint(other_issns):
        return "same"
    if not name or not other_name:
        return "unknown"
    if name == other_name:
        return "same"
    if _BETWEEN_NAMES not in name and _BETWEEN_NAMES not in other_name:
        return compare_names(*sorted((name, other_name)))
    mine, theirs = name.split(_BETWEEN_NAMES), other_name.split(_BETWEEN_NAMES)
    is_same = any(one == other or compare_names(*sorted((one, other))) == "same" for one in mine for other in theirs)
    return "same" if is_same else "unknown"  # each may be a translation of the other's


@lru_cache(maxsize=65_536)
def compare_names(one: str, other: str) -> Agreement:
    """Compare two folded names: written out, abbreviated (Curr Opin Lipidol), as an acronym, with a subtitle."""
    if one.isascii() != other.isascii() and (_is_foreign(one) != _is_foreign(other)):
        return "unknown"
    a, b = [word for word in one.split() if word not in _SMALL], [word for word in other.split() if word not in _SMALL]
    if not a or not b:
        return "unknown"
    if len(a) > len(b):
        a, b = b, a
    if len(a) == 1 and _is_acronym(a[0], one.split(), other.split()):
        return "same"
    if _abbreviates(a, b) or ratio(one, other) >= _SIMILAR or (len(a) == 1 and _ends_as(a[0], b)):
        # "VLDB" is a conference, "The VLDB Journal" is not, but is "Gut" the "Gut Journal"?
        return "same" if len(a) > 1 or _is_journal(one) == _is_journal(other) else "unknown"
    if set(a) <= set(b) or (_is_conference(one) and (_is_conference(other) or _may_be_acronym(a))):
        return "unknown"
    return "unknown" if _is_conference(other) and _may_be_acronym(a) else "different"


_CONFERENCE = re.compile(r"\b(?:conf|proc|symp|worksh|congr|meeting|lecture notes|tagung|kongress)|会议|年会|大会")
_JOURNAL = re.compile(
    r"\b(?:j|journal|trans|transactions|revista|revue|zeitschrift|rev|review|bulletin|bull|annals|ann)\b|学报|杂志"
)


def _is_conference(name: str) -> bool:
    """Tell whether a name is a conference's; those have acronyms, numbers and places in all combinations."""
    return _CONFERENCE.search(name) is not None


def _may_be_acronym(words: list[str]) -> bool:
    """Tell whether a name is one short word, as conferences are called by those who go there ("VLDB", "ICML")."""
    return len(words) == 1 and len(words[0]) <= _LONGEST_CONTRACTION


def _is_journal(name: str) -> bool:
    """Tell whether a name says that it is a journal's."""
    return _JOURNAL.search(name) is not None


def _is_foreign(name: str) -> bool:
    return any(ord(letter) > 0x0370 for letter in name)  # noqa: PLR2004 - behind Latin


def _abbreviates(few: list[str], many: list[str]) -> bool:
    """Tell whether each word of one begins the word of the other in its place; the longer may go on (a subtitle)."""
    if not all(a.startswith(b) or b.startswith(a) or _is_contracted(a, b) for a, b in zip(few, many, strict=False)):
        return False
    return len(few) == len(many) or (len(few) >= 2 or len(few[0]) > 3)  # noqa: PLR2004 - "J" begins many names


def _is_contracted(one: str, other: str) -> bool:
    """Recognise abbreviations that leave out the middle: "natl" for national, "dtsch" for deutsche."""
    short, long = sorted((one, other), key=len)
    if not _SHORTEST_CONTRACTION <= len(short) <= _LONGEST_CONTRACTION or short[0] != long[0]:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


_SHORTEST_CONTRACTION, _LONGEST_CONTRACTION = 3, 6


def _is_acronym(acronym: str, one: list[str], other: list[str]) -> bool:
    """Recognise "JAMA" for Journal of the American Medical Association, with or without small words."""
    if not _SHORTEST_CONTRACTION <= len(acronym) <= 2 * _LONGEST_CONTRACTION:
        return False
    whole = max(one, other, key=len)
    return acronym in {"".join(word[0] for word in whole), "".join(word[0] for word in whole if word not in _SMALL)}


def _ends_as(acronym: str, words: list[str]) -> bool:
    """Recognise "VLDB" for the 27th International Conference on Very Large Data Bases."""
    return len(acronym) > _SHORTEST_CONTRACTION and "".join(word[0] for word in words).endswith(acronym)
