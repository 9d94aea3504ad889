"""The faults that change what a page holds or how it is packed."""

from __future__ import annotations

import gzip
import http.client
import re
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.repository import Item, ListRepository, faults
from tests.repository.recorded import token_of
from tests.repository.scenarios import SCENARIOS, truth

FIRST = "?verb=ListRecords&metadataPrefix=oai_dc"


@pytest.fixture
def repository() -> Iterator[ListRepository]:
    items = [Item(f"oai:x:{place:02d}", f"2026-01-{place:02d}T00:00:00Z", f"Title {place}") for place in range(1, 26)]
    with ListRepository(items) as served:
        yield served


def get(url: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read(), dict(response.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(), dict(refused.headers)


def spoiled(repository: ListRepository, fault: faults.Fault) -> tuple[int, bytes, dict[str, str]]:
    repository.faults.clear()
    repository.faults.add(fault, times=None)
    return get(repository.url + FIRST)


def test_pages_are_packed_announced_or_not_and_cut(repository: ListRepository) -> None:
    whole = get(repository.url + FIRST)[1]
    _, packed, headers = spoiled(repository, faults.gzipped())
    assert (headers["Content-Encoding"], gzip.decompress(packed)) == ("gzip", whole)
    _, silent, headers = spoiled(repository, faults.gzipped(announced=False, layers=2))
    assert "Content-Encoding" not in headers
    assert gzip.decompress(gzip.decompress(silent)) == whole
    _, half, headers = spoiled(repository, faults.gzipped(share=0.5))
    assert (half, headers["Content-Length"]) == (packed[: len(packed) // 2], str(len(packed) // 2))
    _, raw, headers = spoiled(repository, faults.deflated)
    assert (headers["Content-Encoding"], zlib.decompress(raw, -15)) == ("deflate", whole)
    _, plain, headers = spoiled(repository, faults.claims_gzip)
    assert (headers["Content-Encoding"], plain) == ("gzip", whole)


def test_a_gzip_bomb_is_small_until_it_is_unpacked(repository: ListRepository) -> None:
    _, bomb, _ = spoiled(repository, faults.gzip_bomb(64))
    assert len(bomb) < 1 << 17
    assert len(gzip.decompress(bomb)) > 64 << 20


def test_a_connection_breaks_in_mid_page(repository: ListRepository) -> None:
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        spoiled(repository, faults.broken_off())


def test_an_error_and_a_status_take_an_answers_place(repository: ListRepository) -> None:
    status, body, _ = spoiled(repository, faults.oai_error("badArgument", "No <such> date", status=422))
    assert status == 422
    assert b'<error code="badArgument">No &lt;such&gt; date</error>' in body
    status, body, _ = spoiled(repository, faults.with_status(422))
    assert (status, body.count(b"<record>")) == (422, 10)


def test_a_fault_waits_for_its_record_its_argument_or_its_request(repository: ListRepository) -> None:
    bad = faults.status(500)
    assert spoiled(repository, faults.if_it_holds(b"oai:x:11<", bad))[0] == 200
    assert spoiled(repository, faults.if_it_holds(b"oai:x:10<", bad))[0] == 500
    assert spoiled(repository, faults.if_asked("until", bad))[0] == 200
    assert spoiled(repository, faults.if_asked("metadataPrefix", bad))[0] == 500
    assert spoiled(repository, faults.from_request(3, bad))[0] == 200
    assert [get(repository.url + FIRST)[0] for _ in range(3)] == [200, 500, 500]


def test_something_changes_right_after_an_answer(repository: ListRepository) -> None:
    _, page, _ = spoiled(repository, faults.meanwhile(lambda: repository.forget("oai:x:01")))
    repository.faults.clear()
    assert b"oai:x:01<" in page
    assert b"oai:x:01<" not in get(repository.url + FIRST)[1]


def test_sizes_and_tokens_are_written_anew(repository: ListRepository) -> None:
    fault = faults.states_size(lambda page: 7 if page == 0 else None)
    assert b' completeListSize="7"' in spoiled(repository, fault)[1]
    assert b"completeListSize" not in get(repository.url + FIRST)[1]
    assert token_of(spoiled(repository, faults.token_reads(lambda token: f"<{token}&"))[1]) == (
        "<metadataPrefix=oai_dc&start=10&"
    )


def test_elements_get_a_prefix_and_pages_another_encoding(repository: ListRepository) -> None:
    page = spoiled(repository, faults.prefixed)[1]
    assert page.count(b"<o:record>") == page.count(b"</o:record>") == 10
    assert not re.search(rb"<(?:record|header|OAI-PMH)\b", page)
    page = spoiled(repository, faults.encoded("UTF-16"))[1]
    assert page.decode("utf-16").startswith('<?xml version="1.0" encoding="UTF-16"?>')
    page = spoiled(repository, faults.together(faults.followed_by(b"<!-- -->"), faults.encoded("UTF-7")))[1]
    assert b"<!--" not in page
    assert page.decode("utf-7").endswith("<!-- -->")


def test_a_drip_has_no_end(repository: ListRepository) -> None:
    repository.faults.add(faults.dripping(pause=0.001))
    with urllib.request.urlopen(repository.url + FIRST, timeout=10) as response:
        assert response.read(60) == get(repository.url + FIRST)[1][:20] + b" " * 40


def test_the_truth_is_what_a_client_without_faults_reads(repository: ListRepository) -> None:
    repository.delete("oai:x:03", "2026-02-01T00:00:00Z")
    repository.faults.add(faults.status(500), times=None)
    told = truth(repository)
    repository.faults.clear()
    bodies, query = [], FIRST
    while query:
        _, page, _ = get(repository.url + query)
        bodies += re.findall(rb"<record>.*?</record>", page)
        token = token_of(page)
        query = f"?verb=ListRecords&resumptionToken={quote(token, safe='')}" if token else ""
    assert sorted(bodies) == sorted(held.body or b"" for held in told.values())
    assert [name for name, held in told.items() if held.deleted] == ["oai:x:03"]
    assert told["oai:x:03"].datestamp == "2026-02-01T00:00:00Z"


def test_scenarios_have_names_of_their_own_and_tell_what_they_do() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
    assert len({scenario.does for scenario in SCENARIOS}) == len(names)
    assert all(scenario.says or "complete" in scenario.ends for scenario in SCENARIOS)
