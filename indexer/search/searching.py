"""Search: from what is asked to hits, whichever engine answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from indexer.search.citation import Citation, read_citation
from indexer.search.compile import UsedMatch, compile_query
from indexer.search.query import Hits, Query, TokenQuery, View
from indexer.search.ranking import ENOUGH_WORKS, SENTENCE_WORDS, TEXT_WORDS, count_words
from indexer.search.thesaurus import EMPTY, Thesaurus
from indexer.storage.search_index import SearchIndex

#: What the library makes of every query: works that it hides or lifts.
Adapt = Callable[[TokenQuery], TokenQuery]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits, how many of the bare words they had to match, and the query as the engine was given it."""

    hits: Hits
    match: UsedMatch
    compiled: TokenQuery


Ask = Callable[[UsedMatch], Found]


def _unadapted(query: TokenQuery) -> TokenQuery:
    return query


def search(
    index: SearchIndex, query: Query, view: View, adapt: Adapt = _unadapted, thesaurus: Thesaurus = EMPTY
) -> Found:
    """Answer a query, its terms as the thesaurus has them too; ``adapt`` is applied to whatever it is compiled into.

    ``match="auto"`` asks for all words, and for most of them where that brings fewer than ten works; a whole reference
    that is not found so by what it names, then by its words. A sentence, whose words no record need have in common, and
    what is not found at all is asked for by any of its words, where the most relevant come first; a pasted text at
    once. A following page has to ask with the ``match`` that its first page used; ``auto`` with ``view.after`` asks for
    all.

    Raises:
        QueryError: the query cannot be understood, or (``UnsupportedQueryError``) not be answered.
    """

    def ask(match: UsedMatch) -> Found:
        compiled = adapt(compile_query(query, match, thesaurus))
        return Found(hits=index.search(compiled, view), match=match, compiled=compiled)

    if query.match != "auto":
        return ask(query.match)
    return _ask_ever_less(query, view, ask)


def _ask_ever_less(query: Query, view: View, ask: Ask) -> Found:
    """Answer by all words, a reference's, most or any, whichever is the first to bring enough."""
    words, citation = count_words(query.text), read_citation(query.text)
    by_relevance = view.sort == "relevance"
    if words >= TEXT_WORDS and by_relevance and not citation and view.after is None:
        return ask("any")
    found = ask("all")
    if found.hits.count >= ENOUGH_WORKS or view.after is not None:
        return found
    if not found.hits.count and citation and (cited := _cited(citation, ask)):
        return cited
    if words < SENTENCE_WORDS or not by_relevance:
        found = _looser(found, "most", ask)
    if by_relevance and (words >= SENTENCE_WORDS or not found.hits.count):
        found = _looser(found, "any", ask)
    return found


def _cited(citation: Citation, ask: Ask) -> Found | None:
    ways: tuple[UsedMatch, ...] = ("identifier", "citation") if citation.identifiers else ("citation",)
    return next((found for found in map(ask, ways) if found.hits.count), None)


def _looser(found: Found, match: UsedMatch, ask: Ask) -> Found:
    """Return what fewer of the words bring, if it is more."""
    loose = ask(match)
    return loose if loose.hits.count > found.hits.count else found
