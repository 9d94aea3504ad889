"""What a query that finds next to nothing may have been meant to say.

Words that the index hardly has are compared with what it has: a letter more, less, other or moved; two letters in long
words; two words written as one, one as two; letters of another keyboard layout; Chinese characters that sound alike,
and pinyin that was never turned into characters. Only what the index really has is offered, and the caller counts
what it brings. Words in quotation marks, in fields that are no text, behind ``NOT`` and with ``*`` stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Literal

from rapidfuzz.distance import OSA

from indexer.errors import QueryError
from indexer.search.analysis import WRITTEN, QueryRun, QueryWord, query_words
from indexer.search.expression import And, Node, Or, Word
from indexer.search.expression import Sequence as SideBySide
from indexer.search.folding import fold
from indexer.search.parser import parse
from indexer.search.pinyin import has_han, syllables
from indexer.search.query import KeywordField, TextField, TokenQuery
from indexer.search.signs import plain_signs
from indexer.search.stemming import script_of, stem
from indexer.search.suggesting import SEPARATOR, read_value
from indexer.storage.search_index import SearchIndex

Reason = Literal["spelling", "split", "joined", "keyboard", "sound", "pinyin"]
#: A word that stands in so many works is no slip; and what is meant instead stands in ten times as many.
_RARE, _TIMES = 3, 10
_MOST_WORDS, _MOST_RARE = 16, 3
_SHORTEST, _LONGEST, _LONG = 3, 24, 8
_MOST_NEAR, _KEPT_LETTERS = 1_000, 3
_MOST_SOUNDS, _LONGEST_WHOLE = 12, 8
_SOUND_LENGTHS = (4, 5, 3, 2, 6)
_SHORTEST_PINYIN = 4
_MOST_QUERIES = 4
_ALPHABETS = {
    "latin": "abcdefghijklmnopqrstuvwxyz",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґў",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
}
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_LATIN = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)
_TO_RUSSIAN = str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS)
_EVERYTHING = TokenQuery(matching=None)
_STEMMED = frozenset({"all", "title", "subject"})
_SUGGEST: KeywordField = "suggest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Another query, and why; ``changes`` are what was written and what may be meant."""

    query: str
    reason: Reason
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Change:
    start: int
    end: int
    meant: str
    reason: Reason
    score: float


@dataclass(slots=True)
class _Asked:
    """A word of the query, the tokens that stand for it, and in how many works they do."""

    word: Word
    tokens: tuple[str, ...]
    pairs: tuple[str, ...] = ()
    count: int = 0
    pair_counts: dict[str, int] = field(default_factory=dict)

    @property
    def field(self) -> TextField:
        return self.word.field or "all"

    @property
    def letters(self) -> str:
        """Return the folded word where it is plain letters; else nothing can be said of it."""
        folded = fold(self.word.text)
        return folded if folded.isalpha() and not self.pairs and len(folded) <= _LONGEST else ""


def corrections(text: str, index: SearchIndex) -> list[Correction]:
    """Return other queries that may be meant, the likeliest first; none for what cannot be understood."""
    plain = plain_signs(text)
    try:
        node = parse(plain)
    except QueryError:
        return []
    words = [word for word in (_words(node) if node else ()) if plain.startswith(word.text, word.position)]
    if not words or len(words) > _MOST_WORDS:
        return []
    asked = _look_up(words, index)
    rare = [one for one in asked if one.count < _RARE and one.letters][:_MOST_RARE]
    changes = [_changes_of(one, index) for one in rare]
    changes += [_sounds(one, index) for one in asked if one.pairs]
    found = list(_combined(plain, [row for row in changes if row]))
    found += _joined(plain, asked, index)
    if rare and len(words) == len(plain.split()) and all(word.field is None for word in words):
        found += _other_layout(plain, rare, asked, index)
        found += _spelled_out(plain, asked, index)
    return [one for one in dict.fromkeys(found) if one.query != plain][:_MOST_QUERIES]


# --- the words and how common they are ----------------------------------------------------------


def _words(node: Node) -> Iterator[Word]:
    match node:
        case Word():
            yield node
        case SideBySide() | And() | Or():
            for item in node.items:
                yield from _words(item)
        case _:
            return


