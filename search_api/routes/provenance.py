"""Where a work comes from: its sources' records as sent and as understood, who says what, and why they are one work."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from indexer.explaining import explain
from indexer.provenance import MOST_COMPARED, fields_of, record_of, records_of
from indexer.storage.catalogue import StoredWork
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.problems import Problem, ProblemError, RequestProblem, not_found
from search_api.routes.pages import PageRoute, frame_of, gone_page, merged_from
from search_api.routes.works import find_active, find_work
from search_api.told import fields_bodies, sources_bodies, why_body
from search_api.web.i18n import Words
from search_api.web.provenance import field_views, record_views
from search_api.web.rendering import render
from search_api.web.results import Labels, TextView
from search_api.web.why import why_view

router = APIRouter(prefix="/v1", tags=["works"])
page_router = APIRouter(route_class=PageRoute, include_in_schema=False)
_PROBLEM: dict[str, Any] = {"model": Problem}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    301: {"description": "Merged into another work."},
    **dict.fromkeys((400, 404, 410, 503), _PROBLEM),
    "default": _PROBLEM,
}
#: Raw records are shown as the text they are, never run or drawn.
_RAW_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
}
_PAGE = 20
_Id = Annotated[str, Path(description="A work id, or doi:…, pmid:…, pmcid:…", max_length=500)]
_From = Annotated[str | None, Query(max_length=50, description="Set by redirects.")]


class SourcesOut(BaseModel):
    """A work's records, best first, and where each of its fields comes from."""

    meta: dict[str, Any]
    results: list[dict[str, Any]]
    fields: list[dict[str, Any]]


class WhyOut(BaseModel):
    """The pairs that join a work's records, those that were refused, near misses, and people's judgements."""

    work: str
    title: str
    records: list[dict[str, Any]]
    links: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    undecided: list[dict[str, Any]]
    related: list[dict[str, Any]]
    judgements: list[dict[str, Any]]
    cut: bool


@router.get(
    "/works/{work_id:path}/sources/{manifestation}/raw",
    summary="Get a source record as it was sent",
    dependencies=[Depends(StrictParameters("format", "redirected_from"))],
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The record's bytes, as they came."}, **_ANSWERS},
)
def get_raw(
    work_id: _Id,
    manifestation: Annotated[str, Path(max_length=50, description="As the work's sources show it.")],
    library: LibraryDep,
    format: Annotated[  # noqa: A002  # the parameter's name in the address
        str | None, Query(max_length=100, description="Metadata format; may be left out where there is one only.")
    ] = None,
    redirected_from: _From = None,  # noqa: ARG001  # redirects add it
) -> Response:
    """Return the bytes that a source sent for one record, whole, as plain text."""
    work, moved = find_active(library, work_id)
    if moved:
        asked = [("format", format)] if format else []
        return _redirect(work, moved, f"/sources/{quote(manifestation)}/raw", asked)
    record = record_of(library.store, work, manifestation)
    if record is None:
        raise not_found(f"Work {work.id} has no record {manifestation!r}.", f"See /v1/works/{work.id}/sources.")
    formats = [form.format for form in record.forms]
    if format is None and len(formats) > 1:
        detail = "The record came in several formats"
        fix = f"Choose one of {', '.join(formats)}."
        wrong = ProblemError(parameter="format", detail=detail, fix=fix)
        raise RequestProblem(
            Problem(title="A parameter is wrong", status=400, detail=f"{detail}. {fix}", errors=[wrong])
        )
    form = next((one for one in record.forms if format in {None, one.format}), None)
    if form is None:
        raise not_found(f"The record did not come as {format!r}.", f"It came as {', '.join(formats)}.")
    return Response(form.body, media_type="text/plain; charset=utf-8", headers=_RAW_HEADERS)


