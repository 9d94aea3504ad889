"""Politeness per host: a least time between requests, shared by every source on the host."""

from __future__ import annotations

import threading
import time

from harvesters.errors import StoppedError


class Pace:
    """Keep requests to each host apart and one at a time; waiting ends at once when ``stop`` is set."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, seconds: float) -> None:
        """Wait until the host may be asked again; raise ``StoppedError`` if asked to stop meanwhile."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next.get(host, now))
            self._next[host] = start + seconds
        self.sleep(start - now)

    def sleep(self, seconds: float) -> None:
        """Sleep, but wake and raise ``StoppedError`` when asked to stop."""
        if self.stop.wait(max(seconds, 0.0)) if seconds > 0 else self.stop.is_set():
            raise StoppedError("The harvest was asked to stop. It goes on from here next time.")
