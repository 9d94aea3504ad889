"""``kaijuan up``: harvest, index while harvesting, serve, and go on by schedule, all in one process.

Threads: the web server on the main thread (it owns Ctrl-C), one harvest thread a host, one index thread, the
scheduler's. Stopping at any moment is safe, because every page and every batch is one transaction; a polite stop only
waits for the page in hand.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from harvesters.checkpoints import RunReport
from harvesters.demo.repository import DemoRepositories
from harvesters.demo.sources import demo_sources
from harvesters.errors import HarvestError
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from indexer.errors import IndexDamagedError, IndexerError, IndexVersionError, SearchIndexError, StoreBusyError
from indexer.joining import Joined, unwatched
from search_api.cli.checks import reach
from search_api.cli.harvesting import print_reports
from search_api.cli.output import HarvestWatch
from search_api.hours import is_allowed_at
from search_api.library import Library, open_library
from search_api.link_checks import Wanted, check_links
from search_api.logs import say
from search_api.schedule import HoursPace, is_due, is_reconcile_due, is_seen_to, link_trigger, trigger
from search_api.serving import bind, make_server, until_interrupted, watched
from search_api.settings import EmbeddedStorage, Settings

DEMO_FOLDER = "demo"
_INDEX_SECONDS = 1.0
_JOIN_SECONDS = 30.0
_TAKE_OVER_SECONDS = 60
#: After failures the index thread waits twice as long each time, up to this: a server that restarts is back in seconds.
_LONGEST_PAUSE_SECONDS = 30.0
#: How long a source that enriches another's records waits for them to be described.
_PATIENCE_SECONDS = 900.0
#: Records joined in one round of the index thread, so that a long backlog can be stopped and is searchable bit by bit.
_ROUND = 2000
_log = structlog.get_logger()


def run(settings: Settings, *, demo: bool, host: str, port: int) -> None:
    """Run until stopped; choose the demonstration where it was asked for, or where nothing else can be had."""
    with bind(host, port) as listener, until_interrupted():
        if not demo and not _real_sources_usable(settings):
            say(
                "demonstration",
                "No source can be reached and nothing is stored yet: serving the demonstration repositories instead.",
                reason="no source can be reached and nothing is stored yet",
            )
            demo = True
        with _opened(settings, demo=demo) as library, _working(library, is_demo=demo):
            make_server(library).run(sockets=[listener])


def work(settings: Settings, *, watched_at: tuple[str, int] | None = None) -> None:
    """Harvest and index by schedule without serving, until stopped: the cluster's worker.

    Operators may ask at the address ``watched_at`` how it is.
    """
    with until_interrupted(), open_library(settings) as library, contextlib.ExitStack() as stack:
        if watched_at is not None:
            stack.enter_context(watched(library, *watched_at))
        stack.enter_context(_working(library, is_demo=False))
        threading.Event().wait()


@contextlib.contextmanager
def _working(library: Library, *, is_demo: bool) -> Iterator[None]:
    service = Service(library, is_demo=is_demo)
    service.start()
    try:
        yield
    finally:
        service.stop()


def _real_sources_usable(settings: Settings) -> bool:
    """Tell whether real records are here or can be had; say so for each source."""
    with open_library(settings) as library:
        if library.store.catalogue.counts()["manifestations"] or library.store.raw.count_pending():
            return True
        checks = [reach(library, source) for source in library.store.sources.all() if source.enabled]
    for check in checks:
        say("source_examined", f"{check.name}: {check.found}", source=check.name, state=check.state, found=check.found)
    return any(check.state == "ok" for check in checks)


@contextlib.contextmanager
def _opened(settings: Settings, *, demo: bool) -> Iterator[Library]:
    """Open the library, or the demonstration's own with its repositories running on loopback."""
    if not demo:
        with open_library(settings) as library:
            yield library
        return
    apart = settings.model_copy(
        update={"data_dir": Path(settings.data_dir) / DEMO_FOLDER, "storage": EmbeddedStorage()}
    )
    with DemoRepositories() as repositories:
        sources = [Source.of(values) for values in demo_sources(repositories.endpoints)]
        with open_library(apart, sources=sources) as library:
            yield library


def _first_request(source: Source) -> Request:
    """Ask for what a source gives at first, or go on with what was begun so."""
    return Request(max_records=source.first_records, max_requests=source.first_requests)


