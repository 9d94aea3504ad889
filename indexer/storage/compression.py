"""Raw bytes made small with zstd, by dictionaries trained on each source's own records.

Records of one source and format are alike, and short: alone each shrinks to about 45 %, with a dictionary to less than
a quarter. A dictionary is trained on the first records that arrive and once more when many have been seen, or where a
run ends and enough have come in many small runs; it is kept with the data and never removed, and each record knows
which one it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import zstandard
from sqlalchemy import Connection, bindparam, func, select, update

from harvesters.records import RawRecord
from indexer import clock
from indexer.errors import StoreDamagedError
from indexer.storage import schema
from indexer.storage.database import Database

_LEVEL = 3
_DICTIONARY_BYTES = 32 * 1024
#: A version is trained when so many records of its source and format have passed by in one process.
TRAIN_AT = (200, 5_000)
_SAMPLES = 250
_SAMPLE_BYTES = 2 << 20
_LONGEST_SAMPLE = 64 * 1024
_MAX_BODY = 1 << 30
_RECOMPRESSED = 1_000
_DICTIONARIES = schema.dictionaries.c
_NEWEST = (  # built once: every page asks it
    select(_DICTIONARIES.key)
    .where(_DICTIONARIES.source_key == bindparam("at_source"), _DICTIONARIES.metadata_prefix == bindparam("at_prefix"))
    .order_by(_DICTIONARIES.version.desc())
    .limit(1)
)


class _Contexts(threading.local):
    """What each thread has of its own.

    zstd contexts may not be shared between threads; there are as many as dictionaries in use. Nor may dictionaries:
    one that a thread has just trained is no other's until it is committed, and the database tells then.
    ``learned`` names what this thread has taken samples of.
    """

    def __init__(self) -> None:
        self.data: dict[int, bytes] = {}
        self.learned: set[tuple[int, str]] = set()
        self.compressors: dict[int | None, zstandard.ZstdCompressor] = {}
        self.decompressors: dict[int | None, zstandard.ZstdDecompressor] = {}


@dataclass(slots=True)
class _Samples:
    """The latest records of one source and format, to train on."""

    seen: int = 0
    size: int = 0
    bodies: list[bytes] = field(default_factory=list)

    def add(self, body: bytes) -> None:
        """Count a record, and keep it in place of the oldest unless it is a very long one."""
        self.seen += 1
        if len(body) > _LONGEST_SAMPLE:
            return
        while self.bodies and (len(self.bodies) >= _SAMPLES or self.size + len(body) > _SAMPLE_BYTES):
            self.size -= len(self.bodies.pop(0))
        self.bodies.append(body)
        self.size += len(body)


def train(bodies: Sequence[bytes]) -> zstandard.ZstdCompressionDict:
    """Train a dictionary; raise ``ZstdError`` where there are too few samples, or too short ones."""
    # A short hash table (f): the usual one trains no better here and takes 5 MiB more.
    return zstandard.train_dictionary(_DICTIONARY_BYTES, list(bodies), d=8, f=16, steps=4)


class Compression:
    """Compresses and restores the raw bytes of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._contexts = _Contexts()
        self._samples: dict[tuple[int, str], _Samples] = {}

    def compress(self, body: bytes, dictionary: int | None = None) -> bytes:
        """Compress bytes, with a dictionary or on their own."""
        return self.packer(dictionary)(body)

    def packer(self, dictionary: int | None = None) -> Callable[[bytes], bytes]:
        """Return what compresses many bytes with one dictionary, or on their own; for this thread alone."""
        made = self._contexts.compressors.get(dictionary)
        if made is None:
            made = self.compressor(self._dictionary(dictionary))
            self._contexts.compressors[dictionary] = made
        return made.compress

    @staticmethod
    def compressor(dictionary: zstandard.ZstdCompressionDict | None) -> zstandard.ZstdCompressor:
        """Return what compresses with a dictionary, or without."""
        return zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary)

    def decompress(self, body: bytes, dictionary: int | None = None) -> bytes:
        """Give back exactly what was compressed."""
        made = self._contexts.decompressors.get(dictionary)
        if made is None:
            made = zstandard.ZstdDecompressor(dict_data=self._dictionary(dictionary))
            self._contexts.decompressors[dictionary] = made
        try:
            return made.decompress(body, max_output_size=_MAX_BODY)
        except zstandard.ZstdError as error:
            raise StoreDamagedError(
                f"A record's bytes cannot be decompressed ({error}).",
                remedy="Check the disk and restore the last backup; or harvest that source again with --full.",
            ) from error

    def current(self, connection: Connection, source_key: int, metadata_prefix: str) -> int | None:
        """Return the key of the dictionary that new records of a source and format are compressed with."""
        key: int | None = connection.scalar(_NEWEST, {"at_source": source_key, "at_prefix": metadata_prefix})
        if key is not None and key not in self._contexts.data:
            # By the caller's connection, which alone knows what it has made itself.
            table = schema.dictionaries.c
            self._contexts.data[key] = connection.execute(select(table.data).where(table.key == key)).scalar_one()
        return key

    def learn(self, connection: Connection, source_key: int, records: Sequence[RawRecord]) -> None:
        """Take stored records as samples; train a dictionary when there are enough of them."""
        for record in records:
            name = (source_key, record.metadata_prefix)
            self._contexts.learned.add(name)
            samples = self._samples.setdefault(name, _Samples())
            if samples.seen >= TRAIN_AT[-1]:
                return
            samples.add(record.body)
            if samples.seen in TRAIN_AT and self._may_train(connection, name, samples.seen):
                self._train(connection, name, samples.bodies)
            if samples.seen >= TRAIN_AT[-1]:
                samples.bodies.clear()

    def forget(self) -> None:
        """Look dictionaries up anew: the transaction that made one has not happened, and its key may be given again.

        What other threads have made and not committed yet stays theirs.
        """
        mine = self._contexts
        for name in mine.learned:
            self._samples.pop(name, None)
        for held in (mine.data, mine.compressors, mine.decompressors, mine.learned):
            held.clear()

    def recompress(self, connection: Connection, source_key: int, metadata_prefix: str) -> int:
        """Compress records that were stored before there was a dictionary; return how many, some at a time."""
        dictionary = self.current(connection, source_key, metadata_prefix)
        if dictionary is None:
            return 0
        table = schema.raw_records
        rows = connection.execute(
            select(table.c.key, table.c.body)
            .where(
                table.c.source_key == source_key,
                table.c.metadata_prefix == metadata_prefix,
                table.c.dictionary_key.is_(None),
            )
            .order_by(table.c.key)
            .limit(_RECOMPRESSED)
            # As they are now, and not to be changed under our hands; those that somebody else writes wait.
            .with_for_update(key_share=True, skip_locked=True)
        ).all()
        if rows:
            statement = update(table).where(table.c.key == bindparam("at_key"))
            connection.execute(
                statement.values(body=bindparam("to_body"), dictionary_key=dictionary),
                [{"at_key": row.key, "to_body": self.compress(self.decompress(row.body), dictionary)} for row in rows],
            )
        return len(rows)

    def finish(self) -> None:
        """Compress anew what this thread's run found or left without a dictionary, once there are enough records.

        A source that brings a few records a day never shows one process enough of them: what is stored is counted
        together, where a run ends. Once all of a source and format is done, that is written down and stays so.
        """
        try:
            for name in sorted(self._contexts.learned):
                self._finish(name)
        except BaseException:
            self.forget()
            raise
        self._contexts.learned.clear()

    def _finish(self, name: tuple[int, str]) -> None:
        fact = f"compressed:{name[0]}:{name[1]}"
        with self._database.write() as connection:
            if connection.scalar(select(schema.facts.c.value).where(schema.facts.c.name == fact)) is not None:
                return
            if self.current(connection, *name) is None and not self._train_on_stored(connection, name):
                return
        while True:
            with self._database.write() as connection:
                if self.recompress(connection, *name):
                    continue
                insert = self._database.insert(schema.facts).values(name=fact, value=clock.iso(clock.now()))
                connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
                return

    def _train_on_stored(self, connection: Connection, name: tuple[int, str]) -> bool:
        """Train the first dictionary on what any process stored, if that is enough; tell whether there is one now."""
        table = schema.raw_records.c
        statement = (
            select(table.body)
            .where(
                table.source_key == name[0],
                table.metadata_prefix == name[1],
                table.dictionary_key.is_(None),
                table.size.between(1, _LONGEST_SAMPLE),
            )
            .limit(_SAMPLES)
        )
        samples = _Samples()
        for small in connection.scalars(statement):
            samples.add(self.decompress(small))
        if samples.seen < TRAIN_AT[0]:
            return False
        self._train(connection, name, samples.bodies)
        return self.current(connection, *name) is not None

    def _may_train(self, connection: Connection, name: tuple[int, str], seen: int) -> bool:
        """Tell whether this version is still to be trained: a process begins to count anew."""
        table = schema.dictionaries.c
        versions: int = connection.execute(
            select(func.count()).where(table.source_key == name[0], table.metadata_prefix == name[1])
        ).scalar_one()
        return versions <= TRAIN_AT.index(seen)

    def _train(self, connection: Connection, name: tuple[int, str], bodies: list[bytes]) -> None:
        try:
            data = train(bodies).as_bytes()
        except zstandard.ZstdError:  # too few or too short samples: each record stays on its own
            return
        table = schema.dictionaries
        version: int = connection.execute(
            select(func.coalesce(func.max(table.c.version), 0) + 1).where(
                table.c.source_key == name[0], table.c.metadata_prefix == name[1]
            )
        ).scalar_one()
        insert = self._database.insert(table).values(
            source_key=name[0], metadata_prefix=name[1], version=version, data=data, created_at=clock.now()
        )
        # Another process may have trained the same version at this moment: its own counts.
        connection.execute(insert.on_conflict_do_nothing(index_elements=["source_key", "metadata_prefix", "version"]))
        self.recompress(connection, *name)

    def _dictionary(self, key: int | None) -> zstandard.ZstdCompressionDict | None:
        if key is None:
            return None
        known = self._contexts.data
        if key not in known:
            with self._database.read() as connection:
                table = schema.dictionaries.c
                data = connection.scalar(select(table.data).where(table.key == key))
            if data is None:
                raise StoreDamagedError(
                    f"The compression dictionary {key} is missing.",
                    remedy="Restore the last backup; the records that need it cannot be read without.",
                )
            known[key] = data
        return zstandard.ZstdCompressionDict(known[key])
