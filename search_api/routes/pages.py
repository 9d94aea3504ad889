"""The pages for readers: search at ``/``, a work, the sources; HTML in the reader's language, errors included.

Unknown parameters are ignored here, unlike in the API: WeChat and others add their own to every address that is shared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from indexer.errors import IndexerError, QueryError, SearchTooSlowError
from search_api.deps import LibraryDep, SearcherDep
from search_api.library import Library
from search_api.manners.exchange import count
from search_api.overview import source_rows
from search_api.problems import RETRY_SECONDS, RequestProblem, refused_value
from search_api.resolving import LONGEST_CODE, resolve
from search_api.routes.facets import ListerDep
from search_api.routes.works import find_work
from search_api.schemas import BothWords, WorksParameters
from search_api.searching import Search, Searcher
from search_api.web.addresses import BOUNDS, FILTERS, SearchAddress, plain_words, web_address
from search_api.web.charts import histogram_of
from search_api.web.citing import citing_view, feed_address, result_files
from search_api.web.detail import work_view
from search_api.web.facets import facet_address, trends_address, years_view
from search_api.web.i18n import UI_LANGUAGES, Words, choose_language
from search_api.web.notes import notes_view
from search_api.web.relating import related_views
from search_api.web.rendering import PAGE_HEADERS, Frame, render, static_files
from search_api.web.resolved import resolved_view
from search_api.web.results import FACETS, PAGE_FIELDS, Labels, TextView, card_view, chip_views, facet_views

_COOKIE, _COOKIE_SECONDS = "ui", 365 * 24 * 3600
_KNOWN = frozenset(WorksParameters.model_fields) - {"facets", "fields", "highlight"}
_ID = re.compile(r"[a-z0-9]{1,50}")
_AROUND = 40
_SUBJECTS = 9
#: Headings of journals' sections, which PMC gives as subjects.
_HEADINGS = frozenset(
    (
        "article",
        "articles",
        "research article",
        "original article",
        "review",
        "review article",
        "case report",
        "editorial",
    )
)
_EXAMPLES = ("example_words", "example_phrase", "example_field", "example_or")
_STATIC_SECONDS = 31_536_000
_log = structlog.get_logger()


class PageRoute(APIRoute):
    """A route whose errors are pages, and which remembers the language that was asked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                response = await handle(request)
            except Exception as error:  # noqa: BLE001  # the outermost place for a reader: whatever happens is told as a page
                response = _error_page(request, error)
            asked = request.query_params.get("ui")
            if asked in UI_LANGUAGES and request.cookies.get(_COOKIE) != asked:
                secure = request.url.scheme == "https"
                response.set_cookie(
                    _COOKIE, asked, max_age=_COOKIE_SECONDS, samesite="lax", httponly=True, secure=secure
                )
            return response

        return page


router = APIRouter(route_class=PageRoute, include_in_schema=False)


def frame_of(request: Request) -> Frame:
    """Return what a page must know of the request: the language, and where the other one is."""
    asked, remembered = request.query_params.get("ui"), request.cookies.get(_COOKIE)
    accepted = request.headers.get("accept-language")
    ui = choose_language(asked=asked, remembered=remembered, accepted=accepted)
    usual = choose_language(asked=None, remembered=remembered, accepted=accepted)
    frame = Frame(ui=ui, switch_url="", carried=() if ui == usual else (("ui", ui),))
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "ui"]
    return replace(frame, switch_url=f"{quote(request.url.path)}?{urlencode([*pairs, ('ui', frame.other)])}")


@router.api_route("/", methods=["GET", "HEAD"])
def show_search(request: Request, library: LibraryDep, searcher: SearcherDep, lister: ListerDep) -> Response:
    """Show the start page, or what a search found."""
    frame = frame_of(request)
    words = Words(frame.ui)
    labels = Labels(library, words)
    frame = replace(frame, is_demonstration=labels.is_demonstration)
    values = search_values(request)
    if not values:
        return _start_page(library, searcher, frame, labels)
    try:
        parameters = WorksParameters.model_validate(values)
    except ValidationError as error:
        wrong = error.errors()[0]
        if refused := refused_value(wrong):  # in words of both languages
            return _wrong_parameter(frame, values, refused.parameter, said=refused.words)
        return _wrong_parameter(frame, values, str(wrong["loc"][0]))
    address = SearchAddress.of(parameters, frame.carried[0][1] if frame.carried else None)
    try:
        wanted = replace(parameters.search(frame.ui), facets=FACETS, fields=PAGE_FIELDS, highlight=True)
        body = searcher.answer(wanted)
        histogram = histogram_of(*lister.count_years(wanted, body["meta"]["query"]["match"]))
    except QueryError as error:
        return _wrong_query(frame, parameters, address, error)
    labels.learn(body["facets"])
    return render(
        "results.html",
        frame,
        q=parameters.q,
        hidden=address.without(["q"]).pairs,
        parameters=parameters,
        address=address,
        meta=body["meta"],
        cards=[card_view(work, words, labels) for work in body["results"]],
        files=result_files(address) if body["results"] else (),
        feed=feed_address(address),
        broken=parameters.cursor is not None and not body["meta"]["unbroken"],
        facets=facet_views(body["facets"], address, words, labels),
        years=years_view(histogram, address, words),
        keywords_url=facet_address(address, "keyword"),
        trends_url=trends_address(address),
        chips=chip_views(parameters, address, words, labels),
        cleared=str(address.without([*FILTERS, *BOUNDS])),
        fell_back=parameters.match == "auto" and body["meta"]["query"]["match"] == "most" and bool(body["results"]),
        notes=notes_view(body["meta"], parameters, address, words),
        plain=plain_words(parameters.q),
        tree=f"/subjects?{urlencode(address.without(('clc', 'sort', 'limit')).pairs)}",
        sorts=("relevance", "newest", "oldest", "first_indexed", "title"),
    )


