"""The web application: API and pages over one open library."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api import problems
from search_api.deps import IS_HEAD
from search_api.desk import WriteLimit
from search_api.exporting.running import Running
from search_api.library import Library
from search_api.manners.caching import Caching
from search_api.manners.counting import Windows
from search_api.manners.deadline import SPARE_SECONDS, Deadline
from search_api.manners.encoding import Encoding
from search_api.manners.exchange import Exchanges, Routed
from search_api.manners.forwarded import Forwarded
from search_api.manners.gate import UNCOUNTED, Gate
from search_api.manners.idempotency import Idempotent
from search_api.manners.limits import Allowance
from search_api.metrics import Metrics
from search_api.people.accounts import Accounts
from search_api.people.problems import install as install_account_problems
from search_api.routes import (
    account_pages,
    containers,
    desk,
    desk_people,
    desk_ranking,
    desk_subjects,
    desk_thesaurus,
    docs,
    exports,
    facet_pages,
    facets,
    feeds,
    health,
    limits,
    me,
    metrics,
    oai,
    pages,
    provenance,
    queries,
    related,
    reports,
    resolve,
    sign_in,
    sources,
    subject_pages,
    subjects,
    suggest,
    trends,
    works,
)
from search_api.searching import Searcher
from search_api.suggesting import Suggester
from search_api.tally import Tally

VERSION = "0.1.0"
_CORS_ASKED = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-Id")
#: What scripts of other sites may read of an answer, beside what they always may.
_CORS_TOLD = (
    "Content-Disposition",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Server-Timing",
    "Sunset",
    "X-Request-Id",
)
_CORS_SECONDS = 24 * 3600
#: What nobody is answered who shows nothing.
_FOR_SOME = ("/v1/desk", "/v1/me")
_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of the library's: its holder is counted alone. The desk needs the desk's own, or that of "
    "a person with a role; /v1/me one that POST /v1/sign-in gave.",
}
_PROBLEM_CONTENT = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_UNKNOWN_TOKEN = {"description": "A token was sent that is none.", "content": _PROBLEM_CONTENT}
_TOO_MANY = {
    "description": "Too much within a minute, or within a day; type tells which.",
    "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
    "content": _PROBLEM_CONTENT,
}
_DESCRIPTION = (
    "Cross-source search over open-access articles. Errors are RFC 9457 problem documents that say what to do."
)


def make_app(library: Library, windows: Windows | None = None, tally: Tally | None = None) -> FastAPI:
    """Build the application; the caller opens and closes the library.

    Requests are counted in ``windows`` for what clients may ask, and in ``tally`` for operators.
    """
    tally = tally or Tally()
    app = FastAPI(title="kaijuan", version=VERSION, description=_DESCRIPTION, docs_url=None, redoc_url=None)
    app.state.library = library
    app.state.searcher = Searcher(library)
    app.state.suggester = Suggester(library, app.state.searcher)
    app.state.desk_writes = WriteLimit()
    app.state.exports = Running()
    app.state.reporter_key = library.store.secret("reporter")
    app.state.accounts = Accounts(library)
    app.state.metrics = Metrics(library, tally, VERSION)
    app.state.readiness = health.Readiness(library)
    problems.install(app)
    install_account_problems(app)
    _add_layers(app, library, Allowance(library.settings.limits, windows), tally)
    app.include_router(provenance.page_router)
    for routes in (
        desk,
        desk_people,
        desk_subjects,
        desk_thesaurus,
        desk_ranking,
        oai,
        provenance,
        exports,
        containers,
        facets,
        facet_pages,
        trends,
        related,
        feeds,
        works,
        queries,
        resolve,
        reports,
        sources,
        subjects,
        suggest,
        limits,
        sign_in,
        me,
        health,
        account_pages,
        metrics,
        pages,
        docs,
    ):
        app.include_router(routes.router)
    app.include_router(reports.page_router)
    app.include_router(limits.page_router)
    app.include_router(subject_pages.page_router)
    tally.name_routes(_templates(app))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def make_probe_app(library: Library) -> FastAPI:
    """Build what a process without readers answers: whether it is well, and the operators' numbers."""
    app = FastAPI(title="kaijuan", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None)
    tally = Tally()
    app.state.library = library
    app.state.metrics = Metrics(library, tally, VERSION)
    app.state.readiness = health.Readiness(library)
    problems.install(app)
    app.add_middleware(Routed)
    app.add_middleware(problems.LastResort)
    app.add_middleware(Exchanges, tally=tally)
    app.add_middleware(Forwarded, trusted=library.settings.trusted_proxies)
    app.include_router(health.router)
    app.include_router(metrics.router)
    tally.name_routes(_templates(app))
    return app


def _templates(app: FastAPI) -> list[str]:
    """Return the paths of all routes; FastAPI keeps those of an included router with that."""
    kept = [one for route in app.routes for one in getattr(route, "original_router", app).routes]
    return [path for route in (*app.routes, *kept) if (path := getattr(route, "path", None)) is not None]


def _add_layers(app: FastAPI, library: Library, allowance: Allowance, tally: Tally) -> None:
    """Put the layers around the routes; each one that is added is around those before it."""
    settings = library.settings
    app.state.allowance = allowance
    app.add_middleware(Routed)
    app.add_middleware(Idempotent, library=library)
    app.add_middleware(Gate, library=library, allowance=allowance)
    app.add_middleware(Deadline, seconds=settings.search_seconds + SPARE_SECONDS, refuse=problems.given_up)
    app.add_middleware(problems.LastResort)
    app.add_middleware(Caching)
    app.add_middleware(Encoding)
    app.add_middleware(HeadAsGet)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=_CORS_ASKED,
            expose_headers=_CORS_TOLD,
            max_age=_CORS_SECONDS,
        )
    app.add_middleware(Exchanges, tally=tally)
    app.add_middleware(Forwarded, trusted=settings.trusted_proxies)


class HeadAsGet:
    """Answer HEAD as GET without the body (RFC 9110, 9.3.2): probes and link checkers use it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
            await send(message)

        await self._app({**scope, "method": "GET", IS_HEAD: True}, receive, without_body)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Describe what really is answered: a wrong parameter is a 400 problem, never FastAPI's own 422."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema["components"]["securitySchemes"] = {"token": _TOKEN}
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                operation["security"] = [{"token": []}] if path.startswith(_FOR_SOME) else [{}, {"token": []}]
                operation["responses"].setdefault("401", _UNKNOWN_TOKEN)
                if path not in UNCOUNTED:
                    operation["responses"].setdefault("429", _TOO_MANY)
                if _is_frameworks(operation["responses"].get("422")):
                    del operation["responses"]["422"]
                    operation["responses"].setdefault("400", {"description": "A parameter is wrong."})
                for response in operation["responses"].values():
                    _describe_problem(response)
        app.openapi_schema = schema
    return app.openapi_schema


def _is_frameworks(response: dict[str, Any] | None) -> bool:
    """Tell whether a response is what FastAPI would say of wrong parameters, which we say otherwise."""
    schema = (response or {}).get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/HTTPValidationError")


def _describe_problem(response: dict[str, Any]) -> None:
    """Give problems their media type, which FastAPI would describe as plain JSON."""
    content = response.get("content", {}).get("application/json")
    if content and content.get("schema", {}).get("$ref", "").endswith("Problem"):
        response["content"] = {problems.MEDIA_TYPE: content}
