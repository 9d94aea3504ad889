"""How long searches wait when a node of three is killed: the master, then one that holds a first copy.

Readers ask the real API ten times a second each; the API knows all three nodes. Told are the longest time that a reader
was without hits, the slowest answer, and how often a reader was asked to come back (503 with Retry-After); any other
answer ends the run. The nodes are those of the fault tests, which start fast: this is about waiting, not speed.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.cluster_servers import make_database
from benchmarks.cluster_workers import environment_of
from benchmarks.generated_works import fill
from benchmarks.search_asking import CASES, Server
from search_api.library import open_library
from search_api.settings import ClusterStorage, Settings
from tests.cluster.asking import Api, Searcher
from tests.cluster.nodes import Node, Nodes
from tests.cluster.processes import give, wait_until

_READERS = 4
_CALM_SECONDS, _AFTER_SECONDS = 10.0, 30.0
_PREFIX = "failover"
_SHARDS, _REPLICAS = 3, 1
_QUERIES = [values for _, queries, _ in CASES[:9] for values in queries[:3]]


def measure_failover(server: str, folder: Path, works: int, *, home: Path, java: Path) -> dict[str, Any]:
    """Start three nodes and an API, kill first the master, then a holder of a first copy; return a row for each."""
    nodes = Nodes(give(folder / "nodes"), home=home, java=java)
    database = make_database(server, "failover", anew=True)
    try:
        nodes.start()
        nodes.wait_green()
        _fill(database, nodes.urls, folder, works)
        nodes.wait_green()
        more = {"KAIJUAN_STORAGE__SHARDS": str(_SHARDS), "KAIJUAN_STORAGE__REPLICAS": str(_REPLICAS)}
        api = Server(folder, 1, **environment_of(database, nodes.urls, folder, prefix=_PREFIX, **more))
        try:
            _asked(api, lambda: time.sleep(_CALM_SECONDS))  # the first answers are slow
            calm = _asked(api, lambda: time.sleep(_CALM_SECONDS))
            rows = [
                _killed(nodes, nodes.master(), "the master", api),
                _killed(nodes, nodes.holder_of_a_primary(f"{_PREFIX}-works"), "a holder of a first copy", api),
            ]
        finally:
            api.stop()
    finally:
        nodes.stop()
    return {"works": works, "readers": _READERS, "killed": [{"killed": "none", **calm}, *rows]}


def _fill(database: str, urls: str, folder: Path, works: int) -> None:
    storage = ClusterStorage(
        kind="cluster",
        database_url=SecretStr(database),
        elasticsearch_url=SecretStr(urls),
        index_prefix=_PREFIX,
        shards=_SHARDS,
        replicas=_REPLICAS,
    )
    with open_library(Settings(data_dir=folder, storage=storage), sources=[]) as library:
        fill(library.store, works, lambda _: None)
        library.rebuild(normalise=False)


def _killed(nodes: Nodes, node: Node, what: str, api: Server) -> dict[str, Any]:
    found: dict[str, Any] = {"killed": what}

    def kill() -> None:
        time.sleep(1.0)
        node.kill()
        found["first_copies_seconds"] = wait_until(
            lambda: _has_first_copies(nodes), seconds=120, what="a first copy of each shard", every=0.1
        )
        time.sleep(_AFTER_SECONDS)

    found |= _asked(api, kill)
    nodes.start()
    found["green_after_restart_seconds"] = nodes.wait_green()
    return found


def _asked(api: Server, during: Callable[[], None]) -> dict[str, Any]:
    """Let readers ask while something is done; return what they met."""
    readers = [Searcher(Api(f"reader-{number}", api.port), _QUERIES[number:]) for number in range(_READERS)]
    for reader in readers:
        reader.start()
    try:
        during()
    finally:
        found = [reader.stop() for reader in readers]
    if wrong := [one for each in found for one in each.wrong]:
        raise SystemExit(f"{len(wrong)} wrong answers: {wrong[0][:1_000]}")
    return {
        "longest_without_seconds": max(one.longest_without for one in found),
        "slowest_seconds": max(one.slowest for one in found),
        "refused": sum(one.refused for one in found),
        "answers": sum(one.answers for one in found),
    }


def _has_first_copies(nodes: Nodes) -> bool:
    try:
        health = nodes.ask("GET", "/_cluster/health?timeout=1s")
    except (OSError, AssertionError, http.client.HTTPException):
        return False
    return bool(health["status"] != "red" and health["number_of_nodes"] == len(nodes.all) - 1)
