"""People's judgements of which records are one work. They name records as their sources do, never by our keys.

So a judgement survives every rebuild, and one about a record that is gone, or was never seen, sleeps until it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BindParameter, Connection, bindparam, select

from indexer.identity.clustering import Ruling, cluster
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.database import Database
from indexer.storage.portraits import PortraitTable

_judgements, _names, _rows = schema.judgements, schema.judgement_records, schema.manifestations
_other_names, _other_rows = _names.alias("other_names"), _rows.alias("other_rows")
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_in_force = _judgements.c.kind.in_(("same", "different")) & _judgements.c.undone_at.is_(None)
_ANY = select(_judgements.c.key).where(_in_force).limit(1)
_named = (_names.c.source_key == _rows.c.source_key) & (_names.c.identifier == _rows.c.identifier)
_other_named = (_other_names.c.source_key == _other_rows.c.source_key) & (
    _other_names.c.identifier == _other_rows.c.identifier
)
_JOINED = (
    select(_other_rows.c.key)
    .select_from(_rows)
    .join(_names, _named)
    .join(_judgements, (_judgements.c.key == _names.c.judgement_key) & _in_force)
    .join(_other_names, _other_names.c.judgement_key == _judgements.c.key)
    .join(_other_rows, _other_named & _other_rows.c.live)
    .where(_rows.c.key.in_(_keys), _rows.c.live)
    .distinct()
)
_RULINGS = (
    select(_judgements.c.key, _judgements.c.kind, _names.c.label, _rows.c.key.label("manifestation_key"))
    .select_from(_rows)
    .join(_names, _named)
    .join(_judgements, (_judgements.c.key == _names.c.judgement_key) & _in_force)
)
_OF_RECORDS = _RULINGS.where(_rows.c.key.in_(_keys), _rows.c.live)
_EVERY = _RULINGS.where(_rows.c.live)


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanRuling:
    """A judgement in force about live records; ``groups`` are manifestation keys by label. ``key`` grows with time."""

    key: int
    verdict: Literal["same", "different"]
    groups: tuple[tuple[int, ...], ...]

    @property
    def named(self) -> tuple[int, ...]:
        """Return all its records, at least one."""
        return tuple(key for group in self.groups for key in group)

    def of(self, orders: Mapping[int, int]) -> Ruling:
        """Name records by their orders; those that are not among them are left out."""
        groups = (tuple(orders[key] for key in group if key in orders) for group in self.groups)
        return Ruling(self.key, self.verdict, self.key, tuple(groups))


class Rulings:
    """Reading the judgements in force, within a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def exist(self) -> bool:
        """Tell whether there are any; most libraries have none."""
        return self._connection.scalar(_ANY) is not None

    def joined(self, manifestation_keys: Iterable[int]) -> set[int]:
        """Return the live records that judgements name together with these.

        Also what is judged different: whether a judgement is overruled depends on all its records.
        """
        return {
            key for chunk in chunks(manifestation_keys) for key in self._connection.scalars(_JOINED, {"keys": chunk})
        }

    def of(self, manifestation_keys: Iterable[int]) -> list[HumanRuling]:
        """Return the judgements about these live records, the oldest first, with as many of their records."""
        rows = (
            tuple(row)
            for chunk in chunks(manifestation_keys)
            for row in self._connection.execute(_OF_RECORDS, {"keys": chunk})
        )
        return _grouped(rows)

    def all(self) -> list[HumanRuling]:
        """Return all judgements in force that have live records, the oldest first."""
        return _grouped(tuple(row) for row in self._connection.execute(_EVERY))

    def part(self, some: Iterable[int], others: Iterable[int]) -> bool:
        """Tell whether a judgement in force says that any of these live records are not one work with any of those."""
        left, right = set(some), set(others)
        for one in self.of(left | right):
            if one.verdict == "different":
                at_left = {place for place, group in enumerate(one.groups) if not left.isdisjoint(group)}
                at_right = {place for place, group in enumerate(one.groups) if not right.isdisjoint(group)}
                if at_left and at_right and len(at_left | at_right) > 1:
                    return True
        return False


def _grouped(rows: Iterable[tuple[int, Literal["same", "different"], int, int]]) -> list[HumanRuling]:
    verdicts: dict[int, Literal["same", "different"]] = {}
    groups: dict[int, dict[int, list[int]]] = {}
    for key, kind, label, manifestation_key in rows:
        verdicts[key] = kind
        groups.setdefault(key, {}).setdefault(label, []).append(manifestation_key)
    return [
        HumanRuling(key=key, verdict=verdicts[key], groups=tuple(tuple(sorted(held[label])) for label in sorted(held)))
        for key, held in sorted(groups.items())
    ]


def overruled(database: Database, connection: Connection, rulings: Sequence[HumanRuling]) -> frozenset[int]:
    """Return the keys of those judgements that newer ones among them contradict; what they say does not hold."""
    named = {key for one in rulings for key in one.named}
    portraits = PortraitTable(database, connection).load(named)
    orders = {key: portrait.order for key, portrait in portraits.items()}
    by_order = {portrait.order: portrait for portrait in portraits.values()}
    return cluster(by_order, (), [one.of(orders) for one in rulings]).overruled


class Judgements:
    """People's judgements in the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def overruled(self) -> frozenset[int]:
        """Return the keys of the judgements in force that newer ones contradict."""
        with self._database.read() as connection:
            return overruled(self._database, connection, Rulings(connection).all())
