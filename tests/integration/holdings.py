"""What a library holds of source "x" after harvests, records put into it by hand, and faults of certain requests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, select

from harvesters.checkpoints import RunReport
from harvesters.demo.loopback import Request as HttpRequest
from harvesters.demo.loopback import Response
from harvesters.pace import Pace
from harvesters.records import Page, RawRecord, Window
from harvesters.runner import Request
from harvesters.sources.definition import Source
from indexer.storage import schema
from search_api.library import Library
from tests.repository import Item
from tests.repository.faults import Fault

STAMP = "2026-01-01T00:00:00Z"


def numbered(count: int, datestamp: str = STAMP) -> list[Item]:
    """Make so many items of one datestamp."""
    return [Item(f"oai:x:{number:04d}", datestamp, title=f"Study {number}") for number in range(count)]


def ten_a_day(days: int) -> list[Item]:
    """Make ten items for each of the first days of 2026."""
    return [Item(f"oai:x:{number:04d}", f"2026-01-{1 + number // 10:02d}T00:00:00Z") for number in range(10 * days)]


def lag_since(day: str) -> int:
    """Return the ``lag_days`` with which a source's last day is this one, whenever the test runs."""
    return (datetime.now(UTC).date() - date.fromisoformat(day)).days


def reconcile(library: Library, source: Source, **request: Any) -> RunReport:
    """Compare a source with its list of identifiers once."""
    return library.reconcile(source, Request(**request), pace=Pace())


def held(library: Library) -> dict[tuple[str, str], Row[Any]]:
    """Return the stored records by identifier and metadata prefix, deleted ones too."""
    table = schema.raw_records
    key = library.store.sources.keys()["x"]
    with library.store.database.read() as connection:
        rows = connection.execute(select(table).where(table.c.source_key == key))
        return {(row.identifier, row.metadata_prefix): row for row in rows}


def live(library: Library) -> set[str]:
    """Return the identifiers of the stored records that are not deleted."""
    return {identifier for (identifier, _), row in held(library).items() if not row.deleted}


def stored(identifier: str, prefix: str, body: bytes, *, deleted: bool = False) -> RawRecord:
    """Make a record of source "x" as a harvest would have stored it."""
    return RawRecord(
        source="x",
        identifier=identifier,
        metadata_prefix=prefix,
        datestamp="",
        body=body,
        received_at=datetime.now(UTC),
        deleted=deleted,
    )


def put(library: Library, source: Source, prefix: str, *records: RawRecord) -> None:
    """Store records as one finished list of a source."""
    ledger = library.store.harvests
    run = ledger.begin(source, since=None, until=None)
    state = ledger.open_slice(run, source, prefix, Window())
    ledger.store_pages(run, state, [Page(url="u", records=records, token=None, list_size=None, bytes_received=1)])
    ledger.close_slice(source, state, status="complete", moves_checkpoint=False)


def about(mark: str, fault: Fault) -> Fault:
    """Spoil only answers to requests in whose arguments, the token's too, a text stands."""

    def spoil(request: HttpRequest, response: Response) -> Response:
        return fault(request, response) if mark in str(request.arguments) else response

    return spoil


def in_old_sessions(fault: Fault) -> Fault:
    """Spoil answers to tokens until a list is begun anew: the server has forgotten its earlier sessions."""
    has_begun = False

    def spoil(request: HttpRequest, response: Response) -> Response:
        nonlocal has_begun
        has_token = request.argument("resumptionToken") is not None
        has_begun = has_begun or not has_token
        return fault(request, response) if has_token and not has_begun else response

    return spoil
