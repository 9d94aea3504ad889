"""Relations between records of different works, as they were judged or stated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, or_, select

from indexer.storage import schema
from indexer.storage.catalogue import chunks

_table = schema.decisions
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_RELATED = select(_table.c.left_key, _table.c.right_key, _table.c.relation, _table.c.subject_is_left).where(
    _table.c.verdict == "related", or_(_table.c.left_key.in_(_keys), _table.c.right_key.in_(_keys))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedPair:
    """One record's relation to another, by keys."""

    relation: str
    is_subject: bool
    other: int


def related_pairs(connection: Connection, keys: Iterable[int]) -> dict[int, list[RelatedPair]]:
    """Return the relations of manifestations, by key; most have none."""
    found: dict[int, list[RelatedPair]] = {}
    wanted = set(keys)
    seen: set[tuple[int, int]] = set()
    for chunk in chunks(wanted):
        for left, right, relation, subject_is_left in connection.execute(_RELATED, {"keys": chunk}):
            if (left, right) in seen:
                continue
            seen.add((left, right))
            for own, other, is_subject in ((left, right, subject_is_left), (right, left, not subject_is_left)):
                if own in wanted:
                    pair = RelatedPair(relation=relation, is_subject=is_subject, other=other)
                    found.setdefault(own, []).append(pair)
    return found
