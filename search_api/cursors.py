"""Cursors: opaque, signed, and bound to the query they belong to."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import cast

import orjson
from itsdangerous import BadData, URLSafeSerializer

from indexer.errors import QueryError
from indexer.search.query import After, Match, Query, Sort

_SALT = "cursor-1"


def _bound_to(query: Query, sort: Sort) -> str:
    return hashlib.sha256(orjson.dumps([asdict(query), sort])).hexdigest()[:16]


class Cursors:
    """Write and read cursors with the library's own key."""

    def __init__(self, key: str) -> None:
        self._serializer = URLSafeSerializer(key, salt=_SALT)

    def write(self, after: After, *, query: Query, match: Match, sort: Sort) -> str:
        """Return the cursor of the next page; ``match`` is what the first page really used."""
        return str(self._serializer.dumps([after.value, after.key, after.seen, match, _bound_to(query, sort)]))

    def read(self, cursor: str, *, query: Query, sort: Sort) -> tuple[After, Match]:
        """Return where to go on; raise ``QueryError`` for a cursor that is damaged or of another query."""
        try:
            value, key, seen, match, bound = self._serializer.loads(cursor)
        except (BadData, ValueError, TypeError) as error:
            raise QueryError(
                "The cursor is not one of ours.", remedy="Leave it out to begin at the first page.", parameter="cursor"
            ) from error
        if bound != _bound_to(query, sort):
            raise QueryError(
                "The cursor belongs to another query.",
                remedy="Repeat the query exactly as on the first page, or leave the cursor out.",
                parameter="cursor",
            )
        return After(value=value, key=int(key), seen=int(seen)), cast(Match, match)
