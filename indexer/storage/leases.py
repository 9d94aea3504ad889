"""Who writes which stretch of the change feed into an index that several processes write.

The feed behind the index's position is cut into stretches; each is leased to one worker, on the database's clock, so
that workers' own may differ. A lost worker's stretch is free again when its time has passed. The position advances to
the end of the longest beginning of the feed that is done. Stretches that are about the same work are never open at the
same time.

The newest row always stays, as the mark from where to cut on: nobody who looked at the index a moment ago can cut again
what was done since, or leave out what was stepped back to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from indexer.storage import schema
from indexer.storage.database import Database, retried

_TABLE = schema.index_leases
_CHANGES = schema.work_changes
_CUTTING, _ADVANCING = "index_leases", "index_position"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A stretch of the feed, from ``first`` to ``last``, that is one worker's for a time."""

    key: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseCounts:
    """How many stretches are being written, and how many of these have been left behind."""

    open: int
    expired: int


class Leases:
    """The leases of one worker, ``owner``, each of so many seconds."""

    def __init__(self, database: Database, *, owner: str, seconds: float) -> None:
        self._database = database
        self._owner = owner
        self._seconds = timedelta(seconds=seconds)

    def is_idle(self, index_id: str, position: Callable[[], int]) -> bool:
        """Tell whether all of the feed was cut and nothing has been left behind: cheap, and locks nothing.

        ``position`` is as in ``take``.
        """
        with self._database.read() as connection:
            end = connection.scalar(select(func.max(_TABLE.c.last)).where(_TABLE.c.index_id == index_id))
            if end is None:
                end = position()
            newest = connection.scalar(select(func.max(_CHANGES.c.sequence))) or 0
            return newest <= end and connection.execute(self._left_behind(connection, index_id)).first() is None

    @retried
    def take(self, index_id: str, position: Callable[[], int], size: int) -> Lease | None:
        """Take what a lost worker left behind, or else the next stretch; ``None`` where there is neither.

        ``position`` gives that of the index, where the feed is cut for the first time; ``size`` bounds the entries.
        """
        with self._database.write() as connection:
            row = connection.execute(self._left_behind(connection, index_id).with_for_update(skip_locked=True)).first()
            if row is not None:
                mine = {"owner": self._owner, "until": self._until(connection)}
                connection.execute(update(_TABLE).where(_TABLE.c.key == row.key).values(**mine))
                return Lease(key=row.key, first=row.first, last=row.last)
            return self._cut(connection, index_id, position, size)

    def _left_behind(self, connection: Connection, index_id: str) -> Select[Any]:
        now = self._database.moment(connection)
        return select(_TABLE).where(_is_open(index_id), _TABLE.c.until < now).order_by(_TABLE.c.first).limit(1)

    def _cut(self, connection: Connection, index_id: str, position: Callable[[], int], size: int) -> Lease | None:
        self._database.one_writer(connection, _CUTTING)
        start = connection.scalar(select(func.max(_TABLE.c.last)).where(_TABLE.c.index_id == index_id))
        if start is None:
            start = position()
        entries = select(_CHANGES.c.sequence).where(_CHANGES.c.sequence > start).order_by(_CHANGES.c.sequence)
        last = connection.scalar(select(func.max(entries.limit(size).subquery().c.sequence)))
        if last is None:
            return None
        shared: int | None = connection.scalar(_first_shared(index_id, start, last))
        if shared is not None:
            last = shared - 1
        if last <= start:
            return None
        values = {"index_id": index_id, "first": start + 1, "last": last, "owner": self._owner, "done": False}
        inserted = _TABLE.insert().values(**values, until=self._until(connection)).returning(_TABLE.c.key)
        return Lease(key=connection.execute(inserted).scalar_one(), first=start + 1, last=last)

    def _until(self, connection: Connection) -> Any:
        return self._database.moment(connection) + self._seconds

    def is_ours(self, lease: Lease) -> bool:
        """Tell whether nobody has taken over a stretch."""
        with self._database.read() as connection:
            return connection.scalar(select(_TABLE.c.owner).where(_TABLE.c.key == lease.key)) == self._owner

    @retried
    def finish(self, lease: Lease) -> None:
        """Say that a stretch is written; whoever took it over meanwhile does no harm by writing it again."""
        with self._database.write() as connection:
            connection.execute(update(_TABLE).where(_TABLE.c.key == lease.key).values(done=True))

    @retried
    def give_back(self, lease: Lease) -> None:
        """Let another take a stretch at once."""
        with self._database.write() as connection:
            ours = (_TABLE.c.key == lease.key, _TABLE.c.owner == self._owner)
            past = self._database.moment(connection) - timedelta(seconds=1)
            connection.execute(update(_TABLE).where(*ours).values(until=past))

    @retried
    def advance(self, index_id: str, show: Callable[[int], None]) -> None:
        """Let ``show`` make seen what was written, and store to where all is done; others wait for it."""
        with self._database.write() as connection:
            self._database.one_writer(connection, _ADVANCING)
            newest = connection.execute(
                select(_TABLE.c.key, _TABLE.c.last)
                .where(_TABLE.c.index_id == index_id)
                .order_by(_TABLE.c.last.desc())
                .limit(1)
            ).first()
            if newest is None:
                show(0)  # nothing was cut yet, but classes may have been written; the index does not go back by this
            else:
                # Asked for after the newest: what others cut in between is open, or behind it, and not passed.
                begun = connection.scalar(select(func.min(_TABLE.c.first)).where(_is_open(index_id)))
                done_to = newest.last if begun is None else begun - 1
                show(done_to)
                done = (_TABLE.c.index_id == index_id, _TABLE.c.done, _TABLE.c.last <= done_to)
                connection.execute(_TABLE.delete().where(*done, _TABLE.c.key != newest.key))
            now = self._database.moment(connection)
            connection.execute(_TABLE.delete().where(_TABLE.c.index_id != index_id, _TABLE.c.until < now))

    @retried
    def step_back(self, index_id: str, place: Callable[[], int | None]) -> bool:
        """Begin anew from the ``place``, if there is one and nobody is writing; tell whether it does."""
        with self._database.write() as connection:
            self._database.one_writer(connection, _CUTTING)
            self._database.one_writer(connection, _ADVANCING)
            if connection.scalar(select(func.count()).where(_is_open(index_id))):
                return False
            position = place()
            if position is None:
                return False
            connection.execute(_TABLE.delete().where(_TABLE.c.index_id == index_id))
            values = {"index_id": index_id, "first": position, "last": position, "owner": self._owner, "done": True}
            connection.execute(_TABLE.insert().values(**values, until=self._until(connection)))
            return True

    def newest(self, index_id: str) -> int:
        """Return the key of the stretch that was cut last; 0 where there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(_TABLE.c.key)).where(_TABLE.c.index_id == index_id)) or 0

    def are_done(self, index_id: str, up_to: int) -> bool:
        """Tell whether all stretches are written that were cut no later than the one with this key."""
        with self._database.read() as connection:
            return not connection.scalar(select(func.count()).where(_is_open(index_id), _TABLE.c.key <= up_to))


def count_leases(database: Database) -> LeaseCounts:
    """Count the stretches that are open, of whatever index, and those whose worker has let its time pass."""
    with database.read() as connection:
        open_ones = select(func.count()).select_from(_TABLE).where(_TABLE.c.done.is_(False))
        expired = open_ones.where(_TABLE.c.until < database.moment(connection))
        return LeaseCounts(open=connection.scalar(open_ones) or 0, expired=connection.scalar(expired) or 0)


def _is_open(index_id: str) -> ColumnElement[bool]:
    return (_TABLE.c.index_id == index_id) & _TABLE.c.done.is_(False)


def _first_shared(index_id: str, start: int, last: int) -> Select[Any]:
    """Find the first entry of a stretch that is about a work which an open one is about, too."""
    being_written = (
        select(_CHANGES.c.work_key)
        .join(_TABLE, _CHANGES.c.sequence.between(_TABLE.c.first, _TABLE.c.last))
        .where(_is_open(index_id))
    )
    within = (_CHANGES.c.sequence > start, _CHANGES.c.sequence <= last)
    return select(func.min(_CHANGES.c.sequence)).where(*within, _CHANGES.c.work_key.in_(being_written))
