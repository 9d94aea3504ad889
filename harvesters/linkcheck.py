"""Does an address still open? Asked of each host in turn and slowly, several hosts at once; nothing is kept here.

A program is treated worse than a reader. So only a clear "not found" is taken for one; refusals are no failures; and
all that may pass (no answer, a server's error) is called trouble, for the caller to wait and ask again.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import urljoin

from harvesters.errors import StoppedError
from harvesters.http import USER_AGENT
from harvesters.outward import ForbiddenAddressError, Outward, Place, Reply
from harvesters.pace import Pace

#: ``opens``; ``gone`` (definitely); ``refused`` to programs; ``trouble`` that may pass; ``left``: not asked this time.
Verdict = Literal["opens", "gone", "refused", "trouble", "left"]

MAX_REDIRECTS = 8
PACE_SECONDS = 1.0
HOSTS_AT_ONCE = 8
#: A host that turns us away so often in a row is left alone for the rest of a run.
_PATIENCE = 3
_MOST_COOKIES = 20
_GONE = frozenset((404, 410))
_REFUSED = frozenset((401, 402, 403, 407, 451))
_OPENS = frozenset((416,))  # it has the file, only no such part of it
_TITLE = re.compile(r"<title[^>]*>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_NOT_FOUND = re.compile(
    r"\b(?:error\s*)?404\b|(?:page|document|article|item|file|resource|object|url)\s+(?:was\s+|is\s+|could\s+)?not\s+(?:be\s+)?found|"
    r"页面不存在|页面未找到|找不到(?:该|此)?(?:页|文)|未找到|找不到頁面|página no encontrada|página não encontrada|"
    r"page introuvable|page non trouvée|seite nicht gefunden",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of asking for an address; ``http_status`` is ``None`` where no answer came at all."""

    url: str
    verdict: Verdict
    http_status: int | None = None
    final_url: str | None = None
    note: str | None = None


class LinkChecker:
    """Checks addresses; one request at a time a host, at its pace.

    Args:
        private: hosts (``host:port``) in private networks that may be asked, because sources of the library's own
            are there; all other private addresses are refused, also as targets of redirects.
    """

    def __init__(
        self,
        pace: Pace,
        *,
        contact: str = "",
        private: Collection[str] = (),
        pace_seconds: float = PACE_SECONDS,
        answer_seconds: float = 20.0,
    ) -> None:
        self._pace = pace
        self._pace_seconds = pace_seconds
        agent = f"{USER_AGENT}; {contact}" if contact else USER_AGENT
        self._outward = Outward(agent, private=private, seconds=answer_seconds)
        self._locks: dict[str, threading.Lock] = {}
        self._turned_away: Counter[str] = Counter()

    def check_all(self, urls: Iterable[str], *, hosts_at_once: int = HOSTS_AT_ONCE) -> Iterator[Finding]:
        """Check addresses and yield a finding for each as it comes; end early when the pace is asked to stop.

        Give a bounded portion: all of it is held by host.
        """
        by_host: dict[str, list[str]] = {}
        for url in dict.fromkeys(urls):
            by_host.setdefault(host_of(url), []).append(url)
        found: queue.SimpleQueue[Finding | None] = queue.SimpleQueue()
        given_up = threading.Event()
        with ThreadPoolExecutor(hosts_at_once, thread_name_prefix="links") as pool:
            tasks = [pool.submit(self._check_host, group, found.put, given_up) for group in by_host.values()]
            try:
                for _ in tasks:
                    while (finding := found.get()) is not None:
                        yield finding
            finally:
                given_up.set()
        for task in tasks:
            task.result()

    def _check_host(self, urls: list[str], tell: Callable[[Finding | None], None], given_up: threading.Event) -> None:
        try:
            for url in urls:
                if given_up.is_set():
                    return
                tell(self.check(url))
        except StoppedError:
            return
        finally:
            tell(None)

    def check(self, url: str) -> Finding:
        """Ask for an address: HEAD, and GET (its beginning only) where the answer to HEAD is no good news.

        Raises:
            StoppedError: the pace was asked to stop.
        """
        try:
            place = Place.of(url)
        except ValueError as error:
            return Finding(url=url, verdict="gone", note=f"It is no web address: {error}.")
        may_be_private = place.netloc in self._outward.private
        for method in ("HEAD", "GET"):
            with contextlib.suppress(ConnectionError, http.client.HTTPException):  # some hang up on HEAD
                finding = self._followed(method, url, may_be_private=may_be_private)
                if method == "GET" or finding.verdict in {"opens", "left"} or finding.http_status is None:
                    return finding
        return Finding(url=url, verdict="trouble", note="The server broke the connection off.")

    def _followed(self, method: str, url: str, *, may_be_private: bool) -> Finding:
        """Ask, and follow redirects; cookies are kept for the way."""
        at, cookies, seen = url, dict[str, dict[str, str]](), set[tuple[str, int]]()
        for _ in range(MAX_REDIRECTS + 1):
            try:
                place = Place.of(at)
                own = cookies.setdefault(place.host, {})
                if self._turned_away[place.host] >= _PATIENCE:
                    return Finding(url=url, verdict="left", note=f"{place.host} turned us away; asked again next time.")
                seen.add((at, len(own)))
                reply = self._ask(method, place, own, may_be_private=may_be_private)
            except ForbiddenAddressError as error:
                return Finding(url=url, verdict="refused", final_url=at, note=str(error))
            except (ConnectionResetError, ConnectionAbortedError, http.client.HTTPException):
                raise
            except (OSError, ValueError) as error:
                return Finding(url=url, verdict="trouble", final_url=at, note=_said(error))
            own.update(list(reply.cookies.items())[: _MOST_COOKIES - len(own)])
            target = _redirect(at, reply)
            if target is None:
                return _judged(url, at, reply)
            if (target, len(cookies.get(host_of(target), ()))) in seen:
                return Finding(
                    url=url, verdict="trouble", http_status=reply.status, final_url=at, note="It redirects in a circle."
                )
            at = target
        note = f"It redirects more than {MAX_REDIRECTS} times."
        return Finding(url=url, verdict="trouble", http_status=reply.status, final_url=at, note=note)

    def _ask(self, method: str, place: Place, cookies: dict[str, str], *, may_be_private: bool) -> Reply:
        with self._locks.setdefault(place.host, threading.Lock()):
            is_own = may_be_private and place.netloc in self._outward.private
            self._pace.wait(place.host, 0.0 if is_own and place.is_loopback_name() else self._pace_seconds)
            reply = self._outward.ask(method, place, cookies=cookies, may_be_private=may_be_private)
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS or (method == "GET" and reply.status == HTTPStatus.FORBIDDEN):
            self._turned_away[place.host] += 1
        elif reply.status != HTTPStatus.FORBIDDEN:
            self._turned_away[place.host] = 0
        return reply


