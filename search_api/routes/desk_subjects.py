"""The desk's part of the subject tree: where headings, class marks and keywords lead, and the classes themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from indexer.errors import EditError
from indexer.storage.subjects import LONGEST_CODE, LONGEST_NAME, LONGEST_SCHEME, SubjectChange
from indexer.subjects.classifying import KEYWORD, LONGEST_VALUE, SubjectMapping
from indexer.subjects.tables import fold_term
from search_api.bodies import json_body, read_body
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.desk import desk_door, member_at_desk
from search_api.desk_edits import (
    ANSWERS,
    FIX,
    UNDO,
    WRITES,
    WRITING,
    BodyDep,
    SignedIn,
    UndoIn,
    change_body,
    edit_problem,
)
from search_api.library import MAX_KEY, Library
from search_api.people.access import require_classes
from search_api.subjects import MOST_UNMAPPED, list_unmapped

_MOST_MAPPINGS = 1_000
router = APIRouter(prefix="/v1/desk", tags=["desk"], dependencies=[Depends(desk_door("desk.subjects"))])


class MappingIn(BaseModel):
    """Where a heading, class mark or keyword leads."""

    model_config = ConfigDict(extra="forbid")

    scheme: Annotated[str, Field(min_length=1, max_length=LONGEST_SCHEME, description="LCC, CLC, MeSH, keyword …")]
    value: Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE, description="Its code or term.")]
    code: Annotated[
        str | None, Field(max_length=LONGEST_CODE, description="A class; null: to none, and no longer listed.")
    ]


class MappingsIn(SignedIn):
    """Where headings, class marks and keywords lead; all are taken, or none."""

    mappings: Annotated[list[MappingIn], Field(min_length=1, max_length=_MOST_MAPPINGS)]


class ClassIn(SignedIn):
    """Another name for a class, whether it is shown, or a class of the library's own; what is left out stays."""

    code: Annotated[str, Field(min_length=1, max_length=LONGEST_CODE)]
    name_zh: Annotated[str | None, Field(max_length=LONGEST_NAME)] = None
    name_en: Annotated[str | None, Field(max_length=LONGEST_NAME)] = None
    parent: Annotated[str | None, Field(max_length=LONGEST_CODE, description="The class above.")] = None
    hidden: Annotated[bool | None, Field(description="Not shown, nor what is below it; works stay in it.")] = None


class ChangeOut(BaseModel):
    """A change of a class or a mapping."""

    id: str
    kind: Literal["class", "mapping"]
    state: Literal["in_force", "overruled", "undone"]
    code: str | None
    parent: str | None
    name_en: str | None
    name_zh: str | None
    hidden: bool | None
    scheme: str | None
    value: str | None
    reason: str
    who: str
    at: str
    undone_at: str | None
    undone_by: str | None


class ChangedOut(BaseModel):
    """What was written; ``created`` is less where the same held already."""

    created: int
    changes: list[ChangeOut]


class ChangesOut(BaseModel):
    """A page of changes, the newest first."""

    meta: dict[str, Any]
    results: list[ChangeOut]


class UnmappedOut(BaseModel):
    """A subject that leads to no class."""

    scheme: str
    code: str | None
    term: str
    count: int = Field(description="Works that have it.")


class UnmappedListOut(BaseModel):
    """A page of unmapped subjects, the most frequent first."""

    meta: dict[str, Any]
    results: list[UnmappedOut]


_MAPPINGS, _CLASS = TypeAdapter(MappingsIn), TypeAdapter(ClassIn)


@router.get(
    "/subjects/unmapped",
    summary="List subjects that lead to no class",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("scheme", "q", "limit", "offset"))],
    responses={200: {"model": UnmappedListOut}, **ANSWERS},
)
def list_unmapped_subjects(
    library: LibraryDep,
    scheme: Annotated[
        str | None, Query(max_length=LONGEST_SCHEME, description="Only of this scheme, written just so: LCC, keyword …")
    ] = None,
    q: Annotated[str, Query(max_length=LONGEST_VALUE, description="Only what contains this.")] = "",
    limit: Annotated[int, Query(ge=1, le=500, description="Subjects a page.")] = 50,
    offset: Annotated[int, Query(ge=0, le=MOST_UNMAPPED - 500, description="`next_offset` of the page before.")] = 0,
) -> Response:
    """Return what works have as subjects and nobody knows a class for, with the number of works.

    Keywords are listed only of works that are in no class at all.
    """
    found = list_unmapped(library, scheme=scheme, text=q, most=offset + limit + 1)
    page = found[offset : offset + limit]
    following = offset + limit if len(found) > offset + limit else None
    results = [{"scheme": one.scheme, "code": one.code, "term": one.term, "count": count} for one, count in page]
    return OrjsonResponse({"meta": {"count": len(page), "next_offset": following}, "results": results})


@router.get(
    "/subjects/changes",
    summary="List changes of the subject tree",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("kind", "limit", "before"))],
    responses={200: {"model": ChangesOut}, **ANSWERS},
)
def list_changes(
    library: LibraryDep,
    kind: Annotated[Literal["mapping", "class"], Query(description="Where headings lead, or classes.")] = "mapping",
    limit: Annotated[int, Query(ge=1, le=500, description="Changes a page.")] = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_KEY, description="`next_before` of the page before.")] = None,
) -> Response:
    """Return what the library changed, the newest first, undone changes too."""
    found = library.store.subjects.changes(kind, before=before, limit=limit + 1)
    shown = found[:limit]
    following = shown[-1][0] if len(found) > limit else None
    results = [change_body(one) for _, one in shown]
    return OrjsonResponse({"meta": {"count": len(shown), "next_before": following}, "results": results})


