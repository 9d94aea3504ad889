"""The reference engine: what the other engines must answer, written to be read.

Scores are BM25 as Lucene and tantivy compute it (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework",
with the idf that cannot be negative), with the field length rounded to one byte (Lucene's ``SmallFloat.intToByte4``).
"""

from __future__ import annotations

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, assert_never

from indexer.errors import StoreBusyError
from indexer.search.document import Document
from indexer.search.query import (
    FACET_FIELDS,
    AllOf,
    AtLeast,
    Clause,
    Exact,
    FacetValue,
    Flat,
    Hits,
    Keys,
    KeywordField,
    Sort,
    TextField,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    Tokens,
    View,
    Weighted,
    Without,
    Years,
)
from indexer.storage.generations import FIRST, Generation, mint_generation
from indexer.storage.layout import (
    STRETCH_GAP,
    TEXT_FIELDS,
    choose_sort,
    cut_page,
    filters_without,
    rank_of,
    start_of,
    stretches,
)
from indexer.storage.search_index import IndexStats, IndexWriter
from indexer.storage.snapshots import Snapshots

K1 = 1.2
B = 0.75
_EXACT_LENGTHS = 24

Scores = dict[int, float]


class MemoryIndex:
    """A search index in a dictionary; for tests and for reading."""

    def __init__(self) -> None:
        self._corpus = _Corpus.of({})
        self._generation = FIRST
        self._position, self._mark = 0, ""
        self._writing = threading.Lock()
        self._snapshots: Snapshots[_Corpus] = Snapshots()

    @contextmanager
    def writer(self) -> Iterator[IndexWriter]:
        """Open the index for changes; a second writer is refused with ``StoreBusyError``."""
        with self._hold():
            yield _Writer(self, self._generation, self._corpus.documents, self._position)

    def shared(self) -> None:
        """Return ``None``: there is one writer at a time."""

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """Open an empty generation that replaces the present one when the block ends without an error."""
        with self._hold():
            writer = _Writer(None, mint_generation(), {}, 0)
            yield writer
            self._show(writer)

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer by evaluating every clause over every posting."""
        corpus = self._corpus
        sort = choose_sort(query, view)
        if sort == "relevance" and view.snapshot is not None:
            corpus = self._snapshots.find(view.snapshot) or corpus
        scores = corpus.answer(query, filters_without(query))
        values = {key: score if sort == "relevance" else corpus.sort_value(key, sort) for key, score in scores.items()}
        start = start_of(view, sort)
        ranked = sorted(rank_of(value, key, sort) for key, value in values.items())
        following = [rank for rank in ranked if start is None or rank > start]
        facets = {name: corpus.count_facet(query, scores, name, view.facet_size) for name in view.facets}
        hits = cut_page(following, count=len(scores), view=view, sort=sort, facets=facets)
        if sort != "relevance":
            return hits
        name = str(id(corpus))
        self._snapshots.keep(name, corpus)
        return replace(hits, snapshot=name, unbroken=view.after is None or view.snapshot == name)

    def values(
        self, query: TokenQuery, field: KeywordField, *, prefix: str = "", size: int = 20
    ) -> tuple[FacetValue, ...]:
        """Count by looking at every work."""
        corpus = self._corpus
        counts: Counter[str | int] = Counter()
        for key in corpus.answer(query, filters_without(query)):
            values = set(corpus.documents[key].keywords.get(field, ()))
            counts.update(value for value in values if value.startswith(prefix))
        return _most_frequent(counts, size)

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Count postings, or the works that have a value."""
        name: Any = field
        if name not in self._corpus.fields:
            kept = [one.keywords.get(name, ()) for one in self._corpus.documents.values()]
            return {token: sum(token in values for values in kept) for token in tokens}
        postings = self._corpus.fields[name].postings
        return {token: len(postings.get(token, ())) for token in tokens}

    def position(self) -> int:
        """Return the position of the last commit."""
        return self._position

    def mark(self) -> str:
        """Return the mark of the last commit."""
        return self._mark

    def stats(self) -> IndexStats:
        """Describe the present generation."""
        return IndexStats(
            name=self._generation.name,
            documents=len(self._corpus.documents),
            position=self._position,
            analyzer_version=self._generation.analyzer_version,
            schema_version=self._generation.schema_version,
        )

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    @contextmanager
    def _hold(self) -> Iterator[None]:
        if not self._writing.acquire(blocking=False):
            raise StoreBusyError(
                "The search index is being written.", remedy="Wait until the other writer has finished."
            )
        try:
            yield
        finally:
            self._writing.release()

    def _show(self, written: _Writer) -> None:
        self._corpus, self._generation = _Corpus.of(written.committed), written.generation
        self._position, self._mark = written.position, written.mark


