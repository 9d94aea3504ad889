"""Who may use the librarian's desk over HTTP: whoever knows its token, and people whose roles allow it."""

from __future__ import annotations

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

from fastapi import Request

from indexer.judging_desk import JudgingDesk
from search_api.library import Library
from search_api.people.access import Member, member_of
from search_api.people.errors import AccountError
from search_api.people.roles import Permission, may
from search_api.people.visits import READS
from search_api.problems import Problem, RequestProblem
from search_api.settings import SHORTEST_TOKEN

#: Judgements that may be recorded or undone within a minute; each may move thousands of records.
MOST_A_MINUTE = 60
_MINUTE = 60.0


class WriteLimit:
    """Counts what was written within the last minute, in this process."""

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._at: deque[float] = deque()

    def take(self) -> float | None:
        """Count one more, or return how many seconds there are to wait."""
        now = time.monotonic()
        with self._lock:
            while self._at and now - self._at[0] >= _MINUTE:
                self._at.popleft()
            if len(self._at) >= self._most:
                return _MINUTE - (now - self._at[0])
            self._at.append(now)
            return None


def desk_door(permission: Permission) -> Callable[[Request], None]:
    """Return a dependency that lets in who sends the desk's token, or is signed in and may read, or write, here.

    Nothing of a request is looked at before. Its problems are 403 where the desk is closed or a person may not do
    this, 401 where nobody is signed in and the token is missing or wrong.
    """

    def permitted(request: Request) -> None:
        member = member_of(request)
        if member is None:
            _require_token(request)
        elif not may(member.roles, "desk.read" if request.method in READS else permission):
            raise AccountError("not_allowed")
        request.state.desk_member = member

    return permitted


def member_at_desk(request: Request) -> Member | None:
    """Return the person at the desk; nobody is known who came in by the token."""
    return cast("Member | None", request.state.desk_member)


def who_signs(request: Request, given: _Named) -> tuple[str, int | None]:
    """Return what is written down for who decides: who is signed in, by public id, or the name that was given.

    Raises:
        AccountError: ``who_is_you``: a name was given by somebody who is signed in.
    """
    member = member_at_desk(request)
    if member is None:
        return given.who, None
    if "who" in given.model_fields_set:
        raise AccountError("who_is_you", parameter="who")
    return member.person.id, member.person.key


class _Named(Protocol):
    """A body that may say who decides."""

    who: str

    @property
    def model_fields_set(self) -> set[str]:
        """Return the names of what was given."""


def _require_token(request: Request) -> None:
    token = cast(Library, request.app.state.library).settings.desk_token
    if token is None:
        raise RequestProblem(
            Problem(
                title="The desk is closed",
                status=403,
                detail=f"Sign in as somebody with a role; or set KAIJUAN_DESK_TOKEN to {SHORTEST_TOKEN} characters or "
                "more where kaijuan runs, and send it as Authorization: Bearer …. The command line needs no token.",
            )
        )
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    is_known = hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode())
    if scheme.lower() != "bearer" or not is_known:
        raise RequestProblem(
            Problem(
                title="Not allowed",
                status=401,
                detail="The desk's token is missing or wrong. Send it as Authorization: Bearer ….",
            ),
            {"WWW-Authenticate": 'Bearer realm="kaijuan desk"'},
        )


def count_write(request: Request) -> None:
    """Refuse what comes too fast with a 429 problem."""
    wait = cast(WriteLimit, request.app.state.desk_writes).take()
    if wait is not None:
        raise RequestProblem(
            Problem(
                title="Too many judgements",
                status=429,
                detail=f"More than {MOST_A_MINUTE} judgements came within a minute. Go on in {wait:.0f} seconds.",
            ),
            {"Retry-After": f"{wait:.0f}"},
        )


def desk_of(library: Library) -> JudgingDesk:
    """Return the use cases over a library."""
    return JudgingDesk(library.store, library.pipeline)
