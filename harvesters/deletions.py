"""What a complete list of everything no longer names: how much of it may be taken for deleted unasked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harvesters.checkpoints import Checkpoints, Missing, RunKind, RunReport, SliceState
from harvesters.sources.definition import Source
from harvesters.wording import counted

#: So many records may always be taken for deleted; a share of a small source would forbid the first.
FEW_DELETIONS = 5
_CONFIRM = "--confirm-deletions"


def awaits_confirmation(run: RunReport) -> bool:
    """Tell whether a run found more deletions than are done unasked, and waits for somebody to confirm them."""
    return run.status == "incomplete" and _CONFIRM in (run.error or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletions:
    """The deletions of one run of one source; ``is_confirmed`` lets more go than its safety share."""

    source: Source
    ledger: Checkpoints
    kind: RunKind
    is_confirmed: bool

    def delete(self, run: int, state: SliceState, spared: frozenset[str]) -> tuple[int, str | None]:
        """Take for deleted what a complete list has not named; return how many, or why none if it may not be true."""
        missing = self.ledger.missing(self.source, state, examples=3)
        count = missing.count - len(spared)
        if count > 0 and state.counts.quarantined and not self.is_confirmed:
            return 0, (
                f"No longer listed: {counted(count, 'record')} (such as {', '.join(missing.examples)}). But "
                f"{counted(state.counts.quarantined, 'piece')} could not be read and may be those: "
                "nothing was deleted. Mend them (kaijuan quarantine), or: "
                f"kaijuan {self.kind} {self.source.id} {_CONFIRM}"
            )
        if self.is_too_much(replace(missing, count=count)):
            return 0, self.refusal(missing)
        return (self.ledger.delete_missing(run, self.source, state, spared) if count > 0 else 0), None

    def is_too_much(self, missing: Missing) -> bool:
        """Tell whether more is missing than may be taken for deleted unasked."""
        allowed = max(FEW_DELETIONS, int(self.source.max_deleted_share * missing.live))
        return missing.count > allowed and not self.is_confirmed

    def refusal(self, missing: Missing) -> str:
        """Say what is missing, and how to delete it all the same."""
        return (
            f"{missing.count:,} of {missing.live:,} records are no longer listed (such as "
            f"{', '.join(missing.examples[:3])}): more than {self.source.max_deleted_share:.0%} are not deleted "
            f"unasked. If it is right, do it with: kaijuan {self.kind} {self.source.id} {_CONFIRM}"
        )
