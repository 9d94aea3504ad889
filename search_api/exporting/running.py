"""How many whole results are being exported: each keeps the index busy, so that only a few may at a time."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator

MOST = 4
#: A transfer that has not moved for so long was left by its reader, who need not say so.
STALLED_SECONDS = 60.0


class Running:
    """The exports that run; thread-safe. ``clock`` tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = itertools.count()
        self._moved: dict[int, float] = {}
        self._lock = threading.Lock()

    def begin(self) -> int | None:
        """Return a number for an export that may begin, or ``None`` where too many are running."""
        now = self._clock()
        with self._lock:
            self._moved = {one: moved for one, moved in self._moved.items() if now - moved < STALLED_SECONDS}
            if len(self._moved) >= MOST:
                return None
            number = next(self._numbers)
            self._moved[number] = now
            return number

    def end(self, number: int) -> None:
        """Forget an export that is over; a second time does no harm."""
        with self._lock:
            self._moved.pop(number, None)

    def watch(self, number: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pass an export's pieces on; it is over when they end, break off, or nobody wants them any more."""
        try:
            for piece in pieces:
                with self._lock:
                    self._moved[number] = self._clock()
                yield piece
        finally:
            self.end(number)
