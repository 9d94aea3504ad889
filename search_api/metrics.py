"""Operators' numbers for Prometheus: what was answered here, and what waits in store and index.

Requests are counted by route, never by address or query. Names: ``kaijuan_http_…`` are this service's processes;
``kaijuan_harvest_…``, ``…_queue…`` and ``kaijuan_index_…`` are of the library, whichever process tells them.
"""

from __future__ import annotations

import contextlib
import functools
import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

import structlog
from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from indexer.errors import IndexerError
from indexer.search.analysis import ANALYZER_VERSION
from indexer.search.document import SCHEMA_VERSION
from indexer.storage.backlog import Backlog, SourceState, index_lag, read_backlog
from indexer.storage.schema import MIGRATION
from indexer.storage.search_index import IndexStats
from search_api.library import Library
from search_api.probing import Probe
from search_api.tally import BUCKETS, Tally

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: How long numbers of store and index are kept: several scrapers ask as one.
_KEPT_SECONDS = 5.0
#: How long a scrape waits for each of them; Prometheus itself gives up after 10.
_PATIENCE_SECONDS = 3.0
#: Counting records reads whole tables; a scrape takes the count that is there.
_COUNT_SECONDS = 0.1
_STATUSES = ("complete", "incomplete", "failed", "running")
_OUTCOMES = ("new", "changed", "unchanged", "deleted", "quarantined", "duplicates")
_T = TypeVar("_T")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """The search index, how many changes it has not seen, and how long the oldest of these has been waiting."""

    stats: IndexStats
    behind: int
    lag_seconds: float


class Metrics:
    """All numbers that one process can tell."""

    def __init__(self, library: Library, tally: Tally, version: str) -> None:
        self._library = library
        self._tally = tally
        self._version = version
        self._store = Probe(lambda: read_backlog(library.store), kept_seconds=_KEPT_SECONDS)
        self._index = Probe(self._read_index, kept_seconds=_KEPT_SECONDS)
        # Counting reads whole tables: the first scrape need not wait for it, and later ones tell the last count.
        self._records = Probe(library.store.census.take, kept_seconds=_KEPT_SECONDS)

    def _read_index(self) -> IndexState:
        stats = self._library.index.stats()
        behind = max(self._library.store.feed.horizon() - stats.position, 0)
        return IndexState(stats=stats, behind=behind, lag_seconds=index_lag(self._library.store, stats.position))

    async def text(self) -> bytes:
        """Write all numbers in Prometheus' text format; what cannot be read now is left out, and told as down."""
        started = time.perf_counter()
        store, index = await _answer_of(self._store), await _answer_of(self._index)
        counts = await _answer_of(self._records, patience=_COUNT_SECONDS)
        families = [
            *_build(self._version),
            *_http(self._tally),
            *_processes(self._tally.pids()),
            _gauge("kaijuan_store_up", "Whether the record store answers.", store is not None),
            *(() if store is None else _backlog(store)),
            *(() if store is None else _sources(store.sources)),
            *(() if counts is None else _records({name: one.records for name, one in counts.sources.items()})),
            _gauge("kaijuan_index_up", "Whether the search index answers.", index is not None),
            *(() if index is None else _index(index)),
        ]
        took = time.perf_counter() - started
        families.append(_gauge("kaijuan_scrape_seconds", "How long gathering these numbers took.", took))
        return generate_latest(_Gathered(families))


