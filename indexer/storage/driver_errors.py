"""The errors of SQLite and PostgreSQL about the database itself, in our words and with their remedies."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from indexer.errors import StoreBusyError, StoreConflictError, StoreDamagedError, StoreError

#: The remedy wherever a file or folder cannot be written.
LET_WRITE = (
    "Let this user write the data folder and all in it, or set KAIJUAN_DATA_DIR to a folder that can be written."
)
# By the drivers' codes, never by their words: a message may quote a query, a record, or say "blocked".
_DAMAGED = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, "XX001", "XX002"))
_LOCKED = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, "55P03"))
_NOT_WRITABLE = frozenset((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM))
_CONFLICT = frozenset(("40P01", "40001"))  # PostgreSQL: deadlock_detected, serialization_failure


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the drivers' errors about the database itself into ours; all others pass."""
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreError(
            "All connections to the database are in use.", remedy="Try again in a moment; see whether it is slow."
        ) from error
    except DBAPIError as error:
        said, code = str(error.orig), _code(error)
        if code in _DAMAGED:
            raise StoreDamagedError(
                f"The store is damaged ({said}). Nothing was changed.",
                remedy="Stop kaijuan, keep a copy of the file, restore the last backup; "
                "or move the file aside and harvest again.",
            ) from error
        if code in _CONFLICT:
            raise StoreConflictError(
                "The database undid this step, for two processes waited for each other.", remedy="Do the same again."
            ) from error
        if code in _LOCKED:
            raise StoreBusyError(
                "The store is locked by another process.", remedy="Wait until it is done, or stop it first."
            ) from error
        if code in _NOT_WRITABLE:
            raise StoreError(f"The store's file cannot be written ({said}).", remedy=LET_WRITE) from error
        if isinstance(error, OperationalError) or error.connection_invalidated:
            raise StoreError(
                f"The database cannot be used: {said.strip()}.",
                remedy="Check that it runs, its address and the disk's free space.",
            ) from error
        raise


@contextlib.contextmanager
def translated_driver() -> Iterator[None]:
    """Do the same where SQLite's driver is asked without SQLAlchemy between."""
    with translated():
        try:
            yield
        except sqlite3.Error as error:
            raise DBAPIError.instance(None, None, error, sqlite3.Error) from error


def _code(error: DBAPIError) -> int | str | None:
    """Return the driver's code for an error: SQLite's primary one, or PostgreSQL's SQLSTATE."""
    if isinstance(error.orig, sqlite3.Error):
        code: int | None = getattr(error.orig, "sqlite_errorcode", None)  # none where Python itself refuses
        return None if code is None else code & 0xFF
    return getattr(error.orig, "sqlstate", None)
