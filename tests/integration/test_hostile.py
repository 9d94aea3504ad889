"""Each way in which a repository misbehaves: what the harvest says of it, and that no good record is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import ListRepository
from tests.repository.scenarios import SCENARIOS, Held, Scenario, items
from tests.repository.scenarios.playing import Harvested, play


def differing(harvested: Harvested) -> dict[str, tuple[Held | None, Held | None]]:
    """Return where store and repository differ."""
    names = set(harvested.store) | set(harvested.repository)
    pairs = {name: (harvested.store.get(name), harvested.repository.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def same(ours: Held | None, theirs: Held | None) -> bool:
    if ours is None or theirs is None:
        return False
    bodies = {ours.body, theirs.body} if ours.body is not None else {theirs.body}
    return (ours.datestamp, ours.deleted, len(bodies)) == (theirs.datestamp, theirs.deleted, 1)


#: Requests of one harvest of 60 records: lists, four attempts at each page, and all records singly.
_MOST_REQUESTS = 120


#: Scenarios that are not got right yet, and why.
@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in SCENARIOS])
def test_nothing_is_lost_in_silence_from_a_repository_that_misbehaves(scenario: Scenario, tmp_path: Path) -> None:
    played = play(scenario, tmp_path)
    first, second = played.spoiled, played.mended
    assert first.report.status in scenario.ends, first.report
    assert first.got >= scenario.at_least, first.report
    assert played.requests <= _MOST_REQUESTS, "a host in trouble is not hammered"
    if first.report.status == "complete":
        missing = {name for name in first.missing if not first.repository[name].is_late}
        assert missing <= scenario.set_aside, "called complete, with records missing"
        assert first.report.quarantined == len(scenario.set_aside) <= len(first.quarantine)
        assert first.report.error is None
    else:
        assert scenario.says in (first.report.error or "")
        assert (first.report.error or "").endswith((".", "!")), "ends with the remedy"
        assert len(first.report.error or "") <= 2000
        assert first.report.expected is None or first.got < first.report.expected or scenario.says
    assert second.report.status == "complete", second.report
    assert {*differing(second)} == scenario.left_behind, "after the fault is gone, the store equals the repository"


def test_a_full_harvest_after_an_incremental_one_asks_for_everything(
    embedded: Library, list_repository: ListRepository
) -> None:
    list_repository.put(*items())
    source = add_source(embedded, "x", list_repository.url)
    assert harvest(embedded, source).received == 60
    assert harvest(embedded, source).received == 6
    report = harvest(embedded, source, full=True)
    assert (report.status, report.received) == ("complete", 60)
