from __future__ import annotations

import http.client
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.repository import Item, ListRepository, faults
from tests.repository.recorded import token_of

FIRST = "?verb=ListRecords&metadataPrefix=oai_dc"


@pytest.fixture
def repository() -> Iterator[ListRepository]:
    items = [Item(f"oai:x:{place}", f"2026-01-{place:02d}T00:00:00Z", f"Title {place}") for place in range(1, 26)]
    with ListRepository(items) as served:
        yield served


def get(url: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read(), dict(response.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(), dict(refused.headers)


def following(url: str, page: bytes) -> str:
    return f"{url}?verb=ListRecords&resumptionToken={quote(token_of(page) or '', safe='')}"


def test_without_faults_all_is_well(repository: ListRepository) -> None:
    status, page, _ = get(repository.url + FIRST)
    assert status == 200
    assert page.count(b"<record>") == 10


def test_a_fault_comes_as_often_as_told_and_at_the_page_told(repository: ListRepository) -> None:
    repository.faults.add(faults.status(503, retry_after=7), page=2, times=2)
    _, page, _ = get(repository.url + FIRST)
    second = following(repository.url, page)
    answers = [get(second) for _ in range(3)]
    assert [status for status, _, _ in answers] == [503, 503, 200]
    assert answers[0][2]["Retry-After"] == "7"
    assert get(following(repository.url, answers[2][1]))[0] == 200
    assert len(repository.requests) == 5


def test_a_fault_may_last_for_ever_until_cleared(repository: ListRepository) -> None:
    repository.faults.add(faults.status(429), times=None)
    assert {get(repository.url + FIRST)[0] for _ in range(5)} == {429}
    repository.faults.clear()
    assert get(repository.url + FIRST)[0] == 200


def test_a_fault_may_concern_one_verb(repository: ListRepository) -> None:
    repository.faults.add(faults.status(500), verb="Identify")
    assert get(repository.url + FIRST)[0] == 200
    assert get(repository.url + "?verb=Identify")[0] == 500


def test_html_and_empty_bodies_come_with_status_200(repository: ListRepository) -> None:
    repository.faults.add(faults.html)
    repository.faults.add(faults.empty, page=1, times=2)
    status, page, headers = get(repository.url + FIRST)
    assert (status, page) == (200, b"")  # both were due: the later one is applied last
    assert headers["Content-Type"].startswith("text/html")
    assert get(repository.url + FIRST)[1] == b""
    assert b"<record>" in get(repository.url + FIRST)[1]


def test_a_body_is_cut_or_dropped(repository: ListRepository) -> None:
    whole = get(repository.url + FIRST)[1]
    repository.faults.add(faults.cut(0.5))
    assert get(repository.url + FIRST)[1] == whole[: len(whole) // 2]
    repository.faults.add(faults.dropped(0.25))
    with pytest.raises(http.client.IncompleteRead) as caught:
        get(repository.url + FIRST)
    assert caught.value.partial == whole[: len(whole) // 4]


def test_a_connection_is_reset(repository: ListRepository) -> None:
    repository.faults.add(faults.reset)
    address = repository.url.removeprefix("http://").removesuffix("/oai").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        connection.sendall(b"GET /oai?verb=Identify HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1000)
    assert get(repository.url + FIRST)[0] == 200


def test_tokens_are_replaced_repeated_or_taken_away(repository: ListRepository) -> None:
    repository.faults.add(faults.token_becomes("nowhere"))
    _, page, _ = get(repository.url + FIRST)
    assert token_of(page) == "nowhere"
    assert b"badResumptionToken" in get(following(repository.url, page))[1]
    repository.faults.add(faults.token_becomes(None))
    assert token_of(get(repository.url + FIRST)[1]) is None
    _, page, _ = get(repository.url + FIRST)
    repository.faults.add(faults.token_repeats)
    assert token_of(get(following(repository.url, page))[1]) == token_of(page)


def test_a_page_swells(repository: ListRepository) -> None:
    repository.faults.add(faults.huge(3, before=b"</dc:title>"))
    _, page, _ = get(repository.url + FIRST)
    assert len(page) > 3 << 20
    assert page.endswith(b"</OAI-PMH>")


def test_an_endless_page_ends_when_the_client_or_the_server_leaves(repository: ListRepository) -> None:
    repository.faults.add(faults.huge(None, before=b"</dc:title>"))
    response = urllib.request.urlopen(repository.url + FIRST, timeout=10)
    assert len(response.read(5 << 20)) == 5 << 20
    started = time.monotonic()
    repository.stop()
    response.close()
    assert time.monotonic() - started < 5


def test_a_redirect_takes_the_query_along(repository: ListRepository) -> None:
    with ListRepository([Item("oai:y:1", "2026-01-01T00:00:00Z")]) as other:
        repository.faults.add(faults.redirected(other.url, code=301))
        assert b"oai:y:1" in get(repository.url + FIRST)[1]
        assert dict(other.requests[0].arguments)["metadataPrefix"] == "oai_dc"


def test_a_slow_answer_arrives_whole_in_the_end(repository: ListRepository) -> None:
    whole = get(repository.url + FIRST)[1]
    repository.faults.add(faults.slowly(pieces=5, seconds=0.3))
    started = time.monotonic()
    assert get(repository.url + FIRST)[1] == whole
    assert time.monotonic() - started >= 0.25
    repository.faults.add(faults.delayed(0.2))
    started = time.monotonic()
    assert get(repository.url + FIRST)[1] == whole
    assert time.monotonic() - started >= 0.2


def test_a_server_that_keeps_a_client_waiting_can_be_stopped(repository: ListRepository) -> None:
    repository.faults.add(faults.delayed(60))
    address = repository.url.removeprefix("http://").removesuffix("/oai").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=0.3) as connection:
        connection.sendall(b"GET /oai?verb=Identify HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        started = time.monotonic()
        repository.stop()
    assert time.monotonic() - started < 3


def test_bytes_are_replaced_and_junk_follows(repository: ListRepository) -> None:
    repository.faults.add(
        faults.together(faults.with_bytes(b"Title 3", b"Title \x0b3"), faults.followed_by(b"<b>Notice"))
    )
    _, page, _ = get(repository.url + FIRST)
    assert b"Title \x0b3<" in page
    assert page.endswith(b"</OAI-PMH><b>Notice")
