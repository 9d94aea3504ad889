"""The crawl itself, one page after the other: query by query, journal by journal, listing by listing, paper by paper.

It knows nothing of Scrapy: it asks through one function and hands over what it has through another. What cannot be had
is never passed over in silence: it goes along as a damaged piece, and a place that is handed over never lies behind
something that may still come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from harvesters.errors import (
    HarvestError,
    PageError,
    RedirectRefusedError,
    ServerFaultError,
    TooLargeError,
    UnreachableError,
)
from harvesters.formats.oalib import (
    REMEDY,
    Listing,
    has_title,
    read_journal_list,
    read_journal_page,
    read_search_page,
    without_counters,
)
from harvesters.oalib.messages import Paper, Part, identifier_of
from harvesters.oalib.places import Addresses, Place, Query
from harvesters.records import DamagedRecord

#: Drift: so many papers in a row without a title, or such a share of a listing page's papers …
MAX_BLANK = 3
MAX_BLANK_SHARE = 0.2
#: … of at least so many.
LEAST_PAPERS = 5
#: So many pages in a row that could not be had end the crawl: then it is the site, not the pages.
MAX_FAILED = 3
#: Papers remembered so that none is asked for twice; the oldest are forgotten, so that memory stays flat.
REMEMBERED = 500_000
_FORBIDDEN = 403
_GONE = frozenset((404, 410))


class DisallowedError(HarvestError):
    """This page may not be asked for: the site's robots.txt says so, or it leads to what is no paper."""


Fetch = Callable[[str], Awaitable[bytes]]
"""Asks for an address, politely; every error is a ``HarvestError``, ``ServerFaultError`` for any status from 400 on."""
Emit = Callable[[Part], Awaitable[None]]
"""Hands a part over, and returns when the next one is wanted."""


