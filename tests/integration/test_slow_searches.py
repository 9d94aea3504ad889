"""A slow search is cut off with a problem that says what to do, on both deployments' way through the API."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.search.query import Hits, TokenQuery, View
from indexer.storage.limited import LimitedIndex
from search_api.app import make_app
from search_api.library import Library
from search_api.settings import Settings

COSTLY = " OR ".join(f"{a}{b}*" for a in "abc" for b in "abc")


class Delayed:
    """An engine that waits before each answer to a query of prefixes."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.let_go = threading.Event()

    def search(self, query: TokenQuery, view: View) -> Hits:
        if "TokenPrefix" in repr(query):
            assert self.let_go.wait(60)
        hits: Hits = self._engine.search(query, view)
        return hits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def test_a_slow_search_is_a_503_with_a_fix_and_others_are_answered_meanwhile(library: Library) -> None:
    index = library.index
    assert isinstance(index, LimitedIndex)
    delayed = Delayed(index.engine)
    library._index = LimitedIndex(delayed, 0.1)
    with TestClient(make_app(library)) as client:
        for _ in range(3):  # the third finds two still running, and is refused at once
            answer = client.get("/v1/works", params={"q": COSTLY})
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
            problem = answer.json()
            assert problem["title"] == "The search took too long"
            assert problem["errors"][0]["parameter"] == "q"
            assert "Narrow the query" in problem["errors"][0]["fix"]
        page = client.get("/", params={"q": COSTLY, "ui": "zh"})
        assert (page.status_code, "这次检索太费时" in page.text) == (503, True)
        assert client.get("/v1/works", params={"q": "solar cells"}).status_code == 200
        delayed.let_go.set()


def test_a_search_may_take_ten_seconds_unless_set(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Settings(data_dir=tmp_path, search_seconds=0)
    assert Settings(data_dir=tmp_path).search_seconds == 10
