"""Trends: works by year for values of a facet, as numbers and as a picture; keywords that come with a search."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from indexer.errors import QueryError
from search_api.deps import LibraryDep, OrjsonResponse, SearcherDep, StrictParameters
from search_api.problems import Problem
from search_api.routes.facets import CountedQueryOut, UiParameter, lists_of
from search_api.schemas import QueryParameters
from search_api.trends import (
    DEFAULT_KEYWORDS,
    MOST_KEYWORDS,
    MOST_SERIES,
    KeywordKind,
    Trending,
    TrendSearch,
    keywords_body,
    trends_body,
)
from search_api.web.charts import SVG_HEADERS, trend_picture

router = APIRouter(prefix="/v1", tags=["trends"])
_PROBLEM: dict[str, Any] = {"model": Problem}
#: Facets whose values may be followed over the years.
TrendFacet = Literal[
    "source", "lang", "license", "subject", "keyword", "clc", "container", "type", "version", "has", "status"
]


class TrendParameters(QueryParameters):
    """A facet, and the parameters of a search, of which ``sort`` makes no difference."""

    facet: Annotated[TrendFacet | None, Field(description="Whose values; without, all works only.")] = None
    value: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=500)]],
        Field(
            default_factory=list,
            max_length=MOST_SERIES,
            description="Values of the facet; without, its five most frequent.",
        ),
    ]
    ui: UiParameter = "en"

    def wanted(self) -> TrendSearch:
        """Return the parameters as a question; raise ``QueryError`` for values of no facet."""
        if self.value and self.facet is None:
            raise QueryError("values_of_no_facet", parameter="value")
        return TrendSearch(
            search=self.search(self.ui), facet=self.facet, values=tuple(dict.fromkeys(self.value)), ui=self.ui
        )


class KeywordParameters(QueryParameters):
    """The parameters of a search, of which ``sort`` makes no difference, and which keywords are wanted."""

    facet: Annotated[KeywordKind, Field(description="Which terms.")] = "keyword"
    limit: Annotated[int, Field(ge=1, le=MOST_KEYWORDS, description="Keywords at most.")] = DEFAULT_KEYWORDS
    ui: UiParameter = "en"


class RowOut(BaseModel):
    """Works by year; ``counts``, ``before`` and ``no_year`` come to ``count``."""

    count: int
    counts: list[int] = Field(description="Of each of the years; years without works are 0.")
    before: int = Field(description="Of all years before the first that is shown.")
    no_year: int = Field(description="Works that say no year.")


class SeriesOut(RowOut):
    """A facet's value by year."""

    value: str
    label: str
    shares: list[float | None] = Field(description="Of all works of the year; null where there are none.")


class TrendMetaOut(BaseModel):
    """About the answer."""

    count: int = Field(description="Works of the search, without the facet's own filter.")
    facet: str | None
    query: CountedQueryOut
    took_ms: float


class TrendsOut(BaseModel):
    """Works by year, at most 200 years."""

    meta: TrendMetaOut
    years: list[int] = Field(description="Every year from the first to the last.")
    total: RowOut
    results: list[SeriesOut]


class KeywordOut(BaseModel):
    """A keyword that comes with a search more often than by chance, and the numbers that say so."""

    value: str
    label: str
    count: int = Field(description="Works of the search that have it.")
    everywhere: int = Field(description="Works of the library that have it.")
    expected: float = Field(description="What count would be by chance: meta.count × everywhere / meta.everything.")
    score: float = Field(description="Log-likelihood ratio G² (Dunning 1993).")


class KeywordMetaOut(BaseModel):
    """About the answer, and what a keyword must have to stand in it."""

    facet: str
    count: int = Field(description="Works of the search.")
    everything: int = Field(description="Works of the library.")
    measure: Literal["log_likelihood"]
    least_score: float
    least_count: int
    query: CountedQueryOut
    took_ms: float


class KeywordsOut(BaseModel):
    """Keywords, the most telling first."""

    meta: KeywordMetaOut
    results: list[KeywordOut]


def trending_of(request: Request, library: LibraryDep, searcher: SearcherDep) -> Trending:
    """Return the application's counter of trends."""
    kept: Trending | None = getattr(request.app.state, "trends", None)
    if kept is None:
        kept = request.app.state.trends = Trending(library, searcher)
    return kept


TrendingDep = Annotated[Trending, Depends(trending_of)]
_STRICT = StrictParameters(*TrendParameters.model_fields, repeated=lists_of(TrendParameters))


@router.get(
    "/trends",
    summary="Count works by year",
    dependencies=[Depends(_STRICT)],
    response_class=OrjsonResponse,
    responses={200: {"model": TrendsOut}, 400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM},
)
def show_trends(parameters: Annotated[TrendParameters, Query()], trending: TrendingDep) -> Response:
    """Count works by year, all of them and those of a facet's values, with their share of the year."""
    started = time.perf_counter()
    wanted = parameters.wanted()
    return OrjsonResponse(trends_body(wanted, trending.trends(wanted), started))


@router.get(
    "/trends.svg",
    summary="Draw works by year",
    dependencies=[Depends(_STRICT)],
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}},
        400: _PROBLEM,
        503: _PROBLEM,
        "default": _PROBLEM,
    },
)
def draw_trends(parameters: Annotated[TrendParameters, Query()], trending: TrendingDep) -> Response:
    """Draw what ``/v1/trends`` counts: an SVG without scripts, for reports and pages."""
    picture = trend_picture(trending.trends(parameters.wanted()), parameters.ui)
    return Response(picture, media_type="image/svg+xml", headers=SVG_HEADERS)


@router.get(
    "/keywords",
    summary="List keywords that come with a search",
    dependencies=[Depends(StrictParameters(*KeywordParameters.model_fields, repeated=lists_of(KeywordParameters)))],
    response_class=OrjsonResponse,
    responses={200: {"model": KeywordsOut}, 400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM},
)
def list_keywords(parameters: Annotated[KeywordParameters, Query()], trending: TrendingDep) -> Response:
    """List keywords that stand in a search's works more often than in all works, with the numbers that say so."""
    started = time.perf_counter()
    search = parameters.search(parameters.ui)
    found = trending.keywords(search, parameters.facet, parameters.limit, parameters.ui)
    return OrjsonResponse(keywords_body(search, parameters.facet, found, started))
