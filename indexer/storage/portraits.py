"""Portraits of live manifestations and the blocks under which they meet, kept beside the records.

Which pairs are candidates depends on how many members a block has, and in large fine ones on which are first. So each
change tells who is to be paired anew: what changed, and the members of every block where that changed the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from indexer.identity.blocking import MOST_IN_BLOCK, Block, blocks_of
from indexer.identity.candidates import FIRST
from indexer.identity.portrait import Portrait, pack, unpack
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.database import Database

_portraits, _blocks, _rows = schema.portraits, schema.identity_blocks, schema.manifestations
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_own = select(_blocks.c.block, _blocks.c.fine).where(_blocks.c.manifestation_key.in_(_keys)).distinct().subquery("own")
_others = _blocks.alias("others")
_counted = select(_others.c.block).where(_others.c.block == _own.c.block).limit(bindparam("cap")).correlate(_own)
_SIZES = select(_own, select(func.count()).select_from(_counted.subquery()).scalar_subquery().label("size"))
_STORED = select(_portraits).where(_portraits.c.manifestation_key.in_(_keys))
_BLOCKS = select(_blocks).where(_blocks.c.manifestation_key.in_(_keys))
_MEMBERS = select(_blocks.c.block, _blocks.c.manifestation_key).where(_blocks.c.block.in_(_keys))
_LOADED = (
    select(_portraits.c.manifestation_key, _portraits.c.data, schema.sources.c.id, _rows.c.identifier)
    .join(_rows, _rows.c.key == _portraits.c.manifestation_key)
    .join(schema.sources, schema.sources.c.key == _rows.c.source_key)
    .where(_portraits.c.manifestation_key.in_(_keys))
)
_FIRST = (
    select(_portraits.c.manifestation_key, _portraits.c.ordinal)
    .join(_blocks, _blocks.c.manifestation_key == _portraits.c.manifestation_key)
    .where(_blocks.c.block == bindparam("value"))
    .order_by(_portraits.c.ordinal)
    .limit(FIRST)
)

Size = tuple[Block, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """Whose portraits came, changed or went; and who must be paired anew with them, for a block's rules changed.

    ``sizes`` are those of the blocks of ``changed``.
    """

    changed: frozenset[int] = frozenset()
    sizes: Mapping[Block, int] = field(default_factory=dict)
    shaken: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Turnover:
    """Who came to a block and who left it, with their orders."""

    came: dict[int, int]
    left: dict[int, int]


class PortraitTable:
    """Portraits and blocks within one transaction; what was loaded is remembered for as long."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self._loaded: dict[int, Portrait] = {}

    def replace(self, drawn: Mapping[int, Portrait | None]) -> Redrawn:
        """Write portraits, by manifestation key; ``None`` takes one away. Those that stay as they are cost a look."""
        stored = {
            row.manifestation_key: row
            for chunk in chunks(drawn)
            for row in self._connection.execute(_STORED, {"keys": chunk})
        }
        packed = {key: pack(portrait) for key, portrait in drawn.items() if portrait is not None}
        changed = [key for key in drawn if packed.get(key) != (stored[key].data if key in stored else None)]
        self._loaded.update((key, portrait) for key, portrait in drawn.items() if portrait is not None)
        if not changed:
            return Redrawn()
        known = [key for key in changed if key in stored]
        cap = MOST_IN_BLOCK + 1 + len(changed)
        before = self.sizes(known, cap)
        turnover = self._write(changed, known, drawn, packed, {key: row.ordinal for key, row in stored.items()})
        after = self.sizes([key for key in changed if key in packed], cap)
        shaken = self._shaken(turnover, before, after, cap)
        others = frozenset(self.members(shaken)) - set(changed)
        return Redrawn(changed=frozenset(changed), sizes=after, shaken=others)

    def _write(
        self,
        changed: Collection[int],
        known: Collection[int],
        drawn: Mapping[int, Portrait | None],
        packed: Mapping[int, bytes],
        ordinals: Mapping[int, int],
    ) -> dict[Block, _Turnover]:
        """Write the changed portraits and the differences of their blocks; return those by block."""
        held: dict[int, set[Block]] = {key: set() for key in changed}
        for chunk in chunks(known):
            for row in self._connection.execute(_BLOCKS, {"keys": chunk}):
                held[row.manifestation_key].add(Block(row.block, row.fine))
        for chunk in chunks(known):
            self._connection.execute(_portraits.delete().where(_portraits.c.manifestation_key.in_(chunk)))
        turnover: dict[Block, _Turnover] = {}
        rows = []
        for key in changed:
            portrait = drawn[key]
            wanted = blocks_of(portrait) if portrait else frozenset()
            if portrait:
                rows.append((key, portrait.order, packed[key]))
            for block in wanted - held[key]:
                turnover.setdefault(block, _Turnover({}, {})).came[key] = portrait.order if portrait else 0
            for block in held[key] - wanted:
                turnover.setdefault(block, _Turnover({}, {})).left[key] = ordinals[key]
        self._exchange(turnover)
        if rows:
            names = ("manifestation_key", "ordinal", "data")
            self._database.insert_rows(self._connection, _portraits, names, rows)
        return turnover

    def _exchange(self, turnover: Mapping[Block, _Turnover]) -> None:
        gone = [{"at_block": block.value, "at_key": key} for block, one in turnover.items() for key in one.left]
        if gone:
            leaving = (_blocks.c.block == bindparam("at_block")) & (_blocks.c.manifestation_key == bindparam("at_key"))
            self._connection.execute(_blocks.delete().where(leaving), gone)
        come = sorted((block.value, key, block.fine) for block, one in turnover.items() for key in one.came)
        if come:
            self._database.insert_rows(self._connection, _blocks, ("block", "manifestation_key", "fine"), come)

    def _shaken(
        self, turnover: Mapping[Block, _Turnover], before: Mapping[Block, int], after: Mapping[Block, int], cap: int
    ) -> list[int]:
        """Return the blocks that crossed the limit, and the large fine ones that have other first members now.

        A size that reaches ``cap`` is over the limit whatever came and left.
        """
        found = []
        for block, one in turnover.items():
            growth = len(one.came) - len(one.left)
            if block in before:
                old = before[block]
                new = old if old == cap else old + growth
            else:
                new = after[block]
                old = new if new == cap else new - growth
            was_large, is_large = old > MOST_IN_BLOCK, new > MOST_IN_BLOCK
            if was_large != is_large or (was_large and block.fine and self._has_other_first(block, one)):
                found.append(block.value)
        return found

    def _has_other_first(self, block: Block, turnover: _Turnover) -> bool:
        first = self.first(block.value)
        last = max(first.values())
        return not turnover.came.keys().isdisjoint(first) or any(order < last for order in turnover.left.values())

    # --- reading ---------------------------------------------------------------------------------

    def sizes(self, keys: Iterable[int], cap: int = MOST_IN_BLOCK + 1) -> dict[Block, int]:
        """Return how many members the blocks of these portraits have; ``cap`` stands for all that are larger."""
        return {
            Block(row.block, row.fine): row.size
            for chunk in chunks(keys)
            for row in self._connection.execute(_SIZES, {"keys": chunk, "cap": cap})
        }

    def members(self, blocks: Iterable[int]) -> dict[int, list[int]]:
        """Return the blocks of each member of these blocks, by manifestation key."""
        found: dict[int, list[int]] = {}
        for chunk in chunks(blocks):
            for row in self._connection.execute(_MEMBERS, {"keys": chunk}):
                found.setdefault(row.manifestation_key, []).append(row.block)
        return found

    def blocks(self, keys: Iterable[int]) -> dict[int, list[int]]:
        """Return which of these portraits each of their blocks has, by block."""
        found: dict[int, list[int]] = {}
        for chunk in chunks(keys):
            for row in self._connection.execute(_BLOCKS, {"keys": chunk}):
                found.setdefault(row.block, []).append(row.manifestation_key)
        return found

    def first(self, block: int) -> dict[int, int]:
        """Return the orders of the first members of a block, by manifestation key."""
        rows = self._connection.execute(_FIRST, {"value": block})
        return {row.manifestation_key: row.ordinal for row in rows}

    def load(self, keys: Iterable[int]) -> dict[int, Portrait]:
        """Return portraits by manifestation key; those that are gone are left out."""
        wanted = list(keys)
        for chunk in chunks(key for key in wanted if key not in self._loaded):
            for key, data, source, identifier in self._connection.execute(_LOADED, {"keys": chunk}):
                self._loaded[key] = unpack(data, source, identifier)
        return {key: self._loaded[key] for key in wanted if key in self._loaded}
