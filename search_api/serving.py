"""Serve a library over HTTP with uvicorn, on a socket bound beforehand so that a taken port is a clear message."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Iterable, Iterator

import click
import structlog
import uvicorn

from search_api.app import make_app
from search_api.errors import KaijuanError, PortTakenError
from search_api.library import Library, open_library
from search_api.manners.connections import Connection
from search_api.settings import Settings

_SHUTDOWN_SECONDS = 5


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


class _Server(uvicorn.Server):
    """Tells where it serves once it does: Ctrl-C then finds uvicorn's own way to stop, not a moment between."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then tell it."""
        await super().startup(sockets)
        for one in sockets or ():
            click.echo(f"Search at {address(one)} (Ctrl-C stops)", err=True)


def make_server(library: Library, connection: type[Connection] = Connection) -> uvicorn.Server:
    """Return a server of the library's application; access lines are not logged, they would name readers' queries."""
    config = uvicorn.Config(
        make_app(library),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # whom to believe is a setting of ours: search_api/manners/forwarded.py
        http=connection,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return _Server(config)


def serve_library(library: Library, host: str, port: int) -> None:
    """Serve until stopped."""
    with bind(host, port) as listener, until_interrupted():
        _run(library, listener)


def serve_by_processes(settings: Settings, host: str, port: int, processes: int) -> None:
    """Serve by several processes that accept from one socket, until stopped; each opens the library for itself.

    Python computes in one thread of a process at a time: with more processes more cores answer.

    Raises:
        KaijuanError: a process ended by itself; the others were stopped.
    """
    with open_library(settings):  # made, migrated, or refused with one message, before there are several
        pass
    with bind(host, port) as listener:
        children: set[int] = set()
        ended = 0
        with until_interrupted():
            for _ in range(processes):
                children.add(_fork(settings, listener))
            ended, _ = os.wait()
        _stop(children - {ended})
    if ended:
        raise KaijuanError("A serving process ended by itself; the others were stopped. See the log; serve again.")


def _fork(settings: Settings, listener: socket.socket) -> int:
    """Begin a serving process and return its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        with open_library(settings) as library, until_interrupted():
            _run(library, listener)
        status = 0
    except Exception:  # noqa: BLE001  # it must end here, and not go on as its parent
        structlog.get_logger().exception("serving_process_failed")
    finally:
        os._exit(status)


def _stop(children: Iterable[int]) -> None:
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in children:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _run(library: Library, listener: socket.socket) -> None:
    server = make_server(library)
    gc.collect()
    gc.freeze()  # what is loaded stays, and need not be looked through again with every other thousand objects
    server.run(sockets=[listener])


@contextlib.contextmanager
def until_interrupted() -> Iterator[None]:
    """Run the block until Ctrl-C or SIGTERM: both are the ordinary end, and what the block has to close is closed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        yield
