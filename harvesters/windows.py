"""Cut the time a harvest covers into windows that can each be asked for, finished and resumed alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from harvesters.errors import SourceError
from harvesters.records import Window
from harvesters.sources.definition import Source

#: The kinds whose lists can be cut by date: the repository's word, or the order and times of what it lists.
_DATED_KINDS = frozenset(("oai", "doaj-api", "pmc-bucket"))
_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)?")


def plan_windows(
    source: Source,
    *,
    checkpoint: str | None,
    since: str | None,
    until: str | None,
    now: datetime,
    earliest: Callable[[], date] | None = None,
) -> list[Window]:
    """Return the windows to harvest, oldest first.

    ``checkpoint`` is the newest datestamp of what is already complete (or where the first harvest began, while nothing
    is); it is asked for again, because records may be added under the same datestamp (seen at PMC). Without it a first
    harvest covers ``first_days``; slices of a source without them begin with the day that ``earliest`` brings, which is
    asked only then. ``since`` and ``until`` override all of that. A source that is not sliced gives one window.
    """
    if source.kind not in _DATED_KINDS:
        if since or until:
            raise SourceError(
                f"Source {source.id!r} is read from end to end, without dates. Leave --since and --until out."
            )
        return [Window()]
    last = _day(until) if until else (now - timedelta(days=source.lag_days)).astimezone(UTC).date()
    first = _first_day(source, checkpoint=checkpoint, since=since, last=last)
    if source.slice is None:
        start = _start_text(source, since or checkpoint or (first.isoformat() if first else None))
        # An open end keeps the newest records; a lag says that there are none.
        end = _end_text(source, until) or (_end_text(source, last.isoformat()) if source.lag_days else None)
        return [Window(since=start, until=end)]
    if first is None and earliest is not None:
        first = earliest()
    if first is None:
        raise SourceError(
            f"Source {source.id!r} is cut into {source.slice}s, but has no first day. "
            "Set first_days in its settings, or give --since YYYY-MM-DD."
        )
    return [Window(since=start.isoformat(), until=end.isoformat()) for start, end in _slices(source, first, last)]


def split_window(source: Source, window: Window) -> tuple[Window, Window] | None:
    """Halve a window; ``None`` for one that has an open end, or that the repository's granularity cannot cut.

    A day of a repository that knows seconds is cut within the day.
    """
    if window.since is None or window.until is None:
        return None
    if source.granularity == "day":
        first, last = _day(window.since), _day(window.until)
        middle = first + (last - first) // 2
        return _halves("%Y-%m-%d", first, middle, middle + timedelta(days=1), last) if first < last else None
    start = datetime.fromisoformat(_start_text(source, window.since) or "")
    end = datetime.fromisoformat(_end_text(source, window.until) or "")
    seconds = int((end - start).total_seconds())
    turn = start + timedelta(seconds=seconds // 2)
    return _halves("%Y-%m-%dT%H:%M:%SZ", start, turn, turn + timedelta(seconds=1), end) if seconds > 0 else None


def _halves(pattern: str, *bounds: date) -> tuple[Window, Window]:
    since, middle, after, until = (bound.strftime(pattern) for bound in bounds)
    return Window(since=since, until=middle), Window(since=after, until=until)


def check_request(since: str | None, until: str | None) -> None:
    """Raise ``SourceError`` for dates that are none, or that end before they begin."""
    first, last = (_day(stamp) if stamp else None for stamp in (since, until))
    if first and last and first > last:
        raise SourceError(f"--since {since} is later than --until {until}. Exchange them.")


def is_datestamp(stamp: str) -> bool:
    """Tell whether a text is a datestamp as OAI-PMH has it (section 3.3); repositories also send others."""
    try:
        _day(stamp)
    except SourceError:
        return False
    return True


def _first_day(source: Source, *, checkpoint: str | None, since: str | None, last: date) -> date | None:
    if since or checkpoint:
        return _day(since or checkpoint or "")
    if source.first_days is None:
        return None
    return last - timedelta(days=source.first_days - 1)


def _slices(source: Source, first: date, last: date) -> Iterator[tuple[date, date]]:
    start = first
    while start <= last:
        if source.slice == "day":
            end = start
        else:
            end = (start.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        yield start, min(end, last)
        start = end + timedelta(days=1)


def _day(stamp: str) -> date:
    match = _STAMP.fullmatch(stamp)
    if match is None:
        raise SourceError(f"{stamp!r} is no date. Write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.")
    try:
        return date.fromisoformat(match[1])
    except ValueError as error:
        raise SourceError(f"{stamp!r} is no date: {error}. Write YYYY-MM-DD.") from error


def _start_text(source: Source, stamp: str | None) -> str | None:
    """Write a start in the repository's granularity: a finer one, or two different ones, are badArgument."""
    return _in_granularity(source, stamp, "T00:00:00Z")


def _end_text(source: Source, stamp: str | None) -> str | None:
    """Write an end in the repository's granularity; a day ends with its last second."""
    return _in_granularity(source, stamp, "T23:59:59Z")


def _in_granularity(source: Source, stamp: str | None, time_of_day: str) -> str | None:
    if stamp is None:
        return None
    day = _day(stamp).isoformat()
    if source.granularity == "day":
        return day
    return stamp if len(stamp) > len(day) else day + time_of_day
