"""Rows on their way from one database to the other: read, checked, written, counted and digested, alike on both.

What differs between the dialects besides what ``database.py`` knows is here: a row is a tuple of plain Python values in
the order of the table's columns, aware UTC times and genuine booleans among them, whichever database it comes from.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, Table, Text, text
from sqlalchemy.exc import DataError, OperationalError

from indexer.errors import StoreError
from indexer.storage.columns import UtcDateTime
from indexer.storage.database import MOVING, Database
from indexer.storage.schema import facts

Row = tuple[Any, ...]

#: Rows and bytes of a batch, which is one transaction of the target: memory does not grow with the library.
BATCH_ROWS, BATCH_BYTES = 2_000, 4 << 20
#: PostgreSQL sends no more at once, however many rows there are.
_BUFFERED_ROWS = 100
_SHOWN = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_INTEGER = 2**31
_MODULUS = 1 << 256
#: Which Python type each kind of column holds; first come the subtypes.
_KINDS: tuple[tuple[type, type], ...] = (
    (UtcDateTime, datetime),
    (Boolean, bool),
    (BigInteger, int),
    (Integer, int),
    (Float, float),
    (LargeBinary, bytes),
    (Text, str),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A value that one of the two databases cannot hold."""

    table: str
    key: str
    column: str
    reason: str

    def __str__(self) -> str:
        """Name the row and what is wrong with it."""
        return f"{self.table} {self.key}, column {self.column}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a table holds: its rows, a checksum over them in any order, and the last key that was ever given."""

    rows: int
    checksum: str
    last_key: int


def kind_of(column: Column[Any]) -> type:
    """Return the Python type of a column's values; raise ``TypeError`` for a kind that nobody taught to move."""
    for kind, python in _KINDS:
        if isinstance(column.type, kind):
            return python
    raise TypeError(f"Nobody knows how to move {column.table.name}.{column.name}. Add its type to moved_rows.py.")


