"""Move a whole library from one database to another, and prove that all of it arrived.

The source stands still meanwhile and stays as it is. The target is filled table by table, in an order that references
allow, in batches; with each batch goes the key it ended at, in one transaction, so that a move that was killed goes on
there. Whether what is there is still what the source has is looked at first: if not, the target is emptied and filled
anew. Until all tables are proved the same, the target can be opened by nothing else (``Database.migrated``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Table, delete, func, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from indexer.errors import StoreError
from indexer.storage import schema
from indexer.storage.database import MOVING, Database
from indexer.storage.moved_rows import Content, MovedTable, Row, Unfit, batches, exact, shown_key
from indexer.storage.quiet import alone, standing_still
from indexer.storage.schema import MIGRATION

#: Who is writing which stretch into the source's own search index: the target gets an index of its own.
NOT_MOVED = frozenset({"index_leases"})
_NAMED_AT_MOST = 20
#: PostgreSQL: program_limit_exceeded, such as an index entry of more than 2,704 bytes.
_TOO_LARGE = "54"

#: ``empty``, ``begun``, or rows of its own by table.
_State = Literal["empty", "begun"] | dict[str, int]
#: What a step is called and how many rows it has; the context's value hears of rows that are done.
Phase = Callable[[str, int], contextlib.AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a table holds on both sides; on a dry run there is no ``target``."""

    table: str
    source: Content
    target: Content | None

    @property
    def is_same(self) -> bool:
        """Tell whether both sides hold the same rows and go on with the same key."""
        return self.source == self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """How far a move came: the library that is moved, and the last row that arrived."""

    library: str
    table: str = ""
    after: Row | None = None

    def written(self) -> str:
        after = self.after and [{"hex": key.hex()} if isinstance(key, bytes) else key for key in self.after]
        return orjson.dumps({"library": self.library, "table": self.table, "after": after}).decode()

    @classmethod
    def read(cls, value: str) -> _Mark:
        mark = orjson.loads(value)
        after = mark["after"]
        if after is not None:
            after = tuple(bytes.fromhex(key["hex"]) if isinstance(key, dict) else key for key in after)
        return cls(library=mark["library"], table=mark["table"], after=after)


@contextlib.contextmanager
def unwatched(_what: str, _rows: int) -> Iterator[Callable[[int], None]]:
    """Let nobody watch."""
    yield lambda _: None


def moved_tables() -> list[Table]:
    """Return all tables that are moved, each after those it refers to; last ``facts``, where the mark stands."""
    tables = [table for table in schema.metadata.sorted_tables if table.name not in NOT_MOVED]
    return sorted(tables, key=lambda table: table is schema.facts)


def move(
    source: Database,
    target: Database | None,
    *,
    phase: Phase = unwatched,
    dry_run: bool = False,
    before_writing: Callable[[], None] = lambda: None,
) -> list[Compared]:
    """Move all (on a dry run: nothing; ``target`` may be missing then) and return what each table holds on both sides.

    Where they differ, the target stays closed, and the next move fills it anew. ``before_writing`` is called before the
    first row is written to a target that has none, and raises where that must not be.

    Raises:
        StoreBusyError: the source is being changed, or the target used.
        StoreError: the source holds what the target cannot, or the target has data of its own; nothing was written.
            Or the target refused a row, which is named.
    """
    tables = [MovedTable(table) for table in moved_tables()]
    _require_current(source, "source")
    with standing_still(source, moved_tables()) as reading, exact(source, reading):
        if _mark_in(reading) is not None:
            raise StoreError(
                "The source is itself a library that did not arrive as a whole.", remedy="Finish that first."
            )
        library = str(reading.scalar(_fact("library_id")) or "")
        state = _require_fitting(target, tables, library)
        held = _examine(source, reading, tables, phase)
        if dry_run or target is None:
            return [Compared(table=name, source=content, target=None) for name, content in held.items()]
        with alone(target):
            moving = _Moving(source=source, reading=reading, target=target, tables=tables, held=held, phase=phase)
            if isinstance(state, dict):  # it was moved before, and may be the same still
                return _same_already(moving.prove())
            if state == "empty":
                target.change_schema(MIGRATION)
                before_writing()
            moving.copy(library)
            return moving.prove_and_end()


