"""The one interface of all search engines: tantivy, Elasticsearch, and the in-memory reference.

An index is a *generation*: a set of documents written under one analyser version and one document schema version, which
both stand in its name (``works-d1-a1-20261122t060000``). Another version is refused, never searched. A rebuild fills a
new generation beside the old one and swaps. The position is the sequence number of the work change feed up to which the
generation is up to date; it is kept inside the index itself, committed with the documents, so that a lost or restored
index knows by itself where to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from indexer.search.document import Document
from indexer.search.query import FacetValue, Hits, KeywordField, TextField, TokenQuery, View

#: Values of a field that may be counted at once.
MOST_VALUES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStats:
    """What the index holds; ``size_bytes`` is ``None`` where the engine does not say."""

    name: str
    documents: int
    position: int
    analyzer_version: str
    schema_version: int
    size_bytes: int | None = None


class IndexWriter(Protocol):
    """Changes to one generation; nothing is seen by searches before ``commit``."""

    def upsert(self, documents: Iterable[Document]) -> None:
        """Replace whole documents by key; an older ``version`` never replaces a newer one in one index."""

    def delete(self, keys: Iterable[int]) -> None:
        """Remove documents by key; a key that is not there is no error."""

    def commit(self, position: int, mark: str = "") -> None:
        """Make the changes durable and visible, with the feed position they stand for and what stands there."""

    def make_copies(self) -> None:
        """Have a new generation's copies made, where an engine keeps several, before the last changes are caught up."""


class SharedGeneration(Protocol):
    """The current generation of an index that several processes write at the same time.

    What they write is guarded by versions: an older one never replaces a newer one, nor does it bring back what a newer
    one removed. Writes are durable when ``write`` returns, and seen from the next ``advance`` on. Where a rebuild has
    swapped the generation away meanwhile, each method raises ``SearchIndexError``: take the new one and go on.
    """

    @property
    def id(self) -> str:
        """Return the generation's name; another one where the same name was made or restored anew."""

    def write(self, documents: Iterable[Document], gone: Mapping[int, int]) -> None:
        """Replace whole documents, and remove those that are ``gone``: by key, with the version at which they went.

        What the engine refuses for good is logged with its key, and does not hold up the others.
        """

    def position(self) -> int:
        """Return the feed position up to which all is written and seen."""

    def advance(self, position: int, mark: str) -> None:
        """Show what was written, and store the position that it stands for with what stands there."""

    def place_to_return_to(self) -> int | None:
        """Return the position that every copy surely has, where copies were missing and are whole again.

        What follows it is to be written again, and ``step_back`` called when that is sure to happen.
        """

    def step_back(self) -> bool:
        """Go back to that position; tell whether it did."""

    def tidy(self) -> None:
        """Remove what rebuilds have left behind, when nobody can be searching it any more. To be called often."""


class SearchIndex(Protocol):
    """Documents in, hits out. Opening a damaged index raises ``IndexDamagedError`` with the remedy."""

    def writer(self) -> AbstractContextManager[IndexWriter]:
        """Open the current generation for changes; one writer at a time. Uncommitted changes are dropped."""

    def shared(self) -> SharedGeneration | None:
        """Return the current generation for several writers at once; ``None`` where an index has one writer at a time.

        Raises ``SearchIndexError`` as ``writer`` does.
        """

    def rebuild(self) -> AbstractContextManager[IndexWriter]:
        """Open a new, empty generation; leaving the block without an error swaps it in and drops the old one.

        On an error the new generation is dropped and the old one stays.
        """

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer a compiled query; hits in order of the sort, ties by key ascending."""

    def values(
        self, query: TokenQuery, field: KeywordField, *, prefix: str = "", size: int = 20
    ) -> tuple[FacetValue, ...]:
        """Count the values of a field that begin so, over all works that the query and its filters leave.

        At most ``size`` (``MOST_VALUES``) of them, the most frequent first, then by value; exact. Without a prefix the
        cost grows with the number of different values, about 1 µs each.
        """

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Return in how many works each token, or value of a keyword field, stands.

        About: works changed of late may count twice.
        """

    def position(self) -> int:
        """Return the feed position of the current generation; 0 for an empty one."""

    def mark(self) -> str:
        """Return what the last commit said stands at its position, to notice a store that was put back."""

    def stats(self) -> IndexStats:
        """Describe the current generation."""

    def close(self) -> None:
        """Release files and connections."""
