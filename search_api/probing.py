"""Ask what may hang without hanging: in a thread of its own, one question at a time, and for a bounded time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Probe(Generic[_T]):
    """One question that is asked again and again; its answer is kept for ``kept_seconds``.

    Where it is still being asked, nobody asks it once more: however many want to know, it takes one thread. The thread
    dies with the process and keeps none alive.
    """

    def __init__(self, look: Callable[[], _T], *, kept_seconds: float) -> None:
        self._look = look
        self._kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._asked: Future[tuple[_T | None, Exception | None]] | None = None
        self._answered = 0.0

    async def ask(self, seconds: float) -> _T:
        """Return the answer; raise what asking raised, or ``TimeoutError`` where there is none in so many seconds."""
        asked = asyncio.wrap_future(self._begun())
        done, _ = await asyncio.wait({asked}, timeout=seconds)
        if not done:
            raise TimeoutError
        answer, error = asked.result()
        if error is not None:
            raise error
        return answer  # type: ignore[return-value]  # without an error there is one

    def _begun(self) -> Future[tuple[_T | None, Exception | None]]:
        with self._lock:
            asked = self._asked
            if asked is None or (asked.done() and time.monotonic() - self._answered >= self._kept_seconds):
                asked = self._asked = Future()
                threading.Thread(target=self._answer, args=(asked,), name="probe", daemon=True).start()
            return asked

    def _answer(self, asked: Future[tuple[_T | None, Exception | None]]) -> None:
        try:
            answer: tuple[_T | None, Exception | None] = self._look(), None
        except Exception as error:  # noqa: BLE001  # whatever it is, whoever asked is told
            answer = None, error
        self._answered = time.monotonic()
        asked.set_result(answer)
