"""What a title is sorted by, and what tells that two titles are letter for letter the same."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Sequence

from indexer.search.folding import fold

#: What orders a title is kept as so many numbers of so many digits; titles that begin alike stand in the order of keys.
COLUMNS, _DIGITS = 4, 11
#: A blank, 0 to 9, a to z, and a mark of all other letters, behind 0 for nothing.
_ALPHABET = " 0123456789abcdefghijklmnopqrstuvwxyz"
_OTHER = len(_ALPHABET) + 1
_BASE = _OTHER + 1
_CODES = {character: code for code, character in enumerate(_ALPHABET, start=1)}
#: The digit of each byte that has one of its own, which titles in English have throughout; 0 for the others.
_ASCII_DIGITS = bytes(_CODES.get(chr(byte), 0) for byte in range(256))
#: Letters of the nearest scripts (Greek, Cyrillic, most of Arabic) take two digits behind the mark, others five.
_NEAR, _FIRST_NEAR = _OTHER * _BASE, 0x80
_WORDS = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
#: Articles that libraries pass over at the beginning of a title, by language (MARC's non-filing characters).
_ARTICLES: dict[str, frozenset[str]] = {
    "en": frozenset({"the", "a", "an"}),
    "de": frozenset({"der", "die", "das", "ein", "eine"}),
    "fr": frozenset({"le", "la", "les", "l", "un", "une", "des"}),
    "es": frozenset({"el", "la", "los", "las", "un", "una"}),
    "pt": frozenset({"o", "a", "os", "as", "um", "uma"}),
    "it": frozenset({"il", "lo", "la", "i", "gli", "le", "l", "un", "uno", "una"}),
    "nl": frozenset({"de", "het", "een"}),
}


def title_order(title: str, language: str | None) -> str:
    """Return what a title is sorted by: folded words, without a leading article, Chinese by its pinyin.

    Compared by code points, which is the order of UTF-8 bytes, so that all engines agree. No longer than
    ``title_columns`` can tell (44 Latin letters, 14 Cyrillic ones); never empty.
    """
    words = _WORDS.findall(fold(title))
    if len(words) > 1 and words[0] in _ARTICLES.get(language or "", ()):
        words = words[1:]
    spelled = " ".join(words)
    if not spelled.isascii():
        spelled = " ".join(_HAN.sub(lambda found: f" {_pinyin(found[0])} ", spelled).split())
    return _cut(spelled).rstrip() or "\uffff"


def title_columns(order: str) -> tuple[int, ...]:
    """Return what orders a title as numbers that are in the same order, for engines that sort by numbers only."""
    length = COLUMNS * _DIGITS
    digits: Sequence[int] = order[:length].encode("ascii", "replace").translate(_ASCII_DIGITS)
    if 0 in digits:
        digits = [digit for character in order[:length] for digit in _digits_of(character)][:length]
    digits = [*digits, *[0] * (length - len(digits))]
    columns = []
    for at in range(0, length, _DIGITS):
        number = 0
        for digit in digits[at : at + _DIGITS]:
            number = number * _BASE + digit
        columns.append(number)
    return tuple(columns)


def title_of(columns: Sequence[int]) -> str:
    """Return what orders a title from its numbers."""
    digits = iter([column // _BASE**place % _BASE for column in columns for place in reversed(range(_DIGITS))])
    characters = []
    for digit in digits:
        if digit == _OTHER:
            characters.append(_far_character(digits))
        elif digit:
            characters.append(_ALPHABET[digit - 1])
    return "".join(characters)


@functools.lru_cache(maxsize=4096)
def _digits_of(character: str) -> tuple[int, ...]:
    if (code := _CODES.get(character)) is not None:
        return (code,)
    near = ord(character) - _FIRST_NEAR
    if 0 <= near < _NEAR:
        return (_OTHER, *divmod(near, _BASE))
    point = ord(character)
    return (_OTHER, _OTHER, *(point // _BASE**place % _BASE for place in (3, 2, 1, 0)))


def _far_character(digits: Iterator[int]) -> str:
    first, second = next(digits), next(digits)
    if first != _OTHER:
        return chr(_FIRST_NEAR + first * _BASE + second)
    for _ in range(3):
        second = second * _BASE + next(digits)
    return chr(second)


def _cut(order: str) -> str:
    """Cut to the letters that fit whole."""
    left = COLUMNS * _DIGITS
    if order.isascii():  # folded words, of which each letter is a digit
        return order[:left]
    for at, character in enumerate(order):
        left -= len(_digits_of(character))
        if left < 0:
            return order[:at]
    return order


def title_key(title: str) -> str:
    """Return 48 bits of a digest of a title's folded letters and digits; ``""`` where it has none.

    Case, width, accents, traditional characters, blanks and punctuation make no difference.
    """
    letters = "".join(_WORDS.findall(fold(title)))
    return hashlib.blake2b(letters.encode(), digest_size=6).hexdigest() if letters else ""


def _pinyin(character: str) -> str:
    """Return a character's commonest reading without its tone; itself where it has none."""
    return _readings().get(ord(character), character)


@functools.cache
def _readings() -> dict[int, str]:
    """Load the dictionary (26,000 characters) when the first Chinese title is sorted."""
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415

    return {code: fold(readings.partition(",")[0]) for code, readings in PINYIN_DICT.items()}
