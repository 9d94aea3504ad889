"""Works related to one, each with its reasons."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from indexer.search.related import ReasonCode
from search_api.cards import card
from search_api.copies import copies_of
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.problems import Problem
from search_api.related import DEFAULT_RELATED, MOST_RELATED, related, sentence
from search_api.routes.works import find_active
from search_api.schemas import BothWords, WorkOut

router = APIRouter(prefix="/v1", tags=["works"])
_PROBLEM: dict[str, Any] = {"model": Problem}


class RelatedReasonOut(BaseModel):
    """Why a work is related."""

    code: ReasonCode
    detail: list[str] = Field(description="The words, subjects or authors shared, or the journal.")
    text: BothWords


class RelatedWorkOut(WorkOut):
    """A card with its score and reasons."""

    score: float = Field(description="For comparing within this answer only.")
    reasons: list[RelatedReasonOut]


class RelatedOut(BaseModel):
    """Related works, the most related first."""

    meta: dict[str, Any]
    results: list[RelatedWorkOut]


@router.get(
    "/works/{work_id:path}/related",
    summary="List related works",
    dependencies=[Depends(StrictParameters("limit"))],
    response_class=OrjsonResponse,
    responses={
        200: {"model": RelatedOut},
        301: {"description": "Merged into another work."},
        400: _PROBLEM,
        404: _PROBLEM,
        410: _PROBLEM,
        503: _PROBLEM,
        "default": _PROBLEM,
    },
)
def list_related(
    work_id: Annotated[str, Path(description="A work id, or doi:…, pmid:…, pmcid:…", max_length=500)],
    library: LibraryDep,
    limit: Annotated[int, Query(ge=1, le=MOST_RELATED)] = DEFAULT_RELATED,
) -> Response:
    """Return works about the same, with what each shares with the work; see docs/related.md for how they are found."""
    started = time.perf_counter()
    work, moved = find_active(library, work_id)
    if moved:
        return RedirectResponse(f"/v1/works/{quote(work.id)}/related?limit={limit}", status_code=301)
    found = related(library, work, limit)
    copies = copies_of([one.work for one in found], library.store.links)
    results = [
        card(one.work, copies[one.work.key])
        | {
            "score": one.score,
            "reasons": [
                {
                    "code": reason.code,
                    "detail": list(reason.detail),
                    "text": {"en": sentence(reason, "en"), "zh": sentence(reason, "zh")},
                }
                for reason in one.reasons
            ],
        }
        for one in found
    ]
    took = round((time.perf_counter() - started) * 1000, 1)
    return OrjsonResponse({"meta": {"work": work.id, "count": len(results), "took_ms": took}, "results": results})
