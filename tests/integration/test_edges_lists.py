"""Where lists, checkpoints and doubts meet: each case lost records, or never ended, before it was mended."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import update

from harvesters.pace import Pace
from harvesters.runner import Request
from indexer.storage import schema
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.holdings import STAMP, about, in_old_sessions, lag_since, live, numbered, ten_a_day
from tests.repository import Item, ListRepository, faults
from tests.repository.faults import Fault


def doubt(library: Library, *, since: str | None = None) -> None:
    """Mark the finished lists (from one day) as lists that changed while they were read."""
    table = schema.harvest_slices
    with library.store.database.write() as connection:
        doubted = update(table).values(status="doubtful", note="moved")
        marked = connection.execute(doubted if since is None else doubted.where(table.c.since == since))
        assert marked.rowcount == 1


def test_a_repeat_that_came_short_settles_no_doubt(library: Library) -> None:
    with ListRepository(ten_a_day(4), page_size=5) as repository:
        lag = lag_since("2026-01-10")
        source = add_source(
            library, "x", repository.url, slice="day", granularity="second", first_days=12, lag_days=lag
        )
        assert harvest(library, source).status == "complete"
        doubt(library, since="2026-01-02")
        repository.put(Item("oai:x:skipped", "2026-01-02T00:00:01Z"))  # what the doubtful list had skipped
        one_page = faults.token_becomes('</resumptionToken><resumptionToken completeListSize="11"/><x>')
        ends_early = faults.together(one_page, faults.with_bytes(b"<x></resumptionToken>", b""))
        repository.faults.add(about("2026-01-02", ends_early), verb="ListRecords", times=None)
        short = harvest(library, source)
        assert short.status == "incomplete"
        assert library.store.harvests.doubtful(source)
        repository.faults.clear()
        assert harvest(library, source).status == "complete"
        assert "oai:x:skipped" in live(library)


def test_a_checkpoint_never_passes_the_end_of_the_window_that_was_read(library: Library) -> None:
    with ListRepository(ten_a_day(10), page_size=20) as repository:
        lag = lag_since("2026-01-15")
        source = add_source(
            library, "x", repository.url, slice="day", granularity="second", first_days=20, lag_days=lag
        )
        # The repository's index still has the record under the second, its header says the ninth.
        indexed, stated = (f"oai:x:0015</identifier><datestamp>2026-01-{day}".encode() for day in ("02", "09"))
        repository.faults.add(faults.with_bytes(indexed, stated), times=None)
        assert harvest(library, source, max_records=40).status == "incomplete"
        assert (library.store.harvests.checkpoint(source, "oai_dc") or "") < "2026-01-05"
        assert harvest(library, source).status == "complete"
        assert len(live(library)) == 100


def test_a_full_harvest_covers_what_the_settings_say_now(library: Library) -> None:
    months = [Item(f"oai:x:{number}", f"2026-{1 + number // 10:02d}-01T00:00:00Z") for number in range(100)]
    with ListRepository(months, page_size=20) as repository:
        lag = lag_since("2026-10-05")
        source = add_source(
            library, "x", repository.url, slice="day", granularity="second", first_days=40, lag_days=lag
        )
        assert harvest(library, source).received == 20
        widened = dataclasses.replace(source, slice=None, first_days=None, lag_days=0)
        (planned,) = library.preview(widened, Request(full=True), pace=Pace()).lists
        assert "2026" not in str(planned)
        assert harvest(library, widened, full=True).status == "complete"
        assert len(live(library)) == 100


def test_a_full_harvest_of_chosen_dates_leaves_the_checkpoint_alone(library: Library) -> None:
    with ListRepository(ten_a_day(10), page_size=20) as repository:
        source = add_source(library, "x", repository.url, granularity="second")
        assert harvest(library, source, full=True, since="2026-01-10").received == 10
        assert library.store.harvests.checkpoint(source, "oai_dc") is None
        assert harvest(library, source).status == "complete"
        assert len(live(library)) == 100
        assert library.store.harvests.checkpoint(source, "oai_dc") == "2026-01-10T00:00:00Z"
        assert harvest(library, source, full=True, since="2026-01-05", until="2026-01-06").received == 20
        assert library.store.harvests.checkpoint(source, "oai_dc") == "2026-01-10T00:00:00Z"


@pytest.mark.parametrize("fault", [faults.status(500), faults.html], ids=["500", "html"])
def test_a_list_whose_token_died_between_two_runs_begins_anew(library: Library, fault: Fault) -> None:
    with ListRepository(numbered(5000), page_size=500) as repository:
        source = add_source(library, "x", repository.url)
        assert harvest(library, source, max_requests=2).status == "incomplete"
        repository.faults.add(in_old_sessions(fault), verb="ListRecords", times=None)
        reports = [harvest(library, source) for _ in range(3)]
        assert reports[-1].status == "complete"
        assert len(live(library)) == 5000
        assert "GetRecord" not in repository.verbs


def test_a_doubt_about_a_format_that_is_harvested_no_more_stops_nothing(library: Library) -> None:
    with ListRepository(numbered(20), prefixes=("oai_doaj", "oai_dc")) as repository:
        source = add_source(library, "x", repository.url, metadata_prefixes=["oai_doaj"])
        assert harvest(library, source).status == "complete"
        doubt(library)
        repository.prefixes = ("oai_dc",)
        other = dataclasses.replace(source, metadata_prefixes=("oai_dc",))
        assert [harvest(library, other).status for _ in range(2)] == ["complete", "complete"]
        assert (library.store.harvests.checkpoint(other, "oai_dc") or "") >= STAMP
