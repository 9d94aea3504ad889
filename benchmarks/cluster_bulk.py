"""What our path into Elasticsearch costs beside a raw client that writes the same documents to the same server.

Raw: the official client's ``perform_request`` of bulk bodies that lie ready, of the same size as ours. Ours from
documents: ``ElasticGeneration.write``, encoding included; ours from the store: works are read, their texts analysed,
documents made and written, as a worker does it. Raw with encoding tells what any client would pay that makes its lines
itself.
"""

from __future__ import annotations

import itertools
import statistics
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from elasticsearch import Elasticsearch

from benchmarks.spending import Spent
from indexer.following import STRETCH, uncollected
from indexer.search.document import Document, document_of
from indexer.storage.elastic import ElasticIndex, connect
from indexer.storage.elastic_queries import encode_upsert
from search_api.library import Library

_BODY_BYTES = 5_000_000
_HEADERS = {"accept": "application/json", "content-type": "application/x-ndjson"}
_ROUNDS = 3


def measure_bulk(library: Library, url: str, works: int, *, engine: int | None) -> dict[str, Any]:
    """Write the same works each way in turn, a new index each time; return the middle run of each and the ratios."""
    documents = list(itertools.chain.from_iterable(_documents(library, works)))
    bodies = list(_bodies(documents))
    client = connect(url)
    ways: dict[str, Callable[[ElasticIndex], None]] = {
        "raw": lambda index: _send(client, index, bodies),
        "raw with encoding": lambda index: _send(client, index, _bodies(documents)),
        "ours from documents": lambda index: _write(index, _stretches(documents)),
        "ours from the store": lambda index: _write(index, _documents(library, works)),
    }
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    try:
        _one_run(url, client, ways["raw"], engine)  # the server's first one is slow
        for name in [name for _ in range(_ROUNDS) for name in ways]:
            runs[name].append(_one_run(url, client, ways[name], engine))
    finally:
        client.close()
    middle = {name: sorted(found, key=lambda one: one["seconds"])[len(found) // 2] for name, found in runs.items()}
    return {
        "works": len(documents),
        "bytes_each": sum(map(len, bodies)) / len(documents),
        "ways": {
            name: {**found, "works_per_second": len(documents) / found["seconds"]} for name, found in middle.items()
        },
        "ratios": {name: _ratios(runs["raw"], found) for name, found in runs.items()},
    }


def _ratios(raw: list[dict[str, float]], ours: list[dict[str, float]]) -> dict[str, float]:
    """Return the median over the rounds of how many times as much was spent, in time and in CPU time of both ends."""
    pairs = list(zip(ours, raw, strict=True))
    return {
        "seconds": statistics.median(one["seconds"] / other["seconds"] for one, other in pairs),
        "all_cpu_seconds": statistics.median(_all_cpu(one) / _all_cpu(other) for one, other in pairs),
    }


def _all_cpu(run: dict[str, float]) -> float:
    return run["cpu_seconds"] + run.get("engine_cpu_seconds", 0.0)


def _one_run(
    url: str, client: Elasticsearch, write: Callable[[ElasticIndex], None], engine: int | None
) -> dict[str, float]:
    index = ElasticIndex.open(url, f"benchmark-{uuid.uuid4().hex[:8]}")
    name = index.shared().id.partition(":")[0]
    try:
        spent = Spent(engine=engine)
        write(index)
        client.indices.refresh(index=name)
        took = spent()
        _wait_for_merges(client, name)
        return took
    finally:
        client.indices.delete(index=name)
        index.close()


def _wait_for_merges(client: Elasticsearch, name: str) -> None:
    """Wait until the server has put away what was written, so that it does not disturb what is measured next."""
    while client.indices.stats(index=name, metric=["merge"])["_all"]["total"]["merges"]["current"]:
        time.sleep(0.2)


def _documents(library: Library, works: int) -> Iterator[list[Document]]:
    classify = library.store.subjects.classifier()
    pages = library.store.catalogue.pages(STRETCH)
    for page in itertools.islice(pages, -(-works // STRETCH)):
        with uncollected():
            yield [document_of(stored.work(), classify) for stored in page]


def _stretches(documents: list[Document]) -> Iterator[list[Document]]:
    for start in range(0, len(documents), STRETCH):
        yield documents[start : start + STRETCH]


def _bodies(documents: Iterable[Document]) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    for document in documents:
        lines.append(encode_upsert(document))
        size += len(lines[-1])
        if size >= _BODY_BYTES:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)


def _send(client: Elasticsearch, index: ElasticIndex, bodies: Iterable[bytes]) -> None:
    name = index.shared().id.partition(":")[0]
    for body in bodies:
        answer = client.perform_request("POST", f"/{name}/_bulk", headers=_HEADERS, body=body).body
        assert not answer["errors"]


def _write(index: ElasticIndex, stretches: Iterable[list[Document]]) -> None:
    generation = index.shared()
    for documents in stretches:
        generation.write(documents, {})
