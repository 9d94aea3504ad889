"""Which lists a harvest asks for, and in which order."""

from __future__ import annotations

import pytest

from harvesters.checkpoints import Counts, SliceState
from harvesters.planning import plan_lists
from harvesters.records import Window
from harvesters.sources.definition import Source


def source(unit: str | None) -> Source:
    return Source.of({"id": "s", "name": "S", "endpoint": "https://example.org/oai", "slice": unit, "first_days": 9})


def begun(since: str | None, until: str | None) -> SliceState:
    window = Window(since=since, until=until)
    return SliceState(
        key=1, metadata_prefix="oai_dc", window=window, token="t", list_size=None, counts=Counts()
    )  # fmt: skip


_OCTOBER = Window(since="2026-10-01", until="2026-10-31")
_NOVEMBER = Window(since="2026-11-01", until="2026-11-22")


def test_an_unfinished_list_keeps_its_end_and_the_rest_comes_right_after() -> None:
    left = begun("2026-10-01", "2026-10-20")
    plan, forgotten = plan_lists(source("month"), "oai_dc", [_OCTOBER, _NOVEMBER], [left])
    assert plan == [left, ("oai_dc", Window(since="2026-10-20", until="2026-10-31")), ("oai_dc", _NOVEMBER)]
    assert forgotten == []


def test_a_list_of_just_the_planned_window_goes_first() -> None:
    short, whole = begun("2026-10-01", "2026-10-20"), begun("2026-10-01", "2026-10-31")
    plan, forgotten = plan_lists(source("month"), "oai_dc", [_OCTOBER], [short, whole])
    assert plan == [whole]
    assert forgotten == [short]


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-10-02", "2026-10-20"),
        ("2026-10-01", "2026-11-20"),
        ("2026-10-01", None),
        ("2026-10-01", "2026-10-20T11:59:59Z"),
    ],
)
def test_a_list_that_is_no_first_part_of_a_window_is_forgotten(since: str, until: str | None) -> None:
    left = begun(since, until)
    assert plan_lists(source("month"), "oai_dc", [_OCTOBER], [left]) == ([("oai_dc", _OCTOBER)], [left])


def test_an_unsliced_list_goes_on_whatever_its_end() -> None:
    left = begun("2026-10-01", "2026-10-20")
    assert plan_lists(source(None), "oai_dc", [Window(since="2026-10-01")], [left]) == ([left], [])
