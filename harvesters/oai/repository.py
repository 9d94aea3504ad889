"""An OAI-PMH repository: its lists as pages, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from harvesters.errors import BadTokenError, HarvestError, NoRecordsMatchError, PageError, StoppedError
from harvesters.formats.xml import local_name
from harvesters.http import Answer
from harvesters.oai.answers import parse_answer
from harvesters.oai.fetch import Fetcher
from harvesters.oai.header import PageContext
from harvesters.oai.page import read_identifiers, read_page, read_record
from harvesters.oai.proposals import FIRST_DAY, earliest_day
from harvesters.oai.salvage import salvage_page
from harvesters.records import DamagedRecord, Page, RawRecord, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The answer to Identify (section 4.2), as far as we use it."""

    name: str
    granularity: str
    deleted_record: str
    earliest_datestamp: str
    base_url: str = ""
    contact: str = ""


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
            base_url=said.get("baseURL", ""),
            contact=said.get("adminEmail", ""),
        )

    def first_day(self) -> date:
        """Ask for the day of the earliest datestamp; where there is none that makes sense, 1970 begins."""
        return earliest_day(self.identify().earliest_datestamp) or FIRST_DAY

    def list_records(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:
        """Yield the pages of a list from its beginning, or from a resumption token, to its end.

        An empty window (noRecordsMatch) yields nothing. Every other error is raised.
        """
        return self._list("ListRecords", self._page, metadata_prefix, window, token)

    def list_identifiers(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:
        """Yield the pages of headers of a list, as records whose body is the header; otherwise as ``list_records``."""
        return self._list("ListIdentifiers", self._headers, metadata_prefix, window, token)

    def get_record(self, identifier: str, metadata_prefix: str) -> RawRecord | DamagedRecord:
        """Ask for one record; raise ``ProtocolError`` (code idDoesNotExist …) where the repository has none."""
        context = self._context(metadata_prefix)
        parameters = {"verb": "GetRecord", "identifier": identifier, "metadataPrefix": metadata_prefix}
        return self.fetcher.fetch(parameters, lambda answer: read_record(answer, context))

    def is_alive(self) -> bool:
        """Tell whether the repository answers Identify."""
        try:
            self.identify()
        except StoppedError:
            raise
        except HarvestError:
            return False
        return True

    def _list(
        self,
        verb: str,
        read: Callable[[dict[str, str], str], Page],
        metadata_prefix: str,
        window: Window,
        token: str | None,
    ) -> Iterator[Page]:
        parameters = {"verb": verb, "resumptionToken": token} if token else self._first(verb, metadata_prefix, window)
        while True:
            try:
                page = read(parameters, metadata_prefix)
            except NoRecordsMatchError as error:
                if "resumptionToken" not in parameters:
                    return
                # An empty answer in the middle of a list is no end: the repository has lost its place.
                raise BadTokenError(
                    f"{error} That came for a resumption token: the list begins anew next time.",
                    url=error.url,
                    code=error.code,
                ) from error
            yield page
            if page.token is None:
                return
            parameters = {"verb": verb, "resumptionToken": page.token}

    def _first(self, verb: str, metadata_prefix: str, window: Window) -> dict[str, str]:
        optional = {"from": window.since, "until": window.until, "set": self.fetcher.source.set_spec}
        return {
            "verb": verb,
            "metadataPrefix": metadata_prefix,
            **{name: value for name, value in optional.items() if value},
        }

    def _context(self, metadata_prefix: str) -> PageContext:
        return PageContext(
            source=self.fetcher.source.id, metadata_prefix=metadata_prefix, received_at=datetime.now(UTC)
        )

    def _headers(self, parameters: dict[str, str], metadata_prefix: str) -> Page:
        context = self._context(metadata_prefix)
        return self.fetcher.fetch(parameters, lambda answer: read_identifiers(answer, context))

    def _page(self, parameters: dict[str, str], metadata_prefix: str) -> Page:
        context = self._context(metadata_prefix)
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
            return self.fetcher.hidden_in(page)
