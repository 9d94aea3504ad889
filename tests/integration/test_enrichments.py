"""What services say about a record stays with the record: it goes when the record goes, and is asked anew after."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source
from search_api.library import Library
from tests.integration.conftest import add_source

_NAME = "oai:pubmedcentral.nih.gov:123456"
_DC = (
    b'<record><metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A study of many lakes</dc:title></oai_dc:dc></metadata>'
    b"</record>"
)
_SUMMARY = orjson.dumps(
    {
        "uid": "123456",
        "title": "A study of summaries",
        "authors": [{"name": "Brook A", "authtype": "Author"}],
        "source": "Lakes",
        "pubdate": "2020 Jan",
        "articleids": [{"idtype": "pmcid", "value": "PMC123456"}, {"idtype": "doi", "value": "10.5555/x.1"}],
    }
)
_NUMBERS = orjson.dumps({"pmcid": "PMC123456", "doi": "10.5555/x.1"})


def bring(library: Library, source: Source, prefix: str, body: bytes, *, deleted: bool = False) -> None:
    """Store one record as a harvest would, and bring the works up to date."""
    ledger = library.store.harvests
    run = ledger.begin(source, since=None, until=None)
    record = RawRecord(
        source=source.id,
        identifier=_NAME,
        metadata_prefix=prefix,
        datestamp="2026-01-02" if deleted else "2026-01-01",
        body=body,
        deleted=deleted,
        received_at=datetime.now(UTC),
    )
    page = Page(url="u", records=(record,), token=None, list_size=None, bytes_received=1)
    ledger.store_pages(run, ledger.open_slice(run, source, prefix, Window()), [page])
    library.bring_up_to_date()


def works(library: Library) -> int:
    return library.store.catalogue.counts()["works"]


def test_a_deleted_article_is_gone_though_services_have_answered_about_it(library: Library) -> None:
    source = add_source(library, "pmc", "http://127.0.0.1:9/oai")
    for prefix, body in (("oai_dc", _DC), ("pmc_esummary", _SUMMARY), ("pmc_idconv", _NUMBERS)):
        bring(library, source, prefix, body)
        assert works(library) == 1
    bring(library, source, "oai_dc", b"<record/>", deleted=True)
    assert works(library) == 0
    assert library.store.quarantine.list() == []
    bring(library, source, "oai_dc", _DC)
    assert works(library) == 1


def test_answers_about_a_record_that_never_came_are_no_article(embedded: Library) -> None:
    source = add_source(embedded, "pmc", "http://127.0.0.1:9/oai")
    bring(embedded, source, "pmc_esummary", _SUMMARY)
    assert works(embedded) == 0
    assert embedded.store.quarantine.list() == []


def test_a_record_whose_answer_was_deleted_with_it_is_asked_about_again(embedded: Library) -> None:
    source = add_source(embedded, "pmc", "http://127.0.0.1:9/oai")
    bring(embedded, source, "oai_dc", _DC)
    wants = embedded.store.wants
    assert wants("pmc", "pmc_idconv", after="", limit=10) == [_NAME]
    bring(embedded, source, "pmc_idconv", b'{"pmcid":"PMC123456"}')
    assert wants("pmc", "pmc_idconv", after="", limit=10) == []
    bring(embedded, source, "pmc_idconv", b"", deleted=True)
    assert wants("pmc", "pmc_idconv", after="", limit=10) == [_NAME]
