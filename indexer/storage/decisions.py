"""What was judged of pairs that share a block; all but plain differences are kept, with their reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, or_, select

from indexer.identity.blocking import MOST_IN_BLOCK
from indexer.identity.judging import Judgement, judge
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.database import Database
from indexer.storage.portraits import PortraitTable

_table = schema.decisions
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_touching = or_(_table.c.left_key.in_(_keys), _table.c.right_key.in_(_keys))
_FORGET = _table.delete().where(_touching).returning(_table.c.left_key, _table.c.right_key, _table.c.verdict)
_SAME = select(_table.c.left_key, _table.c.right_key, _table.c.score).where(_table.c.verdict == "same", _touching)
_COLUMNS = ("left_key", "right_key", "verdict", "score", "relation", "subject_is_left", "reasons")

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """Whose clusters may be others now, and which records have gained or lost a relation, or may have."""

    linked: frozenset[int] = frozenset()
    related: frozenset[int] = frozenset()


class DecisionTable:
    """Judging pairs within one transaction."""

    def __init__(self, database: Database, connection: Connection, portraits: PortraitTable) -> None:
        self._database = database
        self._connection = connection
        self._portraits = portraits

    def judge_anew(self, keys: Collection[int]) -> Rejudged:
        """Forget what was judged of these records and judge them against all whom they meet now."""
        linked, related = set(keys), set()
        for chunk in chunks(keys):
            for row in self._connection.execute(_FORGET, {"keys": chunk}):
                if row.verdict == "same":
                    linked |= {row.left_key, row.right_key}
                elif row.verdict == "related":
                    related |= {row.left_key, row.right_key}
        for left, right, judgement in self.judge_pairs(self.pairs(keys)):
            if judgement.verdict == "related":
                related |= {left, right}
        return Rejudged(linked=frozenset(linked), related=frozenset(related))

    def judge_pairs(self, pairs: Collection[Pair]) -> list[tuple[int, int, Judgement]]:
        """Judge pairs and keep what was decided, unless they are plainly different; return what is kept."""
        portraits = self._portraits.load({key for pair in pairs for key in pair})
        kept = []
        for one, other in pairs:
            left, right = (one, other) if portraits[one].order < portraits[other].order else (other, one)
            judgement = judge(portraits[left], portraits[right])
            if judgement.verdict != "different":
                kept.append((left, right, judgement))
        if kept:
            self._database.insert_rows(
                self._connection, _table, _COLUMNS, [_row(*one) for one in sorted(kept, key=_pair)]
            )
        return kept

    def pairs(self, keys: Collection[int], *, upto: int | None = None) -> set[Pair]:
        """Return the pairs to be judged that have one of these records in them, the lower key first.

        What ``candidates.pairs_within`` says of a whole block, said of these members. With ``upto``, pairs with a
        higher key are left out: whoever walks all records by key meets each pair once.
        """
        wanted = set(keys)
        blocks = self._portraits.sizes(wanted, MOST_IN_BLOCK + 1)
        small = [block.value for block, size in blocks.items() if 1 < size <= MOST_IN_BLOCK]
        large = [block.value for block, size in blocks.items() if block.fine and size > MOST_IN_BLOCK]
        met: dict[int, list[int]] = {}
        for key, held in self._portraits.members(small).items():
            for block in held:
                met.setdefault(block, []).append(key)
        found: set[Pair] = set()
        for members in met.values():
            found.update(_with(wanted, members))
        if large:
            found |= self._of_large(large, wanted)
        return found if upto is None else {pair for pair in found if pair[1] <= upto}

    def _of_large(self, large: Iterable[int], wanted: Collection[int]) -> set[Pair]:
        """Pair members of large fine blocks with the first ones, and those with everybody where they are wanted."""
        own = self._portraits.blocks(wanted)
        found: set[Pair] = set()
        for block in large:
            first = self._portraits.first(block)
            is_wanted = not first.keys().isdisjoint(wanted)
            others = self._portraits.members([block]) if is_wanted else own[block]
            found.update(_pair_of(one, other) for one in first for other in others if one != other)
        return found

    def same(self, keys: Iterable[int]) -> list[tuple[int, int, float]]:
        """Return the links of these records: left key, right key, score."""
        return [
            (row.left_key, row.right_key, row.score)
            for chunk in chunks(keys)
            for row in self._connection.execute(_SAME, {"keys": chunk})
        ]


def _with(wanted: Collection[int], members: Collection[int]) -> Iterable[Pair]:
    """Yield the pairs of members of which one at least is wanted."""
    own = [key for key in members if key in wanted]
    others = [key for key in members if key not in wanted]
    yield from combinations(sorted(own), 2)
    yield from (_pair_of(one, other) for one in own for other in others)


def _pair_of(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


def _pair(decision: tuple[int, int, Judgement]) -> Pair:
    return decision[0], decision[1]


def _row(left: int, right: int, judgement: Judgement) -> tuple[object, ...]:
    reasons = orjson.dumps([[one.code, one.weight, one.detail] for one in judgement.reasons])
    return (
        left,
        right,
        judgement.verdict,
        judgement.score,
        judgement.relation,
        judgement.subject_is_left,
        reasons,
    )
