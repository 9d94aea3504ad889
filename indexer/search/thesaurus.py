"""Terms that stand for each other, and what they add to a query: synonyms, and the same term in another language.

A term is found where its words stand side by side in a query, whatever their form (``neural networks``), never within
quotation marks, never behind ``NOT``, and only in fields of text about the subject. What it stands for is looked for as
a phrase, beside each of the term's words: ``(deep or 深度学习) and (learning or 深度学习)`` finds what either finds,
and leaves the words countable, so that ``match=most`` means the same as before.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from typing import Literal

from indexer.errors import QueryError
from indexer.search.analysis import QueryWord, analyse, query_phrases, query_words
from indexer.search.expression import And, Node, Or, Word
from indexer.search.expression import Sequence as SideBySide
from indexer.search.folding import fold
from indexer.search.function_words import function_words_in
from indexer.search.parser import parse
from indexer.search.pinyin import has_han
from indexer.search.stemming import script_of, stem

EntryKind = Literal["synonym", "translation", "block"]
Origin = Literal["library", "builtin", "stem", "script"]
#: What an added term scores, of what it would score if it had been written; shared by the words it stands beside. It
#: orders the works that only the thesaurus brings, behind those with what was written (``ranking.as_written``).
WEIGHT = 0.1
_MOST_UNITS = 6
_MOST_ADDED, _MOST_EXPANDED = 8, 8
#: Of longer queries nobody means a single term.
_MOST_WORDS = 40
_FIELDS = frozenset({None, "title", "subject"})
_FILE = "terms.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term and its language (``zh``, ``en`` …; empty: of any)."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Terms that stand for each other; of kind ``block``, terms for which nothing shall stand."""

    kind: EntryKind
    terms: tuple[Term, ...]
    origin: Literal["library", "builtin"] = "library"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A term that is looked for too; ``rows`` are its tokens in a row, in each form that the index may have."""

    text: str
    language: str
    origin: Origin
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is looked for beside one word of a query; ``weight`` is its share of a score."""

    added: Added
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What was written at a place of the query (0-based character), and what is looked for too."""

    written: str
    position: int
    added: tuple[Added, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """What a query becomes: by the position of each word, for each of its parts; and the same to be told."""

    beside: dict[int, tuple[tuple[Beside, ...], ...]]
    told: tuple[Expansion, ...] = ()


class Thesaurus:
    """Entries ready to be looked up; never changes. ``version`` names the state of the library's own entries."""

    def __init__(self, entries: Iterable[Entry] = (), version: str = "") -> None:
        self.version = version
        self._added: dict[str, dict[str, Added]] = {}
        listed = list(entries)
        blocked = {compared(term.text) for entry in listed if entry.kind == "block" for term in entry.terms}
        whole = {compared(term.text) for entry in listed for term in entry.terms if not _is_cut_short(term.text)}
        for entry in listed:
            if entry.kind != "block":
                self._learn(entry, blocked, whole)

    def _learn(self, entry: Entry, blocked: set[str], whole: set[str]) -> None:
        keyed = [(compared(term.text), term) for term in entry.terms]
        for key, written in keyed:
            # 图神经网络 is compared as 神经网络, which has an entry of its own and means something else.
            is_others = entry.origin == "builtin" and key in whole and _is_cut_short(written.text)
            if not key or key in blocked or is_others:
                continue
            known = self._added.setdefault(key, {})
            for other, term in keyed:
                if other not in {key, "", *blocked} and len(known) < _MOST_ADDED:
                    added = Added(text=term.text, language=term.language, origin=entry.origin, rows=_rows(term))
                    known.setdefault(other, added)

    def __len__(self) -> int:
        """Return how many terms stand for others."""
        return len(self._added)

    def added(self, key: str) -> tuple[Added, ...]:
        """Return what stands for a term."""
        return tuple(self._added.get(key, {}).values())


#: Adds nothing.
EMPTY = Thesaurus()


def expand(text: str, thesaurus: Thesaurus) -> Expanded:
    """Return what a thesaurus adds to a query; nothing to one that cannot be understood."""
    return _expand(text, thesaurus)


def forget_expanded() -> None:
    """Let go of what was added to queries of late, and with it of states of the thesaurus that nobody asks for."""
    _expand.cache_clear()


@functools.lru_cache(maxsize=256)
def _expand(text: str, thesaurus: Thesaurus) -> Expanded:
    beside: dict[int, tuple[tuple[Beside, ...], ...]] = {}
    told: list[Expansion] = []
    try:
        node = parse(text)
    except QueryError:
        node = None
    for row in _rows_of_words(node) if node else ():
        places = _places(row)
        parts: list[list[Beside]] = [[] for _ in places]
        for first, last, added in _matches(places, thesaurus):
            if len(told) >= _MOST_EXPANDED:
                break
            for part in parts[first:last]:
                part += [Beside(added=one, weight=WEIGHT / (last - first)) for one in added]
            words = list(dict.fromkeys(place.word for place in places[first:last]))
            written = _written(places[first:last])
            told.append(Expansion(written=written, position=words[0].position, added=added))
        for word in row:
            own = tuple(tuple(part) for place, part in zip(places, parts, strict=True) if place.word is word)
            if any(own):
                beside[word.position] = own
    return Expanded(beside=beside, told=tuple(told))


