"""The desk's part of ranking: sources, containers and works that are hidden or lifted, each with a reason."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, TypeAdapter

from indexer.errors import EditError
from indexer.search.rules import LEAST_WEIGHT, MOST_WEIGHT, USUAL_WEIGHT
from search_api.bodies import json_body, read_body
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.desk import desk_door
from search_api.desk_edits import (
    ANSWERS,
    FIX,
    UNDO,
    WRITES,
    WRITING,
    BodyDep,
    SignedIn,
    UndoIn,
    edit_problem,
    rule_body,
)

router = APIRouter(prefix="/v1/desk", tags=["desk"], dependencies=[Depends(desk_door("desk.ranking"))])


class RuleIn(SignedIn):
    """A source, container or work to be hidden from searches, or to stand higher or lower in them."""

    kind: Literal["source", "container", "work"]
    target: Annotated[
        str,
        Field(min_length=1, max_length=500, description="A source's id; a container's id or ISSN; a work's id, doi:…"),
    ]
    effect: Literal["hide", "boost", "bury"]
    weight: Annotated[
        float,
        Field(ge=LEAST_WEIGHT, le=MOST_WEIGHT, description="How much; 1 is about one word of the query. Not for hide."),
    ] = USUAL_WEIGHT


class RuleOut(BaseModel):
    """A rule of ranking."""

    id: str
    kind: Literal["source", "container", "work"]
    target: str
    name: str | None = Field(description="What it is called now; null where it is gone.")
    effect: Literal["hide", "boost", "bury"]
    weight: float
    state: Literal["in_force", "overruled", "undone"]
    reason: str
    who: str
    at: str
    undone_at: str | None
    undone_by: str | None


class RuleChangedOut(BaseModel):
    """A rule; ``created`` is false where it held already."""

    created: bool
    rule: RuleOut


class RulesListOut(BaseModel):
    """A page of rules, the newest first."""

    meta: dict[str, Any]
    results: list[RuleOut]


_RULE = TypeAdapter(RuleIn)


@router.get(
    "/ranking",
    summary="List rules of ranking",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("in_force", "limit", "before"))],
    responses={200: {"model": RulesListOut}, **ANSWERS},
)
def list_rules(
    library: LibraryDep,
    in_force: Annotated[bool | None, Query(description="Only those that count now, or do not.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Rules a page.")] = 50,
    before: Annotated[str | None, Query(max_length=50, description="`next_before` of the page before.")] = None,
) -> Response:
    """Return what the library hides or lifts, with the reasons, the newest first; undone rules too."""
    rules, following = library.store.ranking_rules.page(in_force=in_force, before=before, limit=limit)
    body = {"meta": {"count": len(rules), "next_before": following}, "results": [rule_body(one) for one in rules]}
    return OrjsonResponse(body)


@router.post(
    "/ranking",
    summary="Hide, boost or bury",
    status_code=201,
    response_class=OrjsonResponse,
    dependencies=WRITING,
    responses={
        200: {"model": RuleChangedOut, "description": "The rule held already."},
        201: {"model": RuleChangedOut},
        **WRITES,
    },
    openapi_extra=json_body(
        RuleIn, {"kind": "container", "target": "1234-5679", "effect": "bury", "reason": "No peer review.", "weight": 2}
    ),
)
def add_rule(request: Request, library: LibraryDep, body: BodyDep) -> Response:
    """Hide a source, container or work from searches, or let it stand higher or lower by relevance.

    The newest rule for one thing counts. Hidden works stay where their addresses and identifiers lead.
    """
    given = read_body(body, _RULE, fix=FIX)
    try:
        rule, created = library.store.ranking_rules.add(
            given.kind, given.target, given.effect, given.signed(request), weight=given.weight
        )
    except EditError as error:
        raise edit_problem(error) from error
    return OrjsonResponse({"created": created, "rule": rule_body(rule)}, status_code=201 if created else 200)


@router.post(
    "/ranking/{rule_id}/undo",
    summary="Undo a rule of ranking",
    response_class=OrjsonResponse,
    dependencies=WRITING,
    responses={200: {"model": RuleOut}, **WRITES},
    openapi_extra=json_body(UndoIn, {"reason": "The journal mended its ways.", "who": "Li Ming"}),
)
def undo_rule(
    request: Request,
    library: LibraryDep,
    rule_id: Annotated[str, Path(max_length=50, description="As the list shows it.")],
    body: BodyDep,
) -> Response:
    """Take a rule back; an older one for the same counts again."""
    given = read_body(body, UNDO, fix=FIX)
    try:
        rule = library.store.ranking_rules.undo(rule_id, given.signed(request))
    except EditError as error:
        raise edit_problem(error) from error
    return OrjsonResponse(rule_body(rule))
