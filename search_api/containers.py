"""Journals as readers look them up: what is known of them, and how many of their works are here, of which years."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from indexer.normalise.identifiers import issn
from indexer.search.query import Exact, TokenQuery, View
from indexer.storage.container_reading import StoredContainer, container_by_id, containers_by_ids, find_container
from search_api.facets import FacetLister, FacetSearch
from search_api.library import Library
from search_api.searching import Search

_ISSN = re.compile(r"(?:issn:)?\s*(\d{4}-?\d{3}[\dXx])", re.ASCII | re.IGNORECASE)
#: Years are numbers, and there can be no more.
_YEARS = 10_000


def read_issn(text: str) -> str | None:
    """Return the ISSN that a text is, with or without ``issn:`` and hyphen; ``None`` where it is something else."""
    found = _ISSN.fullmatch(text.strip())
    return issn(found[1]) if found else None


def look_up(library: Library, wanted: str) -> StoredContainer | None:
    """Return a container by its id, or by ``issn:1234-5678``; one that another took over is answered by that one."""
    if wanted.lower().startswith("issn:"):
        number = read_issn(wanted)
        return find_container(library.store.database, number) if number else None
    return container_by_id(library.store.database, wanted)


def shown(library: Library, container: StoredContainer) -> dict[str, Any]:
    """Return a container's body; works that the library hides are not counted."""
    named = Exact(field="container", values=(container.id,))
    query = TokenQuery(matching=None, filters={"container": named})
    ruled = library.store.ranking_rules.current().apply(query, is_ranked=False)
    hits = library.index.search(ruled, View(limit=1, facets=("year",), facet_size=_YEARS))
    years = [int(one.value) for one in hits.facets["year"]]
    return asdict(container) | {
        "works": hits.count,
        "first_year": min(years, default=None),
        "last_year": max(years, default=None),
        "works_url": f"/v1/works?{urlencode({'container': container.id})}",
    }


def list_containers(
    library: Library, lister: FacetLister, text: str, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return the body ``{meta, results}``: journals with works here, those with the most first.

    Raises:
        QueryError: the cursor is damaged or of another list.
    """
    number = None if cursor else read_issn(text)
    found = find_container(library.store.database, number) if number else None
    if found:
        return _body([shown(library, found)], text, count=1, cursor=None)
    wanted = FacetSearch(search=Search(), facet="container", text=text, limit=limit, cursor=cursor)
    told = lister.answer(wanted)
    ids = [str(one["value"]) for one in told["results"]]
    known = containers_by_ids(library.store.database, ids)
    results = [shown(library, known[one]) for one in ids if one in known]
    return _body(results, text, count=told["meta"]["values"], cursor=told["meta"]["next_cursor"])


def _body(results: Sequence[dict[str, Any]], text: str, *, count: int | None, cursor: str | None) -> dict[str, Any]:
    return {"meta": {"q": text, "count": count, "next_cursor": cursor}, "results": list(results)}
