"""Reckon from the cluster benchmark's figures what a library of many works needs: the tables of docs/scale.md.

usage: python benchmarks/cluster_plan.py FOLDER/figures.json

Plain proportion from what was measured a work; nothing is measured here. What is assumed stands below by name, and is
printed with the table.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Bytes of first copies, and works, that one shard should hold; Elasticsearch advises 10 to 50 GB and 200 million.
SHARD_BYTES, SHARD_WORKS = 30e9, 200e6
#: What is built beside the old index, merges and logs of changes need room as well.
FREE_SHARE = 0.5
#: US dollars a month: a core, a GB of memory, a GB of SSD. An assumption: what rented machines cost, about.
CORE, MEMORY_GB, DISK_GB = 25.0, 3.0, 0.10
_GB, _HOUR = 1e9, 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a work takes, by the figures; seconds are of one core of the machine that they were measured on."""

    index_bytes: float
    store_bytes: float
    records_a_work: float
    join_seconds: float
    rebuild_seconds: float
    engine_seconds: float
    worker_seconds: float

    @classmethod
    def of(cls, figures: dict[str, Any]) -> Measured:
        """Read the figures."""
        sizes, build = figures["sizes"], figures["build"]["cluster"]
        joined = {row["table"]: row for row in sizes["joined_tables"]}
        join = next(row for row in figures["join"]["cluster"]["stages"] if row["stage"].startswith("normalise"))
        return cls(
            index_bytes=sizes["cluster"]["index_bytes"] / sizes["cluster"]["works"],
            store_bytes=sum(row["bytes"] for row in joined.values()) / joined["works"]["rows"],
            records_a_work=joined["manifestations"]["rows"] / joined["works"]["rows"],
            join_seconds=join["seconds"] / join["count"],
            rebuild_seconds=build["seconds"] / build["works"],
            engine_seconds=build["engine_cpu_seconds"] / build["works"],
            worker_seconds=figures["workers"]["sink"][0]["cpu_us_a_work"] / 1e6,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One of the machines that a plan is made of."""

    cores: int
    memory_gb: int
    disk_gb: int

    def dollars(self) -> float:
        """Return what it costs a month by the assumption."""
        return self.cores * CORE + self.memory_gb * MEMORY_GB + self.disk_gb * DISK_GB


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many of which machines, for how many works."""

    data_nodes: int
    data_node: Machine
    database: Machine
    programs: int
    program: Machine

    def dollars(self) -> float:
        """Return what all of them cost a month; the database is there twice."""
        return (
            self.data_nodes * self.data_node.dollars()
            + 2 * self.database.dollars()
            + self.programs * self.program.dollars()
        )


PLANS = {
    25_000_000: Plan(
        data_nodes=3,
        data_node=Machine(cores=8, memory_gb=64, disk_gb=250),
        database=Machine(cores=8, memory_gb=64, disk_gb=1_000),
        programs=3,
        program=Machine(cores=4, memory_gb=16, disk_gb=50),
    ),
    250_000_000: Plan(
        data_nodes=9,
        data_node=Machine(cores=16, memory_gb=128, disk_gb=1_000),
        database=Machine(cores=32, memory_gb=256, disk_gb=8_000),
        programs=10,
        program=Machine(cores=8, memory_gb=32, disk_gb=50),
    ),
}


def reckon(measured: Measured, works: int) -> dict[str, str]:
    """Return the rows for a library of so many works."""
    plan = PLANS[works]
    first_copies = works * measured.index_bytes
    shards = max(math.ceil(first_copies / SHARD_BYTES), math.ceil(works / SHARD_WORKS))
    engine_cores = plan.data_nodes * plan.data_node.cores
    # A copy does the work of indexing again; a rebuild makes its copies from files at the end.
    engine_hours = works * measured.engine_seconds * 2 / engine_cores / _HOUR
    worker_hours = works * measured.worker_seconds / (plan.programs * plan.program.cores) / _HOUR
    cache = plan.data_nodes * plan.data_node.memory_gb / 2
    return {
        "records": f"{works * measured.records_a_work / 1e6:,.0f} M",
        "PostgreSQL, tables and indices": f"{works * measured.store_bytes / _GB:,.0f} GB",
        "index, first copies": f"{first_copies / _GB:,.0f} GB",
        "index with one copy more": f"{2 * first_copies / _GB:,.0f} GB",
        "room on disk for it while built anew": f"{4 * first_copies / (1 - FREE_SHARE / 2) / _GB:,.0f} GB",
        "shards": f"{shards} of {first_copies / shards / _GB:,.0f} GB, {works / shards / 1e6:,.0f} M works",
        "joining, one process": _time(works * measured.records_a_work * measured.join_seconds / _HOUR),
        "rebuild of the index, one process": _time(works * measured.rebuild_seconds / _HOUR),
        "following the feed, all workers": _time(worker_hours),
        "the same, all cores of Elasticsearch": _time(engine_hours),
        "data nodes": f"{plan.data_nodes} × {_said(plan.data_node)}",
        "of the index in the nodes' file cache": f"{min(1.0, cache / (2 * first_copies / _GB)):.0%}",
        "PostgreSQL, and one that stands by": _said(plan.database),
        "API and workers": f"{plan.programs} × {_said(plan.program)}",
        "a month, by the prices assumed": f"${plan.dollars():,.0f}",
        "a year, a thousand works": f"${plan.dollars() * 12 / works * 1000:,.2f}",
    }


def _time(hours: float) -> str:
    return f"{hours:,.1f} h" if hours < 48 else f"{hours / 24:,.1f} days"


def _said(machine: Machine) -> str:
    return f"{machine.cores} cores, {machine.memory_gb} GB, {machine.disk_gb:,} GB SSD"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path)
    options = parser.parse_args()
    measured = Measured.of(json.loads(options.figures.read_text()))
    print("| a work, measured | |\n|---|---|")
    print(f"| index, first copy | {measured.index_bytes:,.0f} bytes |")
    print(f"| PostgreSQL, tables and indices | {measured.store_bytes:,.0f} bytes |")
    print(f"| records | {measured.records_a_work:.2f} |")
    print(f"| joining, a record, one process | {measured.join_seconds * 1e6:,.0f} µs |")
    print(f"| rebuild, one process | {measured.rebuild_seconds * 1e6:,.0f} µs |")
    print(f"| following, a worker's CPU | {measured.worker_seconds * 1e6:,.0f} µs |")
    print(f"| indexing, CPU of Elasticsearch, a copy | {measured.engine_seconds * 1e6:,.0f} µs |")
    columns = {works: reckon(measured, works) for works in PLANS}
    print(f"\n| | {' | '.join(f'{works / 1e6:,.0f} M works' for works in columns)} |\n|---|{'---|' * len(columns)}")
    for row in next(iter(columns.values())):
        print(f"| {row} | {' | '.join(column[row] for column in columns.values())} |")
    print(f"\nAssumed: ${CORE:g} a core, ${MEMORY_GB:g} a GB of memory, ${DISK_GB:g} a GB of SSD, each a month.")


if __name__ == "__main__":
    main()
