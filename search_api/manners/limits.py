"""How much a client may ask: policies by who asks and by what a request costs, and the two ways of saying "no more".

Header fields after draft-ietf-httpapi-ratelimit-headers-10 (September 2025). Whoever shows a token is counted by it
alone, wherever the request comes from, so that a campus behind one address does not use up its members' requests;
everybody else is counted by address. What is costly (whole results, harvests) has a bucket of its own besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from indexer import clock
from search_api.manners.counting import Policy, Standing, Windows
from search_api.problem_types import DAILY_QUOTA, SLOW_DOWN
from search_api.problems import Problem, ProblemError, named_problem
from search_api.settings import Limits

MINUTE, DAY = 60, 24 * 3600
#: Whole results, harvests, and what counts all values of a field: each keeps index or store busy for many pages.
COSTLY = ("/v1/export", "/v1/facets", "/v1/keywords", "/v1/trends", "/oai", "/facets", "/trends")
#: Wherever they are: feeds and drawings of the same.
COSTLY_FORMS = (".atom", ".svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is counted: ``token`` and ``person`` by id, ``desk`` once for the library, ``address`` by network address."""

    kind: Literal["token", "person", "desk", "address"]
    key: str
    label: str | None = None

    @property
    def bucket(self) -> str:
        """Return what all requests of this caller are counted under."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What counting a request brought: how the caller stands, and where a quota was used up, the answer for that."""

    standings: Sequence[Standing]
    refusal: Problem | None = None
    wait: int = 0


class Allowance:
    """The policies of a library and the counts of its callers."""

    def __init__(self, limits: Limits, windows: Windows | None = None) -> None:
        self._limits = limits
        self._windows = windows or Windows()

    def policies(self, caller: Caller, *, costly: bool) -> list[Policy]:
        """Return what a caller's request is counted against; a quota of 0 is none."""
        limits, by_address = self._limits, caller.kind == "address"
        quotas = [
            ("minute", limits.address_a_minute if by_address else limits.token_a_minute, MINUTE),
            ("day", limits.address_a_day if by_address else limits.token_a_day, DAY),
        ]
        if costly:
            quotas += [
                (
                    "costly-minute",
                    limits.address_costly_a_minute if by_address else limits.token_costly_a_minute,
                    MINUTE,
                ),
                ("costly-day", limits.address_costly_a_day if by_address else limits.token_costly_a_day, DAY),
            ]
        return [Policy(name=name, quota=quota, seconds=seconds) for name, quota, seconds in quotas if quota]

    def take(self, caller: Caller, *, costly: bool) -> Taken:
        """Count a request, or say why there may be no more of it now."""
        standings, may = self._windows.take(caller.bucket, self.policies(caller, costly=costly))
        if may:
            return Taken(standings=standings)
        # The longest wait is the one that helps: after it, none of the quotas is used up.
        worst = max((one for one in standings if not one.remaining), key=lambda one: one.ends)
        return Taken(standings=standings, refusal=_refusal(caller, worst), wait=worst.wait)

    def look(self, caller: Caller) -> list[Standing]:
        """Return how a caller stands with all policies, without counting anything."""
        return self._windows.look(caller.bucket, self.policies(caller, costly=True))


def is_costly(path: str) -> bool:
    """Tell whether a request is one of those that have a bucket of their own."""
    return path.endswith(COSTLY_FORMS) or any(path == one or path.startswith(f"{one}/") for one in COSTLY)


def policy_header(standings: Sequence[Standing]) -> str:
    """Return the value of ``RateLimit-Policy``: quota (q) and window in seconds (w) of each policy."""
    return ", ".join(f'"{one.policy.name}";q={one.policy.quota};w={one.policy.seconds}' for one in standings)


def limit_header(standings: Sequence[Standing]) -> str:
    """Return the value of ``RateLimit``: what remains (r), and in how many seconds the window is over (t)."""
    return ", ".join(f'"{one.policy.name}";r={one.remaining};t={one.wait}' for one in standings)


def _refusal(caller: Caller, standing: Standing) -> Problem:
    whose = "from your address" if caller.kind == "address" else "with your token"
    is_of_costly = standing.policy.name.startswith("costly")
    costly = "costly requests (exports, feeds, harvests, whole facets)" if is_of_costly else "requests"
    more = (
        "Ask the library for a token: its holder is counted alone."
        if caller.kind == "address"
        else "Ask the library where you need more."
    )
    quota = f"{standing.policy.quota:,} {costly} came {whose}"
    if standing.policy.seconds < DAY:
        kind = SLOW_DOWN
        what, fix = f"{quota} within a minute.", f"Go on in {standing.wait} seconds. {more} See /v1/limits."
    else:
        until = clock.iso(datetime.fromtimestamp(standing.ends, UTC))
        kind = DAILY_QUOTA
        what, fix = (
            f"{quota} within a day, which is all there may be until {until}.",
            f"Go on then. {more} See /v1/limits.",
        )
    error = ProblemError(parameter="request", detail=what, fix=fix)
    return named_problem(kind, detail=f"{what} {fix}", errors=[error])
