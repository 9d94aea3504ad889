"""A list whose pages cannot be had: its identifiers are listed, and its records are asked for one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from harvesters.checkpoints import Checkpoints, Counts, SliceState
from harvesters.errors import HarvestError, PageError, ProtocolError, StoppedError, TooLargeError, TransportError
from harvesters.oai.repository import Repository
from harvesters.records import DamagedRecord, Page, RawRecord
from harvesters.sources.definition import Source

#: More records of one list are not asked for one by one in one run; the next goes on.
MAX_SINGLES = 2_000
_AT_ONCE = 20


class Storing(Protocol):
    """What a run does with pages."""

    source: Source
    ledger: Checkpoints

    def store(self, run: int, state: SliceState, pages: Sequence[Page]) -> Counts:
        """Store pages and tell how far the run is; return what they brought."""

    def check_limits(self, state: SliceState) -> None:
        """End the run where its own limits are reached."""


def fetch_singly(storing: Storing, repository: Repository, run: int, state: SliceState, failure: HarvestError) -> None:
    """Bring in what a list has not brought yet, record by record; those that cannot be had go to quarantine.

    Raises:
        HarvestError: ``failure``, where the identifiers cannot be listed either, or too many records are missing.
    """
    listed = asked = 0
    pages = repository.list_identifiers(state.metadata_prefix, state.window)
    while True:
        try:
            page = next(pages, None)
        except StoppedError:
            raise
        except HarvestError:
            raise failure from None
        if page is None:
            break
        listed += len(page.records)
        missing = storing.ledger.not_received(storing.source, state, [one.identifier for one in page.records])
        asked += len(missing)
        if asked > MAX_SINGLES:
            raise failure
        headers = {one.identifier: one for one in page.records}
        for part in _parts([headers[name] for name in missing]):
            storing.store(run, state, [_fetched(repository, state, page.url, part)])
            storing.check_limits(state)
    state.list_size = listed


def _parts(headers: Sequence[RawRecord]) -> Iterator[Sequence[RawRecord]]:
    for start in range(0, len(headers), _AT_ONCE):
        yield headers[start : start + _AT_ONCE]


def _fetched(repository: Repository, state: SliceState, url: str, headers: Sequence[RawRecord]) -> Page:
    records: list[RawRecord] = []
    damaged: list[DamagedRecord] = []
    for header in headers:
        made = header if header.deleted else get_or_quarantine(repository, header.identifier, state.metadata_prefix)
        if isinstance(made, RawRecord):
            records.append(made)
        elif made is not None:
            damaged.append(made)
    # The list's own token stays: a run that ends here goes on, and asks for less.
    return Page(
        url=url,
        records=tuple(records),
        damaged=tuple(damaged),
        token=state.token,
        list_size=None,
        bytes_received=sum(len(one.body) for one in records),
    )


def get_or_quarantine(
    repository: Repository, identifier: str, metadata_prefix: str
) -> RawRecord | DamagedRecord | None:
    """Ask for one record; what cannot be had becomes damaged, what is gone meanwhile ``None``."""
    try:
        return repository.get_record(identifier, metadata_prefix)
    except ProtocolError as error:
        if error.code in {"idDoesNotExist", "cannotDisseminateFormat"}:
            return None
        failed: HarvestError = error
    except (TransportError, PageError, TooLargeError) as error:
        failed = error
    return DamagedRecord(
        url=failed.url or "",
        body=failed.body if isinstance(failed, PageError) else b"",
        reason=f"The record cannot be had: {failed}",
        remedy="Tell the repository; when it is mended: kaijuan quarantine replay.",
        identifier=identifier,
    )
