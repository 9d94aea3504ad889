"""What handlers are given: the open library and its searcher, kept on the application."""

from __future__ import annotations

from typing import Annotated, cast

import orjson
from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from search_api.library import Library
from search_api.searching import Searcher


def _library(request: Request) -> Library:
    return cast(Library, request.app.state.library)


def _searcher(request: Request) -> Searcher:
    return cast(Searcher, request.app.state.searcher)


LibraryDep = Annotated[Library, Depends(_library)]
SearcherDep = Annotated[Searcher, Depends(_searcher)]


class OrjsonResponse(JSONResponse):
    """JSON written by orjson from plain values, without passing them through models again."""

    def render(self, content: object) -> bytes:
        """Write the body."""
        return orjson.dumps(content)
