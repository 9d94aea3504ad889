"""The spider's process: ``python -m harvesters.oalib.spider`` reads its task from standard input and crawls.

Scrapy runs in a process of its own because its reactor cannot start twice in one. It brings connections, TLS,
AutoThrottle and the obeying of robots.txt; redirects and retries are ours, because Scrapy's own leave the host and do
not back off.
The process ends at once when its standard input ends: nobody is left to crawl for.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from twisted.internet.error import ConnectError, ConnectionClosed

from harvesters.errors import (
    HarvestError,
    RedirectRefusedError,
    ServerFaultError,
    ThrottledError,
    TooLargeError,
    UnreachableError,
)
from harvesters.formats.oalib import absolute, link_of
from harvesters.http import MAX_REDIRECTS, MAX_RETRY_AFTER, retry_after
from harvesters.oalib.crawl import Crawl, DisallowedError
from harvesters.oalib.messages import Part, Task, asked_line, end_line, error_line
from harvesters.oalib.places import Place, read_queries
from harvesters.oalib.robots import ROBOT, Robots, refused

#: AutoThrottle slows down to this at most; a Crawl-delay may ask for more.
MAX_DELAY = 60.0
_LONGEST_WISH = 64
_FORBIDDEN, _THROTTLED = 403, 429
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_BROKEN = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    ConnectError,
    ConnectionClosed,
    OSError,
)


class BusyError(ThrottledError):
    """A 5xx that says when to come again; unlike a 429 it may be asked again then."""


class AskedRobots(RobotsTxtMiddleware):
    """Obey the robots.txt that the harvest has asked for; Scrapy's own asking crawls on where none can be had."""

    async def robot_parser(self, request: scrapy.Request) -> RobotParser | None:
        """Return the rules of a request's host; one without rules is not to be asked at all."""
        spider = self.crawler.spider
        texts = spider.task.robots if isinstance(spider, OalibSpider) else {}
        text = texts.get(urlsplit(request.url).netloc.lower(), "User-agent: *\nDisallow: /")
        return ProtegoRobotParser(text.encode(), spider)


class OalibSpider(scrapy.Spider):
    """One page at a time, in order; what to ask next is decided by :class:`harvesters.oalib.crawl.Crawl`."""

    name = "oalib"

    def __init__(self, *, task: Task, wire: Wire) -> None:
        super().__init__()
        self.task = task
        self.wire = wire
        self._robots = Robots(task.robots)
        self._requests = 0

    async def start(self) -> AsyncIterator[Any]:
        """Crawl; Scrapy would take requests from here, but they are sent one after the other instead."""
        await self._crawl()
        requests: tuple[Any, ...] = ()
        for request in requests:
            yield request

    async def _crawl(self) -> None:
        task = self.task
        crawl = Crawl(task.endpoint, read_queries(task.queries), fetch=self._fetch, emit=self._emit)
        try:
            await crawl.run(Place.of(task.place, task.queries))
        except HarvestError as error:
            self.wire.send(error_line(error))
        else:
            self.wire.send(end_line())

    async def _emit(self, part: Part) -> None:
        self.wire.send(part.line(self.task.queries))
        if part.place is not None:
            await self.wire.wanted()

    async def _fetch(self, url: str) -> bytes:
        """Ask for a page; failures that may pass are tried again, each time after a longer wait."""
        attempt = 1
        while True:
            wait = self.task.retry_wait * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311
            try:
                return await self._follow(url)
            except ServerFaultError as error:
                if error.status < 500 or attempt >= self.task.attempts:  # noqa: PLR2004
                    raise
            except BusyError as error:
                if error.retry_after is None or error.retry_after > MAX_RETRY_AFTER or attempt >= self.task.attempts:
                    raise
                wait = max(wait, error.retry_after)
            except UnreachableError:
                if attempt >= self.task.attempts:
                    raise
            attempt += 1
            await asyncio.sleep(wait)

    async def _follow(self, url: str) -> bytes:
        """Ask, and follow redirects within the host and to the hosts that the source names."""
        target = url
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._ask(target)
            if response.status not in _REDIRECTS:
                return _body(response)
            location = (response.headers.get("Location") or b"").decode("latin-1")
            target = self._allowed(url, absolute(location, target), location)
        raise RedirectRefusedError(
            f"{url} redirects more than {MAX_REDIRECTS} times. Ask OALib for its address.", url=url
        )

    def _allowed(self, url: str, target: str | None, location: str) -> str:
        home, host = (urlsplit(one).netloc.lower() for one in (self.task.endpoint, target or ""))
        if target is None or (host != home and host not in self.task.redirect_hosts):
            raise RedirectRefusedError(
                f"{url} sends us to {location[:300]}, a host that the source does not name. If that is OALib's new "
                "address, set endpoint to it, or add the host to redirect_hosts.",
                url=url,
            )
        if link_of(target, url)[0] in {"references", "articles"}:
            raise DisallowedError(f"{url} leads to {target}, which is no paper's page.", url=url)
        return target

    async def _ask(self, url: str) -> Response:
        if not self._robots.allows(url):
            raise DisallowedError(f"The site's robots.txt does not allow {url}.", url=url)
        self._requests += 1
        self.wire.send(asked_line(self._requests))
        request = scrapy.Request(url, dont_filter=True)
        engine = self.crawler.engine
        if engine is None:  # for the type checker: a crawl has one
            raise RuntimeError("Scrapy has no engine.")
        try:
            return await engine.download_async(request)
        except (IgnoreRequest, DownloadCancelledError) as error:
            raise TooLargeError(
                f"The answer of {url} is larger than {self.task.max_bytes:,} bytes, or Scrapy refused it ({error}). "
                "If the site is trusted, raise max_page_bytes.",
                url=url,
            ) from error
        except UnsupportedURLSchemeError as error:
            raise UnreachableError(f"{url} is no address that can be asked. Correct the endpoint.", url=url) from error
        except _BROKEN as error:
            raise UnreachableError(
                f"No answer from {urlsplit(url).netloc}: {str(error)[:200] or type(error).__name__}. Check the "
                "network; what was stored stays, the next harvest goes on from there.",
                url=url,
            ) from error


