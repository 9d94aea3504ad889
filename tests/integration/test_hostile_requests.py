"""What nobody should send, over real connections: a 4xx with what to do, or a right answer; never a 5xx, never slow.

Slow is told by the processor time that all of this process takes for an answer, server included: other load on the
machine makes no difference to it.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from lxml import etree

from harvesters.demo.repository import DemoRepositories
from harvesters.demo.sources import demo_sources
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.manners.connections import MOST_BYTES, Connection
from search_api.settings import Settings
from tests.contract.corpus import make_document
from tests.integration.wire import Answer, Wire, served
from tests.unit.web.records import Dublin, put

_SECONDS = 2.0
_JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with DemoRepositories(300) as repositories:
        sources = [Source.of(values) for values in demo_sources(repositories.endpoints)]
        with open_library(Settings(data_dir=tmp_path_factory.mktemp("hostile")), sources=sources) as opened:
            for source in sources:
                assert opened.harvest(source, Request(), pace=Pace()).status == "complete"
            opened.bring_up_to_date()
            yield opened


@pytest.fixture(scope="module")
def wire(demonstration: Library) -> Iterator[Wire]:
    with served(demonstration) as opened:
        assert opened.ask("/v1/works?q=warm").status == 200
        yield opened


@pytest.fixture(autouse=True)
def _never_slow(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold each single request of the tests over the wire to its time."""
    if "wire" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("wire")
    started = time.process_time()
    yield
    assert time.process_time() - started < _SECONDS


def is_told(answer: Answer) -> None:
    """Require a problem that says what to do."""
    assert 400 <= answer.status < 500, answer
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status
    assert all(error["fix"] for error in problem["errors"])
    assert problem["detail"].endswith((".", "?", "…", "”"))


def found(answer: Answer) -> int:
    assert answer.status == 200, answer
    return int(answer.json()["meta"]["count"])


# --- queries, on both deployments -----------------------------------------------------------------------------

QUERIES = {
    "a leading wildcard": "*ism",
    "wildcards alone": "* ** ?* *?",
    "two hundred short beginnings": " OR ".join(f"{one}{other}*" for one in "abcdefghijklm" for other in "aeiouy"),
    "five thousand words": "x " * 5_000,
    "five thousand alternatives": " OR ".join(f"w{at}" for at in range(5_000)),
    "two hundred words of two hundred letters": " ".join(chr(97 + at % 26) * 200 for at in range(200)),
    "nine words of two hundred letters": " ".join(chr(97 + at) * 200 for at in range(9)),
    "a thousand parentheses": "(" * 999 + "a" + ")" * 999,
    "parentheses that never close": "(" * 1_999,
    "nested NOT": "NOT (" * 19 + "study" + ")" * 19,
    "a row of NOT": "NOT " * 400 + "study",
    "a row of signs for NOT": "study " + "-" * 1_900 + "a",
    "nested fields": "title:(author:(" * 9 + "a" + "))" * 9,
    "fields without end": "title:" * 300 + "a",
    "a regular expression": "/(a+)+$/ [a-z]{1,9999} (?:x|y)*",
    "one that runs away": "/" + "(a*)*" * 100 + "b/",
    "another language's query": "title:[a TO z] AND _exists_:doi AND +a -b && c || !d ~2 ^9",
    "a script": "<script>alert(1)</script> '; DROP TABLE works; --",
    "null": "stu\x00dy \x00 \x00\x00",
    "marks of direction": "\u202estudy\u202c \u200f\u200estudy\u2067\u2069",
    "zero width": "\u200b\u200c\u200d\ufeff\u2060",
    "zero width within": "s\u200bt\u200cu\u200dd\u2060y",
    "a flood of accents": "a" + "\u0301" * 1_900,
    "ten thousand emoji": "😀" * 10_000,
    "nineteen hundred emoji": "😀" * 1_900,
    "a family": "👨‍👩‍👧‍👦 " * 100,
    "one ligature that becomes many": "\ufdfa" * 1_900,
    "noncharacters": "\uffff\ufffe\U0010ffff \ue000 a",
    "a year beyond 64 bit": "year:99999999999999999999..",
    "years that cannot be": "year:9999..0000 year:-1",
    "a distance beyond 64 bit": '"a b"~99999999999999999999',
    "identifiers beyond 64 bit": "pmid:99999999999999999999999 pmcid:PMC99999999999999999999999",
    "an identifier of two thousand letters": "doi:10.1000/" + "x" * 1_980,
    "two thousand Chinese characters": "学" * 2_000,
    "a hundred words that all have": " ".join(["the", "of", "and", "in"] * 25),
    "a phrase of two hundred": '"' + "the of " * 100 + '"',
    "phrases of phrases": '"a b"~9 ' * 200,
    "quotation marks": '"' * 1_999,
    "colons": ":" * 1_999,
    "whatever is no word": "".join(map(chr, range(33, 128))),
}


