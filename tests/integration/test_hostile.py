"""Each way in which a repository misbehaves: what the harvest says of it, and that no good record is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.scenarios import SCENARIOS, Held, Scenario
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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_is_lost_in_silence_from_a_repository_that_misbehaves(scenario: Scenario, tmp_path: Path) -> None:
    played = play(scenario, tmp_path)
    first, second = played.spoiled, played.mended
    assert first.report.status in scenario.ends, first.report
    assert first.got >= scenario.at_least, first.report
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
    assert differing(second) == {}, "after the fault is gone, the store equals the repository"
