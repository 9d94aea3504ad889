"""A list whose pages cannot be had: its identifiers are listed, and its records are asked for one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from harvesters.checkpoints import Checkpoints, Counts, SliceState
from harvesters.errors import (
    HarvestError,
    PageError,
    ProtocolError,
    ServerFaultError,
    StoppedError,
    ThrottledError,
    TooLargeError,
    UnreachableError,
)
from harvesters.following import ListGuard
from harvesters.oai.repository import Repository
from harvesters.records import DamagedRecord, Page, RawRecord
from harvesters.sources.definition import Source

#: More records of one list are not asked for one by one in one run; the next goes on.
MAX_SINGLES = 2_000
_AT_ONCE = 20
#: Stands for the token of a list that is finished record by record, so that the next run goes on and asks for less.
SINGLY = "kaijuan:singly"


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
    listed = asked = stated = gone = 0
    guard = ListGuard()
    for page in _headers(repository, state, failure):
        guard.check_token(page)
        listed += len({one.identifier for one in page.records})
        stated = max(stated, page.list_size or 0)
        missing = storing.ledger.not_received(storing.source, state, [one.identifier for one in page.records])
        headers = {one.identifier: one for one in page.records}
        for part in _parts([headers[name] for name in missing[: MAX_SINGLES - asked]]):
            fetched = _fetched(repository, state, page.url, part)
            if fetched.damaged and not fetched.records and not repository.is_alive():
                raise failure  # the server has gone meanwhile: these records may well be sound
            storing.store(run, state, [fetched])
            storing.check_limits(state)
            gone += len(part) - len(fetched.records) - len(fetched.damaged)
        asked += len(missing)
        if asked > MAX_SINGLES:
            raise failure
    state.list_size = max(listed, stated, state.list_size or 0) - gone


def _headers(repository: Repository, state: SliceState, failure: HarvestError) -> Iterator[Page]:
    pages = repository.list_identifiers(state.metadata_prefix, state.window)
    while True:
        try:
            page = next(pages, None)
        except StoppedError:
            raise
        except HarvestError:
            raise failure from None
        if page is None:
            return
        yield page


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
    return Page(
        url=url,
        records=tuple(records),
        damaged=tuple(damaged),
        token=SINGLY,
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
    except (ThrottledError, UnreachableError):
        raise  # that is no fault of the record's
    except (ServerFaultError, PageError, TooLargeError) as error:
        failed = error
    return DamagedRecord(
        url=failed.url or "",
        body=failed.body if isinstance(failed, PageError) else b"",
        reason=f"The record cannot be had: {failed}",
        remedy="Tell the repository; when it is mended: kaijuan quarantine replay.",
        identifier=identifier,
    )
