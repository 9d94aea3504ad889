"""Every engine behind one fixture, and every engine over every database; what the memory engine answers is right.

Elasticsearch is the server of ``KAIJUAN_TEST_ELASTICSEARCH_URL``; where ``KAIJUAN_TEST_ELASTICSEARCH_8_URL`` names one
of version 8, that is asked everything too. Questions made by hypothesis are the same every time;
``KAIJUAN_TEST_EXAMPLES=1000`` makes so many others, new ones each time.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from indexer.storage.elastic import ElasticIndex, connect
from indexer.storage.limited import DEFAULT_SECONDS
from indexer.storage.memory import MemoryIndex
from indexer.storage.search_index import SearchIndex
from indexer.storage.store import RecordStore
from indexer.storage.tantivy import TantivyIndex
from search_api.settings import ClusterStorage, Limits, Settings
from tests.contract.holdings import SECONDS, EngineLibrary, Held, Names, fill_store, hold

#: Each version of the server that is tested, and the variable that tells where one is.
SERVERS = {
    "elasticsearch": "KAIJUAN_TEST_ELASTICSEARCH_URL",
    "elasticsearch_8": "KAIJUAN_TEST_ELASTICSEARCH_8_URL",
}
#: How many made-up questions to ask instead of the same few every time.
ON_DEMAND = os.environ.get("KAIJUAN_TEST_EXAMPLES")
ENGINES = ["memory", "tantivy", *(pytest.param(name, marks=pytest.mark.cluster) for name in SERVERS)]
#: Every engine over every database; all others are to answer as the first does.
REFERENCE, *COMBINATIONS_TO_PROVE = [
    (engine, store) for store in ("sqlite", "postgresql") for engine in ("memory", "tantivy", *SERVERS)
]
#: An index of several shards must answer as one of one does: over PostgreSQL it has several.
SHARDS = {"sqlite": 1, "postgresql": 3}

#: The same address asks thousands of costly things within minutes.
UNLIMITED = Limits(**dict.fromkeys(Limits.model_fields, 0))
OpenIndex = Callable[[], SearchIndex]


class OpenElastic(Protocol):
    """Open the indices of one prefix; the same name, the same index."""

    def __call__(self, name: str = "", grace_seconds: float = 0.0) -> ElasticIndex: ...


def address_of(variable: str) -> str:
    """Return the address of a service, or skip where it is not running."""
    url = os.environ.get(variable)
    if not url:
        pytest.skip(f"{variable} is not set: make services")
    return url


@contextmanager
def opening_elastic(url: str, *, shards: int = 1, search_seconds: float = DEFAULT_SECONDS) -> Iterator[OpenElastic]:
    """Open indices under prefixes of nobody else's; all are removed afterwards."""
    family = f"test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:

        def open_handle(name: str = "", grace_seconds: float = 0.0) -> ElasticIndex:
            index = ElasticIndex.open(
                url, family + name, shards=shards, grace_seconds=grace_seconds, search_seconds=search_seconds
            )
            stack.callback(index.close)
            return index

        yield open_handle
    client = connect(url)
    try:
        for name in client.indices.get(index=f"{family}*", features=["aliases"]):
            client.indices.delete(index=name)
    finally:
        client.close()


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    return address_of(SERVERS["elasticsearch"])


@pytest.fixture(scope="module")
def open_elastic(elasticsearch_url: str) -> Iterator[OpenElastic]:
    """Open indices under prefixes of the module's own; all are removed afterwards."""
    with opening_elastic(elasticsearch_url) as opening:
        yield opening