class MovedTable:
    """One table, on either database."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.name = table.name
        self.columns = [column.name for column in table.c]
        self.keys = [column.name for column in table.primary_key]
        self._key_at = [self.columns.index(name) for name in self.keys]
        self._kinds = [kind_of(column) for column in table.c]
        self._fit: set[tuple[type, ...]] = set()
        #: Columns that refer to rows of the same table, perhaps later ones: filled in when all are there.
        self.inner = [c.name for c in table.c if any(key.column.table is table for key in c.foreign_keys)]

    def key_of(self, row: Row) -> Row:
        """Return a row's primary key."""
        return tuple(row[at] for at in self._key_at)

    # --- reading -----------------------------------------------------------------------------

    def read(
        self,
        database: Database,
        connection: Connection,
        *,
        after: Row | None = None,
        until: Row | None = None,
        only_linked: bool = False,
        ordered: bool = True,
    ) -> Iterator[Row]:
        """Yield rows, in the order of the database's own primary key, behind one key and up to another.

        ``only_linked`` leaves those that refer to a row of the same table.
        """
        quoted = database.engine.dialect.identifier_preparer.quote
        marks = ", ".join([_mark(database)] * len(self.keys))
        keys = ", ".join(map(quoted, self.keys))
        limits = [f"({keys}) {sign} ({marks})" for sign, key in ((">", after), ("<=", until)) if key is not None]
        if only_linked:
            limits.append(" OR ".join(f"{quoted(name)} IS NOT NULL" for name in self.inner))
        if self.table is facts:
            limits.append(f"name <> '{MOVING}'")  # how far a move came is no part of the library
        where = f" WHERE {' AND '.join(f'({limit})' for limit in limits)}" if limits else ""
        order = f" ORDER BY {keys}" if ordered else ""
        columns = ", ".join(map(quoted, self.columns))
        with self._told(after):
            found = connection.exec_driver_sql(
                f"SELECT {columns} FROM {quoted(self.name)}{where}{order}",  # noqa: S608  # our own names
                (after or ()) + (until or ()),
                execution_options={"stream_results": True, "max_row_buffer": _BUFFERED_ROWS},
            )
            converted = self._from_sqlite if database.is_embedded else tuple
            yield from map(converted, found)

    @contextlib.contextmanager
    def _told(self, after: Row | None) -> Iterator[None]:
        try:
            yield
        except (DataError, OperationalError) as error:
            behind = f" behind {shown_key(after)}" if after else ""
            raise StoreError(
                f"Table {self.name} cannot be read{behind}: {error.orig}.",
                remedy="Correct what is named there, and run the command again.",
            ) from error

    def _from_sqlite(self, row: Sequence[Any]) -> Row:
        """Turn SQLite's numbers and texts into booleans and times; what is neither stays, to be found unfit."""
        return tuple(
            _FROM_SQLITE[kind](value) if kind in _FROM_SQLITE and value is not None else value
            for kind, value in zip(self._kinds, row, strict=True)
        )

    # --- what a row is -----------------------------------------------------------------------

    def unfit(self, row: Row) -> Unfit | None:
        """Return what of a row the other database could not hold, if anything."""
        types = tuple(map(type, row))
        if types not in self._fit:
            for name, kind, found in zip(self.columns, self._kinds, types, strict=True):
                if found is not kind and found is not type(None):
                    return self._unfit(row, name, f"it is no {kind.__name__} but a {found.__name__}")
            self._fit.add(types)
        for name, value in zip(self.columns, row, strict=True):
            reason = self._reason(name, value)
            if reason:
                return self._unfit(row, name, reason)
        return None

    def _reason(self, name: str, value: object) -> str:
        if isinstance(value, str):
            if "\0" in value:
                return "a NUL character stands in its text"
            return "" if is_utf8(value) else "its text is no UTF-8"
        if isinstance(value, float) and math.isnan(value):
            return "it is no number (NaN)"
        if type(value) is int and not isinstance(self.table.c[name].type, BigInteger):
            return "" if -_MOST_INTEGER <= value < _MOST_INTEGER else f"{value} is too large a number for it"
        return ""

    def _unfit(self, row: Row, column: str, reason: str) -> Unfit:
        return Unfit(table=self.name, key=shown_key(self.key_of(row)), column=column, reason=reason)

    def digest(self, row: Row, *, without: Sequence[str] = ()) -> int:
        """Return a row's digest; the sum of them does not depend on the order, nor on how a database writes values."""
        values = [value for name, value in zip(self.columns, row, strict=True) if name not in without]
        return int.from_bytes(hashlib.sha256(b"".join(map(_encoded, values))).digest())

    def content(
        self,
        database: Database,
        connection: Connection,
        *,
        heard: Callable[[Row], None] = lambda _: None,
        without: Sequence[str] = (),
        until: Row | None = None,
    ) -> Content:
        """Read all rows (up to a key), without some columns; ``heard`` is called with each."""
        count, total = 0, 0
        for row in self.read(database, connection, until=until, ordered=False):
            heard(row)
            total += self.digest(row, without=without)
            count += 1
        return Content(rows=count, checksum=f"{total % _MODULUS:064x}", last_key=self.last_key(database, connection))

    # --- writing -----------------------------------------------------------------------------

    def write(self, database: Database, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert rows, without their references to rows of the same table."""
        inner = {self.columns.index(name) for name in self.inner}
        ready = [
            tuple(None if at in inner else _to_driver(database, value) for at, value in enumerate(row)) for row in rows
        ]
        database.insert_rows(connection, self.table, self.columns, ready)

    def link(self, database: Database, connection: Connection, rows: Sequence[Row]) -> None:
        """Give rows that are there their references to rows of the same table."""
        quoted = database.engine.dialect.identifier_preparer.quote
        setting = ", ".join(f"{quoted(name)} = {_mark(database)}" for name in self.inner)
        where = " AND ".join(f"{quoted(name)} = {_mark(database)}" for name in self.keys)
        inner = [self.columns.index(name) for name in self.inner]
        values = [tuple(row[at] for at in inner) + self.key_of(row) for row in rows]
        connection.exec_driver_sql(f"UPDATE {quoted(self.name)} SET {setting} WHERE {where}", values)  # noqa: S608

    # --- keys that the database counts up ----------------------------------------------------

    def last_key(self, database: Database, connection: Connection) -> int:
        """Return the last key that was given, also to rows that are gone; 0 where the database gives none."""
        column = self.table.autoincrement_column
        if column is None:
            return 0
        quoted = database.engine.dialect.identifier_preparer.quote
        newest = f"SELECT max({quoted(column.name)}) FROM {quoted(self.name)}"  # noqa: S608  # our own names
        highest = connection.exec_driver_sql(newest).scalar() or 0
        if database.is_embedded:
            counted = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            return max(highest, connection.scalar(counted, {"name": self.name}) or 0)
        sequence = self._sequence(connection, column)
        given = connection.exec_driver_sql(f"SELECT last_value FROM {sequence} WHERE is_called").scalar()  # noqa: S608
        return max(highest, given or 0)

    def set_last_key(self, database: Database, connection: Connection, last: int) -> None:
        """Let the database go on behind a key, so that none is given twice."""
        column = self.table.autoincrement_column
        if column is None or last < 1:
            return
        if database.is_embedded:
            name = {"name": self.name}
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), name)
            connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), {**name, "last": last})
        else:
            sequence = self._sequence(connection, column)
            connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})

    def _sequence(self, connection: Connection, column: Column[Any]) -> str:
        name = {"name": self.name, "column": column.name}
        return str(connection.scalar(text("SELECT pg_get_serial_sequence(:name, :column)"), name))


@contextlib.contextmanager
def exact(database: Database, connection: Connection) -> Iterator[None]:
    """Let a connection answer with values as they are stored: times in UTC, texts even if they are damaged."""
    if not database.is_embedded:
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))  # else the last hours of 9999 are years that Python lacks
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Cut rows into batches of few rows and few bytes."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def shown_key(key: Row) -> str:
    """Write a primary key for people; digests in hexadecimal."""
    parts = [value.hex() if isinstance(value, bytes) else ascii(value) for value in key]
    return " ".join(part if len(part) <= _SHOWN else part[:_SHOWN] + "…" for part in parts)


def is_utf8(value: str) -> bool:
    """Tell whether a text can be written as UTF-8: it has no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encoded(value: object) -> bytes:
    """Write a value so that no two different ones, nor rows of them, look the same."""
    return _ENCODERS[type(value)](value)


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogateescape")
    return b"t%d:" % len(data) + data


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"-",
    str: _text,
    bytes: lambda value: b"b%d:" % len(value) + value,
    datetime: lambda value: b"m%d;" % ((value - _EPOCH) // _MICROSECOND),
    float: lambda value: b"f" + struct.pack(">d", value + 0.0),  # SQLite does not tell -0.0 from 0.0
    bool: lambda value: b"o%d;" % value,
    int: lambda value: b"i%d;" % value,
}


def _mark(database: Database) -> str:
    return "?" if database.is_embedded else "%s"


def _to_driver(database: Database, value: object) -> object:
    return database.time_value(value) if isinstance(value, datetime) else value


def _boolean(value: object) -> object:
    return bool(value) if value in {0, 1} else value


def _moment(value: object) -> object:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value
    if not isinstance(moment, datetime):
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_FROM_SQLITE: dict[type, Callable[[Any], object]] = {bool: _boolean, datetime: _moment}
