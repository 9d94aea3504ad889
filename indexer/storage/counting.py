"""How much of each source is here, counted often while that is quick, and seldom where it takes long.

A count reads a whole table: a moment for thousands of records, seconds for millions, and the page of sources is asked
for by everybody. What took long is kept fifty times as long as it took, so that counting never takes more than a
fiftieth of the time; who asks while others count gets the last count. Each says when it was made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true

from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database

_KEPT_TIMES = 50
_QUICK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """How many raw records of a source there are, how many of them deleted, and how many live ones are in use.

    In use are live manifestations and journals.
    """

    records: int = 0
    deleted: int = 0
    in_use: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCounts:
    """The counts of all sources that have anything, by id, and when they were made."""

    counted_at: datetime
    sources: Mapping[str, SourceCount]

    def of(self, source_id: str) -> SourceCount:
        """Return a source's counts; one that brought nothing yet has zeros."""
        return self.sources.get(source_id, SourceCount())


class Census:
    """Counts what is here; safe for threads. ``seconds`` is the clock that tells how long counting took."""

    def __init__(self, database: Database, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._seconds = seconds
        self._counting = threading.Lock()
        self._kept: SourceCounts | None = None
        self._keep_until = 0.0

    def take(self) -> SourceCounts:
        """Return the counts: made now, or kept from a while ago where that took long."""
        kept = self._kept
        if kept is not None and self._seconds() < self._keep_until:
            return kept
        if not self._counting.acquire(blocking=kept is None):
            assert kept is not None  # noqa: S101  # else it would have waited
            return kept
        try:
            if self._kept is not None and self._seconds() < self._keep_until:
                return self._kept  # counted while we waited
            begun = self._seconds()
            counted = SourceCounts(counted_at=clock.now(), sources=count_sources(self._database))
            ended = self._seconds()
            self._keep_until = ended + _KEPT_TIMES * (ended - begun)
            self._kept = counted if ended - begun > _QUICK_SECONDS else None
            return counted
        finally:
            self._counting.release()


def count_sources(database: Database) -> dict[str, SourceCount]:
    """Count what is here of each source that has anything, by id: reads whole tables, but for records their index."""
    raw, used, journals = schema.raw_records.c, schema.manifestations.c, schema.journals.c
    # Each of them apart: records and deleted ones can be read from an index, which is thirty times as quick (the one of
    # deleted ones is only found by "= true").
    records = select(raw.source_key, func.count()).group_by(raw.source_key)
    deleted = select(raw.source_key, func.count()).where(raw.deleted == true()).group_by(raw.source_key)
    live = select(used.source_key, func.count()).where(used.live).group_by(used.source_key)
    listed = select(journals.source_key, func.count()).group_by(journals.source_key)
    with database.read() as connection:
        names = {row.key: row.id for row in connection.execute(select(schema.sources.c.key, schema.sources.c.id))}
        found = [{row[0]: int(row[1]) for row in connection.execute(one)} for one in (records, deleted, live, listed)]
    return {
        name: SourceCount(
            records=found[0].get(key, 0),
            deleted=found[1].get(key, 0),
            in_use=found[2].get(key, 0) + found[3].get(key, 0),
        )
        for key, name in names.items()
        if any(key in one for one in found)
    }