def _body(response: Response) -> bytes:
    url, status = response.url, response.status
    if status < 400:  # noqa: PLR2004
        return response.body
    if status == _FORBIDDEN:
        raise refused(url)
    header = (response.headers.get("Retry-After") or b"").decode("latin-1")
    wait = retry_after(header, datetime.now(UTC))
    if status == _THROTTLED or wait is not None:
        asked = f"to wait {wait:.0f} s" if wait is not None else "to slow down"
        kind = ThrottledError if status == _THROTTLED else BusyError
        raise kind(
            f"{urlsplit(url).netloc} answered {status} and asks us {asked}. Nothing more was asked and the harvest is "
            "incomplete; harvest again later, with a longer pace_seconds.",
            url=url,
            retry_after=wait,
        )
    raise ServerFaultError(f"{url} answered HTTP {status}. Harvest again later.", url=url, status=status)


class Wire:
    """The lines to and from the harvest; when the harvest is gone, so is this process."""

    def __init__(self, lines: BinaryIO, out: BinaryIO) -> None:
        self._lines = lines
        self._out = out
        self._wanted = threading.Semaphore(0)
        threading.Thread(target=self._listen, name="wanted", daemon=True).start()

    def send(self, line: bytes) -> None:
        """Write a line; a harvest that reads slowly slows the crawl down."""
        self._out.write(line)
        self._out.flush()

    async def wanted(self) -> None:
        """Wait until the harvest wants the next part."""
        await asyncio.to_thread(self._wanted.acquire)

    def _listen(self) -> None:
        while self._lines.readline(_LONGEST_WISH):
            self._wanted.release()
        # Not a polite shutdown: that would wait for the request in hand, and nobody is left to read its answer.
        os._exit(0)


def settings_of(task: Task) -> dict[str, Any]:
    """Return Scrapy's settings: one request at a time, never faster than the task's delay, nothing but fetching."""
    return {
        "USER_AGENT": task.user_agent,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": ROBOT,
        "DOWNLOADER_MIDDLEWARES": {RobotsTxtMiddleware: None, AskedRobots: 100},
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": task.delay,
        "DOWNLOAD_DELAY_JITTER": 0.0,  # the default halves every other delay
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": task.delay,
        "AUTOTHROTTLE_MAX_DELAY": max(MAX_DELAY, task.delay),
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
        "DOWNLOAD_TIMEOUT": task.timeout,
        "DOWNLOAD_MAXSIZE": task.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
        "DEFAULT_REQUEST_HEADERS": {"Accept": "text/html", "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"},
        "COOKIES_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "RETRY_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_LEVEL": "WARNING",
        "STATS_DUMP": False,
    }


def main() -> None:
    """Read the task and crawl."""
    # What anything prints must not stand among the lines: standard output becomes standard error.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    task = Task.of(line)
    process = AsyncCrawlerProcess(settings_of(task))
    process.crawl(OalibSpider, task=task, wire=Wire(sys.stdin.buffer, out))
    process.start(install_signal_handlers=False)  # a SIGTERM ends the process at once


if __name__ == "__main__":
    main()
