"""DOAJ's search API: articles or journals that a query finds, for top-ups; never all of DOAJ.

The API gives no more than the first 1,000 records of a query, though it counts all of them
(https://doaj.org/api/docs). A list that is longer is never called complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeVar
from urllib.parse import quote

import orjson

from harvesters.doaj.article_json import read_json_record
from harvesters.doaj.json_pieces import cut_results
from harvesters.errors import (
    BadTokenError,
    FormatError,
    PageError,
    ProtocolError,
    ServerFaultError,
    SourceError,
    StuckListError,
)
from harvesters.formats.json import Object, parse_object, text
from harvesters.http import Answer, Client
from harvesters.records import DamagedRecord, Page, RawRecord, Window

PAGE_SIZE = 100
#: The API refuses pages beyond this many records.
REACH = 1000
_FORBIDDEN = 403
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_T = TypeVar("_T")


class ApiClient(Client):
    """Take the API's own errors for answers: what it says of a query is worth more than its status."""

    def is_answer(self, body: bytes) -> bool:
        """Tell whether the body is one of the API's errors (``{"status": …, "error": …}``)."""
        try:
            return "error" in parse_object(body)
        except FormatError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a list stands; its token holds all of it.

    ``size`` is the largest total stated, ``short`` are the queries that find more than the API shows. ``last`` is the
    datestamp before the page, and ``newest_first`` holds while the pages of the query came in that order.
    """

    queries: tuple[str, ...]
    at: int = 0
    page: int = 1
    size: int | None = None
    short: tuple[tuple[str, int], ...] = ()
    last: str = ""
    newest_first: bool = True

    @classmethod
    def of(cls, token: str, queries: tuple[str, ...]) -> _Place:
        """Read a token back; raise ``BadTokenError`` where it is none, or the source's queries have changed."""
        try:
            values = orjson.loads(token)
            short = tuple((str(query), int(total)) for query, total in values.pop("short"))
            place = cls(**{**values, "queries": tuple(values["queries"]), "short": short})
            is_good = place.queries == queries and 0 <= place.at < len(queries) and 1 <= place.page <= REACH
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError):
            is_good = False
        if not is_good:
            raise BadTokenError(
                "The source's queries have changed since the list was left. It begins anew.", code="badResumptionToken"
            )
        return place

    def token(self) -> str | None:
        """Return the token that leads here; ``None`` at the list's end."""
        return orjson.dumps(asdict(self)).decode() if self.at < len(self.queries) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Results:
    """One page of a query's results as sent."""

    url: str
    total: int
    objects: tuple[bytes, ...]
    size: int
    asked_at: str | None


