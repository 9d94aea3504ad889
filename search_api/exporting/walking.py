"""Every work of a result, page after page to the end, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from indexer.errors import SearchIndexError
from indexer.search.query import View
from indexer.search.searching import search
from indexer.storage.catalogue import StoredWork
from search_api.copies import copies_of
from search_api.expanding import thesaurus_for
from search_api.exporting.formats import Ranked
from search_api.library import Library
from search_api.ruling import rules_for
from search_api.searching import MAX_LIMIT, Search


def walk(library: Library, wanted: Search, most: int | None = None, at_once: int = MAX_LIMIT) -> Iterator[Ranked]:
    """Yield the works that a search finds in its order, each once, up to ``most`` (``None``: all), ``at_once`` a page.

    The first page is asked for before this returns, so that a query that cannot be understood raises ``QueryError``
    here. Works that leave the index meanwhile are left out, and new ones may come in behind the place that was reached.
    What it goes through by relevance stays one state of the index; where that is lost, ``SearchIndexError`` is raised
    rather than works left out in silence.
    """
    query = wanted.query()
    view = View(sort=wanted.sort, limit=at_once if most is None else min(most, at_once))
    adapt = rules_for(library, query).adapt(view)  # one state of the rules from the first page to the last
    thesaurus = thesaurus_for(library, query)  # and of the terms: what the search page shows is what is exported
    first = search(library.index, query, view, adapt, thesaurus)

    def pages() -> Iterator[Ranked]:
        hits, left = first.hits, most
        while True:
            keys = [hit.key for hit in hits.hits][:left]
            found = library.store.catalogue.by_keys(keys)
            yield from ranked(library, (found[key] for key in keys if key in found and found[key].state == "active"))
            left = None if left is None else left - len(keys)
            if hits.next is None or left == 0:
                return
            following = replace(view, after=hits.next, snapshot=hits.snapshot)
            hits = search(library.index, replace(query, match=first.match), following, adapt, thesaurus).hits
            if not hits.unbroken:
                raise SearchIndexError(
                    "The search index has changed, and the state of it that was being walked is no longer kept.",
                    remedy="Begin again; in order of first_indexed nothing can get lost.",
                )

    return pages()


def ranked(library: Library, works: Iterable[StoredWork]) -> Iterator[Ranked]:
    """Put each work's copies beside it; the states of all their addresses come in one query."""
    listed: Sequence[StoredWork] = list(works)
    copies = copies_of(listed, library.store.links)
    return ((work, copies[work.key]) for work in listed)