@pytest.fixture(scope="module")
def open_elastic_8() -> Iterator[OpenElastic]:
    """Open indices of a server of version 8 as ``open_elastic`` does."""
    with opening_elastic(address_of(SERVERS["elasticsearch_8"])) as opening:
        yield opening


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_index(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenIndex]:
    """Open one and the same index as often as called; in memory, only one handle exists."""
    with ExitStack() as stack:
        if engine == "memory":
            memory = MemoryIndex()
            yield lambda: memory
            return
        if engine in SERVERS:
            open_elastic: OpenElastic = request.getfixturevalue(engine.replace("elasticsearch", "open_elastic"))
            name = f"-{uuid.uuid4().hex[:8]}"
            yield lambda: open_elastic(name, grace_seconds=0.3)
            return

        def open_tantivy() -> TantivyIndex:
            index = TantivyIndex.open(tmp_path / "index", heap_bytes=15_000_000)
            stack.callback(index.close)
            return index

        yield open_tantivy


@pytest.fixture
def index(open_index: OpenIndex) -> SearchIndex:
    return open_index()


# --- every engine over every database ----------------------------------------------------------


class Combinations:
    """Libraries of the same records, each opened when first asked for."""

    def __init__(self, folder: Path, recorded: Path | None, stack: ExitStack) -> None:
        self._folder = folder
        self.recorded = recorded
        self._stack = stack
        self._stores: dict[str, tuple[Settings, RecordStore, Names]] = {}
        self._held: dict[tuple[str, str], Held] = {}

    def open(self, engine: str, store: str) -> Held:
        """Return a combination, or skip where one of its services is not running."""
        if (engine, store) not in self._held:
            opens = self._opener(engine, store)
            if store not in self._stores:
                self._stores[store] = self._fill(store)
            self._held[engine, store] = hold(f"{engine}-{store}", *self._stores[store], opens)
            self._stack.callback(self._held[engine, store].library.close_index)
        return self._held[engine, store]

    def _fill(self, name: str) -> tuple[Settings, RecordStore, Names]:
        folder = self._folder / name
        folder.mkdir()
        settings = Settings(data_dir=folder, search_seconds=SECONDS, limits=UNLIMITED)
        if name == "sqlite":
            store = RecordStore.embedded(folder)
        else:
            url = self._stack.enter_context(own_database(address_of("KAIJUAN_TEST_DATABASE_URL")))
            store = RecordStore.cluster(url)
            address = SecretStr("http://127.0.0.1:1")  # the engine is chosen by the combination
            storage = ClusterStorage(kind="cluster", database_url=SecretStr(url), elasticsearch_url=address)
            settings = Settings(data_dir=folder, storage=storage, search_seconds=SECONDS, limits=UNLIMITED)
        self._stack.callback(store.close)
        fill_store(EngineLibrary(settings, store), folder, self.recorded)
        return settings, store, Names.of(store)

    def _opener(self, engine: str, store: str) -> Callable[[], SearchIndex]:
        if engine == "memory":
            return MemoryIndex
        if engine == "tantivy":
            return partial(TantivyIndex.open, self._folder / f"tantivy-{store}", heap_bytes=15_000_000)
        url = address_of(SERVERS[engine])
        return self._stack.enter_context(opening_elastic(url, shards=SHARDS[store], search_seconds=SECONDS))


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """Make a database of nobody else's and return its address; it is removed afterwards."""
    name = f"kaijuan_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


@pytest.fixture(scope="session")
def combinations(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Combinations]:
    recorded: Path | None = None
    with suppress(pytest.skip.Exception):  # then only what is generated; a test of its own says so
        recorded = request.getfixturevalue("recorded")
    with ExitStack() as stack:
        yield Combinations(tmp_path_factory.mktemp("holdings"), recorded, stack)


@pytest.fixture(scope="session")
def reference(combinations: Combinations) -> Held:
    """The library whose answers are right."""
    return combinations.open(*REFERENCE)


@pytest.fixture(
    params=[
        pytest.param(one, marks=[] if one == ("tantivy", "sqlite") else [pytest.mark.cluster], id="-".join(one))
        for one in COMBINATIONS_TO_PROVE
    ]
)
def held(request: pytest.FixtureRequest, combinations: Combinations) -> Held:
    """Each other library in turn."""
    return combinations.open(*request.param)
