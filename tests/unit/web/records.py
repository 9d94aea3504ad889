"""Put Dublin Core records into a library as a harvest would, and read pages as a browser would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from xml.sax.saxutils import escape

from lxml import html
from sqlalchemy import select, update

from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source
from indexer.storage import schema
from search_api.library import Library

SOURCE = Source(id="campus", name="校园库 / Campus Repository", endpoint="http://repository.example/oai")
_HEAD = (
    b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"><ListRecords>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dublin:
    """A record to be put; ``elements`` are (name, value)."""

    identifier: str
    elements: Sequence[tuple[str, str]] = ()
    deleted: bool = False

    def raw(self, datestamp: str, source: str = SOURCE.id) -> RawRecord:
        status = ' status="deleted"' if self.deleted else ""
        inner = "".join(f"<dc:{name}>{escape(value)}</dc:{name}>" for name, value in self.elements)
        metadata = "" if self.deleted else f"<metadata><oai_dc:dc>{inner}</oai_dc:dc></metadata>"
        body = (
            f"<record><header{status}><identifier>{self.identifier}</identifier><datestamp>{datestamp}</datestamp>"
            f"</header>{metadata}</record>"
        )
        return RawRecord(
            source=source,
            identifier=self.identifier,
            metadata_prefix="oai_dc",
            datestamp=datestamp,
            deleted=self.deleted,
            body=body.encode(),
            head=_HEAD,
            received_at=datetime.now(UTC),
        )


def put(library: Library, *records: Dublin, datestamp: str = "2026-10-01", source: Source = SOURCE) -> None:
    """Store a page of records in a run of its own and bring works and index up to date."""
    library.store.sources.seed([source])
    ledger = library.store.harvests
    run = ledger.begin(source, since=None, until=None)
    state = ledger.open_slice(run, source, "oai_dc", Window())
    page = Page(
        url=source.endpoint,
        records=tuple(record.raw(datestamp, source.id) for record in records),
        token=None,
        list_size=None,
        bytes_received=1,
    )
    ledger.store_pages(run, state, [page])
    ledger.close_slice(source, state, status="complete", moves_checkpoint=True)
    ledger.finish(run, "complete", expected=None, error=None, error_url=None)
    library.bring_up_to_date()


def rewrite(library: Library, work_id: str, **changes: Any) -> None:
    """Change what the store keeps of a work, past all cleaning."""
    table = schema.works
    with library.store.database.write() as connection:
        data = json.loads(connection.execute(select(table.c.data).where(table.c.id == work_id)).scalar_one())
        connection.execute(update(table).where(table.c.id == work_id).values(data=json.dumps(data | changes).encode()))


def _found(body: str, selector: str) -> list[Any]:
    return cast("list[Any]", html.fromstring(body).xpath(selector))


def texts(body: str, selector: str) -> list[str]:
    """Return the text of each element, white space made single."""
    return [" ".join(element.text_content().split()) for element in _found(body, selector)]


def values(body: str, selector: str) -> list[str]:
    """Return the attribute values or strings that an XPath finds."""
    return [str(value) for value in _found(body, selector)]
