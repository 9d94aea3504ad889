"""Asking a server over HTTP, and its engine in this process, for the search benchmark."""

from __future__ import annotations

import collections
import http.client
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from benchmarks.generated_works import CHINESE, COMMON, MIDDLE, PHRASE
from indexer.search.query import Hits, TokenQuery, View
from indexer.storage.limited import LimitedIndex
from indexer.storage.tantivy import TantivyIndex
from search_api.library import Library
from search_api.schemas import search_parameters
from search_api.searching import Searcher

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
Values = dict[str, Any]


class Server:
    """``kaijuan serve`` as a process of its own."""

    def __init__(self, folder: Path, workers: int, **settings: str) -> None:
        unlimited = {"address_a_minute": 0, "address_a_day": 0}
        environment = {**os.environ, "KAIJUAN_DATA_DIR": str(folder), "KAIJUAN_LIMITS": json.dumps(unlimited)}
        environment |= settings
        command = [sys.executable, "-c", "from search_api.cli import main; main()", "serve", "--port", "0"]
        command += ["--workers", str(workers)] if workers > 1 else []
        self._process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"http://[\d.]+:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            raise SystemExit("the server did not start")
        # What it logs must go somewhere, or it waits for its reader.
        threading.Thread(target=collections.deque, args=(self._process.stderr, 0), daemon=True).start()

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process and its children until now."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        spent = 0
        for pid in (str(self._process.pid), *children):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
        return spent / _CLOCK_TICKS

    def memory_bytes(self) -> int:
        """Return the most memory that the process had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]

    def stop(self) -> None:
        """End it and wait."""
        self._process.terminate()
        self._process.wait(timeout=30)


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def search(self, **values: Any) -> Values:
        """Return the body of a search; end where it is none."""
        status, body = self.get("/v1/works?" + urlencode(values, doseq=True))
        if status != 200:
            raise SystemExit(f"{values}: {status} {body[:500]!r}")
        return cast(Values, json.loads(body))


FILTERED = {
    "year_from": 2005,
    "lang": "en",
    "license": ["cc-by", "cc-by-nc"],
    "type": ["article", "review"],
    "source": ["doaj", "pmc"],
    "facets": "source,lang,license,type,year,subject",
}
_TRIPLES = list(itertools.combinations((*MIDDLE[:4], *COMMON[:2]), 3))
#: Name, queries, and goals (p50, p95) in milliseconds.
CASES: list[tuple[str, list[Values], tuple[float | None, float | None]]] = [
    ("one common term (8 %)", [{"q": word} for word in COMMON], (8, 25)),
    ("three terms, OR", [{"q": " OR ".join(words)} for words in _TRIPLES], (10, None)),
    ("three terms, any", [{"q": " ".join(words), "match": "any"} for words in _TRIPLES], (None, None)),
    ("two terms, AND", [{"q": f"{a} {b}"} for a, b in itertools.combinations(COMMON, 2)], (None, None)),
    ("text, 4 filters, 6 facets", [{"q": word, **FILTERED} for word in COMMON], (90, 200)),
    (
        "text, no filters, 6 facets",
        [{"q": word, "facets": FILTERED["facets"]} for word in COMMON],
        (None, None),
    ),
    ("everything, 6 facets", [{"facets": FILTERED["facets"]}], (None, None)),
    ("everything, newest", [{}], (None, None)),
    ("one common term, newest", [{"q": word, "sort": "newest"} for word in COMMON], (None, None)),
    ("phrase", [{"q": f'"{PHRASE}"'}, {"q": '"deep learning of the"'}], (None, None)),
    ("phrase of function words", [{"q": '"of the"'}, {"q": '"in the"'}], (None, None)),
    ("prefix", [{"q": f"{word[:4]}*"} for word in COMMON], (None, None)),
    ("prefix of two letters", [{"q": "pr*"}, {"q": "ca*"}], (None, None)),
    ("Chinese", [{"q": word} for word in CHINESE], (None, None)),
    ("function word", [{"q": "the"}, {"q": "of"}], (None, None)),
]


def _summary(times: Sequence[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"p50_ms": statistics.median(ordered), "p95_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]}


def measure_paths(server: Server, paths: Sequence[str], rounds: int) -> dict[str, Any]:
    """Ask for paths in turn over one connection."""
    client = Client(server.port)
    for path in paths:
        status, body = client.get(path)
        if status != 200:
            raise SystemExit(f"{path}: {status} {body[:500]!r}")
    before, times = server.cpu_seconds(), []
    for path in itertools.islice(itertools.cycle(paths), rounds):
        started = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - started) * 1000)
    return {**_summary(times), "server_cpu_ms": (server.cpu_seconds() - before) / rounds * 1000}


def measure_once(server: Server, path: str) -> float:
    """Ask once; return after how many milliseconds the answer was there."""
    started = time.perf_counter()
    status, body = Client(server.port).get(path)
    if status != 200:
        raise SystemExit(f"{path}: {status} {body[:500]!r}")
    return (time.perf_counter() - started) * 1000


class TimedIndex:
    """The library's index, whose engine's calls are timed."""

    def __init__(self, index: TantivyIndex) -> None:
        self._index = index
        self.spent = 0.0

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer as the index does."""
        found = self._index._look().search  # noqa: SLF001
        return replace(found, searcher=cast(Any, _TimedSearcher(found.searcher, self))).answer(query, view)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


class _TimedSearcher:
    def __init__(self, searcher: Any, owner: TimedIndex) -> None:
        self._searcher, self._owner = searcher, owner

    def __getattr__(self, name: str) -> Any:
        called = getattr(self._searcher, name)
        if not callable(called):
            return called

        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return called(*args, **kwargs)
            finally:
                self._owner.spent += time.perf_counter() - started

        return timed


def measure_engine(library: Library, queries: Sequence[Values], rounds: int) -> dict[str, float]:
    """Answer in this process; return what the engine's own calls took, and all of it."""
    limited = cast(LimitedIndex, library.index)
    engine_itself = limited.engine
    timed = TimedIndex(cast(TantivyIndex, engine_itself))
    limited.engine = cast(Any, timed)
    try:
        searcher, engine, whole = Searcher(library), [], []
        asked = [search_parameters(_typed(values)).search() for values in queries]
        for one in asked:
            searcher.answer(one)
        for one in itertools.islice(itertools.cycle(asked), rounds):
            timed.spent, started = 0.0, time.perf_counter()
            searcher.answer(one)
            whole.append((time.perf_counter() - started) * 1000)
            engine.append(timed.spent * 1000)
    finally:
        limited.engine = engine_itself
    summary = _summary(engine)
    return {
        "engine_p50_ms": summary["p50_ms"],
        "engine_p95_ms": summary["p95_ms"],
        "in_process_p50_ms": statistics.median(whole),
    }


def _typed(values: Values) -> Values:
    lists = {"lang", "license", "type", "source", "year"}
    return {name: [one] if name in lists and isinstance(one, str) else one for name, one in values.items()}
