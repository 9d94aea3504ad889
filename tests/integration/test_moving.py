"""Moving a library between the databases: nothing lost, nothing doubled, nothing changed, and proved."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, Table, Text, delete, func, insert, select, text, update
from sqlalchemy.exc import OperationalError

from indexer.errors import StoreBusyError, StoreError
from indexer.storage import schema
from indexer.storage.columns import NEVER_REUSED, key_column, time_column
from indexer.storage.database import MOVING, Database
from indexer.storage.moved_rows import BATCH_BYTES, BATCH_ROWS, MovedTable, batches, kind_of
from indexer.storage.moving import NOT_MOVED, Compared, move, moved_tables
from search_api.settings import ClusterStorage
from tests.integration.crowded import crowd, held

pytestmark = pytest.mark.cluster

Open = Callable[[], Database]
#: Moves, and is killed when the target is about to commit for the given time.
_KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from indexer.storage import moved_rows
from indexer.storage.database import Database
from indexer.storage.moving import move
moved_rows.BATCH_ROWS = 7
at, *sides = sys.argv[1:]
def opened(side):
    return Database.postgresql(side, as_is=True) if "://" in side else Database.sqlite(Path(side), as_is=True)
source, target = map(opened, sides)
commits = 0
@event.listens_for(target.engine, "commit")
def count(_):
    global commits
    commits += 1
    if commits == int(at):
        os.kill(os.getpid(), signal.SIGKILL)
assert all(one.is_same for one in move(source, target))
"""

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SOURCE = {"settings": b"{}", "created_at": _NOW, "updated_at": _NOW}


