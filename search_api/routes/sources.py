"""Sources: what is harvested, how much is here, how fresh it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response

from harvesters.errors import SourceError
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.library import MAX_KEY, Library
from search_api.overview import source_rows
from search_api.problems import Problem, not_found
from search_api.schemas import HarvestOut, HarvestsOut, SourcesOut

#: Lists of one run that are shown; a run has a list a day and format at most.
MOST_LISTS = 10_000

router = APIRouter(prefix="/v1", tags=["sources"])


_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem},
    404: {"model": Problem},
    503: {"model": Problem},
    "default": {"model": Problem},
}


@router.get(
    "/sources",
    summary="List sources",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters())],
    responses={200: {"model": SourcesOut}, **_ANSWERS},
)
def list_sources(library: LibraryDep) -> Response:
    """Return every source with its counts, its last harvest and its lag."""
    sources = source_rows(library)
    return OrjsonResponse({"meta": {"count": len(sources)}, "results": sources})


@router.get(
    "/sources/{source_id}/harvests",
    summary="List a source's harvests",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("limit", "before"))],
    responses={200: {"model": HarvestsOut}, **_ANSWERS},
)
def list_harvests(
    library: LibraryDep,
    source_id: str,
    limit: Annotated[int, Query(ge=1, le=200, description="Rows to return, newest first.")] = 20,
    before: Annotated[int | None, Query(ge=1, le=MAX_KEY, description="`next_before` of the page before.")] = None,
) -> Response:
    """Return the ledger of a source, newest run first: what was expected, what arrived, how it ended, and why."""
    _require(library, source_id)
    reports = library.store.harvests.history.runs(source_id, before=before, limit=limit + 1)
    rows = [library.shown(report).values() for report in reports[:limit]]
    following = rows[-1]["id"] if len(reports) > limit else None
    return OrjsonResponse({"meta": {"count": len(rows), "next_before": following}, "results": rows})


@router.get(
    "/sources/{source_id}/harvests/{run_id}",
    summary="Show one harvest with its lists",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters())],
    responses={200: {"model": HarvestOut}, **_ANSWERS},
)
def show_harvest(library: LibraryDep, source_id: str, run_id: Annotated[int, Path(ge=1, le=MAX_KEY)]) -> Response:
    """Return one run of the ledger and the lists it worked through, in their order, up to 10,000."""
    _require(library, source_id)
    report = library.store.harvests.history.run(run_id)
    if report is None or report.source != source_id:
        raise not_found(f"Source {source_id!r} has no harvest {run_id}.", "See /v1/sources/{id}/harvests.")
    lists = [one.values() for one in library.store.harvests.history.slices(run_id, limit=MOST_LISTS + 1)]
    cut = len(lists) > MOST_LISTS
    return OrjsonResponse({**library.shown(report).values(), "lists": lists[:MOST_LISTS], "lists_cut": cut})


def _require(library: Library, source_id: str) -> None:
    try:
        library.store.sources.require(source_id)
    except SourceError as error:
        raise not_found(f"There is no source {source_id!r}.", "See /v1/sources.") from error
