"""NCBI's ID converter and summaries: more about records that another source has brought.

Each answer is stored beside the record that it is about, under its source and identifier, in a format of its own; also
that the service does not know an article, so that it is not asked again. An answer is that record's own JSON, written
anew in compact form (the services send up to 200 in one document).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

import orjson

from harvesters.errors import FormatError, PageError, ProtocolError, SourceError
from harvesters.formats.json import Object, child, children, parse_object, text, texts
from harvesters.http import Answer, Client
from harvesters.records import DamagedRecord, Page, RawRecord, Window
from harvesters.wanted import Wanted

#: Both services take no more ids in one request.
BATCH = 200
TOOL = "kaijuan"
_PMC = re.compile(r"(?:oai:(?:pubmedcentral\.nih\.gov|europepmc\.org):|PMC)(\d{1,12})", re.IGNORECASE)
_INVALID = re.compile(r"[Ii]nvalid uid (\d{1,12})\b")
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")


class NcbiClient(Client):
    """Take the services' own errors for answers."""

    def is_answer(self, body: bytes) -> bool:
        """Tell whether the body is JSON that says what is wrong (NCBI sends it with statuses from 400 to 429)."""
        try:
            value = parse_object(body)
        except FormatError:
            return False
        return "error" in value or value.get("status") == "error"


class Enricher(ABC):
    """Asks a service about the identifiers that lack its answer, 200 at a time."""

    #: The service's name in messages.
    service: ClassVar[str]

    def __init__(self, client: Client, wanted: Wanted | None, *, contact: str = "") -> None:
        source = client.source
        if source.enriches is None or wanted is None:
            raise SourceError(
                f"Source {source.id!r} adds to another source's records but does not say to whose. "
                'Set enriches, such as enriches = "pmc".'
            )
        self._client = client
        self._source = source
        self._enriches = source.enriches
        self._wanted = wanted
        self._contact = contact if _ADDRESS.fullmatch(contact) else ""

    @property
    def requests_made(self) -> int:
        """Return how many requests were sent so far."""
        return self._client.requests_made

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._client.close()

    @abstractmethod
    def parameters(self, numbers: Sequence[str]) -> dict[str, str]:
        """Return what to ask about articles, known by PMC's numbers (digits)."""

    @abstractmethod
    def answers(self, value: Object) -> Mapping[str, Object] | None:
        """Return what an answer says of each article, by PMC's number; ``None`` where it is no such answer."""

    def list_records(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:
        """Yield a page for each batch of identifiers; its token is the last one asked about."""
        del window  # what lacks an answer lacks it whatever its date
        after: str | None = token or ""
        while after is not None:
            identifiers = self._wanted(self._enriches, metadata_prefix, after=after, limit=BATCH)
            if not identifiers:
                return
            after = identifiers[-1] if len(identifiers) >= BATCH else None
            yield self._ask(identifiers, metadata_prefix, after)

    def _ask(self, identifiers: Sequence[str], metadata_prefix: str, token: str | None) -> Page:
        numbers = {one: match[1].lstrip("0") for one in identifiers if (match := _PMC.fullmatch(one)) is not None}
        found: Mapping[str, Object] = {}
        url, size = self._source.endpoint, 0
        if numbers:
            asked = {**self.parameters(list(dict.fromkeys(numbers.values()))), "tool": TOOL}
            if self._contact:
                asked["email"] = self._contact
            url, size, found = self._client.fetch(asked, self._read)
        now = datetime.now(UTC)
        records: list[RawRecord] = []
        damaged: list[DamagedRecord] = []
        for identifier in identifiers:
            number = numbers.get(identifier)
            said = found.get(number) if number else {"status": "error", "error": "It is no identifier of PMC's."}
            if said is None:
                damaged.append(self._unanswered(identifier, url))
                continue
            records.append(
                RawRecord(
                    source=self._enriches,
                    identifier=identifier,
                    metadata_prefix=metadata_prefix,
                    datestamp="",
                    body=orjson.dumps(said),
                    received_at=now,
                )
            )
        return Page(
            url=url, records=tuple(records), damaged=tuple(damaged), token=token, list_size=None, bytes_received=size
        )

    def _unanswered(self, identifier: str, url: str) -> DamagedRecord:
        return DamagedRecord(
            url=url,
            identifier=identifier,
            body=b"",
            reason=f"{self.service} was asked about it and said nothing.",
            remedy="It is asked again at the next harvest.",
        )

    def _read(self, answer: Answer) -> tuple[str, int, Mapping[str, Object]]:
        try:
            value = parse_object(answer.body)
        except FormatError as error:
            raise PageError(
                f"{answer.url} sent no JSON: {error} Try again later.", url=answer.url, body=answer.body
            ) from error
        found = self.answers(value)
        if found is None:
            said = text(value.get("error")) or text(value.get("message")) or "no reason given"
            if "error" not in value and value.get("status") != "error":
                raise PageError(
                    f"{answer.url} sent JSON that is no answer of {self.service}. Check the source's endpoint.",
                    url=answer.url,
                    body=answer.body,
                )
            raise ProtocolError(
                f"{self.service} refuses: {said}. Harvest the source again later; with an API key NCBI allows more.",
                url=answer.url,
                code=text(value.get("status")) or "error",
            )
        return answer.url, len(answer.body), found


class IdConverter(Enricher):
    """PMC's ID converter: DOI, PMID and PMCID of an article, and its versions."""

    service = "The ID converter"

    def parameters(self, numbers: Sequence[str]) -> dict[str, str]:
        """Ask for the numbers with PMC before them."""
        return {"ids": ",".join(f"PMC{number}" for number in numbers), "format": "json"}

    def answers(self, value: Object) -> Mapping[str, Object] | None:
        """Read the records; newer answers repeat the id that was asked for."""
        if not isinstance(value.get("records"), list):
            return None
        found: dict[str, Object] = {}
        for record in children(value, "records"):
            asked = text(record.get("requested-id")) or text(record.get("pmcid")) or ""
            match = _PMC.match(asked.strip())
            if match:
                found.setdefault(match[1].lstrip("0"), record)
        return found


class Summaries(Enricher):
    """The E-utilities' summaries of articles in PMC."""

    service = "The E-utilities"

    def parameters(self, numbers: Sequence[str]) -> dict[str, str]:
        """Ask for the numbers alone, as the E-utilities know PMC's articles."""
        return {"db": "pmc", "retmode": "json", "id": ",".join(numbers)}

    def answers(self, value: Object) -> Mapping[str, Object] | None:
        """Read the summaries by their number; an unknown one has an error instead."""
        result = child(value, "result")
        found = {name: one for name, one in result.items() if name.isdigit() and isinstance(one, dict)}
        # Where it knows none of them, it only says so.
        refused = texts(value.get("esummaryresult"))
        for said in refused:
            match = _INVALID.search(said)
            if match:
                found[match[1].lstrip("0")] = {"uid": match[1], "error": said}
        return found if result or refused else None
