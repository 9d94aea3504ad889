"""What a repository can do wrong: each fault is a small function ``(request, response) -> response``.

``server.faults.add(status(503, retry_after=1), page=3, times=2)`` spoils the third list page twice: two requests for it
fail, the third gets it. Pages are told apart by their request: the first request of a list is page 1, the page that its
token leads to is page 2, and so on; asking again for a page is the same page.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from harvesters.demo.loopback import Request, Response

Fault = Callable[[Request, Response], Response]
"""Spoils a response; faults added to the same page are applied one after the other."""

_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_TOKEN = re.compile(rb"<resumptionToken([^>]*?)(?:/>|>[^<]*</resumptionToken>)")
_LISTS = ("ListRecords", "ListIdentifiers")


@dataclass(slots=True)
class _Planned:
    fault: Fault
    page: int | None
    verb: str | None
    left: int | None


class Faults:
    """The faults that a server was told to commit."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._pages: dict[tuple[tuple[str, str], ...], int] = {}

    def add(self, fault: Fault, *, page: int | None = None, verb: str | None = None, times: int | None = 1) -> None:
        """Spoil list page ``page`` (1 is the first), or every answer to ``verb``, or any; ``times=None``: for ever."""
        self._planned.append(_Planned(fault, page, verb, times))

    def clear(self) -> None:
        """Behave again."""
        self._planned.clear()

    def apply(self, request: Request, response: Response) -> Response:
        """Spoil a response with every fault that is due."""
        page = self._page(request)
        for planned in self._planned:
            if planned.left == 0 or not _concerns(planned, request, page):
                continue
            if planned.left is not None:
                planned.left -= 1
            response = planned.fault(request, response)
        return response

    def _page(self, request: Request) -> int | None:
        """Number the pages of a list by their requests: a list's first page is 1, a new token is the next page."""
        if request.argument("verb") not in _LISTS:
            return None
        if request.argument("resumptionToken") is None:
            return 1
        return self._pages.setdefault(request.arguments, len(self._pages) + 2)


def _concerns(planned: _Planned, request: Request, page: int | None) -> bool:
    if planned.page is not None and planned.page != page:
        return False
    return planned.verb is None or planned.verb == request.argument("verb")


def status(code: int, *, retry_after: str | int | None = None, body: bytes = b"<html>Busy</html>") -> Fault:
    """Answer with a status, perhaps with ``Retry-After`` in seconds or as an HTTP date."""
    headers = _HTML if retry_after is None else (*_HTML, ("Retry-After", str(retry_after)))
    return lambda _request, _response: Response(status=code, headers=headers, body=body)


def html(_request: Request, _response: Response) -> Response:
    """Answer 200 with a web page (nginx, a login page, a captive portal)."""
    return Response(
        headers=_HTML, body=b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Hi<br></body></html>"
    )


def empty(_request: Request, response: Response) -> Response:
    """Answer 200 with nothing."""
    return replace(response, body=b"")


def cut(share: float = 0.5) -> Fault:
    """Send the first part of the body as if it were all (valid HTTP, broken XML)."""
    return lambda _request, response: replace(response, body=_whole(response)[: int(len(_whole(response)) * share)])


def dropped(share: float = 0.5) -> Fault:
    """Announce the whole body, send its first part and hang up."""

    def spoil(_request: Request, response: Response) -> Response:
        body = _whole(response)
        return replace(response, body=body[: int(len(body) * share)], declared_length=len(body))

    return spoil


def reset(_request: Request, response: Response) -> Response:
    """Break the connection without an answer."""
    return replace(response, reset=True)


def redirected(url: str, *, code: int = 302) -> Fault:
    """Send the client to another address; the query string goes along."""

    def spoil(request: Request, _response: Response) -> Response:
        target = f"{url}?{request.query}" if request.query else url
        return Response(status=code, headers=(*_HTML, ("Location", target)), body=b"")

    return spoil


def token_becomes(token: str | None) -> Fault:
    """Replace the page's token: by one that repeats or leads nowhere, or (``None``) by an empty element."""
    element = b"<resumptionToken/>" if token is None else f"<resumptionToken>{token}</resumptionToken>".encode()
    return lambda _request, response: replace(response, body=_TOKEN.sub(lambda _match: element, _whole(response)))


def token_repeats(request: Request, response: Response) -> Response:
    """Give the token back that the request came with, as some DSpace do for ever."""
    token = request.argument("resumptionToken")
    return response if token is None else token_becomes(token)(request, response)


def with_bytes(old: bytes, new: bytes) -> Fault:
    """Replace bytes: a control character in a title, a PHP notice after the end, an unknown entity."""
    return lambda _request, response: replace(response, body=_whole(response).replace(old, new))


def followed_by(junk: bytes) -> Fault:
    """Put junk after the end of the document."""
    return lambda _request, response: replace(response, body=_whole(response) + junk)


def huge(megabytes: int | None = 40, *, before: bytes = b"</dc:description>") -> Fault:
    """Stream a text of so many megabytes (``None``: without end) into the page, before the first ``before``."""

    def spoil(_request: Request, response: Response) -> Response:
        head, mark, tail = _whole(response).partition(before)
        return replace(response, body=_inflated(head, mark + tail, megabytes))

    return spoil


def _inflated(head: bytes, tail: bytes, megabytes: int | None) -> Iterator[bytes]:
    block = b"A very long abstract indeed. ".ljust(1 << 16, b"x")
    yield head
    sent = 0
    while megabytes is None or sent < megabytes << 20:
        yield block
        sent += len(block)
    yield tail


def slowly(*, pieces: int = 10, seconds: float = 1.0) -> Fault:
    """Send the body in pieces over a time; the whole arrives in the end."""

    def drip(body: bytes) -> Iterator[bytes]:
        size = max(1, -(-len(body) // pieces))
        for start in range(0, len(body), size):
            yield from _waiting(seconds / pieces)
            yield body[start : start + size]

    return lambda _request, response: replace(response, body=drip(_whole(response)))


def delayed(seconds: float) -> Fault:
    """Keep the client waiting for the first byte."""

    def wait(body: bytes) -> Iterable[bytes]:
        yield from _waiting(seconds)
        yield body

    return lambda _request, response: replace(response, body=wait(_whole(response)))


def _waiting(seconds: float) -> Iterator[bytes]:
    """Wait in short steps that send nothing, so that a stopping server need not wait to the end."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.05))
        yield b""


def together(*faults: Fault) -> Fault:
    """Compose faults, the first applied first."""

    def spoil(request: Request, response: Response) -> Response:
        for fault in faults:
            response = fault(request, response)
        return response

    return spoil


def _whole(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)
