"""Is the process alive, and can it answer?"""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from indexer.errors import IndexerError
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.library import Library
from search_api.problems import Problem
from search_api.schemas import HealthOut

router = APIRouter(tags=["service"])
_log = structlog.get_logger()


@router.get(
    "/health",
    summary="Alive",
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={200: {"model": HealthOut}, 400: {"model": Problem}},
)
def health() -> Response:
    """Answer as long as the process lives."""
    return OrjsonResponse({"status": "ok", "checks": {}})


@router.get(
    "/ready",
    summary="Ready",
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={200: {"model": HealthOut}, 400: {"model": Problem}, 503: {"model": HealthOut}},
)
def ready(library: LibraryDep) -> Response:
    """Answer 200 when store and search index can be used, 503 with the reason otherwise."""
    checks: dict[str, str] = {}
    for name, check in (("store", _check_store), ("index", _check_index)):
        try:
            check(library)
            checks[name] = "ok"
        except IndexerError as error:
            _log.warning("not_ready", check=name, error=str(error))
            checks[name] = error.remedy  # the cause names folders and hosts: it is in the log
    well = all(said == "ok" for said in checks.values())
    return OrjsonResponse(
        {"status": "ok" if well else "unavailable", "checks": checks}, status_code=200 if well else 503
    )


def _check_store(library: Library) -> None:
    library.store.feed.horizon()


def _check_index(library: Library) -> None:
    library.index.stats()
