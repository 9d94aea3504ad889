"""What a harvest would ask for, without storing anything: ``kaijuan harvest --dry-run``."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime

from harvesters.checkpoints import Checkpoints
from harvesters.errors import HarvestError
from harvesters.listers import Lister, Wanted, open_lister
from harvesters.oai.repository import Repository
from harvesters.pace import Pace
from harvesters.records import Window
from harvesters.runner import Request, chosen_set
from harvesters.sources.definition import Source
from harvesters.windows import plan_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a harvest would do: its lists, oldest first, and what the first of them says of itself."""

    source: str
    lists: tuple[tuple[str, Window], ...]
    checkpoints: dict[str, str | None]
    expected: int | None
    records: int
    examples: tuple[str, ...]
    error: str | None


def preview(
    source: Source,
    ledger: Checkpoints,
    request: Request,
    *,
    pace: Pace,
    contact: str = "",
    key: str | None = None,
    wanted: Wanted | None = None,
) -> Preview:
    """Plan a harvest and ask for the first page of its first list; nothing is stored."""
    source = chosen_set(source, request)
    reached = {
        prefix: None if request.full else ledger.checkpoint(source, prefix) for prefix in source.metadata_prefixes
    }
    page, error = None, None
    with contextlib.closing(open_lister(source, pace, contact=contact, key=key, wanted=wanted)) as lister:
        lists = _plan(source, lister, request, reached)
        try:
            page = next(iter(lister.list_records(*lists[0])), None) if lists else None
        except HarvestError as failure:
            error = str(failure)
    return Preview(
        source=source.id,
        lists=lists,
        checkpoints=reached,
        expected=page.list_size if page else None,
        records=len(page.records) if page else 0,
        examples=tuple(record.identifier for record in page.records[:3]) if page else (),
        error=error,
    )


def _plan(
    source: Source, lister: Lister, request: Request, reached: dict[str, str | None]
) -> tuple[tuple[str, Window], ...]:
    return tuple(
        (prefix, window)
        for prefix, checkpoint in reached.items()
        for window in plan_windows(
            source,
            checkpoint=checkpoint,
            since=request.since,
            until=request.until,
            now=datetime.now(UTC),
            earliest=lister.first_day if isinstance(lister, Repository) else None,
        )
    )
