"""A TCP proxy in front of a server that tests share: it passes on, refuses, cuts, or holds what comes."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType
from typing import Literal, Self

Mood = Literal["passing", "refusing", "holding"]
_LOOK_SECONDS = 0.02


class Proxy:
    """Passes on to ``target``; ``refusing`` also cuts what is open, ``holding`` takes all and answers nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._mood: Mood = "passing"
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._peers: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._ended.set()
        self._thread.join()
        self._cut()
        self._listener.close()
        self._selector.close()

    def set(self, mood: Mood) -> None:
        """Behave so from now on; done when this returns."""
        with self._lock:
            self._mood = mood
            if mood == "refusing":
                self._cut()

    def _cut(self) -> None:
        for one in list(self._peers):
            self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        other = self._peers.pop(one, None)
        if other is None:  # dropped with its peer
            return
        del self._peers[other]
        for end in (one, other):
            self._selector.unregister(end)
            end.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                if self._mood == "holding":
                    self._ended.wait(_LOOK_SECONDS)
                    continue
                for key, _ in self._selector.select(_LOOK_SECONDS):
                    self._serve(key.fileobj)  # type: ignore[arg-type]  # we register sockets only

    def _serve(self, ready: socket.socket) -> None:
        if ready is self._listener:
            self._accept()
        elif ready in self._peers:
            try:
                data = ready.recv(1 << 16)
                if data:
                    self._peers[ready].sendall(data)
            except OSError:
                data = b""
            if not data:
                self._drop(ready)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._mood == "refusing":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            client.close()
            return
        server = socket.create_connection(self._target)
        self._peers |= {client: server, server: client}
        for one in (client, server):
            self._selector.register(one, selectors.EVENT_READ)