def _look_up(words: Sequence[Word], index: SearchIndex) -> list[_Asked]:
    asked = [_asked(word) for word in words]
    for name in dict.fromkeys(one.field for one in asked):
        mine = [one for one in asked if one.field == name]
        tokens = dict.fromkeys(token for one in mine for token in (*one.tokens, *one.pairs))
        counted = index.frequencies(name, list(tokens))
        for one in mine:
            one.count = max((counted[token] for token in one.tokens), default=0)
            one.pair_counts = {pair: counted[pair] for pair in one.pairs}
    return asked


def _asked(word: Word) -> _Asked:
    units = query_words(word.text, stemmed=(word.field or "all") in _STEMMED).words
    if has_han(word.text):
        folded = fold(word.text)
        return _Asked(word, (), tuple(dict.fromkeys(folded[at : at + 2] for at in range(len(folded) - 1))))
    written = [unit for unit in units if isinstance(unit, QueryWord) and not unit.rows]
    if len(written) != len(units) or any(isinstance(unit, QueryRun) for unit in units):
        return _Asked(word, ())
    return _Asked(word, tuple(token for unit in written for token in (*unit.alternatives, WRITTEN + unit.text)))


def _tokens_of(word: str) -> tuple[str, ...]:
    """Return under which tokens a word most likely stands; to try thousands, all languages' stems cost too much."""
    tokens = (word, WRITTEN + word)
    return (*tokens, stem(word, "en")) if script_of(word) == "latin" else tokens


def _counts(words: Iterable[str], name: TextField, index: SearchIndex) -> dict[str, int]:
    tokens = {word: _tokens_of(word) for word in words}
    counted = index.frequencies(name, list(dict.fromkeys(token for one in tokens.values() for token in one)))
    return {word: max(counted[token] for token in own) for word, own in tokens.items()}


# --- words in letters ---------------------------------------------------------------------------


def _changes_of(one: _Asked, index: SearchIndex) -> list[_Change]:
    """Return what a rare word may be meant to be, the likeliest first."""
    word = one.letters
    if len(word) < _SHORTEST:
        return []
    splits = [(word[:at], word[at:]) for at in range(2, len(word) - 1)] if len(word) > _LONG - 3 else []
    near = _near(word, index) if len(word) >= _LONG else {}
    edits = _edits(word)
    counts = _counts({*edits, *near, *(part for split in splits for part in split)}, one.field, index)
    enough = max(1, _TIMES * one.count)
    scored = [(counts[other] * _likelihood(word, other), other) for other in {*edits, *near} if counts[other] >= enough]
    start, end = one.word.position, one.word.position + len(one.word.text)
    found = [_Change(start, end, other, "spelling", score) for score, other in scored]
    if parts := [split for split in splits if min(counts[part] for part in split) >= enough]:
        best = max(parts, key=lambda split: (min(counts[part] for part in split), split))
        found.append(_Change(start, end, " ".join(best), "split", 0.001))
    best_first = sorted(found, key=lambda change: (-change.score, change.meant))
    # Forms of one word bring the same works.
    return list({stem(change.meant, "en"): change for change in reversed(best_first)}.values())[::-1][:2]


def _edits(word: str) -> set[str]:
    """Return all words that differ in one letter, or in two neighbours that changed places."""
    alphabet = _ALPHABETS.get(script_of(word), "")
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    removed = {left + right[1:] for left, right in parts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in parts if len(right) > 1}
    other = {left + letter + right[1:] for left, right in parts if right for letter in alphabet}
    added = {left + letter + right for left, right in parts for letter in alphabet}
    return {one for one in removed | swapped | other | added if len(one) >= _SHORTEST} - {word}


def _near(word: str, index: SearchIndex) -> dict[str, int]:
    """Return words of subjects that begin alike and differ in at most two letters."""
    values = index.values(_EVERYTHING, _SUGGEST, prefix=f"s{word[:_KEPT_LETTERS]}", size=_MOST_NEAR)
    near: dict[str, int] = {}
    for value in values:
        other = read_value(value.value).form.partition(" ")[0]
        if other != word and OSA.distance(word, other, score_cutoff=2) <= 2:  # noqa: PLR2004 (letters, as told)
            near[other] = max(near.get(other, 0), value.count)
    return near


def _likelihood(word: str, other: str) -> float:
    """Weigh a slip: few change the first letter, fewer two letters; swapped and doubled letters are the commonest."""
    weight = 0.02 if OSA.distance(word, other) > 1 else 1.0
    if word[0] != other[0]:
        weight *= 0.1
    if sorted(word) == sorted(other) or set(word) == set(other):
        weight *= 4
    return weight


