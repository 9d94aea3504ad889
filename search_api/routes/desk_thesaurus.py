"""The desk's part of the thesaurus: terms that stand for each other in searches, each entry with a reason."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from indexer.errors import EditError
from indexer.search.thesaurus import Term
from indexer.storage.thesaurus import LONGEST_TERM, MOST_TERMS, make_entry
from search_api.bodies import json_body, read_body
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.desk import desk_door
from search_api.desk_edits import ANSWERS, UNDO, WRITES, WRITING, BodyDep, SignedIn, UndoIn, edit_problem
from search_api.problems import Problem
from search_api.thesaurus_bodies import entry_body

_FIX = "See /docs and docs/suggest.md for what may be sent."
router = APIRouter(prefix="/v1/desk", tags=["desk"], dependencies=[Depends(desk_door("desk.thesaurus"))])


class TermIn(BaseModel):
    """A term; without a language, that of its script where it has only one."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TERM)]
    language: Annotated[str, Field(max_length=3, description="Such as zh, en, de.")] = ""


class EntryIn(SignedIn):
    """Terms that stand for each other, or (block) for which nothing shall stand."""

    kind: Literal["synonym", "translation", "block"]
    terms: Annotated[list[TermIn], Field(min_length=1, max_length=MOST_TERMS)]


class TermOut(BaseModel):
    """A term."""

    text: str
    language: str | None


class EntryOut(BaseModel):
    """An entry of the thesaurus."""

    id: str
    kind: Literal["synonym", "translation", "block"]
    terms: list[TermOut]
    state: Literal["in_force", "undone"]
    reason: str
    who: str
    at: str
    undone_at: str | None
    undone_by: str | None


class EntryChangedOut(BaseModel):
    """An entry; ``created`` is false where it was there already."""

    created: bool
    entry: EntryOut


class EntriesOut(BaseModel):
    """A page of entries, the newest first."""

    meta: dict[str, Any]
    results: list[EntryOut]


_ENTRY = TypeAdapter(EntryIn)
_EXAMPLE = {
    "kind": "translation",
    "terms": [{"text": "智慧图书馆"}, {"text": "smart library", "language": "en"}],
    "reason": "Asked for at the desk.",
    "who": "Li Ming",
}


@router.get(
    "/thesaurus",
    summary="List the thesaurus",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("in_force", "limit", "before"))],
    responses={200: {"model": EntriesOut}, **ANSWERS},
)
def list_entries(
    library: LibraryDep,
    in_force: Annotated[bool | None, Query(description="Only those that count now, or were undone.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Entries a page.")] = 50,
    before: Annotated[str | None, Query(max_length=50, description="`next_before` of the page before.")] = None,
) -> Response:
    """Return the library's entries with their reasons, the newest first; undone ones too."""
    entries, following = library.store.thesaurus.page(in_force=in_force, before=before, limit=limit)
    meta = {"count": len(entries), "next_before": following}
    return OrjsonResponse({"meta": meta, "results": [entry_body(one) for one in entries]})


@router.post(
    "/thesaurus",
    summary="Add to the thesaurus",
    status_code=201,
    response_class=OrjsonResponse,
    dependencies=WRITING,
    responses={
        200: {"model": EntryChangedOut, "description": "The entry was there already."},
        201: {"model": EntryChangedOut},
        **WRITES,
    },
    openapi_extra=json_body(EntryIn, _EXAMPLE),
)
def add_entry(request: Request, library: LibraryDep, body: BodyDep) -> Response:
    """Let terms stand for each other in searches from now on (other processes follow within two seconds)."""
    given = read_body(body, _ENTRY, fix=_FIX)
    try:
        entry = make_entry(given.kind, [Term(text=one.text, language=one.language) for one in given.terms])
        added, created = library.store.thesaurus.add(entry, given.signed(request))
    except EditError as error:
        raise edit_problem(error) from error
    return OrjsonResponse({"created": created, "entry": entry_body(added)}, status_code=201 if created else 200)


@router.post(
    "/thesaurus/{entry_id}/undo",
    summary="Undo an entry of the thesaurus",
    response_class=OrjsonResponse,
    dependencies=WRITING,
    responses={200: {"model": EntryOut}, **WRITES, 404: {"model": Problem}},
    openapi_extra=json_body(UndoIn, {"reason": "They mean different things in physics.", "who": "Li Ming"}),
)
def undo_entry(
    request: Request,
    library: LibraryDep,
    entry_id: Annotated[str, Path(max_length=50, description="As the list shows it.")],
    body: BodyDep,
) -> Response:
    """Take an entry back; it stays in the list."""
    given = read_body(body, UNDO, fix=_FIX)
    try:
        entry = library.store.thesaurus.undo(entry_id, given.signed(request))
    except EditError as error:
        raise edit_problem(error) from error
    return OrjsonResponse(entry_body(entry))
