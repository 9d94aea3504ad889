"""Telling that a route will go: ``Deprecation`` (RFC 9745) and ``Sunset`` (RFC 8594), with where to read more.

Used by whoever replaces a route: ``@router.get(…, **deprecated(since=…, sunset=…, link=…))``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from fastapi import Depends

from search_api.manners.exchange import tell


def deprecated(*, since: datetime, sunset: datetime, link: str) -> dict[str, Any]:
    """Return what makes a route say that it is deprecated; both moments are aware, ``link`` tells what to use instead.

    Raises:
        ValueError: the route would go before it is deprecated (RFC 9745, 4).
    """
    if sunset < since:
        raise ValueError("a route cannot go before it is deprecated: let sunset be later than since")
    return {"deprecated": True, "dependencies": [Depends(_teller(since, sunset, link))]}


def _teller(since: datetime, sunset: datetime, link: str) -> Callable[[], None]:
    def tell_of_it() -> None:
        tell("Deprecation", f"@{int(since.timestamp())}")
        tell("Sunset", format_datetime(sunset.astimezone(UTC), usegmt=True))
        tell("Link", f'<{link}>; rel="deprecation"')

    return tell_of_it
