"""What the desk's changes of subjects and ranking share over HTTP: who says it, how it is told, what is refused."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from indexer import clock
from indexer.errors import EditError, UnknownEditError, WrongEditError
from indexer.storage.ranking_rules import RankingRule
from indexer.storage.said import LONGEST_NOTE, LONGEST_WHO, Signed
from indexer.storage.subjects import SubjectChange
from search_api.bodies import limited_body
from search_api.deps import StrictParameters
from search_api.desk import count_write, who_signs
from search_api.problems import Problem, ProblemError, RequestProblem

_MAX_BODY = 512 * 1024
FIX = "See /docs and docs/subjects.md for what may be sent."
PROBLEM: dict[str, Any] = {"model": Problem}
ANSWERS: dict[int | str, dict[str, Any]] = {**dict.fromkeys((400, 401, 403, 503), PROBLEM), "default": PROBLEM}
WRITES: dict[int | str, dict[str, Any]] = {**ANSWERS, **dict.fromkeys((404, 409, 413, 415, 429), PROBLEM)}
WRITING = [Depends(StrictParameters()), Depends(count_write)]
BodyDep = Annotated[bytes, Depends(limited_body(_MAX_BODY))]


class SignedIn(BaseModel):
    """Who says it, and why."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE, description="Why; for whoever asks later.")]
    who: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_WHO,
            description="Who decides: a name or address; not from people who are signed in.",
        ),
    ] = "desk"

    def signed(self, request: Request) -> Signed:
        """Return who says it, and why."""
        who, person_key = who_signs(request, self)
        return Signed(who=who, note=self.reason, person_key=person_key)


class UndoIn(SignedIn):
    """What was said was a mistake."""


UNDO = TypeAdapter(UndoIn)


def change_body(one: SubjectChange) -> dict[str, Any]:
    """Return a change as the API and ``--json`` show it."""
    return _told(asdict(one))


def rule_body(one: RankingRule) -> dict[str, Any]:
    """Return a rule as the API and ``--json`` show it."""
    return _told(asdict(one))


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return values | {
        "reason": values.pop("note"),
        "at": clock.iso(values["at"]),
        "undone_at": clock.iso(values["undone_at"]),
    }


def edit_problem(error: EditError) -> RequestProblem:
    """Tell why a change cannot be taken; the message ends with what to do."""
    if isinstance(error, WrongEditError):
        wrong = ProblemError(parameter=error.parameter, detail=error.reason, fix=error.remedy)
        return RequestProblem(Problem(title="The change cannot be read", status=400, detail=str(error), errors=[wrong]))
    if isinstance(error, UnknownEditError):
        return RequestProblem(Problem(title="Not found", status=404, detail=str(error)))
    return RequestProblem(Problem(title="The change does not fit", status=409, detail=str(error)))
