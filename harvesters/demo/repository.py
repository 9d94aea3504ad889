"""Serve the three demonstration repositories over HTTP on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from harvesters.demo.doaj import DoajRepository
from harvesters.demo.holdings import Repository
from harvesters.demo.loopback import LoopbackServer, Request, Response, compressed
from harvesters.demo.oai import answer
from harvesters.demo.plan import works_for
from harvesters.demo.pmc import PmcRepository
from harvesters.demo.university import UniversityRepository

PRESENT = datetime(2026, 11, 1, tzinfo=UTC)
"""The demonstration's present, unless it is given another."""

_PATHS: dict[str, tuple[str, type[Repository]]] = {
    "demo-doaj": ("/doaj/oai.article", DoajRepository),
    "demo-pmc": ("/pmc/oai", PmcRepository),
    "demo-university": ("/university/oai", UniversityRepository),
}


class DemoRepositories:
    """Three OAI-PMH 2.0 repositories on one loopback port.

    ``count`` is the number of records over all three (or up to two more), tombstones included; 3,500 make 1,600 in
    DOAJ's manner, 1,000 in PMC's and 900 in a university's, about 2,900 works. The same ``count``, ``seed`` and
    ``now`` give the same bytes but for the port in ``request``. ``now`` is the repositories' clock; it stands still.
    """

    def __init__(self, count: int = 3500, seed: int = 1, now: datetime = PRESENT, *, port: int = 0) -> None:
        clock = now.astimezone(UTC).replace(microsecond=0)
        works = works_for(count)
        self.repositories: dict[str, Repository] = {
            name: kind(works=works, seed=seed, now=clock) for name, (_, kind) in _PATHS.items()
        }
        self._by_path = {path: self.repositories[name] for name, (path, _) in _PATHS.items()}
        self._server = LoopbackServer(self._serve, port=port)

    @property
    def endpoints(self) -> dict[str, str]:
        """The base URL of each repository by its name; only while they are served."""
        return {name: self._server.url + path for name, (path, _) in _PATHS.items()}

    @property
    def size(self) -> int:
        """The number of records over the three, tombstones included."""
        return sum(repository.size for repository in self.repositories.values())

    def _serve(self, request: Request) -> Response:
        repository = self._by_path.get(request.path)
        if repository is None:
            headers = (("Content-Type", "text/plain; charset=utf-8"),)
            return Response(
                status=404, headers=headers, body=b"The repositories are: " + " ".join(self._by_path).encode()
            )
        text = answer(repository, list(request.arguments), self._server.url + request.path)
        return compressed(request, Response(body=text.encode("utf-8", "replace")))

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
