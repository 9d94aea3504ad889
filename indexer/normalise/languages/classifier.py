"""Which of one script's languages a text is in: py3langid's letter n-grams, the languages' own words, and a prior.

All three are logarithms of likelihoods and are added. py3langid divides its own by the root of the text's bytes,
because n-grams that overlap say the same many times; the words' votes are added before that, the prior after it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from indexer.normalise.languages import words as known

Script = Literal["latin", "cyrillic", "arabic", "devanagari"]
Candidate = tuple[str, float]

_WORD_VOTE = 8.0
_FOREIGN_LETTER, _MOST_FOREIGN = -10.0, -20.0
_HINT_SHORT, _HINT_LONG = 12.0, 2.0
_LONG = 160
_LEAST_BYTES = 25
_WALKED = 100
#: So many words more than any other language has of a text decide without the n-grams, which cost five times as much.
_DECISIVE, _DECIDED = 3, 0.99
_FLATTENED = 0.25
_UNSEEN = 0.005

#: Journals of DOAJ by language, in percent (its journal list, each journal counted once). Hindi, which DOAJ hardly has,
#: is likelier than its neighbours in one script; titles in Latin are rarer than English ones that look like it.
_SHARES = {
    "en": 54.8, "es": 11.7, "pt": 9.7, "id": 8.2, "ru": 3.4, "fr": 2.2, "it": 1.5, "fa": 1.3, "de": 1.2, "pl": 0.8,
    "uk": 0.8, "sr": 0.6, "ar": 0.45, "tr": 0.4, "hr": 0.3, "ca": 0.2, "nb": 0.18, "da": 0.17, "sv": 0.15, "lt": 0.14,
    "fi": 0.11, "ms": 0.11, "sk": 0.11, "cs": 0.1, "nl": 0.1, "ro": 0.1, "bg": 0.1, "gl": 0.05, "be": 0.04, "et": 0.04,
    "hu": 0.04, "sl": 0.03, "eu": 0.03, "vi": 0.03, "ur": 0.03, "fil": 0.03, "mk": 0.02, "is": 0.02, "lv": 0.02,
    "hi": 2.0, "la": 0.00001,
}  # fmt: skip
#: The classifier's labels that are written under another code.
SAME = {"no": "nb", "nn": "nb", "bs": "hr", "tl": "fil"}
_GROUPS: Mapping[Script, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "latin": (known.LATIN, known.LATIN_LETTERS),
    "cyrillic": (known.CYRILLIC, known.CYRILLIC_LETTERS),
    "arabic": (known.ARABIC, known.ARABIC_LETTERS),
    "devanagari": (known.DEVANAGARI, {}),
}
#: Languages among which a text's is chosen.
IN_PANELS = frozenset(SAME.get(code, code) for vocabulary, _ in _GROUPS.values() for code in vocabulary)
_WORD = re.compile(r"[^\W\d_]+")
_WORD_OF = {"devanagari": re.compile("[\u0900-\u0963]+")}  # its vowel signs are no letters to Python
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz")
_ALSO = {"latin": ("no", "bs"), "cyrillic": ("tt", "ba"), "arabic": ("ps", "ug"), "devanagari": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The languages of one script, as the columns of all arrays; a language may have several columns."""

    identifier: Any
    columns: tuple[str, ...]
    codes: tuple[str, ...]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    votes: NDArray[np.float32]
    word: re.Pattern[str]
    words: Mapping[str, int]
    letters: Mapping[str, int]
    prior: NDArray[np.float32]