def test_queries_that_nobody_should_send_are_answered_or_refused_on_both_deployments(library: Library) -> None:
    put(library, *(Dublin(identifier=f"oai:x:{at}", elements=[("title", f"A study {at}")]) for at in range(30)))
    client = TestClient(make_app(library))  # what is not expected is raised
    for name, query in QUERIES.items():
        for sort in ("relevance", "title"):
            asked = {"q": query, "sort": sort, "facets": "year,clc", "highlight": True}
            started = time.process_time()
            answer = client.post("/v1/works", json=asked)
            assert time.process_time() - started < _SECONDS, name
            assert answer.status_code in {200, 400}, (name, answer.text)
            assert answer.status_code == 200 or all(one["fix"] for one in answer.json()["errors"]), (name, answer.text)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_nobody_should_send_is_answered_in_an_address_too(wire: Wire, name: str) -> None:
    asked = quote(QUERIES[name][:6_000])
    for target in ("/v1/works?q=", "/v1/queries/validate?q=", "/v1/suggest?q=", "/?q="):
        answer = wire.ask(target + asked)
        assert answer.status in {200, 400}, answer
        if answer.status == 400 and target.startswith("/v1"):
            is_told(answer)


# --- bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/v1/works?q=\xff\xfe",
        "/v1/works?q=a b",
        "/v1/works?q=%ff%fe%c3",
        "/v1/works?q=%ed%a0%80",
        "/v1/works?lang=%ff&lang=%00&year=%00",
        "/v1/works/%ff%fe",
        "/v1/works/%00",
        "/v1/works/..%2F..%2F..%2Fetc%2Fpasswd",
        "/v1/works/doi:%0d%0aSet-Cookie:%20a=b",
        "/v1/sources/%ff%00/harvests/1",
        "/v1/sources/demo-doaj/harvests/99999999999999999999999",
        "/v1/subjects/%ff%00",
        "/v1/works?%ff=%ff",
        "/v1/works?=1",
        "/" + "a" * 8_000,
        "/%2e%2e/%2e%2e/etc/passwd",
        "http://elsewhere.example/v1/works",
    ],
)
def test_an_address_that_cannot_be_read_is_refused(wire: Wire, target: str) -> None:
    answer = wire.ask(target)
    assert 400 <= answer.status < 500, answer
    assert "set-cookie" not in answer.headers
    if target.startswith("/v1"):
        is_told(answer)


def test_a_slash_in_an_identifier_may_be_percent_encoded_once_or_twice(wire: Wire) -> None:
    plain = wire.ask("/v1/works/doi:10.5555/kaijuan.demo.1.0000029").json()["id"]
    for written in ("doi:10.5555%2Fkaijuan.demo.1.0000029", "doi%3A10.5555%252Fkaijuan.demo.1.0000029"):
        assert wire.ask(f"/v1/works/{written}").json()["id"] == plain
        assert wire.ask(f"/v1/works/{written}/related").status == 200
        assert wire.ask(f"/v1/works/{written}/export?format=ris").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"q": "\xff\xfe"}',
        b'{"q": "\\ud800"}',
        b'{"q": "\\udc00\\ud800"}',
        b'{"lang": ["\\udfff"]}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b"[" * 200_000,
        b'{"q":' * 50_000,
        b'{"limit": ' + b"9" * 100_000 + b"}",
        b'{"limit": 1e400}',
        b'{"limit": NaN}',
        b'{"year": [99999999999999999999]}',
        b'{"year": [2020.5]}',
        b'{"year": ' + json.dumps(list(range(10_000))).encode() + b"}",
        b'{"lang": ' + json.dumps(["x"] * 10_000).encode() + b"}",
        b"{" + b",".join(b'"a%d":1' % at for at in range(10_000)) + b"}",
        b'{"q": {"q": "a"}}',
        b"null",
        b"",
    ],
)
def test_a_body_that_cannot_be_read_is_refused(wire: Wire, body: bytes) -> None:
    for path in ("/v1/works", "/v1/export"):
        answer = wire.ask(path, _JSON, f"Content-Length: {len(body)}" if not body else "X: y", method="POST", body=body)
        is_told(answer)
        assert len(answer.body) < 10_000


