"""Answer in bounded time, whatever store or index do: who waits for a server that hangs is told to come again.

What was asked goes on in its thread until the server answers or its connection breaks; nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger()
#: Beyond what a search may take: for the cards of what it found, and for waiting for a free thread.
SPARE_SECONDS = 10.0
#: Of the librarians' changes, which may be about thousands of works.
CHANGE_SECONDS = 300.0
_CHANGES = "/v1/desk"


class Deadline:
    """Let ``refuse`` answer where an answer has not begun in ``seconds``; changes have longer."""

    def __init__(self, app: ASGIApp, seconds: float, refuse: Callable[[Scope], ASGIApp]) -> None:
        self._app = app
        self._seconds = seconds
        self._refuse = refuse
        self._left: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun, is_late = asyncio.Event(), False

        async def watched(message: Message) -> None:
            if not is_late:
                is_begun.set()
                await send(message)

        answer = asyncio.ensure_future(self._app(scope, receive, watched))
        try:
            await asyncio.wait({answer}, timeout=self._allowed(scope))
            if answer.done() or is_begun.is_set():
                await answer
                return
        except asyncio.CancelledError:  # this server stops and waits no longer
            answer.cancel()
            if is_begun.is_set():
                raise
        is_late = True
        self._leave(answer)
        await self._refuse(scope)(scope, receive, send)

    def _allowed(self, scope: Scope) -> float:
        is_change = scope["method"] != "GET" and scope["path"].startswith(_CHANGES)
        return CHANGE_SECONDS if is_change else self._seconds

    def _leave(self, answer: asyncio.Future[None]) -> None:
        """Keep what goes on from being collected, and take note of how it ends."""
        self._left.add(answer)

        def ended(future: asyncio.Future[None]) -> None:
            self._left.discard(future)
            error = None if future.cancelled() else future.exception()
            _log.info("late_answer_ended", error=None if error is None else type(error).__name__)

        answer.add_done_callback(ended)
