"""Which terms a search looks for beside those that were written, and how that is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from indexer.search.query import Query
from indexer.search.thesaurus import EMPTY, Expansion, Thesaurus, expand, read_as
from search_api.library import Library


def thesaurus_for(library: Library, query: Query, version: str | None = None) -> Thesaurus:
    """Return the thesaurus of a search; a following page goes on with the version that its first page had."""
    if not query.expand or not query.text:
        return EMPTY
    table, builtin = library.store.thesaurus, library.settings.thesaurus_builtin
    return table.current(builtin=builtin) if version is None else table.as_of(version, builtin=builtin)


def expansions_told(text: str, thesaurus: Thesaurus) -> list[dict[str, Any]]:
    """Tell what was looked for beside what was written: terms, stems, simplified characters."""
    return [*_told(expand(text, thesaurus).told), *_told(read_as(text))]


def _told(expansions: Iterable[Expansion]) -> list[dict[str, Any]]:
    return [
        {
            "written": one.written,
            "position": one.position,
            "added": [
                {"text": added.text, "language": added.language or None, "origin": added.origin} for added in one.added
            ],
        }
        for one in expansions
    ]
