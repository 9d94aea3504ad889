"""What a demonstration repository holds and how it lists it; each of the three adds its own habits."""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from harvesters.demo.articles import DemoArticle, article
from harvesters.demo.draws import mix
from harvesters.demo.plan import House, place_of, size_of, work_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A metadata format, as ListMetadataFormats tells it."""

    prefix: str
    schema: str
    namespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a list goes on: the request that began it, the next place to look at, and how many were given so far."""

    prefix: str
    since: str = ""
    until: str = ""
    set_spec: str = ""
    place: int | None = None
    given: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One page of a list: the records' places, the list's whole size where it is told, and the next page's cursor."""

    places: tuple[int, ...]
    size: int | None
    following: Cursor | None


OAI_DC = Format(
    prefix="oai_dc",
    schema="http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
    namespace="http://www.openarchives.org/OAI/2.0/oai_dc/",
)


class Repository(ABC):
    """One repository's records, computed from their places (0 is the oldest); nothing is held in memory.

    Datestamps lie between ``now - reach`` and ``now - lag``, the newer the denser. ``held_back`` is how much of
    the newest time the public is not shown.
    """

    house: House
    title: str
    authority: str
    formats: tuple[Format, ...]
    page_size: int
    reach: timedelta
    lag: timedelta
    by_day = False
    newest_first = False
    states_size = True
    closes_lists = True
    deleted_record = "persistent"
    deleted_one_in = 30
    held_back = timedelta(0)
    header_attributes = ""

    def __init__(self, *, works: int, seed: int, now: datetime) -> None:
        self.size = size_of(self.house, works)
        self.seed = seed
        self.now = now
        self._oldest_age = int((self.reach - self.lag).total_seconds())
        self._newest = now - self.lag
        self._count = lru_cache(maxsize=64)(self._count_in_set)

    @abstractmethod
    def identifier(self, number: int) -> str:
        """Write the OAI identifier of a work's record."""

    @abstractmethod
    def number_in(self, identifier: str) -> int | None:
        """Read the work's number back from an identifier, which may be anything."""

    @abstractmethod
    def sets(self) -> tuple[tuple[str, str], ...]:
        """List set specs with their names."""

    @abstractmethod
    def set_specs(self, number: int) -> tuple[str, ...]:
        """Tell a record's sets; must not write the article, for sets are filtered by scanning."""

    @abstractmethod
    def metadata(self, number: int, prefix: str) -> str:
        """Write a record's metadata in one of :attr:`formats`."""

    @abstractmethod
    def write_token(self, cursor: Cursor) -> str:
        """Write a cursor as a resumption token."""

    @abstractmethod
    def read_token(self, token: str) -> Cursor | None:
        """Read a resumption token, which may be anything; ``None`` if it is not one of ours."""

    def article(self, number: int) -> DemoArticle:
        """Make the article that a record is about."""
        return article(number, self.seed)

    def work(self, place: int) -> int:
        """Tell which work the record at a place is about."""
        return work_of(self.house, place)

    def find(self, identifier: str) -> int | None:
        """Tell the place of the record with an identifier."""
        number = self.number_in(identifier)
        place = None if number is None else place_of(self.house, number)
        return place if place is not None and place < self.size else None

    def is_deleted(self, number: int) -> bool:
        """Tell whether a record was withdrawn."""
        return self.deleted_record != "no" and mix(number, self.seed, len(self.house)) % self.deleted_one_in == 0

    def changed_at(self, place: int) -> datetime:
        """Tell when the record at a place was last changed; never earlier than the one before it."""
        rest = 1 - (place + 0.5) / max(self.size, 1)
        return self._newest - timedelta(seconds=int(self._oldest_age * rest * rest))

    def datestamp(self, place: int) -> str:
        """Write that time in the repository's granularity."""
        return f"{self.changed_at(place):%Y-%m-%d}" if self.by_day else f"{self.changed_at(place):%Y-%m-%dT%H:%M:%SZ}"

    def stretch(self, cursor: Cursor, since: datetime | None, until: datetime | None) -> Stretch:
        """Take one page of the list that a cursor asks for."""
        low, high = self._bounds(since, until)
        order = range(high - 1, low - 1, -1) if self.newest_first else range(low, high)
        if cursor.place is not None:
            order = order[order.index(cursor.place) :] if cursor.place in order else range(0)
        places: list[int] = []
        following = None
        for place in order:
            if cursor.set_spec and cursor.set_spec not in self.set_specs(self.work(place)):
                continue
            if len(places) == self.page_size:
                following = replace(cursor, place=place, given=cursor.given + len(places))
                break
            places.append(place)
        size = None
        if self.states_size:
            size = self._count(cursor.set_spec, low, high) if cursor.set_spec else high - low
        return Stretch(tuple(places), size, following)

    def _bounds(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Turn a window into places, low included and high not."""
        latest = self.now - self.held_back
        until = min(until, latest) if until else latest
        everything = range(self.size)
        low = bisect.bisect_left(everything, since, key=self.changed_at) if since else 0
        return low, max(low, bisect.bisect_right(everything, until, key=self.changed_at))

    def _count_in_set(self, set_spec: str, low: int, high: int) -> int:
        return sum(set_spec in self.set_specs(self.work(place)) for place in range(low, high))
