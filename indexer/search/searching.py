"""Search: from what is asked to hits, whichever engine answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from indexer.search.citation import read_citation
from indexer.search.compile import UsedMatch, compile_query
from indexer.search.query import Hits, Query, TokenQuery, View
from indexer.storage.search_index import SearchIndex

#: With fewer works than this, ``auto`` asks again for most of the words.
ENOUGH = 10


#: What the library makes of every query: works that it hides or lifts.
Adapt = Callable[[TokenQuery], TokenQuery]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits, how many of the bare words they had to match, and the query as the engine was given it."""

    hits: Hits
    match: UsedMatch
    compiled: TokenQuery


def _unadapted(query: TokenQuery) -> TokenQuery:
    return query


def search(index: SearchIndex, query: Query, view: View, adapt: Adapt = _unadapted) -> Found:
    """Answer a query; ``adapt`` is applied to whatever it is compiled into.

    ``match="auto"`` asks for all words, and for most of them where that brings fewer than ten works; a whole reference
    that is not found so by what it names, then by its words. A following page
    has to ask with the ``match`` that its first page used; ``auto`` with ``view.after`` asks for all.

    Raises:
        QueryError: the query cannot be understood, or (``UnsupportedQueryError``) not be answered.
    """

    def ask(match: UsedMatch) -> Found:
        compiled = adapt(compile_query(query, match))
        return Found(hits=index.search(compiled, view), match=match, compiled=compiled)

    if query.match != "auto":
        return ask(query.match)
    found = ask("all")
    if found.hits.count >= ENOUGH or view.after is not None:
        return found
    if not found.hits.count and (citation := read_citation(query.text)):
        ways: tuple[UsedMatch, ...] = ("identifier", "citation") if citation.identifiers else ("citation",)
        for way in ways:
            if (cited := ask(way)).hits.count:
                return cited
    if adapt(compile_query(query, "most")) == found.compiled:
        return found
    loose = ask("most")
    return loose if loose.hits.count > found.hits.count else found
