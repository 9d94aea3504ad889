"""How far a harvest is, for the people watching."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from harvesters.checkpoints import Counts, SliceState


@dataclass(slots=True)
class Progress:
    """How far a run is; ``expected`` grows as lists state their sizes."""

    source: str
    started: float = field(default_factory=time.monotonic)
    counts: Counts = field(default_factory=Counts)
    expected: int | None = None
    slices_done: int = 0
    slices: int = 0
    errors: int = 0
    #: How much of the list in hand is read, 0 to 1, where it stated its size.
    share_of_slice: float = 0.0

    def seconds_left(self) -> float | None:
        """Estimate how long the run will go on, from how much of its lists is done; ``None`` while unknown."""
        done = (self.slices_done + self.share_of_slice) / self.slices if self.slices else 0.0
        return (time.monotonic() - self.started) * (1 - min(done, 1.0)) / done if done else None

    def count(self, counts: Counts, state: SliceState) -> None:
        """Add what pages of a list brought."""
        self.counts.add(counts)
        self.errors += counts.quarantined
        self.expected = self._expected(state)
        self.share_of_slice = min(state.counts.distinct / state.list_size, 1.0) if state.list_size else 0.0

    def _expected(self, state: SliceState) -> int | None:
        """Add this list's stated size to what the lists before it brought; ``None`` while none stated any."""
        if state.list_size is None:
            return None if self.expected is None else max(self.expected, self.counts.distinct)
        return self.counts.distinct - state.counts.distinct + state.list_size
