"""A store that nobody else changes for a while: to move it, or to take its schema back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Table, select, text

from indexer.errors import StoreBusyError
from indexer.storage import schema
from indexer.storage.database import Database

#: What whoever joins records, builds the index anew or checks links holds (``search_api``).
_LOCKS = ("index", "rebuild", "links")
#: Whoever has a batch in hand, or only looks whether a lock is free, is done in that time.
_PATIENCE_SECONDS = 10.0
_STOP = "Stop what runs with it (kaijuan up, harvest, index, rebuild, links check), and run the command again."


@contextlib.contextmanager
def alone(database: Database) -> Iterator[None]:
    """Let nobody else join records, build the index anew or check links meanwhile.

    Raises:
        StoreBusyError: somebody does, and does not end in ten seconds.
    """
    with contextlib.ExitStack() as stack:
        for name in _LOCKS:
            try:
                stack.enter_context(database.lock(name, wait_seconds=_PATIENCE_SECONDS))
            except StoreBusyError as error:
                raise StoreBusyError(
                    f"The store is in use: another process is busy with {name!r}.", remedy=_STOP
                ) from error
        yield


@contextlib.contextmanager
def standing_still(database: Database, tables: Sequence[Table]) -> Iterator[Connection]:
    """Let nobody else change these tables meanwhile, whoever it is; searches go on. Yield a connection to read with.

    Raises:
        StoreBusyError: somebody changes them, or is harvesting.
    """
    with alone(database), database.write() as connection:  # SQLite has one writer
        if not database.is_embedded:
            quoted = database.engine.dialect.identifier_preparer.quote
            names = ", ".join(quoted(table.name) for table in tables)
            connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS:.0f}s'"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
        require_no_harvest(database, connection)
        yield connection


def require_no_harvest(database: Database, connection: Connection) -> None:
    """Raise ``StoreBusyError`` where a source is being harvested.

    A harvest that waits for its repository writes nothing at this moment, but holds its source's lock.
    """
    for source in connection.execute(select(schema.sources.c.id).order_by(schema.sources.c.id)).scalars():
        if database.is_locked(f"harvest:{source}"):
            raise StoreBusyError(f"Source {source!r} is being harvested.", remedy=_STOP)
