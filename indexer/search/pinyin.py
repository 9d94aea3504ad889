"""Chinese read aloud: the pinyin of words, without tones, as people type it (``ü`` is ``v``).

Most characters have one common reading; where a phrase is read otherwise (重庆 ``chongqing``, 银行 ``yinhang``), it is
looked up as a whole. Only such phrases are kept: a fifth of the dictionary.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from indexer.search.folding import fold

HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_IS_HAN = re.compile(rf"[{HAN}]")
_LONGEST_PHRASE = 4
_UMLAUTS = str.maketrans(dict.fromkeys("üǖǘǚǜ", "v"))
_FIRST_LETTERS = frozenset(["zh", "ch", "sh", *"abcdefghjklmnopqrstwxyz"])


@functools.lru_cache(maxsize=1 << 14)
def syllables(text: str) -> tuple[str, ...]:
    """Return the reading of each character of a folded text; what has none stands for itself."""
    found: list[str] = []
    at = 0
    while at < len(text):
        known, length = _reading_at(text, at)
        found += known
        at += length
    return tuple(found)


def _reading_at(text: str, at: int) -> tuple[tuple[str, ...], int]:
    phrases = _phrases()
    for length in range(min(_LONGEST_PHRASE, len(text) - at), 1, -1):
        if known := phrases.get(text[at : at + length]):
            return known, length
    return (_characters().get(text[at], text[at]),), 1


def initials(readings: Sequence[str]) -> str:
    """Return the first letters: ``sdxx`` of ``shen du xue xi``."""
    return "".join(one[0] for one in readings)


def has_han(text: str) -> bool:
    """Tell whether there is a Chinese character in a text."""
    return _IS_HAN.search(text) is not None


def covered(typed: str, readings: Sequence[str]) -> int:
    """Return how many syllables a typed text reaches into, each begun by some of its letters; 0 where it does not fit.

    ``shendux``, ``sdxx`` and ``shdx`` all begin 深度学习. What is typed need not go to the end of the readings.
    """
    places = {0}
    for reached, reading in enumerate(readings, 1):
        ends = (
            at + length
            for at in places
            for length in range(1, len(reading) + 1)
            if typed.startswith(reading[:length], at)
        )
        places = set(ends)
        if len(typed) in places:
            return reached
        if not places:
            return 0
    return 0


def begun(typed: str) -> Iterator[str]:
    """Yield the first letters of the words that typed letters may begin: ``shendxx`` gives ``sdxx``; four at most."""
    yield from islice(dict.fromkeys(_cuts(typed, *_all_syllables())), 4)


def _cuts(typed: str, whole: frozenset[str], begun: frozenset[str]) -> Iterator[str]:
    """Cut typed letters into syllables, longest first, and first letters; the last one may be half a syllable."""
    for length in range(min(6, len(typed)), 0, -1):
        piece, rest = typed[:length], typed[length:]
        if piece in (whole if rest else begun) or piece in _FIRST_LETTERS:
            for following in islice(_cuts(rest, whole, begun), 4) if rest else ("",):
                yield piece[0] + following


@functools.cache
def _characters() -> dict[str, str]:
    """Load the commonest reading of 42,000 characters."""
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415  # needed where there is Chinese only

    return {chr(code): _plain(readings.partition(",")[0]) for code, readings in PINYIN_DICT.items()}


@functools.cache
def _phrases() -> dict[str, tuple[str, ...]]:
    """Load the phrases that are read otherwise than their characters one by one."""
    from pypinyin.phrases_dict import phrases_dict  # noqa: PLC0415  # as above

    single, other = _characters(), {}
    for phrase, given in phrases_dict.items():
        if len(phrase) <= _LONGEST_PHRASE and len(given) == len(phrase):
            read = tuple(_plain(one[0]) for one in given)
            folded = fold(phrase)
            if read != tuple(single.get(character, character) for character in folded):
                other[folded] = read
    return other


@functools.cache
def _all_syllables() -> tuple[frozenset[str], frozenset[str]]:
    """Return all syllables, and all their beginnings."""
    whole = frozenset(_characters().values())
    return whole, frozenset(one[:length] for one in whole for length in range(1, len(one) + 1))


def _plain(reading: str) -> str:
    return fold(reading.translate(_UMLAUTS))
