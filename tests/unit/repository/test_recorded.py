from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sickle import Sickle

from tests.repository import RecordedRepository
from tests.repository.fixtures import doaj_page, pmc_page_files, pmc_pages
from tests.repository.recorded import token_of

__all__ = ["doaj_page", "pmc_pages"]


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        body: bytes = response.read()
        return body


def chain(url: str) -> Iterator[bytes]:
    page = fetch(f"{url}?verb=ListRecords&metadataPrefix=oai_dc")
    yield page
    while token := token_of(page):
        page = fetch(f"{url}?verb=ListRecords&resumptionToken={quote(token, safe='')}")
        yield page


def test_pmc_tokens_lead_through_all_17_pages_byte_for_byte(pmc_pages: RecordedRepository, recorded: Path) -> None:
    served = list(chain(pmc_pages.url))
    assert served == [path.read_bytes() for path in pmc_page_files(recorded)]
    assert len(served) == 17
    identifiers = re.findall(rb"<identifier>(oai:[^<]+)</identifier>", b"".join(served))
    assert len(set(identifiers)) == len(identifiers) == 844


def test_pmc_tokens_are_compared_after_one_decoding(pmc_pages: RecordedRepository) -> None:
    token = token_of(pmc_pages.pages[0]) or ""
    assert "%3A" in token
    decoded_twice = quote(token.replace("%3A", ":"), safe="")
    assert b"badResumptionToken" in fetch(f"{pmc_pages.url}?verb=ListRecords&resumptionToken={decoded_twice}")
    raw = fetch(f"{pmc_pages.url}?verb=ListRecords&resumptionToken={quote(token, safe='')}")
    assert raw == pmc_pages.pages[1]


def test_sickle_harvests_844_records(pmc_pages: RecordedRepository) -> None:
    assert len(list(Sickle(pmc_pages.url).ListRecords(metadataPrefix="oai_dc"))) == 844
    assert len(pmc_pages.requests) == 17


def test_doajs_token_leads_nowhere(doaj_page: RecordedRepository) -> None:
    page, following = list(chain(doaj_page.url))
    assert page.count(b"<record>") == 100
    assert b'code="badResumptionToken"' in following


def test_identify_tells_the_habits_and_other_verbs_are_bad(doaj_page: RecordedRepository) -> None:
    told = Sickle(doaj_page.url).Identify()
    assert told.granularity == "YYYY-MM-DDThh:mm:ssZ"
    assert told.deletedRecord == "transient"
    assert b'code="badVerb"' in fetch(f"{doaj_page.url}?verb=ListSets")


def test_requests_are_noted_with_arguments_headers_and_time(doaj_page: RecordedRepository) -> None:
    fetch(f"{doaj_page.url}?verb=Identify")
    fetch(f"{doaj_page.url}?verb=ListRecords&metadataPrefix=oai_doaj&from=2017-01-01")
    first, second = doaj_page.requests
    assert doaj_page.verbs == ["Identify", "ListRecords"]
    assert dict(second.arguments)["from"] == "2017-01-01"
    assert "user-agent" in first.headers
    assert first.received_at <= second.received_at


@pytest.mark.parametrize(
    ("page", "token"),
    [
        (b"<ListRecords/>", None),
        (b"<resumptionToken/>", None),
        (b'<resumptionToken completeListSize="3"></resumptionToken>', None),
        (b"<resumptionToken> a&amp;b </resumptionToken>", "a&b"),
        (b"<oai:resumptionToken>x</oai:resumptionToken>", "x"),
    ],
)
def test_token_of_reads_a_page(page: bytes, token: str | None) -> None:
    assert token_of(page) == token
