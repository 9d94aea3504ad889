"""Every engine behind one fixture; what the memory engine answers is right."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from indexer.storage.elastic import ElasticIndex, connect
from indexer.storage.memory import MemoryIndex
from indexer.storage.search_index import SearchIndex
from indexer.storage.tantivy import TantivyIndex

ENGINES = ["memory", "tantivy", pytest.param("elasticsearch", marks=pytest.mark.cluster)]
ENGINES_TO_PROVE = ENGINES[1:]

OpenIndex = Callable[[], SearchIndex]


class OpenElastic(Protocol):
    """Open the indices of one prefix; the same name, the same index."""

    def __call__(self, name: str = "", grace_seconds: float = 0.0) -> ElasticIndex: ...


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    url = os.environ.get("KAIJUAN_TEST_ELASTICSEARCH_URL")
    if not url:
        pytest.skip("KAIJUAN_TEST_ELASTICSEARCH_URL is not set: make services")
    return url


@pytest.fixture(scope="module")
def open_elastic(elasticsearch_url: str) -> Iterator[OpenElastic]:
    """Open indices under prefixes of the module's own; all are removed afterwards."""
    family = f"test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:

        def open_handle(name: str = "", grace_seconds: float = 0.0) -> ElasticIndex:
            index = ElasticIndex.open(elasticsearch_url, family + name, grace_seconds=grace_seconds)
            stack.callback(index.close)
            return index

        yield open_handle
    client = connect(elasticsearch_url)
    try:
        for name in client.indices.get(index=f"{family}*", features=["aliases"]):
            client.indices.delete(index=name)
    finally:
        client.close()


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
        if engine == "elasticsearch":
            open_elastic: OpenElastic = request.getfixturevalue("open_elastic")
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
