"""A real server on loopback, and a client that sends it whatever bytes a test wants."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from search_api.library import Library
from search_api.manners.connections import Connection
from search_api.serving import bind, make_server
from search_api.settings import Limits

#: So that no test waits for ever; nothing is measured by it.
_PATIENCE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer; ``headers`` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's values."""
        return json.loads(self.body)


class Wire:
    """Sends bytes to a server and reads the answers."""

    def __init__(self, port: int) -> None:
        self._port = port

    def open(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)

    def send(self, *pieces: bytes) -> list[Answer]:
        """Send pieces on a connection of its own, and return every answer until the server closes it."""
        with self.open() as connection:
            self.push(connection, pieces)
            return self.read(connection)

    def ask(self, target: str, *headers: str, method: str = "GET", body: bytes = b"") -> Answer:
        """Send one request; the target stands in it as it is, in Latin-1."""
        length = (f"Content-Length: {len(body)}",) if body else ()
        head = (f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", *length, *headers)
        (answer,) = self.send("\r\n".join((*head, "", "")).encode("latin-1") + body)
        return answer

    def push(self, connection: socket.socket, pieces: Iterable[bytes]) -> int:
        """Send pieces as long as the server takes them; return how many bytes it took."""
        taken = 0
        try:
            for piece in pieces:
                connection.sendall(piece)
                taken += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return taken

    def read(self, connection: socket.socket) -> list[Answer]:
        """Return every answer until the server closes the connection."""
        received = b""
        try:
            while piece := connection.recv(1 << 16):
                received += piece
        except ConnectionResetError:  # closed while we were still sending
            pass
        return list(_answers(received))


def _answers(received: bytes) -> Iterator[Answer]:
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", len(received)))
        yield Answer(status=int(first.split()[1]), headers=headers, body=received[:size])
        received = received[size:]


@contextmanager
def served(library: Library, connection: type[Connection] = Connection) -> Iterator[Wire]:
    """Serve a library without limits by address, as the command does."""
    limits = Limits(**dict.fromkeys(Limits.model_fields, 0))
    unlimited = Library(library.settings.model_copy(update={"limits": limits}), library.store)
    server = make_server(unlimited, connection)
    with bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield Wire(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
            unlimited.close_index()
