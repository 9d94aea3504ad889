"""Sources: what is harvested, how much is here, how fresh it is."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.overview import source_rows
from search_api.problems import Problem
from search_api.schemas import SourcesOut

router = APIRouter(prefix="/v1", tags=["sources"])


@router.get(
    "/sources",
    summary="List sources",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters())],
    responses={
        200: {"model": SourcesOut},
        400: {"model": Problem},
        503: {"model": Problem},
        "default": {"model": Problem},
    },
)
def list_sources(library: LibraryDep) -> Response:
    """Return every source with its counts, its last harvest and its lag."""
    sources = source_rows(library)
    return OrjsonResponse({"meta": {"count": len(sources)}, "results": sources})
