"""The append-only change feed of works; search index, alerts, feeds and sync all read it.

Kinds: ``new``, ``changed``, ``merged`` (this work now redirects), ``split`` (new, from another work), ``removed``. Its
safe horizon is the highest sequence number that a reader sees: writers follow each other (``Database.one_writer``), so
no lower number can appear later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database

ChangeKind = Literal["new", "changed", "merged", "split", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkChange:
    """One entry: which work changed how, and to which version."""

    sequence: int
    work_key: int
    version: int
    kind: ChangeKind
    at: datetime


def append_changes(database: Database, connection: Connection, changes: Sequence[tuple[int, int, ChangeKind]]) -> None:
    """Append (work key, version, kind) entries as part of the transaction that makes the changes."""
    if not changes:
        return
    database.one_writer(connection, "work_changes")
    newest = select(schema.work_changes.c.at).order_by(schema.work_changes.c.sequence.desc()).limit(1)
    # Clocks are set back, and differ between machines; times along the feed never go back.
    now = max(clock.now(), connection.scalar(newest) or clock.now())
    connection.execute(
        schema.work_changes.insert(),
        [{"work_key": key, "version": version, "kind": kind, "at": now} for key, version, kind in changes],
    )


class ChangeFeed:
    """Reading the feed by position."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, sequence: int, limit: int) -> list[WorkChange]:
        """Return the entries that follow a position, oldest first, at most ``limit``."""
        table = schema.work_changes
        statement = select(table).where(table.c.sequence > sequence).order_by(table.c.sequence).limit(limit)
        with self._database.read() as connection:
            return [WorkChange(**row) for row in connection.execute(statement).mappings()]

    def mark(self, sequence: int) -> str:
        """Return what stands at a position, in a form that no other history of the store would repeat by chance."""
        table = schema.work_changes
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.sequence == sequence)).one_or_none()
        return "" if row is None else f"{row.work_key}.{row.version}.{row.at.timestamp():.6f}"

    def horizon(self) -> int:
        """Return the newest position; 0 for an empty feed."""
        with self._database.read() as connection:
            return int(
                connection.execute(select(func.coalesce(func.max(schema.work_changes.c.sequence), 0))).scalar_one()
            )
