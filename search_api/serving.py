"""Serve a library over HTTP with uvicorn, on a socket bound beforehand so that a taken port is a clear message.

Told to stop (SIGTERM, Ctrl-C), a server says so at ``/ready`` first and goes on answering for ``drain_seconds``, so
that a proxy sends nobody any more; then it accepts nobody, and what is being answered has some seconds to end. Told a
second time, it stops at once.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from search_api.app import make_app, make_probe_app
from search_api.errors import PortTakenError
from search_api.library import Library
from search_api.logs import say
from search_api.manners.connections import Connection
from search_api.tally import Tally

#: For what is being answered when nobody is accepted any more.
SHUTDOWN_SECONDS = 5
#: For closing, once all is answered or given up: a thread that waits for a server that hangs would keep the process.
CLOSING_SECONDS = 3.0
_AT_ONCE_SECONDS = 1.0
_log = structlog.get_logger()


def bind(host: str, port: int) -> socket.socket:
    """Bind the address to serve on; raise ``PortTakenError`` where that is impossible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only where TCP is named; else each answer on a kept connection waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"Cannot serve on {host}:{port}: {error.strerror}. Choose another --port, or stop what uses it."
        ) from error
    return listener


def address(listener: socket.socket) -> str:
    """Return the address that readers open."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """Tells where it serves once it does: Ctrl-C then finds uvicorn's own way to stop, not a moment between.

    ``told_once``: a supervisor tells it, and whoever tells that again tells it to kill.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        app: FastAPI,
        *,
        drain_seconds: float,
        told_once: bool,
        closing_seconds: float | None,
        what: str,
    ) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._told_once = told_once
        self._closing_seconds = closing_seconds
        self._what = what
        self._stop_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then tell it."""
        await super().startup(sockets)
        for one in sockets or ():
            say("serving", f"{self._what} at {address(one)} (Ctrl-C stops)", what=self._what, address=address(one))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; at once, where told before."""
        del frame
        self._captured_signals.append(sig)
        if self._stop_at is None:
            self.begin_to_stop()
        elif not self._told_once:
            self.should_exit = self.force_exit = True
            if self._closing_seconds is not None:
                end_within(_AT_ONCE_SECONDS)

    def begin_to_stop(self) -> None:
        """Say so at ``/ready``, and stop when the proxies have seen it."""
        self._app.state.readiness.stopping.set()
        self._stop_at = time.monotonic() + self._drain_seconds
        if not self._drain_seconds:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether it is time to stop."""
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody any more, and give what is being answered its time; what goes on then has its connection cut.

        A download that is cut lacks its last chunk, by which clients know that it is not whole.
        """
        if self._closing_seconds is not None:
            end_within(SHUTDOWN_SECONDS + self._closing_seconds)
        await super().shutdown(sockets)


def make_server(
    library: Library,
    connection: type[Connection] = Connection,
    *,
    tally: Tally | None = None,
    told_once: bool = False,
    closing_seconds: float | None = None,
) -> Server:
    """Return a server of the library's application; access lines are ours, uvicorn's would name readers' queries.

    ``closing_seconds``: the process ends with it, so long after it at the latest.
    """
    return _server(
        make_app(library, tally=tally),
        connection,
        drain_seconds=library.settings.drain_seconds,
        told_once=told_once,
        closing_seconds=closing_seconds,
    )


def _server(
    app: FastAPI,
    connection: type[Connection],
    *,
    drain_seconds: float,
    told_once: bool = False,
    closing_seconds: float | None = None,
    what: str = "Search",
) -> Server:
    config = uvicorn.Config(
        app,
        log_config=None,  # its lines are ours: search_api/logs.py
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # whom to believe is a setting of ours: search_api/manners/forwarded.py
        http=connection,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return Server(
        config, app, drain_seconds=drain_seconds, told_once=told_once, closing_seconds=closing_seconds, what=what
    )


@contextlib.contextmanager
def watched(library: Library, host: str, port: int) -> Iterator[None]:
    """Let operators ask how a process is that answers nobody else, at an address of its own, while the block runs."""
    with bind(host, port) as listener:
        server = _server(make_probe_app(library), Connection, drain_seconds=0.0, what="Metrics")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(SHUTDOWN_SECONDS)


def serve_library(library: Library, host: str, port: int) -> None:
    """Serve until stopped."""
    with bind(host, port) as listener, until_interrupted():
        run_server(make_server(library, closing_seconds=CLOSING_SECONDS), listener)


def run_server(server: Server, listener: socket.socket) -> None:
    """Run a server until it is told to stop."""
    gc.collect()
    gc.freeze()  # what is loaded stays, and need not be looked through again with every other thousand objects
    server.run(sockets=[listener])


def end_within(seconds: float) -> None:
    """End the process in so many seconds, where it has not ended by then: what is stored is whole at any moment."""

    def end() -> None:
        _log.warning("ended_at_once", reason="something still waits for a server that does not answer")
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


@contextlib.contextmanager
def until_interrupted() -> Iterator[None]:
    """Run the block until Ctrl-C or SIGTERM: both are the ordinary end, and what the block has to close is closed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        yield
