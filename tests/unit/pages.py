"""Cut recorded OAI-PMH pages into raw records, as a harvest would."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from harvesters.records import RawRecord

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def cut(page: Path, *, source: str, metadata_prefix: str = "oai_dc", recover: bool = False) -> list[RawRecord]:
    """Return the records of a page that are not deleted; each stands alone, with its namespaces."""
    root = etree.fromstring(page.read_bytes(), etree.XMLParser(recover=recover, resolve_entities=False))
    records = []
    for element in root.iter("{*}record"):
        header = element.find("{*}header")
        if header is None or header.get("status") == "deleted" or element.find("{*}metadata") is None:
            continue
        element.tail = None
        records.append(
            record(
                etree.tostring(element),
                source=source,
                identifier=(header.findtext("{*}identifier") or "").strip(),
                metadata_prefix=metadata_prefix,
                datestamp=(header.findtext("{*}datestamp") or "").strip(),
            )
        )
    return records


def record(
    body: bytes,
    *,
    source: str = "test",
    identifier: str = "oai:example.org:1",
    metadata_prefix: str = "oai_dc",
    datestamp: str = "2026-10-01",
    head: bytes = b"",
) -> RawRecord:
    """Return a raw record with the given body."""
    return RawRecord(
        source=source,
        identifier=identifier,
        metadata_prefix=metadata_prefix,
        datestamp=datestamp,
        body=body,
        head=head,
        received_at=NOW,
    )


def dublin_core(inner: str, **settings: str) -> RawRecord:
    """Return an oai_dc record around the given ``dc:`` elements."""
    body = (
        '<record><header/><metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{inner}</oai_dc:dc></metadata></record>'
    )
    return record(body.encode(), **settings)  # type: ignore[arg-type]


def doaj_article(inner: str, identifier: str = "oai:doaj.org/article:" + "0" * 32) -> RawRecord:
    """Return an oai_doaj record; elements in ``inner`` have no prefix."""
    body = (
        '<record><header/><metadata><doajArticle xmlns="http://doaj.org/features/oai_doaj/1.0/">'
        f"{inner}</doajArticle></metadata></record>"
    )
    return record(body.encode(), identifier=identifier, metadata_prefix="oai_doaj", source="doaj")


def article(front: str, attributes: str = "", after: str = "") -> RawRecord:
    """Return a JATS article file with the given inside of ``article-meta``."""
    body = (
        '<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML" '
        f"{attributes}>"
        f"<front><journal-meta/><article-meta>{front}</article-meta></front>{after}</article>"
    )
    return record(body.encode(), metadata_prefix="jats", identifier="file")
