"""From a work to the document that engines index: ready tokens, whole keywords, numbers; no stored text.

Engines return keys; cards come from the store, so the index stays small and can be rebuilt at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexer.search.query import KeywordField, TextField

#: Raised whenever the shape or content of documents changes; stands in the index name.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One work for the index.

    ``text`` holds, per field, space-joined tokens; each tuple member is a stretch of its own that no phrase crosses.
    ``published`` is yyyymmdd (unknown parts 0; 0 for no date), ``first_indexed`` seconds since 1970 UTC.
    """

    key: int
    id: str
    version: int
    text: dict[TextField, tuple[str, ...]]
    keywords: dict[KeywordField, tuple[str, ...]]
    year: int | None
    published: int
    first_indexed: int
