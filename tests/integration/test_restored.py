"""A store that was emptied, lost or put back: nothing more is lost, and no work shows another's card."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.errors import IndexDamagedError, StoreDamagedError
from indexer.storage.store import FILE_NAME
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository


def take(library: Library, fruit: str, count: int = 5) -> None:
    items = [Item(f"oai:{fruit}:{number}", "2026-01-01", title=f"{fruit} {number}") for number in range(count)]
    with ListRepository(items) as repository:
        harvest(library, add_source(library, fruit, repository.url))


def fill(library: Library, fruit: str) -> None:
    take(library, fruit)
    library.bring_up_to_date()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_library(Settings(data_dir=tmp_path), sources=[]) as library:
        fill(library, "apple")
    return tmp_path


@pytest.mark.parametrize("content", [None, b""], ids=["missing", "emptied"])
def test_a_lost_store_is_told_and_its_index_is_not_overwritten(folder: Path, content: bytes | None) -> None:
    for file in folder.glob(f"{FILE_NAME}*"):
        file.unlink()
    if content is not None:
        (folder / FILE_NAME).write_bytes(content)
    with open_library(Settings(data_dir=folder), sources=[]) as library:
        answer = TestClient(make_app(library), raise_server_exceptions=False).get("/v1/works?q=apple")
        assert (answer.status_code, "backup" in answer.json()["detail"]) == (503, True)
        with pytest.raises(StoreDamagedError, match="put back the last backup"):
            library.bring_up_to_date()
        with pytest.raises(StoreDamagedError, match="put back the last backup"):
            library.rebuild(normalise=False)
    assert any(path.is_dir() for path in (folder / "search").iterdir())


def test_a_missing_index_is_told_and_made_anew(folder: Path) -> None:
    shutil.rmtree(folder / "search")
    with open_library(Settings(data_dir=folder), sources=[]) as library:
        client = TestClient(make_app(library), raise_server_exceptions=False)
        assert client.get("/v1/works?q=apple").status_code == 503
        assert client.get("/ready").status_code == 503
        library.bring_up_to_date()
        assert client.get("/v1/works?q=apple").json()["meta"]["count"] == 5


def test_a_backup_that_was_put_back_is_noticed_and_the_index_built_anew(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    backup = tmp_path_factory.mktemp("backup") / FILE_NAME
    shutil.copy(folder / FILE_NAME, backup)
    with open_library(Settings(data_dir=folder), sources=[]) as library:
        fill(library, "banana")
    for file in folder.glob(f"{FILE_NAME}*"):
        file.unlink()
    shutil.copy(backup, folder / FILE_NAME)
    with open_library(Settings(data_dir=folder), sources=[]) as library:
        take(library, "cherry", 8)
        library.pipeline.join_pending()
        with pytest.raises(IndexDamagedError, match="another state of the store"):
            library.bring_up_to_date()
        library.rebuild(normalise=False)
        client = TestClient(make_app(library))
        assert client.get("/v1/works?q=banana").json()["meta"]["count"] == 0
        titles = {row["title"] for row in client.get("/v1/works?q=cherry").json()["results"]}
        assert titles == {f"cherry {number}" for number in range(8)}
