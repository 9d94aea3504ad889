"""Where a source's records come from: one lister for each kind of source, all of them the same to the runner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from harvesters.errors import SourceError
from harvesters.files import open_files
from harvesters.oai.fetch import Fetcher
from harvesters.oai.repository import Repository
from harvesters.oalib.lister import OalibLister
from harvesters.pace import Pace
from harvesters.records import Page, Window
from harvesters.sources.definition import Source


class Lister(Protocol):
    """Lists a source's records as pages.

    The same page twice is harmless. A *token* says where a list goes on; it must hold everything needed to go on in
    another process, days later, and one that leads nowhere any more (the file has changed, the place is gone) raises
    ``BadTokenError`` so that the list begins anew. ``list_size`` is set only where the number of records is certain.
    What cannot be read as a record is in the page's ``damaged``, named so that people find it.
    """

    @property
    def requests_made(self) -> int:
        """Return how many requests were sent so far; 0 for files."""

    def list_records(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:
        """Yield the pages of the list from its beginning, or from a token, to its end; raise ``HarvestError``."""

    def close(self) -> None:
        """Release connections, files and processes."""


class Wanted(Protocol):
    """Tells an enriching source what to ask for."""

    def __call__(self, source_id: str, metadata_prefix: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the next identifiers of a source (after one, in order) that lack an answer in this format."""


def open_lister(
    source: Source,
    pace: Pace,
    *,
    contact: str = "",
    key: str | None = None,
    wanted: Wanted | None = None,  # noqa: ARG001
) -> Lister:
    """Open the lister of a source's kind; ``wanted`` is needed by sources that enrich another's records."""
    match source.kind:
        case "oai":
            return Repository(Fetcher(source, pace, contact=contact, key=key))
        case "csv" | "kbart" | "marc" | "ris" | "bibtex":
            return open_files(source)
        case "oalib":
            return OalibLister(source, pace, contact=contact)
        case _:
            raise SourceError(f"Source {source.id!r}: kind {source.kind!r} cannot be harvested yet.")
