"""Where a source's records come from: one lister for each kind of source, all of them the same to the runner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from harvesters.errors import SourceError
from harvesters.oai.fetch import Fetcher
from harvesters.oai.repository import Repository
from harvesters.pace import Pace
from harvesters.records import Page, Window
from harvesters.sources.definition import Source
from harvesters.wanted import Wanted

__all__ = ["Lister", "Wanted", "open_lister"]


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


def open_lister(
    source: Source,
    pace: Pace,
    *,
    contact: str = "",
    key: str | None = None,
    wanted: Wanted | None = None,
) -> Lister:
    """Open the lister of a source's kind; ``wanted`` is needed by sources that enrich another's records.

    What one kind alone needs is imported when it is opened: a harvest over OAI-PMH needs no parsers of files.
    """
    if source.is_file:
        from harvesters.files import open_files  # noqa: PLC0415

        return open_files(source)
    match source.kind:
        case "oai":
            return Repository(Fetcher(source, pace, contact=contact, key=key))
        case "oalib":
            from harvesters.oalib.lister import OalibLister  # noqa: PLC0415

            return OalibLister(source, pace, contact=contact)
        case "doaj-api":
            from harvesters.doaj.api import ApiClient, DoajApi  # noqa: PLC0415

            return DoajApi(ApiClient(source, pace, contact=contact, key=key))
        case "pmc-bucket":
            from harvesters.pmc.bucket import Bucket  # noqa: PLC0415
            from harvesters.pmc.listing import S3Client  # noqa: PLC0415

            return Bucket(S3Client(source, pace, contact=contact))
        case "pmc-idconv" | "pmc-esummary":
            from harvesters.pmc.services import IdConverter, NcbiClient, Summaries  # noqa: PLC0415

            service = IdConverter if source.kind == "pmc-idconv" else Summaries
            return service(NcbiClient(source, pace, contact=contact, key=key), wanted, contact=contact)
        case _:
            raise SourceError(f"Source {source.id!r}: kind {source.kind!r} cannot be harvested yet.")
