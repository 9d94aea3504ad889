"""Exports: one work, chosen works, or a whole result, streamed in the format that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Annotated, Any, cast, get_origin
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import Field, TypeAdapter

from indexer.storage.catalogue import StoredWork
from search_api.bodies import OF_JSON, json_body, limited_body, read_body
from search_api.deps import IS_HEAD, LibraryDep, StrictParameters
from search_api.exporting.formats import FORMATS, Format, encoded, format_named
from search_api.exporting.running import MOST, Running
from search_api.exporting.walking import ranked, walk
from search_api.library import Library
from search_api.problems import Problem, ProblemError, RequestProblem
from search_api.routes.works import find_active
from search_api.schemas import LONGEST_BODY, QueryParameters

router = APIRouter(prefix="/v1", tags=["works"])
#: Works that one address may name; more are what a query is for.
MOST_IDS = 200
#: And so many one body.
MOST_IDS_POSTED = 2_000
_RETRY_SECONDS = "30"
_PROBLEM: dict[str, Any] = {"model": Problem}
_ARRAY = {"type": "array", "items": {"type": "object"}}
_FILE: dict[str, Any] = {
    "description": "The works, in UTF-8.",
    "content": {
        one.media_type: {"schema": _ARRAY if one.suffix == "json" else {"type": "string"}} for one in FORMATS.values()
    },
}
_FORMAT = Field(description=f"One of {', '.join(FORMATS)}.", json_schema_extra={"enum": list(FORMATS)}, max_length=50)
_BOM = "For csv: begin with a byte order mark, by which Excel knows that the file is UTF-8."


class ExportParameters(QueryParameters):
    """What to export: the works named by ``id``, or all that a query finds."""

    format: Annotated[str, _FORMAT]
    id: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=500)]],
        Field(
            default_factory=list,
            max_length=MOST_IDS,
            description=f"A work's id or doi:…, pmid:…, pmcid:…; repeat for more, {MOST_IDS} at most. Without a query.",
        ),
    ]
    limit: Annotated[int | None, Field(ge=1, description="Works at most; all where it is left out.")] = None
    bom: Annotated[bool, Field(description=_BOM)] = False


class ExportBody(ExportParameters):
    """The same in a body, with room for more names."""

    model_config = OF_JSON

    id: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=500)]],
        Field(
            default_factory=list,
            max_length=MOST_IDS_POSTED,
            description=f"Works' ids or doi:…, pmid:…, pmcid:…, {MOST_IDS_POSTED:,} at most. Without a query.",
        ),
    ]


_POSTED = TypeAdapter(ExportBody)
BodyDep = Annotated[bytes, Depends(limited_body(LONGEST_BODY))]
_LISTS = {name for name, field in ExportParameters.model_fields.items() if get_origin(field.annotation) is list}
_OF_A_QUERY = frozenset(QueryParameters.model_fields) | {"limit"}


@router.get(
    "/export",
    summary="Export chosen works or a whole result",
    dependencies=[Depends(StrictParameters(*ExportParameters.model_fields, repeated=_LISTS))],
    response_class=Response,
    responses={200: _FILE, **dict.fromkeys((400, 404, 410, 503), _PROBLEM), "default": _PROBLEM},
)
def export_works(parameters: Annotated[ExportParameters, Query()], request: Request, library: LibraryDep) -> Response:
    """Stream works to the end of the result; a transfer that ends without its last piece broke off and is not whole."""
    return _export(parameters, frozenset(request.query_params), request, library)


@router.post(
    "/export",
    summary="Export many chosen works, or the result of a long query",
    dependencies=[Depends(StrictParameters())],
    response_class=Response,
    responses={200: _FILE, **dict.fromkeys((400, 404, 410, 413, 415, 503), _PROBLEM), "default": _PROBLEM},
    openapi_extra=json_body(ExportBody, {"format": "ris", "id": ["w3k9q0x7m2a1bc", "doi:10.1000/182"]}),
)
def export_works_posted(body: BodyDep, request: Request, library: LibraryDep) -> Response:
    """Stream works as GET does, the parameters in a JSON body: for selections and queries too long for an address."""
    parameters = read_body(body, _POSTED, fix="Send the parameters of GET /v1/export as one JSON object; see /docs.")
    return _export(parameters, parameters.model_fields_set, request, library)


def _export(parameters: ExportParameters, given: AbstractSet[str], request: Request, library: Library) -> Response:
    chosen = format_named(parameters.format, bom=parameters.bom)
    if parameters.id:
        _refuse_a_query_too(given)
        works = ranked(library, _named(library, parameters.id))
        return _response(request, chosen, encoded(chosen.stream(works, bom=parameters.bom)), "selection")
    running = cast(Running, request.app.state.exports)
    number = running.begin()
    if number is None:
        raise _too_many()
    try:
        found = walk(library, parameters.search(), parameters.limit)
    except BaseException:
        running.end(number)
        raise
    if IS_HEAD in request.scope:
        running.end(number)
    pieces = running.watch(number, encoded(chosen.stream(found, bom=parameters.bom)))
    return _response(request, chosen, pieces, "works")


@router.get(
    "/works/{work_id:path}/export",
    summary="Export a work",
    dependencies=[Depends(StrictParameters("format", "bom"))],
    response_class=Response,
    responses={
        200: _FILE,
        301: {"description": "Merged into another work."},
        **dict.fromkeys((400, 404, 410, 503), _PROBLEM),
        "default": _PROBLEM,
    },
)
def export_work(
    work_id: Annotated[str, Path(description="A work id, or doi:…, pmid:…, pmcid:…", max_length=500)],
    request: Request,
    library: LibraryDep,
    format: Annotated[  # noqa: A002  # the parameter's name in the address
        str, Query(max_length=50, description=f"One of {', '.join(FORMATS)}.")
    ],
    bom: Annotated[bool, Query(description=_BOM)] = False,  # noqa: FBT002  # a query parameter
) -> Response:
    """Return one work in a format of reference managers, or its citation in a style."""
    chosen = format_named(format, bom=bom)
    work, moved = find_active(library, work_id)
    if moved:
        query = urlencode({"format": chosen.name, **({"bom": "true"} if bom else {})})
        return RedirectResponse(f"/v1/works/{work.id}/export?{query}", status_code=301)
    return _response(request, chosen, encoded(chosen.stream(ranked(library, [work]), bom=bom)), work.id)


def _response(request: Request, chosen: Format, pieces: Iterator[bytes], name: str) -> Response:
    headers = {
        "Content-Disposition": "inline" if chosen.is_text else f'attachment; filename="kaijuan-{name}.{chosen.suffix}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    media_type = f"{chosen.media_type}; charset=utf-8"
    if IS_HEAD in request.scope:
        return Response(media_type=media_type, headers=headers)
    first = next(pieces, b"")  # a store that cannot be read is told as that, and not by an answer that breaks off
    return StreamingResponse(chain((first,), pieces), media_type=media_type, headers=headers)


def _named(library: Library, ids: Iterable[str]) -> list[StoredWork]:
    """Return named works in their order, each once; raise a 404 problem that names all that are not there."""
    found: dict[int, StoredWork] = {}
    missing: list[ProblemError] = []
    for one in dict.fromkeys(ids):
        try:
            work, _ = find_active(library, one)
        except RequestProblem as error:
            missing.append(ProblemError(parameter="id", detail=error.problem.detail, fix="Leave it out."))
        else:
            found.setdefault(work.key, work)
    if missing:
        detail = " ".join(error.detail for error in missing[:5])
        raise RequestProblem(Problem(title="Not found", status=404, detail=detail, errors=missing))
    return list(found.values())


def _refuse_a_query_too(given: AbstractSet[str]) -> None:
    names = sorted(_OF_A_QUERY.intersection(given))
    if names:
        fix = "Export either the works named by id, or what a query finds."
        errors = [ProblemError(parameter=name, detail="cannot stand beside id", fix=fix) for name in names]
        detail = f"{', '.join(names)} cannot stand beside id. {fix}"
        raise RequestProblem(Problem(title="A parameter is wrong", status=400, detail=detail, errors=errors))


def _too_many() -> RequestProblem:
    detail = f"{MOST} whole results are being exported, and no more may be at a time. Try again in half a minute."
    problem = Problem(title="Too many exports", status=503, detail=detail)
    return RequestProblem(problem, {"Retry-After": _RETRY_SECONDS})
