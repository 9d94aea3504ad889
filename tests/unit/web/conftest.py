"""A library that was filled the real way: harvested over HTTP, joined and indexed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.browser.demonstration import demonstration_library

NewClient = Callable[..., TestClient]


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """About 740 works from the three demonstration repositories; tests only read it."""
    with demonstration_library(tmp_path_factory.mktemp("demonstration"), 900) as library:
        yield library


@pytest.fixture(scope="session")
def app(demonstration: Library) -> FastAPI:
    return make_app(demonstration)


@pytest.fixture
def new_client(app: FastAPI) -> NewClient:
    """Make a reader without cookies; ``language`` is what the browser accepts."""

    def new(language: str = "en") -> TestClient:
        return TestClient(app, headers={"Accept-Language": language}, follow_redirects=False)

    return new


@pytest.fixture
def reader(new_client: NewClient) -> TestClient:
    """A reader whose browser wants English."""
    return new_client()


@pytest.fixture
def own_library(tmp_path: Path) -> Iterator[Library]:
    """An empty library of the test's own, without sources."""
    with open_library(Settings(data_dir=tmp_path / "data"), sources=[]) as library:
        yield library