@router.get(
    "/works/{work_id:path}/sources",
    summary="Show where a work comes from",
    dependencies=[Depends(StrictParameters("limit", "after", "redirected_from"))],
    response_class=OrjsonResponse,
    responses={200: {"model": SourcesOut}, **_ANSWERS},
)
def get_sources(
    work_id: _Id,
    library: LibraryDep,
    limit: Annotated[int, Query(ge=1, le=50, description="Records a page.")] = 10,
    after: Annotated[str | None, Query(max_length=50, description="`next_after` of the page before.")] = None,
    redirected_from: _From = None,
) -> Response:
    """Return each source record as sent and as understood; for each field its value, its source and what others say."""
    work, moved = find_active(library, work_id)
    if moved:
        return _redirect(work, moved, "/sources", [("limit", str(limit))])
    try:
        records = records_of(library.store, work, limit=limit, after=after)
    except ValueError as error:
        raise _wrong_after(work, str(after)) from error
    named = work.data["manifestations"]
    more = bool(records) and records[-1].id != named[-1]
    meta = {
        "work": work.id,
        "redirected_from": redirected_from,
        "count": len(named),
        "compared": min(len(named), MOST_COMPARED),
        "next_after": records[-1].id if more else None,
    }
    body = {
        "meta": meta,
        "results": sources_bodies(work.id, records),
        "fields": fields_bodies(fields_of(library.store, work)),
    }
    return OrjsonResponse(body)


@router.get(
    "/works/{work_id:path}/why",
    summary="Explain why records are one work",
    dependencies=[Depends(StrictParameters("language", "redirected_from"))],
    response_class=OrjsonResponse,
    responses={200: {"model": WhyOut}, **_ANSWERS},
)
def get_why(
    work_id: _Id,
    library: LibraryDep,
    language: Annotated[Literal["en", "zh"], Query(description="Of the sentences.")] = "en",
    redirected_from: _From = None,  # noqa: ARG001  # redirects add it
) -> Response:
    """Return what joins a work's records, what keeps others out, and what is undecided; the body of `kaijuan why`."""
    work, moved = find_active(library, work_id)
    if moved:
        return _redirect(work, moved, "/why", [("language", language)])
    return OrjsonResponse(why_body(explain(library.store, work), language, with_names=False))


@page_router.api_route("/works/{work_id:path}/sources", methods=["GET", "HEAD"])
def show_sources(request: Request, work_id: str, library: LibraryDep) -> Response:
    """Show a reader where a work comes from; a merged one's id redirects for ever."""
    frame = frame_of(request)
    found = find_work(library, work_id)
    work = library.store.catalogue.target(found)
    if work is None:
        return gone_page(frame, library)
    if work.id != work_id:
        asked = [("redirected_from", found.id)] if found.id != work.id else []
        query = urlencode([*asked, *frame.carried])
        address = f"/works/{work.id}/sources" + (f"?{query}" if query else "")
        return RedirectResponse(address, status_code=301 if asked else 302)
    words = Words(frame.ui)
    labels = Labels(library, words)
    named = work.data["manifestations"]
    after = request.query_params.get("after")
    records = records_of(library.store, work, limit=_PAGE, after=after if after in named else None)
    more = records[-1].id if records and records[-1].id != named[-1] else None
    return render(
        "origin.html",
        replace(frame, is_demonstration=labels.is_demonstration),
        id=work.id,
        title=TextView.of(work.data["title"]["value"], None),
        permalink=str(request.url.replace(path=f"/works/{work.id}/sources", query="")),
        merged_from=merged_from(request),
        records=record_views(work, records, words, labels),
        more=f"/works/{work.id}/sources?{urlencode([('after', more), *frame.carried])}" if more else None,
        fields=field_views(work, fields_of(library.store, work), words, labels),
        why=why_view(explain(library.store, work), words, with_names=False),
    )


def _redirect(work: StoredWork, moved: str, path: str, asked: list[tuple[str, str]]) -> Response:
    query = urlencode([*asked, ("redirected_from", moved)])
    return RedirectResponse(f"/v1/works/{work.id}{path}?{query}", status_code=301)


def _wrong_after(work: StoredWork, after: str) -> RequestProblem:
    detail, fix = f"Work {work.id} has no record {after!r}", "Leave it out to begin at the first record."
    wrong = ProblemError(parameter="after", detail=detail, fix=fix)
    return RequestProblem(Problem(title="A parameter is wrong", status=400, detail=f"{detail}. {fix}", errors=[wrong]))