def test_a_name_that_is_given_twice_in_a_body_has_its_last_value(wire: Wire) -> None:
    body = b'{"q": "zzzznothing", "q": "study"}'  # so JSON's own readers have it; an address is refused, see below
    assert wire.ask("/v1/works", _JSON, method="POST", body=body).json()["meta"]["query"]["text"] == "study"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 415),
        (["Content-Type: text/xml"], 415),
        (["Content-Type: application/x-www-form-urlencoded"], 415),
        (["Content-Type: multipart/form-data; boundary=x"], 415),
        (["Content-Type: \xff\xff"], 415),
        (["Content-Type: application/json; charset=utf-16"], 200),  # RFC 8259: there is no such parameter
        ([_JSON, "Content-Encoding: gzip"], 415),
        ([_JSON, "Content-Encoding: identity"], 200),
    ],
)
def test_a_body_of_another_kind_is_refused(wire: Wire, headers: list[str], status: int) -> None:
    answer = wire.ask("/v1/works", *headers, method="POST", body=b'{"limit": 1}')
    assert answer.status == status
    if status != 200:
        is_told(answer)


def test_a_packed_body_is_not_unpacked(wire: Wire) -> None:
    bomb = gzip.compress(b'{"q": "' + b"a" * 100_000_000 + b'"}', 1)
    assert len(bomb) < 500_000
    for path in ("/v1/works", "/v1/export"):
        is_told(wire.ask(path, _JSON, "Content-Encoding: gzip", method="POST", body=bomb))


_CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /v1/works HTTP/1.1\r\nContent-Type: application/json", 413),
        (b"POST /v1/export HTTP/1.1\r\nContent-Type: application/json", 413),
        (b"POST /oai HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded", 413),
        (b"GET /v1/works?limit=1 HTTP/1.1", 200),
    ],
)
def test_a_body_without_end_is_answered_and_then_cut_off(wire: Wire, head: bytes, status: int) -> None:
    begin = head + b"\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with wire.open() as connection:
        wire.push(connection, [begin, *[_CHUNK] * 9])
        answer = connection.recv(20_000)
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        taken = wire.push(connection, [_CHUNK] * 2_000)  # 128 MiB, of which the kernel's buffers may take some
    assert taken < MOST_BYTES + 32 * 1024 * 1024


def test_a_body_that_is_too_long_is_refused_before_all_of_it_came(wire: Wire) -> None:
    head = b"POST /v1/works HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    for length in (2**31, 2**63, 10**19):
        with wire.open() as connection:
            wire.push(connection, [head % length, b" " * 600_000])
            assert connection.recv(20_000).startswith(b"HTTP/1.1 413 ")


# --- parameters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "q=a&q=b",
        "limit=1&limit=1",
        "cursor=a&cursor=b",
        "&".join(f"year={at % 3_000}" for at in range(6_000)),
        "&".join(f"lang=l{at}" for at in range(6_000)),
        "&".join(f"p{at}=1" for at in range(6_000)),
        "limit=9223372036854775808",
        "limit=-1",
        "limit=1e400",
        "limit=" + "9" * 5_000,
        "limit=%D9%A1%D9%A0&year=%EF%BC%92x",
        "year=99999999999999999999",
        "year_from=-9223372036854775809",
        "year_to=2020.0001",
        "sort=title%00",
        "sort=relevance,newest",
        "sort=__class__",
        "fields=__class__",
        "fields=" + "," * 400,
        "fields=" + "id," * 2_000,
        "fields=title%00",
        "facets=_id,keyword.raw",
        "facets=" + "year," * 2_000,
        "facets=%F0%9F%98%80",
        "offset=10",
        "page=2",
        "highlight=perhaps",
        "match=%61ny%20",
    ],
)
def test_a_parameter_that_cannot_be_is_refused(wire: Wire, target: str) -> None:
    answer = wire.ask(f"/v1/works?{target}")
    is_told(answer)
    assert answer.json()["errors"][0]["parameter"]
    assert len(answer.body) < 10_000


def test_there_is_nothing_beyond_the_end(wire: Wire) -> None:
    for row in ("/v1/desk/subjects/unmapped?offset=99999999999", "/v1/works?offset=9"):
        assert wire.ask(row).status in {400, 401, 403}
    body = wire.ask("/v1/works?q=study&limit=200&fields=id").json()
    while body["meta"]["next_cursor"]:
        cursor = quote(body["meta"]["next_cursor"])
        body = wire.ask(f"/v1/works?q=study&limit=200&fields=id&cursor={cursor}").json()
    assert body["meta"]["next_cursor"] is None
    assert wire.ask("/v1/works?q=zzzznothing").json()["meta"]["next_cursor"] is None


