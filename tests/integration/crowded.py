"""Stores with rows in every table, whatever tables there are, and values that databases like to spoil."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from indexer.storage.database import Database
from indexer.storage.moved_rows import kind_of
from indexer.storage.moving import moved_tables

_LARGEST = 2**63 - 1
_TEXTS = ("", "钙钛矿 😀👩‍🔬 \u202eabc", "x" * 20_000, "'\"\\%s?:name\n\t", "Ünïcödé e\u0301 \ufeff", "NULL", "0")
_BYTES = (b"", b"\x00\xff\xfe", bytes(range(256)) * 40, b"not text \xc3\x28")
_NUMBERS = (0, -1, _LARGEST, -(2**63), 1)
_SMALL = (0, -1, 2**31 - 1, -(2**31), 404)
_FLOATS = (0.0, -1.5, 0.1 + 0.2, 1e308, 5e-324, 2.0**53 + 2)
_TIMES = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2026, 11, 22, 6, 0, 0, 1, tzinfo=UTC),
)


def crowd(database: Database, rows: int = 40) -> None:
    """Put rows into every table that moves; the same each time, and each references others."""
    with database.write() as connection:
        for table in moved_tables():
            connection.execute(insert(table), [_row(connection, table, number) for number in range(rows)])
            for column in _inner(table):
                key = next(iter(table.primary_key))
                keys = connection.execute(select(key).order_by(key)).scalars().all()
                for one, other in zip(keys[::2], keys[1::2], strict=False):  # forwards and back
                    connection.execute(update(table).where(key == one).values({column.name: other}))
                    connection.execute(update(table).where(key == keys[-1]).values({column.name: keys[0]}))


def _row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for position, column in enumerate(table.c):
        if column is table.autoincrement_column:
            given[column.name] = number * 7 + 3
        elif _inner(table).count(column):
            given[column.name] = None
        elif column.foreign_keys:
            target = next(iter(column.foreign_keys)).column
            keys = connection.execute(select(target).order_by(target)).scalars().all()
            spread = number if column.primary_key else number // 2
            given[column.name] = keys[(spread + position) % len(keys)]
        elif column.nullable and (number + position) % 3 == 0:
            given[column.name] = None
        else:
            given[column.name] = _value(column, number, position, is_unique=_is_unique(table, column))
    return given


def _value(column: Column[Any], number: int, position: int, *, is_unique: bool) -> Any:
    kind, is_large = kind_of(column), isinstance(column.type, BigInteger)
    if is_unique:
        largest = _LARGEST if is_large else 2**31 - 1
        return {str: f"{column.name} {number} 键", bytes: b"\x00%d" % number, int: largest - number}[kind]
    if kind is str and any(column.name in index.columns for index in column.table.indexes):
        return _TEXTS[1]  # an index entry has at most 2,704 bytes
    values: tuple[Any, ...] = {
        str: _TEXTS,
        bytes: _BYTES,
        int: _NUMBERS if is_large else _SMALL,
        float: _FLOATS,
        bool: (True, False),
        datetime: _TIMES,
    }[kind]
    return values[(number + position) % len(values)]


def _is_unique(table: Table, column: Column[Any]) -> bool:
    together = [index.columns for index in table.indexes if index.unique]
    together += [one.columns for one in table.constraints if isinstance(one, UniqueConstraint | PrimaryKeyConstraint)]
    return any(column.name in columns for columns in together)


def _inner(table: Table) -> list[Column[Any]]:
    return [c for c in table.c if any(key.column.table is table for key in c.foreign_keys)]


def held(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables that move, as SQLAlchemy reads them, to compare two stores."""
    found = {}
    with database.read() as connection:
        if not database.is_embedded:
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        for table in moved_tables():
            found[table.name] = sorted(map(tuple, connection.execute(select(table))), key=repr)
    return found
