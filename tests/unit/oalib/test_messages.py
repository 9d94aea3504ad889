"""The lines between the harvest and its spider's process say what they said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harvesters.errors import (
    BadTokenError,
    HarvestError,
    PageError,
    ServerFaultError,
    ThrottledError,
    UnreachableError,
)
from harvesters.oalib.messages import (
    PART_BYTES,
    PART_PAPERS,
    Paper,
    Part,
    Received,
    Task,
    asked_line,
    end_line,
    error_line,
    read_line,
)
from harvesters.oalib.places import Place
from harvesters.records import DamagedRecord

QUERIES = ("journals",)
PAPER = Paper(
    number=7,
    url="https://site.example/paper/7",
    body=b"<h1>\xff\0</h1>",
    fetched_at=datetime(2026, 11, 22, 1, tzinfo=UTC),
)


def test_a_part_arrives_byte_for_byte() -> None:
    damaged = DamagedRecord(url="u", body=b"\xfe", reason="题", remedy="r", identifier="oalib:paper/8")
    part = Part(url="list", papers=[PAPER], damaged=[damaged], size=12, place=Place(page=2))
    line = part.line(QUERIES)
    assert line.count(b"\n") == 1
    received = read_line(line)
    assert isinstance(received, Received)
    assert (received.papers, received.damaged, received.size) == ((PAPER,), (damaged,), 12)
    assert Place.of(received.token, QUERIES) == Place(page=2)
    assert received.papers[0].identifier == "oalib:paper/7"


def test_the_last_part_has_no_token() -> None:
    received = read_line(Part(url="list").line(QUERIES))
    assert isinstance(received, Received)
    assert received.token is None


@pytest.mark.parametrize(
    "error",
    [
        ThrottledError("slow", url="u", retry_after=77.0),
        ServerFaultError("refused", url="u", status=403),
        PageError("drift", url="u", body=b"\xff<html>"),
        UnreachableError("gone"),
        HarvestError("short"),
    ],
)
def test_an_error_arrives_as_what_it_was(error: HarvestError) -> None:
    read = read_line(error_line(error))
    assert isinstance(read, HarvestError)
    assert (type(read), str(read), read.url) == (type(error), str(error), error.url)
    for name in ("retry_after", "status", "body"):
        assert getattr(read, name, None) == getattr(error, name, None)


def test_an_error_of_a_class_of_its_own_arrives_as_the_nearest_known() -> None:
    class BusyError(ThrottledError):
        pass

    assert type(read_line(error_line(BusyError("busy", retry_after=3.0)))) is ThrottledError
    assert type(read_line(error_line(BadTokenError("bad", code="x")))) is HarvestError


def test_requests_and_the_end_are_told() -> None:
    assert (read_line(asked_line(12)), read_line(end_line())) == (12, None)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Traceback\n",
        b"{}",
        b"[1]",
        b'{"kind":"part"}',
        b'{"kind":"error","type":"OSError"}',
        b'{"kind":"asked"}',
        b"3",
    ],
)
def test_a_line_of_nobodys_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_line(line)


def test_a_task_arrives_whole() -> None:
    task = Task(
        endpoint="https://site.example/",
        queries=("图书馆",),
        place=None,
        user_agent="kaijuan",
        delay=3.0,
        timeout=30.0,
        attempts=3,
        retry_wait=1.0,
        max_bytes=1,
        redirect_hosts=("a.example",),
        robots={"site.example": "User-agent: *"},
    )
    assert Task.of(task.line()) == task


def test_a_part_is_full_by_papers_or_by_bytes() -> None:
    assert Part(url="", papers=[PAPER] * PART_PAPERS).is_full
    assert Part(url="", size=PART_BYTES).is_full
    assert not Part(url="", papers=[PAPER], size=PART_BYTES - 1).is_full
