"""Fold text, so that the same word written differently becomes the same letters.

Compatibility forms (NFKC), case, width, diacritics, Arabic vowel signs and letter variants, traditional → simplified
Chinese, digits of all scripts → 0-9, typographic hyphens and apostrophes → their ASCII twins. What is a letter of its
own stays: й, ї and ў in Cyrillic, voiced kana, Indic vowel signs. Chinese is folded by character (4 of 2,000 abstracts
differ from folding by phrase), the same in documents and in queries.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

_PLAIN = re.compile(r"[\x00-\x7f]+(?=[\x00-\x7f]|$)")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_LAST_COMMON = 0x2E7F  # Han, kana and hangul begin behind it

#: Marks that are dropped: combining diacritics, Hebrew points, Arabic vowel signs and tatweel; variation selectors.
_DROPPED = (
    (0x0300, 0x036F),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x0640, 0x0640),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)

#: What decomposition does not give. Hyphens and apostrophes bind words; a dash with blanks around binds nothing.
_SPECIAL = {
    "ø": "o",
    "đ": "d",
    "ł": "l",
    "ħ": "h",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "ё": "е",
    "ى": "ي",
    "ی": "ي",
    "ې": "ي",
    "ک": "ك",
    "ة": "ه",
    "ہ": "ه",
    "ٱ": "ا",
    **dict.fromkeys("‐‑‒–−﹣－", "-"),
    **dict.fromkeys("’‘ʼʹ′ꞌ＇", "'"),
}
_OWN_LETTERS = frozenset("йїўѓќ")


@functools.cache
def _simplifier() -> OpenCC:
    import opencc  # noqa: PLC0415  # dictionaries that a harvest does not need

    return opencc.OpenCC("t2s")


def _is_dropped(character: str) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in _DROPPED) or unicodedata.category(character) == "Cf"


def _fold_letter(letter: str) -> str:
    """Fold one case-folded character."""
    if letter in _OWN_LETTERS:
        return letter
    if (special := _SPECIAL.get(letter)) is not None:
        return special
    if _is_dropped(letter):
        return ""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    if unicodedata.category(letter) in {"Cs", "Cc"}:
        return " "
    bare = "".join(part for part in unicodedata.normalize("NFD", letter) if not _is_dropped(part))
    bare = "".join(_SPECIAL.get(part, part) for part in unicodedata.normalize("NFC", bare))
    return _simplifier().convert(bare) if ord(letter) > _LAST_COMMON else bare


def _fold_character(character: str) -> str:
    """Fold until nothing changes: some characters unfold to others that fold again."""
    for _ in range(4):
        plain = unicodedata.normalize("NFKC", character).casefold()
        folded = "".join(_fold_letter(letter) for letter in plain)
        if folded == character:
            break
        character = folded
    return character


class _Table(dict[int, str]):
    """Folded forms by code point, made when first needed; ``str.translate`` reads it at the speed of a dict."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


_table = _Table()


def _fold_run(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0]).translate(_table)


def fold(text: str) -> str:
    """Return the folded text: lower-case letters and digits, everything else as it was.

    Folding twice changes nothing more. The length may change; ``fold_with_origins`` keeps the way back.
    """
    if text.isascii():
        return text.lower()
    folded = _NOT_ASCII.sub(_fold_run, text)
    return folded.lower()


def fold_with_origins(text: str) -> tuple[str, list[int]]:
    """Return the folded text and, for each of its characters, the position in ``text`` it comes from.

    One more position, the length of ``text``, stands at the end. Slower than ``fold``; for highlighting.
    """
    if text.isascii():
        return text.lower(), list(range(len(text) + 1))
    folded: list[str] = []
    origins: list[int] = []
    start = 0
    while start < len(text):
        if plain := _PLAIN.match(text, start):  # nothing that the next character could combine with
            folded.append(plain[0].lower())
            origins.extend(range(start, plain.end()))
            start = plain.end()
            continue
        end = start + 1
        while end < len(text) and (unicodedata.combining(text[end]) or unicodedata.category(text[end]) == "Mn"):
            end += 1
        piece = fold(text[start:end])
        folded.append(piece)
        origins.extend([start] * len(piece))
        start = end
    return "".join(folded), [*origins, len(text)]