class DoajApi:
    """Lists what the source's queries find, newest change first, one query after the other."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._source = client.source

    @property
    def requests_made(self) -> int:
        """Return how many requests were sent so far."""
        return self._client.requests_made

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._client.close()

    def list_records(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:
        """Yield the pages of all queries; a record that several of them find comes once.

        With a window each query ends at the first page that is older, as long as the API sends the newest first.

        Raises:
            SourceError: there are no queries, or the address is not the API's.
            StuckListError: at the end, where queries find more than the API shows.
        """
        del metadata_prefix  # there is one
        queries = self._source.queries
        if not queries:
            raise SourceError(
                f"Source {self._source.id!r} has no queries, and DOAJ's API lists nothing without one. "
                'Give it some, such as queries = ["issn:1932-6203"].'
            )
        place = _Place.of(token, queries) if token else _Place(queries=queries)
        seen: set[tuple[str, str]] = set()
        while place.at < len(queries):
            results = self._search(place)
            every, damaged = self._read(results)
            place = _next_place(place, results, every, window)
            records = [
                one for one in every if window.holds(one.datestamp) and (one.identifier, one.datestamp) not in seen
            ]
            seen.update((one.identifier, one.datestamp) for one in records)
            token = place.token()
            # A page of what was there already is not shown, so that queries that overlap do not look like a circle.
            if records or damaged or token is None:
                page = Page(
                    url=results.url,
                    records=tuple(records),
                    token=token,
                    list_size=None if window.since or window.until else place.size,
                    bytes_received=results.size,
                    response_date=results.asked_at,
                    damaged=tuple(damaged),
                )
                yield self._client.hidden_in(page)
        if place.short:
            raise StuckListError(_said_short(place.short, self._source.describes))

    def get_article(self, identifier: str) -> RawRecord:
        """Return one article by its DOAJ id; raise ``ProtocolError`` where DOAJ has none of that id."""
        if not _ID.fullmatch(identifier):
            raise SourceError(f"{identifier!r} is no DOAJ id. Take the 32 characters of doaj.org/article/….")

        def read(answer: Answer) -> RawRecord:
            _parse(answer)
            try:
                return self._record(answer.body)
            except FormatError as error:
                raise PageError(f"{answer.url}: {error} {error.remedy}", url=answer.url, body=answer.body) from error

        return self._ask(f"articles/{identifier}", {}, read)

    def _search(self, place: _Place) -> _Results:
        path = f"search/{self._source.describes}/{quote(place.queries[place.at], safe='')}"
        parameters = {"page": str(place.page), "pageSize": str(PAGE_SIZE), "sort": "last_updated:desc"}
        return self._ask(path, parameters, lambda answer: _read_results(answer, place.page))

    def _ask(self, path: str, parameters: dict[str, str], read: Callable[[Answer], _T]) -> _T:
        try:
            return self._client.fetch(parameters, read, url=f"{self._source.endpoint.rstrip('/')}/{path}")
        except ServerFaultError as error:
            if error.status != _FORBIDDEN:
                raise
            raise SourceError(
                f"{error.url} answered HTTP 403, as DOAJ does outside of its API. Set the source's endpoint to "
                "https://doaj.org/api; if that is what it is, ask DOAJ's help desk why it refuses this machine.",
                url=error.url,
            ) from error

    def _read(self, results: _Results) -> tuple[list[RawRecord], list[DamagedRecord]]:
        records: list[RawRecord] = []
        damaged: list[DamagedRecord] = []
        for number, body in enumerate(results.objects, start=1):
            try:
                records.append(self._record(body))
            except FormatError as error:
                where = f"{results.url}#{number}"
                damaged.append(DamagedRecord(url=where, body=body, reason=str(error), remedy=error.remedy))
        return records, damaged

    def _record(self, body: bytes) -> RawRecord:
        return read_json_record(
            body, source=self._source.id, describes=self._source.describes, received_at=datetime.now(UTC)
        )


def _parse(answer: Answer) -> Object:
    """Parse an answer; raise ``ProtocolError`` for the API's own errors, ``PageError`` for what is no JSON."""
    try:
        value = parse_object(answer.body)
    except FormatError as error:
        raise PageError(
            f"{answer.url} sent no JSON of DOAJ's API: {error} Try again later; check that the endpoint ends in /api.",
            url=answer.url,
            body=answer.body,
        ) from error
    if "error" in value:
        raise ProtocolError(
            f"DOAJ refuses {answer.url}: {text(value['error'])}. Correct the source's queries "
            "(https://doaj.org/api/docs: no wildcards, no fuzzy words, no regular expressions).",
            url=answer.url,
            code=text(value.get("status")) or "error",
        )
    return value


def _read_results(answer: Answer, page: int) -> _Results:
    value = _parse(answer)
    results, total = value.get("results"), value.get("total")
    if not isinstance(total, int) or not isinstance(results, list):
        raise PageError(
            f"{answer.url} sent JSON without results and total. Check that the endpoint is https://doaj.org/api.",
            url=answer.url,
            body=answer.body,
        )
    if not results and (page - 1) * PAGE_SIZE < total:
        raise PageError(
            f"{answer.url} counts {total:,} records but sent none. Harvest the source again.",
            url=answer.url,
            body=answer.body,
        )
    return _Results(
        url=answer.url,
        total=total,
        objects=cut_results(answer.body),
        size=len(answer.body),
        asked_at=text(value.get("timestamp")),
    )


def _next_place(place: _Place, results: _Results, records: Sequence[RawRecord], window: Window) -> _Place:
    """Return where the list goes on after a page: the query's next page, or the next query."""
    stamps = [place.last, *(one.datestamp for one in records)] if place.last else [one.datestamp for one in records]
    in_order = place.newest_first and all(newer >= older for newer, older in pairwise(stamps))
    last = stamps[-1] if stamps else place.last
    reached = place.page * PAGE_SIZE
    size = max(place.size or 0, results.total)
    is_over = reached >= results.total or (in_order and window.since is not None and last < window.since)
    if not is_over and reached < REACH:
        return replace(place, page=place.page + 1, size=size, last=last, newest_first=in_order)
    short = place.short if is_over else (*place.short, (place.queries[place.at], results.total))
    return _Place(queries=place.queries, at=place.at + 1, size=size, short=short)


def _said_short(short: Sequence[tuple[str, int]], describes: str) -> str:
    named = "; ".join(f"{query!r} finds {total:,}" for query, total in short[:5])
    more = f" and {len(short) - 5} more queries" if len(short) > 5 else ""  # noqa: PLR2004
    whole = "the journal CSV (kind doaj-journals)" if describes == "journals" else "the data dump (kind doaj-dump)"
    return (
        f"DOAJ's API shows no more than {REACH:,} records of a query: {named}{more}. What it showed is stored. "
        f"For all of them narrow the queries, harvest DOAJ by OAI-PMH, or load {whole}."
    )
