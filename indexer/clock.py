"""Time: UTC and aware everywhere; the reader's zone is a matter of the edge."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment in UTC, to the microsecond."""
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """Write a moment as RFC 3339 in UTC with seconds (``2026-11-22T06:00:00Z``); ``None`` stays ``None``."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
