"""Measure what normalising a record costs, and which part of it is what.

usage: python benchmarks/normalise.py [--repeat N] [--demo N] [--json] [--profile CORPUS]

Normalising a record is reading its XML into a description (``describe``) and cleaning that into a manifestation. Every
figure is in CPU µs a record and the median over the repetitions, the smallest in brackets in the table. Each repetition
begins with empty caches, as a new process does, but with models loaded. The parts:

- *describe*: parse and read, nothing cleaned;
- *clean*: all else but language detection (the whole with the answers of detection known beforehand, less describe);
- *detect*: the calls of language detection that these records need, alone;
- *whole*: one run of everything.

The recorded answers are read from the folder that the tests use (``KAIJUAN_SHARED``); without them only the
demonstration repositories' records are measured.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import os
import platform
import pstats
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from harvesters.demo.oai import answer
from harvesters.demo.repository import DemoRepositories
from harvesters.formats import describe
from harvesters.records import RawRecord
from indexer.normalise import languages
from indexer.normalise.manifestation import normalise

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_OPENING = re.compile(rb"<article\b[^>]*>")
_FRONT = re.compile(rb"<front>.*?</front>", re.DOTALL)
_HEAD = re.compile(rb"<(?:OAI-PMH|ListRecords)\b[^>]*>")
_RECORD = re.compile(rb"<record>.*?</record>", re.DOTALL)
_IDENTIFIER = re.compile(rb"<identifier>\s*([^<]*?)\s*</identifier>")
_TOKEN = re.compile(r"<resumptionToken[^<>]*>([^<]+)</resumptionToken>")
_ENVELOPE = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    b"<responseDate>2026-10-01T00:00:00Z</responseDate><request>https://example.org/oai</request><ListRecords>"
)
_DEMO = (("demo-doaj", "oai_doaj"), ("demo-pmc", "pmc_fm"), ("demo-university", "oai_dc"))


# --- what is measured ------------------------------------------------------------------------------------------------


def page_records(body: bytes, source: str, metadata_prefix: str) -> list[RawRecord]:
    """Cut a page as a harvest does: each record has the page's head; tombstones are left out."""
    head = b'<?xml version="1.0" encoding="UTF-8"?>' + b"".join(_HEAD.findall(body))
    return [
        RawRecord(
            source=source,
            identifier=identifier[1].decode(),
            metadata_prefix=metadata_prefix,
            datestamp="2026-10-01",
            body=piece[0],
            head=head,
            received_at=_NOW,
        )
        for piece in _RECORD.finditer(body)
        if b"<metadata" in piece[0] and (identifier := _IDENTIFIER.search(piece[0]))
    ]


def front_of(body: bytes) -> bytes | None:
    """Return an article's opening tag with its front matter only, as ``pmc_fm`` has it."""
    opening, front = _OPENING.search(body), _FRONT.search(body)
    return opening[0] + front[0] + b"</article>" if opening and front else None


def jats_fronts(folder: Path) -> list[RawRecord]:
    """Return the recorded articles' front matters, as the records of one page."""
    patterns = ("*.nxml", "pubmedclient_*.xml", "scielo_sps_*.xml", "sibils_*.xml")
    found = (front_of(path.read_bytes()) for pattern in patterns for path in sorted(folder.glob(pattern)))
    records = [
        b"<record><header><identifier>oai:pubmedcentral.nih.gov:%d</identifier><datestamp>2026-10-01</datestamp>"
        b"</header><metadata>%s</metadata></record>" % (number, front)
        for number, front in enumerate(filter(None, found), start=1)
    ]
    return page_records(_ENVELOPE + b"".join(records) + b"</ListRecords></OAI-PMH>", "pmc", "pmc_fm")


def demo_records(count: int) -> Iterator[RawRecord]:
    """Yield records of the demonstration repositories in turn, without HTTP."""
    repositories = DemoRepositories(count).repositories
    yield from islice(_in_turn([_listed(repositories[name], prefix, name) for name, prefix in _DEMO]), count)


def _in_turn(streams: Sequence[Iterator[RawRecord]]) -> Iterator[RawRecord]:
    waiting = list(streams)
    while waiting:
        for stream in tuple(waiting):
            one = next(stream, None)
            if one is None:
                waiting.remove(stream)
            else:
                yield one


def _listed(repository: Any, prefix: str, source: str) -> Iterator[RawRecord]:
    asked = [("verb", "ListRecords"), ("metadataPrefix", prefix)]
    while True:
        text = answer(repository, asked, "http://127.0.0.1/oai")
        yield from page_records(text.encode("utf-8", "replace"), source, prefix)
        token = _TOKEN.search(text)
        if token is None:
            return
        asked = [("verb", "ListRecords"), ("resumptionToken", token[1])]


