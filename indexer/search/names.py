"""Names of people: in either order, by initials, with hyphens or without, and Chinese ones by their pinyin.

The index has a few forms of each name, as phrases: ``smith john a``, ``john a smith``, ``smith j a``. What a query says
(``J.A. Smith``, ``Smith JA``, ``Smith, J``, ``John Smith``) is turned into phrases that are one of these or its
beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from indexer.models import Contributor
from indexer.search.analysis import query_phrases
from indexer.search.folding import fold
from indexer.search.function_words import function_words_in
from indexer.search.pinyin import syllables

Row = tuple[str, ...]

_MOST_INITIALS = 3
_MOST_WORDS = 5
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}")
_LETTERS = re.compile(r"[^\W\d_]+")
#: Words of a name whose syllables may stand apart, and the letters of the longest: ``ouyang``, ``zhuang``.
_PINYIN_WORDS, _LONGEST_SYLLABLES = (3, 4), 6
_NAME_PART = re.compile(r"[^\W\d_]+(?:[.'’-]+[^\W\d_]+)*\.?")
#: Family names of two characters, and those read otherwise than the character is in most words.
_DOUBLE = frozenset(
    [
        "欧阳",
        "司马",
        "诸葛",
        "上官",
        "司徒",
        "东方",
        "夏侯",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "长孙",
        "宇文",
        "端木",
    ]
)
_READ_AS = {
    "曾": "zeng",
    "单": "shan",
    "解": "xie",
    "仇": "qiu",
    "区": "ou",
    "查": "zha",
    "任": "ren",
    "朴": "piao",
    "翟": "zhai",
    "覃": "qin",
    "盖": "ge",
    "缪": "miao",
    "乐": "yue",
    "召": "shao",
    "种": "chong",
    "尉迟": "yuchi",
}


def name_forms(person: Contributor) -> Iterator[tuple[str, str]]:
    """Yield the forms, in two parts side by side, that a phrase may ask for beside the name that is displayed."""
    if chinese := _spoken(person):
        family, *given = chinese
        yield family, "".join(given)
        yield "".join(given), family
        yield family, " ".join(syllable[0] for syllable in given)
    elif person.family and person.given and not person.is_group:
        yield person.family, person.given
        yield person.given, person.family
        if "-" in person.given:
            joined = person.given.replace("-", "")
            yield person.family, joined
            yield joined, person.family
        if initials := _initials_of(person.given):
            yield person.family, " ".join(initials)


def pinyin_name(person: Contributor) -> str:
    """Return a Chinese name in pinyin (``wang xiaoming``); ``""`` for another."""
    family, *given = _spoken(person) or ("",)
    return f"{family} {''.join(given)}".strip()


def _spoken(person: Contributor) -> Row:
    """Return the family name and each syllable of the given name of a Chinese name; nothing for another."""
    name = "".join(person.name.split())
    if person.is_group or not _HAN_NAME.fullmatch(name):
        return ()
    length = 2 if len(name) > len("两字") and fold(name[:2]) in _DOUBLE else 1
    folded = fold(name)
    family = _READ_AS.get(folded[:length]) or "".join(syllables(folded[:length]))
    return (family.replace("v", "u"), *syllables(folded[length:]))


def _initials_of(given: str) -> str:
    """Return first letters: ``ja`` of ``John Adam``, ``J. A.`` and ``JA``; nothing in scripts without capitals."""
    letters = ""
    for part in given.replace(".", " ").replace("-", " ").split():
        written_as_initials = part.isupper() and len(part) <= _MOST_INITIALS
        letters += part if written_as_initials else part[:1]
    folded = fold(letters)
    return folded if all(map(_may_be_initials, folded)) else ""


def name_rows(text: str) -> tuple[Row, ...]:
    """Return the rows of tokens that a name, as somebody writes it, may stand as among authors."""
    rows: dict[Row, None] = {}
    capitals = frozenset(fold(word) for word in _LETTERS.findall(text.replace(".", "")) if word.isupper())
    for form in (text, text.replace("-", "")):
        for row in query_phrases(form, stemmed=False):
            rows.update(dict.fromkeys(_orders_of(row)))
            rows.update(dict.fromkeys(_initials_apart(row, capitals)))
            rows.update(dict.fromkeys(_syllables_joined(row)))
    return tuple(rows)


def _orders_of(row: Row) -> Iterator[Row]:
    """Yield a row of tokens, and with what stands behind in front: ``smith peter`` begins “Smith, Peter J.”.

    No single letter comes in front: “J Smith” begins other people's names, as “J. Smith Jones”.
    """
    yield row
    for at in range(1, min(len(row), _MOST_WORDS)):
        if len(row[at]) > 1:
            yield (*row[at:], *row[:at])


def _initials_apart(row: Row, capitals: frozenset[str]) -> Iterator[Row]:
    """Yield the family name first, then each initial, where some stand before or behind it.

    A short word beside longer ones is taken for initials in any case, among short ones (``Li JX``) only if written so.
    """
    short = [_may_be_initials(token) for token in row]
    if all(short):
        short = [len(token) == 1 or token in capitals for token in row]
    if all(short):  # ``LI JX``: either may be the family name
        ahead = behind = 1
    else:
        ahead, behind = short.index(False), short[::-1].index(False)
    if 0 < ahead < len(row):
        yield (*row[ahead:], *"".join(row[:ahead]))
    if 0 < behind < len(row):
        yield (*row[:-behind], *"".join(row[-behind:]))


def _syllables_joined(row: Row) -> Iterator[Row]:
    """Yield a name of two parts of one that may be pinyin with a blank between syllables (``Ou Yang Wen Bo``)."""
    if _PINYIN_WORDS[0] <= len(row) <= _PINYIN_WORDS[1] and all(map(_may_be_syllable, row)):
        for at in range(1, len(row)):
            yield "".join(row[:at]), "".join(row[at:])


def _may_be_syllable(token: str) -> bool:
    return 1 < len(token) <= _LONGEST_SYLLABLES and token.isascii() and token.isalpha()


def _may_be_initials(token: str) -> bool:
    return len(token) <= _MOST_INITIALS and token.isalpha() and all(letter != letter.upper() for letter in token)


def bare_name_rows(words: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows for a query that is nothing but a name with initials (``Smith J``, ``J. R. R. Tolkien``).

    Records have the whole given name as often as its initials, so its words alone would not find them.
    """
    if not 1 < len(words) <= _MOST_WORDS or not all(_NAME_PART.fullmatch(word) for word in words):
        return ()
    initials = [word for word in words if _are_initials(word)]
    if not initials or len(initials) == len(words) or function_words_in(words):
        return ()
    return name_rows(" ".join(words))


def _are_initials(word: str) -> bool:
    letters = word.replace(".", "").replace("-", "")
    return len(letters) == 1 or (len(letters) <= _MOST_INITIALS and letters.isupper())
