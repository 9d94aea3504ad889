"""What was answered, counted by all processes that serve one library, in memory that they share.

A process writes cells of its own and reads those of all, so that whichever is asked tells the sum. One that takes the
place of another goes on from its cells: sums never go back, nothing is left behind, and there are no files to clear.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

#: Upper bounds of the latencies' buckets, in seconds; what took longer is in one more.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: Where no route answered: an address that there is none for, or a request that was refused before.
UNMATCHED = "unmatched"
Event = Literal["search_cut_off", "given_up"]
_EVENTS: tuple[Event, ...] = get_args(Event)
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
#: Statuses that are counted by themselves as well.
_TOLD_APART = (429, 503)
_MOST_ROUTES = 256
_PID, _IN_FLIGHT, _FIRST_EVENT = 0, 1, 2
_FIRST_STATUS = _FIRST_EVENT + len(_EVENTS)
_FIRST_ROUTE = _FIRST_STATUS + len(_TOLD_APART)
_CELLS_OF_CLASS = len(BUCKETS) + 2
_CELLS_OF_ROUTE = _CELLS_OF_CLASS * len(_CLASSES)
_CELLS = _FIRST_ROUTE + (_MOST_ROUTES + 1) * _CELLS_OF_ROUTE
_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """How long answers of one route and class of status took; ``counts`` by bucket, not added up."""

    route: str
    status: str
    counts: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums over all processes."""

    in_flight: int
    events: dict[str, int]
    statuses: dict[str, int]
    latencies: list[Latencies]


class Tally:
    """Counts for ``processes`` processes: made before they begin, and each then takes a ``place`` of its own."""

    def __init__(self, processes: int = 1) -> None:
        self._memory = mmap.mmap(-1, processes * _CELLS * _BYTES)
        self._cells = memoryview(self._memory).cast("d")
        self._processes = processes
        self._lock = threading.Lock()
        self._routes: dict[str, int] = {}
        self._start = 0
        self.take_place(0)

    def take_place(self, place: int) -> None:
        """Count for the place's process from now on, after one that may have died in the middle of requests."""
        self._lock = threading.Lock()  # of a fork, which may hold what no thread here will ever let go
        self._start = place * _CELLS
        self._cells[self._start + _PID] = os.getpid()
        self._cells[self._start + _IN_FLIGHT] = 0

    def name_routes(self, templates: Sequence[str]) -> None:
        """Say which routes there are; all processes must say the same. Others count as unmatched."""
        self._routes = {name: number for number, name in enumerate(sorted(set(templates))[:_MOST_ROUTES], start=1)}

    def route_of(self, template: str | None, path: str) -> str:
        """Return the route to count a request for: its template, or its path where that is a template itself."""
        return next((one for one in (template, path) if one in self._routes and one is not None), UNMATCHED)

    def begin(self) -> None:
        """Count a request that came."""
        self._add(_IN_FLIGHT, 1)

    def end(self) -> None:
        """Count off a request that is over."""
        self._add(_IN_FLIGHT, -1)

    def count(self, event: Event) -> None:
        """Count something that happened."""
        self._add(_FIRST_EVENT + _EVENTS.index(event), 1)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer that began after so many seconds."""
        kind = min(max(status // 100, 1), len(_CLASSES)) - 1
        first = _FIRST_ROUTE + self._routes.get(route, 0) * _CELLS_OF_ROUTE + kind * _CELLS_OF_CLASS
        bucket = next((at for at, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        self._add(first + bucket, 1)
        self._add(first + len(BUCKETS) + 1, seconds)
        if status in _TOLD_APART:
            self._add(_FIRST_STATUS + _TOLD_APART.index(status), 1)

    def _add(self, cell: int, amount: float) -> None:
        with self._lock:
            self._cells[self._start + cell] += amount

    def totals(self) -> Totals:
        """Return the sums over all processes."""
        return Totals(
            in_flight=int(self._sum(_IN_FLIGHT)),
            events={name: int(self._sum(_FIRST_EVENT + at)) for at, name in enumerate(_EVENTS)},
            statuses={str(status): int(self._sum(_FIRST_STATUS + at)) for at, status in enumerate(_TOLD_APART)},
            latencies=[
                one
                for route, number in ({UNMATCHED: 0} | self._routes).items()
                for kind, status in enumerate(_CLASSES)
                if (one := self._latencies(route, number, kind, status)) is not None
            ],
        )

    def pids(self) -> dict[int, int]:
        """Return the processes that count, by place."""
        told = {place: int(self._cells[place * _CELLS + _PID]) for place in range(self._processes)}
        return {place: pid for place, pid in told.items() if pid}

    def _latencies(self, route: str, number: int, kind: int, status: str) -> Latencies | None:
        first = _FIRST_ROUTE + number * _CELLS_OF_ROUTE + kind * _CELLS_OF_CLASS
        counts = tuple(int(self._sum(first + at)) for at in range(len(BUCKETS) + 1))
        if not any(counts):
            return None
        return Latencies(route=route, status=status, counts=counts, seconds=self._sum(first + len(BUCKETS) + 1))

    def _sum(self, cell: int) -> float:
        return sum(self._cells[place * _CELLS + cell] for place in range(self._processes))
