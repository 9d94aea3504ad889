"""Nodes that misbehave: real HTTP on loopback, before a real server."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract.conftest import SERVERS, address_of


@pytest.fixture(scope="module", params=list(SERVERS.values()), ids=list(SERVERS))
def elasticsearch_url(request: pytest.FixtureRequest) -> str:
    """Each version of the server in turn."""
    return address_of(request.param)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    body: bytes

    @property
    def is_bulk(self) -> bool:
        return "/_bulk" in self.path


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer that does not come from the server."""

    status: int
    body: Any
    content_type: str = "application/json"


@dataclass(kw_only=True)
class Meddling:
    """What stands before the server: ``instead`` of asking it, or to ``lose`` its answer after it has done its work."""

    instead: Callable[[Asked], Said | None] = lambda _: None
    lose: Callable[[Asked], bool] = lambda _: False
    asked: list[Asked] = field(default_factory=list)

    @property
    def bulks(self) -> list[Asked]:
        return [one for one in self.asked if one.is_bulk]


def error(status: int, kind: str, reason: str) -> Said:
    """Say no as Elasticsearch does."""
    told = {"type": kind, "reason": reason}
    return Said(status=status, body={"error": {"root_cause": [told], **told}, "status": status})


@contextlib.contextmanager
def node_before(url: str, meddling: Meddling, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on loopback before a server; give the address."""
    target = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = Asked(method=self.command, path=self.path, body=body)
            meddling.asked.append(asked)
            said = meddling.instead(asked)
            if said is not None:
                content = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
                self.answer(said.status, said.content_type, content)
                return
            upstream = http.client.HTTPConnection(str(target.hostname), target.port, timeout=30)
            with contextlib.closing(upstream):
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                content = answer.read()
            if meddling.lose(asked):
                self.close_connection = True
                return
            self.answer(answer.status, str(answer.getheader("content-type")), content)

        def answer(self, status: int, content_type: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(content)))
            if "json" in content_type:
                self.send_header("x-elastic-product", "Elasticsearch")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def silent_node() -> Iterator[str]:
    """Take connections and answer nothing, as a process that was stopped."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def vanished_node() -> Iterator[str]:
    """Take no connection, and refuse none either, as a machine without power."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # the few that the system keeps waiting; what comes after is dropped
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def refusing_address() -> str:
    """Return an address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """An authority, a node's certificate for 127.0.0.1 signed by it, and another authority that signed nothing."""

    ca: Path
    other_ca: Path
    server: ssl.SSLContext


def make_certificates(folder: Path) -> Certificates:
    """Make what a TLS node needs, or skip where that cannot be done."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")

    def openssl(command: str) -> None:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl(f"req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}")
    openssl("req -newkey rsa:2048 -nodes -keyout node.key -out node.csr -subj /CN=node")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n", encoding="ascii")
    openssl("x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out node.pem -days 2 -extfile names")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "node.pem", folder / "node.key")
    return Certificates(ca=folder / "ca.pem", other_ca=folder / "other.pem", server=server)
