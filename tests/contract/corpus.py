"""Small documents and walks for the contract tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import get_args

from indexer.search.document import Document
from indexer.search.query import Clause, Hit, Hits, KeywordField, TextField, TokenQuery, View
from indexer.storage.search_index import SearchIndex

EVERYTHING = TokenQuery(matching=None)


def make_document(
    key: int,
    text: str | Sequence[str] = "",
    *,
    version: int = 1,
    year: int | None = None,
    published: int = 0,
    first_indexed: int = 0,
    title_order: str = "",
    **fields: str | Sequence[str],
) -> Document:
    """Make a document: ``text`` is field ``all``; other names are text or keyword fields."""
    parts: dict[str, tuple[str, ...]] = {
        name: (value,) if isinstance(value, str) else tuple(value) for name, value in {"all": text, **fields}.items()
    }
    texts: dict[TextField, tuple[str, ...]] = {name: parts[name] for name in get_args(TextField) if name in parts}
    keywords: dict[KeywordField, tuple[str, ...]] = {
        name: parts[name] for name in get_args(KeywordField) if name in parts
    }
    return Document(
        key=key,
        id=f"w{key}",
        version=version,
        text=texts,
        keywords=keywords,
        year=year,
        published=published,
        first_indexed=first_indexed,
        title_order=title_order,
    )


def fill(index: SearchIndex, *batches: Iterable[Document]) -> None:
    """Write each batch with a commit of its own."""
    with index.writer() as writer:
        for position, batch in enumerate(batches, start=1):
            writer.upsert(batch)
            writer.commit(position)


def find(index: SearchIndex, clause: Clause | None, **changes: object) -> list[int]:
    """Return the keys that a clause finds, in order; ``changes`` are fields of the query."""
    query = replace(TokenQuery(matching=clause), **changes)  # type: ignore[arg-type]
    return [hit.key for hit in walk(index, query, View(limit=200))]


def walk_pages(index: SearchIndex, query: TokenQuery, view: View) -> list[Hits]:
    """Follow ``next`` to the end."""
    pages = [index.search(query, view)]
    while (after := pages[-1].next) is not None:
        pages.append(index.search(query, replace(view, after=after, snapshot=pages[-1].snapshot)))
    return pages


def walk(index: SearchIndex, query: TokenQuery, view: View) -> list[Hit]:
    """Return the hits of all pages."""
    return [hit for page in walk_pages(index, query, view) for hit in page.hits]