class Side:
    """A database that is opened as often as wanted."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opened: list[Database] = []

    def open(self) -> Database:
        is_url = "://" in self.address
        make: Any = Database.postgresql if is_url else Database.sqlite
        self._opened.append(make(self.address if is_url else Path(self.address), as_is=True))
        return self._opened[-1]

    def close(self) -> None:
        for database in self._opened:
            database.close()


@pytest.fixture(params=["to-cluster", "to-embedded"])
def sides(
    request: pytest.FixtureRequest, tmp_path: Path, cluster_storage: ClusterStorage
) -> Iterator[tuple[Side, Side]]:
    """Source and target, in both directions."""
    both = Side(str(tmp_path / "records.db")), Side(cluster_storage.database_url.get_secret_value())
    server = both[1].open()
    # Where it is morning already on the last day of 9999, that is a year which Python does not know.
    execute(server, f"ALTER DATABASE \"{server.engine.url.database}\" SET TIME ZONE 'Asia/Shanghai'")
    server.close()
    yield both if request.param == "to-cluster" else (both[1], both[0])
    for side in both:
        side.close()


@pytest.fixture
def source(sides: tuple[Side, Side]) -> Database:
    return sides[0].open().migrated()


@pytest.fixture
def crowded(source: Database) -> Database:
    crowd(source)
    return source


@pytest.fixture
def target(sides: tuple[Side, Side]) -> Database:
    return sides[1].open()


def is_same(compared: list[Compared]) -> bool:
    return bool(compared) and all(one.is_same for one in compared)


def killed(sides: tuple[Side, Side], commit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(commit), *(side.address for side in sides)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == -9, done.stderr


def is_empty(database: Database) -> bool:
    return database.version() is None or not any(held(database).values())


def execute(database: Database, statement: Any) -> None:
    with database.write() as connection:
        connection.execute(text(statement) if isinstance(statement, str) else statement)


def test_every_value_of_every_table_arrives_and_the_target_opens(crowded: Database, target: Database) -> None:
    before = held(crowded)
    compared = move(crowded, target)
    assert is_same(compared)
    assert {one.table for one in compared} == set(schema.metadata.tables) - NOT_MOVED
    assert min(one.source.rows for one in compared) == 40
    assert held(target) == before
    assert held(crowded) == before
    target.migrated()


def test_there_and_back_again_is_the_same(crowded: Database, target: Database, tmp_path: Path) -> None:
    assert is_same(move(crowded, target))
    before = held(crowded)
    if crowded.is_embedded:
        back = Database.sqlite(tmp_path / "back.db", as_is=True)
    else:
        back = crowded
        execute(back, f"TRUNCATE {', '.join(table.name for table in moved_tables())}")
    assert is_same(move(target, back))
    assert held(back) == before
    back.close()


def test_a_table_that_is_added_later_moves_without_a_word_about_it(source: Database, target: Database) -> None:
    later = Table(
        "added_later",
        schema.metadata,
        key_column(),
        Column("words", Text, nullable=False, unique=True),
        Column("data", LargeBinary),
        time_column("at", nullable=True),
        **NEVER_REUSED,
    )
    try:
        for database in (source, target.migrated()):
            with database.write() as connection:
                later.create(connection)
        execute(source, insert(later).values(words="people's", data=b"\0"))
        compared = {one.table: one for one in move(source, target)}
        assert compared["added_later"].target is not None
        assert compared["added_later"].target.rows == 1
        assert held(target)["added_later"] == held(source)["added_later"] != []
    finally:
        schema.metadata.remove(later)


def test_every_column_is_of_a_kind_that_moves_and_loops_of_references_can_be_closed() -> None:
    seen: set[str] = set()
    for table in moved_tables():
        for column in table.c:
            kind_of(column)
        inner = MovedTable(table).inner
        assert all(table.c[name].nullable for name in inner)
        others = {key.column.table.name for key in table.foreign_keys} - {table.name}
        assert others <= seen, f"{table.name} stands before what it refers to"
        seen.add(table.name)
    assert {"index_leases"} == NOT_MOVED, "it is about the source's own index; of nothing else may that be said lightly"


def test_a_move_that_is_killed_goes_on_and_doubles_nothing(
    crowded: Database, target: Database, sides: tuple[Side, Side]
) -> None:
    crowded.close()
    arrived = []
    for commit in (60, 9, 9):
        killed(sides, commit)
        with pytest.raises(StoreError, match="Run the same kaijuan migrate again"):
            sides[1].open().migrated()
        arrived.append(sum(map(len, held(target).values())))
    assert arrived == sorted(set(arrived)), "each went on where the one before was killed"
    assert is_same(move(crowded, target))
    assert held(target) == held(crowded)
    target.migrated()


def test_a_source_that_changed_after_a_kill_is_moved_anew(
    crowded: Database, target: Database, sides: tuple[Side, Side]
) -> None:
    killed(sides, 60)
    execute(crowded, update(schema.people).where(schema.people.c.key == 3).values(id="somebody else"))
    assert is_same(move(crowded, target))
    assert held(target) == held(crowded)
    assert "somebody else" in {row[1] for row in held(target)["people"]}


def test_what_was_half_moved_is_not_filled_up_by_another_library(
    crowded: Database, target: Database, sides: tuple[Side, Side]
) -> None:
    killed(sides, 60)
    before = held(target)
    execute(crowded, insert(schema.facts).values(name="library_id", value="another"))
    with pytest.raises(StoreError, match="Another library"):
        move(crowded, target)
    assert held(target) == before


def test_moving_again_proves_it_again_and_a_target_that_went_on_is_left_alone(
    source: Database, target: Database
) -> None:
    execute(source, insert(schema.facts).values(name="library_id", value="l1"))
    crowd(source)
    assert is_same(move(source, target))
    assert is_same(move(source, target))
    execute(target, update(schema.people).where(schema.people.c.key == 3).values(id="somebody new"))
    with pytest.raises(StoreError, match=r"not the same in people.*went on since"):
        move(source, target)
    assert "somebody new" in {row[1] for row in held(target)["people"]}


def test_a_target_with_data_of_its_own_is_refused_by_name(crowded: Database, target: Database) -> None:
    execute(target.migrated(), insert(schema.people).values(id="p", created_at=_NOW))
    execute(target, insert(schema.facts).values(name="library_id", value="another"))
    before = held(target)
    for dry_run in (True, False):
        with pytest.raises(StoreError, match=r"own \(rows: people 1\)"):
            move(crowded, target, dry_run=dry_run)
    assert held(target) == before


def test_what_a_first_start_leaves_is_no_hindrance(crowded: Database, target: Database) -> None:
    execute(target.migrated(), insert(schema.facts).values(name="library_id", value="new"))
    execute(target, insert(schema.sources).values(id="doaj", seeded=True, **_SOURCE))
    assert is_same(move(crowded, target))
    assert held(target) == held(crowded)


def test_a_dry_run_counts_and_writes_nothing(crowded: Database, target: Database) -> None:
    compared = move(crowded, target, dry_run=True)
    assert [(one.source.rows, one.target) for one in compared] == [(40, None)] * len(moved_tables())
    assert target.version() is None
    assert move(crowded, None, dry_run=True) == compared


@pytest.mark.parametrize("lock", ["index", "rebuild", "links", "harvest:x"])
def test_a_source_that_is_worked_on_is_refused(
    source: Database, target: Database, sides: tuple[Side, Side], lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.storage.quiet._PATIENCE_SECONDS", 0.0)
    execute(source, insert(schema.sources).values(id="x", seeded=False, **_SOURCE))
    with sides[0].open().lock(lock), pytest.raises(StoreBusyError, match="Stop what runs with it"):
        move(source, target)
    assert is_empty(target)
    assert is_same(move(source, target))


def test_nobody_changes_the_source_while_it_moves_and_everybody_may_read(
    crowded: Database, target: Database, sides: tuple[Side, Side]
) -> None:
    other, tried = sides[0].open(), []

    @contextlib.contextmanager
    def try_to_write(what: str, _rows: int) -> Iterator[Callable[[int], None]]:
        with other.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50" if other.is_embedded else "SET lock_timeout = 50")
            assert connection.execute(select(func.count()).select_from(schema.people)).scalar_one() == 40
            with pytest.raises(OperationalError):
                connection.execute(update(schema.tokens).values(last_used="2026-01-02"))
            connection.rollback()
        tried.append(what)
        yield lambda _: None

    assert is_same(move(crowded, target, phase=try_to_write))
    assert tried == ["read", "copy", "prove"]


def test_a_source_of_another_schema_is_refused(source: Database, target: Database) -> None:
    source.change_schema("0006")
    with pytest.raises(StoreError, match=r"source has schema 0006.*kaijuan store upgrade"):
        move(source, target)
    assert is_empty(target)


def test_a_target_of_another_schema_is_refused(source: Database, target: Database) -> None:
    target.migrated().change_schema("0006")
    with pytest.raises(StoreError, match="target has schema 0006"):
        move(source, target)


@pytest.mark.parametrize("sides", ["to-cluster"], indirect=True)
@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("people", "id", "'a' || char(0) || 'b'", "people 10, column id: a NUL character"),
        ("audit", "action", "CAST(x'61ff' AS TEXT)", "audit 10, column action: its text is no UTF-8"),
        ("harvest_runs", "received", "'many'", "harvest_runs 10, column received: it is no int but a str"),
        ("harvest_runs", "received", "1.5", "harvest_runs 10, column received: it is no int but a float"),
        ("links", "failures", "3000000000", "links 10, column failures: 3000000000 is too large"),
        ("works", "updated_at", "'last Tuesday'", "works 10, column updated_at: it is no datetime but a str"),
        ("works", "data", "'text'", "works 10, column data: it is no bytes but a str"),
        ("manifestations", "live", "7", "manifestations 10, column live: it is no bool but a int"),
    ],
)
def test_what_only_sqlite_holds_is_named_before_anything_is_written(
    crowded: Database, target: Database, table: str, column: str, value: str, said: str
) -> None:
    execute(crowded, f"UPDATE {table} SET {column} = {value} WHERE key = 10")  # noqa: S608
    with pytest.raises(StoreError) as raised:
        move(crowded, target)
    assert said in str(raised.value)
    assert "Nothing was written" in str(raised.value)
    assert target.version() is None


@pytest.mark.parametrize("sides", ["to-embedded"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ranking_rules SET weight = 'NaN' WHERE key = 10", "ranking_rules 10, column weight: it is no number"),
        ("UPDATE works SET updated_at = '20000-01-01' WHERE key = 10", "Table works cannot be read.*year"),
        ("UPDATE works SET updated_at = 'infinity' WHERE key = 10", "Table works cannot be read"),
    ],
)
def test_what_only_postgresql_holds_is_told_before_anything_is_written(
    crowded: Database, target: Database, statement: str, said: str
) -> None:
    execute(crowded, statement)
    with pytest.raises(StoreError, match=said):
        move(crowded, target)
    assert is_empty(target)


@pytest.mark.parametrize("sides", ["to-cluster"], indirect=True)
def test_a_row_that_the_target_refuses_is_named_and_the_same_command_goes_on(
    crowded: Database, target: Database, tmp_path: Path
) -> None:
    too_long = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(3_000))
    execute(crowded, update(schema.raw_records).where(schema.raw_records.c.key == 24).values(identifier=too_long))
    with pytest.raises(StoreError, match="row 24 of table raw_records: index row"):
        move(crowded, target)
    execute(crowded, update(schema.raw_records).where(schema.raw_records.c.key == 24).values(identifier="short"))
    assert is_same(move(crowded, target))
    assert held(target) == held(crowded)


def test_a_target_that_changes_what_it_gets_is_found_out_and_stays_closed(
    crowded: Database, target: Database, sides: tuple[Side, Side]
) -> None:
    target.migrated()
    if target.is_embedded:
        execute(
            target,
            "CREATE TRIGGER spoil AFTER INSERT ON tokens WHEN new.key = 3 "
            "BEGIN UPDATE tokens SET label = label || '!' WHERE key = 3; END",
        )
    else:
        execute(
            target,
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF new.key = 3 THEN new.label = new.label || '!'; END IF; RETURN new; END $$",
        )
        execute(target, "CREATE TRIGGER spoil BEFORE INSERT ON tokens FOR EACH ROW EXECUTE FUNCTION spoil()")
    assert [one.table for one in move(crowded, target) if not one.is_same] == ["tokens"]
    with pytest.raises(StoreError, match="has not come to its end"):
        sides[1].open().migrated()
    execute(target, "DROP TRIGGER spoil" + ("" if target.is_embedded else " ON tokens"))
    assert is_same(move(crowded, target))
    assert held(target) == held(crowded)


def test_no_key_is_given_twice_though_its_row_was_gone_before_the_move(crowded: Database, target: Database) -> None:
    highest, people = 10_000, schema.people
    execute(crowded, insert(people).values(key=highest, id="last", created_at=_NOW))
    if not crowded.is_embedded:
        execute(crowded, f"SELECT setval('people_key_seq', {highest})")
    execute(crowded, delete(people).where(people.c.key == highest))
    assert is_same(move(crowded, target))
    execute(target, insert(people).values(id="next", created_at=_NOW))
    assert max(row[0] for row in held(target)["people"]) == highest + 1


def test_a_table_that_never_had_a_row_begins_with_its_first_key(source: Database, target: Database) -> None:
    assert is_same(move(source, target))
    execute(target, insert(schema.people).values(id="first", created_at=_NOW))
    assert [row[0] for row in held(target)["people"]] == [1]


@pytest.mark.parametrize("sides", ["to-cluster"], indirect=True)
def test_a_database_that_cannot_keep_all_scripts_is_refused(
    crowded: Database, sides: tuple[Side, Side], target: Database
) -> None:
    name = f"{target.engine.url.database}_latin"
    with target.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        admin.exec_driver_sql(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        latin = Database.postgresql(sides[1].address.replace(str(target.engine.url.database), name), as_is=True)
        try:
            with pytest.raises(StoreError, match="ENCODING 'UTF8'"):
                move(crowded, latin)
        finally:
            latin.close()
            admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_batch_has_few_rows_and_few_bytes() -> None:
    small = [(number, "x") for number in range(2 * BATCH_ROWS + 1)]
    assert [len(batch) for batch in batches(iter(small))] == [BATCH_ROWS, BATCH_ROWS, 1]
    large = [(number, bytes(BATCH_BYTES // 2)) for number in range(5)]
    assert [len(batch) for batch in batches(iter(large))] == [2, 2, 1]


def test_the_mark_of_a_move_is_no_fact_of_the_library(source: Database, target: Database) -> None:
    execute(source, insert(schema.facts).values(name=MOVING, value='{"library":"x","table":"","after":null}'))
    with pytest.raises(StoreError, match="did not arrive as a whole"):
        move(source, target)
