"""Which language a text is in: what is declared, what the script shows, what classifiers hear.

Declarations are weighed by what they speak of. DOAJ declares the *journal's* languages and PMC's Dublin Core
says ``en`` for everything, so those are only a prior for the classifier; JATS declares the article's own
language and is believed unless the text contradicts it strongly. Where both are known and differ, both are kept.

``detect`` is the cascade: script, then the languages' own words and py3langid, then for a text in doubt langdetect's
profiles (or lingua, where it is installed and chosen).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from harvesters.formats.description import LanguageScope
from indexer.models import LanguageTag
from indexer.normalise.languages import lingua_opinion, second_opinion
from indexer.normalise.languages.classifier import IN_PANELS, Candidate, classify
from indexer.normalise.languages.declared import known_codes
from indexer.normalise.languages.scripts import ONLY_BY_SCRIPT, has_chinese, read_script

__all__ = ["Detector", "choose_detector", "detect", "known_codes", "tag"]

Detector = Literal["light", "lingua"]

_SAMPLE = 200
_FURTHEST = 4000
_READ_ON = 600
_ENOUGH = 60
_SURE = 0.95
_CLEAR = 0.8
_DOUBTFUL = 0.7
_LEAST = 0.12

_NOT_WORDS = re.compile(
    r"https?://[!-~]+|[!-?A-~]+@[!-~]+|10\.\d{4,9}/[!-~]+|<[^<>]{1,200}>|&#?\w{2,8};|\\[A-Za-z]+|\$[^$]{1,80}\$|\d+"
)
_DIGITS = re.compile(r"\d+")
_RARE = re.compile(r"[@<&\\$]|://|10\.")
#: Four letters with a word of three among them; of scripts that write syllables or words, one character.
_SOME_LETTERS = re.compile(
    r"(?=.*?[^\W\d_]{3})(?:[\W\d_]*[^\W\d_]){4}|.*?[\u0900-\u1fff\u2e80-\uffdc\U00020000-\U0003ffff]", re.DOTALL
)
_NON_LETTERS = re.compile(r"[\W\d_]+")
_DETECTABLE = IN_PANELS | ONLY_BY_SCRIPT
_SHOUTED = re.compile("[A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐ]{4}")


@dataclass(slots=True)
class _Choice:
    detector: Detector = "light"


_choice = _Choice()


def choose_detector(name: Detector) -> None:
    """Choose who is asked about texts in doubt, for the whole process: langdetect's profiles (``light``) or ``lingua``.

    What was detected before stays until records are normalised again.
    """
    _choice.detector = name
    _short.cache_clear()


def tag(text: str, declared: Sequence[str] = (), scope: LanguageScope = "unknown") -> LanguageTag | None:
    """Return a text's language and how it is known, or ``None``.

    ``declared`` are codes or names as records write them. With ``scope`` "article" the first of them is kept,
    unless the text has 60 letters and is surely in a language that is not declared at all. With another scope they are
    a hint that weighs more the shorter the text is. What a record declares of an article, or of nobody knows what, is
    kept beside another language that was detected; what it declares of the journal is not.
    """
    codes = known_codes(tuple(declared))
    if scope == "article" and codes:
        return _declared(text, codes)
    found = detect(text, codes)
    if found is not None:
        other = codes if scope == "unknown" and found[0] not in codes else ()
        return LanguageTag(code=found[0], origin="detected", confidence=round(found[1], 3), declared=other)
    if len(codes) == 1 and scope == "container":
        return LanguageTag(code=codes[0], origin="declared", confidence=0.5)
    return None


def _declared(text: str, codes: tuple[str, ...]) -> LanguageTag:
    found = detect(text, codes) if _DETECTABLE.issuperset(codes) else None  # a text in Welsh looks like something else
    if found is None or found[0] in codes or found[1] < _CLEAR:
        return LanguageTag(code=codes[0], origin="declared")
    if found[1] >= _SURE and len(_NON_LETTERS.sub("", text[:_SAMPLE])) >= _ENOUGH:
        return LanguageTag(code=found[0], origin="detected", confidence=round(found[1], 3), declared=codes)
    return LanguageTag(code=codes[0], origin="declared", detected=found[0])


def detect(text: str, hints: tuple[str, ...] = ()) -> Candidate | None:
    """Return the language that a text itself shows, with a confidence, or ``None``.

    Only the first 200 characters are looked at, or where they have no words the first 200 of words among 4,000; of a
    long text in doubt, the first 600. Of a text in two languages it is the one of the main part.
    """
    return _short(text, hints) if len(text) <= _SAMPLE else _look(text, hints)


@lru_cache(maxsize=8192)
def _short(text: str, hints: tuple[str, ...]) -> Candidate | None:
    return _look(text, hints)


def _look(text: str, hints: tuple[str, ...]) -> Candidate | None:
    words = _words(text[:_SAMPLE])
    if _SOME_LETTERS.match(words) is None and len(text) > _SAMPLE:
        words = _NON_LETTERS.sub(" ", _words(text[:_FURTHEST])).lstrip()[:_SAMPLE]
    if _SOME_LETTERS.match(words) is None:
        return None
    found = read_script(words, hints)
    if isinstance(found, tuple):
        return found
    if found == "other":
        return None
    if _SHOUTED.search(words) and sum(map(str.isupper, words)) > sum(map(str.islower, words)):
        words = words.lower()
    candidates = classify(words, found, hints)
    best = candidates[0]
    if best[1] < _CLEAR and not words.isascii() and has_chinese(words):  # formulas and foreign terms in Chinese text
        return "zh", _DOUBTFUL
    if best[1] < _CLEAR:
        judge = lingua_opinion if _choice.detector == "lingua" else second_opinion
        best = judge.weigh(_words(text[:_READ_ON]) if len(text) > _SAMPLE else words, candidates)
    return best if best[1] >= _LEAST else None


def _words(text: str) -> str:
    """Take out addresses, DOIs, left-overs of markup and numbers; write letters in one form, be they bold or wide."""
    found = (_NOT_WORDS if _RARE.search(text) else _DIGITS).sub(" ", text)
    return found if found.isascii() else unicodedata.normalize("NFKC", found)
