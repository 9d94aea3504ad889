"""Everything anew that identity computes: when its rules change, or a store comes from a version without them.

Portraits first, then every pair, then all works. Each step is done in batches of a transaction each; killed half-way,
it begins again, and until it is through the works stay as they were. People's judgements and ids are kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from sqlalchemy import Connection, func, select

from indexer.assembling import Assembler
from indexer.identity.portrait import portrait_of
from indexer.joining import Watch, unwatched
from indexer.storage import schema
from indexer.storage.feed import append_changes
from indexer.storage.store import RecordStore

_BATCH = 500
_STEPS = 3
_WRITER = "identity"
_log = structlog.get_logger()


class Reidentifier:
    """Draws, judges and clusters all manifestations of a store anew."""

    def __init__(self, store: RecordStore) -> None:
        self._database = store.database

    def is_empty(self) -> bool:
        """Tell whether there is nothing yet to be identified."""
        with self._database.read() as connection:
            return connection.scalar(select(schema.manifestations.c.key).limit(1)) is None

    def count(self) -> int:
        """Return how much ``run`` will tell its watch of: each record, in each of the steps."""
        live = select(func.count()).select_from(schema.manifestations).where(schema.manifestations.c.live)
        with self._database.read() as connection:
            return _STEPS * int(connection.execute(live).scalar_one())

    def run(self, watch: Watch = unwatched) -> None:
        """Do it all; what was judged before is forgotten. ``watch`` hears of each batch of each step."""
        with self._database.write() as connection:
            connection.execute(schema.decisions.delete())
            connection.execute(schema.identity_blocks.delete())
            connection.execute(schema.portraits.delete())
        for step in (self._draw, self._judge, self._cluster):
            count = 0
            for keys in self._batches():
                with self._database.write() as connection:
                    self._database.one_writer(connection, _WRITER)
                    step(connection, keys)
                count += len(keys)
                watch(len(keys))
            _log.info("identity_step_done", step=step.__name__.strip("_"), records=count)

    def _batches(self) -> Iterator[list[int]]:
        """Walk the keys of the live manifestations."""
        table, after = schema.manifestations.c, 0
        while True:
            statement = select(table.key).where(table.key > after, table.live).order_by(table.key).limit(_BATCH)
            with self._database.read() as connection:
                keys = list(connection.scalars(statement))
            if not keys:
                return
            yield keys
            after = keys[-1]

    def _draw(self, connection: Connection, keys: list[int]) -> None:
        assembler = Assembler(self._database, connection)
        held = assembler.writer.manifestations(keys)
        assembler.portraits.replace({key: portrait_of(one) for key, (_, one) in held.items()})

    def _judge(self, connection: Connection, keys: list[int]) -> None:
        assembler = Assembler(self._database, connection)
        pairs = assembler.decisions.pairs(keys, assembler.portraits.sizes(keys), upto=keys[-1])
        assembler.decisions.judge_pairs(pairs)

    def _cluster(self, connection: Connection, keys: list[int]) -> None:
        entries = Assembler(self._database, connection).assemble(keys)
        append_changes(self._database, connection, entries)
