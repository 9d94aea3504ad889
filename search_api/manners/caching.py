"""What may be kept, and asking again cheaply: ``Cache-Control``, ``ETag``, 304 (RFC 9110, 8.8.3 and 13; RFC 9111).

A validator is the hash of the answer itself, without the time that it took: so it changes with everything that an
answer depends on (index, store, states of addresses, names of sources), and never claims that an old answer is the
present one. It saves the transfer, not the search. Validators are weak: the same answer may be sent compressed or not.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OK, _NOT_MODIFIED, _ERRORS = 200, 304, 400
#: A key of ours, never a text: quotes in JSON texts are written with a backslash.
_VOLATILE = re.compile(rb'"took_ms": ?[0-9.e+-]+')
_TAG = re.compile(r'(?:W/)?("[^"\x00-\x20\x7f]*")')
#: Larger answers are sent without a validator: hashing them would keep others waiting.
_MOST_HASHED = 8 * 1024 * 1024
_OF_THE_MOMENT = frozenset(("/health", "/ready", "/metrics", "/v1/limits"))
#: What is a person's, or staff's, is kept by nobody; where they sign in, neither.
_PRIVATE = ("/v1/desk", "/v1/me", "/v1/sign-in", "/v1/sign-up", "/me", "/sign-in", "/sign-up", "/sign-out")
_OF_A_BODY = ("content-length", "content-type", "content-encoding", "content-disposition")


class Caching:
    """Say how an answer may be kept, and answer 304 where the client has it already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            send = _Answer(scope, send)
        await self._app(scope, receive, send)


class _Answer:
    """Holds an answer's head until its first piece is there; whole answers get a validator from their body."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._head: Message | None = None
        self._is_dropped = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        if self._is_dropped:
            return
        if self._head is not None:
            head, self._head = self._head, None
            self._finish(head, message)
            self._is_dropped = head["status"] == _NOT_MODIFIED
            await self._send(head)
            if self._is_dropped:
                message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    def _finish(self, head: Message, first: Message) -> None:
        headers = MutableHeaders(scope=head)
        asked = Headers(scope=self._scope)
        headers.setdefault("Cache-Control", _cache_control(self._scope, asked, head["status"]))
        if self._scope["method"] not in {"GET", "HEAD"} or head["status"] != _OK:
            return
        body = first.get("body", b"")
        is_whole = not first.get("more_body", False) and len(body) <= _MOST_HASHED
        if "etag" not in headers and is_whole and "no-store" not in headers["Cache-Control"]:
            headers["ETag"] = validator_of(body)
        if "etag" in headers and is_named(headers["ETag"], asked.getlist("if-none-match")):
            head["status"] = _NOT_MODIFIED
            for name in _OF_A_BODY:
                del headers[name]


def validator_of(body: bytes) -> str:
    """Return the weak validator of an answer; two that differ in the time they took only have the same."""
    return f'W/"{blake2b(_VOLATILE.sub(b"", body), digest_size=12).hexdigest()}"'


def is_named(validator: str, lines: list[str]) -> bool:
    """Tell whether ``If-None-Match`` names a validator, or any (``*``); compared weakly (RFC 9110, 8.8.3.2)."""
    given = ",".join(lines).strip()
    return given == "*" or validator.removeprefix("W/") in _TAG.findall(given)


def _cache_control(scope: Scope, asked: Headers, status: int) -> str:
    """Return how an answer may be kept where its route says nothing: never unseen, never for another.

    Redirects too are asked for anew: a merge may be undone.
    """
    path = scope["path"]
    is_read = scope["method"] in {"GET", "HEAD"}
    if not is_read or status >= _ERRORS or path in _OF_THE_MOMENT or _is_private(path):
        return "no-store"
    return "private, no-cache" if "authorization" in asked else "no-cache"


def _is_private(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in _PRIVATE)
