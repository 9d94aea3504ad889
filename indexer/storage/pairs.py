"""Judged pairs with their reasons, for people to read; identity itself needs none of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, Row, bindparam, or_, select

from indexer.identity.judging import Reason
from indexer.storage import schema
from indexer.storage.catalogue import chunks

_table, _rows = schema.decisions, schema.manifestations
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
# Without a word of the verdict: SQLite would go through all of one verdict, by its index.
_TOUCHING = (
    select(_table)
    .where(or_(_table.c.left_key.in_(_keys), _table.c.right_key.in_(_keys)))
    .order_by(_table.c.score.desc(), _table.c.left_key, _table.c.right_key)
    .limit(bindparam("most"))
)
_BRIEFS = (
    select(
        _rows.c.key,
        _rows.c.id,
        _rows.c.identifier,
        _rows.c.data,
        _rows.c.work_key,
        schema.sources.c.id.label("source"),
        schema.works.c.id.label("work"),
    )
    .join(schema.sources, schema.sources.c.key == _rows.c.source_key)
    .outerjoin(schema.works, schema.works.c.key == _rows.c.work_key)
    .where(_rows.c.key.in_(_keys))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """A pair and what was judged of it; a relation reads "subject RELATION object"."""

    left: int
    right: int
    verdict: str
    score: float
    relation: str | None
    subject_is_left: bool
    reasons: tuple[Reason, ...]

    @classmethod
    def of(cls, row: Row[Any]) -> JudgedPair:
        """Read a row of decisions."""
        return cls(
            left=row.left_key,
            right=row.right_key,
            verdict=row.verdict,
            score=row.score,
            relation=row.relation,
            subject_is_left=row.subject_is_left,
            reasons=tuple(Reason(*reason) for reason in orjson.loads(row.reasons)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBrief:
    """A record in a line: whose it is, its title and year, and the work it is in (public ids)."""

    key: int
    id: str
    source: str
    identifier: str
    title: str
    year: int | None
    work_key: int | None
    work: str | None


def pairs_touching(connection: Connection, keys: Iterable[int], *, most: int) -> list[JudgedPair]:
    """Return the pairs that have one of these records in them, the highest scores first, at most so many a chunk."""
    found: dict[tuple[int, int], JudgedPair] = {}
    for chunk in chunks(keys):
        for row in connection.execute(_TOUCHING, {"keys": chunk, "most": most}):
            found[row.left_key, row.right_key] = JudgedPair.of(row)
    return sorted(found.values(), key=lambda one: (-one.score, one.left, one.right))


def briefs(connection: Connection, keys: Iterable[int]) -> dict[int, RecordBrief]:
    """Return records in a line each, by key."""
    return {row.key: _brief(row) for chunk in chunks(keys) for row in connection.execute(_BRIEFS, {"keys": chunk})}


def _brief(row: Any) -> RecordBrief:
    data: Mapping[str, Any] = orjson.loads(row.data)
    return RecordBrief(
        key=row.key,
        id=row.id,
        source=row.source,
        identifier=row.identifier,
        title=data["title"]["value"],
        year=data["published"]["year"] if data["published"] else None,
        work_key=row.work_key,
        work=row.work,
    )


def members_of(connection: Connection, work_keys: Sequence[int], *, most: int) -> dict[int, list[int]]:
    """Return the keys of live records by work, the first ones in the order in which they came, at most so many each."""
    found: dict[int, list[int]] = {}
    for work in work_keys:
        statement = select(_rows.c.key).where(_rows.c.work_key == work, _rows.c.live).order_by(_rows.c.key).limit(most)
        found[work] = list(connection.scalars(statement))
    return found
