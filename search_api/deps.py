"""What handlers are given: the open library and its searcher, kept on the application."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Annotated, cast

import orjson
from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from search_api.library import Library
from search_api.problems import MOST_ERRORS, Problem, ProblemError, RequestProblem, unknown_parameter
from search_api.searching import Searcher


async def _library(request: Request) -> Library:  # not in a thread: there may be none free
    return cast(Library, request.app.state.library)


async def _searcher(request: Request) -> Searcher:
    return cast(Searcher, request.app.state.searcher)


#: In the scope of a GET that answers a HEAD: a long body need not be made.
IS_HEAD = "kaijuan.is_head"
LibraryDep = Annotated[Library, Depends(_library)]
SearcherDep = Annotated[Searcher, Depends(_searcher)]


class StrictParameters:
    """Refuse parameters that a route does not know, and single ones that are given twice.

    Answering as if they had not been there would be a silently different answer.
    """

    def __init__(self, *known: str, repeated: Collection[str] = ()) -> None:
        self._known = frozenset(known)
        self._repeated = frozenset(repeated)

    async def __call__(self, request: Request) -> None:
        """Check a request."""
        given = Counter(name for name, _ in request.query_params.multi_items())
        errors = [unknown_parameter(name) for name in given if name not in self._known]
        errors += [
            ProblemError(parameter=name, detail="is given more than once", fix="Give it once.")
            for name, times in given.items()
            if times > 1 and name in self._known - self._repeated
        ]
        errors = errors[:MOST_ERRORS]
        if errors:
            detail = " ".join(f"{error.parameter}: {error.detail}." for error in errors)
            raise RequestProblem(Problem(title="A parameter is wrong", status=400, detail=detail, errors=errors))


class OrjsonResponse(JSONResponse):
    """JSON written by orjson from plain values, without passing them through models again."""

    def render(self, content: object) -> bytes:
        """Write the body."""
        return orjson.dumps(content)
