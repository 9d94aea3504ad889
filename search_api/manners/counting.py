"""Counting requests in fixed windows, in this process' memory, which is bounded however many ask."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

#: Windows that are kept at most, about 200 bytes each.
MOST_WINDOWS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """So many requests (``quota``) within so many ``seconds``."""

    name: str
    quota: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a client stands with a policy; ``ends`` is when its window is over, in seconds of the counter's clock."""

    policy: Policy
    used: int
    ends: float
    now: float

    @property
    def remaining(self) -> int:
        """Return how many requests are left in the window."""
        return max(self.policy.quota - self.used, 0)

    @property
    def wait(self) -> int:
        """Return in how many whole seconds the window is over, 1 at least."""
        return max(math.ceil(self.ends - self.now), 1)


@dataclass(slots=True)
class _Window:
    used: int
    ends: float


class Windows:
    """The windows of all clients; each begins with a client's first request. Thread-safe; ``clock`` tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.time, most: int = MOST_WINDOWS) -> None:
        self._clock, self._most = clock, most
        self._windows: dict[tuple[str, str], _Window] = {}
        self._lock = threading.Lock()

    def take(self, client: str, policies: Sequence[Policy]) -> tuple[list[Standing], bool]:
        """Count a request against all policies, or against none where one is used up already.

        Returns how the client stands, and whether the request was counted.
        """
        now = self._clock()
        with self._lock:
            windows = [self._window(client, policy, now) for policy in policies]
            may = all(window.used < policy.quota for window, policy in zip(windows, policies, strict=True))
            for window in windows if may else ():
                window.used += 1
            return _standings(policies, windows, now), may

    def look(self, client: str, policies: Sequence[Policy]) -> list[Standing]:
        """Return how a client stands, without counting anything."""
        now = self._clock()
        with self._lock:
            return _standings(policies, [self._window(client, policy, now, keep=False) for policy in policies], now)

    def _window(self, client: str, policy: Policy, now: float, *, keep: bool = True) -> _Window:
        key = (client, policy.name)
        window = self._windows.get(key)
        # A window that ends too far ahead began before the clock was set back.
        if window is not None and now < window.ends <= now + policy.seconds:
            return window
        window = _Window(0, now + policy.seconds)
        if keep:
            self._windows.pop(key, None)
            if len(self._windows) >= self._most:
                self._make_room(now)
            self._windows[key] = window
        return window

    def _make_room(self, now: float) -> None:
        """Forget what is over; where that is not enough, the oldest tenth: those clients begin anew."""
        self._windows = {key: window for key, window in self._windows.items() if window.ends > now}
        surplus = len(self._windows) - self._most + self._most // 10
        for key in list(islice(self._windows, max(surplus, 0))):
            del self._windows[key]


def _standings(policies: Sequence[Policy], windows: Sequence[_Window], now: float) -> list[Standing]:
    return [
        Standing(policy=policy, used=window.used, ends=window.ends, now=now)
        for policy, window in zip(policies, windows, strict=True)
    ]
