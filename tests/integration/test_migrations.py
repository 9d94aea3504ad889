"""Schemas forwards and back, step by step, on both databases, with rows in every table of each step."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Boolean, Column, DateTime, Float, Integer, LargeBinary, MetaData, insert, select, text, update

from indexer.errors import StoreError
from indexer.storage import schema
from indexer.storage.database import Database
from indexer.storage.migrating import revisions
from search_api.library import Library
from search_api.settings import ClusterStorage, Settings
from tests.integration.conftest import DEPLOYMENTS
from tests.integration.test_command import Shell

_ROWS = 3
_AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
#: What stands in the way back from a schema, what is said of it, and how a test takes it away.
_HELD_BY = {
    "0008": ("People have accounts", ["DELETE FROM logins"]),
    "0006": (
        "thesaurus, subject tree, ranking and tokens",
        [
            "DELETE FROM thesaurus_entries",
            "DELETE FROM subject_classes",
            "DELETE FROM subject_mappings",
            "DELETE FROM ranking_rules",
            "DELETE FROM tokens",
        ],
    ),
    "0005": (
        "judgements of librarians",
        ["DELETE FROM judgement_records", "DELETE FROM judgements", "UPDATE link_reports SET settled_at = at"],
    ),
    "0003": ("ids of journals", ["UPDATE containers SET merged_into = NULL"]),
    "0002": ("compression dictionaries", ["UPDATE raw_records SET dictionary_key = NULL"]),
}


@pytest.fixture(params=DEPLOYMENTS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table, of each kind in turn."""
    if request.param == "embedded":
        opened = Database.sqlite(tmp_path / "records.db", as_is=True)
    else:
        storage: ClusterStorage = request.getfixturevalue("cluster_storage")
        opened = Database.postgresql(storage.database_url.get_secret_value(), as_is=True)
    yield opened
    opened.close()


def reflected(database: Database) -> MetaData:
    found = MetaData()
    with database.read() as connection:
        found.reflect(connection)
    found.remove(found.tables["alembic_version"])
    return found


def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    tables = reflected(database).sorted_tables
    with database.read() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in tables
        }


def fill(database: Database) -> None:
    """Put rows into every table that has none, and values into every column that is new."""
    tables = reflected(database).sorted_tables
    with database.write() as connection:
        for table in tables:
            numbers = range(1, _ROWS + 1)
            if not connection.execute(select(table)).first():
                connection.execute(insert(table), [{c.name: _value(c, number) for c in table.c} for number in numbers])
                continue
            for column in table.c:
                if connection.execute(select(table).where(column.is_not(None))).first():
                    continue
                for number in numbers:
                    same = [key == _value(key, number) for key in table.primary_key]
                    connection.execute(update(table).where(*same).values({column.name: _value(column, number)}))


def _value(column: Column[Any], number: int) -> Any:
    if isinstance(column.type, Boolean):
        return number % 2 == 1
    if isinstance(column.type, Integer):  # keys and what refers to them
        return number
    if isinstance(column.type, Float):
        return number / 8
    if isinstance(column.type, DateTime):
        return _AT
    if isinstance(column.type, LargeBinary):  # of works: from which 0003 learns their container
        return b'{"container": {"id": "containers id %d"}}' % number
    return f"{column.table.name} {column.name} {number}"


