"""Libraries of both deployments, and repositories to harvest."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from harvesters.checkpoints import RunReport
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from indexer.storage.elastic import connect
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings
from tests.repository.fixtures import doaj_page, list_repository, pmc_pages

__all__ = ["doaj_page", "list_repository", "pmc_pages"]

DEPLOYMENTS = ["embedded", pytest.param("cluster", marks=pytest.mark.cluster)]

Harvest = Callable[..., RunReport]


@pytest.fixture(scope="session")
def cluster_urls() -> tuple[str, str]:
    database, search = os.environ.get("KAIJUAN_TEST_DATABASE_URL"), os.environ.get("KAIJUAN_TEST_ELASTICSEARCH_URL")
    if not database or not search:
        pytest.skip("KAIJUAN_TEST_DATABASE_URL and KAIJUAN_TEST_ELASTICSEARCH_URL are not set: make services")
    return database, search


@pytest.fixture
def cluster_storage(cluster_urls: tuple[str, str]) -> Iterator[ClusterStorage]:
    """A database and an index prefix of the test's own, removed afterwards."""
    server, search = cluster_urls
    name = f"kaijuan_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    yield ClusterStorage(
        kind="cluster", database_url=SecretStr(url), elasticsearch_url=SecretStr(search), index_prefix=name
    )
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()
    client = connect(search)
    try:
        for index in client.indices.get(index=f"{name}*"):
            client.indices.delete(index=index)
    finally:
        client.close()


@pytest.fixture(params=DEPLOYMENTS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of each deployment in turn."""
    if request.param == "embedded":
        return Settings(data_dir=tmp_path / "data")
    return Settings(data_dir=tmp_path / "data", storage=request.getfixturevalue("cluster_storage"))


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    """An empty library without sources."""
    with open_library(settings, sources=[]) as opened:
        yield opened


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Library]:
    """An empty library of the embedded deployment, where the deployment makes no difference."""
    with open_library(Settings(data_dir=tmp_path / "data"), sources=[]) as opened:
        yield opened


def add_source(library: Library, name: str, url: str, prefix: str = "oai_dc", **values: object) -> Source:
    """Add a loopback repository that is asked fast and seldom twice."""
    source = Source.of(
        {
            "id": name,
            "name": name,
            "endpoint": url,
            "metadata_prefixes": [prefix],
            "pace_seconds": 0,
            "attempts": 2,
            "retry_wait_seconds": 0.01,
            "timeout_seconds": 5,
            **values,
        }
    )
    library.store.sources.add(source)
    return source


def harvest(library: Library, source: Source, **request: object) -> RunReport:
    """Harvest a source once."""
    return library.harvest(source, Request(**request), pace=Pace())  # type: ignore[arg-type]
