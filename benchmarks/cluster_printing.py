"""Prints the figures of the cluster benchmark as the section "The cluster" of docs/figures.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Found = dict[str, Any]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    names = list(head)
    print(f"\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def _number(value: float | None, form: str = ",.1f") -> str:
    return "–" if value is None else format(value, form)


def _us(row: Found, name: str, count: int) -> str:
    return _number(None if name not in row else row[name] / count * 1e6, ",.0f")


def print_markdown(found: Found) -> None:
    """Print what was measured, each part with where and when."""
    for name, show in _PARTS.items():
        if part := found.get(name):
            about = part["about"]
            versions = ", ".join(f"{one} {number}" for one, number in about["versions"].items())
            servers = "own servers" if about["own_servers"] else "servers of the tests"
            print(f"\n### {name}: {about['date']} · {about['machine']} · {servers} · load before {about['load']:.1f}")
            print(f"\n{versions}")
            show(part)


def _show_build(part: Found) -> None:
    rows = []
    for kind in ("embedded", "cluster"):
        one = part[kind]
        works = one["works"]
        costs = (_us(one, name, works) for name in ("cpu_seconds", "postgres_cpu_seconds", "engine_cpu_seconds"))
        rows.append([kind, f"{works:,}", _number(one["seconds"]), _number(works / one["seconds"], ",.0f"), *costs])
    _table(("rebuild", "works", "s", "works/s", "our CPU µs a work", "PostgreSQL", "Elasticsearch"), rows)
    print(f"\nembedded : cluster = 1 : {part['cluster']['seconds'] / part['embedded']['seconds']:.2f}")


def _show_search(part: Found) -> None:
    rows = []
    for ours, theirs in zip(part["embedded"], part["cluster"], strict=True):
        cells = [_number(one[name]) for one in (ours, theirs) for name in ("p50_ms", "p95_ms", "server_cpu_ms")]
        more = [_number(theirs.get("engine_cpu_ms")), _number(theirs.get("postgres_cpu_ms"))]
        rows.append([ours["case"], *cells, *more, f"1 : {theirs['p50_ms'] / ours['p50_ms']:.1f}"])
    head = ["p50 ms", "p95 ms", "API CPU ms"]
    named = [f"{kind} {name}" for kind in ("embedded", "cluster") for name in head]
    _table(["query", *named, "Elasticsearch CPU ms", "PostgreSQL CPU ms", "ratio of p50"], rows)
    for kind in ("embedded", "cluster"):
        walk = part[f"{kind}_walk"]
        print(
            f"\n{kind}: 100 changed works are seen after {part[f'{kind}_fresh']['seconds']:.2f} s; a walk over all "
            f"{walk['ids']:,} ids, each once: {walk['each_once']}, takes {walk['page_ms']:.1f} ms a page of 200; "
            f"the first suggestion after a change takes {part[f'{kind}_suggest_after_ms']:.0f} ms."
        )


def _show_bulk(part: Found) -> None:
    rows = []
    for name, one in part["ways"].items():
        ratios = part["ratios"][name]
        costs = (_us(one, which, part["works"]) for which in ("cpu_seconds", "engine_cpu_seconds"))
        times = [f"{ratios['seconds']:.2f}", f"{ratios['all_cpu_seconds']:.2f}"]
        rows.append([name, _number(one["works_per_second"], ",.0f"), *costs, *times])
    _table(
        ("way", "works/s", "client CPU µs a work", "server CPU µs a work", "× raw, time", "× raw, CPU of both"), rows
    )
    print(f"\n{part['works']:,} works of {part['bytes_each']:,.0f} bytes of bulk lines.")


def _show_workers(part: Found) -> None:
    rows = []
    for where in ("sink", "engine"):
        one = part[where][0]
        for row in part[where]:
            more = f"{row['works_per_second'] / one['works_per_second']:.2f}"
            rows.append([where, str(row["workers"]), *_rates(row), more])
    _table(("into", "workers", *_RATES, "× one"), rows)
    rows = []
    for row in part["stretches"]:
        calls = row["calls"]
        each = [_number(calls[name]["seconds"] / max(calls[name]["calls"], 1) * 1e3) for name in calls]
        shares = "/".join(f"{share:.2f}" for share in row["shares"])
        rows.append([f"{row['stretch']:,}", *_rates(row), *each, shares])
    _table(("stretch", *_RATES, *(f"{name} ms" for name in part["stretches"][0]["calls"]), "shares"), rows)


_RATES = ("works/s", "workers' CPU µs a work", "cores: workers", "PostgreSQL", "engine")


def _rates(row: Found) -> list[str]:
    cores = [_number(row["cores"].get(name), ".2f") for name in ("workers", "postgres", "engine")]
    return [_number(row["works_per_second"], ",.0f"), _number(row["cpu_us_a_work"], ",.0f"), *cores]


def _show_join(part: Found) -> None:
    rows = []
    for kind in ("embedded", "cluster"):
        for row in part[kind]["stages"]:
            count = row["count"]
            if count > 5:
                costs = [_us(row, f"{name}cpu_seconds", count) for name in ("", "postgres_", "engine_")]
                rows.append([kind, row["stage"], f"{count:,}", *costs, _number(count / row["seconds"], ",.0f")])
    _table(("store", "stage", "count", "our CPU µs each", "PostgreSQL", "Elasticsearch", "each second"), rows)


def _show_sizes(part: Found) -> None:
    for kind in ("embedded", "cluster"):
        one = part[kind]
        print(f"\n{kind}: index {one['index_bytes'] / one['works']:,.0f} bytes a work", end="")
        print(f", store {one['store_bytes'] / one['works']:,.0f}" if "store_bytes" in one else "", end="")
        print(f"; counting {one['works']:,} works and their records takes {one['counting_seconds'] * 1e3:.0f} ms")
    for name in ("tables", "joined_tables"):
        if tables := part.get(name):
            counted = {row["table"]: row["rows"] for row in tables}
            works = counted["works"]
            rows = [
                [row["table"], f"{row['rows']:,}", *(f"{row[size] / works:,.0f}" for size in ("bytes", "index_bytes"))]
                for row in tables
                if row["bytes"] / works >= 1
            ]
            total = sum(row["bytes"] for row in tables) / works
            _table((name, "rows", "bytes a work", "of these indices"), [*rows, ["all", "", f"{total:,.0f}", ""]])


def _show_failover(part: Found) -> None:
    head = {
        "longest_without_seconds": "longest without hits s",
        "slowest_seconds": "slowest answer s",
        "first_copies_seconds": "first copies again after s",
        "green_after_restart_seconds": "green after the restart s",
    }
    rows = [
        [row["killed"], *(_number(row.get(name), ".2f") for name in head), f"{row['refused']:,}", f"{row['answers']:,}"]
        for row in part["killed"]
    ]
    _table(("killed", *head.values(), "503, come back", "answers"), rows)
    print(f"\n{part['readers']} readers, {part['works']:,} works, three nodes, each shard twice.")


_PARTS = {
    "build": _show_build,
    "search": _show_search,
    "bulk": _show_bulk,
    "workers": _show_workers,
    "join": _show_join,
    "sizes": _show_sizes,
    "failover": _show_failover,
}
