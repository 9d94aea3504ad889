"""Suggestions while somebody types."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from search_api.deps import OrjsonResponse, StrictParameters
from search_api.problems import Problem, ProblemError, RequestProblem
from search_api.suggesting import DEFAULT_LIMIT, KINDS, MAX_LIMIT, AnyKind, Suggester

router = APIRouter(prefix="/v1", tags=["works"])
#: What a search may have; more is no beginning of anything, and has no suggestions.
_LONGEST = 2_000
_LONGEST_KINDS = 100


class SuggestionOut(BaseModel):
    """What may be meant, and what to do when it is."""

    kind: AnyKind
    text: str = Field(description="As it is shown.")
    highlights: list[list[int]] = Field(description="What was typed of it: [start, end) in characters (code points).")
    count: int = Field(description="Works; authors count where they are among the first four.")
    query: str = Field(description="What to search for, with what stood before it.")
    work: str | None = Field(description="Of a title: the work.")
    container: str | None = Field(description="Of a journal: the value of the filter container.")
    url: str = Field(description="Address of the page for readers.")


class SuggestMetaOut(BaseModel):
    """About the answer."""

    count: int
    took_ms: float


class SuggestOut(BaseModel):
    """Suggestions: subjects, authors, journals, titles, in this order."""

    meta: SuggestMetaOut
    results: list[SuggestionOut]


@router.get(
    "/suggest",
    summary="Suggest while typing",
    dependencies=[Depends(StrictParameters("q", "limit", "kinds"))],
    response_class=OrjsonResponse,
    responses={200: {"model": SuggestOut}, 400: {"model": Problem}, "default": {"model": Problem}},
)
def suggest(
    request: Request,
    q: Annotated[str, Query(max_length=_LONGEST, description="What is typed so far; pinyin and first letters too.")],
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Suggestions at most.")] = DEFAULT_LIMIT,
    kinds: Annotated[
        str, Query(max_length=_LONGEST_KINDS, description=f"Any of {', '.join(KINDS)}, with commas.")
    ] = ",".join(KINDS),
) -> Response:
    """Suggest subjects, authors, journals and titles. `author:wa` suggests authors only, and so for other fields."""
    suggester: Suggester = request.app.state.suggester
    return OrjsonResponse(suggester.answer(q, kinds=_kinds_of(kinds), limit=limit))


def _kinds_of(text: str) -> tuple[AnyKind, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names or not set(names) <= set(KINDS):
        wrong = ProblemError(parameter="kinds", detail="names no kind", fix=f"Use any of {', '.join(KINDS)}.")
        detail = f"kinds: use any of {', '.join(KINDS)}, with commas."
        raise RequestProblem(Problem(title="A parameter is wrong", status=400, detail=detail, errors=[wrong]))
    return cast("tuple[AnyKind, ...]", names)
