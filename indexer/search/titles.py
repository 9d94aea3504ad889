"""What a title is sorted by, and what tells that two titles are letter for letter the same."""

from __future__ import annotations

import functools
import hashlib
import re

from indexer.search.folding import fold

#: Longer titles that begin alike stand in the order of their keys.
LONGEST_ORDER = 80
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

    Compared by code points, which is the order of UTF-8 bytes, so that all engines agree. At most ``LONGEST_ORDER``
    characters; never empty.
    """
    words = _WORDS.findall(fold(title))
    if len(words) > 1 and words[0] in _ARTICLES.get(language or "", ()):
        words = words[1:]
    spelled = _HAN.sub(lambda found: f" {_pinyin(found[0])} ", " ".join(words))
    return " ".join(spelled.split())[:LONGEST_ORDER].rstrip() or "\uffff"


def title_key(title: str) -> str:
    """Return 64 bits of a digest of a title's folded letters and digits; ``""`` where it has none.

    Case, width, accents, traditional characters, blanks and punctuation make no difference.
    """
    letters = "".join(_WORDS.findall(fold(title)))
    return hashlib.blake2b(letters.encode(), digest_size=8).hexdigest() if letters else ""


def _pinyin(character: str) -> str:
    """Return a character's commonest reading without its tone; itself where it has none."""
    return _readings().get(ord(character), character)


@functools.cache
def _readings() -> dict[int, str]:
    """Load the dictionary (26,000 characters) when the first Chinese title is sorted."""
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415

    return {code: fold(readings.partition(",")[0]) for code, readings in PINYIN_DICT.items()}
