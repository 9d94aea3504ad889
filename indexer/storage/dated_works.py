"""Works by the time of their last change, so that others can harvest them: lists that stand still while works change.

A list is the feed as it was at one position (``top``): each work that had an entry by then is in it once, at its latest
one. Whatever happens while the list is read, it stays the same list; works that change meanwhile are told as they are
now, under the date that the list knows them by, and are in the next list again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from indexer.storage import schema
from indexer.storage.catalogue import Catalogue, StoredWork, chunks
from indexer.storage.database import Database

#: How long a transaction may take from dating its entries to their appearance: its last moments.
SETTLING = timedelta(seconds=60)

_changes, _works = schema.work_changes, schema.works


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a list: entries behind ``after`` and up to ``last``, of the feed as it was at ``top``.

    ``source`` leaves only the works that have (or, if they are gone, had) records of it.
    """

    after: int
    last: int
    top: int
    source: str | None = None

    def behind(self, sequence: int) -> Stretch:
        """Return what follows a position."""
        return replace(self, after=sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedWork:
    """A work in whatever state it is, with its place in the feed and the time of that change."""

    sequence: int
    at: datetime
    work: StoredWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The source's record that a manifestation is made of."""

    source: str
    identifier: str


class DatedWorks:
    """Reading works by the time of their last change."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    def stretch(self, since: datetime | None, before: datetime | None, source: str | None) -> tuple[Stretch, int]:
        """Begin a list of what last changed at or after ``since`` and before ``before``; return its size too.

        The size is exact but for works of one source that were merged into others: these are not counted.
        """
        everything = select(
            select(func.coalesce(func.max(_changes.c.sequence), 0)).scalar_subquery().label("top"),
            select(func.count()).select_from(_works).scalar_subquery().label("works"),
        )
        with self._database.read() as connection:
            top, works = connection.execute(everything).one()  # one statement, so that both see the same store
            stretch = Stretch(
                after=_last_before(connection, since) if since else 0,
                last=min(top, _last_before(connection, before)) if before else top,
                top=top,
                source=source,
            )
            if source is None and (stretch.after, stretch.last) == (0, top):
                return stretch, works
            counted = _latest(stretch, func.count())
            if source is not None:
                counted = counted.where(_works.c.state != "merged")
            return stretch, connection.execute(counted).scalar_one()

    def page(self, stretch: Stretch, limit: int) -> list[DatedWork]:
        """Return the next works of a list in the order of their changes, at most ``limit``."""
        found: list[DatedWork] = []
        while len(found) < limit:
            statement = _latest(stretch, _changes.c.sequence, _changes.c.at, _changes.c.work_key)
            with self._database.read() as connection:
                rows = connection.execute(statement.order_by(_changes.c.sequence).limit(limit)).all()
            works = self._catalogue.by_keys([row.work_key for row in rows])
            read = [DatedWork(sequence=row.sequence, at=row.at, work=works[row.work_key]) for row in rows]
            found += [one for one in read if stretch.source is None or stretch.source in one.work.data["sources"]]
            if len(rows) < limit:
                break
            stretch = stretch.behind(rows[-1].sequence)
        return found[:limit]

    def by_id(self, work_id: str) -> DatedWork | None:
        """Return a work in whatever state it is, with its latest change."""
        work = self._catalogue.by_id(work_id)
        if work is None:
            return None
        newest = _changes.c.sequence.desc()
        statement = select(_changes.c.sequence, _changes.c.at).where(_changes.c.work_key == work.key).order_by(newest)
        with self._database.read() as connection:
            row = connection.execute(statement.limit(1)).one()
        return DatedWork(sequence=row.sequence, at=row.at, work=work)

    def dates(self, work_ids: Sequence[str]) -> dict[str, datetime]:
        """Return when works last changed, by public id."""
        statement = (
            select(_works.c.id, func.max(_changes.c.at).label("at"))
            .join(_changes, _changes.c.work_key == _works.c.key)
            .group_by(_works.c.id)
        )
        with self._database.read() as connection:
            return {
                row.id: row.at
                for chunk in chunks(work_ids)
                for row in connection.execute(statement.where(_works.c.id.in_(chunk)))
            }

    def earliest(self) -> datetime | None:
        """Return a time before which nothing changed; ``None`` for an empty store."""
        with self._database.read() as connection:
            return connection.scalar(select(_changes.c.at).order_by(_changes.c.sequence).limit(1))

    def complete_until(self, top: int, now: datetime) -> datetime:
        """Return the time up to which a list of the feed at ``top`` is surely complete.

        Who asks again from there misses nothing. What a transaction under way will tell is dated no earlier than the
        newest entry that can be seen, and appears within ``SETTLING``.
        """
        statement = select(_changes.c.at).where(_changes.c.sequence >= top).order_by(_changes.c.sequence).limit(2)
        with self._database.read() as connection:
            dates: list[datetime] = [row.at for row in connection.execute(statement)]
        if len(dates) > 1:  # the first that the list does not know of
            return dates[1]
        return max(*dates, now - SETTLING) if dates else now - SETTLING

    def origins(self, manifestation_ids: Sequence[str]) -> dict[str, Origin]:
        """Return, by public id, which source's record each manifestation is made of."""
        table, sources = schema.manifestations.c, schema.sources.c
        statement = select(table.id, table.identifier, sources.id.label("source")).join(
            schema.sources, sources.key == table.source_key
        )
        with self._database.read() as connection:
            return {
                row.id: Origin(source=row.source, identifier=row.identifier)
                for chunk in chunks(manifestation_ids)
                for row in connection.execute(statement.where(table.id.in_(chunk)))
            }


def _last_before(connection: Connection, moment: datetime) -> int:
    """Return the last position dated before a time, by halving: dates never go back along the feed."""
    at_or_behind = select(_changes.c.sequence, _changes.c.at).order_by(_changes.c.sequence).limit(1)
    low, high = 0, connection.scalar(select(func.coalesce(func.max(_changes.c.sequence), 0))) or 0
    while low < high:
        middle = (low + high + 1) // 2
        row = connection.execute(at_or_behind.where(_changes.c.sequence >= middle)).one()
        if row.at < moment:
            low = row.sequence
        else:
            high = middle - 1
    return low


def _latest(stretch: Stretch, *columns: Any) -> Select[Any]:
    """Select from the latest entry of each work and the work itself.

    The condition on the source lets merged works through, whose records are elsewhere by now: their data tell.
    """
    newer = schema.work_changes.alias("newer")
    is_superseded = (
        select(newer.c.sequence)
        .where(
            newer.c.work_key == _changes.c.work_key,
            newer.c.sequence > _changes.c.sequence,
            newer.c.sequence <= stretch.top,
        )
        .exists()
    )
    statement = (
        select(*columns)
        .select_from(_changes.join(_works, _works.c.key == _changes.c.work_key))
        .where(_changes.c.sequence > stretch.after, _changes.c.sequence <= stretch.last, ~is_superseded)
    )
    if stretch.source is None:
        return statement
    records, sources = schema.manifestations.c, schema.sources.c
    has_record = (
        select(records.key)
        .join(schema.sources, sources.key == records.source_key)
        .where(
            records.work_key == _works.c.key,
            sources.id == stretch.source,
            or_(records.live, _works.c.state == "removed"),
        )
        .exists()
    )
    return statement.where(or_(_works.c.state == "merged", has_record))
