"""The manners of answers over a real server and real connections."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import brotli  # type: ignore[import-untyped]
import pytest

from search_api.library import Library
from search_api.serving import bind, make_server
from search_api.settings import Limits
from tests.unit.web.records import Dublin, put

_WORKS = 250


@pytest.fixture
def filled(embedded: Library) -> Library:
    put(
        embedded,
        *[
            Dublin(
                identifier=f"oai:campus:{number}",
                elements=[
                    ("title", f"Solar cells, part {number}"),
                    ("identifier", f"https://doi.org/10.5555/s.{number}"),
                ],
            )
            for number in range(_WORKS)
        ],
    )
    return embedded


@contextmanager
def _served(library: Library, **limits: int) -> Iterator[http.client.HTTPConnection]:
    settings = library.settings.model_copy(update={"limits": Limits(**limits)})
    with bind("127.0.0.1", 0) as listener:
        served = Library(settings, library.store)
        server = make_server(served)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=30)
        try:
            yield connection
        finally:
            connection.close()
            server.should_exit = True
            thread.join()
            served.close_index()


def _asked(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection.request(
        method, path, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = connection.getresponse()
    return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()


def test_one_connection_carries_every_kind_of_answer(filled: Library) -> None:
    with _served(filled) as connection:
        _, headers, plain = _asked(connection, "/v1/works?limit=50")
        validator = headers["etag"]
        for coding, read in (("gzip", gzip.decompress), ("br", brotli.decompress)):
            status, headers, body = _asked(connection, "/v1/works?limit=50", Accept_Encoding=coding)
            assert (status, headers["content-encoding"], int(headers["content-length"])) == (200, coding, len(body))
            assert read(body).partition(b'"results"')[2] == plain.partition(b'"results"')[2]
        status, headers, body = _asked(connection, "/v1/works?limit=50", If_None_Match=validator)
        assert (status, body, "content-length" in headers) == (304, b"", False)
        status, headers, body = _asked(connection, "/v1/works/doi:10.5555/s.1", "HEAD")
        assert (status, body) == (200, b"")
        assert int(headers["content-length"]) == len(_asked(connection, "/v1/works/doi:10.5555/s.1")[2])


def test_a_whole_result_streams_compressed_to_its_end(filled: Library) -> None:
    with _served(filled) as connection:
        whole = _asked(connection, "/v1/export?format=jsonl")[2]
        status, headers, body = _asked(connection, "/v1/export?format=jsonl", Accept_Encoding="gzip")
        assert (status, headers["content-encoding"], headers["transfer-encoding"]) == (200, "gzip", "chunked")
        assert gzip.decompress(body) == whole
        assert len(whole.splitlines()) == _WORKS
        assert len(body) < len(whole) / 5


def test_what_a_client_says_of_its_address_is_not_believed_of_this_machine_either(filled: Library) -> None:
    with _served(filled, address_a_minute=3) as connection:
        statuses = [_asked(connection, "/v1/sources", X_Forwarded_For=f"203.0.113.{number}")[0] for number in range(5)]
        assert statuses == [200, 200, 200, 429, 429]


def test_a_body_that_is_refused_before_it_is_read_harms_no_other_request(filled: Library) -> None:
    with _served(filled, address_a_minute=1) as connection:
        assert _asked(connection, "/v1/sources")[0] == 200
        body = b'{"q":"' + b"x" * 200_000 + b'"}'
        assert _asked(connection, "/v1/works", "POST", body, Content_Type="application/json")[0] == 429
        assert _asked(connection, "/health")[0] == 200
