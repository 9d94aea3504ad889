"""Measure search over generated works: latency, throughput, building, size, freshness, and a walk over everything.

usage: python benchmarks/search.py [--works N] [--clients N] [--keep FOLDER] [--markdown]

Fills a real store with generated works, builds the index from it, starts the real server as a process of its own, and
asks over HTTP with kept-alive connections. Beside each latency stands the time that the engine needs for the very same
calls, measured in this process, and what the same query costs SQLite's FTS5. CPU figures of the server are its
process's. The machine may be shared: ratios and CPU times are what to compare. ``--keep`` uses a built folder again.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from sqlalchemy import func, select

from benchmarks.generated_works import COMMON, Generator, fill
from benchmarks.search_asking import CASES, Client, Server, measure_engine, measure_paths
from indexer.errors import SearchIndexError
from indexer.storage import schema
from indexer.storage.catalogue_writer import CatalogueWriter
from indexer.storage.feed import append_changes
from search_api.library import Library, open_library
from search_api.schemas import search_parameters
from search_api.searching import Searcher
from search_api.settings import Settings

_BUILT = "built.json"
_FTS = "fts5.db"
_SAMPLE = 2_000


# --- building ------------------------------------------------------------------------------------


class Bar:
    """Says on standard error how far a step is."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._started = time.monotonic()

    def __call__(self, count: int) -> None:
        """Hear of what was done."""
        self._done += count
        each = (time.monotonic() - self._started) / max(self._done, 1)
        left = f"{self._done:,}/{self._total:,}, {each * (self._total - self._done):.0f} s left"
        print(f"\r{self._what}: {left}   ", end="", file=sys.stderr, flush=True)
        if self._done >= self._total:
            print(file=sys.stderr)


def _timed(step: Callable[[], object]) -> dict[str, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    step()
    return {"cpu_seconds": time.process_time() - cpu, "seconds": time.perf_counter() - wall}


def build(library: Library, folder: Path, works: int) -> dict[str, Any]:
    """Fill the store and build the index and FTS5's table; return what it took."""
    filled = _timed(lambda: fill(library.store, works, Bar("fill", works)))
    fts = _timed(lambda: _fill_fts(library, folder, Bar("FTS5", works)))
    built = {"works": works, "fill": filled, "fts5": fts, "raw_json_bytes_each": _raw_bytes()}
    return build_index(library, folder, built)


def build_index(library: Library, folder: Path, built: dict[str, Any]) -> dict[str, Any]:
    """Build the index from the store, as ``kaijuan rebuild --index-only`` does; return what all of it took."""
    works = built["works"]
    spent = _timed(lambda: library.rebuild(normalise=False, watch=Bar("index", works)))
    size = library.index.stats().size_bytes or 0
    with library.store.database.read() as connection:
        stored = connection.execute(select(func.avg(func.length(schema.works.c.data)))).scalar_one()
    built |= {
        "index": {**spent, "works_per_cpu_second": works / spent["cpu_seconds"]},
        "stored_json_bytes_each": float(stored),
        "index_bytes_each": size / works,
        "index_to_raw": size / works / built["raw_json_bytes_each"],
        "index_to_stored": size / works / float(stored),
    }
    (folder / _BUILT).write_text(json.dumps(built))
    return built


def built_before(library: Library, folder: Path) -> dict[str, Any] | None:
    """Return what building took, if it was done; an index of another version is built anew."""
    kept = folder / _BUILT
    if not kept.exists():
        return None
    built: dict[str, Any] = json.loads(kept.read_text())
    try:
        _ = library.index
    except SearchIndexError:
        return build_index(library, folder, built)
    return built


def _raw_bytes() -> float:
    """Return how long a description is as JSON without what is empty."""
    import orjson  # noqa: PLC0415

    generator = Generator()
    lengths = [len(orjson.dumps(_bare(orjson.loads(orjson.dumps(generator.describe(one)))))) for one in range(_SAMPLE)]
    return statistics.mean(lengths)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: kept for name, one in value.items() if (kept := _bare(one)) not in (None, [], {}, "")}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def _fill_fts(library: Library, folder: Path, watch: Callable[[int], None]) -> None:
    with contextlib.closing(sqlite3.connect(folder / _FTS)) as database, database:
        database.execute("CREATE VIRTUAL TABLE works USING fts5(words, content='')")
        for page in library.store.catalogue.pages():
            texts = (
                (work.key, " ".join(one["value"] for one in (work.data["title"], *work.data["abstracts"])))
                for work in page
            )
            database.executemany("INSERT INTO works (rowid, words) VALUES (?, ?)", texts)
            watch(len(page))


