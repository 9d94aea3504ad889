"""Where a crawl stands and which addresses it asks: all that is needed to go on in another process, days later."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode, urljoin

from harvesters.errors import BadTokenError, SourceError
from harvesters.sources.definition import Source

ALL_JOURNALS = "journals"
_JOURNAL = "journal:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One thing to crawl: ``journals`` (all of them), ``journal`` (one, by number) or ``search`` (words)."""

    kind: Literal["journals", "journal", "search"]
    journal: int = 0
    words: str = ""


def queries_of(source: Source) -> tuple[str, ...]:
    """Return what a source asks for; without ``queries`` all journals."""
    return source.queries or (ALL_JOURNALS,)


def read_queries(texts: Sequence[str]) -> tuple[Query, ...]:
    """Read queries; raise ``SourceError`` for one that makes no sense."""
    return tuple(_read_query(text) for text in texts)


def _read_query(text: str) -> Query:
    words = " ".join(text.split())
    if words == ALL_JOURNALS:
        return Query(kind="journals")
    if words.startswith(_JOURNAL):
        number = words.removeprefix(_JOURNAL).strip()
        if number.isascii() and number.isdigit() and len(number) < 13:  # noqa: PLR2004  # as in link_of
            return Query(kind="journal", journal=int(number))
    elif words:
        return Query(kind="search", words=words)
    raise SourceError(
        f"The query {text!r} makes no sense. Write 'journals', 'journal:4054', or words to look for, in the source's "
        "queries."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a crawl goes on.

    Args:
        query: which of the source's queries, from 0.
        journal: the journal, by number; ``None``: a query's first, or a search.
        page: the listing page, from 1.
        after: the last paper of this page that is done; gone from it, the page is begun anew.
        listed: entries that the pages of this list before this one had.
        lost: listing pages that could not be had so far; with any the harvest is never complete.
    """

    query: int = 0
    journal: int | None = None
    page: int = 1
    after: int | None = None
    listed: int = 0
    lost: int = 0

    def token(self, queries: Sequence[str]) -> str:
        """Write it as a resumption token, with a mark of the queries it belongs to."""
        values = {name: value for name, value in dataclasses.asdict(self).items() if value != getattr(_BEGINNING, name)}
        return json.dumps({**values, "of": _mark(queries)}, separators=(",", ":"))

    @classmethod
    def of(cls, token: str | None, queries: Sequence[str]) -> Place:
        """Read a token; raise ``BadTokenError`` where it makes no sense, or the queries are others now."""
        if token is None:
            return cls()
        try:
            values = json.loads(token)
            mark = values.pop("of")
            place = cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _bad("It cannot be read.") from error
        if mark != _mark(queries):
            raise _bad("The source's queries have changed since.")
        if not all(_is_number(value) for value in dataclasses.astuple(place) if value is not None):
            raise _bad("It is no place in a crawl.")
        if place.query >= len(queries) or place.page < 1:
            raise _bad("It is beyond the source's queries.")
        return place

    def next_page(self, listed: int) -> Place:
        """Return the list's next page."""
        return dataclasses.replace(self, page=self.page + 1, after=None, listed=listed)


_BEGINNING = Place()


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**13


def _mark(queries: Sequence[str]) -> str:
    return f"{zlib.crc32(json.dumps(list(queries)).encode()):08x}"


def _bad(why: str) -> BadTokenError:
    return BadTokenError(
        f"The place where the crawl stopped makes no sense any more. {why} It begins anew.", code="badResumptionToken"
    )


@dataclass(frozen=True, slots=True)
class Addresses:
    """The site's addresses under one endpoint."""

    endpoint: str

    def paper(self, number: int) -> str:
        """Return a paper's page."""
        return urljoin(self.endpoint, f"/paper/{number}")

    def journals(self, page: int = 1) -> str:
        """Return the list of all journals."""
        return urljoin(self.endpoint, "/lib/showJournalList" + (f"?pageNo={page}" if page > 1 else ""))

    def listing(self, query: Query, place: Place) -> str:
        """Return the listing page of a place: of its journal, or of its query's search."""
        if query.kind != "search":
            return urljoin(self.endpoint, f"/journal/{place.journal or query.journal}/{place.page}")
        asked = (
            ("type", "0"),
            ("oldType", "0"),
            ("kw", query.words),
            ("searchField", "All"),
            ("__multiselect_searchField", ""),
            ("fromYear", ""),
            ("toYear", ""),
            ("pageNo", str(place.page)),
        )
        return urljoin(self.endpoint, "/search?" + urlencode(asked))

    def first(self, query: Query) -> str:
        """Return the first address that a query asks for."""
        return self.journals() if query.kind == "journals" else self.listing(query, Place())
