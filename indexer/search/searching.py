"""Search: from what is asked to hits, whichever engine answers."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.search.citation import read_citation
from indexer.search.compile import UsedMatch, compile_query
from indexer.search.query import Hits, Query, View
from indexer.storage.search_index import SearchIndex

#: With fewer works than this, ``auto`` asks again for most of the words.
ENOUGH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits, and how many of the bare words they had to match."""

    hits: Hits
    match: UsedMatch


def search(index: SearchIndex, query: Query, view: View) -> Found:
    """Answer a query.

    ``match="auto"`` asks for all words, and for most of them where that brings fewer than ten works; a whole reference
    that is not found so by what it names, then by its words. A following page
    has to ask with the ``match`` that its first page used; ``auto`` with ``view.after`` asks for all.

    Raises:
        QueryError: the query cannot be understood, or (``UnsupportedQueryError``) not be answered.
    """
    if query.match != "auto":
        return Found(hits=index.search(compile_query(query, query.match), view), match=query.match)
    strict = compile_query(query, "all")
    found = Found(hits=index.search(strict, view), match="all")
    if found.hits.count >= ENOUGH or view.after is not None:
        return found
    if not found.hits.count and (citation := read_citation(query.text)):
        ways: tuple[UsedMatch, ...] = ("identifier", "citation") if citation.identifiers else ("citation",)
        for way in ways:
            hits = index.search(compile_query(query, way), view)
            if hits.count:
                return Found(hits=hits, match=way)
    loose = compile_query(query, "most")
    if loose == strict:
        return found
    hits = index.search(loose, view)
    return Found(hits=hits, match="most") if hits.count > found.hits.count else found
