"""Backups that can be put back: of the embedded store while it is used, and of a cluster by PostgreSQL's own tools."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, insert, select
from sqlalchemy.engine import URL, make_url

from indexer.errors import StoreDamagedError, StoreError
from indexer.storage import schema
from indexer.storage.backup import back_up, checksum_file, restore
from indexer.storage.database import Database
from indexer.storage.store import FILE_NAME
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings
from tests.integration.conftest import add_source, harvest
from tests.integration.crowded import crowd, held
from tests.integration.test_command import Shell, get
from tests.repository import Item, ListRepository

_POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))


def fill(library: Library, fruit: str, count: int = 5) -> None:
    items = [Item(f"oai:{fruit}:{number}", "2026-01-01", title=f"{fruit} {number}") for number in range(count)]
    with ListRepository(items) as repository:
        harvest(library, add_source(library, fruit, repository.url))
    library.bring_up_to_date()


def found(settings: Settings, query: str) -> list[str]:
    with open_library(settings, sources=[]) as library:
        answer = TestClient(make_app(library)).get(f"/v1/works?q={query}&limit=200").json()
        return sorted(row["id"] for row in answer["results"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with five works."""
    with open_library(Settings(data_dir=tmp_path / "data"), sources=[]) as library:
        fill(library, "apple")
    return tmp_path / "data"


@pytest.fixture
def shell(folder: Path) -> Shell:
    return Shell(folder)


def opened(path: Path) -> closing[Database]:
    return closing(Database.sqlite(path, as_is=True))


