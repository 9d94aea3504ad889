"""Measure harvesting to the store against sickle and oaipmh-scythe, on the same pages in the same run.

usage: python benchmarks/harvest.py [--records N] [--memory N] [--json]

A loopback repository (a process of its own) serves N records as oai_doaj, 100 a page, and as JATS fronts, 10 a page;
the records are recorded ones (the demonstration repositories' where the recordings are absent), each copy with an
identifier of its own. Each harvester runs in a fresh process;
its CPU seconds and its peak memory are those of that process, imports included in the peak and not in the seconds.
Ours fetches, parses strictly, cuts each record out byte for byte, compresses, and writes records and ledger to SQLite;
the peers parse the same pages into their own records and keep nothing. `--memory N` harvests N records with ours once
more, to compare its peak with the smaller run's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lxml import etree

_FORMATS = {"oai_doaj": 100, "pmc_fm": 10}
_TEMPLATES = 1_000
_MARK = b"0000000"
_ENVELOPE = (
    b'<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
    b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xlink="http://www.w3.org/1999/xlink">'
    b"<responseDate>2026-11-01T00:00:00Z</responseDate><request>http://127.0.0.1/oai</request>"
)
_PEERS = ("kaijuan", "sickle", "oaipmh-scythe")


# --- the repository ----------------------------------------------------------------------------------------------


class _Lists:
    """Pages made of template records, each with a number of its own; made anew for each request, held by nobody."""

    def __init__(self, size: int, templates: dict[str, tuple[bytes, list[bytes]]]) -> None:
        self._size = size
        self._templates = templates

    def page(self, prefix: str, start: int) -> bytes:
        """Return the page that begins with a record."""
        head, records = self._templates[prefix]
        end = min(start + _FORMATS[prefix], self._size)
        pieces = [head]
        pieces += [records[n % len(records)].replace(_MARK, b"%07d" % n) for n in range(start, end)]
        token = f"{prefix}:{end}" if end < self._size else ""
        pieces.append(
            f'<resumptionToken completeListSize="{self._size}" cursor="{start}">{token}</resumptionToken>'
            "</ListRecords></OAI-PMH>".encode()
        )
        return b"".join(pieces)


def _templates() -> dict[str, tuple[bytes, list[bytes]]]:
    """Return page heads and records with a mark in each identifier: recorded ones, else the demonstration's."""
    shared = Path(os.environ.get("KAIJUAN_SHARED", Path(__file__).parents[2] / "shared" / "data")) / "recorded"
    return _recorded(shared) if shared.is_dir() else _demonstration(_TEMPLATES)


def _recorded(folder: Path) -> dict[str, tuple[bytes, list[bytes]]]:
    """Take DOAJ's recorded page, and the front matter of PMC's recorded articles as ``pmc_fm`` serves it."""
    page = (folder / "doaj" / "vufindharvest_oai_doaj_ListRecords.xml").read_bytes()
    records = re.findall(rb"<record>.*?</record>", page, re.DOTALL)
    fronts: list[bytes] = []
    for path in sorted((folder / "pmc").glob("*.*ml")):
        body = path.read_bytes()
        opening = re.search(rb"<article(?:\s[^<>]*)?>", body)
        front = re.search(rb"<front>.*?</front>", body, re.DOTALL)
        if opening and front and b"&" not in re.sub(rb"&(?:#\w+|lt|gt|amp|quot|apos);", b"", front[0]):
            fronts.append(
                b"<record><header><identifier>oai:pubmedcentral.nih.gov:0</identifier><datestamp>2026-10-01</datestamp>"
                b"<setSpec>pmc-open</setSpec></header><metadata>"
                + opening[0]
                + front[0]
                + b"</article></metadata></record>"
            )
    head = _ENVELOPE + b"<ListRecords>"
    return {
        "oai_doaj": (page[: page.index(b"<ListRecords>") + len(b"<ListRecords>")], [_marked(one) for one in records]),
        "pmc_fm": (head, [_marked(one) for one in fronts if _is_well_formed(head, one)]),
    }


def _is_well_formed(head: bytes, record: bytes) -> bool:
    try:
        etree.fromstring(head + record + b"</ListRecords></OAI-PMH>")
    except etree.XMLSyntaxError:  # a prefix that the article declares elsewhere
        return False
    return True


