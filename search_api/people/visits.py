"""Who is signed in, as a request shows it: a token in ``Authorization``, or a browser's cookie. The header goes first.

What comes with a cookie may have been sent by another site's page: a write with one needs a sign that it comes from
ours, and a form also the session's own token.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import cast

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from indexer.storage.sessions import PREFIX, Session
from search_api.library import Library

VISIT = "kaijuan.visit"
_COOKIE, _JOURNEY = "kaijuan_session", "kaijuan_campus"
_LONGEST_SECRET = 200
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody who is signed in, and how that was shown."""

    session: Session
    by_cookie: bool


def is_session_token(shown: str) -> bool:
    """Tell whether what was shown looks like a session's secret."""
    return shown.startswith(PREFIX)


def shown_by_cookie(scope: Scope, library: Library) -> str | None:
    """Return the session's secret of a request's cookies; none where several claim to be it, as intruders' do."""
    name = cookie_name(scope, library)
    found = [
        value.strip()
        for line in Headers(scope=scope).getlist("cookie")
        for key, _, value in (part.partition("=") for part in line.split(";"))
        if key.strip() == name
    ]
    return found[0] if len(found) == 1 and len(found[0]) <= _LONGEST_SECRET else None


def visit_of(request: Request) -> Visit | None:
    """Return who is signed in, as the gate saw it."""
    return cast("Visit | None", request.scope.get(VISIT))


def is_secure(scope: Scope, library: Library) -> bool:
    """Tell whether readers reach us by https, be it that a proxy does that for us."""
    return scope.get("scheme") == "https" or library.settings.public_url.startswith("https:")


def cookie_name(scope: Scope, library: Library, name: str = _COOKIE) -> str:
    """Return a cookie's name; ``__Host-`` lets no other host of the domain set it (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if is_secure(scope, library) else name


def set_cookie(response: Response, request: Request, library: Library, secret: str, *, days: int) -> None:
    """Let a browser keep a session's secret, where no script can read it and no other site's form sends it."""
    _set(response, request, library, _COOKIE, secret, days * 24 * 3600)


def clear_cookie(response: Response, request: Request, library: Library) -> None:
    """Let a browser forget the session."""
    _set(response, request, library, _COOKIE, "", 0)


def set_journey(response: Response, request: Request, library: Library, held: str, *, seconds: int) -> None:
    """Let a browser keep what it must bring back from the campus; 0 seconds: forget it."""
    _set(response, request, library, _JOURNEY, held, seconds)


def journey_of(request: Request, library: Library) -> str:
    """Return what a browser brought back from the campus."""
    return request.cookies.get(cookie_name(request.scope, library, _JOURNEY), "")


def csrf_token(visit: Visit, library: Library) -> str:
    """Return what a form of this session must carry; other sites cannot know it."""
    return hmac.digest(library.store.secret("csrf").encode(), visit.session.id.encode(), "sha256").hex()


def is_csrf_token(given: str, visit: Visit, library: Library) -> bool:
    """Tell whether a form carries its session's token."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token(visit, library).encode())


def _set(response: Response, request: Request, library: Library, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(request.scope, library, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_secure(request.scope, library),
        httponly=True,
        samesite="lax",
    )
