"""Which windows a harvest asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from harvesters.errors import SourceError
from harvesters.http import retry_after
from harvesters.records import Window
from harvesters.sources.definition import Source
from harvesters.windows import plan_windows

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def source(**values: Any) -> Source:
    return Source.of({"id": "s", "name": "S", "endpoint": "http://127.0.0.1/oai", **values})


def plan(
    one: Source, checkpoint: str | None = None, since: str | None = None, until: str | None = None
) -> list[Window]:
    return plan_windows(one, checkpoint=checkpoint, since=since, until=until, now=NOW)


def test_an_added_source_is_asked_for_everything_at_once() -> None:
    assert plan(source()) == [Window()]


def test_a_harvest_goes_on_from_the_checkpoint_inclusively() -> None:
    assert plan(source(), "2026-11-20") == [Window(since="2026-11-20")]


def test_a_start_is_never_finer_than_the_repository_allows() -> None:
    assert plan(source(), "2026-11-20T10:00:00Z") == [Window(since="2026-11-20")]
    assert plan(source(granularity="second"), "2026-11-20T10:00:00Z") == [Window(since="2026-11-20T10:00:00Z")]


def test_doajs_first_harvest_is_two_weeks_that_end_31_days_ago() -> None:
    windows = plan(source(slice="day", first_days=14, lag_days=31))
    assert len(windows) == 14
    assert windows[0] == Window(since="2026-10-09", until="2026-10-09")
    assert windows[-1] == Window(since="2026-10-22", until="2026-10-22")


def test_months_end_where_the_window_ends() -> None:
    assert plan(source(slice="month"), since="2026-09-15", until="2026-11-03") == [
        Window(since="2026-09-15", until="2026-09-30"),
        Window(since="2026-10-01", until="2026-10-31"),
        Window(since="2026-11-01", until="2026-11-03"),
    ]


@pytest.mark.parametrize("stamp", ["yesterday", "2026-13-01", "2026-02-30", "01.02.2026", "2026-1-1"])
def test_a_date_that_is_none_is_refused_with_the_form_it_wants(stamp: str) -> None:
    with pytest.raises(SourceError, match="YYYY-MM-DD"):
        plan(source(), since=stamp)


def test_a_sliced_source_without_a_first_day_says_what_is_missing() -> None:
    with pytest.raises(SourceError, match="first_days"):
        plan(source(slice="day"))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        ("0", 0.0),
        ("-5", None),
        ("soon", None),
        ("99999999999999999999", 999999999.0),
        ("Sun, 22 Nov 2026 06:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 05:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 06:01:30", 90.0),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_never_a_crash(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