def _require_fitting(target: Database | None, tables: Sequence[MovedTable], library: str) -> _State:
    """Return in which state a target is; raise ``StoreError`` where it cannot be this library's."""
    if target is None or target.version() is None:
        return "empty"
    _require_current(target, "target")
    with target.read() as connection:
        mark = _mark_in(connection)
        if mark is not None and mark.library != library:
            raise StoreError(
                f"Another library ({mark.library or 'without an id'}) is being moved there.",
                remedy="Finish that move, or name an empty target.",
            )
        if mark is not None:
            return "begun"
        counts = {table.name: _rows_of(connection, table.table) for table in tables}
        by_hand = select(func.count()).select_from(schema.sources).where(~schema.sources.c.seeded)
        # What the first start leaves: facts, and sources that come with the program.
        counts |= {"facts": 0, "sources": connection.execute(by_hand).scalar_one()}
        own = {name: count for name, count in counts.items() if count}
        if own and (connection.scalar(_fact("library_id")) or "") != library:
            rows = ", ".join(f"{name} {count:,}" for name, count in own.items())
            raise StoreError(
                f"The target has data of its own (rows: {rows}). Nothing was written.",
                remedy="Name an empty one: another database, or another KAIJUAN_DATA_DIR.",
            )
    return own or "empty"


def _same_already(compared: list[Compared]) -> list[Compared]:
    other = ", ".join(one.table for one in compared if not one.is_same)
    if other:
        raise StoreError(
            f"The target has data already: this library, but not the same in {other}. Nothing was written.",
            remedy="If it was moved there and went on since, build its index with kaijuan rebuild --index-only. "
            "To move it anew, name an empty target.",
        )
    return compared


