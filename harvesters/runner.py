"""Harvest one source from where it stands to the end of its lists, and say truly how it went."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from harvesters.checkpoints import (
    IDLE_PAGE,
    Checkpoints,
    Counts,
    DoubtfulList,
    RunKind,
    RunReport,
    RunStatus,
    SliceState,
    SliceStatus,
)
from harvesters.deletions import Deletions
from harvesters.errors import (
    BadTokenError,
    HarvestError,
    PageError,
    ProtocolError,
    ServerFaultError,
    StoppedError,
    StuckListError,
    TooLargeError,
)
from harvesters.following import Batch, ListGuard
from harvesters.listers import Wanted, open_lister
from harvesters.oai.offers import check_set
from harvesters.oai.repository import Repository
from harvesters.oai.singly import SINGLY, fetch_singly
from harvesters.pace import Pace
from harvesters.planning import Planned, plan_lists
from harvesters.progress import Progress
from harvesters.records import Page, Window
from harvesters.sources.definition import Source
from harvesters.windows import plan_windows, split_window
from harvesters.wording import counted

#: How often one run reads a list again from which records left while it was read.
MAX_REPEATS = 3
#: How many lists of one run may be cut because a page of theirs fails; more are a server out of order.
MAX_SPLITS = 64
_SERVER_ERROR = 500
_TOO_MANY = HarvestError(
    "A list whose pages cannot be had is being fetched record by record, some at a time. Harvest again to go on."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to harvest: ``full`` forgets the checkpoint, the limits end a run early (as incomplete).

    ``set_spec`` is a set that somebody chose. ``confirm_deletions`` lets more records be taken for deleted than the
    source's safety share.
    """

    since: str | None = None
    until: str | None = None
    full: bool = False
    set_spec: str | None = None
    confirm_deletions: bool = False
    max_records: int | None = None
    max_requests: int | None = None

    @property
    def has_dates(self) -> bool:
        """Tell whether somebody chose the window."""
        return bool(self.since or self.until)

    @property
    def is_plain(self) -> bool:
        """Tell whether this is the ordinary harvest that goes on from the checkpoint."""
        return not (self.has_dates or self.full)


def chosen_set(source: Source, request: Request) -> Source:
    """Return the source with the set that a request chose, if it chose one."""
    return source if request.set_spec is None else replace(source, set_spec=request.set_spec)


def _is_refusal(error: HarvestError) -> bool:
    """Tell whether a repository refused the request itself, as it does with a token that it does not know any more."""
    return not isinstance(error, ServerFaultError) or error.status < _SERVER_ERROR


class LimitReachedError(Exception):
    """The run's own limit on records or requests is reached."""


