"""One SQL database, SQLite or PostgreSQL: opening, migrating, transactions, locks.

Everything that differs between the two dialects is in this file, but for their errors (``driver_errors.py``) and for
rows that move from one to the other (``moved_rows.py``). Writers on SQLite take the write lock when they begin
(``BEGIN IMMEDIATE``), so that two processes wait for each other instead of failing half-way.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from indexer import clock
from indexer.errors import StoreBusyError, StoreConflictError, StoreError
from indexer.storage.driver_errors import LET_WRITE, translated
from indexer.storage.schema import MIGRATION, facts

_P = ParamSpec("_P")
_T = TypeVar("_T")
_BUSY_MS = 60_000
#: Blocks of identity are met in no order; with SQLite's own 2 MiB, each would be read from the file again.
_CACHE_KIB = 64 * 1024
#: SQLite's own is 1,000. Identifiers come in no order, so that a harvest changes the same pages of their index again
#: and again: written back four times as seldom, a record takes a third less time. The log grows to 16 MiB.
_CHECKPOINT_PAGES = 4_000
_LOCK_POLL_SECONDS = 0.2
#: A server whose machine has gone is noticed within a minute, where nothing is waited for and where something is.
_CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    # Who waits for a lock holds a connection; while a library is moved, all writes wait, and reading must go on.
    "options": "-c lock_timeout=30s",
}
#: How long a transaction waits for a connection where all are in use.
_POOL_SECONDS = 10
#: The fact that stands in a store while a library is moved into it (``moving``).
MOVING = "moving"
_UNREADABLE = "The database address cannot be read."
_SESSION = text("SELECT pg_backend_pid()")
_ATTEMPTS = 3
_RETRY_SECONDS = 0.2
#: Rows of one INSERT; SQLite takes 32,766 values in a statement.
_ROWS_AT_ONCE = 100


class Database:
    """The record store's database; safe for threads, each transaction on a connection of its own."""

    def __init__(self, engine: Engine, folder: Path | None) -> None:
        self.engine = engine
        self._has_room = False
        self._writer = engine.execution_options(immediate=True)
        self._insert_statements: dict[tuple[str, tuple[str, ...], int], str] = {}
        self._folder = folder
        # A lock keeps its connection for as long as a harvest lasts: out of the pool that transactions are served
        # from, a dozen harvests would leave none.
        self._lock_engine = engine if folder else create_engine(engine.url, poolclass=NullPool, connect_args=_CONNECT)

    @classmethod
    def sqlite(cls, path: Path, *, as_is: bool = False) -> Database:
        """Open (or make) an embedded database file and bring its schema up to date, unless it is wanted ``as_is``.

        Raises:
            StoreDamagedError: the file is no SQLite database, or a damaged one; it is left as it is.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The data folder {path.parent} cannot be made: {error.strerror}.",
                remedy=LET_WRITE,
            ) from error
        engine = create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": _BUSY_MS / 1000})
        _prepare_sqlite(engine)
        opened = cls(engine, path.parent)
        return opened if as_is else opened.migrated()

    @classmethod
    def postgresql(cls, url: str, *, as_is: bool = False) -> Database:
        """Connect to PostgreSQL (``postgresql+psycopg://user:password@host/name``), as :meth:`sqlite` opens a file."""
        try:
            parsed = make_url(url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError) as error:
            raise StoreError(
                _UNREADABLE,
                remedy="Write KAIJUAN_STORAGE__DATABASE_URL as postgresql://user:password@host/name.",
            ) from error
        if "@" in (parsed.host or ""):  # the rest of a password, which an error would show as the host that it is not
            raise StoreError(_UNREADABLE, remedy="Write @ in the password as %40, : as %3A and / as %2F.")
        engine = create_engine(
            parsed, pool_pre_ping=True, pool_timeout=_POOL_SECONDS, hide_parameters=True, connect_args=_CONNECT
        )
        opened = cls(engine, None)
        return opened if as_is else opened.migrated()

    @property
    def is_embedded(self) -> bool:
        """Tell whether this is the SQLite file of the embedded deployment."""
        return self.engine.dialect.name == "sqlite"

    def make_room(self) -> None:
        """Let SQLite keep more of its file in memory from now on; a harvest alone does not need it."""
        if self.is_embedded and not self._has_room:
            self._has_room = True
            event.listen(self.engine, "connect", _make_room)
            self.engine.dispose()  # connections that are in use stay as they are

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Run a transaction that writes; it is rolled back on any error."""
        with translated(), self._writer.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Run a transaction that only reads, with one consistent view on SQLite."""
        with translated(), self.engine.connect() as connection:
            yield connection

    def insert(self, table: Table) -> SqliteInsert | PostgresInsert:
        """Return the dialect's INSERT, which knows ON CONFLICT; the only dialect branch of statements."""
        return sqlite.insert(table) if self.is_embedded else postgresql.insert(table)

    def insert_rows(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert many rows, given as tuples in the order of the columns, by the driver itself.

        What SQLAlchemy does with each value costs more than all else that storing a record takes
        (``benchmarks/harvest.py``); here only times need it. A statement of many rows costs a third less than one
        statement for each. Columns without a value get the database's default.
        """
        whole = len(rows) - len(rows) % _ROWS_AT_ONCE
        for start in range(0, whole, _ROWS_AT_ONCE):
            values = tuple(chain.from_iterable(rows[start : start + _ROWS_AT_ONCE]))
            connection.exec_driver_sql(self._insert_statement(table, tuple(columns), _ROWS_AT_ONCE), values)
        if whole < len(rows):
            connection.exec_driver_sql(self._insert_statement(table, tuple(columns), 1), list(rows[whole:]))

    def _insert_statement(self, table: Table, columns: tuple[str, ...], rows: int) -> str:
        known = self._insert_statements.get((table.name, columns, rows))
        if known is None:
            quote = self.engine.dialect.identifier_preparer.quote
            names = ", ".join(quote(table.c[name].name) for name in columns)
            marks = ", ".join(["?" if self.is_embedded else "%s"] * len(columns))
            values = ", ".join([f"({marks})"] * rows)
            known = f"INSERT INTO {quote(table.name)} ({names}) VALUES {values}"  # noqa: S608  # our own names only
            self._insert_statements[table.name, columns, rows] = known
        return known

    def is_among(self, column: Column[str], name: str) -> ColumnElement[bool]:
        """Return the condition that a text is one of those bound as ``name``, however many: see :meth:`texts`.

        An ordinary IN has a parameter for each; SQLAlchemy writes such a statement anew each time.
        """
        if self.is_embedded:
            given = func.json_each(bindparam(name, type_=Text)).table_valued("value")
            return column.in_(select(given.c.value))
        return column == any_(bindparam(name, type_=postgresql.ARRAY(Text)))

    def texts(self, texts: Iterable[str]) -> object:
        """Return texts as :meth:`is_among` takes them; none may be what a database cannot hold."""
        return orjson.dumps([*texts]).decode() if self.is_embedded else [*texts]

    def time_value(self, moment: datetime) -> object:
        """Return a time as :meth:`insert_rows` takes it: SQLite has no type for it and keeps UTC as text."""
        if not self.is_embedded:
            return moment
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")  # four digits of every year

    def moment(self, connection: Connection) -> datetime:
        """Return the time of the database, in UTC: one clock for all processes, whatever their machines' show."""
        if self.is_embedded:
            return clock.now()  # of the one machine that there is
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    @contextlib.contextmanager
    def lock(self, name: str, *, wait_seconds: float = 0) -> Iterator[Callable[[], None]]:
        """Hold a named lock across processes; it is free again when this process ends, however it ends.

        Yields what makes sure that it still is held, and raises ``StoreBusyError`` where it was lost with the database.

        Raises:
            StoreBusyError: another process holds it, and still does after ``wait_seconds``.
        """
        deadline = time.monotonic() + wait_seconds
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    confirm = stack.enter_context(self._file_lock(name) if self._folder else self._advisory_lock(name))
                    break
                except StoreBusyError:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(_LOCK_POLL_SECONDS)
            yield confirm

    def is_locked(self, name: str) -> bool:
        """Tell whether another process (or thread) holds a lock at this moment."""
        try:
            with self.lock(name):
                return False
        except StoreBusyError:
            return True

    @contextlib.contextmanager
    def _file_lock(self, name: str) -> Iterator[Callable[[], None]]:
        assert self._folder is not None  # noqa: S101  # chosen by lock()
        folder = self._folder / "locks"
        try:
            folder.mkdir(exist_ok=True)
            opened = (folder / f"{name.replace(':', '-')}.lock").open("w")
        except OSError as error:
            raise StoreError(f"The folder {folder} cannot be written: {error.strerror}.", remedy=LET_WRITE) from error
        with opened as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise _busy(name) from error
            yield lambda: None  # a file's lock goes with the process only

    @contextlib.contextmanager
    def _advisory_lock(self, name: str) -> Iterator[Callable[[], None]]:
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with translated():
            connection = self._lock_engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            with translated():
                is_ours = connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number})
                session = connection.scalar(_SESSION)
            if not is_ours:
                raise _busy(name)

            def confirm() -> None:
                # A connection that broke is made anew by itself, as another session, which has no lock.
                with contextlib.suppress(SQLAlchemyError):
                    if connection.scalar(_SESSION) == session:
                        return
                raise StoreBusyError(
                    f"The lock {name!r} was lost with the connection to the database; another process may have it.",
                    remedy="Do the same again.",
                )

            try:
                yield confirm
            finally:
                with contextlib.suppress(SQLAlchemyError):  # a lost connection has lost the lock already
                    connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})

    def one_writer(self, connection: Connection, name: str) -> None:
        """Let transactions that name the same thing follow each other until they end.

        SQLite has one writer anyway. On PostgreSQL this makes sequence numbers of the change feed appear in order:
        without it a reader could pass a number that commits later.
        """
        if not self.is_embedded:
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

    def check(self) -> list[str]:
        """Examine the database and return what is wrong with it, in the engine's words; empty is sound."""
        if not self.is_embedded:
            with self.read() as connection:
                connection.execute(text("SELECT 1"))
            return []
        with self.read() as connection:
            found = [str(row[0]) for row in connection.execute(text("PRAGMA quick_check(20)"))]
        return [] if found == ["ok"] else found

    def version(self) -> str | None:
        """Return the schema's revision, such as ``0007``; ``None`` where there is no store yet."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            at: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return at

    def migrated(self) -> Database:
        """Bring the schema up to date and return the database; it is closed again where that fails.

        Raises:
            StoreError: the store is of a newer version, or was not moved here as a whole.
        """
        try:
            if self.version() != MIGRATION:
                self.change_schema(MIGRATION)
            self._require_whole()
        except BaseException:
            self.close()
            raise
        return self

    def change_schema(self, revision: str, *, only_back: bool = False) -> None:
        """Bring the schema forwards or back to a revision, in one transaction; others that want to wait for it.

        Raises:
            StoreError: the schema, or ``revision``, is of a newer version; or the way back would lose what people said.
        """
        from indexer.storage.migrating import change  # noqa: PLC0415  # a quarter of a second, and it is seldom needed

        with self.write() as connection:
            if not self.is_embedded:
                connection.execute(text("SET LOCAL lock_timeout = 0"))  # others' migrations may take long
            self.one_writer(connection, "migrations")
            change(connection, revision, only_back=only_back)

    def _require_whole(self) -> None:
        """Refuse a store that ``kaijuan migrate`` is still filling."""
        with self.read() as connection:
            if connection.scalar(select(facts.c.name).where(facts.c.name == MOVING)) is not None:
                raise StoreError(
                    "A library is being moved here, and that has not come to its end.",
                    remedy="Run the same kaijuan migrate again; it goes on where it stopped.",
                )


def retried(step: Callable[_P, _T]) -> Callable[_P, _T]:
    """Decorate a step that is one transaction: where the database undid it in favour of another, it is done again.

    The step must leave nothing behind when it fails.

    Raises:
        StoreConflictError: it was undone three times.
    """

    @functools.wraps(step)
    def until_done(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        for attempt in range(1, _ATTEMPTS):
            with contextlib.suppress(StoreConflictError):
                return step(*args, **kwargs)
            time.sleep(attempt * _RETRY_SECONDS)  # at once, it would take from the other what that was promised
        return step(*args, **kwargs)

    return until_done


def inserted_key(result: CursorResult[Any]) -> int:
    """Return the integer key that an INSERT was given."""
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101  # every table that is asked has one
    return int(key[0])


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        try:
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "foreign_keys = ON",
                f"busy_timeout = {_BUSY_MS}",
                f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
            ):
                cursor.execute(f"PRAGMA {pragma}")
        finally:
            cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _make_room(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}").close()


def _busy(name: str) -> StoreBusyError:
    return StoreBusyError(f"Another process is busy with {name!r}.", remedy="Wait until it is done, or stop it first.")
