"""Stems of folded words, by language (Snowball, snowballstem.org).

Text is folded before it is stemmed, in documents and in queries, so that a query without accents finds accented text.
Snowball knows some endings only with their accents: these are put back first (``_RESTORED``). Stems are folded again.

A query's language is not known, so it is stemmed by the rules of all. What other rules than English ones leave of short
words is often an English word (rate: rat, care: car, code: cod), so stems of three letters are not taken; of such words
only a plural's s is left out.
"""

from __future__ import annotations

import re
import threading

import Stemmer  # type: ignore[import-not-found]

from indexer.search.folding import fold

#: Languages with a stemmer, in the order in which a query's alternatives stand.
ALGORITHMS = {
    "en": "english",
    "es": "spanish",
    "pt": "portuguese",
    "fr": "french",
    "de": "german",
    "it": "italian",
    "nl": "dutch",
    "tr": "turkish",
    "ru": "russian",
    "ar": "arabic",
}
_SCRIPTS = {"ru": "cyrillic", "ar": "arabic"}
_LATIN = tuple(language for language in ALGORITHMS if language not in _SCRIPTS)
#: Texts in these languages are stemmed by English rules where they use Latin letters: terms borrowed from English.
_BORROWING = frozenset(
    {"zh", "ja", "ko", "ru", "ar", "fa", "ur", "uk", "be", "bg", "sr", "mk", "el", "he"}
    | {"hi", "bn", "ta", "te", "th", "vi", "ka", "hy", "kk", "mn"}
)
_MEMORY = 1 << 16
_TOO_SHORT = 3

_RESTORED: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "pt": (
        (re.compile(r"oes$"), "ão"),
        (re.compile(r"ao$"), "ão"),
        (re.compile(r"cão$"), "ção"),
        (re.compile(r"avel$"), "ável"),
        (re.compile(r"aveis$"), "áveis"),
        (re.compile(r"ivel$"), "ível"),
        (re.compile(r"iveis$"), "íveis"),
    ),
    "ar": ((re.compile(r"^[وفبك](?=ال...)"), ""), (re.compile(r"^لل(?=...)"), "ال"), (re.compile(r"ه$"), "ة")),
}


def script_of(word: str) -> str:
    """Name the script of a folded word by its first letter: ``latin``, ``cyrillic``, ``arabic``, else ``other``."""
    first = word[:1]
    if first <= "\u024f" or "\u1e00" <= first <= "\u1eff":
        return "latin" if first.isalpha() else "other"
    if "\u0400" <= first <= "\u052f":
        return "cyrillic"
    return "arabic" if "\u0600" <= first <= "\u06ff" else "other"


def languages_of(script: str) -> tuple[str, ...]:
    """Return the stemmed languages that are written in a script."""
    if script == "latin":
        return _LATIN
    return tuple(language for language, own in _SCRIPTS.items() if own == script)


def stemmer_for(language: str | None, script: str) -> str | None:
    """Return the language whose rules stem a word of this script in a text of this language; ``None``: no rules."""
    if language is None:
        return None
    if script == "latin":
        return language if language in _LATIN else ("en" if language in _BORROWING else None)
    return language if _SCRIPTS.get(language) == script else None


def stemmed_as(language: str | None) -> str | None:
    """Return the language of ``ALGORITHMS`` by whose rules texts in a language are stemmed; ``None``: by none."""
    if language in ALGORITHMS:
        return language
    return "en" if language in _BORROWING else None


class _Stems(dict[str, str]):
    """Word → stem of one language, remembered up to a bound; Snowball itself is not safe between threads."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._stemmer = Stemmer.Stemmer(ALGORITHMS[language], 0)
        self._restored = _RESTORED.get(language, ())
        self._is_foreign = language in _LATIN and language != "en"
        self._lock = threading.Lock()

    def __missing__(self, word: str) -> str:
        accented = word
        for ending, restored in self._restored:
            accented = ending.sub(restored, accented)
        with self._lock:
            stem = str(self._stemmer.stemWord(accented))
        if len(self) >= _MEMORY:
            self.clear()
        folded = fold(stem) or word
        if self._is_foreign and len(folded) <= _TOO_SHORT < len(word):
            whole = fold(accented)
            folded = whole.removesuffix("s") if len(whole) > _TOO_SHORT + 1 else whole
        self[word] = folded
        return folded


_stems = {language: _Stems(language) for language in ALGORITHMS}


def stem(word: str, language: str) -> str:
    """Return the stem of a folded word by one language's rules (a key of ``ALGORITHMS``)."""
    return _stems[language][word]
