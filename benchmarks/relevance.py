"""Measure how well search ranks: ``python benchmarks/relevance.py FILE.json [--engine E] [--match M]``.

FILE holds ``{docs: [{id, title, text}], queries: {id: text}, qrels: {query id: {doc id: gain}}}``. Its documents
become a table, which a library in a temporary folder harvests, normalises, joins and indexes like any other; each gets
a DOI of its own, so that equal titles stay works of their own (``joined`` counts those that did not). The queries are
asked one after the other over loopback HTTP, and the answers' DOIs lead back to the documents. Printed is one JSON
object:

``ndcg_at_10`` with the gain itself as gain (as trec_eval does) · ``map`` and ``recall_at_100`` over the first 100 ·
``hit_at_1`` · ``queries`` · ``ms_p50`` a call of 100 works · ``empty`` answers · ``refused`` queries (they count 0).

``--half odd|even`` asks every other query: look at one half, check with the other. ``--compare-match`` counts how many
queries bring nothing with each ``match``. Elasticsearch's address stands in ``KAIJUAN_TEST_ELASTICSEARCH_URL``.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import math
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from indexer.storage.elastic import ElasticIndex, connect
from search_api.library import Library, open_library
from search_api.logs import configure_logs
from search_api.serving import bind, make_server
from search_api.settings import Settings

DEPTH = 100
MATCHES = ("all", "most", "auto", "any")
_DOI = "10.5555/set."
_TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A set: its documents, and queries with the gain of each document that answers them."""

    docs: list[dict[str, str]]
    queries: dict[str, str]
    gains: dict[str, dict[str, float]]

    @classmethod
    def read(cls, file: Path) -> Judged:
        """Read a set; queries without judgements are left out."""
        raw = json.loads(file.read_text(encoding="utf-8"))
        queries = {name: text for name, text in raw["queries"].items() if raw["qrels"].get(name)}
        return cls(docs=raw["docs"], queries=queries, gains={name: raw["qrels"][name] for name in queries})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query brought: documents in order (``None``: it was refused), and how long it took."""

    docs: list[str] | None
    milliseconds: float


# --- loading ---------------------------------------------------------------------------------


def write_table(judged: Judged, file: Path) -> None:
    """Write the documents as a table of the library's own; where a title is missing, the text's beginning is it."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["id", "title", "abstract", "doi"])
        for number, doc in enumerate(judged.docs):
            title, text = _one_line(doc["title"]), _one_line(doc["text"])
            if not title:
                at = text.find(" ", _TITLE_LENGTH)
                title, text = (text, "") if at < 0 else (text[:at], text[at:].strip())
            if title:
                writer.writerow([f"doc{number}", title, text, f"{_DOI}{number}"])


def _one_line(text: str) -> str:
    return " ".join(text.split())


class OverElasticsearch(Library):
    """A library of the embedded deployment, but for its index: the record store makes no difference here."""

    url = ""
    prefix = ""

    def _open_index(self, *, for_rebuild: bool = False) -> ElasticIndex:
        return ElasticIndex.open(self.url, self.prefix, for_rebuild=for_rebuild)


@contextlib.contextmanager
def open_engine(folder: Path, engine: str) -> Iterator[Library]:
    """Open a library over an engine; an Elasticsearch index is removed afterwards."""
    with open_library(Settings(data_dir=folder), sources=[]) as library:
        if engine == "tantivy":
            yield library
            return
        over = OverElasticsearch(library.settings, library.store)
        over.url = os.environ.get("KAIJUAN_TEST_ELASTICSEARCH_URL", "")
        if not over.url:
            raise SystemExit("KAIJUAN_TEST_ELASTICSEARCH_URL is not set: make services, or use --engine tantivy.")
        over.prefix = f"relevance-{uuid.uuid4().hex[:12]}"
        try:
            yield over
        finally:
            over.close_index()
            client = connect(over.url)
            for name in client.indices.get(index=f"{over.prefix}*", features=["aliases"]):
                client.indices.delete(index=name)
            client.close()


def load(library: Library, table: Path) -> dict[str, int]:
    """Harvest, join and index the table, and return counts of what became of it."""
    source = Source.of({"id": "set", "name": "set", "kind": "csv", "endpoint": str(table)})
    library.store.sources.add(source)
    report = library.harvest(source, Request(), pace=Pace())
    if report.status != "complete":
        raise SystemExit(f"The set was not loaded: {report.status}: {report.error}")
    library.bring_up_to_date()
    works = library.store.catalogue.counts()["works"]
    return {"works": works, "joined": report.received - works}


# --- asking ----------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(library: Library) -> Iterator[tuple[str, int]]:
    """Serve a library on a port of its own from a thread; yields host and port."""
    with bind("127.0.0.1", 0) as listener:
        server = make_server(library)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listener.getsockname()[:2]
        finally:
            server.should_exit = True
            thread.join()