def _demonstration(count: int) -> dict[str, tuple[bytes, list[bytes]]]:
    """Take records from the demonstration repositories."""
    from urllib.request import urlopen  # noqa: PLC0415

    from harvesters.demo.repository import DemoRepositories  # noqa: PLC0415

    found: dict[str, tuple[bytes, list[bytes]]] = {}
    with DemoRepositories(count * 4) as repositories:
        for prefix, name in (("oai_doaj", "demo-doaj"), ("pmc_fm", "demo-pmc")):
            query, head = f"metadataPrefix={prefix}", b""
            records: list[bytes] = []
            while len(records) < count:
                with urlopen(f"{repositories.endpoints[name]}?verb=ListRecords&{query}") as response:
                    page = response.read()
                head = head or page[: page.index(b"<ListRecords>") + len(b"<ListRecords>")]
                records += [_marked(record) for record in re.findall(rb"<record>.*?</record>", page, re.DOTALL)]
                token = re.search(rb"<resumptionToken[^>]*>([^<]+)<", page)
                if token is None:
                    break
                query = f"resumptionToken={token[1].decode()}"
            found[prefix] = (head, records[:count])
    return found


def _marked(record: bytes) -> bytes:
    """Let the record's identifier end with the mark that each copy's number replaces."""
    return re.sub(
        rb"(<identifier>[^<]*?)[0-9a-f]{1,7}</identifier>", rb"\g<1>" + _MARK + b"</identifier>", record, count=1
    )


def serve(size: int) -> None:
    """Serve until standard input closes; print the address."""
    from harvesters.demo.loopback import LoopbackServer, Request, Response  # noqa: PLC0415

    lists = _Lists(size, _templates())

    def answer(request: Request) -> Response:
        token = request.argument("resumptionToken")
        prefix, _, start = (token or f"{request.argument('metadataPrefix')}:0").partition(":")
        return Response(body=lists.page(prefix, int(start)))

    with LoopbackServer(answer) as server:
        print(server.url + "/oai", flush=True)
        sys.stdin.read()


# --- the harvesters ----------------------------------------------------------------------------------------------


