"""Harvest one source from where it stands to the end of its lists, and say truly how it went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from harvesters.checkpoints import Checkpoints, Counts, RunReport, RunStatus, SliceState
from harvesters.errors import BadTokenError, HarvestError, PageError, StoppedError, StuckListError
from harvesters.listers import Wanted, open_lister
from harvesters.pace import Pace
from harvesters.records import Page, Window
from harvesters.sources.definition import Source
from harvesters.windows import plan_windows

#: Pages in a row without a new identifier before a list counts as stuck (endless empty pages were seen).
MAX_IDLE_PAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to harvest: ``full`` forgets the checkpoint, the limits end a run early (as incomplete)."""

    since: str | None = None
    until: str | None = None
    full: bool = False
    max_records: int | None = None
    max_requests: int | None = None

    @property
    def is_plain(self) -> bool:
        """Tell whether this is the ordinary harvest that goes on from the checkpoint."""
        return not (self.since or self.until or self.full)


@dataclass(slots=True)
class Progress:
    """How far a run is, for the people watching; ``expected`` grows as lists state their sizes."""

    source: str
    started: float = field(default_factory=time.monotonic)
    counts: Counts = field(default_factory=Counts)
    expected: int | None = None
    slices_done: int = 0
    slices: int = 0
    errors: int = 0


class _LimitReachedError(Exception):
    """The run's own limit on records or requests is reached."""