class Asker:
    """Asks queries over one connection that is kept alive."""

    def __init__(self, host: str, port: int, judged: Judged) -> None:
        self._connection = HTTPConnection(host, port, timeout=60)
        self._ids = [doc["id"] for doc in judged.docs]

    def ask(self, text: str, match: str, depth: int) -> Answer:
        """Ask one query."""
        wanted = urlencode({"q": text, "match": match, "limit": depth, "fields": "id,identifiers"})
        started = time.perf_counter()
        self._connection.request("GET", f"/v1/works?{wanted}")
        response = self._connection.getresponse()
        body = response.read()
        milliseconds = (time.perf_counter() - started) * 1000
        if response.status == 400:
            return Answer(docs=None, milliseconds=milliseconds)
        if response.status != 200:
            raise SystemExit(f"{response.status} for {text!r}: {body[:300]!r}")
        docs = [doc for work in json.loads(body)["results"] for doc in self._docs_of(work)]
        return Answer(docs=docs[:depth], milliseconds=milliseconds)

    def _docs_of(self, work: Mapping[str, Any]) -> Iterator[str]:
        for one in work["identifiers"]:
            if one["value"].startswith(_DOI):
                yield self._ids[int(one["value"].removeprefix(_DOI))]


# --- figures ---------------------------------------------------------------------------------


def ndcg(docs: list[str], gains: Mapping[str, float], depth: int = 10) -> float:
    """Return the discounted gain of the first documents over that of the best order (Järvelin and Kekäläinen 2002)."""

    def discounted(values: list[float]) -> float:
        return sum(value / math.log2(rank + 2) for rank, value in enumerate(values[:depth]))

    best = discounted(sorted(gains.values(), reverse=True))
    return discounted([gains.get(doc, 0) for doc in docs]) / best if best else 0.0


def average_precision(docs: list[str], relevant: set[str]) -> float:
    """Return the mean of the precision at each relevant document; those that are missing count 0."""
    found, total = 0, 0.0
    for rank, doc in enumerate(docs, start=1):
        if doc in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def figures(judged: Judged, answers: Mapping[str, Answer]) -> dict[str, float | int]:
    """Return the figures of all queries that were asked."""
    docs = {name: answer.docs or [] for name, answer in answers.items()}
    relevant = {name: {doc for doc, gain in judged.gains[name].items() if gain > 0} for name in answers}

    def mean(measure: Callable[[str], float]) -> float:
        return round(statistics.fmean(measure(name) for name in answers), 4) if answers else 0.0

    return {
        "ndcg_at_10": mean(lambda name: ndcg(docs[name], judged.gains[name])),
        "map": mean(lambda name: average_precision(docs[name], relevant[name])),
        "hit_at_1": mean(lambda name: float(bool(relevant[name].intersection(docs[name][:1])))),
        "recall_at_100": mean(
            lambda name: len(relevant[name].intersection(docs[name][:DEPTH])) / max(len(relevant[name]), 1)
        ),
        "queries": len(answers),
        "ms_p50": round(statistics.median(answer.milliseconds for answer in answers.values()), 2) if answers else 0.0,
        "empty": sum(answer.docs == [] for answer in answers.values()),
        "refused": sum(answer.docs is None for answer in answers.values()),
    }


def chosen(judged: Judged, half: str | None) -> dict[str, str]:
    """Return the queries to ask: all, or every other one."""
    start = 0 if half == "even" else 1
    names = list(judged.queries) if half is None else list(judged.queries)[start::2]
    return {name: judged.queries[name] for name in names}


def measure(judged: Judged, options: argparse.Namespace) -> dict[str, Any]:
    """Load a set, ask its queries, and return the figures."""
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder) / "data", options.engine) as library:
        table = Path(folder) / "docs.csv"
        write_table(judged, table)
        started = time.perf_counter()
        counts = load(library, table)
        loading = round(time.perf_counter() - started, 1)
        with serving(library) as (host, port):
            asker, queries = Asker(host, port, judged), chosen(judged, options.half)
            asker.ask("warm up", options.match, 1)
            found: dict[str, Any] = {}
            for match in MATCHES if options.compare_match else (options.match,):
                answers = {name: asker.ask(text, match, options.depth) for name, text in queries.items()}
                found[match] = figures(judged, answers)
    result: dict[str, Any] = {**found[options.match], "match": options.match, "engine": options.engine, **counts}
    result["loading_seconds"] = loading
    return result | {"by_match": found} if options.compare_match else result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--engine", choices=("tantivy", "elasticsearch"), default="tantivy")
    parser.add_argument("--match", choices=MATCHES, default="any")
    parser.add_argument("--half", choices=("odd", "even"))
    parser.add_argument("--depth", type=int, default=DEPTH, help="works a call (10 is enough for nDCG@10)")
    parser.add_argument("--compare-match", action="store_true")
    options = parser.parse_args()
    configure_logs(level="warning")  # to standard error; standard output is the figures'
    print(json.dumps(measure(Judged.read(options.file), options)))


if __name__ == "__main__":
    main()
