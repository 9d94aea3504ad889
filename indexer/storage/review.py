"""What the machine could not decide, for people to look at: the likeliest first, among those what touches most records.

A pair of works is shown once, by the best pair of their records, and not at all once somebody has judged them apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from indexer.errors import QueryError
from indexer.storage import schema
from indexer.storage.database import Database
from indexer.storage.judgements import Rulings
from indexer.storage.pairs import JudgedPair, RecordBrief, briefs, members_of, pairs_touching

#: Scores nearer to each other than this count as one; then the number of records decides.
_STEPS = 20
#: Of works with more records only the first ones are compared to find their best pair.
_MOST_MEMBERS, _MOST_PAIRS = 100, 2_000
_BATCH = 100
_PLACE = re.compile(r"(\d{1,2})\.(\d{1,9})\.(\d{1,18})\.(\d{1,18})")
_decisions = schema.decisions
_left, _right = schema.manifestations.alias("left"), schema.manifestations.alias("right")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a pair stands in the list: by score, then by records touched, then by keys."""

    step: int
    records: int
    left: int
    right: int

    def __str__(self) -> str:
        """Write it as it goes to and fro."""
        return f"{self.step}.{self.records}.{self.left}.{self.right}"

    @classmethod
    def read(cls, written: str) -> Place:
        """Read a place; raise ``QueryError`` where it is none."""
        match = _PLACE.fullmatch(written)
        if match is None:
            raise QueryError("foreign_cursor", parameter="after")
        return cls(*(int(part) for part in match.groups()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A pair of works to be looked at, by the pair of records that is likest; ``records`` is how many both have."""

    place: Place
    pair: JudgedPair
    left: RecordBrief
    right: RecordBrief
    records: int


def undecided(database: Database, *, limit: int, after: Place | None = None) -> list[Undecided]:
    """Return the next pairs of works in the list."""
    found: list[Undecided] = []
    with database.read() as connection:
        rulings = Rulings(connection) if Rulings(connection).exist() else None
        for place, pair in _walk(connection, after):
            lines = briefs(connection, (pair.left, pair.right))
            left, right = lines[pair.left], lines[pair.right]
            if _is_best(connection, place, left, right) and not _is_judged(connection, rulings, left, right):
                found.append(Undecided(place=place, pair=pair, left=left, right=right, records=place.records))
                if len(found) == limit:
                    break
    return found


def count_undecided(database: Database) -> int:
    """Return how many pairs of records are undecided, those of one work left out."""
    statement = (
        select(func.count())
        .select_from(_decisions)
        .join(_left, _left.c.key == _decisions.c.left_key)
        .join(_right, _right.c.key == _decisions.c.right_key)
        .where(_decisions.c.verdict == "undecided", _left.c.work_key != _right.c.work_key)
    )
    with database.read() as connection:
        return int(connection.execute(statement).scalar_one())


def _walk(connection: Connection, after: Place | None) -> Iterator[tuple[Place, JudgedPair]]:
    """Yield undecided pairs of records of different works, a step of scores after the other."""
    first = after.step if after is not None else _STEPS
    for step in range(min(first, _STEPS), -1, -1):
        last = after if after is not None and after.step == step else None
        while rows := connection.execute(_statement(step, last)).all():
            for row in rows:
                last = Place(step, row.records, row.left_key, row.right_key)
                yield last, JudgedPair.of(row)
            if len(rows) < _BATCH:
                break


def _statement(step: int, after: Place | None) -> Select[Any]:
    size = _size(_left.c.work_key) + _size(_right.c.work_key)
    pairs = (
        select(_decisions, size.label("records"))
        .join(_left, _left.c.key == _decisions.c.left_key)
        .join(_right, _right.c.key == _decisions.c.right_key)
        .where(
            _decisions.c.verdict == "undecided",
            _decisions.c.score >= step / _STEPS,
            _decisions.c.score < (step + 1) / _STEPS,
            _left.c.work_key != _right.c.work_key,
        )
        .subquery()
    )
    statement = select(pairs).order_by(pairs.c.records.desc(), pairs.c.left_key, pairs.c.right_key).limit(_BATCH)
    if after is None:
        return statement
    same = pairs.c.records == after.records
    return statement.where(
        or_(
            pairs.c.records < after.records,
            and_(same, pairs.c.left_key > after.left),
            and_(same, pairs.c.left_key == after.left, pairs.c.right_key > after.right),
        )
    )


def _size(work_key: Any) -> Any:
    table = schema.manifestations.alias()
    counted = select(func.count()).select_from(table).where(table.c.work_key == work_key, table.c.live)
    return counted.scalar_subquery()


def _is_best(connection: Connection, place: Place, left: RecordBrief, right: RecordBrief) -> bool:
    """Tell whether no other pair of the same two works stands before this one."""
    if left.work_key is None or right.work_key is None:
        return False
    works = members_of(connection, (left.work_key, right.work_key), most=_MOST_MEMBERS)
    if sum(map(len, works.values())) == 2:  # noqa: PLR2004  # one record each
        return True
    at = {key: work for work, keys in works.items() for key in keys}
    smaller = min(works.values(), key=len)
    others = (
        Place(_step(one), place.records, one.left, one.right)
        for one in pairs_touching(connection, smaller, most=_MOST_PAIRS)
        if one.verdict == "undecided" and {one.left, one.right} <= at.keys() and at[one.left] != at[one.right]
    )
    return not any((-one.step, one.left, one.right) < (-place.step, place.left, place.right) for one in others)


def _step(pair: JudgedPair) -> int:
    return math.floor(pair.score * _STEPS)


def _is_judged(connection: Connection, rulings: Rulings | None, left: RecordBrief, right: RecordBrief) -> bool:
    """Tell whether people keep the two works apart."""
    if rulings is None or left.work_key is None or right.work_key is None:
        return False
    works = members_of(connection, (left.work_key, right.work_key), most=_MOST_MEMBERS)
    return rulings.part(works[left.work_key], works[right.work_key])
