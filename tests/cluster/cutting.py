"""A way to the cluster that loses the answer to a bulk which the server has applied."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Self

_CHUNK = 256 * 1024
#: Closes with a reset: what the client had been sent is lost to it.
_RESET = struct.pack("ii", 1, 0)


class CuttingProxy:
    """Passes bytes both ways; when told to, cuts connections when the answer to a bulk has come and was not passed."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._to_cut = 0
        self._lock = threading.Lock()
        self._is_closed = False
        self.passed = 0
        self.cuts = 0

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="cutting proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        self._listener.close()

    def cut_bulks(self, count: int) -> None:
        """Cut the connections of the next bulks."""
        with self._lock:
            self._to_cut = count

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._pass, args=(client,), name="cut connection", daemon=True).start()

    def _connect(self) -> socket.socket:
        for port in self._ports:
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=10)
        raise OSError("no node answers")

    def _pass(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), self._connect() as server, selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            is_bulk = False
            while True:
                for key, _ in ready.select():
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    chunk = source.recv(_CHUNK)
                    if not chunk:
                        return
                    if source is client:
                        first = chunk.partition(b"\r\n")[0]
                        if first.endswith(b" HTTP/1.1"):  # a request begins
                            is_bulk = b"/_bulk" in first
                            self.passed += 1
                    elif is_bulk and self._may_cut():
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                        return
                    target.sendall(chunk)

    def _may_cut(self) -> bool:
        with self._lock:
            if not self._to_cut:
                return False
            self._to_cut -= 1
            self.cuts += 1
            return True