def _joined(plain: str, asked: Sequence[_Asked], index: SearchIndex) -> Iterator[Correction]:
    """Yield the query with the two neighbours together that are one word most often."""
    together = {
        (one.word.position, other.word.position + len(other.word.text)): one.letters + other.letters
        for one, other in pairwise(asked)
        if one.letters and other.letters and one.word.field is other.word.field is None
    }
    together = {place: word for place, word in together.items() if plain[slice(*place)].count(" ") == 1}
    if not together:
        return
    counts = _counts(together.values(), "all", index)
    place, word = max(together.items(), key=lambda item: (counts[item[1]], item[1]))
    if counts[word] >= 1:
        change = _Change(*place, word, "joined", 0.0)
        yield _correction(plain, [change])


def _other_layout(
    plain: str, rare: Sequence[_Asked], asked: Sequence[_Asked], index: SearchIndex
) -> Iterator[Correction]:
    """Yield the query as it reads when the same keys are pressed with the other layout; all its words must be known."""
    if len(rare) < min(len(asked), _MOST_RARE):
        return
    table = _TO_RUSSIAN if plain.isascii() else _TO_LATIN
    other = plain.lower().translate(table)
    words = re.findall(r"[^\W\d_]+", other)
    counts = _counts(words, "all", index) if words and other != plain.lower() else {}
    if counts and min(counts.values()) >= 1:
        yield Correction(query=other, reason="keyboard", changes=((plain, other),))


# --- Chinese ------------------------------------------------------------------------------------


def _sounds(one: _Asked, index: SearchIndex) -> list[_Change]:
    """Return terms that sound as a piece of Chinese text does, around pairs of characters that are rare."""
    text, start = fold(one.word.text), one.word.position
    rare = [at for at in range(len(text) - 1) if one.pair_counts.get(text[at : at + 2], 0) < _RARE]
    if not rare or len(text) != len(one.word.text):
        return []
    found: list[_Change] = []
    for first, last in _windows(text, rare):
        piece = text[first:last]
        found = [_Change(start + first, start + last, meant, "sound", 0.0) for meant in _homophones(piece, index)]
        if found:
            break
    return found[:2]


def _windows(text: str, rare: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield pieces with a rare pair in them: the whole text, then such as long as most terms are."""
    windows = [(0, len(text))] if len(text) <= _LONGEST_WHOLE else []
    for length in _SOUND_LENGTHS:
        for at in rare:
            firsts = range(max(0, at + 2 - length), min(at, len(text) - length) + 1)
            windows += [(first, first + length) for first in firsts]
    yield from islice(dict.fromkeys(windows), _MOST_SOUNDS)


def _homophones(text: str, index: SearchIndex) -> list[str]:
    return [one for one in _read_aloud("".join(syllables(text)), index) if len(one) == len(text) and fold(one) != text]


def _read_aloud(reading: str, index: SearchIndex) -> list[str]:
    """Return the Chinese subjects that are read so, the most frequent first."""
    values = index.values(_EVERYTHING, _SUGGEST, prefix=f"s{reading}{SEPARATOR}", size=3)
    return [shown for value in values if has_han(shown := read_value(value.value).shown)]


def _spelled_out(plain: str, asked: Sequence[_Asked], index: SearchIndex) -> Iterator[Correction]:
    """Yield the characters where a whole query is pinyin."""
    reading = "".join(one.letters for one in asked)
    if len(reading) >= _SHORTEST_PINYIN and reading.isascii() and all(one.letters for one in asked):
        for meant in _read_aloud(reading, index)[:1]:
            yield Correction(query=meant, reason="pinyin", changes=((plain, meant),))


# --- putting together ---------------------------------------------------------------------------


def _combined(plain: str, changes: Sequence[Sequence[_Change]]) -> Iterator[Correction]:
    """Yield the query with the best change of each word, then with the first word's second best."""
    if not changes:
        return
    yield _correction(plain, [row[0] for row in changes])
    for row in changes:
        if len(row) > 1:
            yield _correction(plain, [row[1], *(other[0] for other in changes if other is not row)])


def _correction(plain: str, changes: Iterable[_Change]) -> Correction:
    ordered = sorted(changes, key=lambda change: change.start)
    query, at = "", 0
    for change in ordered:
        query += plain[at : change.start] + change.meant
        at = change.end
    told = tuple((plain[change.start : change.end], change.meant) for change in ordered)
    return Correction(query=query + plain[at:], reason=ordered[0].reason, changes=told)