def _examine(source: Database, reading: Connection, tables: Sequence[MovedTable], phase: Phase) -> dict[str, Content]:
    """Read the source once: what it holds, and whether the target can hold it."""
    unfit: list[Unfit] = []
    held: dict[str, Content] = {}
    with phase("read", sum(_rows_of(reading, table.table) for table in tables)) as watch:
        for table in tables:

            def examine(row: Row, table: MovedTable = table) -> None:
                found = table.unfit(row)
                if found:
                    unfit.append(found)
                watch(1)

            held[table.name] = table.content(source, reading, heard=examine)
    if unfit:
        named = "; ".join(str(one) for one in unfit[:_NAMED_AT_MOST])
        more = f" and {len(unfit) - _NAMED_AT_MOST:,} more" if len(unfit) > _NAMED_AT_MOST else ""
        raise StoreError(
            f"The source holds what the target cannot: {named}{more}. Nothing was written.",
            remedy="Correct these values in the source, or remove their rows, and run the command again.",
        )
    return held


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moving:
    """The steps of a move whose source stands still (``reading``; it holds ``held``) and whose target is ours alone."""

    source: Database
    reading: Connection
    target: Database
    tables: Sequence[MovedTable]
    held: dict[str, Content]
    phase: Phase

    def copy(self, library: str) -> None:
        """Fill the target, going on where a move before stopped, if what is there is still right."""
        _require_utf8(self.target)
        self.target.make_room()
        with self.target.read() as connection:
            mark = _mark_in(connection)
        if mark is None or not self._is_right(mark):
            mark = _Mark(library=library)
            self._begin(mark)
        names = [table.name for table in self.tables]
        start = names.index(mark.table) if mark.table in names else 0
        with self.phase("copy", sum(self.held[name].rows for name in names[start:])) as watch:
            for table in self.tables[start:]:
                after = mark.after if table.name == mark.table else None
                for batch in batches(table.read(self.source, self.reading, after=after)):
                    self._write(table, batch, _Mark(library=library, table=table.name, after=table.key_of(batch[-1])))
                    watch(len(batch))
                self._link(table)
        self._settle()

    def _begin(self, mark: _Mark) -> None:
        with self.target.write() as connection:
            if self.target.is_embedded:
                for table in reversed(self.tables):
                    connection.execute(delete(table.table))
            else:
                quoted = self.target.engine.dialect.identifier_preparer.quote
                connection.execute(text(f"TRUNCATE {', '.join(quoted(table.name) for table in self.tables)}"))
            self._write_mark(connection, mark)

    def _is_right(self, mark: _Mark) -> bool:
        """Tell whether the target holds what the source has up to the mark, and nothing else."""
        with (
            self.phase("compare", sum(one.rows for one in self.held.values())) as watch,
            self.target.read() as connection,
            exact(self.target, connection),
        ):
            is_behind = not mark.table
            for table in self.tables:
                found = table.content(self.target, connection, without=table.inner, heard=lambda _: watch(1))
                if is_behind and found.rows:
                    return False
                if not is_behind:
                    until = mark.after if table.name == mark.table else None
                    ours = table.content(self.source, self.reading, without=table.inner, until=until)
                    if (ours.rows, ours.checksum) != (found.rows, found.checksum):
                        return False
                is_behind = is_behind or table.name == mark.table
        return True

    def _write(self, table: MovedTable, batch: Sequence[Row], mark: _Mark) -> None:
        refused: DBAPIError | None = None
        with contextlib.suppress(_RefusedError), self.target.write() as connection:
            try:
                table.write(self.target, connection, batch)
            except DBAPIError as error:
                if not _is_about_a_row(error):
                    raise
                refused = error
                raise _RefusedError from error
            self._write_mark(connection, mark)
        if refused is not None:
            raise self._blame(table, batch, refused)

    def _blame(self, table: MovedTable, batch: Sequence[Row], error: DBAPIError) -> StoreError:
        """Find the row that the target refuses: one after the other is tried, and none is kept."""
        key = table.key_of(batch[0])
        with contextlib.suppress(_RefusedError), self.target.write() as connection:
            for row in batch:
                try:
                    with connection.begin_nested():
                        table.write(self.target, connection, [row])
                except DBAPIError as found:
                    key, error = table.key_of(row), found
                    break
            raise _RefusedError
        return StoreError(
            f"The target refuses row {shown_key(key)} of table {table.name}: {str(error.orig).strip()}.",
            remedy="Correct that row in the source and run the same command again; it goes on from there.",
        )

    def _link(self, table: MovedTable) -> None:
        """Fill in references to rows of the same table; doing it again changes nothing."""
        if table.inner:
            for batch in batches(table.read(self.source, self.reading, only_linked=True)):
                with self.target.write() as connection:
                    table.link(self.target, connection, batch)

    def _settle(self) -> None:
        """Let the target go on with the keys behind those that the source ever gave."""
        with self.target.write() as connection:
            for table in self.tables:
                table.set_last_key(self.target, connection, self.held[table.name].last_key)
            if not self.target.is_embedded:
                connection.execute(text("ANALYZE"))

    def prove(self) -> list[Compared]:
        """Read the target back and compare each table with the source."""
        with (
            self.phase("prove", sum(one.rows for one in self.held.values())) as watch,
            self.target.read() as connection,
            exact(self.target, connection),
        ):
            return [
                Compared(
                    table=table.name,
                    source=self.held[table.name],
                    target=table.content(self.target, connection, heard=lambda _: watch(1)),
                )
                for table in self.tables
            ]

    def prove_and_end(self) -> list[Compared]:
        """Let the target be opened, if it is the same."""
        compared = self.prove()
        if all(one.is_same for one in compared):
            with self.target.write() as connection:
                connection.execute(delete(schema.facts).where(schema.facts.c.name == MOVING))
        return compared

    def _write_mark(self, connection: Connection, mark: _Mark) -> None:
        insert = self.target.insert(schema.facts).values(name=MOVING, value=mark.written())
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": mark.written()}))


class _RefusedError(Exception):
    """Roll a batch back, one of whose rows the target refuses."""


def _is_about_a_row(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return isinstance(error, IntegrityError | DataError) or state.startswith(_TOO_LARGE)


def _require_current(database: Database, side: str) -> None:
    version = database.version()
    if version != MIGRATION:
        raise StoreError(
            f"The {side} has schema {version or 'none'}, not {MIGRATION}, which this version moves.",
            remedy="Bring it up to date with kaijuan store upgrade, or update kaijuan.",
        )


def _require_utf8(database: Database) -> None:
    if database.is_embedded:
        return
    with database.read() as connection:
        encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise StoreError(
            f"The target database keeps texts as {encoding}, which has no place for most scripts.",
            remedy="Make another with: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0.",
        )


def _fact(name: str) -> Any:
    return select(schema.facts.c.value).where(schema.facts.c.name == name)


def _mark_in(connection: Connection) -> _Mark | None:
    value = connection.scalar(_fact(MOVING))
    return None if value is None else _Mark.read(value)


def _rows_of(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
