"""What a record says of a journal, before any cleaning; journals enrich the articles of all sources."""

from __future__ import annotations

from dataclasses import dataclass

from harvesters.formats.description import RawIdentifier, RawSubject, RawText


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalDescription:
    """Everything a record says of a journal.

    ``country`` is a code or name as written; ``licenses`` are names or addresses as written, those that articles may
    have; ``languages`` are the journal's, never an article's.
    """

    title: str | None = None
    alternative_titles: tuple[str, ...] = ()
    issns: tuple[RawIdentifier, ...] = ()
    issn_l: str | None = None
    publisher: str | None = None
    country: str | None = None
    languages: tuple[str, ...] = ()
    subjects: tuple[RawSubject, ...] = ()
    keywords: tuple[RawText, ...] = ()
    licenses: tuple[str, ...] = ()
    homepage: str | None = None
