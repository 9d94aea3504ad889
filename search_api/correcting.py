"""Did you mean: other queries that bring more than one that found next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from indexer.errors import QueryError
from indexer.search.query import Query
from indexer.search.searching import Found
from indexer.search.spelling import corrections
from indexer.storage.search_index import SearchIndex

#: With as many works nobody is asked what they meant.
ENOUGH = 10
_MOST_SHOWN = 3
_REFERENCES = frozenset({"identifier", "citation"})


def did_you_mean(index: SearchIndex, query: Query, found: Found, ask: Callable[[Query], Found]) -> list[dict[str, Any]]:
    """Return what else may have been meant, each with the works that it really brings; ``ask`` finds them.

    Only where all the words brought fewer than ten works: what ``auto`` found with fewer of the words is no answer.
    """
    enough = found.hits.count >= ENOUGH and (query.match != "auto" or found.match == "all")
    if enough or found.match in _REFERENCES or not query.text.strip():
        return []
    strict = query if query.match != "auto" else replace(query, match="all")
    found_strictly = found if found.match == strict.match else None
    had: int | None = None
    offered: list[dict[str, Any]] = []
    for one in corrections(query.text, index):
        try:
            count = ask(replace(strict, text=one.query)).hits.count
        except QueryError:  # letters of another layout may be signs of the query language
            continue
        if had is None:
            had = (found_strictly or ask(strict)).hits.count
        if count > had:
            changes = [{"written": written, "meant": meant} for written, meant in one.changes]
            text = ", ".join(meant for _, meant in one.changes)
            offered.append({"query": one.query, "text": text, "count": count, "reason": one.reason, "changes": changes})
        if len(offered) >= _MOST_SHOWN:
            break
    return offered
