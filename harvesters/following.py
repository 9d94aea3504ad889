"""Following a list: pages are stored some at a time, and a list that goes in circles is noticed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from harvesters.checkpoints import Counts
from harvesters.errors import StuckListError
from harvesters.records import Page

#: Pages in a row without a new identifier before a list counts as stuck (endless empty pages were seen).
MAX_IDLE_PAGES = 3
#: Pages are stored together while they come fast; a slow list is stored page by page.
BATCH_RECORDS = 800
BATCH_BYTES = 4 << 20
BATCH_SECONDS = 0.1


class Batch:
    """Pages that wait to be stored in one transaction: what a page costs the store is shared by many.

    Those of a killed process are lost, and so is the token behind them: they are asked for again.
    """

    def __init__(self, *, single: bool = False) -> None:
        self._single = single
        self._begin()

    def _begin(self) -> None:
        self._pages: list[Page] = []
        self._identifiers: set[str] = set()
        self._records = self._bytes = 0
        self._since = time.monotonic()
        self._is_idle = False

    def add(self, page: Page) -> None:
        """Take a page."""
        known = len(self._identifiers)
        self._identifiers.update(record.identifier for record in page.records)
        # A page without anything new is looked at at once: the list may be going in circles.
        self._is_idle = len(self._identifiers) == known and not page.damaged
        self._pages.append(page)
        self._records += len(page.records)
        self._bytes += page.bytes_received

    @property
    def is_full(self) -> bool:
        """Tell whether it is time to store."""
        return (
            self._single
            or self._is_idle
            or self._records >= BATCH_RECORDS
            or self._bytes >= BATCH_BYTES
            or time.monotonic() - self._since >= BATCH_SECONDS
        )

    def take(self) -> list[Page]:
        """Return the pages in order, and begin anew."""
        pages = self._pages
        self._begin()
        return pages


class ListGuard:
    """Notice a list that does not move on: the same token again, or pages that bring nothing new."""

    def __init__(self, *, idle_ends: bool = True) -> None:
        self._tokens: set[int] = set()
        self._idle = 0
        self._idle_ends = idle_ends

    def check_token(self, page: Page) -> None:
        """Raise ``StuckListError`` where following the page's token would lead in a circle."""
        if page.token is None:
            return
        mark = hash(page.token)
        if mark in self._tokens:
            raise StuckListError(
                "The repository sent the same resumption token a second time. What arrived is stored; tell the "
                'repository, or harvest in smaller windows (slice = "day").',  # not the token: it may echo a key
                url=page.url,
            )
        self._tokens.add(mark)

    def check_progress(self, pages: Sequence[Page], counts: Counts) -> None:
        """Raise ``StuckListError`` where page after page brought nothing that the list had not brought before."""
        self._idle = self._idle + len(pages) if counts.distinct == 0 else 0
        if self._idle_ends and self._idle >= MAX_IDLE_PAGES and pages[-1].token is not None:
            raise StuckListError(
                f"{self._idle} pages in a row brought no new record. What arrived is stored; tell the repository, "
                'or harvest in smaller windows (slice = "day").',
                url=pages[-1].url,
            )