def _ours(url: str, prefix: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        # The store is made beforehand, by another process, as by `kaijuan sources add`.
        subprocess.run([sys.executable, __file__, "--prepare", folder, url, prefix], check=True)
        return _harvested(Path(folder))


def _prepare(folder: str, url: str, prefix: str) -> None:
    from harvesters.sources.definition import Source  # noqa: PLC0415
    from search_api.library import open_library  # noqa: PLC0415
    from search_api.settings import Settings  # noqa: PLC0415

    values = {"id": "x", "name": "x", "endpoint": url, "metadata_prefixes": [prefix], "pace_seconds": 0}
    with open_library(Settings(data_dir=Path(folder)), sources=[Source.of(values)]):
        pass


def _harvested(folder: Path) -> dict[str, Any]:
    from harvesters.pace import Pace  # noqa: PLC0415
    from harvesters.runner import Request  # noqa: PLC0415
    from search_api.library import open_library  # noqa: PLC0415
    from search_api.settings import Settings  # noqa: PLC0415

    with open_library(Settings(data_dir=folder), sources=[]) as library:
        source = library.store.sources.get("x")
        measured = _measured(lambda: library.harvest(source, Request(), pace=Pace()).received)
        status = library.store.harvests.history.runs("x")[0].status
        if status != "complete":
            raise SystemExit(f"The harvest is {status}.")
        return measured


def _sickle(url: str, prefix: str) -> dict[str, Any]:
    from sickle import Sickle  # noqa: PLC0415

    return _measured(lambda: sum(1 for _ in Sickle(url).ListRecords(metadataPrefix=prefix)))


def _scythe(url: str, prefix: str) -> dict[str, Any]:
    from oaipmh_scythe import Scythe  # noqa: PLC0415

    def run() -> int:
        with Scythe(url) as scythe:
            return sum(1 for _ in scythe.list_records(metadata_prefix=prefix))

    return _measured(run)


def _measured(work: Callable[[], int]) -> dict[str, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    records = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"records": records, "cpu_seconds": cpu, "seconds": wall, "peak_mib": peak}


_HARVESTERS = {"kaijuan": _ours, "sickle": _sickle, "oaipmh-scythe": _scythe}


def _apart(arguments: Sequence[str]) -> dict[str, Any]:
    """Run a harvester in a process of its own."""
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def kept_shares() -> dict[str, Any]:
    """Return which share of their bytes recorded records take, compressed by a dictionary trained on others.

    The first 200 records of a source train its dictionary, as in a harvest, or two thirds where there are fewer; the
    share is that of all others.
    """
    from indexer.storage.compression import TRAIN_AT, Compression, train  # noqa: PLC0415

    folder = Path(os.environ.get("KAIJUAN_SHARED", Path(__file__).parents[2] / "shared" / "data")) / "recorded"
    if not folder.is_dir():
        return {}
    pages = sorted((folder / "pmc").glob("scrapi_pubmedcentral_oai_dc_*.xml"))
    records = {name: records for name, (_, records) in _recorded(folder).items()}
    records["oai_dc (PMC)"] = [
        record for page in pages for record in re.findall(rb"<record>.*?</record>", page.read_bytes(), re.DOTALL)
    ]
    shares: dict[str, Any] = {}
    for name, all_of_them in records.items():
        learned = min(TRAIN_AT[0], len(all_of_them) * 2 // 3)
        compressor = Compression.compressor(train(all_of_them[:learned]))
        others = all_of_them[learned:]
        small = sum(len(compressor.compress(record)) for record in others)
        shares[name] = {"trained_on": learned, "records": len(others), "share": small / sum(map(len, others))}
    return shares


# --- the run -----------------------------------------------------------------------------------------------------


def measure(records: int, memory: int, repeats: int) -> dict[str, Any]:
    """Run everything and return the figures."""
    rows: list[dict[str, Any]] = []
    with _Server(records) as url:
        for prefix in _FORMATS:
            runs = [(name, _apart(["--run", name, url, prefix])) for _ in range(repeats) for name in _PEERS]
            for name in _PEERS:
                mine = [result for who, result in runs if who == name]
                middle = sorted(mine, key=lambda one: one["cpu_seconds"])[len(mine) // 2]
                rows.append({"harvester": name, "format": prefix, **middle})
    large: dict[str, Any] | None = None
    small: dict[str, Any] | None = None
    if memory:
        with _Server(50_000) as url:
            small = _apart(["--run", "kaijuan", url, "oai_doaj"])
        with _Server(memory) as url:
            large = _apart(["--run", "kaijuan", url, "oai_doaj"])
    return {
        "rows": rows,
        "kept": kept_shares(),
        "small": small,
        "large": large,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("sickle", "oaipmh-scythe", "lxml", "sqlalchemy", "zstandard")},
        "date": datetime.now(UTC).date().isoformat(),
    }


class _Server:
    """The repository's process."""

    def __init__(self, size: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def __exit__(self, *_: object) -> None:
        self._process.communicate("")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    elif options.prepare:
        _prepare(*options.prepare)
    elif options.run:
        name, url, prefix = options.run
        print(json.dumps(_HARVESTERS[name](url, prefix)))
    elif options.json:
        print(json.dumps(measure(options.records, options.memory, options.repeats)))
    else:
        _print(measure(options.records, options.memory, options.repeats))


def _print(result: dict[str, Any]) -> None:
    print(f"{result['date']} · {result['machine']} · {', '.join(f'{n} {v}' for n, v in result['versions'].items())}\n")
    print("| harvester | format | records | records/s | records/CPU-s | CPU µs each | × sickle | peak MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for row in result["rows"]:
        rate = row["records"] / row["cpu_seconds"]
        peer = next(r for r in result["rows"] if r["format"] == row["format"] and r["harvester"] == "sickle")
        print(
            f"| {row['harvester']} | {row['format']} | {row['records']:,} | {row['records'] / row['seconds']:,.0f} | "
            f"{rate:,.0f} | {1e6 / rate:,.0f} | {rate / (peer['records'] / peer['cpu_seconds']):.2f} | "
            f"{row['peak_mib']:,.0f} |"
        )
    for name, kept in result["kept"].items():
        print(
            f"\nBytes kept of {name}: {kept['share']:.1%} ({kept['records']:,} recorded records; the dictionary was "
            f"trained on {kept['trained_on']:,} others)."
        )
    if result["large"]:
        small, large = result["small"], result["large"]
        print(
            f"\nPeak memory of ours: {small['peak_mib']:,.0f} MiB for {small['records']:,} records, "
            f"{large['peak_mib']:,.0f} MiB for {large['records']:,}."
        )


if __name__ == "__main__":
    main()
