"""States of the index that somebody is paging through: kept for a while, so that their pages fit together."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

#: How many states are kept, and how long after the last page from one; each holds the files of its segments.
MOST_KEPT = 16
KEPT_SECONDS = 600.0

_State = TypeVar("_State")


class Snapshots(Generic[_State]):
    """States by name; the one that was unused for the longest time goes first. Safe between threads."""

    def __init__(
        self, most: int = MOST_KEPT, seconds: float = KEPT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[_State, float]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, name: str, state: _State) -> None:
        """Keep a state, or keep it longer; let go of those that nobody asked for of late."""
        now = self._clock()
        with self._lock:
            self._kept[name] = (state, now)
            self._kept.move_to_end(name)
            while len(self._kept) > self._most or next(iter(self._kept.values()))[1] < now - self._seconds:
                self._kept.popitem(last=False)

    def find(self, name: str) -> _State | None:
        """Return a kept state, or ``None``."""
        with self._lock:
            kept = self._kept.get(name)
        return kept[0] if kept and kept[1] >= self._clock() - self._seconds else None

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._kept.clear()
