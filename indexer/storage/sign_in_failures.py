"""Failed tries to sign in, counted in the store: several processes, and restarts, make no more tries possible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from indexer.storage import schema
from indexer.storage.database import Database, retried

#: Whoever has not failed for so long begins anew.
FORGOTTEN = timedelta(days=1)
_failures = schema.sign_in_failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many tries are free, and the wait after them: ``first`` seconds, doubled by each further one to ``most``.

    ``window`` seconds after the first try, counting begins anew.
    """

    free: int
    first: int
    most: int
    window: int

    def wait(self, count: int) -> timedelta:
        """Return how long to wait after so many tries."""
        over = count - self.free
        return timedelta(seconds=0 if over < 0 else min(self.most, self.first << min(over, 20)))


class FailureTable:
    """Counts tries by what was tried, before it is known whether they fail: thousands at once are not one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    def take(self, digest: bytes, patience: Patience) -> float:
        """Count a try and return 0, or return how many seconds there are to wait; what is refused does not count."""
        table = _failures.c
        with self._database.write() as connection:
            self._database.one_writer(connection, f"tries:{digest.hex()}")
            now = self._database.moment(connection)
            connection.execute(delete(_failures).where(table.last_at < now - FORGOTTEN))
            row = connection.execute(select(_failures).where(table.digest == digest)).one_or_none()
            if row is None or now - row.first_at > timedelta(seconds=patience.window):
                connection.execute(delete(_failures).where(table.digest == digest))
                connection.execute(_failures.insert().values(digest=digest, tries=1, first_at=now, last_at=now))
                return 0.0
            left = _left(row.last_at, row.tries, patience, now)
            if left > 0:
                return left
            values = {"tries": row.tries + 1, "last_at": now}
            connection.execute(update(_failures).where(table.digest == digest).values(**values))
            return 0.0

    @retried
    def forget(self, digest: bytes) -> None:
        """Begin to count anew: who was tried has signed in."""
        with self._database.write() as connection:
            connection.execute(delete(_failures).where(_failures.c.digest == digest))

    @retried
    def give_back(self, digest: bytes) -> None:
        """Count a try less: it did not fail, though others under the same digest may have."""
        table = _failures.c
        with self._database.write() as connection:
            connection.execute(update(_failures).where(table.digest == digest).values(tries=table.tries - 1))


def _left(last: datetime, count: int, patience: Patience, now: datetime) -> float:
    return (last + patience.wait(count) - now).total_seconds()
