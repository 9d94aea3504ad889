"""Whatever a query may say is printed as it is read; whatever is typed is read, compiled and told, or refused."""

from __future__ import annotations

import contextlib
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.search.compile import UsedMatch, compile_query
from indexer.search.conditions import make_term
from indexer.search.expression import (
    And,
    FieldName,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Sequence,
    Term,
    TermName,
    Word,
    YearRange,
    print_query,
)
from indexer.search.parser import MAX_SLOP, parse, read_query
from indexer.search.query import Query
from indexer.search.wording import LANGUAGES, doubt_shown, in_words

#: Of every field that has values of its own.
_VALUES: dict[TermName, tuple[str, ...]] = {
    "doi": ("10.1000/182", "10.1002/(sici)1097(1998)17:15<1661::aid-x>3.0.co;2-2"),
    "pmid": ("12345678",),
    "pmcid": ("PMC1234567",),
    "arxiv": ("2101.00001", "hep-th/9901001"),
    "isbn": ("9780306406157",),
    "doaj": ("0123456789abcdef0123456789abcdef",),
    "handle": ("10900/1",),
    "url": ("https://x.org/a?b=c(d)", "http://x.org/y,z;w#1"),
    "issn": ("1932-6203", "2434-561X"),
    "lang": ("zh", "en", "pt"),
    "source": ("doaj", "demo-doaj"),
    "license": ("cc-by", "none"),
    "type": ("article", "conference-paper"),
    "has": ("pdf", "fulltext"),
    "status": ("retracted",),
    "clc": ("TP", "TP391.4", "R"),
    "version": ("published", "accepted"),
}
_words = st.sampled_from(
    ["a", "solar", "深度", "的", "état", "x2", "B-12", "C++", "don't", "أ", "and", "or", "é́", "OR2"]
)
_fields = st.none() | st.sampled_from(get_args(FieldName))
_years = st.none() | st.integers(0, 9999)


def _terms() -> st.SearchStrategy[Term]:
    return st.sampled_from([make_term(name, value, 0) for name, values in _VALUES.items() for value in values])


def _range(years: tuple[int | None, int | None]) -> YearRange:
    since, until = years
    if since is not None and until is not None:
        since, until = min(since, until), max(since, until)
    return YearRange(since=since, until=until)


_leaves = st.one_of(
    st.builds(Word, text=_words, field=_fields),
    st.builds(Prefix, text=st.sampled_from(["comput", "人", "état"]), field=_fields),
    st.builds(Phrase, text=st.lists(_words, min_size=1, max_size=4).map(" ".join), field=_fields),
    st.builds(Phrase, text=st.just("a b"), slop=st.integers(0, MAX_SLOP), field=_fields),
    _terms(),
    st.tuples(_years, _years).filter(any).map(_range),
)


def _groups(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Put nodes together as reading does, which opens a group within one of its kind, and a double NOT."""

    def several(kind: type[Sequence | And | Or]) -> st.SearchStrategy[Node]:
        items = inner.filter(lambda item: not isinstance(item, kind))
        return st.lists(items, min_size=2, max_size=4).map(lambda found: kind(items=tuple(found)))

    nots = inner.filter(lambda item: not isinstance(item, Not)).map(lambda item: Not(item=item))
    return st.one_of(several(Sequence), several(And), several(Or), nots)


_nodes: st.SearchStrategy[Node] = st.recursive(_leaves, _groups, max_leaves=12)
_matches: st.SearchStrategy[UsedMatch] = st.sampled_from(["all", "most", "any"])


def test_every_field_with_values_of_its_own_is_among_those_tried() -> None:
    assert set(_VALUES) == set(get_args(TermName))


@settings(max_examples=400, deadline=None)
@given(_nodes)
def test_any_node_is_read_as_it_was_printed(node: Node) -> None:
    assert parse(print_query(node)) == node


@settings(deadline=None)
@given(_nodes, _matches)
def test_any_node_compiles_or_is_refused_with_a_remedy(node: Node, match: UsedMatch) -> None:
    refusal = None
    try:
        compile_query(Query(text=print_query(node)), match)
    except QueryError as error:
        refusal = error
    assert refusal is None or refusal.remedy


_bytes = st.binary(max_size=300).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


@settings(deadline=None)
@given(_bytes | st.text(st.characters(), max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_no_bytes_break_reading_compiling_or_telling(text: str) -> None:
    with contextlib.suppress(QueryError):
        reading = read_query(text)
        for doubt in reading.doubts:
            assert doubt_shown(doubt)
        for match in get_args(UsedMatch):
            compile_query(Query(text=text), match)
        if reading.node is not None:
            assert parse(print_query(reading.node)) == reading.node
            assert all(in_words(reading.node, language) for language in LANGUAGES)