class Service:
    """The background work of ``up``."""

    def __init__(
        self, library: Library, *, is_demo: bool, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._library = library
        self._is_demo = is_demo
        self._now = now
        self._stop = threading.Event()
        self._pace = Pace(self._stop)
        self._watch = HarvestWatch()
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        )
        self._harvests: list[threading.Thread] = []
        self._checking = threading.Lock()
        self._hosts: dict[str, threading.Lock] = {}  # one harvest a host at a time
        self._indexing = threading.Thread(target=self._index_until_stopped, name="index", daemon=True)

    def start(self) -> None:
        """Harvest what is due, index, and set the schedule."""
        self._mend_index()
        sources = [source for source in self._library.store.sources.all() if source.enabled]
        by_host: dict[str, list[Source]] = {}
        for source in sources:
            by_host.setdefault(source.host, []).append(source)
        self._harvests = [
            threading.Thread(target=self._harvest_first, args=(group,), name=f"harvest-{host}", daemon=True)
            for host, group in by_host.items()
        ]
        self._watch.__enter__()
        self._indexing.start()
        for thread in self._harvests:
            thread.start()
        threading.Thread(target=self._announce, name="announce", daemon=True).start()
        for source in sources:
            self._scheduler.add_job(self.harvest_by_schedule, trigger(source), args=(source.id,), id=source.id)
            if source.reconcile_days is not None and source.kind == "oai":
                self._scheduler.add_job(
                    self.reconcile_by_schedule, trigger(source), args=(source.id,), id=f"reconcile {source.id}"
                )
        self._scheduler.add_job(self.take_over_harvests, IntervalTrigger(seconds=_TAKE_OVER_SECONDS), id="take over")
        if self._library.settings.link_checks and not self._is_demo:
            self._scheduler.add_job(self.check_links_by_schedule, link_trigger(), id="links")
        self._scheduler.start()

    def stop(self) -> None:
        """Ask everything to stop, and wait for the page and the batch in hand."""
        self._stop.set()
        say("stopping", "Stopping after the page in hand …")
        self._scheduler.shutdown(wait=False)
        until = time.monotonic() + _JOIN_SECONDS
        for thread in [*self._harvests, self._indexing]:
            thread.join(max(0.0, until - time.monotonic()))
        if self._checking.acquire(timeout=max(0.0, until - time.monotonic())):
            self._checking.release()
        self._watch.__exit__()

    def _announce(self) -> None:
        """Say how the first harvests ended, once they have."""
        for thread in self._harvests:
            thread.join()
        self._watch.__exit__()
        if not self._stop.is_set():
            with contextlib.suppress(IndexerError):
                print_reports(list(self._library.store.harvests.history.last_runs().values()))

    def _harvest_first(self, sources: list[Source]) -> None:
        # Those that enrich another's records come after it, and after its records are described.
        for source in sorted(sources, key=lambda one: one.enriches is not None):
            if source.enriches is not None:
                self._wait_for_indexing()
            last = self._library.store.harvests.history.last_runs().get(source.id)
            if last is None or last.status != "complete":
                self._harvest(source.id, _first_request(source))
            elif self._is_demo or is_due(source, last, self._now()):
                self._harvest(source.id, Request())

    def _wait_for_indexing(self) -> None:
        """Wait until no record waits to be described, or as long as that may sensibly take."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until and not self._stop.wait(_INDEX_SECONDS):
            if not self._library.store.raw.count_pending():
                return

    def harvest_by_schedule(self, source_id: str) -> None:
        """Harvest a source whose moment has come; one with hours is looked at daily, however seldom it is due.

        Several workers keep the schedule, each from when it was started: the first does it.
        """
        source = self._library.store.sources.get(source_id)
        last = self._library.store.harvests.history.last_runs().get(source_id)
        is_time = is_due(source, last, self._now()) if source.hours else not is_seen_to(source, last, self._now())
        if is_time:
            self._harvest(source_id, Request())

    def take_over_harvests(self) -> None:
        """Go on with the harvests of workers that died: their runs say that they are running, and nobody runs them."""
        for source_id, last in self._library.store.harvests.history.last_runs().items():
            if last.status == "running" and self._library.shown(last).status != "running":
                with contextlib.suppress(HarvestError):  # a source that has been removed
                    self._harvest(source_id, _first_request(self._library.store.sources.get(source_id)))

    def reconcile_by_schedule(self, source_id: str) -> None:
        """Compare a source with its repository, where it is time to."""
        source = self._library.store.sources.get(source_id)
        last = self._library.store.harvests.history.last_runs("reconcile").get(source_id)
        if is_reconcile_due(source, last, self._now()):
            self._harvest(source_id, Request(), work=self._library.reconcile)

    def check_links_by_schedule(self) -> None:
        """Check the day's portion of addresses, what readers reported first."""
        try:
            with self._checking:
                wanted = Wanted(limit=self._library.settings.link_checks)
                checked = check_links(self._library, wanted, pace=Pace(self._stop))
            _log.info("links_checked", **checked.values())
        except StoreBusyError:
            _log.info("link_checks_skipped", reason="another process is checking links")
        except Exception:  # noqa: BLE001  # an outermost loop: tomorrow is another day
            _log.exception("link_checks_failed")

    def _harvest(self, source_id: str, request: Request, *, work: Callable[..., RunReport] | None = None) -> None:
        try:
            source = self._ready(source_id, request)
            if source is None:
                return
            with self._hosts.setdefault(source.host, threading.Lock()):
                source = self._ready(source_id, request)  # hours may have passed with another of the host
                if source is not None:
                    self._run(source, request, work or self._library.harvest)
        except StoreBusyError:
            _log.info("harvest_skipped", source=source_id, reason="another process is harvesting it")
        except (HarvestError, IndexerError) as error:
            _log.error("harvest_failed", source=source_id, error=str(error))
        except Exception:  # noqa: BLE001  # an outermost loop: one source's surprise must not end the others
            _log.exception("harvest_failed", source=source_id)

    def _ready(self, source_id: str, request: Request) -> Source | None:
        """Return a source as it is now, or ``None`` where it may not be harvested now."""
        source = self._library.store.sources.get(source_id)
        if self._stop.is_set() or not source.enabled:  # paused since
            return None
        if not is_allowed_at(source, request, self._now()):
            _log.info("harvest_postponed", source=source_id, hours=source.hours)
            return None
        return source

    def _run(self, source: Source, request: Request, work: Callable[..., RunReport]) -> None:
        pace = HoursPace(self._pace, source, request, self._now)
        report = work(source, request, pace=pace, on_progress=self._watch)
        _log.info(
            f"{report.kind}_ended",
            source=source.id,
            run=report.id,
            status=report.status,
            received=report.received,
            error=report.error,
        )

    def _mend_index(self) -> None:
        """Rebuild an index that is damaged, of another version, or of another state of the store.

        Not one that others of this cluster made by a newer version: two would replace each other's for ever.
        """
        try:
            self._library.pipeline.require_same_history(self._library.index)
        except (IndexDamagedError, IndexVersionError) as error:
            if self._is_overtaken(error):
                _log.error("worker_outdated", error=error.reason, remedy="Update this worker, or stop it.")
                return
            say("index_rebuilding", f"{error.reason} Building it anew from the store.", reason=error.reason)
            with contextlib.suppress(StoreBusyError):  # another process is mending it
                self._library.rebuild(normalise=False)
        except SearchIndexError as error:
            _log.error("index_unavailable", error=str(error))

    def _index_until_stopped(self) -> None:
        wait, pause = _INDEX_SECONDS, _INDEX_SECONDS
        while not self._stop.wait(wait):
            try:
                wait = 0.0 if self._index_or_mend() else _INDEX_SECONDS
                pause = _INDEX_SECONDS
            except Exception as error:  # noqa: BLE001  # an outermost loop: it goes on when the cause is gone
                if isinstance(error, IndexerError):
                    _log.error("indexing_failed", error=str(error))
                else:
                    _log.exception("indexing_failed")
                wait, pause = pause, min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _index_or_mend(self) -> bool:
        try:
            return self._index_a_round()
        except StoreBusyError:
            return False
        except (IndexDamagedError, IndexVersionError) as error:
            if self._is_overtaken(error):
                raise
            self._mend_index()
            return False

    def _is_overtaken(self, error: SearchIndexError) -> bool:
        """Tell whether workers of a newer version have replaced the index."""
        return self._library.is_shared and isinstance(error, IndexVersionError) and error.is_newer

    def _index_a_round(self) -> bool:
        """Join a round of records and index what changed; tell whether there may be more to join at once."""
        anew = self._library.pipeline.count_to_identify()
        watch = self._watch.counting("identify anew", anew) if anew else unwatched
        is_stopped = self._stop.is_set
        try:
            joined, indexed = self._library.bring_up_to_date(watch, limit=_ROUND, is_stopped=is_stopped)
        except StoreBusyError:  # another process joins: a shared index is written besides
            if not self._library.is_shared:
                raise
            joined, indexed = Joined(), self._library.follow_feed(is_stopped=is_stopped)
        if joined.records or indexed.indexed or indexed.removed:
            _log.debug("indexed", records=joined.records, works=indexed.indexed, removed=indexed.removed)
        return bool(joined.records or joined.remerged)
