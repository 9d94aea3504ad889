"""Look at the first page of a source before it is harvested: what can be read of it, and why not the rest."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from harvesters.errors import FormatError
from harvesters.formats import describe, describe_journal
from harvesters.listers import Lister
from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source

_TITLES = 3
_REASONS = 3
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A record that cannot be used: which, why, and what may help."""

    identifier: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one page brought; ``usable`` records can be read and have a title, ``titles`` are the first three.

    ``unusable`` holds the first three examples; ``list_size`` is what the repository says the list has.
    """

    metadata_prefix: str
    records: int
    deleted: int
    usable: int
    damaged: int
    titles: tuple[str, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    list_size: int | None = None
    has_more: bool = False
    seconds: float = 0.0

    @property
    def is_usable(self) -> bool:
        """Tell whether anything of it can be used."""
        return self.usable > 0


def clean(text: str, longest: int = _LONGEST) -> str:
    """Return a text of somebody else's fit to be shown on a terminal: one line, no control characters, not too long."""
    shown = " ".join("".join(one if one.isprintable() else " " for one in text[: longest * 4]).split())
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def first_page(lister: Lister, metadata_prefix: str, window: Window | None = None) -> Page | None:
    """Ask for a list's first page only; ``None`` where the list is empty. Raise ``HarvestError``."""
    return next(iter(lister.list_records(metadata_prefix, window or Window())), None)


def sample(lister: Lister, source: Source, metadata_prefix: str) -> tuple[Sample, Page | None]:
    """Ask for the first page in a format and try to read each of its records.

    Raises:
        HarvestError: the page itself cannot be had.
    """
    started = time.monotonic()
    page = first_page(lister, metadata_prefix)
    seconds = round(time.monotonic() - started, 3)
    if page is None:
        return Sample(metadata_prefix=metadata_prefix, records=0, deleted=0, usable=0, damaged=0, seconds=seconds), None
    titles: list[str] = []
    unusable = [
        Unusable(identifier=clean(one.identifier or "without a name"), reason=clean(one.reason), remedy=one.remedy)
        for one in page.damaged
    ]
    for record in page.records:
        if not record.deleted:
            _try(record, source, titles, unusable)
    return (
        Sample(
            metadata_prefix=metadata_prefix,
            records=len(page.records),
            deleted=sum(record.deleted for record in page.records),
            usable=len(titles),
            damaged=len(page.damaged),
            titles=tuple(titles[:_TITLES]),
            unusable=tuple(unusable[:_REASONS]),
            list_size=page.list_size,
            has_more=page.token is not None,
            seconds=seconds,
        ),
        page,
    )


def _try(record: RawRecord, source: Source, titles: list[str], unusable: list[Unusable]) -> None:
    try:
        title = next((text for text in map(clean, _titles(record, source)) if text), None)
    except FormatError as error:
        unusable.append(
            Unusable(identifier=clean(record.identifier), reason=clean(str(error), 400), remedy=error.remedy)
        )
        return
    if title is None:
        unusable.append(
            Unusable(
                identifier=clean(record.identifier),
                reason="The record has no title.",
                remedy="Ask the repository to add one; the record is read again when it changes.",
            )
        )
    else:
        titles.append(title)


def _titles(record: RawRecord, source: Source) -> Iterable[str]:
    if source.describes == "journals":
        return [describe_journal(record).title or ""]
    return [title.value for title in describe(record).titles]