# --- cursors --------------------------------------------------------------------------------------------------


def _cursor(answer: Answer) -> str:
    assert answer.status == 200, answer
    return quote(str(answer.json()["meta"]["next_cursor"]))


def test_a_cursor_is_of_its_route_and_query_whichever_way_it_was_asked(wire: Wire) -> None:
    posted = _cursor(wire.ask("/v1/works", _JSON, method="POST", body=b'{"q": "study", "limit": 5}'))
    assert wire.ask(f"/v1/works?q=study&limit=7&cursor={posted}").status == 200
    values = _cursor(wire.ask("/v1/facets?facet=keyword&q=study&limit=1"))
    for target in (
        f"/v1/works?q=study&cursor={values}",
        f"/v1/facets?facet=keyword&q=study&limit=1&cursor={posted}",
        f"/v1/works?q=other&cursor={posted}",
        f"/v1/works?q=study&sort=title&cursor={posted}",
        f"/v1/works?q=study&expand=off&cursor={posted}",
        f"/v1/works?q=study&year=2020&cursor={posted}",
        f"/v1/works?q=study&cursor={posted[:-1]}",
        f"/v1/works?q=study&cursor={posted[1:]}",
        f"/v1/works?q=study&cursor={posted.swapcase()}",
        f"/v1/works?q=study&cursor={posted}{posted}",
        "/v1/works?q=study&cursor=..",
        "/v1/works?q=study&cursor=." + "A" * 3_000,
        "/v1/works?q=study&cursor=%00%ff",
        f"/v1/works.atom?q=study&cursor={values}",
        f"/v1/sources/demo-doaj/harvests?before={posted}",
    ):
        is_told(wire.ask(target))
    assert b"badResumptionToken" in wire.ask(f"/oai?verb=ListRecords&resumptionToken={posted}").body


def test_another_librarys_cursor_is_none_of_ours(wire: Wire, embedded: Library) -> None:
    put(embedded, *(Dublin(identifier=f"oai:x:{at}", elements=[("title", f"A study {at}")]) for at in range(9)))
    body = TestClient(make_app(embedded)).get("/v1/works?q=study&limit=2").json()
    is_told(wire.ask(f"/v1/works?q=study&limit=2&cursor={quote(body['meta']['next_cursor'])}"))


# --- headers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Accept: " + "a/b;q=0.1," * 5_000,
        "Accept: \xff/\xff;q=nan",
        "Accept-Encoding: " + "gzip;q=0," * 5_000,
        "Accept-Encoding: gzip;q=1e999, br;q=-1, *;q=\xff",
        "Accept-Language: " + "zh-" * 15_000,
        "Accept-Language: zh;q=1e999, en;q=\xff",
        "If-None-Match: " + 'W/"a",' * 8_000,
        "If-None-Match: " + 'W/"' * 15_000,
        "If-None-Match: \xff",
        "Range: bytes=" + "0-1," * 10_000,
        "Range: bytes=99999999999999999999-",
        "X-Request-Id: " + "a" * 50_000,
        "X-Request-Id: \xff",
        "X-Forwarded-For: " + "1.1.1.1," * 6_000,
        "X-Forwarded-For: ::ffff:1.1.1.1%\xff, [::1]:99999999, \xff",
        "X-Forwarded-Proto: javascript",
        "X-Forwarded-Host: elsewhere.example",
        "Cookie: " + "lang=\xff;" * 5_000,
        "Authorization: Basic \xff",
        "Authorization: Bearer",
        "Authorization: Bearer \xff",
        "Origin: \xff",
        "Expect: a miracle",
        "Upgrade: websocket",
        "Content-Length: 0",
        "X: " + "x" * 60_000,
    ],
)
def test_a_header_that_makes_no_sense_breaks_nothing(wire: Wire, header: str) -> None:
    for path in ("/v1/works?limit=1", "/?q=study"):
        answer = wire.ask(path, header)
        assert answer.status in ({400, 401} if "Bearer" in header else {200})
        assert re.fullmatch(r"[A-Za-z0-9._~-]{1,64}", answer.headers.get("x-request-id", "none"))
        assert "elsewhere" not in str(answer)


@pytest.mark.parametrize("host", ["<script>\"'", "\xff", "[", "a:99999999999", "a b", "elsewhere.example/", ""])
def test_a_host_that_is_none_breaks_no_address_that_we_write(wire: Wire, host: str) -> None:
    for path in ("/v1/works.atom", "/oai?verb=Identify", "/v1/trends.svg?q=study", "/"):
        (answer,) = wire.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        assert answer.status in {200, 400}, answer
        assert b"<script>" not in answer.body.replace(b"<script>\n", b"")
        if answer.status == 200 and path != "/" and "content-length" in answer.headers:
            etree.fromstring(answer.body)  # well-formed: nothing of it broke out


