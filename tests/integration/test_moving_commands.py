"""``kaijuan migrate`` as a person runs it: a library with people's data, to the cluster and back, killed on the way."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from search_api.app import make_app
from search_api.library import open_library
from search_api.settings import ClusterStorage, Settings
from tests.integration.conftest import add_source, harvest
from tests.integration.test_command import _COMMAND, Shell
from tests.repository import Item, ListRepository

pytestmark = pytest.mark.cluster

_WHY = ("--why", "Looked at it.", "--who", "Li Ming")
#: What shows that people's doings have their effect: terms, hidden and joined works, corrections.
_ASKED = (
    "/v1/works?q=钙钛矿&fields=detail",
    "/v1/works?q=perovskite OR rice&facets=source,year,clc&limit=200",
    "/v1/works?q=&sort=newest&limit=200",
    "/v1/works?q=smart library",
    "/v1/works?q=小麦&rules=off",
    "/v1/sources",
)


def _item(number: int) -> Item:
    topic = ("钙钛矿太阳能电池稳定性", "Perovskite stability", "Lead uptake of rice", "智慧图书馆")[number % 4]
    return Item(f"oai:x:{number:04}", "2026-01-01", title=f"{topic} {number} 😀")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded library of a hundred works, with something of everything that people do."""
    data_dir = tmp_path_factory.mktemp("filled") / "data"
    broken = Item("oai:x:broken", "2026-01-01", metadata="<dc>no Dublin Core</dc>")
    with (
        ListRepository([*map(_item, range(100)), broken], page_size=50) as repository,
        open_library(Settings(data_dir=data_dir), sources=[]) as library,
    ):
        harvest(library, add_source(library, "x", repository.url))
        library.bring_up_to_date()
        library.store.kept_answers.claim(b"digest", b"request")
        library.store.kept_answers.keep(b"digest", 201, "application/json", b"{}")
    shell = Shell(data_dir)
    one, other, third = [row["id"] for row in answer(shell, "search", "rice", "--limit", "3")["results"]]
    answer(shell, "merge", one, other, *_WHY)
    answer(shell, "correct", third, "title", "Wheat and mercury 小麦", *_WHY)
    answer(shell, "thesaurus", "add", "智慧图书馆", "smart library", *_WHY)
    answer(shell, "subjects", "map", "keyword", "老年护理", "R4", *_WHY)
    answer(shell, "rank", "hide", "work", third, *_WHY)
    answer(shell, "tokens", "add", "mini-program")
    answer(shell, "rebuild", "--index-only")  # scores count what was replaced as long as its place is not taken
    return data_dir


@pytest.fixture
def shell(filled: Path, tmp_path: Path) -> Shell:
    return Shell(Path(shutil.copytree(filled, tmp_path / "data")))


@pytest.fixture
def cluster(cluster_storage: ClusterStorage) -> dict[str, str]:
    return {
        "KAIJUAN_STORAGE__KIND": "cluster",
        "KAIJUAN_STORAGE__DATABASE_URL": cluster_storage.database_url.get_secret_value(),
        "KAIJUAN_STORAGE__ELASTICSEARCH_URL": cluster_storage.elasticsearch_url.get_secret_value(),
        "KAIJUAN_STORAGE__INDEX_PREFIX": cluster_storage.index_prefix,
    }


@pytest.fixture
def another_database(cluster_storage: ClusterStorage) -> Iterator[str]:
    url = make_url(cluster_storage.database_url.get_secret_value())
    name = f"{url.database}_other"
    admin = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        yield url.set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.dispose()


