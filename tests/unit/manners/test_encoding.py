"""Compression: what clients ask for, what is left alone, and streams that move."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from search_api.manners.encoding import SMALLEST, Encoding, preferred

_TEXT = "Perovskite solar cells, 钙钛矿太阳能电池. " * 200


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.2, gzip;q=0.5", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP;Q=1.0", "gzip"),
        ("gzip;q=nonsense", None),
        ("gzip;q=2", None),
        ("deflate, zstd", None),
        (", ".join(f"x{number}" for number in range(10_000)) + ", gzip", None),
    ],
)
def test_the_client_says_how_it_wants_it(accepted: str, coding: str | None) -> None:
    assert preferred([accepted] if accepted else []) == coding


def _client(response: Callable[[], Response]) -> TestClient:
    app = Starlette(routes=[Route("/", lambda _: response(), methods=["GET"])])
    app.add_middleware(Encoding)
    return TestClient(app)


def _raw(client: TestClient, accepted: str) -> tuple[bytes, dict[str, str]]:
    with client.stream("GET", "/", headers={"Accept-Encoding": accepted}) as answer:
        return b"".join(answer.iter_raw()), dict(answer.headers)


@pytest.mark.parametrize(("coding", "read"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_a_text_arrives_as_it_was_and_smaller(coding: str, read: Callable[[bytes], bytes]) -> None:
    body, headers = _raw(_client(lambda: Response(_TEXT, media_type="application/json")), coding)
    assert read(body).decode() == _TEXT
    assert len(body) == int(headers["content-length"]) < len(_TEXT) / 10
    assert headers["content-encoding"] == coding
    assert headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "response",
    [
        lambda: Response("x" * (SMALLEST - 1), media_type="application/json"),
        lambda: Response(b"\x89PNG" * 1000, media_type="image/png"),
        lambda: Response("x" * 5000, media_type="application/json", headers={"Cache-Control": "no-transform"}),
        lambda: Response(gzip.compress(b"x" * 50), media_type="text/plain", headers={"Content-Encoding": "gzip"}),
        lambda: Response(status_code=304),
        lambda: Response(status_code=204),
        lambda: StreamingResponse(iter(["data: x\n\n"] * 500), media_type="text/event-stream"),
    ],
)
def test_what_gains_nothing_is_left_alone(response: Callable[[], Response]) -> None:
    plain, plain_headers = _raw(_client(response), "identity")
    body, headers = _raw(_client(response), "br, gzip")
    assert body == plain
    assert headers.get("content-encoding") == plain_headers.get("content-encoding")
    assert headers["vary"] == "Accept-Encoding", "a cache must not give this to those who asked otherwise"


def test_a_strong_validator_of_other_bytes_becomes_weak() -> None:
    client = _client(lambda: Response(_TEXT, headers={"ETag": '"v1"'}, media_type="text/plain"))
    assert _raw(client, "gzip")[1]["etag"] == 'W/"v1"'
    assert _raw(client, "identity")[1]["etag"] == '"v1"'


def _brotli_reader() -> Callable[[bytes], bytes]:
    made = brotli.Decompressor()

    def read(piece: bytes) -> bytes:
        found = made.process(piece)  # which gives 32 KiB at a time
        while more := made.process(b""):
            found += more
        return bytes(found)

    return read


@pytest.mark.parametrize(
    ("coding", "reader"),
    [("gzip", lambda: zlib.decompressobj(31).decompress), ("br", _brotli_reader)],
)
def test_a_stream_moves_while_it_is_made(coding: str, reader: Callable[[], Callable[[bytes], bytes]]) -> None:
    read = reader()
    arrived = bytearray()
    seen: list[int] = []
    pieces = [bytes(f"{number:06} perovskite\n" * 6000, "ascii") for number in range(20)]

    async def made() -> AsyncIterator[bytes]:
        for number, piece in enumerate(pieces):
            seen.append(len(arrived) - sum(map(len, pieces[:number])))
            yield piece

    async def send(message: Message) -> None:
        arrived.extend(read(message.get("body", b"")))

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await StreamingResponse(made(), media_type="text/plain")(scope, receive, send)

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", coding.encode())]}
    asyncio.run(Encoding(answer)(scope, receive, send))
    assert bytes(arrived) == b"".join(pieces)
    assert seen == [0] * len(pieces), "each piece has arrived whole before the next is made"


def test_a_stream_of_small_pieces_arrives_whole() -> None:
    lines = [f"{number},钙钛矿\n" for number in range(5000)]
    client = _client(lambda: StreamingResponse(iter(lines), media_type="text/csv; charset=utf-8"))
    body, headers = _raw(client, "gzip")
    assert gzip.decompress(body).decode() == "".join(lines)
    assert "content-length" not in headers


def test_a_stream_whose_length_was_told_is_as_long_as_it_becomes() -> None:
    pieces = ["x" * 3000, "y" * 3000]
    headers = {"Content-Length": "6000"}
    client = _client(lambda: StreamingResponse(iter(pieces), headers=headers, media_type="text/plain"))
    body, headers = _raw(client, "gzip")
    assert gzip.decompress(body).decode() == "".join(pieces)
    assert "content-length" not in headers


def test_a_stream_that_breaks_off_does_not_look_whole() -> None:
    def broken(_: Request) -> Response:
        def pieces() -> Any:
            yield _TEXT
            raise RuntimeError("the store went away")

        return StreamingResponse(pieces(), media_type="text/plain")

    app = Starlette(routes=[Route("/", broken)])
    app.add_middleware(Encoding)
    with pytest.raises(RuntimeError):
        TestClient(app).get("/", headers={"Accept-Encoding": "gzip"})
