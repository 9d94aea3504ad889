"""What a repository can do wrong: each fault is a small function ``(request, response) -> response``.

``server.faults.add(status(503, retry_after=1), page=3, times=2)`` spoils the third list page twice: two requests for it
fail, the third gets it. Pages are told apart by their request: the first request of a list is page 1, the page that its
token leads to is page 2, and so on; asking again for a page is the same page.
"""

from __future__ import annotations

import gzip
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, unescape

from harvesters.demo.loopback import Request, Response

Fault = Callable[[Request, Response], Response]
"""Spoils a response; faults added to the same page are applied one after the other."""

_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_TOKEN = re.compile(rb"<resumptionToken([^>]*?)(?:/>|>[^<]*</resumptionToken>)")
_LISTS = ("ListRecords", "ListIdentifiers")
_OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-11-01T00:00:00Z</responseDate>{}</OAI-PMH>'
_OAI_NAMES = b"ListRecords record header identifier datestamp setSpec metadata resumptionToken responseDate request"


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


def broken_off(share: float = 0.5) -> Fault:
    """Announce the whole body, send its first part and reset the connection."""

    def spoil(_request: Request, response: Response) -> Response:
        body = _whole(response)
        return replace(response, body=body[: int(len(body) * share)], declared_length=len(body), reset=True)

    return spoil


def gzipped(*, announced: bool = True, share: float = 1.0, layers: int = 1) -> Fault:
    """Compress the body; send only its first ``share``, and say so in no header where it is not ``announced``."""

    def spoil(_request: Request, response: Response) -> Response:
        body = _whole(response)
        for _ in range(layers):
            body = gzip.compress(body, mtime=0)
        headers = (*response.headers, ("Content-Encoding", "gzip")) if announced else response.headers
        return replace(response, headers=headers, body=body[: int(len(body) * share)])

    return spoil


def deflated(_request: Request, response: Response) -> Response:
    """Compress the body as ``deflate`` without zlib's frame, as old servers do."""
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(_whole(response)) + packer.flush()
    return replace(response, headers=(*response.headers, ("Content-Encoding", "deflate")), body=body)


def claims_gzip(_request: Request, response: Response) -> Response:
    """Announce gzip and send plain text."""
    return replace(response, headers=(*response.headers, ("Content-Encoding", "gzip")))


def gzip_bomb(megabytes: int, *, announced: bool = True, before: bytes = b"</dc:title>") -> Fault:
    """Send a page that unpacks to so many megabytes, as one stream; about a thousandth of it travels."""

    def spoil(_request: Request, response: Response) -> Response:
        head, mark, tail = _whole(response).partition(before)
        block, count = b"x" * (16 << 20), megabytes // 16
        body = _gzip_of([head, *[block] * count, mark + tail])
        headers = (*response.headers, ("Content-Encoding", "gzip")) if announced else response.headers
        return replace(response, headers=headers, body=body)

    return spoil


def _gzip_of(parts: list[bytes]) -> bytes:
    """Compress parts into one gzip stream; equal ones are compressed once."""
    packed: dict[bytes, bytes] = {}
    checksum = size = 0
    stream = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for part in parts:
        if part not in packed:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            packed[part] = packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)
        stream.append(packed[part])
        checksum, size = zlib.crc32(part, checksum), size + len(part)
    end = b"\x03\x00"  # an empty last block
    return b"".join([*stream, end, struct.pack("<II", checksum, size & 0xFFFFFFFF)])


def oai_error(code: str, message: str = "No.", *, status: int = 200) -> Fault:
    """Answer with an OAI-PMH error instead."""
    body = _OAI.format(f'<error code="{code}">{escape(message)}</error>').encode()
    return lambda _request, response: replace(response, status=status, body=body)


def with_status(code: int) -> Fault:
    """Keep the body and change the status."""
    return lambda _request, response: replace(response, status=code)


def if_it_holds(mark: bytes, fault: Fault) -> Fault:
    """Spoil only answers that hold some bytes: a record that its server cannot write out."""
    return lambda request, response: fault(request, response) if mark in _whole(response) else response


def if_asked(name: str, fault: Fault) -> Fault:
    """Spoil only answers to requests with a certain argument."""
    return lambda request, response: response if request.argument(name) is None else fault(request, response)


def from_request(number: int, fault: Fault) -> Fault:
    """Behave until the request with this number (1 is the next one), then never again."""
    seen = 0

    def spoil(request: Request, response: Response) -> Response:
        nonlocal seen
        seen += 1
        return response if seen < number else fault(request, response)

    return spoil


def meanwhile(change: Callable[[], None]) -> Fault:
    """Answer well, and change something right after."""

    def spoil(_request: Request, response: Response) -> Response:
        change()
        return response

    return spoil


def states_size(size: Callable[[int], int | str | None]) -> Fault:
    """State another completeListSize on each page: ``size`` is called with 0, 1, 2 …; ``None`` leaves it out."""
    told = -1

    def spoil(_request: Request, response: Response) -> Response:
        nonlocal told
        told += 1
        claimed = size(told)
        text = b"" if claimed is None else f' completeListSize="{claimed}"'.encode()
        body = re.sub(rb' completeListSize="[^"]*"', text, _whole(response))
        return replace(response, body=body)

    return spoil


def token_reads(write: Callable[[str], str]) -> Fault:
    """Write the page's token, if it has one, in another way."""

    def spoil(_request: Request, response: Response) -> Response:
        def written(match: re.Match[bytes]) -> bytes:
            text = unescape(match[2].decode())
            return b"<resumptionToken" + match[1] + b">" + escape(write(text)).encode() + b"</resumptionToken>"

        body = re.sub(rb"<resumptionToken([^>]*[^>/]|)>([^<]+)</resumptionToken>", written, _whole(response))
        return replace(response, body=body)

    return spoil


def prefixed(_request: Request, response: Response) -> Response:
    """Put a prefix on every OAI-PMH element."""
    body = _whole(response)
    body = body.replace(b"<OAI-PMH xmlns=", b"<o:OAI-PMH xmlns:o=").replace(b"</OAI-PMH>", b"</o:OAI-PMH>")
    for name in _OAI_NAMES.split():
        body = body.replace(b"<" + name, b"<o:" + name).replace(b"</" + name, b"</o:" + name)
    return replace(response, body=body)


def encoded(encoding: str) -> Fault:
    """Send the page in another encoding, and say so in its XML declaration."""

    def spoil(_request: Request, response: Response) -> Response:
        text = _whole(response).decode().replace('encoding="UTF-8"', f'encoding="{encoding}"', 1)
        headers = (("Content-Type", "text/xml"),)
        data = text.encode(encoding)
        if encoding == "UTF-7":  # Python leaves these as they are; the encoding need not
            head, end, rest = data.partition(b"?>")
            data = head + end + rest.replace(b"<!", b"+ADwAIQ-")
        return replace(response, headers=headers, body=data)

    return spoil


def redirected(url: str, *, code: int = 302, with_query: bool = True) -> Fault:
    """Send the client to another address; the query string goes along."""

    def spoil(request: Request, _response: Response) -> Response:
        target = f"{url}?{request.query}" if request.query and with_query else url
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


def dripping(pause: float = 0.02) -> Fault:
    """Send the page's first bytes one by one, then spaces without end."""

    def drip(body: bytes) -> Iterator[bytes]:
        for one in body[:20]:
            yield bytes((one,))
        while True:
            time.sleep(pause)
            yield b" "

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
