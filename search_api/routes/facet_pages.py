"""The pages of facets and trends: all values of a facet to choose from, works by year, keywords."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from indexer.errors import QueryError
from search_api.deps import LibraryDep
from search_api.library import Library
from search_api.routes.facets import FacetParameters, ListerDep
from search_api.routes.pages import PageRoute, frame_of, search_values
from search_api.routes.trends import TrendingDep, TrendParameters
from search_api.schemas import WorksParameters
from search_api.trends import Keywords, Trending
from search_api.web.addresses import SearchAddress
from search_api.web.charts import trend_chart
from search_api.web.facets import COMPARED, facet_address, keyword_views, table_view, value_views
from search_api.web.i18n import Words
from search_api.web.rendering import Frame, render
from search_api.web.results import Labels, chip_views

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_OF_THE_FACET = ("facet", "facet_q", "order", "cursor")
_VALUES, _KEYWORDS = 50, 24
_ALL = "all"


class _Asked:
    """What a request for one of these pages says of the search, and the address of its results."""

    def __init__(self, request: Request, library: Library) -> None:
        frame = frame_of(request)
        self.words = Words(frame.ui)
        self.labels = Labels(library, self.words)
        self.frame: Frame = replace(frame, is_demonstration=self.labels.is_demonstration)
        self.values = {name: value for name, value in search_values(request).items() if name != "cursor"}
        self.parameters = WorksParameters.model_validate(self.values)
        self.address = SearchAddress.of(self.parameters, frame.carried[0][1] if frame.carried else None)
        self.chips = chip_views(self.parameters, self.address, self.words, self.labels)

    def common(self) -> dict[str, Any]:
        """Return what both templates show of the search."""
        return {
            "q": self.parameters.q,
            "hidden": self.address.without(["q"]).pairs,
            "back": str(self.address),
            "chips": self.chips,
            "pairs": self.address.pairs,
        }


def _searched(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in {"sort", "limit", "highlight"}}


@router.api_route("/facets", methods=["GET", "HEAD"])
def show_facet(request: Request, library: LibraryDep, lister: ListerDep) -> Response:
    """Show all values of a facet among the works of a search, to be searched and chosen from."""
    given = {name: request.query_params[name] for name in _OF_THE_FACET if request.query_params.get(name)}
    try:
        asked = _Asked(request, library)
        parameters = FacetParameters.model_validate(
            {**_searched(asked.values), **given, "limit": _VALUES, "ui": asked.frame.ui}
        )
    except ValidationError as error:
        return _wrong(frame_of(request), str(error.errors()[0]["loc"][0]))
    try:
        body = lister.answer(parameters.wanted())
    except QueryError as error:
        return _refused(asked, error)
    words, facet = asked.words, parameters.facet
    here = [("facet", facet), *asked.address.pairs]
    given.pop("cursor", None)
    following = [*here, *((name, given[name]) for name in ("facet_q", "order") if name in given)]
    return render(
        "facet.html",
        asked.frame,
        facet=facet,
        name=words(f"facet.{facet}"),
        text=parameters.facet_q,
        order=parameters.order,
        orders=[
            (order, f"/facets?{urlencode([*(pair for pair in following if pair[0] != 'order'), ('order', order)])}")
            for order in ("count", "label")
        ],
        meta=body["meta"],
        chosen=value_views(facet, body["meta"]["selected"], asked.address, words),
        values=value_views(facet, body["results"], asked.address, words),
        following=f"/facets?{urlencode([*following, ('cursor', body['meta']['next_cursor'])])}",
        **asked.common(),
    )


@router.api_route("/trends", methods=["GET", "HEAD"])
def show_trends(request: Request, library: LibraryDep, trending: TrendingDep) -> Response:
    """Show a search's works by year as a picture and a table, and the keywords that come with it."""
    facet = request.query_params.get("facet") or COMPARED[0]
    chosen = [value for value in request.query_params.getlist("value") if value.strip()]
    compared: dict[str, Any] = {} if facet == _ALL else {"facet": facet, "value": chosen}
    try:
        asked = _Asked(request, library)
        parameters = TrendParameters.model_validate({**_searched(asked.values), **compared, "ui": asked.frame.ui})
    except ValidationError as error:
        return _wrong(frame_of(request), str(error.errors()[0]["loc"][0]))
    try:
        found = trending.trends(parameters.wanted())
        keywords = _keywords(trending, asked)
    except QueryError as error:
        return _refused(asked, error)
    words = asked.words
    pairs = asked.address.without(("sort", "limit", "ui")).pairs
    drawn = [(name, value) for name, value in (("facet", parameters.facet), ("ui", asked.frame.ui)) if value]
    return render(
        "trends.html",
        asked.frame,
        chart=trend_chart(found, words),
        table=table_view(found, words),
        count=found.total.count,
        facet=facet,
        facets=[(name, words(f"facet.{name}")) for name in COMPARED],
        several=bool(found.series),
        picture=f"/v1/trends.svg?{urlencode([*pairs, *drawn, *(('value', value) for value in parameters.value)])}",
        all_values=facet_address(asked.address, facet) if facet != _ALL else None,
        keywords=keyword_views(keywords, asked.address, words) if keywords else None,
        **asked.common(),
    )


def _keywords(trending: Trending, asked: _Asked) -> Keywords | None:
    """Return the search's keywords; everything has none of its own."""
    if not asked.parameters.q and not asked.chips:
        return None
    return trending.keywords(asked.parameters.search(asked.frame.ui), "keyword", _KEYWORDS, asked.frame.ui)


def _refused(asked: _Asked, error: QueryError) -> Response:
    """Tell what is wrong: of a query the page of results does."""
    if error.parameter == "cursor":
        return _wrong(asked.frame, "cursor")
    if error.parameter != "facet":
        return RedirectResponse(str(asked.address), status_code=302)
    words = asked.words
    text, title = words("facet_too_many"), words("error_parameter")
    return render("message.html", asked.frame, status=400, title=title, text=text, first_page=str(asked.address))


def _wrong(frame: Frame, name: str) -> Response:
    words = Words(frame.ui)
    is_cursor = name == "cursor"
    title = words("error_cursor" if is_cursor else "error_parameter")
    text = words("error_cursor_fix") if is_cursor else words("error_parameter_fix", name=name)
    return render("message.html", frame, status=400, title=title, text=text, first_page=None)
