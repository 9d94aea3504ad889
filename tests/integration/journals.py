"""Articles and journals put into a library as harvests would, in any order, and what its works then say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import orjson

from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source
from indexer.storage.catalogue import StoredWork
from search_api.library import Library

PRINT, ONLINE, OTHER, THIRD = "1545-7885", "1544-9173", "1932-6203", "2529-850X"
_OAI = (
    b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"><ListRecords>'
)
_CSV = (
    b"Journal title,Journal ISSN (print version),Journal EISSN (online version),Publisher,Country of publisher,"
    b"Journal license,Subjects,LCC Codes\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A record and the source that sends it."""

    source: Source
    record: RawRecord


def _source(name: str, prefix: str, **values: object) -> Source:
    settings = {"id": name, "name": name, "endpoint": f"http://{name}.example/oai", "metadata_prefixes": [prefix]}
    return Source.of(settings | values)


DOAJ = _source("doaj", "oai_doaj")
PMC = _source("pmc", "pmc_fm")
JOURNALS = _source("journals", "doaj_json", describes="journals")
TABLE = _source("table", "doaj_csv", describes="journals")


def _sent(source: Source, identifier: str, body: bytes, *, head: bytes = b"", **values: Any) -> Sent:
    known = {"metadata_prefix": source.metadata_prefixes[0], "datestamp": "2026-10-01"}
    record = RawRecord(
        source=source.id, identifier=identifier, body=body, head=head, received_at=datetime.now(UTC), **(known | values)
    )
    return Sent(source=source, record=record)


def doaj_article(number: int, *issns: str, journal: str = "A journal", publisher: str = "Ours", **values: Any) -> Sent:
    """An article of DOAJ: no licence, no subjects, the journal's language."""
    names = ("issn", "eissn")
    said = "".join(f"<{name}>{value}</{name}>" for name, value in zip(names, issns, strict=False))
    body = (
        f"<record><metadata><doajArticle><language>por</language><publisher>{publisher}</publisher>"
        f"<journalTitle>{escape(journal)}</journalTitle>{said}<doi>10.5555/a{number}</doi>"
        f"<title>Study number {number} of reading</title></doajArticle></metadata></record>"
    )
    return _sent(DOAJ, f"oai:doaj:{number:06d}", body.encode(), head=_OAI, **values)


def pmc_article(number: int, issn: str, *, license_url: str | None = None, **values: Any) -> Sent:
    """An article of PMC with one ISSN, and a licence only if asked for."""
    license_ = (
        f'<permissions><license xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{license_url}"/></permissions>'
        if license_url
        else ""
    )
    body = (
        '<record><metadata><article article-type="research-article"><front><journal-meta><journal-title-group>'
        f"<journal-title>A journal of PMC</journal-title></journal-title-group><issn>{issn}</issn></journal-meta>"
        f'<article-meta><article-id pub-id-type="pmid">{90000 + number}</article-id><title-group><article-title>'
        f"Paper number {number} of writing</article-title></title-group>{license_}</article-meta></front></article>"
        "</metadata></record>"
    )
    return _sent(PMC, f"oai:pubmedcentral.nih.gov:{number}", body.encode(), head=_OAI, **values)


def journal(number: int, *issns: str, source: Source = JOURNALS, datestamp: str = "2026-10-01", **said: Any) -> Sent:
    """A journal of DOAJ's API; ``said`` are fields of its ``bibjson``."""
    known = {
        "title": f"Journal number {number}",
        "publisher": {"name": f"Publisher {number}", "country": "BR"},
        "language": ["PT"],
        "license": [{"type": "CC BY"}],
        "subject": [{"scheme": "LCC", "code": "QH301-705.5", "term": f"Biology {number}"}],
    }
    numbers = dict(zip(("pissn", "eissn"), issns, strict=False))
    body = orjson.dumps({"id": str(number), "last_updated": datestamp, "bibjson": known | numbers | said})
    return _sent(source, f"journal:{number}", body, datestamp=datestamp)


def row(number: int, *cells: str, datestamp: str = "2026-10-01") -> Sent:
    """A row of DOAJ's journal CSV."""
    return _sent(TABLE, f"row:{number}", ",".join(cells).encode(), head=_CSV, datestamp=datestamp)


def deleted(sent: Sent, datestamp: str = "2026-10-02") -> Sent:
    """The tombstone of a record."""
    prefix = sent.record.metadata_prefix
    return _sent(sent.source, sent.record.identifier, b"", metadata_prefix=prefix, datestamp=datestamp, deleted=True)


def receive(library: Library, records: Iterable[Sent]) -> None:
    """Store records as pages of harvests, in the order given; nothing is joined yet."""
    library.store.sources.seed([DOAJ, PMC, JOURNALS, TABLE])
    ledger = library.store.harvests
    waiting = list(records)
    while waiting:
        source = waiting[0].source
        same = [one for one in waiting if one.source is source] if len(waiting) > 100 else waiting[:1]
        waiting = [one for one in waiting if one.source is not source] if len(waiting) > 100 else waiting[1:]
        run = ledger.begin(source, since=None, until=None)
        state = ledger.open_slice(run, source, source.metadata_prefixes[0], Window())
        page = Page(
            url=source.endpoint,
            records=tuple(one.record for one in same),
            token=None,
            list_size=None,
            bytes_received=1,
        )
        ledger.store_pages(run, state, [page])
        ledger.close_slice(source, state, status="complete", moves_checkpoint=True)
        ledger.finish(run, "complete", expected=None, error=None, error_url=None)


def works(library: Library) -> dict[str, StoredWork]:
    """Return the active works by title."""
    return {work.data["title"]["value"]: work for page in library.store.catalogue.pages() for work in page}


def only(library: Library) -> dict[str, Any]:
    """Return what the one work says."""
    (work,) = works(library).values()
    return work.data
