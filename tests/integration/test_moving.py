"""Moving a library between the databases: nothing lost, nothing doubled, nothing changed, and proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.storage import schema
from indexer.storage.database import Database
from indexer.storage.moving import NOT_MOVED, Compared, move
from search_api.settings import ClusterStorage
from tests.integration.crowded import crowd, held

pytestmark = pytest.mark.cluster

Open = Callable[[], Database]


@pytest.fixture(params=["to-cluster", "to-embedded"])
def sides(
    request: pytest.FixtureRequest, tmp_path: Path, cluster_storage: ClusterStorage
) -> Iterator[tuple[Open, Open]]:
    """Open source and target as often as wanted, in both directions."""
    opened: list[Database] = []

    def sqlite() -> Database:
        opened.append(Database.sqlite(tmp_path / "data" / "records.db", as_is=True))
        return opened[-1]

    def postgresql() -> Database:
        opened.append(Database.postgresql(cluster_storage.database_url.get_secret_value(), as_is=True))
        return opened[-1]

    yield (sqlite, postgresql) if request.param == "to-cluster" else (postgresql, sqlite)
    for database in opened:
        database.close()


@pytest.fixture
def source(sides: tuple[Open, Open]) -> Database:
    database = sides[0]().migrated()
    crowd(database)
    return database


@pytest.fixture
def target(sides: tuple[Open, Open], source: Database) -> Database:
    (Path(str(source.engine.url.database)).parent).mkdir(exist_ok=True)
    return sides[1]()


def is_same(compared: list[Compared]) -> bool:
    return bool(compared) and all(one.is_same for one in compared)


def test_every_value_of_every_table_arrives_and_the_target_opens(source: Database, target: Database) -> None:
    before = held(source)
    compared = move(source, target)
    assert is_same(compared)
    assert {one.table for one in compared} == {table.name for table in schema.metadata.tables.values()} - NOT_MOVED
    assert min(one.source.rows for one in compared) == 40
    assert held(target) == before
    assert held(source) == before
    target.migrated()
