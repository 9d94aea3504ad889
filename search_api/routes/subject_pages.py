"""The subject tree as pages: ``/subjects``, and one class with what is below it, within any search."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from indexer.errors import QueryError
from search_api.deps import LibraryDep, SearcherDep
from search_api.routes.pages import PageRoute, frame_of, search_values
from search_api.schemas import WorksParameters
from search_api.subjects import count_classes
from search_api.web.addresses import SearchAddress
from search_api.web.i18n import Words
from search_api.web.rendering import render
from search_api.web.results import Labels
from search_api.web.subjects import SubjectViews

page_router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Of an address, what a search is not narrowed by.
_ORDER = {"sort", "limit", "match", "rules"}


@page_router.api_route("/subjects", methods=["GET", "HEAD"])
def show_tree(request: Request, library: LibraryDep, searcher: SearcherDep) -> Response:
    """Show the whole tree."""
    return _page(request, library, searcher, None)


@page_router.api_route("/subjects/{code}", methods=["GET", "HEAD"])
def show_class(request: Request, code: str, library: LibraryDep, searcher: SearcherDep) -> Response:
    """Show a class with what is below it."""
    return _page(request, library, searcher, code.upper())


def _page(request: Request, library: LibraryDep, searcher: SearcherDep, code: str | None) -> Response:
    frame = frame_of(request)
    words = Words(frame.ui)
    frame = replace(frame, is_demonstration=Labels(library, words).is_demonstration)
    tree = library.store.subjects.tree()
    found = tree.get(code) if code else None
    if code and (found is None or not tree.is_shown(code)):
        return render(
            "message.html",
            frame,
            status=404,
            title=words("error_404"),
            text=words("subject_unknown", code=code[:40]),
            first_page=frame.link("/subjects"),
        )
    try:
        parameters = WorksParameters.model_validate(search_values(request))
        counts = count_classes(library, searcher, parameters.search(frame.ui).query())
    except (ValidationError, QueryError):  # the page of results says what is wrong with the search
        return RedirectResponse(f"/?{urlencode(request.query_params.multi_items())}", status_code=302)
    address = SearchAddress.of(parameters, frame.carried[0][1] if frame.carried else None)
    views = SubjectViews(tree=tree, counts=counts, address=address, ui=frame.ui)
    narrowed = {name for name, _ in address.pairs} - _ORDER - {"ui", "clc"}
    return render(
        "subjects.html",
        frame,
        q=parameters.q,
        shown=views.view(found) if found else None,
        path=views.path(found.code) if found else (),
        classes=views.below(found.code if found else None),
        whole=views.page(),
        counts=counts,
        is_narrowed=bool(narrowed),
        results=str(address.without(("clc",))),
        cleared=frame.link(f"/subjects/{found.code}" if found else "/subjects"),
    )