@router.post(
    "/subjects/mappings",
    summary="Say where headings lead",
    status_code=201,
    response_class=OrjsonResponse,
    dependencies=WRITING,
    responses={
        200: {"model": ChangedOut, "description": "All of it held already."},
        201: {"model": ChangedOut},
        **WRITES,
    },
    openapi_extra=json_body(
        MappingsIn,
        {
            "mappings": [
                {"scheme": "LCC", "value": "QA76", "code": "TP3"},
                {"scheme": "keyword", "value": "老年护理", "code": "R4"},
            ],
            "reason": "So is our shelving.",
            "who": "Li Ming",
        },
    ),
)
def map_subjects(request: Request, library: LibraryDep, body: BodyDep) -> Response:
    """Say to which class headings, class marks and keywords belong. Their works follow within seconds.

    A class mark of LCC or CLC speaks for all that begin so, unless a longer one says otherwise.
    """
    given = read_body(body, _MAPPINGS, fix=FIX)
    wanted = [SubjectMapping(scheme=one.scheme, value=one.value, code=one.code) for one in given.mappings]
    _require_classes(request, library, lambda: _mapped(library, wanted))
    try:
        told = library.store.subjects.map_many(wanted, given.signed(request))
    except EditError as error:
        raise edit_problem(error) from error
    return _changed(told)


@router.post(
    "/subjects/classes",
    summary="Name, hide or add a class",
    status_code=201,
    response_class=OrjsonResponse,
    dependencies=WRITING,
    responses={
        200: {"model": ChangedOut, "description": "It was so already."},
        201: {"model": ChangedOut},
        **WRITES,
    },
    openapi_extra=json_body(
        ClassIn,
        {"code": "G25", "name_zh": "图书馆学", "name_en": "Library science", "reason": "Our readers' word for it."},
    ),
)
def set_class(request: Request, library: LibraryDep, body: BodyDep) -> Response:
    """Give a class another name, hide it, or add one of the library's own."""
    given = read_body(body, _CLASS, fix=FIX)
    _require_classes(request, library, lambda: _touched(library, given))
    try:
        told = library.store.subjects.set_class(
            given.code,
            given.signed(request),
            name_zh=given.name_zh,
            name_en=given.name_en,
            parent=given.parent,
            hidden=given.hidden,
        )
    except EditError as error:
        raise edit_problem(error) from error
    return _changed([told])


@router.post(
    "/subjects/changes/{change_id}/undo",
    summary="Undo a change of the subject tree",
    response_class=OrjsonResponse,
    dependencies=WRITING,
    responses={200: {"model": ChangeOut}, **WRITES},
    openapi_extra=json_body(UndoIn, {"reason": "That was another journal.", "who": "Li Ming"}),
)
def undo_change(
    request: Request,
    library: LibraryDep,
    change_id: Annotated[str, Path(max_length=50, description="As the list shows it: m12, c3.")],
    body: BodyDep,
) -> Response:
    """Take a change back; what an older one said counts again, and the works follow."""
    given = read_body(body, UNDO, fix=FIX)
    _require_classes(request, library, lambda: _said_of(library, change_id))
    try:
        change = library.store.subjects.undo(change_id, given.signed(request))
    except EditError as error:
        raise edit_problem(error) from error
    return OrjsonResponse(change_body(change))


def _require_classes(request: Request, library: Library, classes: Callable[[], list[str | None]]) -> None:
    """Hold people whose role is for some classes to those; ``classes`` are asked for of them only."""
    member = member_at_desk(request)
    if member is not None:
        require_classes(member, "desk.subjects", classes(), library)


def _mapped(library: Library, wanted: list[SubjectMapping]) -> list[str | None]:
    """Return the classes that headings are to lead to, and those that they are taken from."""
    said = {(one.scheme.casefold(), fold_term(one.value)): one.code for one in library.store.subjects.mappings()}
    known = [((one.scheme.strip() or KEYWORD).casefold(), fold_term(" ".join(one.value.split()))) for one in wanted]
    return [*(one.code for one in wanted), *(said[one] for one in known if one in said)]


def _touched(library: Library, given: ClassIn) -> list[str | None]:
    """Return the class that is to change, or the one above a new one; and where it is to go."""
    is_known = given.code in library.store.subjects.tree()
    return [given.code if is_known else given.parent, *([given.parent] if given.parent else [])]


def _said_of(library: Library, change_id: str) -> list[str | None]:
    """Return the class that a change is about; no class where there is no such change."""
    kind: Literal["class", "mapping"] = "class" if change_id.startswith("c") else "mapping"
    digits = change_id[1:]
    key = int(digits) if digits.isascii() and digits.isdecimal() else 0
    found = library.store.subjects.changes(kind, before=min(key, MAX_KEY - 1) + 1, limit=1)
    return [change.code for _, change in found if change.id == change_id] or [None]


def _changed(told: list[tuple[SubjectChange, bool]]) -> Response:
    created = sum(is_new for _, is_new in told)
    body = {"created": created, "changes": [change_body(one) for one, _ in told]}
    return OrjsonResponse(body, status_code=201 if created else 200)
