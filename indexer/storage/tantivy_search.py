"""Answer token queries with tantivy: clauses, pages in exact order, exact facets.

Sorts by a field use one composite integer column per order (sort number, then key), so that every value is unique and a
range query goes on exactly after any hit. Titles are spelled in four integer columns; hits are taken by the first, with
the whole last group of equal ones, and put in order here. By relevance tantivy orders ties as it likes, so hits are
taken from the top, with the whole last tie group, and put in order here too; where every hit has one score by
construction, the key column orders.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import assert_never

import tantivy
from tantivy import FieldType, Occur, Order, Query

from indexer.errors import UnsupportedQueryError
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
from indexer.search.titles import COLUMNS, title_columns, title_of
from indexer.storage.layout import (
    KEYWORD_FIELDS,
    NEVER,
    STRETCH_GAP,
    TEXT_FIELDS,
    Ranked,
    choose_sort,
    cut_page,
    filters_without,
    start_of,
    stretches,
)

KEY_BITS = 32
_KEY_MASK = (1 << KEY_BITS) - 1
_LOWEST = -(1 << 63)
_COLUMNS: dict[Sort, str] = {"newest": "newest", "oldest": "oldest", "first_indexed": "latest"}
_GAP_WORD = "\ue001"
_GAP = f" {' '.join([_GAP_WORD] * STRETCH_GAP)} "
_ANALYZER = "tokens"
_MOST_PHRASES = 4_096
_PAIR = 2
_SLACK = 100
_MOST_BUCKETS = 60_000
#: Of so few works the values are faster gathered from the works than from the terms.
_FEW_WORKS = 5_000
_EVERY_SEGMENT = 1 << 30
_SCORE_BITS = 12
_TITLE_COLUMNS = tuple(f"title_{number}" for number in range(COLUMNS))
#: Values that are counted as facets are held in a column too; the others are only looked for, or read from the terms.
_COUNTED = frozenset(FACET_FIELDS.values()) | {"unmapped"}


def build_schema() -> tantivy.Schema:
    """Return the schema: nothing is stored but columns, for cards come from the record store."""
    builder = tantivy.SchemaBuilder()
    for text in TEXT_FIELDS:
        builder.add_text_field(text, tokenizer_name=_ANALYZER, index_option="position")
    for keyword in KEYWORD_FIELDS:
        builder.add_text_field(keyword, tokenizer_name="raw", index_option="basic", fast=keyword in _COUNTED)
    # Signed: deleting by an unsigned field deletes nothing and says nothing.
    builder.add_integer_field("key", indexed=True, fast=True)
    for number in ("version", "year", *_COLUMNS.values(), *_TITLE_COLUMNS):
        builder.add_integer_field(number, fast=True)
    return builder.build()


def register_analyzer(index: tantivy.Index) -> None:
    """Split at white space only; gap words give positions between stretches, and are not indexed themselves."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer(_ANALYZER, builder.filter(tantivy.Filter.custom_stopword([_GAP_WORD])).build())


def encode_document(document: Document) -> tantivy.Document:
    """Turn a document into tantivy's.

    Raises:
        ValueError: the key does not fit the sort columns (0 to 4,294,967,295).
    """
    if not 0 <= document.key <= _KEY_MASK:
        raise ValueError(f"key {document.key} is not between 0 and {_KEY_MASK}")
    encoded = tantivy.Document()
    add_text, add_integer = encoded.add_text, encoded.add_integer
    for text in TEXT_FIELDS:
        add_text(text, _GAP.join(stretches(document, text)))
    keywords = document.keywords
    for keyword in KEYWORD_FIELDS:
        for value in dict.fromkeys(keywords.get(keyword, ())):
            add_text(keyword, value)
    add_integer("key", document.key)
    add_integer("version", document.version)
    if document.year is not None:
        add_integer("year", document.year)
    add_integer("newest", _compose(document.published, document.key, "newest"))
    add_integer("oldest", _compose(document.published or NEVER, document.key, "oldest"))
    add_integer("latest", _compose(document.first_indexed, document.key, "first_indexed"))
    for name, column in zip(_TITLE_COLUMNS, title_columns(document.title_order), strict=True):
        add_integer(name, column)
    return encoded


