"""Compare what is here with all that a repository lists: deletions that never arrived, records that never came.

Repositories that keep no tombstones, or only for a time, tell of a deletion only by silence. A record that the complete
list of identifiers does not name is asked for by itself before it is taken for deleted: lists lag (DOAJ's free feed
hides what changed in the last 30 days) and move while they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvesters.checkpoints import RunKind, SliceState
from harvesters.errors import BadTokenError, HarvestError, ProtocolError, SourceError, StoppedError, StuckListError
from harvesters.following import ListGuard
from harvesters.oai.repository import Repository
from harvesters.oai.singly import MAX_SINGLES, get_or_quarantine
from harvesters.records import DamagedRecord, Page, RawRecord, Window
from harvesters.runner import LimitReachedError, Run

#: Up to so many records each is asked for before it is taken for deleted; of more, a sample.
VERIFY_ALL = 500
SAMPLE = 100
_AT_ONCE = 20


class Reconcile(Run):
    """One comparison of one OAI-PMH source; its ledger row counts identifiers."""

    kind: RunKind = "reconcile"
    _asked = 0

    def _work(self, run: int) -> None:
        repository = self._repository()
        state = next(iter(self.ledger.unfinished(self.source, kind="reconcile")), None)
        self.progress.slices = 1
        if state is None or not self._goes_on(run, repository, state):
            state = self.ledger.open_slice(run, self.source, self.source.metadata_prefixes[0], Window())
            self._list(run, repository, state, is_resumed=False)
        if state.list_size is not None and state.counts.distinct < state.list_size:
            note = (
                f"The list of identifiers ended after {state.counts.distinct:,} of {state.list_size:,}: nothing was "
                "deleted. Reconcile again; if it stays, tell the repository."
            )
            self._short.append(note)
            self.ledger.close_slice(self.source, state, status="short", moves_checkpoint=False, note=note)
            return
        if self._asked > MAX_SINGLES:
            self._short.append(
                f"{self._asked:,} listed records are not here, more than are asked for singly. Get them all with: "
                f"kaijuan harvest {self.source.id} --full"
            )
        self._delete(run, repository, state)
        self.ledger.close_slice(
            self.source, state, status="complete", moves_checkpoint=False, note=state.doubt, resolves=False
        )

    def _goes_on(self, run: int, repository: Repository, state: SliceState) -> bool:
        """Go on with a list that was left half-way; tell whether its token still led anywhere."""
        pages = state.counts.pages
        try:
            self._list(run, repository, state, is_resumed=True)
        except (StoppedError, LimitReachedError):
            raise
        except HarvestError as error:
            if state.counts.pages > pages:
                raise
            self.ledger.drop_slice(state, note=str(error))
            return False
        return True

    def _repository(self) -> Repository:
        if not isinstance(self.lister, Repository):
            shown = (
                "each complete harvest of it shows what is gone"
                if self.source.names_everything
                else ("what is gone from it is not shown by anything")
            )
            raise SourceError(
                f"{self.source.id!r} is no OAI-PMH repository: {shown}. Run: kaijuan harvest {self.source.id}"
            )
        if self.ledger.unfinished(self.source):
            raise SourceError(
                f"A harvest of {self.source.id!r} stands half-way. Finish it first: kaijuan harvest {self.source.id}"
            )
        return self.lister

    def _list(self, run: int, repository: Repository, state: SliceState, *, is_resumed: bool) -> None:
        """Follow the list of identifiers; what is listed and not here is fetched before its page counts as read."""
        guard = ListGuard()
        try:
            for page in repository.list_identifiers(state.metadata_prefix, state.window, token=state.token):
                if is_resumed:
                    self.ledger.adopt_slice(run, state)
                    self.progress.counts.add(state.counts)
                    is_resumed = False
                guard.check_token(page)
                self._bring_in(run, repository, state, page)
                counts = self.ledger.store_headers(run, state, page)
                self.count(counts, state)
                guard.check_progress([page], counts)
                if page.token is not None:
                    self.check_limits(state)
        except (BadTokenError, StuckListError) as error:
            self.ledger.drop_slice(state, note=str(error))
            raise

    def _bring_in(self, run: int, repository: Repository, state: SliceState, page: Page) -> None:
        """Ask for a page's records that never came, in every format of the source."""
        live = [header.identifier for header in page.records if not header.deleted]
        unknown = self.ledger.lacking(self.source, state.metadata_prefix, live)
        wanted = unknown[: max(MAX_SINGLES - self._asked, 0)]
        self._asked += len(unknown)
        for prefix in self.source.metadata_prefixes if wanted else ():
            fetched = self.ledger.open_slice(run, self.source, prefix, Window())
            for names in _parts(wanted):
                self.store(run, fetched, [_page([get_or_quarantine(repository, name, prefix) for name in names])])
            self.ledger.close_slice(
                self.source,
                fetched,
                status="complete",
                moves_checkpoint=False,
                note="Listed, but never received.",
                resolves=False,
            )

    def _delete(self, run: int, repository: Repository, state: SliceState) -> None:
        missing = self.ledger.missing(self.source, state, examples=VERIFY_ALL)
        if self.deletions.is_too_much(missing):
            self._short.append(self.deletions.refusal(missing))
            return
        # A list that lags, or moved while it was read, hides live records among the deleted: no sample speaks for all.
        is_each_asked = missing.count <= VERIFY_ALL or self.source.lag_days > 0 or state.doubt is not None
        if is_each_asked and missing.count > VERIFY_ALL:
            missing = self.ledger.missing(self.source, state, examples=missing.count)
        asked = missing.examples if is_each_asked else missing.examples[:: max(1, VERIFY_ALL // SAMPLE)]
        spared: set[str] = set()
        for name in asked:
            if not self._is_gone(repository, name, state.metadata_prefix):
                spared.add(name)
            self.check_limits(state)
        if spared and not is_each_asked:
            self._short.append(
                f"{missing.count:,} records are not listed, but of {len(asked)} asked for singly {len(spared)} are "
                "there: the list of identifiers is not complete. Nothing was deleted; tell the repository."
            )
            return
        self.delete_missing(run, state, frozenset(spared))

    def _is_gone(self, repository: Repository, identifier: str, metadata_prefix: str) -> bool:
        """Tell whether the repository says that a record is gone; a doubt spares it."""
        try:
            record = repository.get_record(identifier, metadata_prefix)
        except ProtocolError as error:
            return error.code == "idDoesNotExist"
        except StoppedError:
            raise
        except HarvestError:
            return False
        return isinstance(record, RawRecord) and record.deleted


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


def _page(made: Sequence[RawRecord | DamagedRecord | None]) -> Page:
    records = tuple(one for one in made if isinstance(one, RawRecord))
    return Page(
        url=made[0].url if made and isinstance(made[0], DamagedRecord) else "",
        records=records,
        damaged=tuple(one for one in made if isinstance(one, DamagedRecord)),
        token=None,
        list_size=None,
        bytes_received=sum(len(one.body) for one in records),
    )