def common(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return of ``after`` the tables and columns that ``before`` had."""
    return {
        name: [{column: row[column] for column in (held[0] if held else row)} for row in after[name]]
        for name, held in before.items()
        if name in after
    }


def without_facts(held: dict[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in held.items() if name != "facts"}


def test_every_step_forwards_keeps_what_there_is_and_every_step_back_what_has_a_place(database: Database) -> None:
    known = revisions()
    assert known[-1] == schema.MIGRATION
    for revision in known:
        before = rows(database) if database.version() else {}
        database.change_schema(revision)
        assert database.version() == revision
        assert common(before, rows(database)) == before, f"rows changed on the way to {revision}"
        fill(database)
    for at, to in zip(known[:0:-1], known[-2::-1], strict=True):
        before = rows(database)
        if at in _HELD_BY:
            said, in_the_way = _HELD_BY[at]
            with pytest.raises(StoreError, match=f"{said}.*restore a backup"):
                database.change_schema(to, only_back=True)
            assert (database.version(), rows(database)) == (at, before), "a refusal changes nothing"
            _take_away(database, in_the_way)
            before = rows(database)
        database.change_schema(to, only_back=True)
        after = rows(database)
        assert database.version() == to
        assert without_facts(common(after, before)) == without_facts(after), f"rows changed on the way back to {to}"
    assert len(after["works"]) == len(after["sources"]) == _ROWS
    database.migrated()
    assert common(after, rows(database)) == after
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def _take_away(database: Database, in_the_way: list[str]) -> None:
    with database.write() as connection:
        for one in in_the_way:
            connection.execute(text(one))


def test_readers_reports_that_nobody_looked_at_are_not_lost(database: Database) -> None:
    database.change_schema("0005")
    fill(database)
    _take_away(database, [*_HELD_BY["0005"][1], "UPDATE link_reports SET settled_at = NULL WHERE key = 1"])
    with pytest.raises(StoreError, match="1 readers' reports about copies would be lost"):
        database.change_schema("0004", only_back=True)


def test_whoever_comes_back_from_a_schema_without_identity_identifies_anew(library: Library) -> None:
    library.bring_up_to_date()
    assert library.store.fact("identity_version")
    library.store.database.change_schema("0004")
    library.store.database.migrated()
    assert library.store.fact("identity_version") is None
    assert not library.pipeline.is_outdated()
    library.store.database.change_schema("0002")
    library.store.database.migrated()
    assert library.pipeline.is_outdated(), "doctor says that a rebuild is due"


def test_several_that_upgrade_at_the_same_moment_wait_for_each_other(settings: Settings, tmp_path: Path) -> None:
    shell = Shell(settings.data_dir)
    if isinstance(settings.storage, ClusterStorage):
        shell.environment |= {
            "KAIJUAN_STORAGE__KIND": "cluster",
            "KAIJUAN_STORAGE__DATABASE_URL": settings.storage.database_url.get_secret_value(),
            "KAIJUAN_STORAGE__ELASTICSEARCH_URL": settings.storage.elasticsearch_url.get_secret_value(),
        }
    done: list[subprocess.CompletedProcess[str]] = []
    threads = [threading.Thread(target=lambda: done.append(shell("store", "upgrade"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]
    again = shell("store", "upgrade")
    assert (again.returncode, f"{schema.MIGRATION}, up to date" in again.stdout) == (0, True)
    shown = shell("store", "show", "--json").stdout
    assert f'"schema":"{schema.MIGRATION}"' in shown
    assert '"state":"up to date"' in shown


def test_the_store_commands_take_the_schema_back_and_say_what_cannot_be(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "data")
    none = shell("store", "show", "--json")
    assert (none.returncode, '"state":"none yet"' in none.stdout) == (0, True)
    assert not (tmp_path / "data").exists(), "looking makes nothing"
    assert shell("store", "upgrade").returncode == 0
    for revision, said in (("9999", "There is no schema '9999'"), (schema.MIGRATION, "is not older")):
        wrong = shell("store", "downgrade", revision)
        assert (wrong.returncode, said in wrong.stderr) == (1, True), wrong.stderr
    back = shell("store", "downgrade", "0005")
    assert (back.returncode, "→ 0005. Start the older version now" in back.stdout) == (0, True), back.stderr
    older = shell("store", "show", "--json").stdout
    assert '"schema":"0005"' in older
    assert '"state":"older: run kaijuan store upgrade"' in older
    assert shell("store", "upgrade").stdout.strip().endswith(f"0005 → {schema.MIGRATION}.")


def test_the_schema_is_not_taken_back_from_under_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(tmp_path / "data")
    assert shell("store", "upgrade").returncode == 0
    database = Database.sqlite(tmp_path / "data" / "records.db", as_is=True)
    with database.lock("index"):
        busy = shell("store", "downgrade", "0006")
    database.close()
    assert (busy.returncode, "Stop what runs with it" in busy.stderr) == (1, True), busy.stderr
    assert f'"schema":"{schema.MIGRATION}"' in shell("store", "show", "--json").stdout


def test_a_schema_of_a_newer_version_is_shown_and_not_touched(database: Database) -> None:
    database.migrated()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for revision in ("0006", schema.MIGRATION):
        with pytest.raises(StoreError, match="newer kaijuan"):
            database.change_schema(revision)
    assert database.version() == "9999"
