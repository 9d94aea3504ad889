"""Harvesting by schedule: a host's hours, what failed comes again, what is not due waits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from harvesters.demo.loopback import Request as HttpRequest
from harvesters.demo.loopback import Response
from indexer.storage import schema
from search_api.library import Library
from search_api.up import Service
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC).replace(hour=8, minute=30)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(embedded: Library, clock: Clock) -> Service:
    return Service(embedded, is_demo=False, now=clock)


def fill(repository: ListRepository) -> None:
    repository.put(*(Item(f"oai:x:{number:03d}", "2026-01-01") for number in range(60)))


def test_a_harvest_ends_when_the_hosts_hours_do_and_says_so(
    embedded: Library, service: Service, clock: Clock, list_repository: ListRepository
) -> None:
    fill(list_repository)
    add_source(embedded, "x", list_repository.url, hours="02-09")

    def end_hours(_: HttpRequest, response: Response) -> Response:
        clock.moment = clock.moment.replace(hour=9)
        return response

    list_repository.faults.add(end_hours, page=2)
    service.harvest_by_schedule("x")
    (run,) = embedded.store.harvests.history.runs()
    assert (run.status, run.received) == ("incomplete", 20)
    assert "02-09, UTC" in (run.error or "")

    service.harvest_by_schedule("x")
    assert len(embedded.store.harvests.history.runs()) == 1, "not outside the hours"
    clock.moment = clock.moment.replace(hour=2) + timedelta(days=1)
    service.harvest_by_schedule("x")
    run = embedded.store.harvests.history.runs()[0]
    assert (run.status, run.received, run.resumed) == ("complete", 60, True)


def test_hours_are_looked_at_again_when_another_harvest_of_the_host_has_ended(
    embedded: Library, service: Service, clock: Clock, list_repository: ListRepository
) -> None:
    fill(list_repository)
    add_source(embedded, "long", list_repository.url)
    add_source(embedded, "x", list_repository.url, hours="02-09")
    asked, may_end = threading.Event(), threading.Event()

    def last_long(_: HttpRequest, response: Response) -> Response:
        asked.set()
        may_end.wait(30)
        return response

    list_repository.faults.add(last_long, page=1)
    threads = [threading.Thread(target=service.harvest_by_schedule, args=(name,)) for name in ("long", "x")]
    threads[0].start()
    assert asked.wait(30)
    threads[1].start()
    threads[1].join(0.3)  # it waits for the host
    assert threads[1].is_alive()
    clock.moment = clock.moment.replace(hour=12)
    may_end.set()
    for thread in threads:
        thread.join(30)
    assert [run.source for run in embedded.store.harvests.history.runs()] == ["long"]


def test_a_source_with_hours_is_not_harvested_before_it_is_due(
    embedded: Library, service: Service, clock: Clock, list_repository: ListRepository
) -> None:
    fill(list_repository)
    add_source(embedded, "x", list_repository.url, hours="02-09", every_hours=168)
    service.harvest_by_schedule("x")
    with embedded.store.database.write() as connection:  # a run begins by the machine's clock
        connection.execute(schema.harvest_runs.update().values(started_at=clock.moment))
    asked = len(list_repository.requests)
    for _ in range(6):
        clock.moment += timedelta(days=1)
        service.harvest_by_schedule("x")
    assert len(list_repository.requests) == asked
    clock.moment += timedelta(days=1)
    service.harvest_by_schedule("x")
    assert len(list_repository.requests) > asked


def test_a_comparison_that_failed_is_made_again_at_the_next_moment(
    embedded: Library, service: Service, list_repository: ListRepository
) -> None:
    fill(list_repository)
    source = add_source(embedded, "x", list_repository.url, reconcile_days=30)
    harvest(embedded, source)
    list_repository.faults.add(faults.status(500), verb="ListIdentifiers", times=2)
    history = embedded.store.harvests.history
    said = []
    for _ in range(3):
        service.reconcile_by_schedule("x")
        said.append(history.last_runs("reconcile")["x"].status)
    assert said == ["failed", "complete", "complete"]
    assert len([run for run in history.runs() if run.kind == "reconcile"]) == 2


def test_what_a_worker_that_died_was_harvesting_is_gone_on_with(
    embedded: Library, service: Service, list_repository: ListRepository
) -> None:
    fill(list_repository)
    source = add_source(embedded, "x", list_repository.url)
    ledger = embedded.store.harvests
    ledger.begin(source, since=None, until=None)
    with embedded.alone_with("x"):
        service.take_over_harvests()
    assert list_repository.requests == [], "somebody is at it"
    service.take_over_harvests()
    assert ledger.history.last_runs()["x"].status == "complete"
    asked = len(list_repository.requests)
    assert asked > 0
    service.take_over_harvests()
    assert len(list_repository.requests) == asked
