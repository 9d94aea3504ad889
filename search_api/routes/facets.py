"""Facets: all values of one, searched and paged."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_origin

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from search_api.deps import LibraryDep, OrjsonResponse, SearcherDep, StrictParameters
from search_api.facets import DEFAULT_VALUES, MOST_AT_ONCE, FacetLister, FacetSearch
from search_api.problems import Problem
from search_api.schemas import FacetValueOut, QueryParameters

router = APIRouter(prefix="/v1", tags=["facets"])
_PROBLEM: dict[str, Any] = {"model": Problem}
FacetName = Literal[
    "source", "year", "lang", "license", "subject", "keyword", "clc", "container", "type", "version", "has", "status"
]
UiParameter = Annotated[Literal["en", "zh"], Field(description="Language of the labels.")]


class FacetParameters(QueryParameters):
    """A facet, and the parameters of a search, of which ``sort`` makes no difference."""

    facet: Annotated[FacetName, Field(description="Whose values.")]
    facet_q: Annotated[
        str, Field(max_length=200, description="What the labels must contain; Chinese ones also by their pinyin.")
    ] = ""
    order: Annotated[
        Literal["count", "label"],
        Field(description="The most frequent first, or by label; by label a walk stays whole while works change."),
    ] = "count"
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE, description="Values a page.")] = DEFAULT_VALUES
    cursor: Annotated[str | None, Field(max_length=2_000, description="next_cursor of the page before.")] = None
    ui: UiParameter = "en"

    def wanted(self) -> FacetSearch:
        """Return the parameters as a search among values."""
        return FacetSearch(
            search=self.search(self.ui),
            facet=self.facet,
            text=self.facet_q,
            order=self.order,
            limit=self.limit,
            cursor=self.cursor,
            ui=self.ui,
        )


class ListedValueOut(FacetValueOut):
    """A facet value with its exact count; ``selected`` where the search is filtered by it."""

    selected: bool


class CountedQueryOut(BaseModel):
    """How the query was understood; ``match`` is what was really used."""

    text: str
    match: str
    filters: dict[str, Any]


class FacetMetaOut(BaseModel):
    """About the answer; ``next_cursor`` is null at the end."""

    facet: str
    facet_q: str
    order: str
    count: int = Field(description="Works among which is counted: those of the search without the facet's own filter.")
    values: int | None = Field(description="How many values there are to be paged; null where they were not counted.")
    selected: list[ListedValueOut] = Field(description="The values by which the search is filtered, on every page.")
    query: CountedQueryOut
    next_cursor: str | None
    took_ms: float


class FacetOut(BaseModel):
    """A page of a facet's values."""

    meta: FacetMetaOut
    results: list[ListedValueOut]


def lists_of(model: type[BaseModel]) -> set[str]:
    """Return the names of parameters that may be given more than once."""
    return {name for name, field in model.model_fields.items() if get_origin(field.annotation) is list}


def lister_of(request: Request, library: LibraryDep, searcher: SearcherDep) -> FacetLister:
    """Return the application's lister."""
    kept: FacetLister | None = getattr(request.app.state, "facets", None)
    if kept is None:
        kept = request.app.state.facets = FacetLister(library, searcher)
    return kept


ListerDep = Annotated[FacetLister, Depends(lister_of)]


@router.get(
    "/facets",
    summary="List and search the values of a facet",
    dependencies=[Depends(StrictParameters(*FacetParameters.model_fields, repeated=lists_of(FacetParameters)))],
    response_class=OrjsonResponse,
    responses={200: {"model": FacetOut}, 400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM},
)
def list_facet(parameters: Annotated[FacetParameters, Query()], lister: ListerDep) -> Response:
    """Count a facet's values among the works of a search: exactly, to the last of up to 200,000."""
    return OrjsonResponse(lister.answer(parameters.wanted()))
