"""What goes wrong with accounts, as problem documents."""

from __future__ import annotations

import math
from typing import Any

from fastapi import FastAPI, Request
from pydantic import Field

from indexer.errors import PersonError, StalePersonError
from indexer.storage.people import Person
from search_api.people.errors import AccountError
from search_api.people.told import etag_of, person_body
from search_api.problems import Problem, ProblemError, ProblemResponse, RequestProblem, respond

_UNAUTHORIZED = 401
_SIGN_IN = 'Bearer realm="kaijuan"'


class ConflictProblem(Problem):
    """A change that is for another version than there is: both are here, to choose from."""

    current: dict[str, Any] = Field(description="As it is now; its ETag is in the header.")
    sent: dict[str, Any] = Field(description="As it was to be.")


def account_problem(error: AccountError) -> Problem:
    """Describe what went wrong."""
    kind = error.kind
    named = [ProblemError(parameter=error.parameter, detail=kind.detail, fix=kind.fix)] if error.parameter else []
    return Problem(title=kind.title, status=kind.status, detail=str(error), errors=named)


def account_headers(error: AccountError) -> dict[str, str]:
    """Return the headers of such an answer."""
    headers = {"Retry-After": str(math.ceil(error.wait))} if error.wait else {}
    if error.kind.status == _UNAUTHORIZED:
        headers["WWW-Authenticate"] = _SIGN_IN
    return headers


def refusal(error: AccountError) -> RequestProblem:
    """Return the exception that answers so."""
    return RequestProblem(account_problem(error), account_headers(error))


def conflict(current: Person, sent: dict[str, Any]) -> RequestProblem:
    """Return the 412 for a change of another version."""
    kind = AccountError("stale").kind
    detail = f"{kind.detail} {kind.fix}"
    problem = ConflictProblem(title=kind.title, status=412, detail=detail, current=person_body(current), sent=sent)
    return RequestProblem(problem, {"ETag": etag_of(current)})


def install(app: FastAPI) -> None:
    """Answer what accounts and their store raise."""

    @app.exception_handler(AccountError)
    def _account(_: Request, error: AccountError) -> ProblemResponse:
        return respond(account_problem(error), account_headers(error))

    @app.exception_handler(PersonError)
    def _person(_: Request, error: PersonError) -> ProblemResponse:
        if isinstance(error, StalePersonError):
            return respond(account_problem(AccountError("stale")))
        return respond(account_problem(AccountError.of(error)))
