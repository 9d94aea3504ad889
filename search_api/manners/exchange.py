"""The request that is being answered: its id, where its time goes, and headers that layers add to the answer.

The id comes from ``X-Request-Id``, or is made here; it is in the answer, in problem documents and in every log line.
``Server-Timing`` (W3C Server Timing) tells the milliseconds of what was timed by :func:`timed`, and the total.

Each request is counted, and logged in one line: by its route, which names no work and no query, never with an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.logs import RequestCutOffError
from search_api.tally import Event, Tally

#: Ids of others are kept as they are only where they can break no log line and no header.
_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
#: For JSON; pages bring their own policy, and drawings need their styles.
_DATA = re.compile(r"application/([a-z.-]+\+)?json")
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
#: What programs ask all the time, and what belongs to a page: lines that tell nobody anything.
_QUIET = ("/health", "/ready", "/metrics", "/static/")
_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request: its id, the seconds spent by name, and headers for its answer.

    ``scope`` is the one that the router was given, and has written the route into; ``status`` that of the answer.
    """

    request_id: str
    started: float
    tally: Tally
    scope: Scope | None = None
    status: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)

    def timing(self) -> str:
        """Return the value of ``Server-Timing``, in milliseconds."""
        told = {**self.seconds, "total": time.perf_counter() - self.started}
        return ", ".join(f"{name};dur={seconds * 1000:.1f}" for name, seconds in told.items())


_CURRENT: ContextVar[Exchange | None] = ContextVar("kaijuan_exchange", default=None)


def request_id() -> str | None:
    """Return the id of the request that is being answered; ``None`` outside of one."""
    current = _CURRENT.get()
    return current.request_id if current else None


@contextlib.contextmanager
def timed(name: str) -> Iterator[None]:
    """Add the time of the block to the answer's ``Server-Timing``; outside of a request nothing happens."""
    current = _CURRENT.get()
    if current is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        current.seconds[name] = current.seconds.get(name, 0.0) + time.perf_counter() - started


def tell(name: str, value: str) -> None:
    """Add a header to the answer of the current request, whichever answer it will be."""
    current = _CURRENT.get()
    if current is not None:
        current.headers.append((name, value))


def count(event: Event) -> None:
    """Count something that happened while the current request was answered."""
    current = _CURRENT.get()
    if current is not None:
        current.tally.count(event)


class Routed:
    """Keep what the router will write into the scope; the layer next to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        current = _CURRENT.get()
        if current is not None:
            current.scope = scope
        await self._app(scope, receive, send)


class Exchanges:
    """Open an exchange for each request and put what it knows on the answer; the layer around all others."""

    def __init__(self, app: ASGIApp, tally: Tally) -> None:
        self._app = app
        self._tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        known = given if _ID.fullmatch(given) else secrets.token_hex(8)
        current = Exchange(request_id=known, started=time.perf_counter(), tally=self._tally)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note_answer(scope, current, message["status"])
                _complete(MutableHeaders(scope=message), current)
            await send(message)

        token = _CURRENT.set(current)
        self._tally.begin()
        try:
            with structlog.contextvars.bound_contextvars(request_id=known):
                await self._logged(scope, receive, told, current)
        finally:
            self._tally.end()
            _CURRENT.reset(token)

    async def _logged(self, scope: Scope, receive: Receive, send: Send, current: Exchange) -> None:
        """Pass a request on and write its line; raise ``RequestCutOffError`` where the server stopped meanwhile."""
        tell_it, event = _log.debug if scope["path"].startswith(_QUIET) else _log.info, "request_answered"
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or not task.cancelling():  # a mistake of ours: nobody told this task to end
                raise
            tell_it, event = _log.warning, "request_cut_off"
            raise RequestCutOffError(*error.args) from error
        finally:
            self._log(tell_it, event, scope, current)

    def _note_answer(self, scope: Scope, current: Exchange, status: int) -> None:
        current.status = status
        self._tally.answered(self._route(scope, current), status, time.perf_counter() - current.started)

    def _route(self, scope: Scope, current: Exchange) -> str:
        template = getattr((current.scope or {}).get("route"), "path", None)
        return self._tally.route_of(template, scope["path"])

    def _log(self, tell_it: Callable[..., object], event: str, scope: Scope, current: Exchange) -> None:
        tell_it(
            event,
            method=scope["method"] if scope["method"] in _METHODS else "other",
            route=self._route(scope, current),
            status=current.status,
            ms=round((time.perf_counter() - current.started) * 1000, 1),
        )


def _complete(headers: MutableHeaders, current: Exchange) -> None:
    for name, value in current.headers:
        headers.append(name, value)
    headers["X-Request-Id"] = current.request_id
    headers["Server-Timing"] = current.timing()
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    if _DATA.match(headers.get("content-type", "")):
        headers.setdefault("Content-Security-Policy", _DATA_POLICY)
