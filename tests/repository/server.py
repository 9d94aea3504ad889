"""Serve an OAI-PMH application, note every request, and let faults spoil the answers."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from harvesters.demo.loopback import LoopbackServer, Request, Response, compressed
from tests.repository.faults import Faults

ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">'
)
RESPONSE_DATE = "2026-11-01T00:00:00Z"


def envelope(url: str, body: str) -> bytes:
    """Wrap an answer's body as OAI-PMH does."""
    head = f"<responseDate>{RESPONSE_DATE}</responseDate><request>{escape(url)}</request>"
    return f"{ROOT}{head}{body}</OAI-PMH>".encode()


def error(url: str, code: str, message: str = "") -> Response:
    """Answer with an OAI-PMH error."""
    return Response(body=envelope(url, f'<error code="{code}">{escape(message)}</error>'))


class RepositoryServer(ABC):
    """Any repository behind HTTP at ``/oai``; subclasses answer, this notes the requests and applies the faults.

    ``requests`` holds every request in order of arrival, those that a fault spoiled too. ``gzip`` answers compressed
    where the client allows it; off by default, so that tests see recorded bytes.
    """

    path = "/oai"

    def __init__(self, *, port: int = 0, gzip: bool = False) -> None:
        self.requests: list[Request] = []
        self.faults = Faults()
        self._gzip = gzip
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._serve, port=port)

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """Answer as a repository without faults does."""

    @property
    def url(self) -> str:
        """The base URL; only while it runs."""
        return self._server.url + self.path

    @property
    def verbs(self) -> list[str]:
        """The verbs asked for so far, in order."""
        return [request.argument("verb") or "" for request in self.requests]

    def _serve(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            response = self.answer(request)
            spoiled = self.faults.apply(request, response)
        return compressed(request, spoiled) if self._gzip else spoiled

    def start(self) -> Self:
        """Begin to serve."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving and wait for the threads."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