def search_values(request: Request) -> dict[str, Any]:
    """Return the search parameters of an address, without empty and unknown ones."""
    values: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name not in _KNOWN or not value.strip():
            continue
        if name in FILTERS:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def _start_page(library: Library, searcher: Searcher, frame: Frame, labels: Labels) -> Response:
    rows = [row for row in source_rows(library) if row["enabled"] or row["manifestations"]]
    answer = searcher.answer(Search(limit=1, facets=("subject",), fields=("id",), ui_language=frame.ui))
    named = [one["value"] for one in answer["facets"]["subject"] if one["value"].casefold() not in _HEADINGS]
    subjects = [
        # DOAJ's classes are whole paths ("Medicine: Internal medicine"): the last step is enough on a small screen.
        (TextView.of(name.split(": ")[-1], None), str(SearchAddress(pairs=(("subject", name), *frame.carried))))
        for name in named[:_SUBJECTS]
    ]
    words = Words(frame.ui)
    examples = [
        (words(key), str(SearchAddress(pairs=(("q", words(key)), *frame.carried))))
        for key in _EXAMPLES
        if searcher.answer(Search(q=words(key), limit=1, fields=("id",)))["results"]
    ]
    return render(
        "start.html",
        frame,
        works=answer["meta"]["count"],
        rows=[(labels.source(row["id"]), row) for row in rows],
        subjects=subjects,
        examples=examples,
        everything=str(SearchAddress(pairs=(("sort", "newest"), *frame.carried))),
    )


@router.api_route("/works/{work_id:path}", methods=["GET", "HEAD"])
def show_work(request: Request, work_id: str, library: LibraryDep) -> Response:
    """Show one work; a merged one's id redirects for ever, an identifier such as ``doi:…`` leads to the work."""
    frame = frame_of(request)
    work = find_work(library, work_id)
    target = library.store.catalogue.target(work) if work.state == "merged" else None
    if target is not None:
        query = urlencode([("redirected_from", work.id), *frame.carried])
        return RedirectResponse(f"/works/{target.id}?{query}", status_code=301)
    if work.state != "active":
        return gone_page(frame, library)
    if work.id != work_id:
        return RedirectResponse(frame.link(f"/works/{work.id}"), status_code=302)
    words = Words(frame.ui)
    labels = Labels(library, words)
    frame = replace(frame, is_demonstration=labels.is_demonstration)
    return render(
        "work.html",
        frame,
        work=work_view(work, library, words, labels),
        citing=citing_view(work, library),
        related=related_views(work, library, words),
        permalink=str(request.url.replace(path=f"/works/{work.id}", query="")),
        merged_from=merged_from(request),
        back=_results_before(request),
        reported=request.query_params.get("reported") == "1",
    )


def gone_page(frame: Frame, library: Library) -> Response:
    """Say that a work has left the index."""
    words = Words(frame.ui)
    frame = replace(frame, is_demonstration=Labels(library, words).is_demonstration)
    return render("message.html", frame, status=410, title=words("error_410"), text=words("error_410_text"))


def merged_from(request: Request) -> str | None:
    """Return the id of a merged work that redirected here, if an address says so in the form of one."""
    named = request.query_params.get("redirected_from", "")
    return named if _ID.fullmatch(named) else None


def _results_before(request: Request) -> str | None:
    """Return the result page that the reader came from, if it is ours."""
    came_from = web_address(request.headers.get("referer"))
    if came_from is None:
        return None
    parts = urlsplit(came_from)
    return f"/?{parts.query}" if parts.netloc == request.url.netloc and parts.path == "/" and parts.query else None


@router.api_route("/sources", methods=["GET", "HEAD"])
def show_sources(request: Request, library: LibraryDep) -> Response:
    """Show what is harvested, how much is here, and how fresh it is."""
    frame = frame_of(request)
    labels = Labels(library, Words(frame.ui))
    frame = replace(frame, is_demonstration=labels.is_demonstration)
    rows = [
        (row | {"name": labels.sources.get(row["id"], row["name"])}, web_address(row["homepage"]))
        for row in source_rows(library)
    ]
    return render("sources.html", frame, rows=rows)


