"""When ``up`` may harvest: a host's hours, and what is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from harvesters.runner import Request
from harvesters.sources.definition import Source, seed_sources
from search_api.up import is_allowed_at, is_due


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


def test_a_source_is_due_when_its_time_has_come() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert is_due(source(None), None, now)
    assert is_due(source(None), (now - timedelta(hours=25)).isoformat(), now)
    assert not is_due(source(None), (now - timedelta(hours=23)).isoformat(), now)