def answer(shell: Shell, *arguments: str) -> Any:
    done = shell(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return rows[0] if len(rows) == 1 else rows


def moved(shell: Shell, *arguments: str, **environment: str) -> list[dict[str, Any]]:
    done = shell("migrate", *arguments, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def everything(settings: Settings) -> list[Any]:
    """Return all answers, without what is of the moment or of one index."""
    with open_library(settings, sources=[]) as library:
        (token,) = library.store.tokens.all()
        client = TestClient(make_app(library))
        found = [client.get(path).json() for path in _ASKED]
        kept = library.store.kept_answers.claim(b"digest", b"request")
    for body in found:
        for passing in ("took_ms", "next_cursor"):
            body.get("meta", {}).pop(passing, None)
    return [*found, token, kept]


def kill_when(shell: Shell, said: str, *arguments: str, **environment: str) -> None:
    """Run a command and kill -9 it as soon as it says something."""
    process = subprocess.Popen(
        [*_COMMAND, *arguments], env=shell.environment | environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.startswith(said):
            process.kill()
            break
    process.stderr.close()
    assert process.wait(60) == -9, "".join(seen)


def test_a_library_moves_to_the_cluster_and_back_with_all_that_people_did(
    shell: Shell, cluster: dict[str, str], cluster_storage: ClusterStorage, tmp_path: Path
) -> None:
    embedded = Settings(data_dir=tmp_path / "data")
    before = everything(embedded)
    works = before[2]["meta"]["count"] + 1  # one is hidden
    counted = {row["table"]: row for row in moved(shell, "embedded", "cluster", "--dry-run", **cluster)}
    assert {row["moved"] for row in counted.values()} == {None}
    for said in ("copy", "prove", "build the index"):
        kill_when(shell, said, "migrate", "embedded", "cluster", **cluster)
    *tables, index = moved(shell, "embedded", "cluster", **cluster)
    assert {row["table"]: row["moved"] for row in tables} == {name: row["rows"] for name, row in counted.items()}
    assert all(row["same"] for row in tables)
    assert min(counted[name]["rows"] for name in ("tokens", "judgements", "audit", "kept_answers", "quarantine")) >= 1
    assert index == {"works": works, "documents": works}
    assert everything(Settings(data_dir=tmp_path / "none", storage=cluster_storage)) == before
    assert everything(embedded) == before, "the source is left as it is"

    back = Shell(tmp_path / "back")
    *tables, index = moved(back, "cluster", "embedded", **cluster)
    assert all(row["same"] for row in tables)
    assert index == {"works": works, "documents": works}
    assert everything(Settings(data_dir=tmp_path / "back")) == before


def test_what_is_read_and_written_is_said_first_and_never_a_password(shell: Shell, cluster: dict[str, str]) -> None:
    done = shell("migrate", "embedded", "cluster", "--dry-run", **cluster)
    assert done.returncode == 0, done.stderr
    name = cluster["KAIJUAN_STORAGE__INDEX_PREFIX"]
    read, write, *_ = done.stderr.splitlines()
    assert "records.db" in read
    assert "it is left as it is" in read
    assert f"PostgreSQL {name} at 127.0.0.1" in write
    assert f"the search index {name}-…" in write
    password = cluster["KAIJUAN_STORAGE__DATABASE_URL"].split("@")[0].rpartition(":")[2]
    assert password not in done.stdout + done.stderr
    assert "works" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["embedded", "embedded"], 2, "Name two deployments"),
        (["embedded"], 2, "Missing argument"),
        (["embedded", "cluster"], 2, "Set KAIJUAN_STORAGE__KIND=cluster"),
    ],
)
def test_a_wrong_migrate_command_says_what_to_do(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done = Shell(tmp_path)("migrate", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_where_no_library_is_there_is_nothing_to_move(tmp_path: Path, cluster: dict[str, str]) -> None:
    done = Shell(tmp_path / "nowhere")("migrate", "embedded", "cluster", **cluster)
    assert (done.returncode, "There is no library in" in done.stderr) == (1, True)
    assert not (tmp_path / "nowhere").exists()


def test_the_search_index_of_another_library_is_not_replaced(
    shell: Shell, cluster: dict[str, str], cluster_storage: ClusterStorage, another_database: str, tmp_path: Path
) -> None:
    with open_library(Settings(data_dir=tmp_path / "c", storage=cluster_storage), sources=[]) as library:
        with ListRepository([_item(1)]) as repository:
            harvest(library, add_source(library, "other", repository.url))
        library.bring_up_to_date()
    done = shell("migrate", "embedded", "cluster", **cluster | {"KAIJUAN_STORAGE__DATABASE_URL": another_database})
    assert done.returncode == 1
    assert "There is a search index of another library" in done.stderr
    with open_library(Settings(data_dir=tmp_path / "c", storage=cluster_storage), sources=[]) as library:
        assert library.index.stats().documents == 1


def test_a_target_without_its_search_engine_is_refused_before_anything_is_written(
    shell: Shell, cluster: dict[str, str]
) -> None:
    nobody = {"KAIJUAN_STORAGE__ELASTICSEARCH_URL": "http://127.0.0.1:1"}
    done = shell("migrate", "embedded", "cluster", **cluster | nobody)
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    *tables, _ = moved(shell, "embedded", "cluster", **cluster)
    assert all(row["same"] for row in tables)
