"""Which works wait to be indexed again since the library changed its subject tree, told by what they are found by.

An entry is written in the transaction of its change, and struck off when its works have been indexed again; a kill
between leaves it, and doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from indexer.storage import schema
from indexer.storage.database import Database, retried

_FACT = "subjects_pending"
#: By what transactions that change subjects follow each other.
WRITER = "subjects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What works are found by: a subject (``scheme`` and ``value``, both folded), or a class (no ``scheme``)."""

    scheme: str | None
    value: str


class SubjectQueue:
    """Reading the queue, and striking off."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> list[Pending]:
        """Return what waits, the oldest first."""
        with self._database.read() as connection:
            return [Pending(scheme=scheme, value=value) for scheme, value in _read(connection)]

    @retried
    def settle(self, count: int) -> None:
        """Strike off the first so many; what was added meanwhile stays."""
        if not count:
            return
        with self._database.write() as connection:
            self._database.one_writer(connection, WRITER)
            _write(self._database, connection, _read(connection)[count:])


def note_pending(database: Database, connection: Connection, more: Iterable[Pending]) -> None:
    """Add to the queue, in a transaction that is the one ``WRITER``."""
    if added := [[one.scheme, one.value] for one in more]:
        _write(database, connection, _read(connection) + added)


def _read(connection: Connection) -> list[list[Any]]:
    kept = connection.scalar(select(schema.facts.c.value).where(schema.facts.c.name == _FACT))
    read: list[list[Any]] = orjson.loads(kept) if kept else []
    return read


def _write(database: Database, connection: Connection, entries: list[list[Any]]) -> None:
    value = orjson.dumps(entries).decode()
    insert = database.insert(schema.facts).values(name=_FACT, value=value)
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