class _Writer:
    """Changes on a copy; ``index`` is told at each commit, or nobody before the end of a rebuild."""

    def __init__(
        self, index: MemoryIndex | None, generation: Generation, documents: dict[int, Document], position: int
    ) -> None:
        self._index = index
        self._pending = dict(documents)
        self.generation = generation
        self.committed = documents
        self.position = position
        self.mark = ""

    def upsert(self, documents: Iterable[Document]) -> None:
        """Replace documents, unless a newer version is there."""
        for document in documents:
            present = self._pending.get(document.key)
            if present is None or present.version <= document.version:
                self._pending[document.key] = document

    def delete(self, keys: Iterable[int]) -> None:
        """Remove documents."""
        for key in keys:
            self._pending.pop(key, None)

    def make_copies(self) -> None:
        """Do nothing: there is one."""

    def commit(self, position: int, mark: str = "") -> None:
        """Show the changes."""
        self.committed, self.position, self.mark = dict(self._pending), position, mark
        if self._index is not None:
            self._index._show(self)  # noqa: SLF001 (one thought in two classes)


@dataclass(frozen=True, slots=True)
class _Field:
    """One text field of a corpus: where each token stands, and how long each document is."""

    postings: dict[str, dict[int, list[int]]] = field(default_factory=lambda: defaultdict(dict))
    lengths: dict[int, int] = field(default_factory=dict)

    def add(self, key: int, texts: tuple[str, ...]) -> None:
        """Take a document's stretches of ready tokens; no phrase reaches over the gap between two."""
        position = 0
        for text in texts:
            for token in text.split():
                self.postings[token].setdefault(key, []).append(position)
                position += 1
            position += STRETCH_GAP
        self.lengths[key] = sum(len(text.split()) for text in texts)

    def score_word(self, token: str) -> Scores:
        """Score each document that has a token, by BM25."""
        found = self.postings.get(token, {})
        return self.score({key: len(positions) for key, positions in found.items()}, self.weigh(token))

    def weigh(self, token: str) -> float:
        """Return the idf: ln(1 + (N - n + 0.5) / (n + 0.5))."""
        holding = len(self.postings.get(token, ()))
        return math.log(1 + (len(self.lengths) - holding + 0.5) / (holding + 0.5))

    def score(self, frequencies: dict[int, int], idf: float) -> Scores:
        """Score documents (by key: how often they have it) for something of an idf, by BM25."""
        mean = sum(self.lengths.values()) / max(len(self.lengths), 1)
        return {
            key: idf * (K1 + 1) * tf / (tf + K1 * (1 - B + B * round_length(self.lengths[key]) / mean))
            for key, tf in frequencies.items()
            if tf
        }

    def score_phrase(self, tokens: tuple[str, ...], slop: int) -> Scores:
        """Score the row as one word of summed idf; with slop, each document that has it as its words score."""
        words = [self.postings.get(token, {}) for token in tokens]
        together = set(words[0]).intersection(*words[1:]) if words else set()
        places = {key: [word[key] for word in words] for key in together}
        if slop:
            near = {key for key, rows in places.items() if _stand_near(rows, slop)}
            return _sum(_only(self.score_word(token), near) for token in tokens)
        frequencies = {
            key: sum(all(start + at in row for at, row in enumerate(rows)) for start in rows[0])
            for key, rows in places.items()
        }
        return self.score(frequencies, sum(self.weigh(token) for token in tokens))


