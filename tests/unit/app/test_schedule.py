"""When ``up`` may harvest: a host's hours, and what is due."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from harvesters.checkpoints import Counts, RunReport, RunStatus
from harvesters.runner import Request
from harvesters.sources.definition import Source, seed_sources
from search_api.hours import is_allowed_at
from search_api.schedule import is_due, is_reconcile_due, is_seen_to


def source(hours: str | None) -> Source:
    return Source.of({"id": "s", "name": "S", "endpoint": "https://example.org/oai", "hours": hours, "every_hours": 24})


@pytest.mark.parametrize(
    ("hours", "hour", "allowed"),
    [
        (None, 12, True),
        ("02-10", 2, True),
        ("02-10", 9, True),
        ("02-10", 10, False),
        ("21-05", 23, True),
        ("21-05", 4, True),
        ("21-05", 5, False),
    ],
)
def test_hours_are_kept_also_over_midnight(hours: str | None, hour: int, allowed: bool) -> None:  # noqa: FBT001
    at = datetime(2026, 11, 22, hour, 30, tzinfo=UTC)
    assert is_allowed_at(source(hours), Request(), at) is allowed


def test_a_small_harvest_is_allowed_at_any_hour_as_ncbi_says() -> None:
    pmc = next(one for one in seed_sources() if one.id == "pmc")
    noon = datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert is_allowed_at(pmc, Request(max_requests=pmc.first_requests), noon)
    assert not is_allowed_at(pmc, Request(), noon)
    assert not is_allowed_at(pmc, Request(max_requests=101), noon)


NOW = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)


def run(hours_ago: float, status: RunStatus = "complete", since: str | None = None) -> RunReport:
    ended = (NOW - timedelta(hours=hours_ago)).isoformat()
    return RunReport(
        id=1,
        source="s",
        kind="harvest",
        status=status,
        expected=None,
        started=ended,
        finished=ended,
        seconds=0.0,
        since=since,
        until=None,
        resumed=False,
        error=None,
        error_url=None,
        **asdict(Counts()),
    )


def test_what_another_worker_harvested_lately_is_left_alone() -> None:
    assert is_seen_to(source(None), run(6), NOW)
    assert not is_seen_to(source(None), run(23), NOW), "our own last time, a little less than an interval ago"
    assert not is_seen_to(source(None), None, NOW)
    assert not is_seen_to(source(None), run(1, "incomplete"), NOW), "it goes on"


def test_a_source_is_due_when_its_time_has_come() -> None:
    assert is_due(source(None), None, NOW)
    assert is_due(source(None), run(25), NOW)
    assert not is_due(source(None), run(23), NOW)
    assert is_due(source(None), run(1, "incomplete"), NOW)
    assert is_due(source(None), run(1, since="2026-01-01"), NOW), "dates that somebody chose are another matter"


@pytest.mark.parametrize(
    ("every", "ago", "due"), [(24, 20, True), (24, 2, False), (168, 24, False), (168, 144, False), (168, 167.5, True)]
)
def test_a_weekly_source_with_hours_is_harvested_on_one_day_of_the_week(every: float, ago: float, due: bool) -> None:  # noqa: FBT001
    weekly = dataclasses.replace(source("02-10"), every_hours=every)
    assert is_due(weekly, run(ago), NOW) is due


def test_a_comparison_that_failed_is_not_done() -> None:
    monthly = dataclasses.replace(source(None), reconcile_days=30)
    assert is_reconcile_due(monthly, None, NOW)
    assert is_reconcile_due(monthly, run(1, "failed"), NOW)
    assert is_reconcile_due(monthly, run(1, "incomplete"), NOW)
    assert not is_reconcile_due(monthly, run(24 * 29), NOW)
    assert is_reconcile_due(monthly, run(24 * 30), NOW)


def test_a_comparison_that_waits_for_its_confirmation_is_done_again_after_a_week() -> None:
    monthly = dataclasses.replace(source(None), reconcile_days=30)
    refusal = "96 of 100 records are no longer listed. Do it with: kaijuan reconcile s --confirm-deletions"
    assert not is_reconcile_due(monthly, dataclasses.replace(run(24, "incomplete"), error=refusal), NOW)
    assert is_reconcile_due(monthly, dataclasses.replace(run(24 * 7, "incomplete"), error=refusal), NOW)
