"""Compare what is here with all that a repository lists: deletions that never arrived, records that never came.

Repositories that keep no tombstones, or only for a time, tell of a deletion only by silence. A record that the complete
list of identifiers does not name is asked for by itself before it is taken for deleted: lists lag (DOAJ's free feed
hides what changed in the last 30 days) and move while they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvesters.checkpoints import RunKind, SliceState
from harvesters.errors import BadTokenError, HarvestError, ProtocolError, SourceError, StoppedError
from harvesters.following import ListGuard
from harvesters.oai.repository import Repository
from harvesters.oai.singly import MAX_SINGLES, get_or_quarantine
from harvesters.records import DamagedRecord, Page, RawRecord, Window
from harvesters.runner import Run

#: Up to so many records each is asked for before it is taken for deleted; of more, a sample.
VERIFY_ALL = 500
SAMPLE = 100
_AT_ONCE = 20


class Reconcile(Run):
    """One comparison of one OAI-PMH source; its ledger row counts identifiers."""

    kind: RunKind = "reconcile"

    def _work(self, run: int) -> None:
        repository = self._repository()
        state = next(iter(self.ledger.unfinished(self.source, kind="reconcile")), None)
        is_resumed = state is not None
        if state is None:
            state = self.ledger.open_slice(run, self.source, self.source.metadata_prefixes[0], Window())
        self.progress.slices = 1
        unknown = self._list(run, repository, state, is_resumed=is_resumed)
        self._bring_in(run, repository, unknown)
        if state.list_size is not None and state.counts.distinct < state.list_size:
            note = (
                f"The list of identifiers ended after {state.counts.distinct:,} of {state.list_size:,}: nothing was "
                "deleted. Reconcile again; if it stays, tell the repository."
            )
            self._short.append(note)
            self.ledger.close_slice(self.source, state, status="short", moves_checkpoint=False, note=note)
            return
        self._delete(run, repository, state)
        self.ledger.close_slice(self.source, state, status="complete", moves_checkpoint=False, note=None)

    def _repository(self) -> Repository:
        if not isinstance(self.lister, Repository):
            raise SourceError(
                f"{self.source.id!r} is no OAI-PMH repository: each complete harvest of it shows what is gone. "
                f"Run: kaijuan harvest {self.source.id}"
            )
        if self.ledger.unfinished(self.source):
            raise SourceError(
                f"A harvest of {self.source.id!r} stands half-way. Finish it first: kaijuan harvest {self.source.id}"
            )
        return self.lister

    def _list(self, run: int, repository: Repository, state: SliceState, *, is_resumed: bool) -> list[str]:
        """Follow the list of identifiers; return the live ones that are not here, up to a limit and one more."""
        unknown: list[str] = []
        guard = ListGuard()
        try:
            for page in repository.list_identifiers(state.metadata_prefix, state.window, token=state.token):
                if is_resumed:
                    self.ledger.adopt_slice(run, state)
                    self.progress.counts.add(state.counts)
                    is_resumed = False
                guard.check_token(page)
                counts, missing = self.ledger.store_headers(run, state, page)
                unknown.extend(missing[: MAX_SINGLES + 1 - len(unknown)])
                self.count(counts, state)
                guard.check_progress([page], counts)
                if page.token is not None:
                    self.check_limits(state)
        except BadTokenError as error:
            self.ledger.drop_slice(state, note=str(error))
            raise
        return unknown

    def _bring_in(self, run: int, repository: Repository, unknown: Sequence[str]) -> None:
        """Ask for the records that the repository lists and that never came, in every format of the source."""
        if len(unknown) > MAX_SINGLES:
            self._short.append(
                f"More than {MAX_SINGLES:,} listed records are not here. Get them all with: "
                f"kaijuan harvest {self.source.id} --full"
            )
            return
        for prefix in self.source.metadata_prefixes if unknown else ():
            state = self.ledger.open_slice(run, self.source, prefix, Window())
            for names in _parts(unknown):
                made = [get_or_quarantine(repository, name, prefix) for name in names]
                self.store(run, state, [_page(made)])
                self.check_limits(state)
            self.ledger.close_slice(
                self.source, state, status="complete", moves_checkpoint=False, note="Listed, but never received."
            )

    def _delete(self, run: int, repository: Repository, state: SliceState) -> None:
        missing = self.ledger.missing(self.source, state, examples=VERIFY_ALL)
        # A lagging list hides live records among the deleted ones, so that no sample speaks for the others.
        is_each_asked = missing.count <= VERIFY_ALL or self.source.lag_days > 0
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