def classify(sample: str, script: Script, hints: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """Return the three likeliest languages of a short sample (some hundred letters), with their chances."""
    panel = _panels()[script]
    text = sample.lower() if sample.isupper() else sample
    votes = _vote(text, panel)
    if votes is not None:
        best = int(votes.argmax())
        code = SAME.get(panel.columns[best], panel.columns[best])
        margin = _DECISIVE - 1 if code in hints else _DECISIVE
        if (votes > votes[best] - margin * _WORD_VOTE).sum() == 1:
            return ((code, _DECIDED),)
    data = text[:_WALKED].encode("utf-8", "replace")
    scores = panel.identifier._raw_score(data)  # noqa: SLF001 - rank() sorts and names forty languages each time
    if votes is not None:
        scores = scores + votes
    if not text.isascii():
        scores = scores + _object(text, panel)
    scores = scores / max(len(data), _LEAST_BYTES) ** 0.5
    chances = np.maximum.reduceat(np.exp(scores - scores.max())[panel.order], panel.starts) * panel.prior
    if hints:
        chances *= _hint(script, tuple(hints), _HINT_LONG if len(text) >= _LONG else _HINT_SHORT)
    chances /= chances.sum()
    likeliest = chances.argsort()[:-4:-1].tolist()
    return tuple((panel.codes[number], min(float(chances[number]), _DECIDED)) for number in likeliest)


def _vote(text: str, panel: Panel) -> NDArray[np.float32] | None:
    """Return what the known words among a text's add to each column, each word once."""
    words = panel.words
    rows = []
    for word in set(panel.word.findall(text)):
        row = words.get(word)
        if row is None and len(word) > 1:
            row = words.get(word.lower())
        if row is not None:
            rows.append(row)
    total: NDArray[np.float32] = panel.votes[rows].sum(axis=0)
    return total if rows else None


def _object(text: str, panel: Panel) -> NDArray[np.float32]:
    """Return what letters that are foreign to a column's language take from it: a name may bring some."""
    rows = [row for letter in set(text.lower()) if (row := panel.letters.get(letter)) is not None]
    total: NDArray[np.float32] = np.maximum(panel.votes[rows].sum(axis=0), _MOST_FOREIGN)
    return total


@lru_cache(maxsize=1024)
def _hint(script: Script, hints: tuple[str, ...], weight: float) -> NDArray[np.float32]:
    return np.array([weight if code in hints else 1.0 for code in _panels()[script].codes], dtype="float32")


@lru_cache(maxsize=1)
def _panels() -> dict[Script, Panel]:
    """Make all scripts' languages ready when the first text needs them (0.3 s and 60 MB)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # noqa: PLC0415

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return {script: _panel(copy(model), script) for script in _GROUPS}


def _panel(identifier: Any, script: Script) -> Panel:
    vocabulary, alphabets = _GROUPS[script]
    labels = ({*vocabulary, *_ALSO[script]}) & set(identifier.labels)
    identifier.set_languages(sorted(labels))
    # A text's features are rows of this table; as it comes, by columns and of half floats, each row is gathered from
    # forty places and converted. 8 MB more memory, a fifth less time, the same scores.
    identifier.nb_ptc = identifier.nb_ptc.astype("float32", order="C")
    columns = tuple(identifier.nb_classes)
    written = [SAME.get(one, one) for one in columns]
    codes = tuple(sorted(set(written)))
    order = sorted(range(len(columns)), key=written.__getitem__)
    starts = [sum(other < code for other in written) for code in codes]
    votes: list[list[float]] = []
    words = _vote_words(vocabulary, columns, votes)
    letters = _vote_letters(alphabets, columns, votes)
    shares = [_SHARES.get(code, _UNSEEN) ** _FLATTENED for code in codes]
    return Panel(
        identifier=identifier,
        columns=columns,
        codes=codes,
        order=np.array(order),
        starts=np.array(starts),
        votes=np.array(votes, dtype="float32"),
        word=_WORD_OF.get(script, _WORD),
        words=words,
        letters=letters,
        prior=np.array(shares, dtype="float32"),
    )


def _vote_words(vocabulary: Mapping[str, str], columns: Sequence[str], votes: list[list[float]]) -> dict[str, int]:
    of = {code: frozenset(text.split()) for code, text in vocabulary.items()}
    of = {one: of.get(one) or of.get(SAME.get(one, one), frozenset()) for one in columns}
    rows: dict[str, int] = {}
    for word in sorted(frozenset().union(*of.values())):
        rows[word] = len(votes)
        votes.append([_WORD_VOTE if word in of[one] else 0.0 for one in columns])
    return rows


def _vote_letters(alphabets: Mapping[str, str], columns: Sequence[str], votes: list[list[float]]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for letter in sorted(set("".join(alphabets.values())) - _PLAIN):
        rows[letter] = len(votes)
        votes.append([0.0 if letter in alphabets.get(one, "") else _FOREIGN_LETTER for one in columns])
    return rows