def host_of(url: str) -> str:
    """Return the host of an address; what is none is a host of its own."""
    try:
        return Place.of(url).host
    except ValueError:
        return ""


def _redirect(at: str, reply: Reply) -> str | None:
    if reply.status not in {301, 302, 303, 307, 308} or "location" not in reply.headers:
        return None
    location = reply.headers["location"]
    with contextlib.suppress(UnicodeError):  # sent as UTF-8, read as Latin-1
        location = location.encode("latin-1").decode("utf-8")
    return urljoin(at, location.strip())


def _judged(url: str, at: str, reply: Reply) -> Finding:
    verdict, note = _by_status(reply.status)
    if verdict == "opens":
        note = _what_else_it_is(url, at, reply)
        verdict = "trouble" if note else "opens"
    return Finding(url=url, verdict=verdict, http_status=reply.status, final_url=at, note=note)


def _by_status(status: int) -> tuple[Verdict, str | None]:
    if status in _GONE:
        return "gone", None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "left", "The host asks us to slow down."
    if status in _REFUSED:
        return "refused", "The host does not answer programs."
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status in _OPENS:
        return "opens", None
    return "trouble", f"The server answered {status}."


def _what_else_it_is(url: str, at: str, reply: Reply) -> str | None:
    """Say what an answer without an error is all the same: a page that says "not found", or any site's first page."""
    title = _TITLE.search(reply.start)
    if title and _NOT_FOUND.search(title[1]):
        return f"The page is called “{' '.join(title[1].split())[:100]}”."
    if at != url and Place.of(at).target == "/" != Place.of(url).target:
        return "It leads to a front page only."
    return None


def _said(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "The host's name is not known."
    if isinstance(error, TimeoutError):
        return "No answer came in time."
    if isinstance(error, ssl.SSLError):
        return f"The secure connection failed: {error.reason or error}."[:200]
    return f"No answer came: {error.args[-1] if error.args else type(error).__name__}."[:200]