class _Gathered(Collector):
    """Families that are made already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def _answer_of(probe: Probe[_T], *, patience: float = _PATIENCE_SECONDS) -> _T | None:
    with contextlib.suppress(TimeoutError):
        try:
            return await probe.ask(patience)
        except IndexerError as error:
            _log.warning("metrics_incomplete", error=str(error))
    return None


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=float(value))


def _build(version: str) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "kaijuan_build_info",
        "1; versions of the program, of the store's schema, and of what makes documents.",
        labels=("version", "schema", "documents", "analyser", "python"),
    )
    family.add_metric((version, MIGRATION, str(SCHEMA_VERSION), ANALYZER_VERSION, platform.python_version()), 1)
    yield family


def _http(tally: Tally) -> Iterator[Metric]:
    totals = tally.totals()
    family = HistogramMetricFamily(
        "kaijuan_http_request_seconds", "Until answers began, by route and class of status.", labels=("route", "status")
    )
    bounds = [*map(str, BUCKETS), "+Inf"]
    for one in totals.latencies:
        buckets = [*zip(bounds, map(float, accumulate(one.counts)), strict=True)]
        family.add_metric((one.route, one.status), buckets, one.seconds)
    yield family
    yield _gauge("kaijuan_http_requests_in_flight", "Requests that are being answered.", totals.in_flight)
    refused = CounterMetricFamily(
        "kaijuan_http_refused", "Answers that ask to come again: too much (429), or not now (503).", labels=("status",)
    )
    for status, number in totals.statuses.items():
        refused.add_metric((status,), number)
    yield refused
    cut, given_up = totals.events["search_cut_off"], totals.events["given_up"]
    yield _counter("kaijuan_searches_cut_off", "Searches that took longer than they may.", cut)
    yield _counter("kaijuan_http_given_up", "Requests that store or index did not answer in time.", given_up)


def _processes(pids: Mapping[int, int]) -> Iterator[Metric]:
    """Yield what the system tells of each process, by its place; a process that died a moment ago is left out."""
    families: dict[str, Metric] = {}
    for place, pid in pids.items():
        known = functools.partial(int, pid)
        for told in ProcessCollector(namespace="kaijuan", pid=known, registry=None).collect():
            family = families.setdefault(told.name, Metric(told.name, told.documentation, told.type))
            for sample in told.samples:
                family.add_sample(sample.name, {"process": str(place)}, sample.value)
    yield from families.values()


def _backlog(store: Backlog) -> Iterator[Metric]:
    yield _gauge("kaijuan_queue_records", "Raw records that wait to be joined; 20,000 at most.", store.pending)
    yield _gauge("kaijuan_queue_subjects", "Changes of the subject tree that wait to be indexed.", store.subjects)
    yield _gauge("kaijuan_index_leases_open", "Stretches of the feed that are being written.", store.leases.open)
    expired = "Stretches of the feed that their worker has left behind."
    yield _gauge("kaijuan_index_leases_expired", expired, store.leases.expired)
    yield _counter("kaijuan_work_changes", "Changes of works since the store was made.", store.horizon)


def _sources(sources: Mapping[str, SourceState]) -> Iterator[Metric]:
    lag = "Since the last complete harvest began, or without one since the source was added; of enabled sources."
    lags = GaugeMetricFamily("kaijuan_harvest_lag_seconds", lag, labels=("source",))
    states = GaugeMetricFamily(
        "kaijuan_harvest_last_status", "1 for how the last harvest ended.", labels=("source", "status")
    )
    quarantined = GaugeMetricFamily(
        "kaijuan_quarantine_open", "What could not be used and waits for a person.", labels=("source",)
    )
    pages = CounterMetricFamily("kaijuan_harvest_pages", "Pages that were stored.", labels=("source",))
    records = CounterMetricFamily(
        "kaijuan_harvest_records", "Records that came, by what they were.", labels=("source", "outcome")
    )
    for name, state in sources.items():
        if state.is_enabled:
            lags.add_metric((name,), state.lag_seconds)
        for status in _STATUSES if state.status else ():
            states.add_metric((name, status), float(state.status == status))
        quarantined.add_metric((name,), state.quarantined)
        pages.add_metric((name,), state.totals["pages"])
        for outcome in _OUTCOMES:
            records.add_metric((name, outcome), state.totals[outcome])
    yield from (lags, states, quarantined, pages, records)


def _records(counts: Mapping[str, int]) -> Iterator[Metric]:
    family = GaugeMetricFamily("kaijuan_raw_records", "Raw records that are kept.", labels=("source",))
    for name, number in counts.items():
        family.add_metric((name,), number)
    yield family


def _index(index: IndexState) -> Iterator[Metric]:
    stats = index.stats
    yield _gauge("kaijuan_index_documents", "Works in the search index.", stats.documents)
    if stats.size_bytes is not None:
        yield _gauge("kaijuan_index_bytes", "Bytes of the search index, without copies.", stats.size_bytes)
    yield _gauge("kaijuan_index_queue", "Changes of works that are not in the index yet.", index.behind)
    yield _gauge("kaijuan_index_lag_seconds", "Since the oldest of these was made.", index.lag_seconds)
