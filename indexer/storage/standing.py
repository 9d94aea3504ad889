"""How judgements stand: in force, overruled by newer ones, or asleep until their records come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from sqlalchemy import BindParameter, Connection, bindparam, select

from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.corrections import CorrectionTable
from indexer.storage.database import Database
from indexer.storage.judgements import HumanRuling, Rulings, overruled

Standing = Literal["in_force", "overruled", "sleeping", "undone"]

_rows = schema.manifestations
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_HOMES = select(_rows.c.work_key).where(_rows.c.key.in_(_keys), _rows.c.live, _rows.c.work_key.is_not(None))
_MEMBERS = select(_rows.c.key, _rows.c.work_key).where(_rows.c.work_key.in_(_keys), _rows.c.live)
_FIELDS = select(schema.judgements.c.key, schema.judgements.c.field).where(schema.judgements.c.key.in_(_keys))


def standing_near(database: Database, connection: Connection, keys: Iterable[int]) -> dict[int, Standing]:
    """Return how the judgements stand that are about these records, or about others that those are tied to.

    By the judgements' keys. Those that are undone or have no live record are left out.
    """
    near = _tied(connection, set(keys))
    rulings = Rulings(connection).of(near)
    over = overruled(database, connection, rulings)
    found: dict[int, Standing] = {}
    for one in rulings:
        asleep = _is_asleep(one)
        found[one.key] = "sleeping" if asleep else "overruled" if one.key in over else "in_force"
    return {**found, **_corrections(connection, near)}


def _tied(connection: Connection, keys: set[int]) -> set[int]:
    """Follow what judgements name together until nothing new is met."""
    rulings, frontier = Rulings(connection), set(keys)
    while frontier:
        frontier = rulings.joined(frontier) - keys
        keys |= frontier
    return keys


def _is_asleep(ruling: HumanRuling) -> bool:
    """Tell whether too few of a judgement's records are here for it to say anything."""
    return len(ruling.groups if ruling.verdict == "different" else ruling.named) < 2  # noqa: PLR2004  # it takes two


def _corrections(connection: Connection, keys: set[int]) -> dict[int, Standing]:
    """Tell corrections that hold from those that a newer one of the same field and work overrules."""
    works = dict(_members(connection, {key for chunk in chunks(keys) for key in _homes(connection, chunk)}))
    anchors = CorrectionTable(connection).anchors(works)
    fields = {row.key: row.field for chunk in chunks(anchors) for row in connection.execute(_FIELDS, {"keys": chunk})}
    newest: dict[tuple[int, str], int] = {}
    for key in sorted(anchors):
        if anchors[key] in works:
            newest[works[anchors[key]], fields[key]] = key
    return {
        key: "in_force" if newest[works[anchor], fields[key]] == key else "overruled"
        for key, anchor in anchors.items()
        if anchor in works
    }


def _homes(connection: Connection, keys: list[int]) -> Iterable[int]:
    return connection.scalars(_HOMES, {"keys": keys})


def _members(connection: Connection, works: Iterable[int]) -> Iterator[tuple[int, int]]:
    for chunk in chunks(works):
        for row in connection.execute(_MEMBERS, {"keys": chunk}):
            yield row.key, row.work_key