def read_as(text: str) -> tuple[Expansion, ...]:
    """Tell under which other forms the words of a query are looked for: stems, and Chinese in simplified characters."""
    try:
        node = parse(text)
    except QueryError:
        return ()
    told = []
    for word in (word for row in (_rows_of_words(node) if node else ()) for word in row):
        folded = fold(word.text)
        if has_han(word.text):
            forms = [Added(text=folded, language="zh", origin="script")] if folded != word.text.lower() else []
        else:
            stems = dict.fromkeys(
                one for unit in query_words(word.text).words if isinstance(unit, QueryWord) for one in unit.alternatives
            )
            forms = [Added(text=one, language="", origin="stem") for one in stems if one != folded]
        if forms:
            told.append(Expansion(written=word.text, position=word.position, added=tuple(forms[:_MOST_ADDED])))
    return tuple(told)


# --- finding terms in a query ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A part of a word; ``piece`` is empty for words that say nothing."""

    word: Word
    text: str
    piece: str


def _rows_of_words(node: Node) -> Iterator[tuple[Word, ...]]:
    """Yield the words that stand side by side in one field; those that are excluded are none."""
    match node:
        case Word():
            if node.field in _FIELDS:
                yield (node,)
        case SideBySide():
            runs = groupby(node.items, lambda item: (isinstance(item, Word), getattr(item, "field", None)))
            for (is_word, field), items in runs:
                if is_word and field in _FIELDS:
                    yield tuple(item for item in items if isinstance(item, Word))
                elif not is_word:
                    for item in items:
                        yield from _rows_of_words(item)
        case And() | Or():
            for item in node.items:
                yield from _rows_of_words(item)
        case _:
            return


def _places(row: tuple[Word, ...]) -> list[_Place]:
    if len(row) > _MOST_WORDS:
        return []
    idle = function_words_in([word.text for word in row]) if len(row) > 1 else frozenset[str]()
    return [
        _Place(word=word, text=unit.text, piece="" if word.text in idle else _piece(unit.text))
        for word in row
        for unit in query_words(word.text).words
    ]


def _matches(places: Sequence[_Place], thesaurus: Thesaurus) -> Iterator[tuple[int, int, tuple[Added, ...]]]:
    """Yield the terms from left to right, the longest first, none within another: from part, to part, what it adds."""
    first = 0
    while first < len(places):
        last = first + 1
        if places[first].piece:
            for end in range(min(len(places), first + _MOST_UNITS), first, -1):
                if places[end - 1].piece and (added := thesaurus.added(_key(one.piece for one in places[first:end]))):
                    yield first, end, added
                    last = end
                    break
        first = last


def _written(places: Sequence[_Place]) -> str:
    words = dict.fromkeys(place.word for place in places)
    if len(words) > 1 or not has_han(places[0].text):
        return " ".join(word.text for word in words)
    return "".join(place.text for place in places)


def _units(text: str) -> Iterator[str]:
    """Yield the pieces of a term as they are compared."""
    idle = function_words_in(text.split())
    for word in text.split():
        if word not in idle:
            yield from (_piece(unit.text) for unit in query_words(word).words)


@functools.lru_cache(maxsize=1 << 14)
def _piece(text: str) -> str:
    """Return a word so that its forms are one: English ones by their stem."""
    word = text.replace("-", "").removesuffix("'s")
    return stem(word, "en") if script_of(word) == "latin" else word


def _key(pieces: Iterable[str]) -> str:
    """Join pieces, Chinese without blanks, so that it does not matter how it was cut."""
    key = ""
    for piece in pieces:
        if piece:
            key += piece if not key or (has_han(key[-1]) and has_han(piece[0])) else f" {piece}"
    return key


def compared(text: str) -> str:
    """Return what of a term is compared with a query; empty where there is no word of two letters in it."""
    key = _key(_units(text))
    return key if len(key) > 1 else ""


def _is_cut_short(text: str) -> bool:
    """Tell whether characters of a Chinese term are not compared: single ones that the dictionary cuts off."""
    return has_han(text) and len(compared(text).replace(" ", "")) < len(fold(text).replace(" ", ""))


@functools.lru_cache(maxsize=1 << 13)
def _rows(term: Term) -> tuple[tuple[str, ...], ...]:
    """Return a term's tokens as texts of its own language have them, and as others do; of any, where none is stated."""
    if not term.language:
        return query_phrases(term.text)
    rows = (tuple(analyse(term.text, language).stream) for language in (term.language, None))
    return tuple(row for row in dict.fromkeys(rows) if row)


# --- the list that comes with the program ------------------------------------------------------------


@functools.cache
def builtin_entries() -> tuple[Entry, ...]:
    """Read the terms that come with the program."""
    lines = resources.files("indexer.search").joinpath(_FILE).read_text(encoding="utf-8").splitlines()
    entries = []
    for line in lines:
        if line and not line.startswith("#"):
            terms = (part.strip() for part in line.split("="))
            told = tuple(Term(text=one, language="zh" if has_han(one) else "en") for one in terms)
            entries.append(Entry(kind="translation", terms=told, origin="builtin"))
    return tuple(entries)
