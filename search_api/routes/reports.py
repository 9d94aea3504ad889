"""Readers say that a copy does not open: from the page's form, without any script, and from programs as JSON.

Who reports is kept as a keyed hash only, so that one reader counts once for each address. Other sites cannot make their
readers report: a form must come from our own page, and JSON is never sent to us by another site's page.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from indexer.identity.copies import addresses_of
from indexer.storage.catalogue import StoredWork
from search_api.bodies import limited_body, read_body, whole_body
from search_api.copies import copies_of
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.library import Library
from search_api.problems import Problem, ProblemError, RequestProblem
from search_api.routes.pages import PageRoute, frame_of
from search_api.routes.works import find_work
from search_api.same_origin import is_foreign, is_own_page
from search_api.web.i18n import Words
from search_api.web.rendering import render

MAX_NOTE = 500
_MAX_BODY = 16 * 1024
_HOUR = "3600"
router = APIRouter(prefix="/v1", tags=["works"])
page_router = APIRouter(route_class=PageRoute, include_in_schema=False)


class ReportIn(BaseModel):
    """A reader's report."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=2048, description="One of the work's addresses.")]
    note: Annotated[str | None, Field(max_length=MAX_NOTE, description="What happened.")] = None


_REPORT = TypeAdapter(ReportIn)


class ReportOut(BaseModel):
    """What was noted."""

    work: str
    url: str
    status: Literal["taken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    status: int
    title: str
    detail: str
    fix: str
    words: str
    parameter: str = "url"

    def problem(self) -> RequestProblem:
        errors = [ProblemError(parameter=self.parameter, detail=self.detail, fix=self.fix)]
        headers = {"Retry-After": _HOUR} if self.status == 429 else None  # noqa: PLR2004  # Too Many Requests
        detail = f"{self.detail} {self.fix}"
        return RequestProblem(Problem(title=self.title, status=self.status, detail=detail, errors=errors), headers)


_NO_COPY = _Refusal(
    status=422,
    title="Not an address of this work",
    detail="The url is none of this work's copies.",
    fix="Take url or pdf_url of one of its locations, exactly as GET /v1/works/{id} shows it.",
    words="report_unknown",
)
_TOO_MANY = _Refusal(
    status=429,
    title="Too many reports",
    detail="Too many reports were sent within an hour.",
    fix="Try again in an hour.",
    words="report_many",
)
_FOREIGN = _Refusal(
    status=403,
    title="From another site",
    detail="The report comes from a page of another site.",
    fix="Send it from the work's own page, or from a program.",
    words="report_foreign",
    parameter="Origin",
)


async def _form_fields(request: Request) -> dict[str, str]:
    """Return what a form says; nothing where it is longer than any of ours."""
    body = await whole_body(request, _MAX_BODY)
    return dict(parse_qsl((body or b"").decode("utf-8", "replace")))


BodyDep = Annotated[bytes, Depends(limited_body(_MAX_BODY))]
FormDep = Annotated[dict[str, str], Depends(_form_fields)]


@router.post(
    "/works/{work_id:path}/reports",
    summary="Report that a copy does not open",
    status_code=202,
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={
        202: {"model": ReportOut},
        **{status: {"model": Problem} for status in (400, 403, 404, 410, 413, 415, 422, 429, 503)},
        "default": {"model": Problem},
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": ReportIn.model_json_schema()}}}
    },
)
def report_link(
    request: Request,
    work_id: Annotated[str, Path(description="A work id, or doi:…, pmid:…, pmcid:…", max_length=500)],
    library: LibraryDep,
    body: BodyDep,
) -> Response:
    """Say that an address of a work does not open; it stands behind the others until it was checked."""
    if is_foreign(request):
        raise _FOREIGN.problem()
    work = _active(library, work_id)
    given = read_body(body, _REPORT, fix='Send {"url": "…", "note": "…"}; note may be left out.')
    refusal = _report(request, library, work, given.url, given.note)
    if refusal is not None:
        raise refusal.problem()
    return OrjsonResponse({"work": work.id, "url": given.url, "status": "taken"}, status_code=202)


@page_router.post("/works/{work_id}/reports")
def report_from_page(request: Request, work_id: str, library: LibraryDep, fields: FormDep) -> Response:
    """Take the form of a work's page and go back to it."""
    frame = frame_of(request)
    words = Words(frame.ui)
    work = _active(library, work_id)
    url, note = fields.get("url", ""), fields.get("note")
    refusal = _report(request, library, work, url, note) if is_own_page(request) else _FOREIGN
    if refusal is None:
        query = urlencode([*((name, fields[name]) for name in ("ui",) if name in fields), ("reported", "1")])
        return RedirectResponse(f"/works/{work.id}?{query}#copies", status_code=303)
    title, text = words("report_failed"), words(refusal.words)
    frame = replace(frame, switch_url=frame.switch_url.replace("/reports?", "?", 1))
    return render("message.html", frame, status=refusal.status, title=title, text=text)


def _report(request: Request, library: Library, work: StoredWork, url: str, note: str | None) -> _Refusal | None:
    ranked = copies_of([work], library.store.links)[work.key]
    if url not in {address for copy in ranked for address in addresses_of(copy.location)}:
        return _NO_COPY
    kept = "".join(letter if letter.isprintable() else " " for letter in note or "")[:MAX_NOTE].strip()
    outcome = library.store.links.report(url, work_key=work.key, reporter=_reporter(request), note=kept or None)
    return _TOO_MANY if outcome == "too_many" else None


def _reporter(request: Request) -> bytes:
    """Return a keyed hash of the reader's address and browser: enough to count once, nothing to know anybody by."""
    host = request.client.host if request.client else ""
    key: str = request.app.state.reporter_key
    return hmac.digest(key.encode(), f"{host}\n{request.headers.get('user-agent', '')}".encode(), "sha256")[:16]


def _active(library: Library, work_id: str) -> StoredWork:
    """Return the work itself, also for the id of one that was merged into it."""
    work = find_work(library, work_id)
    if work.state == "merged":
        work = library.store.catalogue.target(work) or work
    if work.state != "active":
        raise RequestProblem(
            Problem(title="Gone", status=410, detail=f"Work {work.id} has left the index. Report nothing of it.")
        )
    return work
