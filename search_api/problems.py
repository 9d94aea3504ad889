"""Errors as RFC 9457 problem documents: what is wrong, where, and what to do about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.errors import IndexerError, QueryError, SearchIndexError, SearchTooSlowError, StoreError
from search_api import problem_types
from search_api.filter_values import WrongValueError
from search_api.manners.exchange import count, request_id
from search_api.schemas import BothWords

MEDIA_TYPE = "application/problem+json"
#: What else is wrong with a request is told when these are mended: thousands would answer a request with its multiple.
MOST_ERRORS = 20
#: What ``Retry-After`` says where a server of ours must come back first.
RETRY_SECONDS = "5"
#: Paths that answer programs, whatever these say that they accept.
FOR_PROGRAMS = ("/v1/", "/oai", "/openapi.json", "/health", "/ready", "/metrics")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_log = structlog.get_logger()


class ProblemError(BaseModel):
    """One thing that is wrong with a request."""

    parameter: str = Field(description="The parameter concerned.")
    detail: str = Field(description="What is wrong.")
    position: int | None = Field(default=None, description="0-based character in the parameter, where it can be told.")
    fix: str | None = Field(default=None, description="What to do.")
    words: BothWords | None = Field(
        default=None, description="Detail and fix in sentences for readers; of what is wrong with a query."
    )


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(
        default="about:blank",
        description="about:blank, or where this kind is explained: "
        + ", ".join(map(problem_types.address_of, problem_types.TYPES))
        + ".",
    )
    title: str
    status: int
    detail: str
    errors: list[ProblemError] = []
    request_id: str | None = Field(
        default=None,
        description="The request's id, also in X-Request-Id and in our log: name it when you ask about it.",
    )


class ProblemResponse(JSONResponse):
    """A problem document."""

    media_type = MEDIA_TYPE


class RequestProblem(Exception):  # noqa: N818  # it is answered, not raised to anybody
    """Raise to answer with a problem document."""

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.headers = headers


def respond(problem: Problem, headers: dict[str, str] | None = None) -> ProblemResponse:
    """Write a problem as a response."""
    body = problem.model_dump(mode="json") | {"request_id": problem.request_id or request_id()}
    return ProblemResponse(body, status_code=problem.status, headers=headers)


def named_problem(name: str, *, detail: str, errors: list[ProblemError]) -> Problem:
    """Describe a problem of a kind that has an address of its own."""
    kind = problem_types.TYPES[name]
    return Problem(
        type=problem_types.address_of(name), title=kind.title_en, status=kind.status, detail=detail, errors=errors
    )


def query_problem(error: QueryError) -> Problem:
    """Describe a query that cannot be understood."""
    return Problem(
        title="The query cannot be understood",
        status=400,
        detail=str(error),
        errors=[query_fault(error)],
    )


def query_fault(error: QueryError) -> ProblemError:
    """Describe what is wrong with a query, for programs and for readers of both languages."""
    return ProblemError(
        parameter=error.parameter,
        detail=error.reason,
        position=error.position,
        fix=error.remedy,
        words=BothWords(en=" ".join(error.told("en")), zh="".join(error.told("zh"))),
    )


def unavailable(error: IndexerError) -> ProblemResponse:
    """Answer that store or index cannot be used now, and when to come again."""
    if isinstance(error, SearchTooSlowError):
        return respond(_too_slow(error), {"Retry-After": RETRY_SECONDS})
    _log.error("service_unavailable", error=str(error))
    what = (
        "search index"
        if isinstance(error, SearchIndexError)
        else "record store"
        if isinstance(error, StoreError)
        else "service"
    )
    # The cause names folders and hosts, which are nobody's business out there; it is in the log.
    problem = Problem(title=f"The {what} cannot be used now", status=503, detail=error.remedy)
    return respond(problem, {"Retry-After": RETRY_SECONDS})


def _too_slow(error: SearchTooSlowError) -> Problem:
    count("search_cut_off")
    _log.warning("search_too_slow", error=str(error))
    words = BothWords(en=str(error), zh="这次检索太费时。请缩小范围：词少一些、长一些，少用 * 和 ~；也可以稍候再试。")
    return Problem(
        title="The search took too long",
        status=503,
        detail=str(error),
        errors=[ProblemError(parameter="q", detail=error.reason, fix=error.remedy, words=words)],
    )


def not_found(what: str, remedy: str) -> RequestProblem:
    """Return the 404 for something that is not there."""
    return RequestProblem(Problem(title="Not found", status=404, detail=f"{what} {remedy}"))


def install(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    @app.exception_handler(RequestProblem)
    def _problem(_: Request, error: RequestProblem) -> ProblemResponse:
        return respond(error.problem, error.headers)

    @app.exception_handler(QueryError)
    def _query(_: Request, error: QueryError) -> ProblemResponse:
        return respond(query_problem(error))

    @app.exception_handler(IndexerError)
    def _unavailable(_: Request, error: IndexerError) -> ProblemResponse:
        return unavailable(error)

    @app.exception_handler(RequestValidationError)
    def _validation(_: Request, error: RequestValidationError) -> ProblemResponse:
        errors = [_validation_error(item) for item in error.errors()[:MOST_ERRORS]]
        detail = " ".join(map(in_short, errors))
        return respond(Problem(title="A parameter is wrong", status=400, detail=detail, errors=errors))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> ProblemResponse:
        problem = Problem(
            title=str(error.detail), status=error.status_code, detail=f"{error.detail}. See /docs for what there is."
        )
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods(request))
        return respond(problem, headers)


def _methods(request: Request) -> list[str]:
    """Return the methods that a request's path answers; a router names those of the first route with it only."""
    asked = [{**request.scope, "method": method} for method in _METHODS]
    found = {one["method"] for one in asked for route in request.app.routes if route.matches(one)[0] is Match.FULL}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