# --- measuring ------------------------------------------------------------------------------------


def latency(server: Server, library: Library, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each case."""
    rows = []
    for name, queries, (p50, p95) in CASES:
        paths = ["/v1/works?" + urlencode(values, doseq=True) for values in queries]
        row: dict[str, Any] = {"case": name, **measure_paths(server, paths, rounds)}
        row |= measure_engine(library, queries, rounds)
        row["ratio"] = row["p50_ms"] / row["engine_p50_ms"]
        row["more_ms"] = row["p50_ms"] - row["engine_p50_ms"]
        row |= {"goal_p50_ms": p50, "goal_p95_ms": p95}
        row["within"] = (row["ratio"] <= 1.3 or row["more_ms"] <= 4) and all(
            goal is None or row[measured] <= goal for goal, measured in ((p50, "p50_ms"), (p95, "p95_ms"))
        )
        rows.append(row)
        print(f"{name}: {row['p50_ms']:.1f} ms", file=sys.stderr, flush=True)
    return [*rows, *other_routes(server, library, rounds)]


def other_routes(server: Server, library: Library, rounds: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each other way of asking: a record by DOI, suggestions, pages far behind."""
    step = max(1, library.index.stats().documents // 100)
    with library.store.database.read() as connection:
        keys = schema.manifestation_keys.c
        found = connection.execute(select(keys.value).where(keys.scheme == "doi").limit(100 * step))
        dois = [row.value for at, row in enumerate(found) if at % step == 0]
    yield _other("record by DOI", measure_paths(server, [f"/v1/works/doi:{doi}" for doi in dois], rounds), 5)
    words = ["me", "mem", "memb", "membr", "so", "soi", "钙", "土壤"]
    paths = ["/v1/suggest?" + urlencode({"q": word}) for word in words]
    status, _ = Client(server.port).get(paths[0])
    if status != 404:
        yield _other("suggest", measure_paths(server, paths, rounds), 15)
    first = Client(server.port).search(q=COMMON[0], limit=200)
    cursor, pages = first["meta"]["next_cursor"], []
    for _ in range(50):
        if cursor is None:
            break
        pages.append("/v1/works?" + urlencode({"q": COMMON[0], "limit": 200, "fields": "id", "cursor": cursor}))
        cursor = Client(server.port).search(q=COMMON[0], limit=200, fields="id", cursor=cursor)["meta"]["next_cursor"]
    yield _other("deep pages of 200 ids (to 10,000)", measure_paths(server, pages, max(rounds // 4, len(pages))), None)


def _other(name: str, measured: dict[str, Any], p95: float | None) -> dict[str, Any]:
    return {"case": name, **measured, "goal_p95_ms": p95, "within": p95 is None or measured["p95_ms"] <= p95}


def throughput(server: Server, clients: int, seconds: float) -> dict[str, Any]:
    """Ask for the first cases' queries with one client, then with several at once."""
    paths = ["/v1/works?" + urlencode(values, doseq=True) for _, queries, _ in CASES[:4] for values in queries]
    rates = {}
    for count in (1, clients):
        done = [0] * count
        until = time.monotonic() + seconds
        before = server.cpu_seconds()

        def ask(place: int, done: list[int] = done, until: float = until) -> None:
            client, turn = Client(server.port), itertools.cycle(paths[place:] + paths[:place])
            while time.monotonic() < until:
                client.get(next(turn))
                done[place] += 1

        threads = [threading.Thread(target=ask, args=(place,)) for place in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rates[count] = {
            "per_second": sum(done) / seconds,
            "server_cores": (server.cpu_seconds() - before) / seconds,
        }
    return {
        "one_client": rates[1],
        f"{clients}_clients": rates[clients],
        "ratio": rates[clients]["per_second"] / rates[1]["per_second"],
    }


def against_fts(folder: Path, library: Library, rounds: int) -> dict[str, float]:
    """Return the CPU milliseconds of the common terms, top 20 and count, in FTS5 and through our whole search."""
    with contextlib.closing(sqlite3.connect(folder / _FTS)) as database:

        def ask_fts(word: str) -> None:
            database.execute("SELECT rowid FROM works WHERE works MATCH ? ORDER BY rank LIMIT 20", (word,)).fetchall()
            database.execute("SELECT count(*) FROM works WHERE works MATCH ?", (word,)).fetchone()

        searcher = Searcher(library)
        spent = {}
        asked: dict[str, Callable[[str], object]] = {
            "fts5_cpu_ms": ask_fts,
            "ours_cpu_ms": lambda word: searcher.answer(search_parameters({"q": word}).search()),
        }
        for name, ask in asked.items():
            for word in COMMON:
                ask(word)
            started = time.process_time()
            for word in itertools.islice(itertools.cycle(COMMON), rounds):
                ask(word)
            spent[name] = (time.process_time() - started) / rounds * 1000
    return {**spent, "ratio": spent["fts5_cpu_ms"] / spent["ours_cpu_ms"]}


def freshness(server: Server, library: Library) -> dict[str, float]:
    """Change 100 works and bring the index up to date; return after how long the server shows all of them."""
    word = f"fresh{time.time_ns()}"
    client, store = Client(server.port), library.store
    keys = list(range(1, library.index.stats().documents, max(1, library.index.stats().documents // 100)))[:100]
    table = schema.works
    with store.database.write() as connection:
        writer = CatalogueWriter(store.database, connection)
        entries = []
        for key, row in writer.works(keys).items():
            data = json.loads(connection.execute(select(table.c.data).where(table.c.key == key)).scalar_one())
            data["title"]["value"] += f" {word}"
            values = {"version": row.version + 1, "data": json.dumps(data).encode()}
            connection.execute(table.update().where(table.c.key == key).values(**values))
            entries.append((key, row.version + 1, "changed"))
        append_changes(store.database, connection, cast(Any, entries))
    cpu, started = time.process_time(), time.perf_counter()
    library.pipeline.follow_feed(library.index)
    indexed = time.perf_counter() - started
    spent = time.process_time() - cpu
    while client.search(q=word)["meta"]["count"] < len(keys):
        time.sleep(0.005)
    return {"seconds": time.perf_counter() - started, "index_seconds": indexed, "index_cpu_seconds": spent}


def walk(server: Server, works: int) -> dict[str, Any]:
    """Walk all ids by cursor; return what it took, and whether each came once."""
    client, seen, pages, cursor = Client(server.port), set[str](), 0, None
    listed, started, before, watch = 0, time.perf_counter(), server.cpu_seconds(), Bar("walk", works)
    while pages == 0 or cursor:
        body = client.search(limit=200, fields="id", **({"cursor": cursor} if cursor else {}))
        ids = [one["id"] for one in body["results"]]
        seen.update(ids)
        listed, pages, cursor = listed + len(ids), pages + 1, body["meta"]["next_cursor"]
        watch(len(ids))
    seconds = time.perf_counter() - started
    return {
        "ids": len(seen),
        "listed": listed,
        "pages": pages,
        "each_once": listed == len(seen) == works,
        "seconds": seconds,
        "page_ms": seconds / pages * 1000,
        "server_cpu_ms_a_page": (server.cpu_seconds() - before) / pages * 1000,
    }


# --- the whole ------------------------------------------------------------------------------------


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Build what is not there and measure everything."""
    with open_library(Settings(data_dir=folder), sources=[]) as library:
        built = built_before(library, folder) or build(library, folder, options.works)
        gc.collect()
        server = Server(folder, options.workers)
        try:
            found = {
                "build": built,
                "segments": cast(Any, library.index).engine._look().search.searcher.num_segments,  # noqa: SLF001
                "latency": latency(server, library, options.rounds),
                "throughput": throughput(server, options.clients, options.seconds),
                "fts5": against_fts(folder, library, max(20, options.rounds // 4)),
                "walk": {} if options.no_walk else walk(server, built["works"]),
                "hundred_changes": freshness(server, library),
                "server_memory_bytes": server.memory_bytes(),
            }
        finally:
            server.stop()
    names = ("tantivy", "fastapi", "uvicorn", "sqlalchemy", "orjson", "pydantic")
    return {
        **found,
        "workers": options.workers,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load": os.getloadavg()[0],
        "versions": {name: version(name) for name in names} | {"sqlite": sqlite3.sqlite_version},
        "date": datetime.now(UTC).date().isoformat(),
    }


def print_markdown(found: dict[str, Any]) -> None:
    """Print the section for docs/figures.md."""
    names = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    print(f"{found['date']} · {found['machine']} · {names} · load before {found['load']:.1f}\n")
    columns = ("p50_ms", "p95_ms", "server_cpu_ms", "engine_p50_ms", "ratio", "more_ms", "goal_p50_ms", "goal_p95_ms")
    print("| query | p50 ms | p95 ms | server CPU ms | engine p50 ms | ratio | more ms | goal p50 | goal p95 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in found["latency"]:
        cells = (f"{row[name]:.1f}" if row.get(name) is not None else "–" for name in columns)
        print(f"| {row['case']} | {' | '.join(cells)} |")
    built, many, fts = found["build"], found["throughput"], found["fts5"]
    clients = next(name for name in many if name.endswith("_clients"))
    print(
        f"\n{built['works']:,} works of {built['raw_json_bytes_each']:,.0f} bytes of JSON; index "
        f"{built['index_bytes_each']:,.0f} bytes each ({built['index_to_raw']:.2f} ×; "
        f"{built['index_to_stored']:.2f} × what the store keeps of them), {found['segments']} segments, "
        f"built at {built['index']['works_per_cpu_second']:,.0f} works per CPU second "
        f"({built['works'] / built['index']['seconds']:,.0f} per second).\n\n"
        f"{clients.replace('_', ' ')}: {many[clients]['per_second']:,.0f} searches per second, one client "
        f"{many['one_client']['per_second']:,.0f} ({many['ratio']:.2f} ×).\n\n"
        f"One common term in SQLite FTS5: {fts['fts5_cpu_ms']:.1f} CPU ms, ours whole {fts['ours_cpu_ms']:.2f} "
        f"({fts['ratio']:.0f} ×).\n\n"
        f"100 changed works are seen after {found['hundred_changes']['seconds']:.2f} s."
    )
    if found["walk"]:
        one = found["walk"]
        print(
            f"\nA walk over all by cursor: {one['ids']:,} ids once each: {one['each_once']}; {one['pages']:,} pages, "
            f"{one['page_ms']:.1f} ms each, {one['seconds']:.0f} s."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--rounds", type=int, default=200, help="requests of each kind")
    parser.add_argument("--seconds", type=float, default=10, help="how long clients ask for the throughput")
    parser.add_argument("--keep", type=Path, help="where to build, or what was built before")
    parser.add_argument("--no-walk", action="store_true")
    parser.add_argument("--json", action="store_true", help="print JSON: the default")
    parser.add_argument("--markdown", action="store_true", help="print the section for docs/figures.md instead")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(folder, options)
    if options.markdown:
        print_markdown(found)
    else:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
