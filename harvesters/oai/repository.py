"""An OAI-PMH repository: its lists as pages, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from harvesters.errors import BadTokenError, NoRecordsMatchError, PageError
from harvesters.formats.xml import local_name
from harvesters.http import Answer
from harvesters.oai.fetch import Fetcher
from harvesters.oai.page import PageContext, parse_answer, read_page, salvage_page
from harvesters.records import Page, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The answer to Identify (section 4.2), as far as we use it."""

    name: str
    granularity: str
    deleted_record: str
    earliest_datestamp: str


class Repository:
    """Ask one source's repository; pages come one by one, nothing is kept."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher

    @property
    def requests_made(self) -> int:
        """Return how many requests were sent so far."""
        return self.fetcher.requests_made

    def close(self) -> None:
        """Close the kept-alive connections."""
        self.fetcher.close()

    def identify(self) -> Identity:
        """Ask who the repository is; raise a ``HarvestError`` where it does not answer as one."""
        root = self.fetcher.fetch({"verb": "Identify"}, parse_answer)
        said = {
            local_name(child): (child.text or "").strip()
            for listing in root
            if local_name(listing) == "Identify"
            for child in listing
        }
        if not said:
            raise PageError(
                f"{self.fetcher.source.endpoint} does not answer Identify. Check that it is an OAI-PMH base URL."
            )
        return Identity(
            name=said.get("repositoryName", ""),
            granularity=said.get("granularity", ""),
            deleted_record=said.get("deletedRecord", ""),
            earliest_datestamp=said.get("earliestDatestamp", ""),
        )

    def list_records(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:
        """Yield the pages of a list from its beginning, or from a resumption token, to its end.

        An empty window (noRecordsMatch) yields nothing. Every other error is raised.
        """
        parameters = (
            {"verb": "ListRecords", "resumptionToken": token} if token else self._first(metadata_prefix, window)
        )
        while True:
            try:
                page = self._page(parameters, metadata_prefix)
            except NoRecordsMatchError as error:
                if "resumptionToken" not in parameters:
                    return
                # An empty answer in the middle of a list is no end: the repository has lost its place.
                raise BadTokenError(
                    f"{error} That came for a resumption token.", url=error.url, code=error.code
                ) from error
            yield page
            if page.token is None:
                return
            parameters = {"verb": "ListRecords", "resumptionToken": page.token}

    def _first(self, metadata_prefix: str, window: Window) -> dict[str, str]:
        optional = {"from": window.since, "until": window.until, "set": self.fetcher.source.set_spec}
        return {
            "verb": "ListRecords",
            "metadataPrefix": metadata_prefix,
            **{name: value for name, value in optional.items() if value},
        }

    def _page(self, parameters: dict[str, str], metadata_prefix: str) -> Page:
        context = PageContext(
            source=self.fetcher.source.id, metadata_prefix=metadata_prefix, received_at=datetime.now(UTC)
        )
        last: Answer | None = None

        def read(answer: Answer) -> Page:
            nonlocal last
            last = answer
            return read_page(answer, context)

        try:
            return self.fetcher.fetch(parameters, read)
        except PageError as error:
            # Every attempt brought a page that is not well-formed: save what is good of the last one.
            page = salvage_page(last, context) if last is not None else None
            if page is None:
                raise error from None
            return page
