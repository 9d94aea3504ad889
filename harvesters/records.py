"""What travels out of a harvest: raw records, pages of them, and the windows they were asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_OPEN_TAG = re.compile(rb"<([A-Za-z_][\w.:-]*)(?:\s[^<>]*)?>")


@lru_cache(maxsize=64)
def closers(head: bytes) -> bytes:
    """Return the end tags of a head's elements."""
    return b"".join(b"</" + name + b">" for name in reversed(_OPEN_TAG.findall(head)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """One record of one source in one metadata format, byte for byte as it was sent.

    ``head`` is what opened the page around the record (XML declaration, root and list tags with
    their namespace declarations), so that :meth:`document` can be parsed on its own; a repository
    sends the same head with every page. It is empty where the body needs none (JSON, a file).
    ``datestamp`` is the repository's own text, in whatever granularity it uses.
    """

    source: str
    identifier: str
    metadata_prefix: str
    datestamp: str
    set_specs: tuple[str, ...] = ()
    deleted: bool = False
    body: bytes = b""
    head: bytes = b""
    received_at: datetime

    def document(self) -> bytes:
        """Return the body inside its head, with the head's elements closed again: one XML document."""
        return self.head + self.body + closers(self.head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a list request: its records in order, and where the list goes on.

    ``token`` is the resumption token of the *next* page, ``None`` at the list's end.
    ``list_size`` is the page's ``completeListSize`` where it states one.
    """

    url: str
    records: tuple[RawRecord, ...]
    token: str | None
    list_size: int | None
    bytes_received: int
    response_date: str | None = None
    damaged: tuple[DamagedRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedRecord:
    """A piece of a page that could not be read as a record; kept so that nothing is lost."""

    url: str
    body: bytes
    reason: str
    remedy: str
    identifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A selective-harvest window; both ends inclusive, as OAI-PMH has it (section 2.7.1).

    The texts are in the repository's granularity (``2026-10-01`` or ``2026-10-01T00:00:00Z``).
    """

    since: str | None = None
    until: str | None = None

    def __str__(self) -> str:
        """Show the window as a person would write it."""
        return f"{self.since or 'the beginning'} .. {self.until or 'now'}"

    def holds(self, stamp: str) -> bool:
        """Tell whether a datestamp is in the window; one of days holds all seconds of its last day."""
        return (self.since or "") <= stamp and (self.until is None or stamp[: len(self.until)] <= self.until)