def test_a_backup_is_restored_elsewhere_and_everything_is_found_again(shell: Shell, tmp_path: Path) -> None:
    before = found(Settings(data_dir=tmp_path / "data"), "apple")
    file = tmp_path / "backups" / "library.db"
    done = shell("backup", str(file), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["works"], told["records"], told["bytes"]) == (5, 5, file.stat().st_size)
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert checksum_file(file).read_text() == f"{told['sha256']}  library.db\n"
    assert sorted(path.name for path in file.parent.iterdir()) == ["library.db", "library.db.sha256"]

    elsewhere = Shell(tmp_path / "elsewhere")
    restored = elsewhere("restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert "5 works in the search index" in restored.stdout
    assert found(Settings(data_dir=tmp_path / "elsewhere"), "apple") == before != []
    assert hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"], "the backup is as it was"


def test_every_row_is_in_a_backup_and_the_copy_may_be_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    with closing(Database.sqlite(tmp_path / "data" / FILE_NAME)) as database:
        crowd(database)
        before = held(database)
        back_up(database, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes()[18:20] == b"\x01\x01", "no log of its own is needed"
    with opened(tmp_path / "copy.db") as copy:
        assert held(copy) == before


def test_a_backup_is_one_moment_of_a_store_that_others_change_all_the_time(tmp_path: Path) -> None:
    """Without the read transaction each change by another process would make the copy begin anew."""
    path = tmp_path / "data" / FILE_NAME
    with closing(Database.sqlite(path)) as database:
        crowd(database)
        writer = (
            "import sys; from pathlib import Path; from sqlalchemy import text\n"
            "from indexer.storage.database import Database\n"
            "database = Database.sqlite(Path(sys.argv[1]))\n"
            "for line in sys.stdin:\n"
            "    with database.write() as connection:\n"
            '        connection.execute(text("UPDATE works SET version = version + 1 WHERE key = 3"))\n'
            "    print('done', flush=True)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", writer, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            seen: list[int] = []

            def change(done: int, pages: int) -> None:
                seen.append(pages - done)
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write("x\n")
                process.stdin.flush()
                assert process.stdout.readline() == "done\n"

            before = held(database)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("indexer.storage.backup._PAGES_AT_ONCE", 20)
                back_up(database, tmp_path / "copy.db", watch=change)
            process.stdin.close()
        assert seen == sorted(set(seen), reverse=True), "it never began anew"
        assert len(seen) > 10
        assert held(database) != before
    with opened(tmp_path / "copy.db") as copy:
        assert held(copy) == before


def test_a_backup_is_made_while_the_library_is_served(shell: Shell, tmp_path: Path) -> None:
    with shell.served("serve") as (address, _):
        assert shell("backup", str(tmp_path / "b.db")).returncode == 0
        assert get(f"{address}/v1/works?q=apple")[1]["meta"]["count"] == 5


def test_a_backup_never_writes_over_a_file_and_leaves_none_where_it_fails(
    shell: Shell, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "b.db").write_text("mine")
    done = shell("backup", str(tmp_path / "b.db"))
    assert (done.returncode, "is there already" in done.stderr) == (1, True)
    assert (tmp_path / "b.db").read_text() == "mine"
    with opened(folder / FILE_NAME) as database, pytest.raises(RuntimeError):
        back_up(database, tmp_path / "c" / "c.db", watch=_fail)
    assert list((tmp_path / "c").iterdir()) == []
    (tmp_path / "file").touch()
    with opened(folder / FILE_NAME) as database, pytest.raises(StoreError, match="cannot be written"):
        back_up(database, tmp_path / "file" / "c.db")


def _fail(_done: int, _all: int) -> None:
    raise RuntimeError("Stopped.")


def test_what_a_killed_backup_left_is_no_hindrance(folder: Path, tmp_path: Path) -> None:
    (tmp_path / ".b.db.part").write_bytes(b"half")
    with opened(folder / FILE_NAME) as database:
        assert back_up(database, tmp_path / "b.db").works == 5
    assert not (tmp_path / ".b.db.part").exists()


def test_a_damaged_store_gives_no_backup(folder: Path, tmp_path: Path) -> None:
    with opened(folder / FILE_NAME) as database, database.read() as connection:
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_schema WHERE name = 'tokens'").scalar_one()
    with (folder / FILE_NAME).open("r+b") as file:  # nobody counts tokens: only whoever examines all sees it
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with opened(folder / FILE_NAME) as database, pytest.raises(StoreDamagedError):
        back_up(database, tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()


def test_where_no_library_is_there_is_no_backup(tmp_path: Path) -> None:
    done = Shell(tmp_path / "nowhere")("backup", str(tmp_path / "b.db"))
    assert (done.returncode, "There is no library in" in done.stderr) == (1, True)
    assert not (tmp_path / "nowhere").exists()


def test_a_library_is_only_replaced_where_that_is_asked_for_and_its_store_is_kept(shell: Shell, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    file = tmp_path / "b.db"
    assert shell("backup", str(file)).returncode == 0
    with open_library(settings, sources=[]) as library:
        fill(library, "banana")
    refused = shell("restore", str(file))
    assert (refused.returncode, "There is a library" in refused.stderr, "--replace" in refused.stderr) == (
        1,
        True,
        True,
    )
    assert len(found(settings, "banana")) == 5
    done = shell("restore", str(file), "--replace", "--json")
    assert done.returncode == 0, done.stderr
    assert (len(found(settings, "apple")), found(settings, "banana")) == (5, [])
    kept = Path(json.loads(done.stdout)["kept"])
    with opened(kept) as database, database.read() as connection:
        assert set(connection.execute(select(schema.sources.c.id)).scalars()) >= {"apple", "banana"}


def test_a_damaged_store_is_replaced_by_its_backup(shell: Shell, folder: Path, tmp_path: Path) -> None:
    assert shell("backup", str(tmp_path / "b.db")).returncode == 0
    (folder / FILE_NAME).write_bytes(b"no database at all" * 1_000)
    done = shell("restore", str(tmp_path / "b.db"), "--replace")
    assert done.returncode == 0, done.stderr
    assert len(found(Settings(data_dir=folder), "apple")) == 5


def test_a_library_that_is_served_is_not_replaced(shell: Shell, folder: Path, tmp_path: Path) -> None:
    assert shell("backup", str(tmp_path / "b.db")).returncode == 0
    with shell.served("serve") as (address, _):
        assert get(f"{address}/v1/works?q=apple")[1]["meta"]["count"] == 5
        done = shell("restore", str(tmp_path / "b.db"), "--replace")
        assert (done.returncode, "locked by another process" in done.stderr) == (1, True), done.stderr
        assert get(f"{address}/v1/works?q=apple")[1]["meta"]["count"] == 5
    assert [path.name for path in folder.iterdir() if "part" in path.name or "before" in path.name] == []


@pytest.mark.parametrize("fault", ["cut", "changed", "text", "other", "newer"])
def test_what_is_no_whole_backup_changes_nothing(folder: Path, tmp_path: Path, fault: str) -> None:
    file = tmp_path / "b.db"
    with opened(folder / FILE_NAME) as database:
        back_up(database, file)
    before = (folder / FILE_NAME).read_bytes()
    content = bytearray(file.read_bytes())
    if fault == "cut":
        checksum_file(file).unlink()
        file.write_bytes(content[: len(content) // 2])
    elif fault == "changed":
        content[-100] ^= 1
        file.write_bytes(content)
    elif fault == "text":
        checksum_file(file).unlink()
        file.write_text("SELECT 1;" * 1_000)
    else:
        checksum_file(file).unlink()
        engine = create_engine(f"sqlite:///{file}")
        with engine.begin() as connection:
            statement = (
                "UPDATE alembic_version SET version_num = '9999'" if fault == "newer" else "DROP TABLE alembic_version"
            )
            connection.exec_driver_sql(statement)
        engine.dispose()
    said = {"other": "no store of kaijuan", "newer": "newer kaijuan", "changed": "is not what b.db.sha256 says"}
    with pytest.raises(StoreError, match=said.get(fault, "damaged")):
        restore(file, folder, replace=True)
    assert (folder / FILE_NAME).read_bytes() == before
    assert [path.name for path in folder.iterdir() if "part" in path.name or "before" in path.name] == []


def test_a_backup_of_an_older_version_is_restored_and_brought_up_to_date(folder: Path, tmp_path: Path) -> None:
    with opened(folder / FILE_NAME) as database:
        database.change_schema("0005")
        assert back_up(database, tmp_path / "b.db").schema == "0005"
    elsewhere = Shell(tmp_path / "elsewhere")
    assert elsewhere("restore", str(tmp_path / "b.db")).returncode == 0
    assert f'"schema":"{schema.MIGRATION}"' in elsewhere("store", "show", "--json").stdout


# --- the cluster ------------------------------------------------------------------------------


@pytest.fixture
def emptied(cluster_storage: ClusterStorage) -> Iterator[ClusterStorage]:
    """A second, empty database and an index prefix beside the first, as after the loss of all machines."""
    url = make_url(cluster_storage.database_url.get_secret_value()).set(drivername="postgresql+psycopg")
    name = f"{url.database}_restored"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    restored = url.set(database=name).render_as_string(hide_password=False)
    yield ClusterStorage.model_validate(
        {
            "kind": "cluster",
            "database_url": restored,
            "elasticsearch_url": cluster_storage.elasticsearch_url.get_secret_value(),
            "index_prefix": f"{cluster_storage.index_prefix}_restored",
        }
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.dispose()


def cluster_shell(folder: Path, storage: ClusterStorage) -> Shell:
    shell = Shell(folder)
    shell.environment |= {
        "KAIJUAN_STORAGE__KIND": "cluster",
        "KAIJUAN_STORAGE__DATABASE_URL": storage.database_url.get_secret_value(),
        "KAIJUAN_STORAGE__ELASTICSEARCH_URL": storage.elasticsearch_url.get_secret_value(),
        "KAIJUAN_STORAGE__INDEX_PREFIX": storage.index_prefix,
    }
    return shell


def run_postgresql(tool: str, url: URL, *arguments: str) -> None:
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    plain = url._replace(drivername="postgresql", password=None).render_as_string()
    command = [str(_POSTGRESQL[-1].with_name(tool)), *arguments, f"--dbname={plain}"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)


@pytest.mark.cluster
@pytest.mark.skipif(not _POSTGRESQL, reason="PostgreSQL's pg_dump is not on this machine")
def test_a_cluster_is_dumped_while_it_is_written_restored_elsewhere_and_found_again(
    cluster_storage: ClusterStorage, emptied: ClusterStorage, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", storage=cluster_storage)
    with open_library(settings, sources=[]) as library:
        fill(library, "apple", 60)
        token, secret = library.store.tokens.add("mini-program")
        database = library.store.database
        stop = threading.Event()

        def note_uses() -> None:
            while not stop.wait(0.005):
                library.store.tokens.note_use(token.id)

        writer = threading.Thread(target=note_uses)
        writer.start()
        try:
            url = make_url(cluster_storage.database_url.get_secret_value())
            run_postgresql("pg_dump", url, "--format=custom", f"--file={tmp_path / 'kaijuan.dump'}")
        finally:
            stop.set()
            writer.join()
        before = held(database)
    run_postgresql(
        "pg_restore",
        make_url(emptied.database_url.get_secret_value()),
        "--no-owner",
        "--exit-on-error",
        str(tmp_path / "kaijuan.dump"),
    )
    with closing(Database.postgresql(emptied.database_url.get_secret_value(), as_is=True)) as copy:
        assert {**held(copy), "tokens": before["tokens"]} == before, "a token was used all the while"
    restored = Settings(data_dir=tmp_path / "restored", storage=emptied)
    rebuilt = cluster_shell(tmp_path / "restored", emptied)("rebuild", "--index-only", "--json")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert json.loads(rebuilt.stdout)["indexed"] == 60
    assert found(restored, "apple") == found(settings, "apple")
    with open_library(restored, sources=[]) as library:
        assert library.store.tokens.find(secret) is not None
        with library.store.database.write() as connection:  # keys go on behind those that were given
            connection.execute(insert(schema.people).values(id="p", created_at=token.created_at))


@pytest.mark.cluster
def test_on_a_cluster_backup_says_what_to_run_without_the_password(
    cluster_storage: ClusterStorage, tmp_path: Path
) -> None:
    shell = cluster_shell(tmp_path, cluster_storage)
    done = shell("backup", "/backups/k a.dump")
    assert done.returncode == 2
    assert "pg_dump --format=custom '--file=/backups/k a.dump' postgresql://" in done.stderr
    assert "docker compose exec -T postgres pg_dump -U kaijuan -Fc kaijuan > '/backups/k a.dump'\n" in done.stderr
    password = make_url(cluster_storage.database_url.get_secret_value()).password
    assert password
    assert password not in done.stderr + done.stdout
    assert "pg_restore" in shell("restore", "x").stderr
