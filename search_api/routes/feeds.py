"""``/v1/works.atom``: any search as a feed that readers subscribe to."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, get_origin

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from search_api.deps import LibraryDep, SearcherDep, StrictParameters
from search_api.problems import Problem
from search_api.repository.atom import FIELDS, MEDIA_TYPE, PATH, Feed
from search_api.repository.provider import place_of
from search_api.schemas import QueryParameters
from search_api.searching import MAX_LIMIT

router = APIRouter(tags=["works"])
_PROBLEM: dict[str, Any] = {"model": Problem}
_USUAL = 50
_OF_THE_PAGE = frozenset(("limit", "cursor"))
_SHOWN = 100


class FeedParameters(QueryParameters):
    """The parameters of a search; the newest of this library come first."""

    sort: Annotated[
        Literal["relevance", "newest", "oldest", "first_indexed", "title"],
        Field(description="Order of the entries; first_indexed: what is new here first."),
    ] = "first_indexed"
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Works a page.")] = _USUAL
    cursor: Annotated[str | None, Field(max_length=1000, description="Of the next page; the feed links to it.")] = None


_LISTS = {name for name, field in FeedParameters.model_fields.items() if get_origin(field.annotation) is list}
_FEED: dict[str, Any] = {"description": "An Atom feed.", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}


@router.get(
    PATH,
    summary="Follow a search",
    dependencies=[Depends(StrictParameters(*FeedParameters.model_fields, repeated=_LISTS))],
    response_class=Response,
    responses={200: _FEED, 400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM},
)
def follow_works(
    parameters: Annotated[FeedParameters, Query()], request: Request, library: LibraryDep, searcher: SearcherDep
) -> Response:
    """Answer a search as an Atom feed (RFC 4287); asked again with its ETag, 304 where nothing changed."""
    wanted = replace(parameters.search(), fields=FIELDS, limit=parameters.limit, cursor=parameters.cursor)
    body = searcher.answer(wanted)
    given = [(name, value) for name, value in request.query_params.multi_items() if value]
    feed = Feed(
        place=place_of(library.settings, str(request.base_url), library.store.library_id),
        title=f"kaijuan: {parameters.q[:_SHOWN]}" if parameters.q.strip() else "kaijuan 开卷",
        asked=[pair for pair in given if pair[0] not in _OF_THE_PAGE],
        page=[pair for pair in given if pair[0] in _OF_THE_PAGE],
        results=body["results"],
        changed=library.store.dated_works.dates([one["id"] for one in body["results"]]),
        onward=body["meta"]["next_cursor"],
    )
    return Response(feed.write(), media_type=MEDIA_TYPE)
