"""Lists that are fetched record by record because a page of theirs fails, from repositories that fail further."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest

from harvesters.demo.loopback import Request as HttpRequest
from harvesters.demo.loopback import Response
from harvesters.oai import singly
from harvesters.pace import Pace
from harvesters.runner import Request
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.holdings import live, numbered
from tests.repository import ListRepository, faults
from tests.repository.faults import Fault


@pytest.mark.parametrize("page_size", [10, 50])
def test_a_list_of_more_records_than_one_run_asks_for_singly_is_whole_after_some_runs(
    library: Library, monkeypatch: pytest.MonkeyPatch, page_size: int
) -> None:
    monkeypatch.setattr(singly, "MAX_SINGLES", 20)
    with ListRepository(numbered(100), page_size=page_size) as repository:
        source = add_source(library, "x", repository.url)
        repository.faults.add(faults.status(500), verb="ListRecords", times=None)
        assert harvest(library, source).status == "incomplete"
        assert len(live(library)) == 20
        reports = [harvest(library, source) for _ in range(6)]
        assert "complete" in {report.status for report in reports}
        assert len(live(library)) == 100


def test_a_list_of_identifiers_that_ends_early_leaves_the_harvest_incomplete(library: Library) -> None:
    with ListRepository(numbered(100)) as repository:
        source = add_source(library, "x", repository.url)
        repository.faults.add(faults.status(500), verb="ListRecords", page=2, times=None)
        ends = faults.if_asked("resumptionToken", faults.token_becomes(None))
        repository.faults.add(ends, verb="ListIdentifiers", times=None)
        report = harvest(library, source)
        assert report.status == "incomplete"
        assert report.error


def test_a_list_of_identifiers_that_goes_in_circles_ends(library: Library) -> None:
    with ListRepository(numbered(100)) as repository:
        source = add_source(library, "x", repository.url)
        repository.faults.add(faults.status(500), verb="ListRecords", page=2, times=None)
        stop = threading.Event()

        def lead_back(_request: HttpRequest, response: Response) -> Response:
            if len(repository.requests) > 200:  # more than the whole list, record by record: it would never end
                stop.set()
            body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
            return replace(response, body=re.sub(rb"start=\d+", b"start=10", body))

        repository.faults.add(lead_back, verb="ListIdentifiers", times=None)
        report = library.harvest(source, Request(), pace=Pace(stop))
        assert not stop.is_set()
        assert report.status == "incomplete"


@pytest.mark.parametrize(
    "fault",
    [faults.reset, faults.status(503, retry_after=0), faults.status(429, retry_after=0)],
    ids=["down", "503", "429"],
)
def test_a_server_that_goes_down_meanwhile_makes_no_sound_record_a_damaged_one(library: Library, fault: Fault) -> None:
    with ListRepository(numbered(60)) as repository:
        source = add_source(library, "x", repository.url, attempts=1)
        repository.faults.add(faults.status(500), verb="ListRecords", page=2, times=None)
        repository.faults.add(fault, verb="GetRecord", times=None)
        report = harvest(library, source)
        assert report.status == "incomplete"
        assert library.store.quarantine.counts() == {}
        repository.faults.clear()
        assert harvest(library, source).status == "complete"
        assert len(live(library)) == 60
