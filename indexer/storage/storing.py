"""Storing pages of a list: records, what could not be read, the ledger's counts and the next token, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, Update, bindparam, select, update

from harvesters.checkpoints import Counts, SliceState
from harvesters.errors import SourceError
from harvesters.records import DamagedRecord, Page, RawRecord
from harvesters.windows import is_datestamp
from indexer.storage import schema
from indexer.storage.deletions import note_headers
from indexer.storage.doubts import doubt_lists, doubt_of, holds_idle_page
from indexer.storage.limits import are_storable, unstorable
from indexer.storage.quarantine import QuarantineTable
from indexer.storage.receiving import Receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What pages brought and where their list stands behind them, to be told once their transaction has happened."""

    counts: Counts
    token: str | None
    list_size: int | None
    doubt: str | None

    def tell(self, state: SliceState) -> None:
        """Bring a list's state up to date."""
        state.token, state.list_size, state.doubt = self.token, self.list_size, self.doubt
        state.counts.add(self.counts)


def counting(table: Table, *columns: str) -> Update:
    """Return the statement that adds counts to the row ``at_key`` and sets the columns named.

    It is made once: to build a statement costs more than to run it.
    """
    added = {name: table.c[name] + bindparam(f"add_{name}") for name in schema.COUNTS}
    return update(table).where(table.c.key == bindparam("at_key")).values({**added, **_placed(columns)})


def counted(key: int, counts: Counts) -> dict[str, Any]:
    """Return what :func:`counting`'s statement is given for a row."""
    return {"at_key": key, **{f"add_{name}": value for name, value in asdict(counts).items()}}


def _placed(columns: Sequence[str]) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}") for name in columns}


_PLACE = select(schema.harvest_slices).where(schema.harvest_slices.c.key == bindparam("at_key"))
_SOURCE = select(schema.sources.c.key).where(schema.sources.c.id == bindparam("at_id"))
_PAGE_VALUES = ("token", "list_size", "newest_datestamp", "first_response", "last_response", "note")
_ADVANCE = counting(schema.harvest_slices, *_PAGE_VALUES)
_ADVANCE_HEADERS = counting(schema.harvest_slices, "token", "list_size", "note")
_COUNT = counting(schema.harvest_runs)


def key_of_source(connection: Connection, source_id: str) -> int:
    """Return a source's key; raise ``SourceError`` where there is no such source."""
    key = connection.scalar(_SOURCE, {"at_id": source_id})
    if key is None:
        raise SourceError(f"There is no source {source_id!r}. See them with: kaijuan sources")
    return int(key)


class PageStore:
    """Stores pages inside the caller's transaction; what it is given stays as it is, for the transaction may fail."""

    def __init__(self, receiver: Receiver, quarantine: QuarantineTable) -> None:
        self._receiver = receiver
        self._quarantine = quarantine

    def store(self, connection: Connection, run: int, state: SliceState, pages: Sequence[Page]) -> Stored:
        """Store pages of records that follow each other."""
        place = connection.execute(_PLACE, {"at_key": state.key}).one()
        records, refused = _storable(pages)
        # An enriching source's answers belong to the source that it enriches.
        source_key = key_of_source(connection, records[0].source) if records else place.source_key
        received = self._receiver.store(connection, source_key, state.key, records)
        counts = received.counts
        is_idle = counts.duplicates > 0 and holds_idle_page(pages, received.again)
        counts.pages, counts.bytes = len(pages), sum(page.bytes_received for page in pages)
        self._quarantine.resolve_damaged(connection, place, [record.identifier for record in records])
        pieces = [*refused, *(piece for page in pages for piece in page.damaged)]
        self._keep_pieces(connection, run, place, pieces, counts)
        doubt_lists(connection, received.left)
        list_size, doubt = state.list_size, state.doubt or place.note
        for page in pages:
            doubt = doubt or doubt_of(list_size, page.list_size, moved=received.moved, is_idle=is_idle)
            list_size = page.list_size if page.list_size is not None else list_size
        values = {
            "new_newest_datestamp": _newest(place.newest_datestamp, records),
            **_response_times(place, pages),
        }
        stored = Stored(counts=counts, token=pages[-1].token, list_size=list_size, doubt=doubt)
        self._write(connection, _ADVANCE, run, state.key, stored, values)
        return stored

    def store_headers(self, connection: Connection, run: int, state: SliceState, page: Page) -> Stored:
        """Note the identifiers of a page of headers."""
        place = connection.execute(_PLACE, {"at_key": state.key}).one()
        counts = note_headers(connection, place.source_key, state.key, page.records)
        counts.bytes = page.bytes_received
        self._keep_pieces(connection, run, place, page.damaged, counts)
        doubt = state.doubt or place.note or doubt_of(state.list_size, page.list_size, moved=False, is_idle=False)
        size = page.list_size if page.list_size is not None else place.list_size
        stored = Stored(counts=counts, token=page.token, list_size=size, doubt=doubt)
        self._write(connection, _ADVANCE_HEADERS, run, state.key, stored, {})
        return stored

    def _keep_pieces(
        self, connection: Connection, run: int, place: Row[Any], pieces: Sequence[DamagedRecord], counts: Counts
    ) -> None:
        for piece in pieces:
            self._quarantine.add_damaged(connection, place, run, piece)
        counts.quarantined = len(pieces)
        counts.received += len(pieces)

    def _write(
        self, connection: Connection, advance: Update, run: int, slice_key: int, stored: Stored, values: dict[str, Any]
    ) -> None:
        stands = {"new_token": stored.token, "new_list_size": stored.list_size, "new_note": stored.doubt}
        connection.execute(advance, {**counted(slice_key, stored.counts), **stands, **values})
        connection.execute(_COUNT, counted(run, stored.counts))


def _storable(pages: Sequence[Page]) -> tuple[list[RawRecord], list[DamagedRecord]]:
    """Part the records that every database can hold from those that one cannot."""
    records: list[RawRecord] = []
    refused: list[DamagedRecord] = []
    for page in pages:
        if are_storable(page.records):
            records += page.records
            continue
        for record in page.records:
            piece = unstorable(record, page.url)
            if piece is None:
                records.append(record)
            else:
                refused.append(piece)
    return records, refused


def _response_times(place: Row[Any], pages: Sequence[Page]) -> dict[str, str | None]:
    """Return when the list's first and latest page were made, by the repository's clock."""
    said = [page.response_date for page in pages if page.response_date]
    return {
        "new_first_response": place.first_response or (said[0] if said else None),
        "new_last_response": said[-1] if said else place.last_response,
    }


def _newest(known: str | None, records: Sequence[RawRecord]) -> str | None:
    """Return the newest datestamp that OAI-PMH knows; each different text is looked at once."""
    stamps = sorted({record.datestamp for record in records}, reverse=True)
    newest = next((stamp for stamp in stamps if is_datestamp(stamp)), "")
    return max(known or "", newest) or None
