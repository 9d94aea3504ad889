"""A run of link checks: which addresses, in what order, and that what was found is kept however the run ends."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from harvesters.linkcheck import PACE_SECONDS, Finding, LinkChecker, host_of
from harvesters.outward import Place
from harvesters.pace import Pace
from indexer.storage.links import STALE_DAYS
from search_api.library import Library

#: Held by whoever checks links: two runs would ask the same hosts at twice the pace.
LOCK = "links"
MOST = 100_000
_PORTION = 500
_KEPT_AT_ONCE = 50
_KEEP_SECONDS = 5.0
#: Where so many hosts are silent and none answers, it is our own network that is down.
_SILENT_HOSTS = 3
_WALKED = "links:walked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which addresses to check: at most ``limit``; of one source or host only; or only what readers reported."""

    limit: int = 1000
    source: str | None = None
    host: str | None = None
    reported: bool = False
    stale_days: float = STALE_DAYS


@dataclass(slots=True, kw_only=True)
class Checked:
    """How a run went: addresses by what came of them; ``left`` were not asked, or not answered for our own reasons."""

    opens: int = 0
    gone: int = 0
    refused: int = 0
    trouble: int = 0
    left: int = 0
    message: str | None = field(default=None)

    def values(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


class _Notes:
    """Keeps findings, some at a time; those of silent hosts only when it is known that the network works."""

    def __init__(self, library: Library, stale_days: float) -> None:
        self._links = library.store.links
        self._stale_days = stale_days
        self._waiting: list[Finding] = []
        self._silent: list[Finding] = []
        self._network_works = False
        self._kept_at = time.monotonic()
        self.checked = Checked()

    def add(self, finding: Finding) -> None:
        if finding.http_status is None and finding.verdict == "trouble" and not self._network_works:
            self._silent.append(finding)
            return
        self._network_works = self._network_works or finding.http_status is not None
        self._waiting.append(finding)
        if len(self._waiting) >= _KEPT_AT_ONCE or time.monotonic() - self._kept_at > _KEEP_SECONDS:
            self.keep()

    def keep(self) -> None:
        """Write down what is known by now."""
        if self._network_works:
            self._waiting += self._silent
            self._silent = []
        self._write(self._waiting)
        self._waiting, self._kept_at = [], time.monotonic()

    def close(self) -> None:
        """Write down the rest, unless nobody answered at all."""
        self.keep()
        if len({host_of(one.url) for one in self._silent}) < _SILENT_HOSTS:
            self._write(self._silent)
        else:
            self.checked.left += len(self._silent)
            self.checked.message = (
                f"None of {len(self._silent):,} addresses answered: it seems that this machine cannot reach the "
                "network. Nothing was noted. Check the connection, then run it again."
            )
        self._silent = []

    def _write(self, findings: list[Finding]) -> None:
        self._links.record(findings, stale_days=self._stale_days)
        for one in findings:
            setattr(self.checked, one.verdict, getattr(self.checked, one.verdict) + 1)


def check_links(
    library: Library,
    wanted: Wanted,
    *,
    pace: Pace,
    watch: Callable[[int], None] = lambda _: None,
    pace_seconds: float = PACE_SECONDS,
) -> Checked:
    """Check addresses of active works; what was found is kept when the run is interrupted, and the next goes on.

    Raises:
        StoreBusyError: another process is checking links.
    """
    contact = library.settings.contact
    checker = LinkChecker(pace, contact=contact, private=_own_hosts(library), pace_seconds=pace_seconds)
    with library.store.database.lock(LOCK):
        notes = _Notes(library, wanted.stale_days)
        choice = _Choice(library, wanted)
        try:
            for portion in _portions(choice.addresses()):
                for finding in checker.check_all(portion):
                    notes.add(finding)
                    watch(1)
        finally:
            notes.close()
        if not pace.stop.is_set() and notes.checked.message is None:
            choice.remember()
    return notes.checked


class _Choice:
    """What is reported, then what is due again, then what was never checked, walking on from where the last run ended.

    A run for one source or host looks at all their addresses from the first work on.
    """

    def __init__(self, library: Library, wanted: Wanted) -> None:
        self._store = library.store
        self._wanted = wanted
        self._walked: int | None = None

    def addresses(self) -> Iterator[str]:
        """Yield addresses, each once, up to the limit."""
        return itertools.islice(self._distinct(self._all()), self._wanted.limit)

    def remember(self) -> None:
        """Note how far the walk came; what it met and left is met again in the next round."""
        if self._walked is not None:
            self._store.set_fact(_WALKED, str(self._walked))

    def _all(self) -> Iterator[str]:
        wanted, links = self._wanted, self._store.links
        if wanted.source is None:
            yield from links.reported(limit=wanted.limit, host=wanted.host)
        if wanted.reported:
            return
        if wanted.source is not None or wanted.host is not None:
            for _, urls in links.walk(source=wanted.source, host=wanted.host, stale_days=wanted.stale_days):
                yield from urls
            return
        yield from links.due(limit=wanted.limit, stale_days=wanted.stale_days)
        for key, urls in links.walk(after=int(self._store.fact(_WALKED) or 0)):
            yield from urls
            self._walked = key
        self._walked = 0

    @staticmethod
    def _distinct(urls: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        for url in urls:
            if url not in seen:
                seen.add(url)
                yield url


def _portions(urls: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(urls)
    while portion := list(itertools.islice(rest, _PORTION)):
        yield portion


def _own_hosts(library: Library) -> list[str]:
    """Return the hosts of the library's sources: a repository in the campus network may be asked for its copies."""
    found = []
    for source in library.store.sources.all():
        if not source.is_file:
            try:
                found.append(Place.of(source.endpoint).netloc)
            except ValueError:  # told by kaijuan doctor
                continue
    return found
