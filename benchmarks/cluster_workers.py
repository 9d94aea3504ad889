"""Workers that follow one change feed into one index by leases: how much more do two of them do?

Each worker is a process of its own, as ``kaijuan up --no-serve`` is. All have opened the library and made some
documents before the clock starts, so that what is measured is the following. The index is a new one each time: either
in the real engine, or in ``cluster_sink.py``, which is never the limit. On two cores the database and the engine take
their share of what the workers could use; how much is told beside.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.request import urlopen

from benchmarks.cluster_servers import Services, ask, forget_indices
from indexer import following
from indexer.search.document import document_of
from indexer.storage.elastic import connect
from indexer.storage.elastic_generation import ElasticGeneration
from indexer.storage.leases import Leases
from search_api.library import open_library
from search_api.settings import Settings
from tests.cluster.processes import end

_P = ParamSpec("_P")
_T = TypeVar("_T")


# --- a worker's own process ----------------------------------------------------------------------


def work(stretch: int) -> None:
    """Make ready, wait for a line on standard input, follow the feed to its end, and print what it took."""
    following.STRETCH = stretch
    calls = {
        "take_lease": (Leases, "take"),
        "finish_lease": (Leases, "finish"),
        "write": (ElasticGeneration, "write"),
        "show": (ElasticGeneration, "advance"),
    }
    spent: dict[str, dict[str, float]] = {name: {"calls": 0, "seconds": 0.0, "cpu_seconds": 0.0} for name in calls}
    for name, (owner, method) in calls.items():
        setattr(owner, method, _timed(getattr(owner, method), spent[name]))
    with open_library(Settings(), sources=[]) as library:
        library.pipeline.require_same_history(library._fitting_index(may_be_new=True))  # noqa: SLF001
        classify = library.store.subjects.classifier()
        for stored in next(library.store.catalogue.pages(200)):
            document_of(stored.work(), classify)
        print("ready", flush=True)
        sys.stdin.readline()
        cpu, started = time.process_time(), time.perf_counter()
        done = library.follow_feed()
        took = {"cpu_seconds": time.process_time() - cpu, "seconds": time.perf_counter() - started}
    print(json.dumps({"works": done.indexed, "removed": done.removed, **took, "calls": spent}), flush=True)


def _timed(call: Callable[_P, _T], spent: dict[str, float]) -> Callable[_P, _T]:
    def timed(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        cpu, started = time.thread_time(), time.perf_counter()
        try:
            return call(*args, **kwargs)
        finally:
            spent["calls"] += 1
            spent["seconds"] += time.perf_counter() - started
            spent["cpu_seconds"] += time.thread_time() - cpu

    return timed


# --- those who start them ------------------------------------------------------------------------


def environment_of(database: str, url: str, folder: Path, *, prefix: str, **more: str) -> dict[str, str]:
    """Return the settings of a cluster's processes."""
    return {
        "KAIJUAN_DATA_DIR": str(folder),
        "KAIJUAN_STORAGE__KIND": "cluster",
        "KAIJUAN_STORAGE__DATABASE_URL": database,
        "KAIJUAN_STORAGE__ELASTICSEARCH_URL": url,
        "KAIJUAN_STORAGE__INDEX_PREFIX": prefix,
        **more,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The feed to follow: its store, and the servers whose CPU time is told."""

    database: str
    folder: Path
    services: Services

    def into_sink(self, *, workers: int, stretch: int) -> dict[str, Any]:
        """Follow all of it into the stand-in, which must have had every work in the end."""
        with _sink() as (url, pid):
            services = replace(self.services, engine=pid)
            found = self._follow(url, "kaijuan", services, workers=workers, stretch=stretch)
            with urlopen(f"{url}/_sink") as answer:
                taken = json.load(answer)
        if taken["documents"] != found["works"]:
            raise SystemExit(f"the stand-in has {taken['documents']} documents of {found['works']} works")
        return {**found, "writes": taken["writes"]}

    def into_engine(self, *, workers: int, stretch: int) -> dict[str, Any]:
        """Follow all of it into a new index of the real engine, which is removed again."""
        url, prefix = self.services.search_url, f"benchmark-{uuid.uuid4().hex[:8]}"
        client = connect(url)
        try:
            found = self._follow(url, prefix, self.services, workers=workers, stretch=stretch)
            counted = client.count(index=f"{prefix}-works")["count"]
            if counted != found["works"]:
                raise SystemExit(f"the index has {counted} documents of {found['works']} works")
        finally:
            client.close()
            forget_indices(url, prefix)
        return found

    def _follow(self, url: str, prefix: str, services: Services, *, workers: int, stretch: int) -> dict[str, Any]:
        ((works,),) = ask(self.database, "SELECT count(*) FROM works WHERE state = 'active'")
        environment = {**os.environ, **environment_of(self.database, url, self.folder, prefix=prefix)}
        command = [sys.executable, "-m", "benchmarks.cluster_workers", str(stretch)]
        started = [
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(workers)
        ]
        try:
            if any(_line(process) != "ready" for process in started):
                raise SystemExit("a worker did not start")
            spent = services.spent()
            for process in started:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            told = [json.loads(_line(process)) for process in started]
            took = spent()
        finally:
            for process in started:
                end(process)
        return _summary(works, told, took, stretch=stretch)


@contextlib.contextmanager
def _sink() -> Iterator[tuple[str, int]]:
    """Run the stand-in for the engine; give its address and its process."""
    command = [sys.executable, "-m", "benchmarks.cluster_sink"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _line(process), process.pid
    finally:
        end(process)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _summary(works: int, told: list[dict[str, Any]], took: dict[str, float], *, stretch: int) -> dict[str, Any]:
    """Add up what workers told; a work that has changed since may have been written twice."""
    written = sum(one["works"] for one in told)
    if written < works:
        raise SystemExit(f"{written} works were written of {works}")
    cores = {
        name.removesuffix("_cpu_seconds"): value / took["seconds"] for name, value in took.items() if "_cpu_" in name
    }
    cpu = sum(one["cpu_seconds"] for one in told)
    calls = {
        name: {what: sum(one["calls"][name][what] for one in told) for what in ("calls", "seconds", "cpu_seconds")}
        for name in told[0]["calls"]
    }
    return {
        "works": works,
        "workers": len(told),
        "stretch": stretch,
        "seconds": took["seconds"],
        "works_per_second": written / took["seconds"],
        "cpu_us_a_work": cpu / written * 1e6,
        "cores": {"workers": cpu / took["seconds"], **cores},
        "shares": [one["works"] / written for one in told],
        "calls": calls,
    }


if __name__ == "__main__":
    work(int(sys.argv[1]))
