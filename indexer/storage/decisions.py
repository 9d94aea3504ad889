"""What was judged of pairs that share a block; all but plain differences are kept, with their reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, or_, select

from indexer.identity.blocking import MOST_IN_BLOCK, Block
from indexer.identity.judging import Judgement, judge
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.database import Database
from indexer.storage.portraits import PortraitTable, Redrawn

_table = schema.decisions
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_touching = or_(_table.c.left_key.in_(_keys), _table.c.right_key.in_(_keys))
_FORGET = _table.delete().where(_touching).returning(_table.c.left_key, _table.c.right_key, _table.c.verdict)
# Without a word of the verdict: SQLite would go through all of one verdict, by its index.
_TOUCHING = select(
    *(_table.c[name] for name in ("left_key", "right_key", "verdict", "score", "relation", "subject_is_left"))
).where(_touching)
_COLUMNS = ("left_key", "right_key", "verdict", "score", "relation", "subject_is_left", "reasons")

Pair = tuple[int, int]


class Decision(NamedTuple):
    """What was decided of a pair, without the reasons."""

    left: int
    right: int
    verdict: str
    score: float
    relation: str | None
    subject_is_left: bool


def decisions_of(connection: Connection, keys: Iterable[int]) -> set[Decision]:
    """Return what was decided of pairs that have one of these records in them."""
    return {Decision(*row) for chunk in chunks(keys) for row in connection.execute(_TOUCHING, {"keys": chunk})}


class DecisionTable:
    """Judging pairs within one transaction."""

    def __init__(self, database: Database, connection: Connection, portraits: PortraitTable) -> None:
        self._database = database
        self._connection = connection
        self._portraits = portraits

    def judge_anew(self, redrawn: Redrawn) -> set[int]:
        """Forget what was judged of records whose portraits or blocks are others; judge all whom they meet now.

        Returns the records that have gained or lost a relation, or may have.
        """
        keys, related = redrawn.changed | redrawn.shaken, set()
        for chunk in chunks(keys):
            for row in self._connection.execute(_FORGET, {"keys": chunk}):
                if row.verdict == "related":
                    related |= {row.left_key, row.right_key}
        for left, right, judgement in self.judge_pairs(
            self.pairs(keys, {**redrawn.sizes, **self._portraits.sizes(redrawn.shaken)})
        ):
            if judgement.verdict == "related":
                related |= {left, right}
        return related

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

    def pairs(self, keys: Collection[int], sizes: Mapping[Block, int], *, upto: int | None = None) -> set[Pair]:
        """Return the pairs to be judged that have one of these records in them, the lower key first.

        What ``candidates.pairs_within`` says of a whole block, said of these members; ``sizes`` are of all their
        blocks. With ``upto``, pairs with a higher key are left out: whoever walks all records by key meets each once.
        """
        wanted = set(keys)
        small = [block.value for block, size in sizes.items() if 1 < size <= MOST_IN_BLOCK]
        large = [block.value for block, size in sizes.items() if block.fine and size > MOST_IN_BLOCK]
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
            found.update(_pair_of(one, other) for one in first for other in own[block] if one != other)
            if wanted_first := [key for key in first if key in wanted]:
                members = self._portraits.members([block])
                found.update(_pair_of(one, other) for one in wanted_first for other in members if one != other)
        return found


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
