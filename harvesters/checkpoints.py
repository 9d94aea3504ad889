"""What a harvest needs remembered, without knowing where: the protocol between runner and store.

A *run* is one harvest of one source and has a ledger row. It works through *slices*: one list each (one format, one
window). A page's records, its counts and the token of the next page are stored in one transaction, so that a harvest
killed at any moment goes on after its last stored page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from harvesters.errors import PageError
from harvesters.records import Page, Window
from harvesters.sources.definition import Source

RunStatus = Literal["running", "complete", "incomplete", "failed"]
RunKind = Literal["harvest", "reconcile", "replay"]
#: ``open``: on its way or left half-way · ``short``: ended too early · ``doubtful``: ended, but records left it while
#: it was read, so that others may have been skipped; it is read again · ``repeated``: a doubtful one that was ·
#: ``split``: its window was halved · ``dropped``: begun anew.
SliceStatus = Literal["open", "complete", "short", "doubtful", "repeated", "split", "dropped"]


#: Why a list that states no size is not complete though it ended.
IDLE_PAGE = (
    "A page came a second time instead of the next one, and the list states no size: records may be missing. "
    "Harvest it again; if it stays, tell the repository."
)


@dataclass(slots=True, kw_only=True)
class Counts:
    """What arrived. ``received`` = new + changed + unchanged + deleted + quarantined + duplicates.

    ``deleted`` are tombstones not known before; ``duplicates`` are records that the same list had sent already;
    ``quarantined`` are pieces of pages that were no usable records.
    """

    received: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    pages: int = 0
    bytes: int = 0

    @property
    def distinct(self) -> int:
        """Return how many different records arrived."""
        return self.received - self.duplicates

    def add(self, other: Counts) -> None:
        """Add another count to this one."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(slots=True, kw_only=True)
class SliceState:
    """One list on its way: where it stands and what it brought so far (also in runs before this one).

    ``doubt`` says why others of its records may have been skipped, if that is so.
    """

    key: int
    metadata_prefix: str
    window: Window
    token: str | None
    list_size: int | None
    counts: Counts
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A ledger row. ``expected`` is null where the repository never stated a size."""

    id: int
    source: str
    kind: RunKind
    status: RunStatus
    expected: int | None
    received: int
    new: int
    changed: int
    unchanged: int
    deleted: int
    quarantined: int
    duplicates: int
    pages: int
    bytes: int
    started: str
    finished: str | None
    seconds: float | None
    since: str | None
    until: str | None
    resumed: bool
    error: str | None
    error_url: str | None

    def values(self) -> dict[str, Any]:
        """Return the row as plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceReport:
    """A list's row of the ledger; ``note`` says why it stands as it does."""

    id: int
    metadata_prefix: str
    set_spec: str | None
    since: str | None
    until: str | None
    status: SliceStatus
    expected: int | None
    received: int
    new: int
    changed: int
    unchanged: int
    deleted: int
    quarantined: int
    duplicates: int
    pages: int
    bytes: int
    started: str
    finished: str | None
    note: str | None

    def values(self) -> dict[str, Any]:
        """Return the row as plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulList:
    """A list that ended but must be read again."""

    key: int
    metadata_prefix: str
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a complete list of all identifiers does not name: so many of so many live records, some of them."""

    count: int
    live: int
    examples: tuple[str, ...]


class Checkpoints(Protocol):
    """What the runner asks of the store; every call is one transaction."""

    def begin(self, source: Source, *, kind: RunKind = "harvest", since: str | None, until: str | None) -> int:
        """Open a ledger row and return its key; rows left running by a killed process become incomplete."""

    def unfinished(self, source: Source, *, kind: RunKind = "harvest") -> list[SliceState]:
        """Return the lists of ordinary runs that were left with a token to go on from, oldest first."""

    def checkpoint(self, source: Source, metadata_prefix: str) -> str | None:
        """Return the newest datestamp up to which this format is complete.

        While nothing is complete: where its first harvest began, so that later ones begin there too; else ``None``.
        """

    def forget_checkpoints(self, source: Source) -> None:
        """Begin anew with a source: nothing of it counts as complete, half-finished lists are dropped."""

    def open_slice(self, run: int, source: Source, metadata_prefix: str, window: Window) -> SliceState:
        """Begin a list."""

    def adopt_slice(self, run: int, state: SliceState) -> None:
        """Go on with an earlier run's list in this run."""

    def store_pages(self, run: int, state: SliceState, pages: Sequence[Page]) -> Counts:
        """Store pages that follow each other, with all that follows from them; return what they brought together.

        ``state`` is brought up to date. The list goes on from the last page's token.
        """

    def keep_page(self, run: int, state: SliceState, error: PageError) -> None:
        """Keep an answer of a list that could not be read, as sent, until the list comes through."""

    def close_slice(
        self,
        source: Source,
        state: SliceState,
        *,
        status: SliceStatus,
        moves_checkpoint: bool,
        note: str | None,
        resolves: bool = True,
    ) -> None:
        """End a list; with ``moves_checkpoint`` its records' newest datestamp becomes the checkpoint.

        Unless it does not ``resolves``, a complete list settles the whole answers kept of lists that it covers.
        """

    def drop_slice(self, state: SliceState, *, status: SliceStatus = "dropped", note: str | None = None) -> None:
        """Forget a list's token: it died, or the list goes on in another way."""

    def doubtful(self, source: Source) -> list[DoubtfulList]:
        """Return the lists to be read again, oldest first."""

    def settle_doubt(self, doubtful: DoubtfulList) -> None:
        """A doubtful list was read again."""

    def not_received(self, source: Source, state: SliceState, identifiers: Sequence[str]) -> list[str]:
        """Return those identifiers whose records this list has not brought yet, in the order given."""

    def lacking(self, source: Source, metadata_prefix: str, identifiers: Sequence[str]) -> list[str]:
        """Return those identifiers that have no live record in a format here, in the order given."""

    def store_headers(self, run: int, state: SliceState, page: Page) -> Counts:
        """Note the identifiers that a repository lists; tombstones delete, all others count as unchanged."""

    def settle_piece(self, key: int) -> None:
        """Mark a quarantine row whose bytes were read at last, or whose record is gone."""

    def missing(self, source: Source, state: SliceState, *, examples: int) -> Missing:
        """Return which live records a complete list has not named; those that came after it began are not asked for."""

    def delete_missing(self, run: int, source: Source, state: SliceState, spared: Collection[str]) -> int:
        """Take the missing records, but for the spared, for deleted; their bytes stay. Return how many."""

    def finish(
        self, run: int, status: RunStatus, *, expected: int | None, error: str | None, error_url: str | None
    ) -> RunReport:
        """Close the ledger row and return it."""