def _compose(number: int, key: int, sort: Sort) -> int:
    """Put sort number and key into one integer; descending columns hold the key's complement, so ties ascend."""
    return (number << KEY_BITS | (key if sort == "oldest" else _KEY_MASK - key)) + _LOWEST


def _decompose(column: int, sort: Sort) -> Ranked:
    number, key = divmod(column - _LOWEST, 1 << KEY_BITS)
    return (float(number), key) if sort == "oldest" else (float(-number), _KEY_MASK - key)


@dataclass(frozen=True, slots=True)
class TantivySearch:
    """One unchanging view of the index."""

    schema: tantivy.Schema
    searcher: tantivy.Searcher

    def answer(self, query: TokenQuery, view: View) -> Hits:
        """Answer a query."""
        translated = self._with_filters(query, filters_without(query), boosts=True)
        sort = choose_sort(query, view)
        if sort == "title":
            ranked, count = self._by_title(translated, view)
        elif sort != "relevance":
            ranked, count = self._by_column(translated, view, sort)
        elif (score := constant_score(query)) is not None:
            ranked, count = self._by_key(translated, view, score)
        else:
            ranked, count = self._by_score(translated, view)
        return cut_page(ranked, count=count, view=view, sort=sort, facets=self._count_facets(query, view))

    # --- clauses ---------------------------------------------------------------------------

    def _with_filters(self, query: TokenQuery, filters: tuple[Clause, ...], *, boosts: bool = False) -> Query:
        parts = [(Occur.Must, _everything() if query.matching is None else self.translate(query.matching))]
        parts += [(Occur.Must, Query.const_score_query(self.translate(clause), 0.0)) for clause in filters]
        if boosts:
            parts += [(Occur.Should, self.translate(boost)) for boost in query.boosts]
        return parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)

    def translate(self, clause: Clause) -> Query:  # noqa: C901, PLR0911 (one return per clause)
        """Turn a clause into tantivy's query.

        Raises:
            UnsupportedQueryError: a phrase with too much slop for its length.
        """
        match clause:
            case Tokens():
                return _best([Query.term_query(self.schema, clause.field, token) for token in clause.alternatives])
            case TokenPhrase():
                return _best([self._phrase(clause.field, row, clause.slop) for row in clause.alternatives if row])
            case TokenPrefix():
                return Query.regex_query(self.schema, clause.field, _escape(clause.prefix) + ".*")
            case Exact():
                values = list(clause.values)
                return Query.const_score_query(Query.term_set_query(self.schema, clause.field, values), 0.0)
            case Years():
                return Query.const_score_query(self._years(clause), 0.0)
            case Keys():
                return Query.const_score_query(Query.term_set_query(self.schema, "key", list(clause.keys)), 0.0)
            case AllOf():
                return self._at_least(len(clause.clauses), clause.clauses)
            case AtLeast():
                return self._at_least(clause.count, clause.clauses)
            case Without():
                kept = _everything() if clause.clause is None else self.translate(clause.clause)
                return Query.boolean_query([(Occur.Must, kept), (Occur.MustNot, self.translate(clause.excluded))])
            case Weighted():
                return Query.boost_query(self.translate(clause.clause), clause.weight)
            case Flat():
                return Query.const_score_query(self.translate(clause.clause), clause.score)
            case _:
                assert_never(clause)

    def _years(self, years: Years) -> Query:
        if years.since is None and years.until is None:
            return Query.exists_query("year")
        return Query.range_query(self.schema, "year", FieldType.Integer, years.since, years.until)

    def _at_least(self, count: int, clauses: tuple[Clause, ...]) -> Query:
        translated = [self.translate(clause) for clause in clauses]
        if count == len(clauses):
            return Query.boolean_query([(Occur.Must, _everything()), *((Occur.Must, part) for part in translated)])
        optional = [(Occur.Should, part) for part in translated]
        if count < 1:
            return Query.boolean_query([(Occur.Must, _everything()), *optional])
        return Query.boolean_query(optional, minimum_number_should_match=count)

    def _phrase(self, field: TextField, row: tuple[str, ...], slop: int) -> Query:
        """Translate a row of tokens; with slop it scores as its words do."""
        words = [Query.term_query(self.schema, field, token) for token in row]
        if len(row) == 1:
            return words[0]
        if not slop:
            return Query.phrase_query(self.schema, field, list(row))
        near = Query.boolean_query([(Occur.Should, phrase) for phrase in self._phrases_near(field, row, slop)])
        return Query.boolean_query(
            [(Occur.Must, Query.const_score_query(near, 0.0)), *((Occur.Must, word) for word in words)]
        )

    def _phrases_near(self, field: TextField, row: tuple[str, ...], slop: int) -> list[Query]:
        """Return phrases of which each match of a row with slop matches one.

        tantivy's own slop misses matches of three words and more, and takes one word for both where the same is wanted
        twice; for those every allowed spacing becomes an exact phrase.
        """
        if len(row) == len(set(row)) == _PAIR:
            return [Query.phrase_query(self.schema, field, list(row), slop)]
        if (slop + 1) ** len(row) - slop ** len(row) > _MOST_PHRASES:
            raise UnsupportedQueryError("too_wide", words=len(row), slop=slop)
        spaced = {tuple(sorted(zip(places, row, strict=True))) for places in _spacings(len(row), slop)}
        return [Query.phrase_query(self.schema, field, list(places)) for places in sorted(spaced)]

    # --- pages -----------------------------------------------------------------------------

    def _by_column(self, query: Query, view: View, sort: Sort) -> tuple[list[Ranked], int]:
        column = _COLUMNS[sort]
        start, order = start_of(view, sort), Order.Asc if sort == "oldest" else Order.Desc
        narrowed = query
        if start is not None:
            last = _compose(int(abs(float(start[0]))), start[1], sort)
            if sort == "oldest":
                after = Query.range_query(self.schema, column, FieldType.Integer, last, None, include_lower=False)
            else:
                after = Query.range_query(self.schema, column, FieldType.Integer, None, last, include_upper=False)
            narrowed = _narrow(query, after)
        found = self.searcher.search(narrowed, view.limit + 1, count=True, order_by_field=column, order=order)
        ranked = [_decompose(value, sort) for value, _ in found.hits]
        return ranked, self._count(query) if start is not None else _counted(found)

    def _by_title(self, query: Query, view: View) -> tuple[list[Ranked], int]:
        """Take hits in the order of their titles' first column, whole groups of it, and order them by all columns."""
        wanted, start, narrowed = view.limit + 1, start_of(view, "title"), query
        if start is not None:
            narrowed = _narrow(query, self._from_title(title_columns(str(start[0]))))
        depth = wanted + _SLACK
        while True:
            found = self.searcher.search(narrowed, depth, count=True, order_by_field=_TITLE_COLUMNS[0], order=Order.Asc)
            whole = len(found.hits) < depth
            near = [hit for hit in found.hits if whole or hit[0] < found.hits[-1][0]]
            if whole or len(near) >= wanted:
                following = self._following_titles(near, start)
                if whole or len(following) >= wanted:
                    return following[:wanted], _counted(found) if start is None else self._count(query)
            depth *= 4

    def _following_titles(self, hits: list[tuple[int, tantivy.DocAddress]], start: Ranked | None) -> list[Ranked]:
        addresses = [address for _, address in hits]
        rest = [self.searcher.fast_field_values(name, addresses) for name in (*_TITLE_COLUMNS[1:], "key")]
        rows = sorted(zip((first for first, _ in hits), *rest, strict=True))
        ranked: list[Ranked] = [(title_of([int(one or 0) for one in row[:-1]]), int(row[-1] or 0)) for row in rows]
        return [rank for rank in ranked if start is None or rank > start]

    def _from_title(self, columns: tuple[int, ...]) -> Query:
        """Leave what may come behind a title: a higher first column, or the same and no lower second one."""
        (head, following), integer = columns[:2], FieldType.Integer
        later = Query.range_query(self.schema, _TITLE_COLUMNS[0], integer, head, None, include_lower=False)
        same = Query.range_query(self.schema, _TITLE_COLUMNS[0], integer, head, head)
        beyond = Query.range_query(self.schema, _TITLE_COLUMNS[1], integer, following, None)
        alike = Query.boolean_query([(Occur.Must, same), (Occur.Must, beyond)])
        return Query.boolean_query([(Occur.Should, later), (Occur.Should, alike)])

    def _by_key(self, query: Query, view: View, score: float) -> tuple[list[Ranked], int]:
        start, narrowed = start_of(view, "relevance"), query
        if start is not None and start > (-score, -1):
            lowest = start[1] if start[0] == -score else _KEY_MASK
            after = Query.range_query(self.schema, "key", FieldType.Integer, lowest, None, include_lower=False)
            narrowed = _narrow(query, after)
        found = self.searcher.search(narrowed, view.limit + 1, count=True, order_by_field="key", order=Order.Asc)
        return [(-score, key) for key, _ in found.hits], self._count(query)

    def _by_score(self, query: Query, view: View) -> tuple[list[Ranked], int]:
        """Take the hits around the page's place, wide enough that the tie groups at both its ends are whole.

        A tie group of 100,000 works costs each of its pages about 0.2 s.
        """
        start, wanted = start_of(view, "relevance"), view.limit + 1
        seen = view.after.seen if view.after else 0
        before = behind = _SLACK
        while True:
            first = max(0, seen - before)
            found = self.searcher.search(query, seen - first + wanted + behind, count=True, offset=first)
            scored = [(-coarsen(score), address) for score, address in found.hits]
            if first and start is not None and not (scored and scored[0][0] < float(start[0])):
                before *= 4
                continue
            whole = first + len(scored) >= _counted(found)
            edge = math.inf if whole else scored[-1][0]
            near = [hit for hit in scored if hit[0] < edge and (start is None or hit[0] >= float(start[0]))]
            if whole or len(near) >= wanted:
                following = self._following(near, start)
                if whole or len(following) >= wanted:
                    return following, _counted(found)
            behind *= 4

    def _following(self, hits: list[tuple[float, tantivy.DocAddress]], start: Ranked | None) -> list[Ranked]:
        """Put hits in order, ties by key, and return those behind the start."""
        keys = self.searcher.fast_field_values("key", [address for _, address in hits])
        ranked: list[Ranked] = sorted((hit[0], int(key or 0)) for hit, key in zip(hits, keys, strict=True))
        return [rank for rank in ranked if start is None or rank > start]

    def _count(self, query: Query) -> int:
        return _counted(self.searcher.search(query, 1, count=True))

    # --- values and words ------------------------------------------------------------------

    def values(self, query: TokenQuery, field: KeywordField, prefix: str, size: int) -> tuple[FacetValue, ...]:
        """Count the values of a keyword field that begin so; of few works theirs only, instead of walking all terms."""
        counted = self._with_filters(query, filters_without(query))
        if not prefix and field in _COUNTED and self._count(counted) <= _FEW_WORKS:
            aggregated = self.searcher.aggregate(counted, {field: _count_terms(field, _MOST_BUCKETS)})[field]
            if not aggregated.get("sum_other_doc_count"):
                ordered = _read_buckets(aggregated, size) or ()
                return tuple(FacetValue(value=value, count=count) for value, count in ordered)
        found = self.searcher.terms_with_prefix(field, prefix, counted, size)
        return tuple(FacetValue(value=value, count=count) for value, count in found)

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Look tokens up in the dictionaries of the segments."""
        return {token: self.searcher.doc_freq(field, token) for token in tokens}

    # --- facets ----------------------------------------------------------------------------

    def _count_facets(self, query: TokenQuery, view: View) -> dict[str, tuple[FacetValue, ...]]:
        filtered = [name for name in view.facets if name in query.filters]
        groups = [(filters_without(query), [name for name in view.facets if name not in query.filters])]
        groups += [(filters_without(query, name), [name]) for name in filtered]
        counted: dict[str, tuple[FacetValue, ...]] = {}
        for filters, names in groups:
            if names:
                counted |= self._count_together(self._with_filters(query, filters), names, view.facet_size)
        return {name: counted[name] for name in view.facets}

    def _count_together(self, query: Query, names: list[str], size: int) -> dict[str, tuple[FacetValue, ...]]:
        aggregated = self.searcher.aggregate(query, {name: _count_values(name, size + _SLACK) for name in names})
        values: dict[str, tuple[FacetValue, ...]] = {}
        for name in names:
            ordered = _read_buckets(aggregated[name], size)
            if ordered is None:
                again = self.searcher.aggregate(query, {name: _count_values(name, _MOST_BUCKETS)})
                ordered = _read_buckets(again[name], size)
            if ordered is None:  # a tie of more values than tantivy counts at once: walk the terms
                ordered = self.searcher.terms_with_prefix(FACET_FIELDS[name], "", query, size)
            values[name] = tuple(FacetValue(value=value, count=count) for value, count in ordered)
        return values


def _count_values(name: str, size: int) -> dict[str, dict[str, str | int]]:
    return _count_terms(FACET_FIELDS[name], size)


def _count_terms(field: str, size: int) -> dict[str, dict[str, str | int]]:
    # Counts are wrong over several segments unless each hands over all its values.
    return {"terms": {"field": field, "size": size, "segment_size": _EVERY_SEGMENT}}


def _read_buckets(aggregated: dict[str, object], size: int) -> list[tuple[str, int]] | None:
    """Return the first values by count and value; ``None`` where the list ends within the tie it must order."""
    buckets = aggregated["buckets"]
    if not isinstance(buckets, list):
        raise TypeError("tantivy's aggregation has no list of buckets")
    counts = sorted(
        ((bucket["key"], int(bucket["doc_count"])) for bucket in buckets), key=lambda item: (-item[1], item[0])
    )
    if aggregated.get("sum_other_doc_count") and len(counts) > size and counts[size - 1][1] == counts[-1][1]:
        return None
    return [(value if isinstance(value, str) else str(int(value)), count) for value, count in counts[:size]]


def _everything() -> Query:
    return Query.const_score_query(Query.all_query(), 0.0)


def _narrow(query: Query, after: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.const_score_query(after, 0.0))])


def _best(alternatives: list[Query]) -> Query:
    if not alternatives:
        return Query.empty_query()
    return alternatives[0] if len(alternatives) == 1 else Query.disjunction_max_query(alternatives)


def _counted(found: tantivy.SearchResult) -> int:
    count: int = found.count  # type: ignore[attr-defined]  # missing in tantivy's stubs
    return count


def _escape(prefix: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$#&\-~])", r"\\\1", prefix)


def _spacings(words: int, slop: int) -> list[tuple[int, ...]]:
    """List where each word may stand so that no two shifts differ by more than ``slop``."""
    spacings = []
    for shifts in product(range(slop + 1), repeat=words):
        places = tuple(at + shift for at, shift in enumerate(shifts))
        if min(shifts) == 0 and len(set(places)) == words:
            spacings.append(places)
    return spacings


def coarsen(score: float) -> float:
    """Cut a score to 12 leading bits (2.5 in 10,000), so that equal documents tie.

    tantivy adds the words' scores up in an order that changes within a segment, and sums of 32-bit floats with it.
    """
    mantissa, exponent = math.frexp(score)
    return math.ldexp(round(math.ldexp(mantissa, _SCORE_BITS)), exponent - _SCORE_BITS)


def constant_score(query: TokenQuery) -> float | None:
    """Return the one score that all hits have by construction; ``None`` where scores may differ."""
    return None if query.boosts or query.matching is None else _constant(query.matching)


def _constant(clause: Clause) -> float | None:  # noqa: PLR0911 (one return per clause)
    match clause:
        case Exact() | Years() | Keys():
            return 0.0
        case Flat():
            return clause.score
        case TokenPrefix():
            return 1.0
        case Without():
            return 0.0 if clause.clause is None else _constant(clause.clause)
        case Weighted():
            inner = _constant(clause.clause)
            return None if inner is None else inner * clause.weight
        case AllOf():
            scores = [_constant(part) for part in clause.clauses]
            return None if None in scores else sum(score for score in scores if score is not None)
        case AtLeast():
            return 0.0 if all(_constant(part) == 0 for part in clause.clauses) else None
        case _:
            return None
