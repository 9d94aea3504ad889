"""What the scenarios do not show: how long is waited, how much memory is taken, where a redirect may lead."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harvesters.http import retry_after
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults
from tests.repository.scenarios import items

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_HARVEST = """
import sys
from pathlib import Path
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.library import open_library
from search_api.settings import Settings

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

source = Source.of({"id": "x", "name": "x", "endpoint": sys.argv[1], "pace_seconds": 0, "attempts": 1})
with open_library(Settings(data_dir=Path(sys.argv[2])), sources=[]) as library:
    library.store.sources.add(source)
    before = peak()
    report = library.harvest(source, Request(), pace=Pace())
    print(report.status, peak() - before)
"""


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("Sun, 01 Nov 2026 00:00:09 GMT", 9),
        ("Sat, 31 Oct 2026 00:00:00 GMT", 0),
        ("0", 0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("٧", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_is_never_negative(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after(value, _NOW) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_a_client_that_is_told_to_wait_waits(embedded: Library, list_repository: ListRepository, status: int) -> None:
    list_repository.put(*items())
    list_repository.faults.add(faults.status(status, retry_after=1), page=2)
    assert harvest(embedded, add_source(embedded, "x", list_repository.url)).status == "complete"
    asked = [request.received_at for request in list_repository.requests]
    assert (asked[2] - asked[1]).total_seconds() >= 0.9  # the server's clock may run differently by a little


def test_a_wait_that_is_too_long_ends_the_run_at_once(embedded: Library, list_repository: ListRepository) -> None:
    list_repository.put(*items())
    list_repository.faults.add(faults.status(503, retry_after=301), page=2, times=None)
    report = harvest(embedded, add_source(embedded, "x", list_repository.url, attempts=4))
    assert report.status == "incomplete"
    assert "wait for 301 s" in (report.error or "")
    assert list_repository.verbs.count("ListRecords") == 2


@pytest.mark.parametrize("fault", ["huge", "gzip bomb"])
def test_a_page_of_2_gb_is_never_held_and_its_records_are_asked_for_singly(
    list_repository: ListRepository, tmp_path: Path, fault: str
) -> None:
    list_repository.put(*items())
    huge = faults.huge(2048, before=b"</dc:title>") if fault == "huge" else faults.gzip_bomb(2048)
    list_repository.faults.add(huge, page=2, times=None)
    command = [sys.executable, "-c", _HARVEST, list_repository.url, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    status, grown = said.split()
    assert status == "complete"
    assert list_repository.verbs.count("GetRecord") >= 10
    assert int(grown) < 300, f"grew by {grown} MB"


def test_a_named_host_serves_the_rest_of_the_list(embedded: Library, list_repository: ListRepository) -> None:
    list_repository.put(*items())
    with ListRepository(items(), granularity="YYYY-MM-DD") as moved:
        address = moved.url.replace("127.0.0.1", "localhost")
        list_repository.faults.add(faults.redirected(address, code=301), times=None)
        source = add_source(embedded, "x", list_repository.url, redirect_hosts=["localhost"])
        assert harvest(embedded, source).received == 60
        assert len(moved.requests) == len(list_repository.requests) == 6


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_another_port_of_the_same_host_is_another_address(embedded: Library, code: int) -> None:
    with ListRepository(items()) as repository, ListRepository([Item("oai:y:1", "2026-01-01")]) as other:
        repository.faults.add(faults.redirected(other.url, code=code), page=2, times=None)
        report = harvest(embedded, add_source(embedded, "x", repository.url))
        assert (report.status, report.received) == ("incomplete", 10)
        assert other.url in (report.error or "")
        assert not other.requests


def test_an_address_of_a_megabyte_is_shown_by_its_ends(embedded: Library, list_repository: ListRepository) -> None:
    list_repository.put(*items())
    list_repository.faults.add(faults.token_becomes("t" * (1 << 20) + "-end"), page=1, times=None)
    report = harvest(embedded, add_source(embedded, "x", list_repository.url))
    assert (report.status, report.received) == ("incomplete", 10)
    assert "answered HTTP 414" in (report.error or "")
    assert len(report.error or "") < 1000
    assert report.error_url is not None
    assert len(report.error_url) <= 500
    assert report.error_url.startswith(list_repository.url)
    assert report.error_url.endswith("ttt-end")
