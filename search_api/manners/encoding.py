"""Compressed answers: Brotli or gzip, as the client prefers (RFC 9110, 12.5.3); streams piece by piece.

Small answers, what is compressed already, and event streams are left alone. A stream is flushed now and then, so that
its reader sees it move; nothing of it is held back beyond that.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Literal, Protocol

import brotli  # type: ignore[import-untyped]
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Coding = Literal["br", "gzip"]
SMALLEST = 1_000
#: Of raw input, after which a stream's output is flushed.
_FLUSH_BYTES = 64 * 1024
#: From here on a piece is compressed beside the event loop, so that others need not wait.
_IN_THREAD_BYTES = 32 * 1024
#: Measured on cards: level 5 is as fast as gzip's 6 and a tenth smaller; more costs many times as much.
_BROTLI_QUALITY, _GZIP_LEVEL, _GZIP_FORMAT = 5, 6, 31
_COMPRESSED = re.compile(
    r"(image/(?!svg)|audio/|video/|font/woff|text/event-stream|application/(zip|gzip|zstd|x-7z|pdf|octet-stream))"
)
_WEIGHT = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)
_MOST_CODINGS = 30
_WITHOUT_BODY = frozenset((204, 206, 304))


class _Compressor(Protocol):
    def add(self, piece: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class _Brotli:
    def __init__(self) -> None:
        made = brotli.Compressor(mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY)
        self.add: Callable[[bytes], bytes] = made.process
        self.flush: Callable[[], bytes] = made.flush
        self.finish: Callable[[], bytes] = made.finish


class _Gzip:
    def __init__(self) -> None:
        self._made = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
        self.add: Callable[[bytes], bytes] = self._made.compress

    def flush(self) -> bytes:
        return self._made.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._made.flush(zlib.Z_FINISH)


class Encoding:
    """Compress answers for clients that take it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            send = _Answer(preferred(Headers(scope=scope).getlist("accept-encoding")), send)
        await self._app(scope, receive, send)


def preferred(lines: list[str]) -> Coding | None:
    """Return the coding that ``Accept-Encoding`` likes best, Brotli before gzip; ``None``: as it is."""
    weights: dict[str, float] = {}
    for item in ",".join(lines).split(",")[:_MOST_CODINGS]:
        coding, _, parameter = item.strip().lower().partition(";")
        weight = _WEIGHT.fullmatch(parameter.strip()) if parameter else None
        if weight or not parameter:
            weights[coding.strip().removeprefix("x-")] = float(weight[1]) if weight else 1.0
    anything = weights.get("*", 0.0)
    offers: tuple[Coding, ...] = ("br", "gzip")
    best = max(offers, key=lambda one: weights.get(one, anything))
    weight_of_best = weights.get(best, anything)
    return best if weight_of_best > 0 and weight_of_best >= weights.get("identity", 0.0) else None


class _Answer:
    """Compresses an answer; its head waits for the first piece, which tells whether it is worth it."""

    def __init__(self, coding: Coding | None, send: Send) -> None:
        self._coding, self._send = coding, send
        self._head: Message | None = None
        self._compressor: _Compressor | None = None
        self._unflushed = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._head is not None:
            head, self._head = self._head, None
            headers = MutableHeaders(scope=head)
            headers.add_vary_header("Accept-Encoding")
            if self._coding and _is_worth_it(head["status"], headers, body, more=more):
                self._compressor = _Brotli() if self._coding == "br" else _Gzip()
                body = await self._compressed(body, more=more)
                _mark(headers, self._coding, None if more else len(body))
            await self._send(head)
        elif self._compressor is not None:
            body = await self._compressed(body, more=more)
        if body or not more:
            await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _compressed(self, piece: bytes, *, more: bool) -> bytes:
        if len(piece) >= _IN_THREAD_BYTES:
            return await run_in_threadpool(self._step, piece, more)
        return self._step(piece, more)

    def _step(self, piece: bytes, more: bool) -> bytes:  # noqa: FBT001  # run_in_threadpool passes it on
        compressor = self._compressor
        if compressor is None:
            return piece
        made = compressor.add(piece)
        self._unflushed += len(piece)
        if not more:
            return made + compressor.finish()
        if self._unflushed >= _FLUSH_BYTES:
            self._unflushed = 0
            made += compressor.flush()
        return made


def _is_worth_it(status: int, headers: Headers, first: bytes, *, more: bool) -> bool:
    media_type = headers.get("content-type", "")
    return (
        status not in _WITHOUT_BODY
        and (more or len(first) >= SMALLEST)
        and "content-encoding" not in headers
        and "no-transform" not in headers.get("cache-control", "")
        and bool(media_type)
        and _COMPRESSED.match(media_type) is None
    )


def _mark(headers: MutableHeaders, coding: Coding, length: int | None) -> None:
    headers["Content-Encoding"] = coding
    if length is None:
        del headers["Content-Length"]
    else:
        headers["Content-Length"] = str(length)
    validator = headers.get("etag")
    if validator and not validator.startswith("W/"):  # not the same bytes any more (RFC 9110, 8.8.1)
        headers["ETag"] = f"W/{validator}"