class Run:
    """One harvest of one source."""

    def __init__(
        self,
        source: Source,
        ledger: Checkpoints,
        *,
        pace: Pace,
        request: Request | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        contact: str = "",
        key: str | None = None,
        wanted: Wanted | None = None,
    ) -> None:
        self.source = source
        self.ledger = ledger
        self.request = request or Request()
        self.progress = Progress(source.id)
        self._on_progress = on_progress
        self._lister = open_lister(source, pace, contact=contact, key=key, wanted=wanted)
        self._short: list[str] = []
        self._received_before = 0

    def harvest(self) -> RunReport:
        """Run to the end; errors of the repository end in the report, not in an exception."""
        key = self.ledger.begin(self.source, since=self.request.since, until=self.request.until)
        try:
            status, error, url = self._work_through(key)
        except Exception as surprise:
            said = (
                f"An unforeseen error ended the harvest ({type(surprise).__name__}: {surprise}). Tell the maintainers."
            )
            self.ledger.finish(key, "failed", expected=self.progress.expected, error=said, error_url=None)
            raise
        finally:
            self._lister.close()
        return self.ledger.finish(key, status, expected=self.progress.expected, error=error, error_url=url)

    def _work_through(self, run: int) -> tuple[RunStatus, str | None, str | None]:
        try:
            for state in self._plan():
                self._harvest_slice(run, state)
        except _LimitReachedError as limit:
            return "incomplete", str(limit), None
        except StoppedError as stopped:
            return "incomplete", str(stopped), stopped.url
        except HarvestError as error:
            if isinstance(error, PageError) and error.body:
                self.ledger.keep_page(run, self.source, error)
            self.progress.errors += 1
            self._on_progress(self.progress)
            return ("incomplete" if self.progress.counts.received else "failed"), str(error), error.url
        if self._short:
            return "incomplete", " ".join(self._short), None
        return "complete", None, None

    def _plan(self) -> list[SliceState | tuple[str, Window]]:
        """Return the lists to harvest, oldest first: those that an earlier run left half-way stand in their place.

        The order matters: a checkpoint moves with each finished list, so that nothing older may be left behind it.
        """
        if self.request.full:
            self.ledger.forget_checkpoints(self.source)
        resumed = self.ledger.unfinished(self.source) if self.request.is_plain else []
        plan: list[SliceState | tuple[str, Window]] = []
        for prefix in self.source.metadata_prefixes:
            waiting = [state for state in resumed if state.metadata_prefix == prefix]
            for window in self._windows(prefix):
                state = next((one for one in waiting if self._covers(one.window, window)), None)
                plan.append(state or (prefix, window))
                if state is not None:
                    waiting.remove(state)
            for state in waiting:  # of windows that are planned no more
                self.ledger.drop_slice(state)
        self.progress.slices = len(plan)
        return plan

    def _covers(self, begun: Window, planned: Window) -> bool:
        """Tell whether a list that was begun is the planned one; an unsliced one may end earlier than it would now."""
        return begun == planned or (self.source.slice is None and begun.since == planned.since)

    def _windows(self, prefix: str) -> list[Window]:
        return plan_windows(
            self.source,
            checkpoint=self.ledger.checkpoint(self.source, prefix),
            since=self.request.since,
            until=self.request.until,
            now=datetime.now(UTC),
        )

    def _harvest_slice(self, run: int, planned: SliceState | tuple[str, Window]) -> None:
        is_resumed = isinstance(planned, SliceState)
        state = planned if isinstance(planned, SliceState) else self.ledger.open_slice(run, self.source, *planned)
        pages_before = state.counts.pages
        try:
            self._follow(run, state, is_resumed=is_resumed)
        except BadTokenError:
            self.ledger.drop_slice(state)
            if not is_resumed or state.counts.pages > pages_before:
                raise
            # A token kept from an earlier run has died meanwhile: its list begins anew.
            self._harvest_slice(run, (state.metadata_prefix, state.window))
            return
        except StuckListError:
            self.ledger.drop_slice(state)
            raise
        self._close(state)

    def _follow(self, run: int, state: SliceState, *, is_resumed: bool) -> None:
        guard = _ListGuard()
        self._check_limits(state)
        for page in self._lister.list_records(state.metadata_prefix, state.window, token=state.token):
            if is_resumed:  # only now is it sure that the token still lives
                self.ledger.adopt_slice(run, state)
                self.progress.counts.add(state.counts)
                self._received_before += state.counts.distinct
                is_resumed = False
            counts = self.ledger.store_page(run, state, page)
            self._count(counts, state)
            guard.check(page, counts)
            if page.token is not None:
                self._check_limits(state)

    def _close(self, state: SliceState) -> None:
        short = state.list_size is not None and state.counts.distinct < state.list_size
        if short:
            self._short.append(
                f"The list {state.metadata_prefix} {state.window} ended after {state.counts.distinct:,} of "
                f"{state.list_size:,} records. Harvest it again; if it stays, tell the repository."
            )
        # A checkpoint never passes a list that came short, nor moves by a window that somebody chose.
        moves = not self._short and (self.request.is_plain or self.request.full)
        self.ledger.close_slice(self.source, state, complete=not short, moves_checkpoint=moves)
        self.progress.slices_done += 1
        self._on_progress(self.progress)

    def _count(self, counts: Counts, state: SliceState) -> None:
        self.progress.counts.add(counts)
        self.progress.errors += counts.quarantined
        self.progress.expected = self._expected(state)
        self._on_progress(self.progress)

    def _expected(self, state: SliceState) -> int | None:
        """Add this list's stated size to what the lists before it brought; ``None`` while none stated any."""
        if state.list_size is None:
            return (
                None if self.progress.expected is None else max(self.progress.expected, self.progress.counts.distinct)
            )
        return self.progress.counts.distinct - state.counts.distinct + state.list_size

    def _check_limits(self, state: SliceState) -> None:
        request = self.request
        received = self.progress.counts.distinct - self._received_before
        if request.max_records is not None and received >= request.max_records:
            raise _LimitReachedError(
                f"Stopped at the limit of {request.max_records:,} records in {state.window}. Harvest again to go on."
            )
        if request.max_requests is not None and self._lister.requests_made >= request.max_requests:
            raise _LimitReachedError(
                f"Stopped at the limit of {request.max_requests:,} requests in {state.window}. Harvest again to go on."
            )


class _ListGuard:
    """Notice a list that does not move on: the same token again, or pages that bring nothing new."""

    def __init__(self) -> None:
        self._tokens: set[int] = set()
        self._idle = 0

    def check(self, page: Page, counts: Counts) -> None:
        """Raise ``StuckListError`` where following the page's token would lead in a circle."""
        if page.token is None:
            return
        mark = hash(page.token)
        if mark in self._tokens:
            raise StuckListError(
                f"The repository sent the resumption token {page.token[:80]!r} a second time. What arrived is stored; "
                'tell the repository, or harvest in smaller windows (slice = "day").',
                url=page.url,
            )
        self._tokens.add(mark)
        self._idle = self._idle + 1 if counts.distinct == 0 else 0
        if self._idle >= MAX_IDLE_PAGES:
            raise StuckListError(
                f"{MAX_IDLE_PAGES} pages in a row brought no new record. What arrived is stored; tell the repository, "
                'or harvest in smaller windows (slice = "day").',
                url=page.url,
            )
