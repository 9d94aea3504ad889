"""Lists whose records moved while they were read: a repository with offset tokens skips one for each that leaves.

A record that changes gets a new datestamp and leaves the window it was in; all behind it move up by one, and the one
that moves over the border between two pages is never sent. No count shows it when the repository states no sizes. What
shows it: a record that such a list had brought comes back later with a datestamp that lies between the list's first and
its last page. Such a list is read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from harvesters.checkpoints import IDLE_PAGE, DoubtfulList
from harvesters.records import Page, Window
from harvesters.windows import is_datestamp
from indexer.storage import schema

_DAY = 10
#: Lists with these states may still have to be read again.
_READ = ("open", "complete", "short")


def doubt_lists(connection: Connection, left: Iterable[tuple[int, str]]) -> None:
    """Mark those lists that a record left while they were read; ``left`` are (list, the record's new datestamp)."""
    stamps: dict[int, list[str]] = {}
    for key, stamp in left:
        if is_datestamp(stamp):
            stamps.setdefault(key, []).append(stamp)
    if not stamps:
        return
    slices, runs = schema.harvest_slices, schema.harvest_runs
    statement = (
        select(slices)
        .join(runs, runs.c.key == slices.c.run_key)
        .where(slices.c.key.in_(stamps), slices.c.status.in_(_READ), slices.c.pages > 1, runs.c.kind == "harvest")
    )
    for row in connection.execute(statement).all():
        meanwhile = [stamp for stamp in stamps[row.key] if _left_meanwhile(row, stamp)]
        if meanwhile:
            note = f"A record of this list changed at {meanwhile[0]}, while it was read: others may have been skipped."
            status = row.status if row.status == "open" else "doubtful"
            connection.execute(update(slices).where(slices.c.key == row.key).values(status=status, note=note))


def _left_meanwhile(row: Row[Any], stamp: str) -> bool:
    """Tell whether a record that now has this datestamp left the list's window between its first and last page."""
    if row.until is None or stamp <= row.until:
        return False  # it is in the window still: the count of the list tells what is missing
    first, last = row.first_response, row.last_response
    if not (first and last and is_datestamp(first) and is_datestamp(last)):
        return True
    length = min(len(stamp), len(first), len(last))
    length = max(_DAY, length)
    return bool(first[:length] <= stamp[:length] <= last[:length])


def doubtful_lists(connection: Connection, source_key: int, set_spec: str) -> list[DoubtfulList]:
    """Return a source's lists that are to be read again, oldest first."""
    slices = schema.harvest_slices
    statement = (
        select(slices)
        .where(slices.c.source_key == source_key, slices.c.status == "doubtful", slices.c.set_spec == set_spec)
        .order_by(slices.c.key)
    )
    return [
        DoubtfulList(key=row.key, metadata_prefix=row.metadata_prefix, window=Window(since=row.since, until=row.until))
        for row in connection.execute(statement)
    ]


def holds_idle_page(pages: Sequence[Page], again: Collection[str]) -> bool:
    """Tell whether a page has records, and none that the list had not brought before."""
    seen = set(again)
    for page in pages:
        names = {record.identifier for record in page.records}
        if names and names <= seen and not page.damaged:
            return True
        seen |= names
    return False


def doubt_of(known_size: int | None, stated_size: int | None, *, moved: bool, is_idle: bool) -> str | None:
    """Say why records may have been skipped, if a page shows it.

    ``known_size`` is what the list was said to hold before, ``stated_size`` what this page says.
    """
    if known_size is not None and stated_size is not None and stated_size < known_size:
        return (
            f"The list shrank from {known_size:,} to {stated_size:,} records while it was read: "
            "others may have been skipped."
        )
    if stated_size is not None or known_size is not None:
        return None  # the count of the list tells what is missing
    if is_idle:
        return IDLE_PAGE
    if moved:
        return "A record moved to another place in this list while it was read: others may have been skipped."
    return None
