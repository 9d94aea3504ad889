"""A small HTTP server on 127.0.0.1 whose answers are plain values, so that a test can spoil them.

An application is a function ``Request -> Response``. Each request runs in its own thread; :meth:`LoopbackServer.stop`
closes what is still open and waits for the threads.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

_SMALLEST_TO_COMPRESS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; ``arguments`` are those of the query string, then of a posted form, decoded once, in order."""

    method: str
    path: str
    query: str
    arguments: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def argument(self, name: str) -> str | None:
        """Return the last value of an argument."""
        return dict(self.arguments).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. An iterable body is streamed and ended by closing the connection.

    An empty piece sends nothing, not even the headers before the first byte: so a slow body can wait in short steps
    and end soon when the server stops.

    ``declared_length`` lies about the length of a body; ``reset`` breaks the connection instead of answering;
    with both, it is broken after the body.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/xml; charset=utf-8"),)
    body: bytes | Iterable[bytes] = b""
    declared_length: int | None = None
    reset: bool = False


Application = Callable[[Request], Response]
"""What a server serves."""


def compressed(request: Request, response: Response) -> Response:
    """Compress a response if the request allows gzip and it is long enough to gain."""
    body = response.body
    if "gzip" not in request.headers.get("accept-encoding", "") or not isinstance(body, bytes):
        return response
    if len(body) < _SMALLEST_TO_COMPRESS:
        return response
    headers = (*response.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    return Response(status=response.status, headers=headers, body=gzip.compress(body, compresslevel=1, mtime=0))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "loopback"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: _Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self._serve(self.rfile.read(int(length) if length.isdigit() else 0))

    def _serve(self, posted: bytes) -> None:
        parts = urlsplit(self.path)
        texts = (parts.query, posted.decode("utf-8", "replace"))
        request = Request(
            method=self.command,
            path=parts.path,
            query=parts.query,
            arguments=tuple(pair for text in texts for pair in parse_qsl(text, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        with contextlib.suppress(ConnectionError, TimeoutError):  # the client may go at any time
            self._send(self.server.application(request))

    def _send(self, response: Response) -> None:
        body = response.body
        if response.reset:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if response.declared_length is None:
                return
        self.send_response(response.status, _phrase(response.status))
        for name, value in response.headers:
            self.send_header(name, value)
        if isinstance(body, bytes):
            self._send_whole(body, response.declared_length)
        else:
            self._stream(body)

    def _send_whole(self, body: bytes, declared: int | None) -> None:
        self.send_header("Content-Length", str(len(body) if declared is None else declared))
        if declared is not None and declared != len(body):
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _stream(self, body: Iterable[bytes]) -> None:
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        for piece in body:
            if self.server.stopping.is_set():
                return
            if piece:
                self.wfile.write(piece)
                self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Stay silent: who serves the answers also knows the requests."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, port: int, application: Application) -> None:
        self.application = application
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Handle a connection, remembering it for as long as it is open."""
        if not isinstance(request, socket.socket):
            return
        with self._lock:
            self._open.add(request)
        try:
            with contextlib.suppress(ConnectionError, ValueError):
                super().finish_request(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection; one that is to be reset must not be shut down politely first."""
        if not isinstance(request, socket.socket):
            return
        lingers = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        if struct.unpack("ii", lingers)[0]:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        """End connections that clients keep alive."""
        self.stopping.set()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class LoopbackServer:
    """Serve an application on 127.0.0.1; port 0 takes a free one. Use it as a context manager, or start and stop it."""

    def __init__(self, application: Application, *, port: int = 0) -> None:
        self._application = application
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at its end; only while it runs."""
        if self._server is None:
            raise RuntimeError("The server does not run: call start() first.")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Begin to serve; a second call changes nothing."""
        if self._server is None:
            server = _Server(self._port, self._application)
            self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="loopback", daemon=True)
            self._thread.start()
            self._server = server
        return self

    def stop(self) -> None:
        """Stop serving, hang up, and wait for the threads; a second call changes nothing."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
