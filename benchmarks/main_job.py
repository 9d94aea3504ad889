"""Measure the main job from first request to searchable, and what each stage takes of it.

usage: python benchmarks/main_job.py [--records N] [--json]

The demonstration repositories (a process of their own, so that their work is not counted) serve about N records over
loopback HTTP; an embedded library in a temporary folder harvests, joins and indexes them one stage after the other. CPU
figures are those of this process and its threads (tantivy's included); wall times depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.spending import Spent
from harvesters.demo.sources import demo_sources
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.library import Library, open_library
from search_api.searching import Search, Searcher
from search_api.settings import ClusterStorage, EmbeddedStorage, Settings

_SERVER = """
import json, sys
from harvesters.demo.repository import DemoRepositories
with DemoRepositories(int(sys.argv[1])) as repositories:
    print(json.dumps(repositories.endpoints), flush=True)
    sys.stdin.read()
"""
_QUERIES = ("perovskite stability", "钙钛矿", "educación", "machine learning OR deep learning", '"solar cells"')


class Stages:
    """CPU and wall seconds of named stages."""

    def __init__(self, **pids: int | None) -> None:
        self.rows: list[dict[str, Any]] = []
        self._pids = pids

    def measure(self, name: str, work: Callable[[], int]) -> None:
        """Run a stage that returns how many things it dealt with."""
        spent = Spent(**self._pids)
        count = work()
        self.rows.append({"stage": name, "count": count, **spent()})


def _harvest(library: Library) -> int:
    received = 0
    for source in library.store.sources.all():
        report = library.harvest(source, Request(), pace=Pace())
        if report.status != "complete":
            raise SystemExit(f"{source.id}: {report.status}: {report.error}")
        received += report.received
    return received


def measure(endpoints: dict[str, str], storage: ClusterStorage | None, **pids: int | None) -> dict[str, Any]:
    """Run the main job once, in a temporary folder or in a cluster's empty store, and return its figures."""
    stages = Stages(**pids)
    sources = [Source.of(values) for values in demo_sources(endpoints)]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_library(Settings(data_dir=Path(folder), storage=storage or EmbeddedStorage()), sources=sources) as library,
    ):
        stages.measure("warm up (load models)", lambda: _warm_up(library))
        stages.measure("harvest to store", lambda: _harvest(library))
        stages.measure("normalise, join, write works", lambda: library.pipeline.join_pending().records)
        stages.measure("index", lambda: library.pipeline.follow_feed(library.index).indexed)
        searcher = Searcher(library)
        stages.measure(
            "five searches", lambda: sum(searcher.answer(Search(q=q))["meta"]["count"] > 0 for q in _QUERIES)
        )
        counts = library.store.catalogue.counts()
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    job = [row for row in stages.rows if row["stage"] in {"harvest to store", "normalise, join, write works", "index"}]
    cpu, wall = sum(row["cpu_seconds"] for row in job), sum(row["seconds"] for row in job)
    records = job[0]["count"]
    for row in job:
        row["share_of_cpu"] = row["cpu_seconds"] / cpu
        row["cpu_us_each"] = row["cpu_seconds"] / max(row["count"], 1) * 1e6
    return {
        "records": records,
        "works": counts["works"],
        "records_per_cpu_second": records / cpu,
        "records_per_second": records / wall,
        "bytes_on_disk_per_record": size / records,
        "stages": stages.rows,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("tantivy", "sqlalchemy", "lxml", "sickle", "py3langid")},
        "date": datetime.now(UTC).date().isoformat(),
    }


def _warm_up(library: Library) -> int:
    """Load what is loaded once a process, so that small runs measure the work and not the loading."""
    from indexer.normalise.languages import detect  # noqa: PLC0415
    from indexer.search.analysis import analyse  # noqa: PLC0415

    detect("The quick brown fox jumps over the lazy dog and several other animals")
    analyse("钙钛矿太阳能电池", "zh")
    analyse("cells", "en")
    return library.index.stats().documents


def run(records: int, storage: ClusterStorage | None = None, **pids: int | None) -> dict[str, Any]:
    """Serve about so many records and run the main job; ``pids`` are servers whose CPU time is told as well."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(records)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        return measure(json.loads(server.stdout.readline()), storage, **pids)
    finally:
        server.communicate("")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = run(options.records)
    if options.json:
        print(json.dumps(result))
        return
    print(f"{result['date']} · {result['machine']} · {', '.join(f'{n} {v}' for n, v in result['versions'].items())}\n")
    print("| stage | count | CPU s | wall s | CPU µs each | share of CPU |\n|---|---|---|---|---|---|")
    for row in result["stages"]:
        share = f"{row['share_of_cpu']:.0%}" if "share_of_cpu" in row else "–"
        each = f"{row['cpu_us_each']:.0f}" if "cpu_us_each" in row else "–"
        times = f"{row['cpu_seconds']:.2f} | {row['seconds']:.2f}"
        print(f"| {row['stage']} | {row['count']:,} | {times} | {each} | {share} |")
    print(
        f"\n{result['records']:,} records, {result['works']:,} works: "
        f"{result['records_per_cpu_second']:,.0f} records per CPU second, "
        f"{result['records_per_second']:,.0f} per second, "
        f"{result['bytes_on_disk_per_record']:,.0f} bytes on disk a record."
    )


if __name__ == "__main__":
    main()