@router.api_route("/resolve", methods=["GET", "HEAD"])
def show_resolved(request: Request, library: LibraryDep, searcher: SearcherDep) -> Response:
    """Show a box for numbers and codes, and what one of them leads to."""
    frame = frame_of(request)
    words = Words(frame.ui)
    labels = Labels(library, words)
    frame = replace(frame, is_demonstration=labels.is_demonstration)
    given = request.query_params.get("id", "").strip()
    if len(given) > LONGEST_CODE:
        return _wrong_parameter(frame, {}, "id", frame.link("/resolve"))
    body = resolve(given, library, searcher, PAGE_FIELDS) if given else None
    found = resolved_view(body, frame, words, labels) if body else None
    return render("resolve.html", frame, given=given, longest=LONGEST_CODE, found=found)


@router.api_route("/static/{name}", methods=["GET", "HEAD"])
def send_static(request: Request, name: str) -> Response:
    """Send a static file; its address carries its content's hash, so it may be kept for a year."""
    file = static_files().get(name)
    if file is None:
        return Response(status_code=404, headers={"X-Content-Type-Options": "nosniff"})
    current = request.query_params.get("v") == file.digest
    keep = f"public, max-age={_STATIC_SECONDS}, immutable" if current else "public, max-age=300"
    headers = {"Cache-Control": keep, "X-Content-Type-Options": "nosniff"}
    return Response(file.body, media_type=file.media_type, headers=headers)


def busy_page(request: Request, wait_seconds: int) -> Response:
    """Say that too much was asked for."""
    frame = frame_of(request)
    words = Words(frame.ui)
    page = render("message.html", frame, status=429, title=words("error_429"), text=words("error_429_text"))
    page.headers["Retry-After"] = str(wait_seconds)
    return page


def unavailable_page(request: Request) -> Response:
    """Say that search cannot be used now."""
    frame = frame_of(request)
    words = Words(frame.ui)
    page = render("message.html", frame, status=503, title=words("error_503"), text=words("error_503_text"))
    page.headers.update(PAGE_HEADERS | {"Retry-After": RETRY_SECONDS})
    return page


# --- errors, as pages ------------------------------------------------------------------------


def _wrong_query(frame: Frame, parameters: WorksParameters, address: SearchAddress, error: QueryError) -> Response:
    if error.parameter == "cursor":
        return _wrong_parameter(frame, {"q": parameters.q}, "cursor", str(address))
    q, at = parameters.q, error.position
    marked = None
    if at is not None:
        at = min(max(at, 0), max(len(q) - 1, 0))
        marked = (q[max(at - _AROUND, 0) : at], q[at : at + 1], q[at + 1 : at + 1 + _AROUND])
    detail, fix = error.told(frame.ui)
    plain = plain_words(q)
    return render(
        "query_error.html",
        frame,
        status=400,
        q=q,
        hidden=address.without(["q"]).pairs,
        detail=detail,
        fix=fix,
        marked=marked,
        position=None if at is None else at + 1,
        plain=plain if plain != q else "",
        plain_url=str(address.setting("q", plain)),
    )


def _wrong_parameter(
    frame: Frame, values: dict[str, Any], name: str, first_page: str | None = None, said: BothWords | None = None
) -> Response:
    words = Words(frame.ui)
    is_cursor = name == "cursor"
    fix = getattr(said, frame.ui) if said else words("error_parameter_fix", name=name)
    return render(
        "message.html",
        frame,
        status=400,
        q=values.get("q", ""),
        title=words("error_cursor" if is_cursor else "error_parameter"),
        text=words("error_cursor_fix") if is_cursor else fix,
        first_page=first_page,
    )


def _error_page(request: Request, error: Exception) -> Response:
    """Tell an error as a page; nothing here asks the store, which may be what failed."""
    frame = frame_of(request)
    words = Words(frame.ui)
    headers: dict[str, str] = {}
    if isinstance(error, RequestProblem | RequestValidationError):
        wanted = cast("str", request.path_params.get("work_id", ""))[:100]
        status, title, text = 404, words("error_404"), words("error_404_work", id=wanted)
    elif isinstance(error, SearchTooSlowError):
        count("search_cut_off")
        status, title, text = 503, words("error_slow"), words("error_slow_text")
        headers["Retry-After"] = RETRY_SECONDS
    elif isinstance(error, IndexerError):
        _log.error("service_unavailable", error=str(error))
        return unavailable_page(request)
    else:
        _log.error("unexpected_error", path=request.url.path, error=repr(error), exc_info=error)
        status, title, text = 500, words("error_500"), words("error_500_text")
    response = render("message.html", frame, status=status, title=title, text=text)
    response.headers.update(PAGE_HEADERS | headers)
    return response