def corpora(recorded: Path, demo: int) -> dict[str, list[RawRecord]]:
    """Return the records to measure by the name of their corpus."""
    found: dict[str, list[RawRecord]] = {}
    if recorded.is_dir():
        doaj = recorded / "doaj" / "vufindharvest_oai_doaj_ListRecords.xml"
        pages = sorted((recorded / "pmc").glob("scrapi_pubmedcentral_oai_dc_*.xml"))
        found["DOAJ oai_doaj"] = page_records(doaj.read_bytes(), "doaj", "oai_doaj")
        found["JATS fronts"] = jats_fronts(recorded / "pmc")
        found["PMC oai_dc"] = [one for page in pages for one in page_records(page.read_bytes(), "pmc", "oai_dc")]
    else:
        print(f"No recorded answers in {recorded}: set KAIJUAN_SHARED.", file=sys.stderr)
    demonstration = tuple(demo_records(demo))
    for _, prefix in _DEMO:
        found[f"demo {prefix}"] = [one for one in demonstration if one.metadata_prefix == prefix]
    return {name: records for name, records in found.items() if records}


# --- how it is measured ----------------------------------------------------------------------------------------------


def forget() -> None:
    """Empty the caches of values; what holds one thing only is a loaded model, and stays."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith(("indexer.normalise", "harvesters.formats")):
            for value in vars(module).values():
                if hasattr(value, "cache_parameters") and value.cache_parameters()["maxsize"] != 1:
                    value.cache_clear()


class Detections:
    """The calls of language detection: noted once, answered from memory when *clean* is measured."""

    def __init__(self, records: Sequence[RawRecord]) -> None:
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self._real = languages.detect
        self._known: dict[tuple[str, tuple[str, ...]], tuple[str, float] | None] = {}
        self._set(self._noted)
        try:
            _clean_all(records)
        finally:
            self._set(self._real)

    def _set(self, detect: Callable[..., tuple[str, float] | None]) -> None:
        languages.detect = detect

    def _noted(self, text: str, hints: tuple[str, ...] = ()) -> tuple[str, float] | None:
        self.calls.append((text, hints))
        found = self._known[text, hints] = self._real(text, hints)
        return found

    def _remembered(self, text: str, hints: tuple[str, ...] = ()) -> tuple[str, float] | None:
        return self._known[text, hints]

    def run(self) -> None:
        """Detect, and do nothing else."""
        for text, hints in self.calls:
            self._real(text, hints)

    def answered(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return a run of ``work`` that finds every detection's answer at once."""

        def run() -> None:
            self._set(self._remembered)
            try:
                work()
            finally:
                self._set(self._real)

        return run


def _describe_all(records: Iterable[RawRecord]) -> None:
    for one in records:
        describe(one)


def _clean_all(records: Iterable[RawRecord]) -> None:
    for one in records:
        normalise((one,), one.source)


def cpu_us(work: Callable[[], None], count: int) -> float:
    """Run once with empty caches; return CPU µs a record."""
    forget()
    gc.collect()
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6 / count


def measure(records: Sequence[RawRecord], repeat: int) -> dict[str, Any]:
    """Return each part's median and least over the repetitions, in CPU µs a record."""
    detections = Detections(records)
    without = detections.answered(lambda: _clean_all(records))
    runs: dict[str, list[float]] = {"describe": [], "clean": [], "without detection": [], "detect": [], "whole": []}
    size = len(records)
    for _ in range(repeat):  # one after the other, so that what else the machine does hits all alike
        runs["describe"].append(cpu_us(lambda: _describe_all(records), size))
        runs["without detection"].append(cpu_us(without, size))
        runs["clean"].append(runs["without detection"][-1] - runs["describe"][-1])
        runs["detect"].append(cpu_us(detections.run, size))
        runs["whole"].append(cpu_us(lambda: _clean_all(records), size))
    return {
        "records": size,
        "bytes_each": round(sum(len(one.body) for one in records) / size),
        "detections_each": len(detections.calls) / size,
        "cpu_us": {name: {"median": median(values), "least": min(values)} for name, values in runs.items()},
    }


def _profile(records: Sequence[RawRecord]) -> None:
    forget()
    with cProfile.Profile() as profile:
        _clean_all(records)
    pstats.Stats(profile).sort_stats("tottime").print_stats(40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--demo", type=int, default=3000, metavar="N", help="records of the demonstration")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", metavar="CORPUS", help="show where the time goes in one corpus instead")
    options = parser.parse_args()
    shared = Path(os.environ.get("KAIJUAN_SHARED") or Path(__file__).parents[2] / "shared")
    found = corpora(shared / "data" / "recorded", options.demo)
    languages.detect("The quick brown fox jumps over the lazy dog", ())  # loads the model
    if options.profile:
        _profile(found[options.profile])
        return
    result = {
        "corpora": {name: measure(records, options.repeat) for name, records in found.items()},
        "repetitions": options.repeat,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("lxml", "ftfy", "py3langid", "nameparser", "python-stdnum")},
        "date": datetime.now(UTC).date().isoformat(),
    }
    print(json.dumps(result)) if options.json else _print(result)


def _print(result: dict[str, Any]) -> None:
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    print(f"{result['date']} · {result['machine']} · {versions} · {result['repetitions']} repetitions\n")
    print("| corpus | records | bytes each | describe | clean | both | detect | whole |\n|" + "---|" * 8)
    for name, row in result["corpora"].items():
        parts = ("describe", "clean", "without detection", "detect", "whole")
        figures = [f"{row['cpu_us'][part]['median']:.0f} ({row['cpu_us'][part]['least']:.0f})" for part in parts]
        print(f"| {name} | {row['records']:,} | {row['bytes_each']:,} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
