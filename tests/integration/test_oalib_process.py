"""A crawl that is interrupted goes on where it stood, and its process never outlives it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harvesters.checkpoints import RunReport
from harvesters.errors import SourceError
from harvesters.oalib.lister import OalibLister
from harvesters.pace import Pace
from harvesters.records import Window
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import harvest
from tests.integration.oalib import add_oalib, bodies
from tests.repository.oalib import Journal, OalibSite, papers, three_journals

_COMMAND = [sys.executable, "-c", "from search_api.cli import main; main()"]


@pytest.fixture
def site() -> Iterator[OalibSite]:
    with OalibSite(three_journals()) as running:
        yield running


def children_of(pid: int) -> list[int]:
    """Return a process's children, whichever of its threads started them; what has ended has none."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(one) for one in tasks.read_text(encoding="ascii").split()]
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet does not."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False


def wait_until(done: Any, seconds: float = 20.0) -> bool:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.01)
    return bool(done())


class TestGoingOn:
    def test_a_journal_that_left_the_list_is_passed_over(self, embedded: Library, site: OalibSite) -> None:
        source = add_oalib(embedded, site)
        part = harvest(embedded, source, max_records=5)
        assert (part.status, part.received) == ("incomplete", 5)
        del site.journals[2336]
        again = harvest(embedded, source)
        assert (again.status, again.resumed, len(bodies(embedded))) == ("complete", True, 13)

    def test_a_list_of_other_queries_begins_anew(self, embedded: Library, site: OalibSite) -> None:
        source = add_oalib(embedded, site)
        assert harvest(embedded, source, max_records=5).status == "incomplete"
        embedded.store.sources.add(replace(source, id="other"))
        changed = replace(source, queries=("journal:2336",))
        report = embedded.harvest(changed, Request(), pace=Pace())
        assert (report.status, report.new) == ("complete", 6)

    def test_the_limit_of_requests_counts_the_spiders_own(self, embedded: Library) -> None:
        with OalibSite({5: Journal("Many", papers(range(1, 101)))}, per_page=50) as site:
            report = harvest(embedded, add_oalib(embedded, site, "journal:5"), max_requests=20)
            assert report.status == "incomplete"
            assert 20 <= len(site.requests) <= 31, "the part that passes the limit is the last"

    def test_pages_of_papers_known_already_do_not_end_a_resumed_crawl(self, embedded: Library) -> None:
        entries = papers(range(1, 41))
        with OalibSite({5: Journal("One", entries), 6: Journal("Other", [*entries, *papers([99])])}) as site:
            source = add_oalib(embedded, site, "journal:5", "journal:6")
            assert harvest(embedded, source, max_records=40).status == "incomplete"
            assert (harvest(embedded, source).status, len(bodies(embedded))) == ("complete", 41)

    def test_killed_at_random_moments_it_stores_what_an_uninterrupted_one_does(
        self, tmp_path: Path, site: OalibSite
    ) -> None:
        site.journals[500] = Journal("Long", papers(range(1000, 1040)))
        with open_library(Settings(data_dir=tmp_path / "whole"), sources=[]) as library:
            assert harvest(library, add_oalib(library, site)).status == "complete"
            expected = bodies(library)
        settings = Settings(data_dir=tmp_path / "killed")
        with open_library(settings, sources=[]) as library:
            add_oalib(library, site, pace_seconds=0.01)
        environment = {**os.environ, "KAIJUAN_DATA_DIR": str(settings.data_dir)}
        chance = random.Random(20261122)  # noqa: S311
        kills, begun, orphans = 0, len(site.requests), set[int]()
        for _ in range(30):
            process = subprocess.Popen(
                [*_COMMAND, "harvest", "oalib", "--json"],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            wanted = len(site.requests) + chance.randint(8, 35)
            while process.poll() is None and len(site.requests) < wanted:
                time.sleep(0.002)
            if process.poll() is None:
                orphans.update(children_of(process.pid))
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
            process.wait()
            if process.returncode == 0:
                break
        assert kills >= 3
        assert orphans
        assert wait_until(lambda: not any(is_alive(pid) for pid in orphans)), "the spiders end with their harvests"
        assert process.returncode == 0, "the last one was complete"
        with open_library(settings, sources=[]) as library:
            assert bodies(library) == expected
        repeated = len(site.requests) - begun - len(expected)
        assert repeated < kills * 25 + 60, "a kill repeats one part and its listing page, not the crawl"


class TestTheProcess:
    def start(self, library: Library, source: Source) -> tuple[threading.Thread, Pace, list[RunReport]]:
        pace, reports = Pace(), list[RunReport]()
        thread = threading.Thread(target=lambda: reports.append(library.harvest(source, Request(), pace=pace)))
        thread.start()
        return thread, pace, reports

    def test_asked_to_stop_it_ends_at_once_and_leaves_no_process(self, embedded: Library) -> None:
        with OalibSite({5: Journal("Many", papers(range(1, 101)))}, per_page=50) as site:
            before = set(children_of(os.getpid()))
            source = add_oalib(embedded, site, "journal:5", pace_seconds=0.1)
            thread, pace, reports = self.start(embedded, source)
            assert wait_until(lambda: len(site.requests) > 15)
            spiders = set(children_of(os.getpid())) - before
            pace.stop.set()
            thread.join(10)
            assert not thread.is_alive()
            assert spiders
            assert not any(is_alive(pid) for pid in spiders)
            assert (reports[0].status, reports[0].received) == ("incomplete", 10)
            assert len(site.requests) < 30

    def test_a_spider_that_dies_is_told_and_the_next_harvest_goes_on(self, embedded: Library) -> None:
        with OalibSite({5: Journal("Many", papers(range(1, 31)))}, per_page=50) as site:
            before = set(children_of(os.getpid()))
            source = add_oalib(embedded, site, "journal:5", pace_seconds=0.05)
            thread, _, reports = self.start(embedded, source)
            assert wait_until(lambda: len(site.requests) > 16)
            (spider,) = set(children_of(os.getpid())) - before
            os.kill(spider, signal.SIGKILL)
            thread.join(20)
            assert (reports[0].status, reports[0].received) == ("incomplete", 10)
            assert "ended unexpectedly (exit code -9)" in (reports[0].error or "")
            again = harvest(embedded, source)
            assert (again.status, len(bodies(embedded))) == ("complete", 30)

    def test_its_memory_does_not_grow_with_what_it_reads(self, embedded: Library) -> None:
        long = "Long text. " * 30_000
        entries = [replace(one, abstract=long) for one in papers(range(1, 301))]
        with OalibSite({5: Journal("Heavy", entries)}, per_page=50) as site:
            before = set(children_of(os.getpid()))
            thread, _, reports = self.start(embedded, add_oalib(embedded, site, "journal:5"))
            peaks: list[int] = []
            while thread.is_alive():
                for pid in set(children_of(os.getpid())) - before:
                    peaks += _peak_kilobytes(pid)
                time.sleep(0.05)
            thread.join()
            assert (reports[0].status, reports[0].new) == ("complete", 300)
            assert max(peaks) < 180_000, "100 MB of pages went through"

    def test_a_pace_below_three_seconds_is_for_loopback_only(self, embedded: Library, site: OalibSite) -> None:
        source = replace(add_oalib(embedded, site), endpoint="https://www.oalib.example/", pace_seconds=2.9)
        with pytest.raises(SourceError, match="pace_seconds = 3"):
            embedded.harvest(source, Request(), pace=Pace())

    def test_after_a_day_it_goes_on_in_a_new_process_with_a_new_robots_txt(self, site: OalibSite) -> None:
        source = Source.of({"id": "o", "name": "O", "endpoint": site.url, "kind": "oalib", "pace_seconds": 0})
        lister = OalibLister(source, Pace(), robots_seconds=0)
        try:
            pages = list(lister.list_records("oalib_html", Window()))
        finally:
            lister.close()
        assert len({record.identifier for page in pages for record in page.records}) == 18
        assert site.paths.count("/robots.txt") == len(pages)
        assert lister.requests_made == len(site.requests)


def _peak_kilobytes(pid: int) -> list[int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    return [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
