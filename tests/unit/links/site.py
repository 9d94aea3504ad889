"""A site on loopback that answers as sites do: well, oddly, slowly, wrongly."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_HTML = "text/html; charset=utf-8"


class Site:
    """What the site was asked, in order; ``url`` is where it is, without a slash at its end."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.at: list[float] = []
        self.stopping = threading.Event()
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self.changed: dict[str, int] = {}
        self._server = _Server(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def netloc(self) -> str:
        return self.url.removeprefix("http://")

    def note(self, method: str, path: str) -> None:
        with self._lock:
            self.asked.append((method, path))
            self.at.append(time.monotonic())

    def pause(self) -> None:
        """Keep a client waiting, and count how many wait at once; over before it is answered and may ask again."""
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.03)
        with self._lock:
            self._now -= 1

    def methods(self, path: str) -> list[str]:
        return [method for method, asked in self.asked if asked == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, site: Site) -> None:
        self.site = site
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of this site hang up as they like."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Stay silent."""

    def _serve(self) -> None:
        site, name = self.server.site, self.path.partition("?")[0].strip("/")
        site.note(self.command, self.path)
        with contextlib.suppress(ConnectionError):
            if name in site.changed:
                self._plain(site.changed[name])
            else:
                getattr(self, f"_{name.replace('-', '_').partition('/')[0]}", self._ok)()

    def _plain(self, status: int, body: bytes = b"<title>An article</title>", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", _HTML)
        self.send_header("Content-Length", str(len(body)))
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _ok(self) -> None:
        self._plain(200)

    def _missing(self) -> None:
        self._plain(404)

    def _gone(self) -> None:
        self._plain(410)

    def _no_head(self) -> None:
        self._plain(200 if self.command == "GET" else 403)

    def _head_405(self) -> None:
        self._plain(200 if self.command == "GET" else 405)

    def _head_404(self) -> None:
        self._plain(200 if self.command == "GET" else 404)

    def _head_reset(self) -> None:
        if self.command == "HEAD":
            self._reset()
        else:
            self._plain(200)

    def _no_ranges(self) -> None:
        self._plain(416 if self.command == "GET" else 501)

    def _forbidden(self) -> None:
        self._plain(403)

    def _login(self) -> None:
        self._plain(401)

    def _broken(self) -> None:
        self._plain(500)

    def _busy(self) -> None:
        self._plain(429, Retry_After="60")

    def _circle(self) -> None:
        self._plain(302, Location=self.path)

    def _onward(self) -> None:
        number = int(self.path.rpartition("/")[2])
        self._plain(302, Location=f"/onward/{number + 1}")

    def _moved(self) -> None:
        self._plain(301, Location="/ok")

    def _to_front(self) -> None:
        self._plain(302, Location="/")

    def _to_chinese(self) -> None:
        self.send_response(302)
        self.wfile.write("HTTP/1.1 302 Found\r\nLocation: /论文 1?题=甲\r\nContent-Length: 0\r\n\r\n".encode())

    def _needs_cookie(self) -> None:
        if "seen=1" in self.headers.get("Cookie", ""):
            self._plain(200)
        else:
            self._plain(302, Location=self.path, Set_Cookie="seen=1; Path=/")

    def _to_private(self) -> None:
        self._plain(302, Location="http://169.254.169.254/latest/meta-data/")

    def _pause(self) -> None:
        self.server.site.pause()
        self._plain(200)

    def _to_pause(self) -> None:
        self._plain(302, Location=f"{self.server.site.url}/pause")

    def _to_other_port(self) -> None:
        self._plain(302, Location="http://127.0.0.1:1/")

    def _soft(self) -> None:
        self._plain(405 if self.command == "HEAD" else 200, "<html><TITLE>\n页面不存在 </title>".encode())

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _slow(self) -> None:
        self.server.site.stopping.wait(60)

    def _trickle(self) -> None:
        """Headers that never end: each byte in time, the whole never."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self.server.site.stopping.wait(0.05):
            self.wfile.write(b"x")

    def _huge(self) -> None:
        self._endless(itertools.repeat(b"x" * 65536), 0)

    def _never_ends(self) -> None:
        self._endless(itertools.repeat(b"x"), 0.05)

    def _endless(self, pieces: Iterator[bytes], pause: float) -> None:
        self.send_response(405 if self.command == "HEAD" else 200)
        self.end_headers()
        if self.command == "GET":
            for piece in pieces:
                if self.server.site.stopping.wait(pause):
                    return
                self.wfile.write(piece)

    def _garbage(self) -> None:
        self.wfile.write(b"\0\0 no protocol at all\r\n\r\n")
