"""Signs around the words of a query: which mean nothing, and which twins of ASCII's there are."""

from __future__ import annotations

import re
import unicodedata

_TWINS = str.maketrans("（）：＂“”„＊－～", '():"""' + '"*-~')
_SIGNED = re.compile(r"[A-Za-z](?:\+\+|#)(?![\w+#])")
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain_signs(text: str) -> str:
    """Return a text with blanks for what nobody sees, and ASCII twins for full-width signs; as long as it was."""
    return _UNUSABLE.sub(" ", text).translate(_TWINS)


def core_of(chunk: str) -> tuple[int, int]:
    """Return where a chunk begins and ends without the punctuation around it; ``C++`` and ``C#`` keep theirs."""
    begin, end = 0, len(chunk)
    while begin < end and is_punctuation(chunk[begin]) and chunk[begin] != "*":
        begin += 1
    while begin < end and is_punctuation(chunk[end - 1]) and chunk[end - 1] != "*":
        end -= 1
    if signed := _SIGNED.match(chunk, begin):
        end = max(end, signed.end())
    return begin, end


def is_punctuation(character: str) -> bool:
    """Tell whether a character is a sign, a blank or nothing that is seen."""
    return not character.isalnum() and unicodedata.category(character)[0] in "PSZC"


def has_word(text: str) -> bool:
    """Tell whether a text has a letter or a number."""
    return any(character.isalnum() for character in text)
