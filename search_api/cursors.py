"""Cursors: opaque, signed, and bound to the query they belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import orjson
from itsdangerous import BadData, URLSafeSerializer

from indexer.errors import QueryError
from indexer.search.query import After, Match, Query, Sort

_SALT = "cursor-2"


def _bound_to(query: Query, sort: Sort) -> str:
    return _digest([asdict(query), sort])


def _digest(question: Sequence[object]) -> str:
    return hashlib.sha256(orjson.dumps(question)).hexdigest()[:16]


def _not_ours() -> QueryError:
    return QueryError("foreign_cursor", parameter="cursor")


def _of_another() -> QueryError:
    return QueryError("cursor_of_another", parameter="cursor")


class Places:
    """Write and read where lists of other things than works ended, each list with a salt of its own."""

    def __init__(self, key: str, salt: str) -> None:
        self._serializer = URLSafeSerializer(key, salt=salt)

    def write(self, place: Sequence[Any], *, question: Sequence[object]) -> str:
        """Return the cursor of the next page; ``question`` are the plain values that the list depends on."""
        return str(self._serializer.dumps([list(place), _digest(question)]))

    def read(self, cursor: str, *, question: Sequence[object]) -> list[Any]:
        """Return where to go on; raise ``QueryError`` for a cursor that is damaged or of another list."""
        try:
            place, bound = self._serializer.loads(cursor)
        except (BadData, ValueError, TypeError) as error:
            raise _not_ours() from error
        if bound != _digest(question):
            raise _of_another()
        return list(place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """Where a walk goes on: behind which hit, by which ``match``, from which state of the index and of the thesaurus.

    ``unbroken`` is false once the pages before did not all come from one state.
    """

    after: After
    match: Match
    snapshot: str | None = None
    unbroken: bool = True
    thesaurus: str | None = None


class Cursors:
    """Write and read cursors with the library's own key."""

    def __init__(self, key: str) -> None:
        self._serializer = URLSafeSerializer(key, salt=_SALT)

    def write(self, going: Continuation, *, query: Query, sort: Sort) -> str:
        """Return the cursor of the next page; ``match`` is what the first page really used."""
        after = going.after
        place = [after.value, after.key, after.seen, going.match, going.snapshot, int(going.unbroken), going.thesaurus]
        return str(self._serializer.dumps([*place, _bound_to(query, sort)]))

    def read(self, cursor: str, *, query: Query, sort: Sort) -> Continuation:
        """Return where to go on; raise ``QueryError`` for a cursor that is damaged or of another query."""
        try:
            value, key, seen, match, snapshot, unbroken, thesaurus, bound = self._serializer.loads(cursor)
        except (BadData, ValueError, TypeError) as error:
            raise _not_ours() from error
        if bound != _bound_to(query, sort):
            raise _of_another()
        after = After(value=value, key=int(key), seen=int(seen))
        return Continuation(
            after=after,
            match=cast(Match, match),
            snapshot=snapshot,
            unbroken=bool(unbroken),
            thesaurus=None if thesaurus is None else str(thesaurus),
        )
