"""How long searches wait when a node of three is killed: the master, then one that holds a first copy.

Readers ask the real API without a pause, each over a connection of its own; the API knows all three nodes. Told are the
longest time in which no reader got an answer, the longest that one waited, and what was answered instead of hits.
"""

from __future__ import annotations

import collections
import http.client
import itertools
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from benchmarks.cluster_servers import make_database
from benchmarks.cluster_workers import environment_of
from benchmarks.generated_works import fill
from benchmarks.search_asking import CASES, Server
from search_api.library import open_library
from search_api.settings import ClusterStorage, Settings
from tests.cluster.nodes import Node, Nodes
from tests.cluster.processes import give, wait_until

_READERS = 4
_BEFORE_SECONDS, _AFTER_SECONDS = 10.0, 30.0
_PREFIX = "failover"
_PATHS = ["/v1/works?" + urlencode(values, doseq=True) for _, queries, _ in CASES[:9] for values in queries]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """When a reader asked, when the answer was there, and what it was."""

    asked: float
    answered: float
    status: int


@dataclass(slots=True)
class Readers:
    """Readers who ask in turn without a pause until stopped."""

    port: int
    answers: list[Answer] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin to ask."""
        self._threads = [threading.Thread(target=self._ask, args=(place,)) for place in range(_READERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, each with the answer that it waits for."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, place: int) -> None:
        paths = itertools.cycle(_PATHS[place * 7 :] + _PATHS[: place * 7])
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        while not self._stop.is_set():
            asked = time.monotonic()
            connection.request("GET", next(paths))
            answer = connection.getresponse()
            answer.read()
            self.answers.append(Answer(asked=asked, answered=time.monotonic(), status=answer.status))


def measure_failover(server: str, folder: Path, works: int, *, home: Path, java: Path) -> dict[str, Any]:
    """Start three nodes and an API, kill first the master, then a holder of a first copy; return a row for each."""
    nodes = Nodes(give(folder / "nodes"), home=home, java=java)
    database = make_database(server, "failover", anew=True)
    try:
        nodes.start()
        nodes.wait_green()
        url = ",".join(node.url for node in nodes.all)
        storage = ClusterStorage(
            kind="cluster",
            database_url=SecretStr(database),
            elasticsearch_url=SecretStr(url),
            index_prefix=_PREFIX,
            shards=3,
            replicas=1,
        )
        with open_library(Settings(data_dir=folder, storage=storage), sources=[]) as library:
            fill(library.store, works, lambda _: None)
            library.rebuild(normalise=False)
        nodes.wait_green()
        more = {"KAIJUAN_STORAGE__SHARDS": "3", "KAIJUAN_STORAGE__REPLICAS": "1"}
        api = Server(folder, 1, **environment_of(database, url, folder, prefix=_PREFIX, **more))
        try:
            rows = [
                _killed(nodes, nodes.master(), "master", api.port),
                _killed(nodes, nodes.holder_of_a_primary(f"{_PREFIX}-works"), "holder of a first copy", api.port),
            ]
        finally:
            api.stop()
    finally:
        nodes.stop()
    return {"works": works, "readers": _READERS, "killed": rows}


def _killed(nodes: Nodes, node: Node, what: str, port: int) -> dict[str, Any]:
    readers = Readers(port)
    readers.start()
    try:
        time.sleep(_BEFORE_SECONDS)
        killed = time.monotonic()
        node.kill()
        yellow = wait_until(lambda: _has_first_copies(nodes), seconds=120, what="every first copy", every=0.1)
        time.sleep(_AFTER_SECONDS)
    finally:
        readers.stop()
    nodes.start()
    green = nodes.wait_green()
    return {"killed": what, "first_copies_seconds": yellow, "green_after_restart_seconds": green} | _told(
        readers.answers, killed
    )


def _has_first_copies(nodes: Nodes) -> bool:
    try:
        health = nodes.ask("GET", "/_cluster/health?timeout=1s")
    except (OSError, AssertionError, http.client.HTTPException):
        return False
    return bool(health["status"] != "red" and health["number_of_nodes"] == len(nodes.all) - 1)


def _told(answers: list[Answer], killed: float) -> dict[str, Any]:
    good = sorted(one.answered for one in answers if one.status == 200)
    after = [one for one in answers if one.answered >= killed]
    bad = [one for one in after if one.status != 200]
    before = [one for one in answers if one.answered < killed]
    return {
        "longest_gap_seconds": max(b - a for a, b in itertools.pairwise(good) if b >= killed),
        "longest_gap_before_seconds": max(b - a for a, b in itertools.pairwise(good) if b < killed),
        "longest_wait_seconds": max(one.answered - one.asked for one in after),
        "not_answered": dict(collections.Counter(str(one.status) for one in bad)),
        "not_answered_until_seconds": max((one.answered - killed for one in bad), default=0.0),
        "answers": len(answers),
        "a_second_before": len(before) / _BEFORE_SECONDS,
    }
