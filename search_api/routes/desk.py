"""The librarian's desk: people's judgements, and what the machine could not decide; for whoever knows the token."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from indexer.errors import JudgementError, UnknownWorkError, WrongJudgementError
from indexer.identity.corrections import FIELDS
from indexer.judging_desk import LONGEST_REASON, LONGEST_WHO, MOST_WORKS, By, Decided, JudgingDesk
from indexer.storage.review import Place, undecided
from search_api.bodies import limited_body, read_body
from search_api.cards import card
from search_api.copies import copies_of
from search_api.deps import LibraryDep, OrjsonResponse, StrictParameters
from search_api.desk import count_write, desk_door, desk_of, who_signs
from search_api.library import MAX_KEY, Library
from search_api.problems import Problem, ProblemError, RequestProblem
from search_api.told import decided_body, judgement_body, review_body

_MAX_BODY = 512 * 1024
_LONGEST_NAME, _MOST_NAMES, _MOST_GROUPS = 1_500, 10_000, 50
_FIX = "See /docs and docs/judgements.md for the forms of judgements."
_PROBLEM: dict[str, Any] = {"model": Problem}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **dict.fromkeys((400, 401, 403, 503), _PROBLEM),
    "default": _PROBLEM,
}
_WRITES: dict[int | str, dict[str, Any]] = {**_ANSWERS, **dict.fromkeys((404, 409, 413, 415, 429), _PROBLEM)}
router = APIRouter(prefix="/v1/desk", tags=["desk"], dependencies=[Depends(desk_door("desk.judge"))])

_Name = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]
_Works = Annotated[
    list[_Name], Field(min_length=2, max_length=MOST_WORKS, description="Work ids, or doi:…, pmid:…, pmcid:….")
]
BodyDep = Annotated[bytes, Depends(limited_body(_MAX_BODY))]


class _Signed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON, description="Why; for whoever asks later.")]
    who: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_WHO,
            description="Who decides: a name or address; not from people who are signed in.",
        ),
    ] = "desk"


class SameIn(_Signed):
    """Works are one and the same."""

    kind: Literal["same"]
    works: _Works


class DifferentIn(_Signed):
    """Works are different (``works``); or groups of one work's records are (``work`` and ``groups``)."""

    kind: Literal["different"]
    works: _Works | None = None
    work: _Name | None = None
    groups: Annotated[
        list[Annotated[list[_Name], Field(min_length=1, max_length=_MOST_NAMES)]] | None,
        Field(
            min_length=1,
            max_length=_MOST_GROUPS,
            description="Records by manifestation id or source:identifier; those in no group stay together.",
        ),
    ] = None


class CorrectIn(_Signed):
    """A field of a work is to be another."""

    kind: Literal["correct"]
    work: _Name
    field: Annotated[str, Field(max_length=50, description=f"One of {', '.join(FIELDS)}.")]
    value: Annotated[str | int | list[str] | None, Field(description='The right value; null or "" for none.')]


class UndoIn(_Signed):
    """A judgement was a mistake."""


_JUDGEMENT: TypeAdapter[SameIn | DifferentIn | CorrectIn] = TypeAdapter(
    Annotated[SameIn | DifferentIn | CorrectIn, Field(discriminator="kind")]
)
_UNDO = TypeAdapter(UndoIn)
#: Each kind whole: references of a body's own would not be found from where the description stands.
_JUDGEMENT_SCHEMA = {"oneOf": [one.model_json_schema() for one in (SameIn, DifferentIn, CorrectIn)]}
_EXAMPLES = {
    "same": {
        "summary": "Join two works",
        "value": {
            "kind": "same",
            "works": ["w3k9q0x7m2a1bc", "doi:10.1000/182"],
            "reason": "The repository left out the DOI.",
            "who": "Li Ming",
        },
    },
    "split": {
        "summary": "Part a work's records",
        "value": {
            "kind": "different",
            "work": "w3k9q0x7m2a1bc",
            "groups": [["doaj:oai:doaj.org/article:0001"]],
            "reason": "Part II has a record of its own.",
        },
    },
    "different": {
        "summary": "Keep two works apart",
        "value": {
            "kind": "different",
            "works": ["w3k9q0x7m2a1bc", "w5t2v8n4d6e0fg"],
            "reason": "Two editorials of one issue.",
        },
    },
    "correct": {
        "summary": "Correct a field",
        "value": {
            "kind": "correct",
            "work": "w3k9q0x7m2a1bc",
            "field": "published",
            "value": "2024-03",
            "reason": "As printed on the first page.",
        },
    },
}


