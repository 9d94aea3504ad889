"""List OALib's papers: each page that the runner stores is a part of what the spider's process brings."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, SourceError
from harvesters.formats.oalib import PREFIX
from harvesters.http import MAX_RETRY_AFTER, Client
from harvesters.oalib.child import Child
from harvesters.oalib.messages import Received, Task, read_line
from harvesters.oalib.places import Place, queries_of, read_queries
from harvesters.oalib.robots import ask_robots, require_allowed
from harvesters.pace import Pace
from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source

#: Seconds between requests to any host but this machine; what the site asks for in robots.txt may be more.
LEAST_PACE = 3.0
#: A larger page is no paper's: the normaliser refuses it anyway.
MAX_BYTES = 4 << 20
#: robots.txt is asked again after so long (RFC 9309, section 2.4), by a process that begins afresh.
ROBOTS_SECONDS = 86_400.0
#: AutoThrottle's longest wait, and room for a machine that is busy.
_SLACK_SECONDS = 120.0


class OalibLister:
    """Crawl OALib through a process of its own; dates and windows mean nothing here, OALib states none."""

    def __init__(
        self, source: Source, pace: Pace, *, contact: str = "", robots_seconds: float = ROBOTS_SECONDS
    ) -> None:
        if source.pace_seconds < LEAST_PACE and not _is_loopback(source.endpoint):
            raise SourceError(
                f"Source {source.id!r}: pace_seconds is {source.pace_seconds}, but a site that is crawled is asked no "
                f"more often than every {LEAST_PACE:.0f} s. Set pace_seconds = {LEAST_PACE:.0f} or more."
            )
        self._queries = queries_of(source)
        read_queries(self._queries)
        self._source = source
        self._pace = pace
        self._robots_seconds = robots_seconds
        self._client = Client(source, pace, contact=contact)
        self._child: Child | None = None
        self._asked_before = 0
        self._asked = 0

    @property
    def requests_made(self) -> int:
        """Return how many requests were sent so far, to robots.txt and by the spiders."""
        return self._client.requests_made + self._asked_before + self._asked

    def close(self) -> None:
        """End the spider's process and close the connections."""
        if self._child is not None:
            self._child.end()
            self._child = None
        self._client.close()

    def list_records(
        self,
        metadata_prefix: str,  # noqa: ARG002  # a page has one form
        window: Window,  # noqa: ARG002
        *,
        token: str | None = None,
    ) -> Iterator[Page]:
        """Yield the crawl's parts from its beginning or from a place; each ends where the next begins.

        Raises:
            BadTokenError: the place belongs to other queries.
            UnreachableError: there is no robots.txt to be had, or the site does not answer.
            ThrottledError, ServerFaultError: the site asks to slow down, or refuses us (429, 403).
            PageError: the site's form has changed.
        """
        Place.of(token, self._queries)
        while True:
            started = time.monotonic()
            self._start(token)
            for page in self._parts():
                token = page.token
                yield page
                if token is None:
                    self._read()
                    return
                if time.monotonic() - started > self._robots_seconds:
                    break

    def _start(self, token: str | None) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None
        self._asked_before, self._asked = self._asked_before + self._asked, 0
        robots = ask_robots(self._client)
        require_allowed(robots, self._client)
        delay = max(self._source.pace_seconds, robots.delay)
        task = Task(
            endpoint=self._source.endpoint,
            queries=self._queries,
            place=token,
            user_agent=str(self._client.session.headers["User-Agent"]),
            delay=delay,
            timeout=self._source.timeout_seconds,
            attempts=self._source.attempts,
            retry_wait=self._source.retry_wait_seconds,
            max_bytes=min(self._source.max_page_bytes, MAX_BYTES),
            redirect_hosts=tuple(host.lower() for host in self._source.redirect_hosts),
            robots=robots.texts,
        )
        self._pace.sleep(delay)  # the spider's first request follows ours for robots.txt
        silence = delay + self._source.timeout_seconds + MAX_RETRY_AFTER + _SLACK_SECONDS
        self._child = Child(task, self._pace, silence=silence)

    def _parts(self) -> Iterator[Page]:
        while (part := self._read()) is not None:
            yield self._page(part)
            if self._child is not None:
                self._child.want()

    def _read(self) -> Received | None:
        """Wait for the next part, ``None`` at the end; raise the spider's error if that is what comes."""
        if self._child is None:  # for the type checker: it was started
            raise HarvestError("The crawler does not run. Harvest again.")
        while True:
            line = self._child.read()
            try:
                said = read_line(line)
            except ValueError as error:
                raise HarvestError(f"The crawler wrote what cannot be read ({error}). Tell the maintainers.") from error
            if isinstance(said, HarvestError):
                raise said
            if not isinstance(said, int):
                return said
            self._asked = said

    def _page(self, part: Received) -> Page:
        records = tuple(
            RawRecord(
                source=self._source.id,
                identifier=paper.identifier,
                metadata_prefix=PREFIX,
                datestamp=paper.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                body=paper.body,
                received_at=paper.fetched_at,
            )
            for paper in part.papers
        )
        return Page(
            url=part.url,
            records=records,
            token=part.token,
            list_size=None,
            bytes_received=part.size,
            damaged=part.damaged,
        )


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