class Run:
    """One harvest of one source."""

    kind: RunKind = "harvest"

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
        self.request = request or Request()
        self.source = chosen_set(source, self.request)
        self.ledger = ledger
        self.progress = Progress(source.id)
        self.lister = open_lister(self.source, pace, contact=contact, key=key, wanted=wanted)
        self.deletions = Deletions(
            source=self.source, ledger=ledger, kind=self.kind, is_confirmed=self.request.confirm_deletions
        )
        self._on_progress = on_progress
        self._short: list[str] = []
        self._received_before = 0
        self._splits = 0
        self._in_hand: SliceState | None = None

    def harvest(self) -> RunReport:
        """Run to the end; errors of the repository end in the report, not in an exception."""
        key = self.ledger.begin(self.source, kind=self.kind, since=self.request.since, until=self.request.until)
        with structlog.contextvars.bound_contextvars(source=self.source.id, run=key):
            return self._harvest(key)

    def _harvest(self, key: int) -> RunReport:
        try:
            status, error, url = self._outcome(key)
        except Exception as surprise:
            said = (
                f"The harvest was ended by {type(surprise).__name__}: {surprise} What was stored stays; harvest again."
            )
            with contextlib.suppress(Exception):  # the first error is the one to tell
                self.ledger.finish(key, "failed", expected=self.progress.expected, error=said, error_url=None)
            raise
        finally:
            self.lister.close()
        return self.ledger.finish(key, status, expected=self.progress.expected, error=error, error_url=url)

    def _outcome(self, run: int) -> tuple[RunStatus, str | None, str | None]:
        try:
            self._work(run)
        except LimitReachedError as limit:
            return "incomplete", str(limit), None
        except StoppedError as stopped:
            return "incomplete", str(stopped), stopped.url
        except HarvestError as error:
            if isinstance(error, PageError) and error.body and self._in_hand is not None:
                self.ledger.keep_page(run, self._in_hand, error)
            self.progress.errors += 1
            self._on_progress(self.progress)
            return ("incomplete" if self.progress.counts.received else "failed"), str(error), error.url
        if self._short:
            return "incomplete", " ".join(self._short), None
        return "complete", None, None

    def _work(self, run: int) -> None:
        for planned in self._plan():
            self._harvest_slice(run, planned)
        self._read_again(run)
        if self.source.set_spec and not self.progress.counts.received and isinstance(self.lister, Repository):
            check_set(self.lister.fetcher, self.source.set_spec)

    def _read_again(self, run: int) -> None:
        """Read those lists anew from which records left while they were read: others may have been skipped."""
        for _ in range(MAX_REPEATS):
            doubtful = self.ledger.doubtful(self.source)
            if not doubtful:
                return
            self.progress.slices += len(doubtful)
            seen: set[tuple[str, Window]] = set()
            for one in doubtful:
                short_before = len(self._short)
                if (one.metadata_prefix, one.window) not in seen:
                    self._harvest_slice(run, (one.metadata_prefix, one.window), repeats=one)
                if len(self._short) > short_before:
                    return  # read again next time: what was skipped may be what is missing now
                seen.add((one.metadata_prefix, one.window))
                self.ledger.settle_doubt(one)
        for one in self.ledger.doubtful(self.source):
            self._short.append(
                f"The list {one.metadata_prefix} {one.window} changed each time while it was read. "
                "Harvest again when the repository is quieter."
            )

    def _plan(self) -> list[Planned]:
        """Return the lists to harvest; forget those that an earlier run left half-way in windows planned no more."""
        if self.request.full and not self.request.has_dates:
            self.ledger.forget_checkpoints(self.source)
        begun = self.ledger.unfinished(self.source) if self.request.is_plain else []
        plan: list[Planned] = []
        for prefix in self.source.metadata_prefixes:
            mine = [state for state in begun if state.metadata_prefix == prefix]
            lists, forgotten = plan_lists(self.source, prefix, self._windows(prefix), mine)
            plan += lists
            for state in forgotten:
                self.ledger.drop_slice(state)
        self.progress.slices = len(plan)
        return plan

    def _windows(self, prefix: str) -> list[Window]:
        return plan_windows(
            self.source,
            checkpoint=None if self.request.full else self.ledger.checkpoint(self.source, prefix),
            since=self.request.since,
            until=self.request.until,
            now=datetime.now(UTC),
            earliest=self.lister.first_day if isinstance(self.lister, Repository) else None,
        )

    def _harvest_slice(self, run: int, planned: Planned, *, repeats: DoubtfulList | None = None) -> None:
        is_resumed = isinstance(planned, SliceState)
        state = planned if isinstance(planned, SliceState) else self.ledger.open_slice(run, self.source, *planned)
        self._in_hand = state
        pages_before = state.counts.pages
        try:
            if state.token == SINGLY:
                self._go_on_singly(run, state)
            else:
                self._follow(run, state, is_resumed=is_resumed)
        except (ProtocolError, ServerFaultError) as error:
            if is_resumed and state.counts.pages == pages_before and (_is_refusal(error) or self._is_alive()):
                self._begin_anew(run, state, error)
                return
            if isinstance(error, ServerFaultError):
                self._narrow(run, state, error, repeats=repeats)
                return
            if isinstance(error, BadTokenError):
                self.ledger.drop_slice(state, note=str(error))
            raise
        except StuckListError as error:
            self.ledger.drop_slice(state, note=str(error))
            raise
        except (PageError, TooLargeError) as error:
            if is_resumed and state.counts.pages == pages_before and self._is_alive():
                self._begin_anew(run, state, error)
            else:
                self._narrow(run, state, error, repeats=repeats)
            return
        self._close(run, state, repeats=repeats)

    def _begin_anew(self, run: int, state: SliceState, error: HarvestError) -> None:
        """Begin a list anew whose token, kept from an earlier run, has died meanwhile, whatever it is answered."""
        self.ledger.drop_slice(state, note=str(error))
        self._harvest_slice(run, (state.metadata_prefix, state.window))

    def _go_on_singly(self, run: int, state: SliceState) -> None:
        """Go on with a list whose pages could not be had, and of which too many records were missing for one run."""
        self.ledger.adopt_slice(run, state)
        self._received_before += state.counts.distinct
        self.progress.counts.add(state.counts)
        if not isinstance(self.lister, Repository):
            raise BadTokenError(
                f"The place {state.token!r} is not one of this source. Harvest it again.", code="badResumptionToken"
            )
        fetch_singly(self, self.lister, run, state, _TOO_MANY)

    def _is_alive(self) -> bool:
        return isinstance(self.lister, Repository) and self.lister.is_alive()

    def _follow(self, run: int, state: SliceState, *, is_resumed: bool) -> None:
        # A crawl or file taken up again may well pass many pages of what it has brought before: it ends by itself.
        guard = ListGuard(idle_ends=self.source.kind == "oai")
        batch = Batch(single=self.request.max_records is not None)
        self.check_limits(state)
        try:
            for page in self.lister.list_records(state.metadata_prefix, state.window, token=state.token):
                if is_resumed:  # only now is it sure that the token still lives
                    self.ledger.adopt_slice(run, state)
                    self.progress.counts.add(state.counts)
                    self._received_before += state.counts.distinct
                    is_resumed = False
                batch.add(page)
                guard.check_token(page)
                if batch.is_full:
                    self._store_batch(run, state, batch, guard)
                if page.token is not None:
                    self.check_limits(state)
        finally:
            self._store_batch(run, state, batch, guard)

    def _store_batch(self, run: int, state: SliceState, batch: Batch, guard: ListGuard) -> None:
        pages = batch.take()
        if pages:
            guard.check_progress(pages, self.store(run, state, pages))

    def store(self, run: int, state: SliceState, pages: Sequence[Page]) -> Counts:
        """Store pages and tell how far the run is; return what they brought."""
        counts = self.ledger.store_pages(run, state, pages)
        self.count(counts, state)
        return counts

    def _narrow(
        self,
        run: int,
        state: SliceState,
        error: ServerFaultError | PageError | TooLargeError,
        *,
        repeats: DoubtfulList | None,
    ) -> None:
        """Get round a page that keeps failing: halve the list's window until its records can be asked for singly.

        Only if the repository answers otherwise: a server that is down is left alone.
        """
        self._splits += 1
        repository = self.lister
        is_page_fault = not isinstance(error, ServerFaultError) or error.status >= _SERVER_ERROR
        if not isinstance(repository, Repository) or not is_page_fault or self._splits > MAX_SPLITS:
            raise error
        if not repository.is_alive():
            raise error
        halves = split_window(self.source, state.window) if self.source.slice else None
        if halves is None:
            fetch_singly(self, repository, run, state, error)
            self._close(run, state, repeats=repeats)
            return
        self.ledger.drop_slice(state, status="split", note=str(error))
        self.progress.slices += 1
        for half in halves:
            self._harvest_slice(run, (state.metadata_prefix, half), repeats=repeats)

    def _close(self, run: int, state: SliceState, *, repeats: DoubtfulList | None) -> None:
        status, note = self._status(state, repeats)
        if status == "short" and note:
            self._short.append(note)
        # A checkpoint never passes a list that came short, nor moves by a window that somebody chose.
        moves = not self._short and repeats is None and not self.request.has_dates
        self.ledger.close_slice(self.source, state, status=status, moves_checkpoint=moves, note=note)
        names_everything = self.source.names_everything and self.request.set_spec is None
        if status == "complete" and names_everything and state.window == Window():
            self.delete_missing(run, state, frozenset())
        self.progress.slices_done += 1
        self.progress.share_of_slice = 0.0
        self._on_progress(self.progress)

    def _status(self, state: SliceState, repeats: DoubtfulList | None) -> tuple[SliceStatus, str | None]:
        counts = state.counts
        # Only OAI-PMH's lists are of records that come once; a crawl passes known papers.
        doubt = None if state.doubt == IDLE_PAGE and self.source.kind != "oai" else state.doubt
        if doubt == IDLE_PAGE:
            return "short", f"The list {state.metadata_prefix} {state.window}: {IDLE_PAGE}"
        if state.list_size is not None and counts.distinct < state.list_size:
            return "short", (
                f"The list {state.metadata_prefix} {state.window} ended after {counts.distinct:,} of "
                f"{state.list_size:,} records. Harvest it again; if it stays, tell the repository."
            )
        # Read a second time without anything new, a list is what it was: nothing had been skipped.
        is_confirmed = repeats is not None and not (counts.new or counts.changed or counts.deleted)
        if doubt and not is_confirmed:
            return "doubtful", doubt
        return "complete", None

    def delete_missing(self, run: int, state: SliceState, spared: frozenset[str]) -> None:
        """Take for deleted what a complete list of everything has not named, if it is not too much to be true."""
        deleted, refusal = self.deletions.delete(run, state, spared)
        self.progress.counts.deleted += deleted
        if refusal is not None:
            self._short.append(refusal)

    def count(self, counts: Counts, state: SliceState) -> None:
        """Add what a page brought to the run's progress."""
        self.progress.count(counts, state)
        self._on_progress(self.progress)

    def check_limits(self, state: SliceState) -> None:
        """End the run where its own limits are reached."""
        request = self.request
        received = self.progress.counts.distinct - self._received_before
        if request.max_records is not None and received >= request.max_records:
            raise LimitReachedError(
                f"Stopped at the limit of {counted(request.max_records, 'record')} in {state.window}. "
                "Harvest again to go on."
            )
        if request.max_requests is not None and self.lister.requests_made >= request.max_requests:
            raise LimitReachedError(
                f"Stopped at the limit of {counted(request.max_requests, 'request')} in {state.window}. "
                "Harvest again to go on."
            )
