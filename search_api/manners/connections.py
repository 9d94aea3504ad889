"""One connection: uvicorn's HTTP/1.1 by h11, with bounds for clients that send slowly, without end, or no HTTP.

uvicorn waits for the rest of a request for as long as it may take, and reads on where a request was refused; some
hundred connections that send a byte now and then would hold all that a process may have open (slowloris).
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Of a whole request, head and body; no body that is read is longer than an eighth of it.
MOST_BYTES = 4 * 1024 * 1024
_TITLES = {400: "Not HTTP", 408: "Too slow"}
_BAD = "The request is no HTTP/1.1 that can be read. Send ASCII in its lines (percent-encode the rest), and one Host."
_SLOW = "The request was not here as a whole within {seconds:g} seconds. Send it again."


class Connection(H11Protocol):
    """Closes itself where a request takes too long to come, or does not end; what is no HTTP is a problem document."""

    seconds: ClassVar[float] = 60
    _deadline: asyncio.TimerHandle | None = None
    _taken = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._taken += len(data)
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Go on to the next request, where this one is here as a whole."""
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        del msg  # ours says what to do
        self._refuse(400, _BAD)

    def _look(self) -> None:
        state = self.conn.their_state
        is_begun = state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))
        if not is_begun:  # between two requests uvicorn's own patience (timeout_keep_alive) holds
            self._stop()
        elif self._taken > MOST_BYTES:
            self.transport.close()
        else:
            self._wait()

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self._give_up)

    def _stop(self) -> None:
        self._taken = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, _SLOW.format(seconds=self.seconds))
        else:  # nothing was asked, or somebody answers who will hear that the client has gone
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.transport.is_closing():
            problem = {"type": "about:blank", "title": _TITLES[status], "status": status, "detail": detail}
            body = orjson.dumps({**problem, "errors": [], "request_id": None})
            headers = [
                ("Content-Type", "application/problem+json"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("Connection", "close"),
            ]
            for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
