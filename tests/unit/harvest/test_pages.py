"""Reading list pages, with what repositories really sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from harvesters.errors import BadTokenError, NoRecordsMatchError, PageError, ProtocolError
from harvesters.http import Answer
from harvesters.oai.header import PageContext
from harvesters.oai.page import read_page
from harvesters.oai.salvage import salvage_page

CONTEXT = PageContext(source="s", metadata_prefix="oai_dc", received_at=datetime(2026, 1, 1, tzinfo=UTC))
URL = "http://127.0.0.1/oai?verb=ListRecords"


def answer(body: bytes) -> Answer:
    return Answer(url=URL, body=body)


def page_of(
    *records: str, root: str = 'OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"', after: str = ""
) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}><responseDate>2026-01-01T00:00:00Z</responseDate>'
        f"<request>{URL}</request><ListRecords>{''.join(records)}{after}</ListRecords></OAI-PMH>"
    ).encode()


def record(identifier: str, title: str = "A title", *, status: str = "") -> str:
    return (
        f"<record><header{status}><identifier>{identifier}</identifier><datestamp>2026-01-01</datestamp>"
        f"<setSpec>a</setSpec></header><metadata><dc><title>{title}</title></dc></metadata></record>"
    )


def test_each_record_keeps_the_bytes_of_the_page() -> None:
    body = page_of(record("a"), record("b", "Ünïcode &amp; so on"))
    page = read_page(answer(body), CONTEXT)
    assert [one.body for one in page.records] == [record("a").encode(), record("b", "Ünïcode &amp; so on").encode()]
    assert all(one.body in body for one in page.records)
    assert [one.set_specs for one in page.records] == [("a",), ("a",)]


def test_a_record_cut_out_of_its_page_is_a_document_of_its_own(recorded: Path) -> None:
    body = (recorded / "doaj/vufindharvest_oai_doaj_ListRecords.xml").read_bytes()
    page = read_page(answer(body), CONTEXT)
    assert len(page.records) == 100
    assert page.list_size == 2460909
    assert page.token == "eyJtIjogIm9haV9kb2FqIiwgIm4iOiAxMDB9"
    for one in page.records:
        assert one.body in body
        assert etree.fromstring(one.document())[0][0].tag.endswith("record")


def test_every_record_of_a_page_is_found(recorded: Path) -> None:
    counts = {
        "scrapi_arxiv_oai_00": 897,
        "scrapi_citeseerx_00": 306,
        "scrapi_cyberleninka_00": 54,
        "vufindharvest_marc": 100,
    }
    for name, count in counts.items():
        page = read_page(answer((recorded / f"oai-misc/{name}.xml").read_bytes()), CONTEXT)
        assert len(page.records) == count, name


def test_deleted_records_are_known_by_their_header(recorded: Path) -> None:
    page = read_page(answer((recorded / "oai-misc/sickle_ListRecords.xml").read_bytes()), CONTEXT)
    assert [one.deleted for one in page.records].count(True) == 1


def test_an_empty_token_ends_the_list() -> None:
    assert read_page(answer(page_of(record("a"), after="<resumptionToken/>")), CONTEXT).token is None
    assert (
        read_page(answer(page_of(record("a"), after="<resumptionToken> \n</resumptionToken>")), CONTEXT).token is None
    )


def test_a_prefixed_root_is_read_too() -> None:
    body = (
        b'<o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/"><o:ListRecords><o:record><o:header>'
        b"<o:identifier>x</o:identifier><o:datestamp>2026</o:datestamp></o:header></o:record></o:ListRecords></o:OAI-PMH>"
    )
    page = read_page(answer(body), CONTEXT)
    assert page.records[0].identifier == "x"
    assert page.records[0].head == b""
    assert etree.fromstring(page.records[0].document()).tag.endswith("record")


def test_records_without_a_prefix_within_prefixed_ones_are_not_taken_for_them() -> None:
    inner = '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>MARC</leader></record>'
    header = "<o:header><o:identifier>m</o:identifier><o:datestamp>2026</o:datestamp></o:header>"
    body = (
        f'<o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/"><o:ListRecords><o:record>{header}'
        f"<o:metadata>{inner}</o:metadata></o:record></o:ListRecords></o:OAI-PMH>"
    )
    (found,) = read_page(answer(body.encode()), CONTEXT).records
    assert found.identifier == "m"
    assert b"identifier" in found.body
    assert b"MARC" in found.body


def test_records_within_records_do_not_confuse_the_cutting() -> None:
    header = "<header><identifier>m</identifier><datestamp>2026</datestamp></header>"
    inner = f"<record>{header}<metadata><record>MARC</record></metadata></record>"
    page = read_page(answer(page_of(inner)), CONTEXT)
    assert [one.identifier for one in page.records] == ["m"]
    assert b"MARC" in page.records[0].body


def test_illegal_characters_are_removed_and_nothing_else(recorded: Path) -> None:
    body = (recorded / "oai-misc/scrapi_pcurio_00.xml").read_bytes()
    assert b"\x0b" in body
    page = read_page(answer(body), CONTEXT)
    assert len(page.records) == 5


def test_text_after_the_root_is_ignored() -> None:
    assert len(read_page(answer(page_of(record("a")) + b"\n<b>Notice</b>: undefined index"), CONTEXT).records) == 1


def test_a_record_without_an_identifier_is_damaged_not_dropped() -> None:
    page = read_page(
        answer(page_of("<record><header><datestamp>2026</datestamp></header></record>", record("a"))), CONTEXT
    )
    assert len(page.records) == 1
    assert len(page.damaged) == 1
    assert b"<datestamp>2026" in page.damaged[0].body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"<!DOCTYPE html><html><body>Maintenance</body></html>",
        b"<html></html>",
        b"<feed/>",
        b"not xml at all",
        page_of(record("a"))[:-40],
        b'<?xml version="1.0"?><!DOCTYPE OAI-PMH [<!ENTITY a "aaaa">]><OAI-PMH>&a;</OAI-PMH>',
        b"<OAI-PMH><Identify/></OAI-PMH>",
    ],
    ids=["empty", "blank", "html", "short html", "another root", "no xml", "cut", "entities", "another verb"],
)
def test_what_is_no_list_page_is_a_page_error_that_keeps_it(body: bytes) -> None:
    with pytest.raises(PageError) as caught:
        read_page(answer(body), CONTEXT)
    assert caught.value.url == URL
    assert caught.value.body == body


def test_a_cut_page_is_not_salvaged() -> None:
    assert salvage_page(answer(page_of(record("a"), record("b"))[:-60]), CONTEXT) is None


def test_a_whole_page_with_one_bad_record_loses_only_that_one() -> None:
    body = page_of(
        record("a"),
        record("b", "a < b &nosuch; c"),
        record("c"),
        after="<resumptionToken completeListSize='9'>next</resumptionToken>",
    )
    with pytest.raises(PageError):
        read_page(answer(body), CONTEXT)
    page = salvage_page(answer(body), CONTEXT)
    assert page is not None
    assert [one.identifier for one in page.records] == ["a", "c"]
    assert [one.identifier for one in page.damaged] == ["b"]
    assert page.token == "next"
    assert page.list_size == 9


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("sickle_noRecordsMatch", NoRecordsMatchError),
        ("sickle_badResumptionToken", BadTokenError),
        ("vufindharvest_token_error_response", BadTokenError),
        ("sickle_badArgument", ProtocolError),
        ("sickle_cannotDisseminateFormat", ProtocolError),
        ("vufindharvest_arbitrary_error_response", ProtocolError),
    ],
)
def test_protocol_errors_become_what_the_caller_does(recorded: Path, name: str, error: type[ProtocolError]) -> None:
    with pytest.raises(error) as caught:
        read_page(answer((recorded / f"oai-misc/{name}.xml").read_bytes()), CONTEXT)
    assert type(caught.value) is error


def test_a_text_of_forty_megabytes_is_read() -> None:
    body = page_of(record("a", "x" * 40_000_000))
    assert len(read_page(answer(body), CONTEXT).records[0].body) > 40_000_000
