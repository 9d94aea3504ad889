"""``/oai``: the library as a repository for others, by OAI-PMH 2.0."""

from __future__ import annotations

from typing import Annotated, Any, cast
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from search_api.bodies import whole_body
from search_api.deps import IS_HEAD, LibraryDep, StrictParameters
from search_api.exporting.formats import encoded
from search_api.library import Library
from search_api.problems import Problem, RequestProblem
from search_api.repository.formats import FORMATS
from search_api.repository.own_format import schema_document
from search_api.repository.provider import Provider, place_of
from search_api.repository.request import VERBS

router = APIRouter(tags=["repository"])
#: The longest form that is read; a token and its verb take a few hundred bytes.
_LONGEST = 16 * 1024
_MOST_ARGUMENTS = 100
_FORM = "application/x-www-form-urlencoded"
_MEDIA_TYPE = "text/xml; charset=utf-8"
_ARGUMENTS = {
    "verb": "What is asked for.",
    "identifier": "Of one record, as lists name it.",
    "metadataPrefix": "In which format.",
    "from": "Only what changed at this UTC date or time or later.",
    "until": "Only what changed at this UTC date or time or earlier.",
    "set": "Only works of a set, such as source:doaj.",
    "resumptionToken": "Where a list goes on; alone beside the verb.",
}
_TEXT: dict[str, Any] = {"type": "string"}
_SCHEMAS = {"verb": _TEXT | {"enum": VERBS}, "metadataPrefix": _TEXT | {"enum": list(FORMATS)}}
_XML: dict[str, Any] = {
    "description": "An OAI-PMH document, which also tells what is wrong with a request.",
    "content": {"text/xml": {"schema": _TEXT}},
}
_RESPONSES: dict[int | str, dict[str, Any]] = {200: _XML, 503: {"model": Problem}, "default": {"model": Problem}}
_BY_QUERY = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": name == "verb",
            "description": said,
            "schema": _SCHEMAS.get(name, _TEXT),
        }
        for name, said in _ARGUMENTS.items()
    ]
}
_BY_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {
                "schema": {
                    "type": "object",
                    "required": ["verb"],
                    "properties": {
                        name: _SCHEMAS.get(name, _TEXT) | {"description": said} for name, said in _ARGUMENTS.items()
                    },
                }
            }
        },
    }
}


async def _form(request: Request) -> list[tuple[str, str]]:
    """Read the arguments of a posted form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise RequestProblem(
            Problem(title="Not a form", status=415, detail=f"Post the arguments as {_FORM}, or send them with GET.")
        )
    body = await whole_body(request, _LONGEST)
    if body is None:
        raise RequestProblem(
            Problem(title="Too long", status=413, detail=f"No request is longer than {_LONGEST:,} bytes. Shorten it.")
        )
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_ARGUMENTS)
    except ValueError as error:
        said = f"No request has more than {_MOST_ARGUMENTS} arguments. Leave some out."
        raise RequestProblem(Problem(title="Too many arguments", status=400, detail=said)) from error


@router.get(
    "/oai",
    summary="Harvest this library",
    response_class=Response,
    responses=_RESPONSES,
    openapi_extra=_BY_QUERY,
)
def answer_oai(request: Request, library: LibraryDep) -> Response:
    """Answer an OAI-PMH 2.0 request; see docs/repository.md."""
    return _answer(request, library, request.query_params.multi_items())


@router.post(
    "/oai",
    summary="Harvest this library, by form",
    response_class=Response,
    responses={**_RESPONSES, 413: {"model": Problem}, 415: {"model": Problem}},
    openapi_extra=_BY_FORM,
)
def answer_posted_oai(
    request: Request, library: LibraryDep, given: Annotated[list[tuple[str, str]], Depends(_form)]
) -> Response:
    """Answer an OAI-PMH 2.0 request whose arguments are a form; those of the address count too."""
    return _answer(request, library, [*request.query_params.multi_items(), *given])


@router.get(
    "/oai/kaijuan.xsd",
    summary="The schema of the format kaijuan",
    dependencies=[Depends(StrictParameters())],
    response_class=Response,
    responses={200: {"description": "An XML Schema.", "content": {"application/xml": {"schema": _TEXT}}}},
)
def send_schema() -> Response:
    """Return the XML Schema of our own metadata format."""
    return Response(schema_document(), media_type="application/xml", headers={"Cache-Control": "public, max-age=3600"})


def _answer(request: Request, library: Library, given: list[tuple[str, str]]) -> Response:
    place = place_of(library.settings, str(request.base_url), library.store.library_id)
    pieces = _provider(request, library).answer(given, place)
    if IS_HEAD in request.scope:
        return Response(media_type=_MEDIA_TYPE)
    return StreamingResponse(encoded(pieces), media_type=_MEDIA_TYPE)


def _provider(request: Request, library: Library) -> Provider:
    """Return the application's provider, made at the first request."""
    state = request.app.state
    if not hasattr(state, "oai"):
        state.oai = Provider(library)
    return cast(Provider, state.oai)