class Crawl:
    """One crawl from a place to the end of its queries."""

    def __init__(self, endpoint: str, queries: tuple[Query, ...], *, fetch: Fetch, emit: Emit) -> None:
        self._site = Addresses(endpoint)
        self._queries = queries
        self._ask = fetch
        self._emit = emit
        self._part = Part(url=endpoint)
        self._journals: tuple[int, ...] = ()
        self._journals_of: int | None = None
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._before: Listing | None = None  # the page before in the same list
        self._blank = 0
        self._lost = 0
        self._here = self._emitted = Place()
        # Pages that could not be had since the last good answer, and the place before the first of them.
        self._failed: list[DamagedRecord] = []
        self._failed_lists = 0
        self._held = Place()

    async def run(self, start: Place) -> None:
        """Crawl; raise what ends it, after handing over what came before."""
        self._lost = start.lost
        self._emitted = self._here = start
        place: Place | None = start
        try:
            while place is not None and (settled := await self._settle(place)) is not None:
                place = await self._follow(settled)
                if place is not None:
                    await self._flush(place)
                    self._here = place
        except HarvestError:
            await self._flush(self._here)
            raise
        self._settle_failed()
        await self._emit(self._part)
        if self._lost:
            raise HarvestError(
                f"The crawl came to its end, but {self._lost} listing pages could not be read, or were shorter than "
                "the site says: kaijuan quarantine names them. Harvest again later: it begins anew.",
            )

    async def _flush(self, place: Place) -> None:
        """Hand over what there is; it goes on at ``place``, or before the first page that may still come."""
        goes_on = replace(self._held if self._failed else place, lost=self._lost)
        if self._part.is_empty and goes_on == self._emitted:
            return
        self._emitted = self._part.place = goes_on
        part, self._part = self._part, Part(url=self._part.url)
        await self._emit(part)

    async def _settle(self, place: Place) -> Place | None:
        """Find the journal of a place: the same, or the next one where it has left the list; ``None``: at the end."""
        query = self._queries[place.query]
        if query.kind == "search":
            return place
        if query.kind == "journal":
            return replace(place, journal=query.journal)
        try:
            await self._read_journals(place.query)
        except DisallowedError as error:
            self._damage(error.url or "", str(error), identifier="oalib:journals")
            self._journals = ()
        at = bisect_left(self._journals, place.journal or 0)
        if at == len(self._journals):
            following = self._next_query(place)
            return None if following is None else await self._settle(following)
        return place if self._journals[at] == place.journal else Place(query=place.query, journal=self._journals[at])

    async def _read_journals(self, query: int) -> None:
        if self._journals_of == query:
            return
        found: set[int] = set()
        page = pages = 1
        while page <= pages:
            url = self._site.journals(page)
            body = await self._fetch(url)
            read = read_journal_list(body, url=url)
            if found.issuperset(read.journals):
                raise PageError(
                    f"OALib's site seems to have changed its form (drift): {url} names only journals that the pages "
                    f"before it named. {REMEDY}",
                    url=url,
                    body=body,
                )
            found.update(read.journals)
            page, pages = page + 1, read.pages
        self._journals, self._journals_of = tuple(sorted(found)), query

    async def _follow(self, place: Place) -> Place | None:
        """Read one listing page and its papers; return the next listing page, ``None`` at the end."""
        query = self._queries[place.query]
        url = self._site.listing(query, place)
        if place.page == 1:
            self._before = None
        self._here, self._part.url = place, url
        try:
            listing = await self._read_listing(query, place, url)
        except DisallowedError as error:
            self._damage(url, str(error), identifier=_list_identifier(place, query))
            return self._next_list(place)
        except (ServerFaultError, UnreachableError, RedirectRefusedError, TooLargeError, PageError) as error:
            return self._without_listing(place, query, url, error)
        if self._failed_lists == len(self._failed):  # that lists answer says nothing of papers that did not
            self._settle_failed()
        self._before = listing
        await self._read_papers(place, listing)
        return self._after(place, listing, query, url)

    async def _read_listing(self, query: Query, place: Place, url: str) -> Listing:
        body = await self._fetch(url)
        if query.kind == "search":
            listing = read_search_page(body, url=url)
        else:
            listing = read_journal_page(body, url=url, journal=place.journal or 0)
        if self._before is not None and listing.papers and listing.papers == self._before.papers:
            raise PageError(
                f"OALib's site seems to have changed its form (drift): {url} lists the same papers as the page before. "
                f"{REMEDY}",
                url=url,
                body=body,
            )
        return listing

    def _without_listing(self, place: Place, query: Query, url: str, error: HarvestError) -> Place | None:
        if isinstance(error, ServerFaultError) and error.status in _GONE:
            self._damage(url, _gone(url, error.status), identifier=_list_identifier(place, query))
            return self._next_list(place)
        body = error.body if isinstance(error, PageError) else b""
        # Known by its address: a later crawl that reads it resolves it.
        self._fail(_damaged(url, str(error), body=body, identifier=url), error, is_list=True)
        if self._before is not None and place.page < self._before.pages:
            return place.next_page(place.listed)
        return self._next_list(place)

    async def _read_papers(self, place: Place, listing: Listing) -> None:
        numbers = listing.papers
        if place.after in numbers:
            numbers = numbers[numbers.index(place.after) + 1 :]
        read = blank = 0
        for number in numbers:
            if number in self._seen:
                continue
            is_good = await self._read_paper(place, number)
            read += is_good is not None
            blank += is_good is False
            if self._blank >= MAX_BLANK:
                raise _drift(f"{self._blank} papers in a row have no title", self._part.url)
            if self._part.is_full:
                await self._flush(self._here)
        if read >= LEAST_PAPERS and blank >= read * MAX_BLANK_SHARE:
            raise _drift(f"{blank} of {read} papers listed at {self._part.url} have no title", self._part.url)

    async def _read_paper(self, place: Place, number: int) -> bool | None:
        """Read a paper; tell whether it has a title, ``None`` where its page could not be judged."""
        url = self._site.paper(number)
        identifier = identifier_of(number)
        is_good: bool | None = None
        try:
            body = await self._fetch(url)
        except (DisallowedError, TooLargeError) as error:
            self._damage(url, str(error), identifier=identifier)
        except (ServerFaultError, UnreachableError, RedirectRefusedError) as error:
            if not isinstance(error, ServerFaultError) or error.status not in _GONE:
                self._fail(_damaged(url, str(error), identifier=identifier), error)
                return None
            is_good = self._judge(number, url, b"", _gone(url, error.status))
        else:
            why = "" if has_title(body) else f"the page {url} has no title where OALib used to have one: drift?"
            is_good = self._judge(number, url, body, why)
        self._here = replace(place, after=number)
        self._seen[number] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return is_good

    def _judge(self, number: int, url: str, body: bytes, wrong: str) -> bool:
        self._settle_failed()
        if wrong:
            self._blank += 1
            self._damage(url, wrong, body=body, identifier=identifier_of(number))
            return False
        self._blank = 0
        kept = without_counters(body)
        self._part.papers.append(Paper(number=number, url=url, body=kept, fetched_at=datetime.now(UTC)))
        return True

    def _after(self, place: Place, listing: Listing, query: Query, url: str) -> Place | None:
        listed = place.listed + listing.links
        if place.page < listing.pages:
            return place.next_page(listed)
        # A search's number of hits is "about" so many; a journal's number of papers is one.
        if query.kind != "search" and listing.total is not None and listed < listing.total:
            self._lost += 1
            self._damage(url, f"The journal has {listing.total} papers, the site says, but its pages list {listed}.")
        return self._next_list(place)

    def _next_list(self, place: Place) -> Place | None:
        if self._queries[place.query].kind == "journals":
            at = bisect_right(self._journals, place.journal or 0)
            if at < len(self._journals):
                return Place(query=place.query, journal=self._journals[at])
        return self._next_query(place)

    def _next_query(self, place: Place) -> Place | None:
        return Place(query=place.query + 1) if place.query + 1 < len(self._queries) else None

    async def _fetch(self, url: str) -> bytes:
        body = await self._ask(url)
        self._part.size += len(body)
        return body

    def _fail(self, damaged: DamagedRecord, error: HarvestError, *, is_list: bool = False) -> None:
        """Note a page that could not be had; a 403, or the third in a row, ends the crawl before the first of them."""
        if isinstance(error, ServerFaultError) and error.status == _FORBIDDEN:
            raise error
        if not self._failed:
            self._held = self._here
        self._failed.append(damaged)
        self._failed_lists += is_list
        if len(self._failed) >= MAX_FAILED:
            raise error

    def _settle_failed(self) -> None:
        """After a good answer: what failed before it is those pages' own fault and is left behind, named."""
        self._part.damaged += self._failed
        self._lost += self._failed_lists
        self._failed, self._failed_lists = [], 0

    def _damage(self, url: str, reason: str, *, body: bytes = b"", identifier: str | None = None) -> None:
        self._part.damaged.append(_damaged(url, reason, body=body, identifier=identifier))


def _damaged(url: str, reason: str, *, body: bytes = b"", identifier: str | None = None) -> DamagedRecord:
    # Where nothing was sent its address stands for it: the quarantine tells pieces apart by their bytes.
    return DamagedRecord(url=url, body=body or url.encode(), reason=reason, remedy=REMEDY, identifier=identifier)


def _gone(url: str, status: int) -> str:
    return f"{url} is listed, but answered HTTP {status}."


def _list_identifier(place: Place, query: Query) -> str:
    return f"oalib:search/{query.words}" if query.kind == "search" else f"oalib:journal/{place.journal}"


def _drift(what: str, url: str) -> PageError:
    return PageError(
        f"OALib's site seems to have changed its form (drift): {what}. The harvest is incomplete; the pages are in "
        f"quarantine. {REMEDY}",
        url=url,
    )
