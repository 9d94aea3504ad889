"""All limits in one place, with how the caller stands; and what the problems with a name mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from indexer.search.parser import MAX_CLAUSES, MAX_DEPTH, MAX_QUERY_LENGTH
from search_api.deps import OrjsonResponse, StrictParameters
from search_api.desk import MOST_A_MINUTE
from search_api.exporting.running import MOST
from search_api.manners.connections import Connection
from search_api.manners.gate import caller_of
from search_api.manners.limits import COSTLY, COSTLY_FORMS, Allowance
from search_api.problem_types import TYPES
from search_api.problems import Problem, not_found
from search_api.routes.exports import MOST_IDS, MOST_IDS_POSTED
from search_api.routes.pages import PageRoute, frame_of
from search_api.schemas import LONGEST_BODY
from search_api.searching import MAX_LIMIT
from search_api.web.rendering import render

router = APIRouter(prefix="/v1", tags=["service"])
page_router = APIRouter(route_class=PageRoute, include_in_schema=False)


class CallerOut(BaseModel):
    """Who is counted."""

    counted_by: Literal["address", "token", "desk"]
    label: str | None = Field(description="Of the token.")


class StandingOut(BaseModel):
    """A policy, and how much of it is left to the caller."""

    policy: str = Field(description="As in RateLimit; costly-… counts the costly requests only.")
    quota: int
    window_seconds: int
    remaining: int
    resets_in_seconds: int


class SizesOut(BaseModel):
    """How large a request may be."""

    query_letters: int
    query_words: int
    query_depth: int = Field(description="Parentheses within each other.")
    works_a_page: int
    works_named_in_an_address: int = Field(description="By GET /v1/export.")
    works_named_in_a_body: int = Field(description="By POST /v1/export.")
    body_bytes: int = Field(description="Of POST /v1/works and POST /v1/export.")
    request_seconds: float = Field(description="Within which a request must be here as a whole.")
    exports_at_a_time: int = Field(description="Whole results, of all readers together.")
    judgements_a_minute: int = Field(description="On the desk.")


class LimitsOut(BaseModel):
    """Every limit of the API; a page of a result and its cursor have no age at which they end."""

    caller: CallerOut
    policies: list[StandingOut] = Field(description="Empty where the library has set no limits.")
    costly: list[str] = Field(description="Addresses whose requests are costly.")
    sizes: SizesOut


@router.get(
    "/limits",
    summary="Show all limits and how you stand",
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={200: {"model": LimitsOut}, 400: {"model": Problem}, "default": {"model": Problem}},
)
def show_limits(request: Request) -> Response:
    """Tell by what you are counted, how much is left to you, and how large requests may be; asking this is free."""
    caller = caller_of(request)
    allowance = cast("Allowance", request.app.state.allowance)
    body: dict[str, Any] = {
        "caller": {"counted_by": caller.kind, "label": caller.label},
        "policies": [
            {
                "policy": one.policy.name,
                "quota": one.policy.quota,
                "window_seconds": one.policy.seconds,
                "remaining": one.remaining,
                "resets_in_seconds": one.wait,
            }
            for one in allowance.look(caller)
        ],
        "costly": [*COSTLY, *(f"*{form}" for form in COSTLY_FORMS)],
        "sizes": {
            "query_letters": MAX_QUERY_LENGTH,
            "query_words": MAX_CLAUSES,
            "query_depth": MAX_DEPTH,
            "works_a_page": MAX_LIMIT,
            "works_named_in_an_address": MOST_IDS,
            "works_named_in_a_body": MOST_IDS_POSTED,
            "body_bytes": LONGEST_BODY,
            "request_seconds": Connection.seconds,
            "exports_at_a_time": MOST,
            "judgements_a_minute": MOST_A_MINUTE,
        },
    }
    return OrjsonResponse(body)


@page_router.api_route("/problems/{name}", methods=["GET", "HEAD"])
def explain_problem(request: Request, name: Annotated[str, PathParameter(max_length=50)]) -> Response:
    """Explain a kind of problem to a person, at the address that is its ``type``."""
    kind = TYPES.get(name)
    if kind is None:
        raise not_found(f"There is no problem {name!r}.", f"There are {', '.join(TYPES)}.")
    frame = frame_of(request)
    title, text = (kind.title_zh, kind.text_zh) if frame.ui == "zh" else (kind.title_en, kind.text_en)
    return render("message.html", frame, title=title, text=text)
