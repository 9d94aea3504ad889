"""What follows for the settings of a source from what its repository says of itself."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Literal

from harvesters.sources.definition import Slice

#: From so many records on, a list is cut by months; from so many a day, by days.
LARGE_LIST = 20_000
BUSY_DAY = 1_000
FIRST_DAY = date(1970, 1, 1)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def granularity_of(said: str) -> Literal["day", "second"] | None:
    """Read a granularity in any spelling seen; ``None`` for what is none."""
    letters = re.sub(r"[^a-z]", "", said.lower())
    if letters.startswith("yyyymmddthhmm") or letters in {"second", "seconds"}:
        return "second"
    return "day" if letters in {"yyyymmdd", "day", "days"} else None


def earliest_day(stamp: str) -> date | None:
    """Return the day of an earliest datestamp; ``None`` for none, a nonsensical one, or one before 1970."""
    found = _DAY.match(stamp.strip())
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= datetime.now(UTC).date() else None


def slice_for(list_size: int | None, earliest: date | None) -> Slice | None:
    """Cut a large list of a repository that heeds dates by months, a very busy one by days, a small one not at all."""
    if list_size is None or earliest is None or list_size < LARGE_LIST:
        return None
    days = max((datetime.now(UTC).date() - earliest).days, 1)
    return "day" if list_size / days >= BUSY_DAY else "month"