class UndoneOut(BaseModel):
    """When, by whom and why a judgement was taken back."""

    at: str
    who: str
    reason: str


class JudgedRecordOut(BaseModel):
    """A record that a judgement names; without manifestation and work while it is gone."""

    source: str
    identifier: str
    group: int
    manifestation: str | None
    work: str | None


class JudgementOut(BaseModel):
    """A judgement; ``state`` is sleeping while too few of its records are here for it to say anything."""

    id: str
    kind: Literal["same", "different", "correct"]
    state: Literal["in_force", "overruled", "sleeping", "undone"]
    field: str | None
    value: str | list[str] | None
    reason: str
    who: str
    at: str
    undone: UndoneOut | None
    records: list[JudgedRecordOut] = Field(description="The first 100.")
    record_count: int


class RedirectedOut(BaseModel):
    """An id that leads to another work since a merge."""

    from_: str = Field(alias="from")
    to: str


class DecidedOut(BaseModel):
    """What came of it."""

    judgement: JudgementOut
    created: bool = Field(description="False: the same was recorded before and still holds; nothing was added.")
    overrules: list[str] = Field(description="Older judgements that do not hold any more.")
    restores: list[str] = Field(description="Older judgements that hold again.")
    redirected: list[RedirectedOut]
    works: list[str] = Field(description="The works that the records are in now.")


class JudgementsOut(BaseModel):
    """A page of judgements, the newest first."""

    meta: dict[str, Any]
    results: list[JudgementOut]


class ReviewOut(BaseModel):
    """A page of undecided pairs."""

    meta: dict[str, Any]
    results: list[dict[str, Any]]


@router.get(
    "/judgements",
    summary="List judgements",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("work", "kind", "undone", "limit", "before"))],
    responses={200: {"model": JudgementsOut}, 404: _PROBLEM, **_ANSWERS},
)
def list_judgements(
    library: LibraryDep,
    work: Annotated[
        str | None, Query(max_length=500, description="Only those that name a record of this work: id or doi:…")
    ] = None,
    kind: Annotated[Literal["same", "different", "correct"] | None, Query(description="Only of this kind.")] = None,
    undone: Annotated[bool | None, Query(description="Only those that were undone, or were not.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Judgements a page.")] = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_KEY, description="`next_before` of the page before.")] = None,
) -> Response:
    """Return what people judged, the newest first, and how it stands now."""
    key = None if work is None else _work_key(library, work)
    found = desk_of(library).log.page(work_key=key, kind=kind, undone=undone, before=before, limit=limit + 1)
    shown = found[:limit]
    following = shown[-1].key if len(found) > limit else None
    meta = {"count": len(shown), "next_before": following}
    return OrjsonResponse({"meta": meta, "results": [judgement_body(one) for one in shown]})


@router.post(
    "/judgements",
    summary="Record a judgement",
    status_code=201,
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters()), Depends(count_write)],
    responses={
        200: {"model": DecidedOut, "description": "The same holds already; nothing was added."},
        201: {"model": DecidedOut},
        **_WRITES,
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _JUDGEMENT_SCHEMA, "examples": _EXAMPLES}},
        }
    },
)
def record_judgement(request: Request, library: LibraryDep, body: BodyDep) -> Response:
    """Say that works are the same, or different, or that a field is wrong. It holds at once and survives a rebuild.

    The newest of two that contradict each other holds; the answer names those that it overrules.
    """
    given = read_body(body, _JUDGEMENT, fix=_FIX)
    try:
        decided = _recorded(desk_of(library), given, _signed(request, given))
    except JudgementError as error:
        raise _problem(error) from error
    return OrjsonResponse(decided_body(decided), status_code=201 if decided.created else 200)


