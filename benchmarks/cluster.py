"""Measure the cluster deployment beside the embedded one, on the same generated works.

usage: python benchmarks/cluster.py [--works N] [--keep FOLDER] [--parts build,search,…] [--services] [--markdown]

Starts a PostgreSQL and an Elasticsearch of its own, with ordinary settings, from the programs that ``.ci/services env``
names; with ``--services``, it takes those of the tests. Fills both stores with the same works and measures:

build     rebuilding the index from the store
search    the search set of ``benchmarks/search.py`` over HTTP
bulk      our path into Elasticsearch beside a raw client's (``cluster_bulk.py``)
workers   one worker and two following the feed, by stretches of several lengths (``cluster_workers.py``)
join      harvesting and joining the demonstration repositories into PostgreSQL (``main_job.py``)
sizes     bytes a work in tables and index
failover  searches while one of three nodes is killed (``cluster_failover.py``)

Each part's figures are kept in the folder, so that parts may be measured one at a time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from pydantic import SecretStr
from sqlalchemy.engine import make_url

from benchmarks import main_job
from benchmarks.cluster_bulk import measure_bulk
from benchmarks.cluster_failover import measure_failover
from benchmarks.cluster_printing import print_markdown
from benchmarks.cluster_servers import Services, ask, forget_indices, given_services, make_database, named, own_services
from benchmarks.cluster_workers import Feed, environment_of
from benchmarks.generated_works import fill
from benchmarks.search import Bar, freshness, other_routes, walk
from benchmarks.search_asking import CASES, Server, measure_once, measure_paths
from benchmarks.spending import Spent
from indexer.following import STRETCH
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings

_FIGURES = "figures.json"
_DATABASE, _PREFIX, _JOINED = "works", "works", "joined"
_TABLES = """
    SELECT c.relname, pg_total_relation_size(c.oid), pg_indexes_size(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 2 DESC
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: where things are, and what was asked for."""

    folder: Path
    services: Services
    options: argparse.Namespace

    @cached_property
    def database(self) -> str:
        """Return the address of the cluster's store."""
        return make_database(self.services.database_url, _DATABASE)

    def storage(self, database: str) -> ClusterStorage:
        """Return the cluster's settings."""
        return ClusterStorage(
            kind="cluster",
            database_url=SecretStr(database),
            elasticsearch_url=SecretStr(self.services.search_url),
            index_prefix=_PREFIX,
        )

    @contextlib.contextmanager
    def library(self, kind: str) -> Iterator[Library]:
        """Open the library of a deployment, filled."""
        settings = Settings(data_dir=self.folder / "embedded")
        if kind == "cluster":
            settings = Settings(data_dir=self.folder / "cluster", storage=self.storage(self.database))
        with open_library(settings, sources=[]) as library:
            if not library.store.catalogue.counts()["works"]:
                fill(library.store, self.options.works, Bar(f"fill {kind}", self.options.works))
            yield library

    def server(self, kind: str) -> Server:
        """Start the API of a deployment."""
        if kind == "embedded":
            return Server(self.folder / "embedded", 1)
        url = self.services.search_url
        return Server(self.folder, 1, **environment_of(self.database, url, self.folder / "cluster", prefix=_PREFIX))


# --- the parts -----------------------------------------------------------------------------------


def build(run: Run) -> dict[str, Any]:
    """Rebuild each index from its store."""
    found = {}
    for kind in ("embedded", "cluster"):
        with run.library(kind) as library:
            works = library.store.catalogue.counts()["works"]
            spent = run.services.spent() if kind == "cluster" else Spent()
            library.rebuild(normalise=False, watch=Bar(f"index {kind}", works))
            found[kind] = {"works": works, **spent()}
    return found


def search(run: Run) -> dict[str, Any]:
    """Ask both APIs the same; both indices must have been built."""
    found: dict[str, Any] = {}
    for kind in ("embedded", "cluster"):
        with run.library(kind) as library:
            server = run.server(kind)
            try:
                found[kind] = [_case(run, server, name, queries) for name, queries, _ in CASES]
                found[kind] += list(other_routes(server, library, run.options.rounds))
                found[f"{kind}_walk"] = walk(server, library.store.catalogue.counts()["works"])
                found[f"{kind}_fresh"] = freshness(server, library)
                # The first one after a change: what engines keep ready of all values is to be made anew.
                found[f"{kind}_suggest_after_ms"] = measure_once(server, "/v1/suggest?q=mem")
            finally:
                server.stop()
    return found


def _case(run: Run, server: Server, name: str, queries: list[dict[str, Any]]) -> dict[str, Any]:
    paths = ["/v1/works?" + urlencode(values, doseq=True) for values in queries]
    measure_paths(server, paths, len(paths))  # once unmeasured: caches and compilers
    spent = run.services.spent()
    measured = measure_paths(server, paths, run.options.rounds)
    asked = run.options.rounds + len(paths)
    others = {name: value / asked * 1e3 for name, value in spent().items() if name.endswith("_cpu_seconds")}
    return {"case": name, **measured, **{name.replace("_seconds", "_ms"): value for name, value in others.items()}}


def bulk(run: Run) -> dict[str, Any]:
    """Write the same documents by our path and by a raw client."""
    with run.library("cluster") as library:
        return measure_bulk(library, run.services.search_url, run.options.bulk, engine=run.services.engine)


def workers(run: Run) -> dict[str, Any]:
    """Follow the feed with one worker and with two, and with one by stretches of other lengths."""
    with run.library("cluster"):
        pass
    feed = Feed(database=run.database, folder=run.folder / "cluster", services=run.services)
    return {
        "sink": [feed.into_sink(workers=count, stretch=STRETCH) for count in (1, 2)],
        "engine": [feed.into_engine(workers=count, stretch=STRETCH) for count in (1, 2)],
        "stretches": [feed.into_sink(workers=2, stretch=length) for length in run.options.stretches],
    }


def join(run: Run) -> dict[str, Any]:
    """Harvest and join the demonstration repositories, into either store."""
    found = {}
    for kind in ("embedded", "cluster"):
        pids: dict[str, int | None] = {}
        storage = None
        if kind == "cluster":
            storage = run.storage(make_database(run.services.database_url, _JOINED, anew=True))
            storage = storage.model_copy(update={"index_prefix": _JOINED})
            forget_indices(run.services.search_url, _JOINED)
            pids = {"postgres": run.services.postgres, "engine": run.services.engine}
        found[kind] = main_job.run(run.options.records, storage, **pids)
    return found


def sizes(run: Run) -> dict[str, Any]:
    """Measure what both stores and both indices take, and each table of PostgreSQL."""
    found: dict[str, Any] = {}
    for kind in ("embedded", "cluster"):
        with run.library(kind) as library:
            stats, started = library.index.stats(), time.perf_counter()
            works = library.store.catalogue.counts()["works"]
            counted = time.perf_counter() - started
            found[kind] = {"works": works, "index_bytes": stats.size_bytes, "counting_seconds": counted}
    found["embedded"]["store_bytes"] = sum(
        file.stat().st_size for file in (run.folder / "embedded").glob("records.db*")
    )
    found["tables"] = _tables(run.database)
    joined = make_database(run.services.database_url, _JOINED)
    if ask(joined, "SELECT 1 FROM pg_class WHERE relname = 'works'"):
        found["joined_tables"] = _tables(joined)
    return found


def _tables(database: str) -> list[dict[str, Any]]:
    found = []
    for name, total, indices in ask(database, _TABLES):
        ((rows,),) = ask(database, f'SELECT count(*) FROM "{name}"')  # noqa: S608  # a table of our own
        found.append({"table": name, "rows": rows, "bytes": total, "index_bytes": indices})
    return found


def failover(run: Run) -> dict[str, Any]:
    """Kill nodes under search."""
    home, java = named("KAIJUAN_TEST_ELASTICSEARCH_HOME"), named("KAIJUAN_TEST_JAVA_HOME")
    with tempfile.TemporaryDirectory(dir=run.folder) as folder:
        Path(folder).chmod(0o755)
        return measure_failover(
            run.services.database_url, Path(folder), run.options.failover_works, home=home, java=java
        )


_PARTS: dict[str, Callable[[Run], dict[str, Any]]] = {
    one.__name__: one for one in (build, search, bulk, workers, join, sizes, failover)
}


# --- the whole -----------------------------------------------------------------------------------


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts that were asked for, and return these with those that were measured before."""
    kept = folder / _FIGURES
    found: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    if not options.parts:
        return found
    load = os.getloadavg()[0]
    with given_services() if options.services else own_services(folder) as services:
        run = Run(folder=folder, services=services, options=options)
        about = {**_about(services), "load": load, "works": options.works}
        for name in options.parts:
            print(f"— {name}", file=sys.stderr, flush=True)
            found[name] = {**_PARTS[name](run), "about": about}
            kept.write_text(json.dumps(found, indent=1))
    return found


def _about(services: Services) -> dict[str, Any]:
    ((postgres,),) = ask(services.database_url, "SHOW server_version")
    with urlopen(f"{services.search_url}/_nodes/_all/process") as answer:
        node = next(iter(json.load(answer)["nodes"].values()))
    names = ("elasticsearch", "sqlalchemy", "psycopg", "tantivy", "fastapi", "orjson")
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {"Elasticsearch": node["version"], "PostgreSQL": postgres.split()[0]}
        | {f"{name} (client)" if name == "elasticsearch" else name: version(name) for name in names},
        "own_servers": services.engine is not None,
        "database": make_url(services.database_url).drivername,
        "date": datetime.now(UTC).date().isoformat(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=200_000)
    parser.add_argument("--bulk", type=int, default=50_000, help="works that are written raw and by our path")
    parser.add_argument("--records", type=int, default=20_000, help="records of the demonstration repositories")
    parser.add_argument("--failover-works", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=200, help="requests of each kind")
    parser.add_argument("--stretches", type=_lengths, default=[250, 500, 1_000, 2_000, 4_000], metavar="N,N,…")
    parser.add_argument("--parts", type=_parts, default=list(_PARTS), metavar=",".join(_PARTS))
    parser.add_argument("--keep", type=Path, help="where to build, or what was built before")
    parser.add_argument("--services", action="store_true", help="take the servers that the environment names")
    parser.add_argument("--markdown", action="store_true", help="print the section for docs/figures.md")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # the servers' user must come through
        found = measure(folder.resolve(), options)
    if options.markdown:
        print_markdown(found)
    else:
        print(json.dumps(found))


def _lengths(text: str) -> list[int]:
    return [int(one) for one in text.split(",")]


def _parts(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if unknown := [name for name in names if name not in _PARTS]:
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    main()
