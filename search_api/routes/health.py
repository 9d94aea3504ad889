"""Is the process alive, and can it answer?"""

from __future__ import annotations

import threading
from typing import Annotated, cast

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from indexer.errors import IndexerError
from search_api.deps import OrjsonResponse, StrictParameters
from search_api.library import Library
from search_api.probing import Probe
from search_api.problems import Problem
from search_api.schemas import HealthOut

#: How long a check may take; proxies ask every few seconds, and wait as long.
_PATIENCE_SECONDS = 3.0
#: How long its answer is kept: a readiness that is asked for by many costs store and index no more than by one.
_KEPT_SECONDS = 1.0
_SILENT = "It does not answer in time. See that it runs, and what it is busy with."
router = APIRouter(tags=["service"])
_log = structlog.get_logger()


class Readiness:
    """Whether requests can be answered; set ``stopping`` where they are soon not any more."""

    def __init__(self, library: Library) -> None:
        self.stopping = threading.Event()
        self._library = library
        self._checks: dict[str, Probe[object]] = {
            "store": Probe(library.store.feed.horizon, kept_seconds=_KEPT_SECONDS),
            "index": Probe(self._look_at_index, kept_seconds=_KEPT_SECONDS),
        }

    def _look_at_index(self) -> object:
        return self._library.index.stats()

    async def check(self) -> dict[str, str]:
        """Return what each part is, ``ok`` or what to do; none may take long."""
        return {name: await self._check(name, probe) for name, probe in self._checks.items()}

    async def _check(self, name: str, probe: Probe[object]) -> str:
        try:
            await probe.ask(_PATIENCE_SECONDS)
        except TimeoutError:
            _log.warning("not_ready", check=name, error="no answer in time")
            return _SILENT
        except IndexerError as error:
            _log.warning("not_ready", check=name, error=str(error))
            return error.remedy  # the cause names folders and hosts: it is in the log
        return "ok"


async def _readiness(request: Request) -> Readiness:
    return cast(Readiness, request.app.state.readiness)


@router.get(
    "/health",
    summary="Alive",
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={200: {"model": HealthOut}, 400: {"model": Problem}},
)
async def health() -> Response:
    """Answer as long as the process lives, without a thread: all of them may be waiting for a server that hangs."""
    return OrjsonResponse({"status": "ok", "checks": {}})


@router.get(
    "/ready",
    summary="Ready",
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={200: {"model": HealthOut}, 400: {"model": Problem}, 503: {"model": HealthOut}},
)
async def ready(readiness: Annotated[Readiness, Depends(_readiness)]) -> Response:
    """Answer 200 when store and search index can be used, else 503 with the reason; 503 as well before it stops."""
    if readiness.stopping.is_set():
        return OrjsonResponse({"status": "stopping", "checks": {}}, status_code=503)
    checks = await readiness.check()
    well = all(said == "ok" for said in checks.values())
    return OrjsonResponse(
        {"status": "ok" if well else "unavailable", "checks": checks}, status_code=200 if well else 503
    )