class LastResort:
    """Answer what nobody expected with a problem document, within the layers that put ids and headers on it.

    The error goes on to the server, which logs it too, and to tests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        is_begun = False

        async def watched(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if isinstance(error, IndexerError) and scope["type"] == "http" and not is_begun:
                await for_reader(scope, unavailable(error))(scope, receive, send)
                return
            if scope["type"] == "http":
                _log.error("unexpected_error", path=scope["path"], error=repr(error), exc_info=error)
                if not is_begun:
                    await _unexpected()(scope, receive, send)
            raise


def given_up(scope: Scope) -> ASGIApp:
    """Return the answer to a request that store or index keep waiting."""
    count("given_up")
    _log.error("answer_given_up", path=scope["path"])
    problem = Problem(
        title="The service cannot answer now", status=503, detail="It took too long. Try again in a moment."
    )
    return for_reader(scope, respond(problem, {"Retry-After": RETRY_SECONDS}))


def for_reader(scope: Scope, problem: ProblemResponse) -> ASGIApp:
    """Return a problem as it is, or as a page where a browser asks for one."""
    if "text/html" not in Headers(scope=scope).get("accept", "") or scope["path"].startswith(FOR_PROGRAMS):
        return problem
    from search_api.routes.pages import unavailable_page  # noqa: PLC0415  # whose module asks for this one

    return unavailable_page(Request(scope))


def _unexpected() -> ProblemResponse:
    return respond(
        Problem(
            title="Something went wrong here",
            status=500,
            detail="The error was logged. Try again; tell the library the request_id if it stays.",
        )
    )


def unknown_parameter(name: str) -> ProblemError:
    """Describe a parameter that does not exist."""
    return ProblemError(parameter=name, detail=f"there is no parameter {name!r}", fix="Leave it out; see /docs.")


def in_short(error: ProblemError) -> str:
    """Say in one sentence what is wrong with which parameter, and what to do where that was told in words."""
    said = f"{error.parameter}: {error.detail.removesuffix('.')}."
    return f"{said} {error.fix}" if error.words else said


def refused_value(item: Any) -> ProblemError | None:
    """Return what a validator of ours said of a value, from pydantic's error; ``None`` where pydantic refused it."""
    wrong = item.get("ctx", {}).get("error")
    return query_fault(wrong.fault) if isinstance(wrong, WrongValueError) else None


def _validation_error(item: dict[str, Any]) -> ProblemError:
    named = [part for part in item.get("loc", ())[1:] if isinstance(part, str)]  # ("query", "year", 0)
    name = named[0] if named else "request"
    if item["type"] == "extra_forbidden":
        return unknown_parameter(name)
    return refused_value(item) or ProblemError(
        parameter=name, detail=str(item["msg"]).removeprefix("Value error, "), fix="See /docs for what is allowed."
    )
