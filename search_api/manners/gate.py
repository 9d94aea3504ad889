"""The gate before all routes: who asks, and may they ask that much?

A token that is shown must be a good one: an unknown or revoked one is 401, never answered as if nobody had shown any.
Requests that prove nothing but that the service lives, and static files, are not counted.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from datetime import date
from typing import cast

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from indexer import clock
from indexer.errors import StoreError
from search_api.library import Library
from search_api.manners.exchange import tell, timed
from search_api.manners.forwarded import client_key
from search_api.manners.limits import Allowance, Caller, Taken, is_costly, limit_header, policy_header
from search_api.people.errors import AccountError
from search_api.people.problems import account_problem
from search_api.people.visits import READS, VISIT, Visit, is_session_token, shown_by_cookie
from search_api.problem_types import UNKNOWN_TOKEN
from search_api.problems import Problem, ProblemError, named_problem, respond
from search_api.same_origin import is_own_page

_CALLER = "kaijuan.caller"
UNCOUNTED = frozenset(("/health", "/ready", "/metrics", "/v1/limits"))
_STATIC, _DESK, _FOR_PROGRAMS = "/static/", "/v1/desk", ("/v1/", "/oai", "/openapi.json")
_log = structlog.get_logger()


class Gate:
    """Lets in whoever may; counts them; says how they stand in ``RateLimit`` and ``RateLimit-Policy``."""

    def __init__(self, app: ASGIApp, library: Library, allowance: Allowance) -> None:
        self._app, self._library, self._allowance = app, library, allowance
        self._noted: dict[str, date] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 401 or 429."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with timed("gate"):
            visit = await self._visit(scope)
            caller = _person(visit) if visit else await self._caller(scope)
            refusal = self._count(scope, caller or _by_address(scope))
        if refusal is None and caller is None:
            refusal = _unknown_token()
        if refusal is None and visit is not None and visit.by_cookie and _may_be_forged(scope):
            refusal = respond(account_problem(AccountError("foreign")))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._app({**scope, _CALLER: caller, VISIT: visit}, receive, send)
        if visit is not None:
            await self._note_use(visit.session.id)
        elif caller is not None and caller.kind == "token":
            await self._note_use(caller.key)

    async def _note_use(self, token_id: str) -> None:
        """Write down, once a day and behind the answer, that a token is in use: a store that is busy delays nobody."""
        today = clock.now().date()
        if self._noted.get(token_id) != today:
            self._noted[token_id] = today
            with suppress(StoreError):
                await run_in_threadpool(self._library.store.tokens.note_use, token_id)

    def _count(self, scope: Scope, caller: Caller) -> Response | None:
        path = scope["path"]
        if path in UNCOUNTED or path.startswith(_STATIC):
            return None
        taken = self._allowance.take(caller, costly=is_costly(path))
        if taken.standings:
            tell("RateLimit-Policy", policy_header(taken.standings))
            tell("RateLimit", limit_header(taken.standings))
        if taken.refusal is not None:
            return _refused(scope, taken, taken.refusal)
        for used_up in (one.policy.name for one in taken.standings if not one.remaining):
            # Once a window, with its last request: a line for each that is refused would be a way to fill the log.
            _log.info("limit_reached", policy=used_up, kind=caller.kind, token=caller.label, path=path)
        return None

    async def _visit(self, scope: Scope) -> Visit | None:
        """Return who is signed in; a cookie counts only where no token is shown, be it a bad one."""
        shown = _shown_token(scope)
        if scope["path"].startswith(_STATIC):
            return None
        secret = shown if shown is not None else shown_by_cookie(scope, self._library)
        if secret is None or not is_session_token(secret):
            return None
        idle_days = self._library.settings.accounts.idle_days
        session = await run_in_threadpool(self._library.store.sessions.find, secret, idle_days=idle_days)
        return Visit(session=session, by_cookie=shown is None) if session else None

    async def _caller(self, scope: Scope) -> Caller | None:
        """Return who asks; ``None`` for somebody with a token that is none."""
        shown = _shown_token(scope)
        if shown is None:
            return _by_address(scope)
        desk = self._library.settings.desk_token
        if desk is not None and hmac.compare_digest(shown.encode(), desk.get_secret_value().encode()):
            return Caller(kind="desk", key="desk")
        if scope["path"].startswith(_DESK) and not is_session_token(
            shown
        ):  # which says itself what it wants to be shown
            return _by_address(scope)
        token = await run_in_threadpool(self._library.store.tokens.find, shown)
        return Caller(kind="token", key=token.id, label=token.label) if token else None


def caller_of(request: Request) -> Caller:
    """Return who asks, as the gate saw it."""
    return cast("Caller", request.scope[_CALLER])


def _shown_token(scope: Scope) -> str | None:
    """Return the token that is shown; another scheme is a matter between the client and a proxy before us."""
    scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _person(visit: Visit) -> Caller:
    return Caller(kind="person", key=visit.session.person_id)


def _may_be_forged(scope: Scope) -> bool:
    """Tell whether another site's page may have sent what a browser put its cookie to."""
    return scope["method"] not in READS and not is_own_page(Request(scope))


def _by_address(scope: Scope) -> Caller:
    return Caller(kind="address", key=client_key(scope))


def _unknown_token() -> Response:
    detail = "The token is unknown, revoked or expired."
    fix = "Send a token that kaijuan tokens add made, as Authorization: Bearer …, or none at all."
    error = ProblemError(parameter="Authorization", detail=detail, fix=fix)
    problem = named_problem(UNKNOWN_TOKEN, detail=f"{detail} {fix}", errors=[error])
    return respond(problem, {"WWW-Authenticate": 'Bearer realm="kaijuan", error="invalid_token"'})


def _refused(scope: Scope, taken: Taken, problem: Problem) -> Response:
    accepted = Headers(scope=scope).get("accept", "")
    if "text/html" not in accepted or scope["path"].startswith(_FOR_PROGRAMS):
        return respond(problem, {"Retry-After": str(taken.wait)})
    from search_api.routes.pages import busy_page  # noqa: PLC0415  # whose module asks for this one

    return busy_page(Request(scope), taken.wait)
