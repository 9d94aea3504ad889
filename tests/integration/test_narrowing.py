"""A page that keeps failing: its list is halved until the bad record is alone, and nothing else is missing."""

from __future__ import annotations

import pytest

from harvesters.demo.loopback import Request, Response
from harvesters.pace import Pace
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults


def broken_for(identifier: str, fault: faults.Fault) -> faults.Fault:
    """Spoil every answer that would carry one record's metadata, as a server does that trips over it."""

    def spoil(request: Request, response: Response) -> Response:
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        carries = f"<identifier>{identifier}</identifier>".encode() in body and b"<metadata>" in body
        return fault(request, response) if carries else response

    return spoil


def timed(count: int) -> list[Item]:
    return [
        Item(f"oai:x:{number:03d}", f"2026-01-01T{number // 60:02d}:{number % 60:02d}:00Z", title=f"Study {number}")
        for number in range(count)
    ]


@pytest.mark.parametrize("fault", [faults.status(500), faults.html, faults.empty, faults.cut()])
def test_a_record_that_the_server_trips_over_ends_alone_in_quarantine(library: Library, fault: faults.Fault) -> None:
    with ListRepository(timed(100), page_size=10) as repository:
        repository.faults.add(broken_for("oai:x:037", fault), times=None)
        source = add_source(library, "x", repository.url, slice="day", granularity="second", attempts=1)
        report = harvest(library, source, since="2026-01-01", until="2026-01-01")
        assert (report.status, report.quarantined) == ("complete", 1)
        (row,) = library.store.quarantine.list()
        assert row["identifier"] == "oai:x:037"
        assert "cannot be had" in row["reason"]
        assert "replay" in row["remedy"]
        assert stored(library, 100) == 99
        lists = library.store.harvests.history.slices(report.id)
        assert {one.status for one in lists} == {"split", "complete"}
        assert all(one.note for one in lists if one.status == "split")
        # halving narrows it down: only the last list's records were asked for one by one
        asked = [request.argument("identifier") for request in repository.requests if request.argument("identifier")]
        assert set(asked) == {"oai:x:037"}


def test_when_the_record_is_mended_a_replay_brings_it_in(library: Library) -> None:
    with ListRepository(timed(30), page_size=10) as repository:
        repository.faults.add(broken_for("oai:x:007", faults.status(500)), times=None)
        source = add_source(library, "x", repository.url, attempts=1)
        assert harvest(library, source).quarantined == 1
        repository.faults.clear()
        report, waiting = library.replay(source, keys=None, pace=Pace())
        assert report is not None
        assert (report.kind, report.status, report.new, waiting) == ("replay", "complete", 1, 0)
        assert library.store.quarantine.list() == []
        assert stored(library, 30) == 30


def test_a_list_without_windows_is_finished_record_by_record(library: Library) -> None:
    with ListRepository(timed(45), page_size=10) as repository:
        repository.faults.add(faults.status(500), page=3, times=None)
        source = add_source(library, "x", repository.url, attempts=1)
        report = harvest(library, source)
        assert (report.status, report.received, report.quarantined) == ("complete", 45, 0)
        assert stored(library, 45) == 45


def test_a_server_that_is_down_is_left_alone(library: Library) -> None:
    with ListRepository(timed(45), page_size=10) as repository:
        repository.faults.add(faults.status(502), page=3, times=None)
        repository.faults.add(faults.status(502), verb="Identify", times=None)
        source = add_source(library, "x", repository.url, attempts=2)
        report = harvest(library, source)
        assert (report.status, report.received) == ("incomplete", 20)
        assert "HTTP 502" in (report.error or "")
        assert repository.verbs.count("Identify") == 2
        assert "ListIdentifiers" not in repository.verbs
        repository.faults.clear()
        assert harvest(library, source).status == "complete"
        assert stored(library, 45) == 45


def test_a_server_that_fails_everywhere_is_not_asked_for_ever(library: Library) -> None:
    with ListRepository(timed(100), page_size=10) as repository:
        repository.faults.add(faults.status(500), verb="ListRecords", times=None)
        repository.faults.add(faults.status(500), verb="ListIdentifiers", times=None)
        source = add_source(library, "x", repository.url, slice="day", granularity="second", attempts=1)
        report = harvest(library, source, since="2026-01-01", until="2026-01-01")
        assert report.status == "failed"
        assert len(repository.requests) < 60


def stored(library: Library, count: int) -> int:
    key = library.store.sources.keys()["x"]
    return sum(library.store.raw.of(key, f"oai:x:{number:03d}") is not None for number in range(count))
