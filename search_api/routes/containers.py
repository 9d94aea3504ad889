"""Containers: find journals, and one by its id or ISSN."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from search_api.containers import list_containers, look_up, shown
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.problems import Problem, not_found
from search_api.routes.facets import ListerDep

router = APIRouter(prefix="/v1/containers", tags=["containers"])
_PROBLEM: dict[str, Any] = {"model": Problem}
_USUAL, _MOST = 20, 50


class ContainerDetailOut(BaseModel):
    """A journal, or what else works are parts of."""

    id: str
    title: str | None
    issns: list[str]
    issn_l: str | None = Field(description="Linking ISSN, where a source states it.")
    publisher: str | None
    country: str | None = Field(description="The publisher's, ISO 3166-1 alpha-2; from journal records.")
    works: int = Field(description="How many of its works are here.")
    first_year: int | None = Field(description="Of its works here; null where none has a year.")
    last_year: int | None
    works_url: str = Field(description="Where they are listed.")


class ContainersMetaOut(BaseModel):
    """About the list; ``next_cursor`` is null at the end."""

    q: str
    count: int | None = Field(description="How many there are in all; null where they were not counted.")
    next_cursor: str | None


class ContainersOut(BaseModel):
    """A page of journals, those with the most works first."""

    meta: ContainersMetaOut
    results: list[ContainerDetailOut]


@router.get(
    "",
    summary="Find journals",
    dependencies=[Depends(StrictParameters("q", "limit", "cursor"))],
    response_class=OrjsonResponse,
    responses={200: {"model": ContainersOut}, 400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM},
)
def find_containers(
    library: LibraryDep,
    lister: ListerDep,
    q: Annotated[
        str, Query(max_length=200, description="Words of the title; Chinese ones also by their pinyin; or an ISSN.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=_MOST, description="Journals a page.")] = _USUAL,
    cursor: Annotated[str | None, Query(max_length=2_000, description="next_cursor of the page before.")] = None,
) -> Response:
    """List the journals that have works here, those with the most first."""
    return OrjsonResponse(list_containers(library, lister, q, limit=limit, cursor=cursor))


@router.get(
    "/{container_id}",
    summary="Get a journal",
    dependencies=[Depends(StrictParameters())],
    response_class=OrjsonResponse,
    responses={
        200: {"model": ContainerDetailOut},
        301: {"description": "Merged into another container."},
        400: _PROBLEM,
        404: _PROBLEM,
        503: _PROBLEM,
        "default": _PROBLEM,
    },
)
def get_container(
    container_id: Annotated[str, Path(max_length=100, description="A container id, or issn:1234-5678")],
    library: LibraryDep,
) -> Response:
    """Return one journal; the id of one that was merged into another redirects to that one."""
    found = look_up(library, container_id)
    if found is None:
        raise not_found("There is no such journal.", "Find it by its title or ISSN with /v1/containers?q=…")
    if found.id != container_id and not container_id.lower().startswith("issn:"):
        return RedirectResponse(f"/v1/containers/{quote(found.id)}", status_code=301)
    return OrjsonResponse(shown(library, found))