def _stand_near(rows: list[list[int]], slop: int) -> bool:
    """Tell whether one place of each token can be chosen so that shifting them by ``slop`` in all makes the row."""
    for places in product(*rows):
        shifts = [place - at for at, place in enumerate(places)]
        if len(set(places)) == len(places) and max(shifts) - min(shifts) <= slop:
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corpus:
    """The committed documents with their postings; never changed after making."""

    documents: dict[int, Document]
    fields: dict[TextField, _Field]

    @classmethod
    def of(cls, documents: dict[int, Document]) -> _Corpus:
        """Build the postings of documents."""
        fields: dict[TextField, _Field] = {name: _Field() for name in TEXT_FIELDS}
        for key, document in documents.items():
            for name in TEXT_FIELDS:
                fields[name].add(key, stretches(document, name))
        return cls(documents=dict(documents), fields=fields)

    def answer(self, query: TokenQuery, filters: Iterable[Clause]) -> Scores:
        """Score what matches and passes the filters."""
        scores = self.everything() if query.matching is None else self.evaluate(query.matching)
        for clause in filters:
            scores = _only(scores, self.evaluate(clause))
        return _sum([scores, *(_only(self.evaluate(boost), scores) for boost in query.boosts)])

    def everything(self) -> Scores:
        """Return all documents, none better than another."""
        return dict.fromkeys(self.documents, 0.0)

    def evaluate(self, clause: Clause) -> Scores:  # noqa: C901, PLR0911 (one return per clause)
        """Return the score of each document that the clause matches."""
        match clause:
            case Tokens():
                return _best(self.fields[clause.field].score_word(token) for token in clause.alternatives)
            case TokenPhrase():
                words = self.fields[clause.field]
                return _best(words.score_phrase(tokens, clause.slop) for tokens in clause.alternatives)
            case TokenPrefix():
                postings = self.fields[clause.field].postings
                return {key: 1.0 for token in postings if token.startswith(clause.prefix) for key in postings[token]}
            case Exact():
                return self._where_keyword(clause.field, set(clause.values))
            case Years():
                return self._where_year(clause)
            case Keys():
                return {key: 0.0 for key in clause.keys if key in self.documents}
            case AllOf():
                return self._at_least(len(clause.clauses), clause.clauses)
            case AtLeast():
                return self._at_least(clause.count, clause.clauses)
            case Without():
                scores = self.everything() if clause.clause is None else self.evaluate(clause.clause)
                excluded = self.evaluate(clause.excluded)
                return {key: score for key, score in scores.items() if key not in excluded}
            case Weighted():
                return {key: score * clause.weight for key, score in self.evaluate(clause.clause).items()}
            case Flat():
                return dict.fromkeys(self.evaluate(clause.clause), clause.score)
            case _:
                assert_never(clause)

    def _at_least(self, count: int, clauses: tuple[Clause, ...]) -> Scores:
        answers = [self.evaluate(clause) for clause in clauses]
        matching = Counter(key for answer in answers for key in answer)
        return _sum([{key: 0.0 for key in self.documents if matching[key] >= count}, *answers], grow=False)

    def _where_keyword(self, name: KeywordField, values: set[str]) -> Scores:
        return {key: 0.0 for key, doc in self.documents.items() if values.intersection(doc.keywords.get(name, ()))}

    def _where_year(self, years: Years) -> Scores:
        since = -math.inf if years.since is None else years.since
        until = math.inf if years.until is None else years.until
        return {key: 0.0 for key, doc in self.documents.items() if doc.year is not None and since <= doc.year <= until}

    def count_facet(self, query: TokenQuery, scores: Scores, name: str, size: int) -> tuple[FacetValue, ...]:
        """Count a facet's values over the answer without the facet's own filter; ``scores`` is the one with all."""
        found = self.answer(query, filters_without(query, name)) if name in query.filters else scores
        counts: Counter[str | int] = Counter()
        for key in found:
            counts.update(self._facet_values(key, name))
        return _most_frequent(counts, size)

    def _facet_values(self, key: int, name: str) -> set[str] | set[int]:
        document = self.documents[key]
        if name == "year":
            return set() if document.year is None else {document.year}
        column: KeywordField = FACET_FIELDS[name]  # type: ignore[assignment]
        return set(document.keywords.get(column, ()))

    def sort_value(self, key: int, sort: Sort) -> int | str:
        """Return what a document is sorted by."""
        document = self.documents[key]
        if sort == "title":
            return document.title_order
        return document.first_indexed if sort == "first_indexed" else document.published


def _most_frequent(counts: Counter[str | int], size: int) -> tuple[FacetValue, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetValue(value=str(value), count=count) for value, count in ordered[:size])


def _only(scores: Scores, keys: Iterable[int]) -> Scores:
    wanted = keys if isinstance(keys, set | dict) else set(keys)
    return {key: score for key, score in scores.items() if key in wanted}


def _sum(answers: Iterable[Scores], *, grow: bool = True) -> Scores:
    """Add scores up; without ``grow`` only documents of the first answer count."""
    total: Scores = {}
    for at, answer in enumerate(answers):
        for key, score in answer.items():
            if grow or at == 0 or key in total:
                total[key] = total.get(key, 0.0) + score
    return total


def _best(answers: Iterable[Scores]) -> Scores:
    best: Scores = {}
    for answer in answers:
        for key, score in answer.items():
            best[key] = max(score, best.get(key, 0.0))
    return best


def round_length(length: int) -> int:
    """Round a field length as one byte keeps it: exact below 24, then three leading bits after the first."""
    if length < _EXACT_LENGTHS + 16:
        return length
    rest = length - _EXACT_LENGTHS
    shift = rest.bit_length() - 4
    return _EXACT_LENGTHS + (rest >> shift << shift)
