"""A web service behind HTTP: strict as the real one, noting every request, with faults on the requests one names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harvesters.demo.loopback import Request, Response
from tests.repository.faults import Fault
from tests.repository.server import RepositoryServer

JSON = (("Content-Type", "application/json"),)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
XML = (("Content-Type", "application/xml"),)


class ServiceServer(RepositoryServer):
    """A service at a path of its own; subclasses answer."""

    def spoil(self, fault: Fault, *, when: Callable[[Request], bool] = lambda _: True, times: int | None = 1) -> None:
        """Let a fault spoil the next ``times`` answers to requests that ``when`` names; ``None``: all of them."""
        left = times

        def apply(request: Request, response: Response) -> Response:
            nonlocal left
            if left == 0 or not when(request):
                return response
            left = None if left is None else left - 1
            return fault(request, response)

        self.faults.add(apply, times=None)

    def asked(self, name: str) -> list[str | None]:
        """Return what each request so far had as an argument."""
        return [request.argument(name) for request in self.requests]


def json_response(value: Any, *, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(status=status, headers=JSON, body=json.dumps(value, ensure_ascii=False).encode())
