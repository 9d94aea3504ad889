"""Works: search, and one work by its id or by an identifier."""

from __future__ import annotations

from typing import Annotated, Any, get_origin
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter

from indexer.storage.catalogue import StoredWork
from search_api.bodies import OF_JSON, json_body, limited_body, read_body
from search_api.cards import detail
from search_api.copies import copies_of
from search_api.deps import LibraryDep, OrjsonResponse, SearcherDep, StrictParameters
from search_api.library import Library
from search_api.problems import Problem, RequestProblem, not_found
from search_api.schemas import LONGEST_BODY, WorkOut, WorksOut, WorksParameters
from search_api.states import name_works, works_told_of

router = APIRouter(prefix="/v1", tags=["works"])
_PROBLEM: dict[str, Any] = {"model": Problem}
_LISTS = {name for name, field in WorksParameters.model_fields.items() if get_origin(field.annotation) is list}


class WorksBody(WorksParameters):
    """The parameters of a search in a JSON object: lists of names too, and single values where several may stand."""

    model_config = OF_JSON


_POSTED = TypeAdapter(WorksBody)
BodyDep = Annotated[bytes, Depends(limited_body(LONGEST_BODY))]
_SEARCH_PARAMETERS = StrictParameters(*WorksParameters.model_fields, repeated=_LISTS)


@router.get(
    "/works",
    summary="Search works",
    dependencies=[Depends(_SEARCH_PARAMETERS)],
    response_class=OrjsonResponse,
    responses={200: {"model": WorksOut}, 400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM},
)
def search_works(parameters: Annotated[WorksParameters, Query()], searcher: SearcherDep) -> Response:
    """Search all sources at once; the body is the same that ``kaijuan search --json`` prints."""
    return OrjsonResponse(searcher.answer(parameters.search()))


@router.post(
    "/works",
    summary="Search works, with a long query",
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={200: {"model": WorksOut}, **dict.fromkeys((400, 413, 415, 503), _PROBLEM), "default": _PROBLEM},
    openapi_extra=json_body(WorksBody, {"q": "perovskite", "year_from": 2020, "facets": ["year"], "limit": 5}),
)
def search_works_posted(body: BodyDep, searcher: SearcherDep) -> Response:
    """Search as with GET, the parameters in a JSON body: for queries too long for an address. Cursors serve both."""
    parameters = read_body(body, _POSTED, fix="Send the parameters of GET /v1/works as one JSON object; see /docs.")
    return OrjsonResponse(searcher.answer(parameters.search()))


@router.get(
    "/works/{work_id:path}",
    summary="Get a work",
    dependencies=[Depends(StrictParameters("redirected_from"))],
    response_class=OrjsonResponse,
    responses={
        200: {"model": WorkOut},
        400: _PROBLEM,
        "default": _PROBLEM,
        301: {"description": "Merged into another work."},
        404: _PROBLEM,
        410: _PROBLEM,
        503: _PROBLEM,
    },
)
def get_work(
    work_id: Annotated[str, Path(description="A work id, or doi:…, pmid:…, pmcid:…", max_length=500)],
    library: LibraryDep,
    redirected_from: Annotated[str | None, Query(max_length=50, description="Set by redirects.")] = None,
) -> Response:
    """Return one work with everything known of it. A merged work's id redirects for ever."""
    work, moved = find_active(library, work_id)
    if moved:
        return RedirectResponse(f"/v1/works/{work.id}?redirected_from={quote(moved)}", status_code=301)
    body = detail(work, copies_of([work], library.store.links)[work.key])
    name_works(body, works_told_of(work, library.store.catalogue))
    if redirected_from:
        body["redirected_from"] = redirected_from
    return OrjsonResponse(body)


def find_active(library: Library, wanted: str) -> tuple[StoredWork, str | None]:
    """Return the work that an id or identifier leads to, and the id of the merged one that led there, if one did.

    Raises:
        RequestProblem: 404 where there is no such work, 410 where it has left the index.
    """
    work = find_work(library, wanted)
    if work.state == "active":
        return work, None
    target = library.store.catalogue.target(work)
    if target is None:
        raise RequestProblem(
            Problem(
                title="Gone",
                status=410,
                detail=f"Work {work.id} has left the index: its sources have deleted its records.",
            )
        )
    return target, work.id


def find_work(library: Library, wanted: str) -> StoredWork:
    """Return a work by id or identifier, in whatever state it is; raise a 404 problem where there is none."""
    found = library.store.catalogue.find(wanted)
    if found is None:
        shown = repr(wanted) if wanted.isprintable() else "of that id"
        raise not_found(f"There is no work {shown}.", "Search for its title with /v1/works?q=…")
    return found
