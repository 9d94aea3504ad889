"""What all engines must agree on so that they give one answer: how documents are laid out, sorted and cut into pages.

Lucene counts a field's average length over the documents that have the field, tantivy over all. So that both (and
the reference) see the same numbers, a text field without words holds one ``FILLER`` token: every document has every
field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from indexer.search.document import Document
from indexer.search.query import After, Clause, FacetValue, Hit, Hits, KeywordField, Sort, TextField, TokenQuery, View

TEXT_FIELDS: tuple[TextField, ...] = get_args(TextField)
KEYWORD_FIELDS: tuple[KeywordField, ...] = get_args(KeywordField)
#: Stands in for the text of a field that has none; no analyser makes it (private use area).
FILLER = "\ue000"
#: Positions between two stretches of one field; a phrase whose slop is smaller never crosses.
STRETCH_GAP = 51
#: The order value of documents without a date where the oldest come first.
NEVER = 99_999_999

#: What hits stand in ascending order of: a number, or a text where titles are sorted, then the key.
Ranked = tuple[float | str, int]


def stretches(document: Document, field: TextField) -> tuple[str, ...]:
    """Return the field's stretches of space-joined tokens, never empty."""
    return tuple(stretch for stretch in document.text.get(field, ()) if stretch.strip()) or (FILLER,)


def choose_sort(query: TokenQuery, view: View) -> Sort:
    """Return the sort that applies: without text nothing is more relevant, and the newest come first."""
    return "newest" if view.sort == "relevance" and query.matching is None else view.sort


def rank_of(value: float | str, key: int, sort: Sort) -> Ranked:
    """Return the pair by which hits stand in ascending order; ``value`` is the score or what is sorted by."""
    if isinstance(value, str):
        return (value, key)
    if sort == "oldest":
        return (value or NEVER, key)
    return (-value, key)


def value_of(ranked: Ranked, sort: Sort) -> float | str:
    """Turn a rank back into the value a cursor carries."""
    if isinstance(ranked[0], str):
        return ranked[0]
    if sort == "oldest":
        return 0 if ranked[0] == NEVER else ranked[0]
    return -ranked[0] + 0.0


def start_of(view: View, sort: Sort) -> Ranked | None:
    """Return the rank after which the page begins, ``None`` for the first page."""
    return rank_of(view.after.value, view.after.key, sort) if view.after else None


def cut_page(
    ranked: Sequence[Ranked], *, count: int, view: View, sort: Sort, facets: dict[str, tuple[FacetValue, ...]]
) -> Hits:
    """Make the page from the ranks that follow its start; one more than ``view.limit`` tells that there is a next."""
    page = ranked[: view.limit]
    following = None
    if len(ranked) > view.limit:
        seen = (view.after.seen if view.after else 0) + len(page)
        following = After(value=value_of(page[-1], sort), key=page[-1][1], seen=seen)
    scored = sort == "relevance"
    hits = tuple(Hit(key=rank[1], score=-float(rank[0]) + 0.0 if scored else 0.0) for rank in page)
    return Hits(hits=hits, count=count, next=following, facets=facets)


def filters_without(query: TokenQuery, facet: str | None = None) -> tuple[Clause, ...]:
    """Return every restriction but the facet's own: OR within a facet, AND between facets."""
    return (*(clause for name, clause in query.filters.items() if name != facet), *query.restrictions)
