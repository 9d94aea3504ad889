"""At which hours of the day a host wants large harvests."""

from __future__ import annotations

from datetime import UTC, datetime

from harvesters.runner import Request
from harvesters.sources.definition import Source

#: What NCBI allows outside its hours; others that name hours are treated alike.
_SMALL_REQUESTS = 100


def is_allowed_at(source: Source, request: Request, now: datetime) -> bool:
    """Tell whether the host's hours (UTC) allow this harvest; a small one is allowed at any time."""
    if source.hours is None or (request.max_requests or _SMALL_REQUESTS + 1) <= _SMALL_REQUESTS:
        return True
    first, last = (int(part) for part in source.hours.split("-"))
    hour = now.astimezone(UTC).hour
    return first <= hour < last if first < last else hour >= first or hour < last