# --- connections ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /v1/works HTTP/1.1\r\n\r\n",
        b"GET /v1/works HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /v1/works\r\n\r\n",
        b"POST /v1/works HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        b"POST /v1/works HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\n{} ",
        b"POST /v1/works HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET /v1/works HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000,
        b"GET /v1/works HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n" + b"\x00",
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(wire: Wire, sent: bytes) -> None:
    with wire.open() as connection:
        wire.push(connection, [sent])
        first = wire.read(connection)[0]
    assert first.status in {400, 501} or sent.startswith(b"GET /v1/works HTTP/1.1\r\nHost: a\r\n folded"), first
    if first.status == 400:
        is_told(first)


def test_a_chunk_that_is_none_ends_the_connection(wire: Wire) -> None:
    head = b"POST /v1/works HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for chunk in (b"zz\r\n", b"-1\r\n", b"FFFFFFFFFFFFFFFFFFFFFFFF\r\nx", b"2\r\n{}X\r\n"):
        with wire.open() as connection:
            wire.push(connection, [head, chunk])
            is_told(wire.read(connection)[0])
    assert wire.ask("/health").status == 200


def test_a_length_beside_chunks_smuggles_no_second_request(wire: Wire) -> None:
    head = b"POST /v1/works HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 41\r\n"
    answers = wire.send(
        head
        + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    assert [answer.status for answer in answers] == [400]


def test_requests_sent_at_once_are_answered_in_their_order(wire: Wire) -> None:
    words = ["study", "zzzznothing", "研究", "*bad", "study"] * 10
    requests = [f"GET /v1/works?limit=1&fields=id&q={quote(one)} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for one in words]
    answers = wire.send(b"".join(requests), b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert [answer.status for answer in answers] == [400 if one == "*bad" else 200 for one in words] + [200]
    asked = [answer.json()["meta"]["query"]["text"] for answer in answers[:-1] if answer.status == 200]
    assert asked == [one for one in words if one != "*bad"]


class _Hasty(Connection):
    seconds = 0.5


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"", []),
        (b"GET /v1/wor", [408]),
        (b"GET /v1/works HTTP/1.1\r\nHost: a\r\nX: y", [408]),
        (b"POST /v1/works HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{", []),
    ],
)
def test_who_is_too_slow_is_cut_off(demonstration: Library, sent: bytes, statuses: list[int]) -> None:
    with served(demonstration, _Hasty) as wire, wire.open() as connection:
        wire.push(connection, [sent])
        answers = wire.read(connection)  # until it is closed
        assert [answer.status for answer in answers] == statuses
        for answer in answers:
            is_told(answer)


def test_others_are_answered_while_many_are_slow(wire: Wire) -> None:
    head = b"POST /v1/works HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    slow = [wire.open() for _ in range(150)]
    try:
        for at, connection in enumerate(slow):
            wire.push(connection, [head if at % 2 else head[:30]])
        assert found(wire.ask("/v1/works?q=study")) > 0
    finally:
        for connection in slow:
            connection.close()
    assert wire.ask("/health").status == 200


# --- many values ----------------------------------------------------------------------------------------------


def test_a_page_of_a_hundred_thousand_values_is_never_slow(embedded: Library) -> None:
    with embedded.index.writer() as writer:
        writer.upsert(
            make_document(key, keyword=[f"v{key * 100 + at:06}" for at in range(100)]) for key in range(1_000)
        )
        writer.commit(0)
    client = TestClient(make_app(embedded))
    for order, limit in (("label", 1_000), ("count", 1_000)):
        values: list[str] = []
        asked: dict[str, str | int] = {"facet": "keyword", "order": order, "limit": limit}
        cursor: dict[str, str] = {}
        for _ in range(6):
            started = time.process_time()
            answer = client.get("/v1/facets", params={**asked, **cursor})
            assert time.process_time() - started < _SECONDS
            assert answer.status_code == 200, answer.text
            values += [row["value"] for row in answer.json()["results"]]
            cursor = {"cursor": answer.json()["meta"]["next_cursor"]}
        assert values == [f"v{at:06}" for at in range(6_000)]
    beside = client.get("/v1/works", params={"facets": "keyword,clc,year", "limit": 1})
    assert len(beside.json()["facets"]["keyword"]) == 20
