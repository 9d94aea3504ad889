"""Publication dates from what repositories write; never more precise than what they know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from harvesters.formats.description import RawDate
from harvesters.formats.oai_doaj import DATE_KIND
from indexer.models import PartialDate

_FIRST_YEAR = 1500
_LAST_MONTH = 12
_LONGEST = 200
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ]\d{1,2}:.*)?Z?")
_SPACED = re.compile(r"(\d{4}) (\d{1,2})(?: (\d{1,2}))?")  # as JATS parts it
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d|21\d\d)(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)")

_MONTHS = {
    start: number
    for number, starts in enumerate(
        (
            "jan ene gen янв",
            "feb fév fev fevr фев",
            "mar mär mrz мар",
            "apr avr abr apr апр",
            "may mai mag maj май мая",
            "jun juin giu июн",
            "jul juil lug июл",
            "aug aoû aou ago авг",
            "sep set сен",
            "oct okt out ott окт",
            "nov ноя",
            "dec déc dez dic дек",
        ),
        start=1,
    )
    for start in starts.split()
}

_KIND_RANK = {
    "epub": 0,
    "ppub": 0,
    "epub-ppub": 0,
    "pub": 0,
    "issued": 0,
    "collection": 1,
    DATE_KIND: 0,
    "pmc-release": 3,
    "available": 3,
    "nihms-submitted": 4,
    "submitted": 4,
    "created": 4,
    "copyrighted": 4,
    "received": 5,
    "accepted": 5,
    "corrected": 5,
    "retracted": 5,
    **dict.fromkeys(("modified", "updated", "valid", "collected", "withdrawn", "coverage", "other"), 5),
}
_OTHER_KIND = 2
_PRECISIONS = ("year", "month", "day")
_WORST_USABLE = 4


def parse_date(value: str | None, *, doaj_fills_up: bool = False) -> PartialDate | None:
    """Read a date in any of the forms seen; ``None`` where no plausible year is in it.

    A year before 1500 or after next year is not plausible. An impossible month or day is left out.

    With ``doaj_fills_up``, day 01 means "day unknown", and 1 January means "month unknown": DOAJ keeps only
    year and month, and writes January where the month is missing, so that its 1 January says no more
    than the year.
    """
    if not value or "embargo" in value:  # info:eu-repo/date/embargoEnd/2016-01-01 (Ghent) says when it may be read
        return None
    found = _read(value.strip()[:_LONGEST])
    if found is None:
        return None
    year, month, day = found
    if not _FIRST_YEAR <= year <= datetime.now(UTC).year + 1:
        return None
    if month is not None and not 1 <= month <= _LAST_MONTH:
        month = day = None
    if month is None or (day is not None and not 1 <= day <= _DAYS[month - 1]):
        day = None
    if doaj_fills_up and day == 1:
        day = None
        month = None if month == 1 else month
    return PartialDate(year=year, month=month, day=day)


@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[int, int | None, int | None] | None:
    return _read_iso(text) or _read_words(text)


def _read_iso(text: str) -> tuple[int, int | None, int | None] | None:
    match = _ISO.fullmatch(text) or _SPACED.fullmatch(text)
    if match:
        year, month, day = match.groups()
        return int(year), int(month) if month else None, int(day) if day else None
    match = _COMPACT.fullmatch(text)
    if match:
        return int(match[1]), int(match[2]), int(match[3])
    match = _DAY_FIRST.fullmatch(text)
    if match:  # 25/12/2014; where both could be the month (03/04/2014) only the year is sure
        first, second = int(match[1]), int(match[2])
        if first > _LAST_MONTH:
            return int(match[3]), second, first
        if second > _LAST_MONTH:
            return int(match[3]), first, second
        return int(match[3]), None, None
    return None


def _read_words(text: str) -> tuple[int, int | None, int | None] | None:
    """Read ``2014 Dec 25``, ``25 December 2014``, ``2023 Sep-Oct``, ``Spring 2020``, ``2014年12月``."""
    years = _YEAR.findall(text)
    if not years:
        return None
    year = int(years[0])
    rest = _YEAR.sub(" ", text, count=1)
    numbers = [int(one) for one in _NUMBER.findall(rest)]
    named = [month for month in map(_month, _WORD.findall(rest)) if month is not None]
    if len(named) == 1:
        return year, named[0], numbers[0] if len(numbers) == 1 else None
    if named:  # a range of months: the first one
        return year, named[0], None
    if text.startswith(years[0]) and numbers and len(numbers) <= 2:  # noqa: PLR2004 - month and day
        return year, numbers[0], numbers[1] if len(numbers) > 1 else None
    return year, None, None


def _month(word: str) -> int | None:
    lowered = word.lower()
    return _MONTHS.get(lowered[:4]) or _MONTHS.get(lowered[:3])


def choose_date(dates: Iterable[RawDate], *, doaj_fills_up: bool = False) -> PartialDate | None:
    """Choose the publication date among those a record states.

    Electronic and print publication come before the collection's date, and a date without a kind before
    PMC's release, which only counts where it is alone. Among equals the earliest year wins, then the most
    precise. Dates of submission, acceptance or correction are never the publication's.
    """
    best: tuple[int, int, int, int, int] | None = None
    chosen: PartialDate | None = None
    for raw in dates:
        rank = _KIND_RANK.get(raw.kind or "", _OTHER_KIND)
        if rank > _WORST_USABLE:
            continue
        date = parse_date(raw.value, doaj_fills_up=doaj_fills_up or raw.kind == DATE_KIND)
        if date is None:
            continue
        key = (rank, date.year, -_PRECISIONS.index(date.precision), date.month or 0, date.day or 0)
        if best is None or key < best:
            best, chosen = key, date
    return chosen
