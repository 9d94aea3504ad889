"""The subject tree: browse classes, within any search, with exact counts."""

from __future__ import annotations

import time
from typing import Annotated, Any, get_origin

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from search_api.deps import LibraryDep, OrjsonResponse, SearcherDep, StrictParameters
from search_api.problems import Problem, not_found
from search_api.schemas import BothWords, QueryParameters
from search_api.subjects import ClassCounts, class_body, count_classes, path_body, tree_body

router = APIRouter(prefix="/v1/subjects", tags=["subjects"])
_PROBLEM: dict[str, Any] = {"model": Problem}
_DEEPEST = 8


class SubjectParameters(QueryParameters):
    """The parameters of a search within which classes are counted; ``sort`` and ``clc`` make no difference."""

    depth: Annotated[int, Field(ge=1, le=_DEEPEST, description="Levels of classes to return.")] = 2


class ClassBriefOut(BaseModel):
    """A class by its code and names."""

    code: str
    name: BothWords


class ClassOut(ClassBriefOut):
    """A class and how many works of the search are in it or below it."""

    own: bool = Field(description="True for a class that the library added.")
    count: int
    works: str = Field(description="Where its works are, without the search.")
    children: list[ClassOut] | None = Field(default=None, description="As deep as was asked for.")


class SubjectsMetaOut(BaseModel):
    """About the counts."""

    count: int = Field(description="Works of the search.")
    unclassed: int = Field(description="Works of the search that are in no class.")
    match: str = Field(description="How many words had to match, as in the search itself.")
    took_ms: float


class SubjectsOut(BaseModel):
    """The top of the tree, with what is below."""

    meta: SubjectsMetaOut
    results: list[ClassOut]


class SubjectOut(ClassOut):
    """A class with its place in the tree."""

    meta: SubjectsMetaOut
    path: list[ClassBriefOut] = Field(description="From the top down; empty for a class at the top.")


_LISTS = {name for name, field in SubjectParameters.model_fields.items() if get_origin(field.annotation) is list}
_STRICT = StrictParameters(*SubjectParameters.model_fields, repeated=_LISTS)
_ANSWERS: dict[int | str, dict[str, Any]] = {400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM}


@router.get(
    "",
    summary="Browse the subject tree",
    dependencies=[Depends(_STRICT)],
    response_class=OrjsonResponse,
    responses={200: {"model": SubjectsOut}, **_ANSWERS},
)
def list_subjects(
    parameters: Annotated[SubjectParameters, Query()], library: LibraryDep, searcher: SearcherDep
) -> Response:
    """Return the classes of the tree with the number of works in each; with a search, only of its works.

    A work counts once in each class above its own. ``GET /v1/works?clc=CODE`` has the works.
    """
    started = time.perf_counter()
    counts = count_classes(library, searcher, parameters.search().query())
    tree = library.store.subjects.tree()
    return OrjsonResponse({"meta": _meta(counts, started), "results": tree_body(tree, counts, parameters.depth)})


@router.get(
    "/{code}",
    summary="Get a class of the subject tree",
    dependencies=[Depends(_STRICT)],
    response_class=OrjsonResponse,
    responses={200: {"model": SubjectOut}, 404: _PROBLEM, **_ANSWERS},
)
def get_subject(
    code: Annotated[str, Path(max_length=50, description="Its code, such as TP3.")],
    parameters: Annotated[SubjectParameters, Query()],
    library: LibraryDep,
    searcher: SearcherDep,
) -> Response:
    """Return one class with its path from the top, what is below it, and the number of works in each."""
    started = time.perf_counter()
    tree = library.store.subjects.tree()
    found = tree.get(code.upper())
    if found is None or not tree.is_shown(found.code):
        raise not_found("There is no class of that code.", "See /v1/subjects for all of them.")
    counts = count_classes(library, searcher, parameters.search().query())
    body = class_body(found, counts) | {
        "path": path_body(tree, found.code),
        "children": tree_body(tree, counts, parameters.depth, found.code),
        "meta": _meta(counts, started),
    }
    return OrjsonResponse(body)


def _meta(counts: ClassCounts, started: float) -> dict[str, Any]:
    return {
        "count": counts.works,
        "unclassed": counts.unclassed,
        "match": counts.match,
        "took_ms": round((time.perf_counter() - started) * 1000, 1),
    }
