"""Compile a query into token queries: the only place that knows both the query language and the index fields.

Bare words side by side at the top are governed by ``match``; whatever is said by operators, quotation marks, fields or
parentheses holds as it is said. Exact conditions never count among the words. Titles score 0.3 on top of ``all``: one
field of everything plus a share of the title ranks better than separate weighted fields (nDCG@10 on four sets).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sized
from typing import Literal, assert_never

from indexer.errors import QueryError, UnsupportedQueryError
from indexer.search import ranking
from indexer.search.analysis import QueryRun, QueryWord, prefix_forms, query_phrases, query_words
from indexer.search.citation import SHARE, Citation, read_citation
from indexer.search.document import address_value
from indexer.search.expression import And, Node, Not, Or, Phrase, Prefix, Sequence, Term, Word, YearRange
from indexer.search.fields import IDENTIFIER_FIELDS
from indexer.search.function_words import function_words_in
from indexer.search.names import bare_name_rows, name_rows
from indexer.search.parser import MAX_CLAUSES, parse
from indexer.search.query import (
    AllOf,
    AtLeast,
    Clause,
    Exact,
    Filters,
    Flat,
    KeywordField,
    Query,
    TextField,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    Tokens,
    Weighted,
    Without,
    Years,
)
from indexer.search.thesaurus import EMPTY, Beside, Thesaurus, expand

UsedMatch = Literal["all", "most", "any", "identifier", "citation"]
_STEMMED: frozenset[TextField] = frozenset({"all", "title", "subject"})
_KEYWORD_FIELDS: dict[str, KeywordField] = {
    "issn": "issn",
    "lang": "lang",
    "source": "source",
    "license": "license",
    "type": "type",
    "has": "has",
    "status": "status",
    "clc": "clc",
    "version": "article_version",
}


def compile_query(query: Query, match: UsedMatch, thesaurus: Thesaurus = EMPTY) -> TokenQuery:
    """Compile a query; ``match`` says how many of its bare words are needed.

    With ``identifier`` and ``citation`` a whole reference is found by what it names, or by most of its words
    (``indexer.search.citation``); a text that is none is compiled as with ``most``. What a thesaurus has for terms of
    the query is looked for too (``indexer.search.thesaurus``), unless the query wants none of it.

    Raises:
        QueryError: the text cannot be understood.
        UnsupportedQueryError: a phrase with slop has more than two words.
    """
    node = parse(query.text)
    beside = expand(query.text, thesaurus).beside if query.expand else {}
    compiler = _Compiler(match, beside)
    citation = read_citation(query.text) if match in {"identifier", "citation"} else None
    matching = (
        compiler.compile_citation(citation) if citation else compiler.compile_top(node, query.text) if node else None
    )
    if node is not None and matching is None:
        raise QueryError("no_word", position=0)
    written = _Compiler(match, {}).compile_top(node, query.text) if beside and node and not citation else None
    years = query.filters.year_from, query.filters.year_to
    return TokenQuery(
        matching=matching,
        boosts=(*compiler.boosts(), *([ranking.as_written(written, compiler.words)] if written else [])),
        filters=_compile_filters(query.filters),
        restrictions=(Years(since=years[0], until=years[1]),) if years != (None, None) else (),
    )


class _Compiler:
    """Compiles one query and gathers on the way what only adds to the score."""

    def __init__(self, match: UsedMatch, beside: Mapping[int, tuple[tuple[Beside, ...], ...]]) -> None:
        self.match = match
        self.beside = beside
        self.words = 0
        self.bonus: Counter[Clause] = Counter()
        self.titles: Counter[Clause] = Counter()
        self.pairs: Counter[Clause] = Counter()
        self.exact: Flat | None = None

    def boosts(self) -> tuple[Weighted | Flat, ...]:
        """Return what adds to the score and need not match, the same clause once with the weight of all its places."""
        bonus = [Weighted(clause=clause, weight=float(count)) for clause, count in self.bonus.items()]
        titles = [Weighted(clause=clause, weight=ranking.TITLE_WEIGHT * n) for clause, n in self.titles.items()]
        pairs = [Weighted(clause=clause, weight=ranking.PAIR_WEIGHT * count) for clause, count in self.pairs.items()]
        return (*bonus, *titles, *pairs, *([self.exact] if self.exact else []))

    def compile_top(self, node: Node, text: str) -> Clause | None:
        """Compile the whole expression; ``match`` governs the bare words of its top, and only those.

        With ``any``, bare phrases are as good as words, and parentheses around bare words mean nothing.
        """
        items = node.items if isinstance(node, Sequence) else (node,)
        loose = self.match == "any" and len(items) > 1
        if loose:
            items = tuple(ranking.dissolve(items))
        words = [item for item in items if isinstance(item, Word) and item.field is None]
        phrases = [item for item in items if loose and isinstance(item, Phrase) and item.field is None]
        bare = (Word, Phrase) if loose else Word
        others = [item for item in items if not (isinstance(item, bare) and item.field is None)]
        needed = self._compile_bare(words)
        needed.update(clause for phrase in phrases if (clause := self._compile_phrase(phrase, positive=True)))
        self.exact = ranking.exact_title(text, node)
        governed = self._govern(needed)
        if len(words) == len(items) and (rows := bare_name_rows([word.text for word in words])):
            named = TokenPhrase(field="author", alternatives=rows)
            governed = [AtLeast(count=1, clauses=tuple(clause for clause in (_all_of(governed), named) if clause))]
        return self._conjunction(others, positive=True, first=governed)

    def _compile_bare(self, words: list[Word]) -> Counter[Clause]:
        """Return the clauses of bare words, as often as each is needed; only ``all`` needs function words too."""
        passed_over = function_words_in([word.text for word in words])
        every = self.match == "all" or all(word.text in passed_over for word in words)
        needed: Counter[Clause] = Counter()
        side_by_side: list[QueryWord | QueryRun | None] = []
        for word in words:
            if self.match == "any" and len(needed) >= MAX_CLAUSES:
                break
            if word.text in passed_over and not every:
                side_by_side.append(None)
                continue
            units = self._units(word, positive=True)
            for unit, beside in zip(units, self._beside(word, units), strict=True):
                clause = _unit_clause(unit, "all")
                added = [_added_clause(one, "all", instead_of=clause) for one in beside]
                needed.update([*_scatter(clause), *added] if self.match == "any" else [_widened(clause, added)])
            side_by_side += [None] if word.text in passed_over else units
        self.pairs.update(ranking.word_pairs(side_by_side, "all"))
        return needed

    def compile_citation(self, citation: Citation) -> Clause | None:
        """Compile a reference; each pair of Chinese characters is a word of its own."""
        if self.match == "identifier":
            return _any_of([_compile_term(term) for term in citation.identifiers])
        parts: dict[Clause, None] = {}
        for word in citation.words:
            for clause in self._word_clauses(Word(text=word, position=-1), positive=True):
                parts.update(dict.fromkeys(_scatter(clause)))
        return AtLeast(count=_share(SHARE, parts), clauses=tuple(parts)) if parts else None

    def _govern(self, needed: Counter[Clause]) -> list[Clause]:
        """Return the clauses that the bare words come to: each needed one, or one that counts them."""
        clauses = tuple(
            Weighted(clause=clause, weight=float(count)) if count > 1 else clause for clause, count in needed.items()
        )
        if self.match == "any" and len(clauses) > 1:
            return [AtLeast(count=1, clauses=clauses)]
        if self.match not in {"all", "any"} and len(clauses) >= ranking.FEWEST_FOR_MOST:
            return [AtLeast(count=_share(ranking.MOST_SHARE, clauses), clauses=clauses)]
        return list(clauses)

    def _compile(self, node: Node, *, positive: bool) -> Clause | None:  # noqa: PLR0911 - one return for each kind
        match node:
            case Word():
                return _all_of(self._word_clauses(node, positive=positive))
            case Phrase():
                return self._compile_phrase(node, positive=positive)
            case Prefix():
                return self._compile_prefix(node, positive=positive)
            case Term():
                return self._compile_address(node) if node.name == "url" else _compile_term(node)
            case YearRange():
                return Years(since=node.since, until=node.until)
            case Not():
                return self._conjunction([node], positive=positive)
            case Sequence() | And():
                return self._conjunction(node.items, positive=positive)
            case Or():
                sides = [self._compile(item, positive=positive) for item in node.items]
                return _any_of([side for side in sides if side])
            case _:
                assert_never(node)

    def _conjunction(self, items: Iterable[Node], *, positive: bool, first: Iterable[Clause] = ()) -> Clause | None:
        wanted, excluded = list(first), []
        for item in items:
            if isinstance(item, Not):
                clause = self._compile(item.item, positive=False)
                excluded += [clause] if clause else []
            elif clause := self._compile(item, positive=positive):
                wanted.append(clause)
        without = _any_of(excluded)
        return Without(clause=_all_of(wanted), excluded=without) if without else _all_of(wanted)

    def _word_clauses(self, word: Word, *, positive: bool) -> list[Clause]:
        field: TextField = word.field or "all"
        units = self._units(word, positive=positive)
        clauses = [_unit_clause(unit, field) for unit in units]
        return [
            _widened(clause, [_added_clause(one, field, instead_of=clause) for one in beside])
            for clause, beside in zip(clauses, self._beside(word, units), strict=True)
        ]

    def _beside(self, word: Word, units: Sized) -> Iterable[tuple[Beside, ...]]:
        """Return what the thesaurus looks for beside each part of a word."""
        return self.beside.get(word.position) or ((),) * len(units)

    def _units(self, word: Word, *, positive: bool) -> tuple[QueryWord | QueryRun, ...]:
        """Analyse a word; note on the way what it adds to the score."""
        field: TextField = word.field or "all"
        found = query_words(word.text, stemmed=field in _STEMMED)
        self.words += len(found.words)
        if self.words > MAX_CLAUSES and self.match != "any":
            raise QueryError("too_many_words", most=MAX_CLAUSES, position=word.position)
        if positive:
            for token in found.bonus:
                self.bonus[Tokens(field=field, alternatives=(token,))] += 1
            if field == "all":
                self.titles.update(Tokens(field="title", alternatives=(token,)) for token in found.bonus)
                for unit in found.words:
                    self.titles.update(_scoring(_unit_clause(unit, "title")))
        return found.words

    def _compile_address(self, term: Term) -> Clause | None:
        """Compile an address: the work that has a copy there, or whose text names it."""
        words = query_words(term.value, stemmed=True).words
        named = _all_of([_unit_clause(word, "all") for word in words])
        return _any_of([Exact(field="identifier", values=(address_value(term.value),)), *([named] if named else [])])

    def _compile_phrase(self, phrase: Phrase, *, positive: bool) -> Clause | None:
        field: TextField = phrase.field or "all"
        alternatives = query_phrases(phrase.text, stemmed=field in _STEMMED)
        if field == "author" and not phrase.slop:
            alternatives = name_rows(phrase.text)
        longest = max(map(len, alternatives), default=0)
        if longest <= 1:
            return self._compile(
                Word(text=phrase.text, field=phrase.field, position=phrase.position), positive=positive
            )
        if phrase.slop and longest > len(("one", "other")):
            raise UnsupportedQueryError("near_many_words", position=phrase.position)
        if positive and field == "all":
            self.titles[TokenPhrase(field="title", alternatives=alternatives, slop=phrase.slop)] += 1
        return TokenPhrase(field=field, alternatives=alternatives, slop=phrase.slop)

    def _compile_prefix(self, prefix: Prefix, *, positive: bool) -> Clause | None:
        """Compile the beginning of a word; in scripts without blanks every word is found by its parts anyway.

        In stemmed fields it is compared with stems and with what was written where that is not the stem, so
        ``computat*`` finds “computation”; words whose stem alone begins so come in addition (``happi*``: “happy”), and
        so does all that the same text without ``*`` finds.
        """
        field: TextField = prefix.field or "all"
        words = query_words(prefix.text, stemmed=field in _STEMMED).words
        whole = _all_of([_unit_clause(word, field) for word in words])
        if any(isinstance(word, QueryRun) for word in words):
            return self._compile(
                Word(text=prefix.text, field=prefix.field, position=prefix.position), positive=positive
            )
        forms = prefix_forms(prefix.text)[: None if field in _STEMMED else 1]
        return _any_of([*(TokenPrefix(field=field, prefix=form) for form in forms), *([whole] if whole else [])])


def _unit_clause(unit: QueryWord | QueryRun, field: TextField) -> Clause:
    match unit:
        case QueryWord(rows=()):
            return Tokens(field=field, alternatives=unit.alternatives)
        case QueryWord():
            joined = tuple((token,) for token in unit.alternatives)
            return TokenPhrase(field=field, alternatives=(*unit.rows, *joined))
        case QueryRun(pairs=()):
            return TokenPrefix(field=field, prefix=unit.text)
        case QueryRun():
            pairs = [Tokens(field=field, alternatives=(pair,)) for pair in dict.fromkeys(unit.pairs)]
            return AllOf(clauses=tuple(pairs)) if len(pairs) > 1 else pairs[0]
        case _:
            assert_never(unit)


def _added_clause(beside: Beside, field: TextField, *, instead_of: Clause) -> Weighted:
    """Compile a term of the thesaurus: its words in a row, where what was written is not.

    Records in two languages have both; counted twice, they would stand before all others.
    """
    rows = beside.added.rows
    single = all(len(row) == 1 for row in rows)
    clause = (
        Tokens(field=field, alternatives=tuple(row[0] for row in rows))
        if single
        else TokenPhrase(field=field, alternatives=rows)
    )
    return Weighted(clause=Without(clause=clause, excluded=instead_of), weight=beside.weight)


def _widened(clause: Clause, added: list[Weighted]) -> Clause:
    return AtLeast(count=1, clauses=(clause, *added)) if added else clause


def _share(share: float, clauses: Sized) -> int:
    return math.ceil(round(share * len(clauses), 6))


def _flatten(clause: Clause) -> tuple[Clause, ...]:
    return clause.clauses if isinstance(clause, AllOf) else (clause,)


def _scatter(clause: Clause) -> tuple[Clause, ...]:
    """Return the parts of a word, each of which is worth something alone."""
    if not isinstance(clause, TokenPhrase):
        return _flatten(clause)
    rows = [row for row in clause.alternatives if len(row) > 1]
    joined = tuple(row[0] for row in clause.alternatives if len(row) == 1)
    columns = [tuple(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
    return tuple(Tokens(field=clause.field, alternatives=one) for one in [*columns, joined] if one)


def _scoring(clause: Clause) -> list[Clause]:
    return [part for part in _flatten(clause) if not isinstance(part, TokenPrefix)]


def _all_of(clauses: list[Clause]) -> Clause | None:
    if len(clauses) > 1:
        return AllOf(clauses=tuple(clauses))
    return clauses[0] if clauses else None


def _any_of(clauses: list[Clause]) -> Clause | None:
    if len(clauses) > 1:
        return AtLeast(count=1, clauses=tuple(clauses))
    return clauses[0] if clauses else None


def _compile_term(term: Term) -> Exact:
    if term.name in IDENTIFIER_FIELDS:
        return Exact(field="identifier", values=(f"{term.name}:{term.value}",))
    return Exact(field=_KEYWORD_FIELDS[term.name], values=(term.value,))


def _compile_filters(filters: Filters) -> dict[str, Clause]:
    exact: dict[str, tuple[KeywordField, tuple[str, ...]]] = {
        "source": ("source", filters.source),
        "lang": ("lang", filters.lang),
        "license": ("license", filters.license),
        "subject": ("subject_facet", filters.subject),
        "keyword": ("keyword", filters.keyword),
        "clc": ("clc", filters.clc),
        "container": ("container", filters.container),
        "type": ("type", filters.type),
        "version": ("article_version", filters.version),
        "has": ("has", filters.has),
        "status": ("status", filters.status),
    }
    clauses: dict[str, Clause] = {
        name: Exact(field=field, values=values) for name, (field, values) in exact.items() if values
    }
    if years := _any_of([Years(since=year, until=year) for year in filters.year]):
        clauses["year"] = years
    return clauses
