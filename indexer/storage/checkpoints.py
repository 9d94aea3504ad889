"""Checkpoints: up to which datestamp a source's format and set is completely here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from harvesters.windows import is_datestamp
from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database


def checkpoint_of(connection: Connection, source_key: int, metadata_prefix: str, set_spec: str) -> str | None:
    """Return the newest datestamp up to which a format is complete, else where its first harvest began."""
    table, slices, runs = schema.checkpoints.c, schema.harvest_slices.c, schema.harvest_runs.c
    reached: str | None = connection.scalar(
        select(table.datestamp).where(
            table.source_key == source_key, table.metadata_prefix == metadata_prefix, table.set_spec == set_spec
        )
    )
    if reached is not None:
        return reached
    # Where the earliest of its lists began, which may well have had no beginning.
    began = (
        select(slices.since)
        .join(schema.harvest_runs, runs.key == slices.run_key)
        .where(
            slices.source_key == source_key,
            slices.metadata_prefix == metadata_prefix,
            slices.set_spec == set_spec,
            runs.kind == "harvest",
            runs.since.is_(None),
            runs.until.is_(None),
        )
        .order_by(slices.since.is_not(None), slices.since)
        .limit(1)
    )
    start: str | None = connection.scalar(began)
    return start


def reached_by(place: Row[Any]) -> str | None:
    """Return up to which datestamp everything is here once a list (its row) is complete; ``None`` where it was empty.

    What changed while the list was being fetched may have been missed, so that is where the list began at the latest,
    by the repository's clock and by ours; neither may push it into the future.
    """
    if not place.newest_datestamp:
        return None
    began = [clock.iso(place.started_at) or ""]
    if place.first_response and is_datestamp(place.first_response):
        began.append(place.first_response)
    # A header may say more than its list: nothing behind the window is here.
    ends: list[str] = [place.newest_datestamp, *began, *([place.until] if place.until else [])]
    return min(ends)


def move_checkpoint(database: Database, connection: Connection, place: Row[Any]) -> None:
    """Let the checkpoint of a complete list's format and set follow it; it never goes back."""
    datestamp = reached_by(place)
    if datestamp is None:
        return
    table = schema.checkpoints
    insert = database.insert(table).values(
        source_key=place.source_key,
        metadata_prefix=place.metadata_prefix,
        set_spec=place.set_spec,
        datestamp=datestamp,
        updated_at=clock.now(),
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["source_key", "metadata_prefix", "set_spec"],
            set_={"datestamp": insert.excluded.datestamp, "updated_at": insert.excluded.updated_at},
            where=table.c.datestamp < insert.excluded.datestamp,
        )
    )


def forget(connection: Connection, source_key: int, set_spec: str) -> None:
    """Begin anew with a set of a source: nothing of it counts as complete."""
    table = schema.checkpoints.c
    connection.execute(schema.checkpoints.delete().where(table.source_key == source_key, table.set_spec == set_spec))
