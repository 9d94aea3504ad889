"""The record store on both databases: migrations, locks, the feed, retries; and what damaged files do to the index."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

from harvesters.errors import SourceError
from indexer.errors import StoreBusyError, StoreError
from indexer.storage import schema
from indexer.storage.feed import append_changes
from indexer.storage.store import RecordStore
from search_api.library import Library, open_library
from search_api.overview import source_rows
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository


def test_the_migrations_build_exactly_the_tables_of_the_schema(library: Library) -> None:
    with library.store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_schemas_newest_migration_is_the_scripts_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.MIGRATION


def test_a_store_of_a_newer_version_is_refused(settings: Settings) -> None:
    with open_library(settings, sources=[]) as library, library.store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer kaijuan"), open_library(settings, sources=[]):
        pass


def test_a_schema_is_not_taken_back_while_records_need_what_it_would_drop(
    library: Library, list_repository: ListRepository
) -> None:
    text_of = "Study {} of the lakes and the rivers of the north-west and of what lives there"
    list_repository.put(*(Item(f"oai:x:{number}", "2026-01-01", title=text_of.format(number)) for number in range(250)))
    harvest(library, add_source(library, "x", list_repository.url))
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    with (
        pytest.raises(StoreError, match="restore a backup"),
        library.store.database.engine.execution_options(immediate=True).begin() as connection,
    ):
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    library.bring_up_to_date()
    assert library.store.catalogue.counts()["works"] == 250


def test_a_lock_is_held_once_and_free_again(library: Library, settings: Settings) -> None:
    with open_library(settings, sources=[]) as other:
        with library.store.database.lock("index"), pytest.raises(StoreBusyError), other.store.database.lock("index"):
            pass
        with other.store.database.lock("index"), library.store.database.lock("harvest:x"):
            pass


def test_a_secret_is_made_once_and_kept(library: Library, settings: Settings) -> None:
    secret = library.store.secret("cursor")
    with open_library(settings, sources=[]) as other:
        assert other.store.secret("cursor") == secret
    assert len(secret) >= 32


def test_a_reader_of_the_feed_never_passes_a_number_that_commits_later(
    library: Library, list_repository: ListRepository
) -> None:
    """Without the writers' lock a second writer's later number would be visible first (PostgreSQL)."""
    list_repository.put(Item("oai:x:1", "2026-01-01"))
    harvest(library, add_source(library, "x", list_repository.url))
    library.bring_up_to_date()
    database = library.store.database
    start = library.store.feed.horizon()
    work = library.store.feed.after(0, 1)[0].work_key
    first_wrote, second_done = threading.Event(), threading.Event()

    def second() -> None:
        first_wrote.wait(10)
        with database.write() as connection:
            append_changes(database, connection, [(work, 3, "changed")])
        second_done.set()

    other = threading.Thread(target=second)
    other.start()
    with database.write() as connection:
        append_changes(database, connection, [(work, 2, "changed")])
        first_wrote.set()
        assert not second_done.wait(0.5), "the second writer must wait for the first"
        if not database.is_embedded:
            assert library.store.feed.horizon() == start
    other.join(10)
    assert [change.version for change in library.store.feed.after(start, 10)] == [2, 3]


def test_a_source_is_added_once_and_the_deed_is_recorded(library: Library) -> None:
    source = add_source(library, "x", "http://127.0.0.1/oai")
    with pytest.raises(SourceError, match="Choose another --name"):
        library.store.sources.add(source)
    with library.store.database.read() as connection:
        assert [(row.action, row.object) for row in connection.execute(schema.audit.select())] == [("source.add", "x")]


def test_seeding_updates_what_was_seeded_and_leaves_what_people_added(library: Library) -> None:
    mine = add_source(library, "mine", "http://127.0.0.1/oai")
    seeded = add_source(library, "other", "http://127.0.0.1/a")
    library.store.sources.seed([type(mine).of({**mine.values(), "endpoint": "http://127.0.0.1/changed"})])
    assert library.store.sources.get("mine").endpoint == "http://127.0.0.1/oai"
    assert library.store.sources.get("other") == seeded


def test_a_batch_that_fails_leaves_nothing_behind(library: Library, list_repository: ListRepository) -> None:
    list_repository.put(*(Item(f"oai:x:{number}", "2026-01-01", title=f"Study {number}") for number in range(5)))
    harvest(library, add_source(library, "x", list_repository.url))

    class BrokenError(Exception):
        pass

    database = library.store.database
    with pytest.raises(BrokenError), database.write() as connection:
        groups = library.store.raw.pending(connection, 10)
        assert len(groups) == 5
        library.store.raw.settle(connection, groups)
        raise BrokenError
    assert library.store.raw.count_pending() == 5
    library.bring_up_to_date()
    assert library.store.raw.count_pending() == 0


def test_an_unreachable_database_says_so_without_its_password() -> None:
    with pytest.raises(StoreError, match="cannot be used") as caught:
        RecordStore.cluster("postgresql://kaijuan:very-secret@127.0.0.1:1/none")
    assert "very-secret" not in str(caught.value)


def test_a_record_that_changes_while_it_is_normalised_waits_again(
    library: Library, list_repository: ListRepository
) -> None:
    list_repository.put(Item("oai:x:1", "2026-01-01", title="Before"), Item("oai:x:2", "2026-01-01", title="Other"))
    source = add_source(library, "x", list_repository.url)
    harvest(library, source)
    raw, database = library.store.raw, library.store.database
    with database.read() as connection:
        groups = raw.pending(connection, 10)
    list_repository.put(Item("oai:x:1", "2026-01-02", title="After"))
    harvest(library, source)
    with database.write() as connection:
        assert raw.unchanged(connection, groups) == {groups[1].name}
        raw.settle(connection, groups)
    assert raw.count_pending() == 1
    library.bring_up_to_date()
    assert {work.data["title"]["value"] for page in library.store.catalogue.pages() for work in page} == {"After"}


def test_a_record_that_cannot_be_written_is_set_aside_and_blocks_nobody(
    embedded: Library, list_repository: ListRepository
) -> None:
    list_repository.put(*(Item(f"oai:x:{number}", "2026-01-01", title=f"Study {number}") for number in range(30)))
    harvest(embedded, add_source(embedded, "x", list_repository.url))
    with embedded.store.database.write() as connection:
        # A fault of the database itself, for one record only: what our code did not foresee.
        connection.execute(
            text(
                "CREATE TRIGGER broken BEFORE INSERT ON manifestations WHEN NEW.identifier = 'oai:x:7' "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )
    joined, _ = embedded.bring_up_to_date()
    assert joined.quarantined == 1
    assert embedded.store.catalogue.counts()["works"] == 29
    assert [row["identifier"] for row in embedded.store.quarantine.list()] == ["oai:x:7"]


def test_a_run_whose_process_is_gone_is_not_shown_as_running(
    embedded: Library, list_repository: ListRepository
) -> None:
    source = add_source(embedded, "x", list_repository.url)
    embedded.store.harvests.begin(source, since=None, until=None)
    (row,) = source_rows(embedded)
    assert (row["last_harvest"]["status"], "interrupted" in row["last_harvest"]["error"]) == ("incomplete", True)
    with embedded.store.database.lock("harvest:x"):
        (row,) = source_rows(embedded)
    assert row["last_harvest"]["status"] == "running"


def test_an_unusable_data_folder_is_named_with_its_setting(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder", encoding="utf-8")
    with (
        pytest.raises(StoreError, match="KAIJUAN_DATA_DIR"),
        open_library(Settings(data_dir=file / "below"), sources=[]),
    ):
        pass


def test_what_waits_is_found_by_its_index_and_not_by_reading_everything(embedded: Library) -> None:
    """SQLite takes a partial index only where the query's condition is the index's, word for word."""
    raw = schema.raw_records.c
    statements = [
        select(raw.source_key, raw.identifier).where(raw.pending).order_by(raw.key).limit(10),
        select(func.count()).select_from(schema.raw_records).where(raw.pending),
    ]
    with embedded.store.database.read() as connection:
        for statement in statements:
            sql = statement.compile(connection, compile_kwargs={"literal_binds": True})
            plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
            assert "ix_raw_records_pending" in plan, plan