@router.post(
    "/judgements/{judgement_id}/undo",
    summary="Undo a judgement",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters()), Depends(count_write)],
    responses={200: {"model": DecidedOut}, **_WRITES},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _UNDO.json_schema(),
                    "example": {"reason": "I mistook part I for part II.", "who": "Li Ming"},
                }
            },
        }
    },
)
def undo_judgement(
    request: Request,
    library: LibraryDep,
    judgement_id: Annotated[str, Path(max_length=100, description="As the list shows it.")],
    body: BodyDep,
) -> Response:
    """Take a judgement back; it stays in the list, and what older ones said counts again."""
    given = read_body(body, _UNDO, fix='Send {"reason": "…"}; who may be added.')
    try:
        decided = desk_of(library).undo(judgement_id, _signed(request, given))
    except JudgementError as error:
        raise _problem(error) from error
    return OrjsonResponse(decided_body(decided))


@router.get(
    "/review",
    summary="List undecided pairs",
    response_class=OrjsonResponse,
    dependencies=[Depends(StrictParameters("limit", "after", "language"))],
    responses={200: {"model": ReviewOut}, **_ANSWERS},
)
def list_undecided(
    library: LibraryDep,
    limit: Annotated[int, Query(ge=1, le=100, description="Pairs a page.")] = 20,
    after: Annotated[str | None, Query(max_length=60, description="`next_after` of the page before.")] = None,
    language: Annotated[Literal["en", "zh"], Query(description="Of the reasons' sentences.")] = "en",
) -> Response:
    """Return works that may be one, side by side: the likeliest first, among those what touches most records."""
    found = undecided(library.store.database, limit=limit + 1, after=Place.read(after) if after else None)
    shown = found[:limit]
    keys = [key for one in shown for key in (one.left.work_key, one.right.work_key) if key is not None]
    works = library.store.catalogue.by_keys(keys)
    copies = copies_of(list(works.values()), library.store.links)
    cards = {key: card(work, copies[key]) for key, work in works.items()}
    results = [
        review_body(one, cards[one.left.work_key], cards[one.right.work_key], language)
        for one in shown
        if one.left.work_key in cards and one.right.work_key in cards
    ]
    following = str(shown[-1].place) if len(found) > limit else None
    return OrjsonResponse({"meta": {"count": len(results), "next_after": following}, "results": results})


def _signed(request: Request, given: _Signed) -> By:
    who, person_key = who_signs(request, given)
    return By(who=who, reason=given.reason, person_key=person_key)


def _recorded(desk: JudgingDesk, given: SameIn | DifferentIn | CorrectIn, by: By) -> Decided:
    if isinstance(given, SameIn):
        return desk.merge(given.works, by)
    if isinstance(given, CorrectIn):
        return desk.correct(given.work, given.field, given.value, by)
    if given.works is not None and given.work is None and given.groups is None:
        return desk.distinct(given.works, by)
    if given.works is None and given.work is not None and given.groups is not None:
        return desk.split(given.work, given.groups, by)
    raise WrongJudgementError(
        "It is not clear what is different.",
        remedy="Give works (two or more), or work and groups of its records.",
        parameter="works",
    )


def _work_key(library: Library, wanted: str) -> int:
    work = library.store.catalogue.find(wanted)
    target = library.store.catalogue.target(work) if work is not None else None
    if work is None:
        raise _problem(
            UnknownWorkError(f"There is no work {wanted[:80]!r}.", remedy="Search for its title with /v1/works?q=….")
        )
    return (target or work).key


def _problem(error: JudgementError) -> RequestProblem:
    """Tell what is wrong with a judgement; the message ends with what to do."""
    if isinstance(error, WrongJudgementError):
        wrong = ProblemError(parameter=error.parameter, detail=error.reason, fix=error.remedy)
        return RequestProblem(
            Problem(title="The judgement cannot be read", status=400, detail=str(error), errors=[wrong])
        )
    if isinstance(error, UnknownWorkError):
        return RequestProblem(Problem(title="Not found", status=404, detail=str(error)))
    return RequestProblem(Problem(title="The judgement does not fit", status=409, detail=str(error)))
