"""One record of a file on its way to the page: examined, named, or set aside with the reason and the remedy."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from harvesters.errors import FormatError
from harvesters.files.places import SourceFile
from harvesters.files.seen import SeenIdentifiers
from harvesters.formats.description import Description
from harvesters.records import DamagedRecord, RawRecord

#: A larger record is damaged; no description of a book or an article is so long.
MAX_RECORD_BYTES = 4 << 20
#: What is kept of a record that is too large.
KEPT_BYTES = 64 << 10
#: What is said of the entry in the middle of which a file ends.
CUT_OFF = "It has no end: the file was cut off here."
_LONGEST_IDENTIFIER = 300
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_NOT_DIGITS = re.compile(r"[^0-9Xx]")
_ISBN_LENGTHS = frozenset((10, 13))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of a file, or what should have been one (then ``reason`` and ``remedy`` are set).

    ``number`` is the row or record as people count it; it grows through the file. Without an ``identifier`` the record
    gets one from what it says. ``datestamp`` is the file's where the record states none.
    """

    number: int
    body: bytes
    head: bytes = b""
    identifier: str | None = None
    datestamp: str | None = None
    reason: str | None = None
    remedy: str = ""

    @classmethod
    def too_large(cls, number: int, start: bytes) -> Entry:
        """Return the entry for a record over the limit, of which only the start is kept."""
        return cls(
            number=number,
            body=start[:KEPT_BYTES],
            reason=f"It has more than {MAX_RECORD_BYTES >> 20} MiB; only its beginning is kept.",
            remedy="Look for a missing end of record or an unclosed quotation mark before it, mend the file and "
            "harvest again.",
        )


class Examine(Protocol):
    """Describes a record; ``None`` says that there is nothing to examine. Raises ``FormatError``."""

    def __call__(self, record: RawRecord) -> Description | None:
        """Return what the record says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all entries of a list have in common."""

    source: str
    metadata_prefix: str
    unit: str
    examine: Examine
    checks_identifiers: bool = True


class Examiner:
    """Turns the entries of one list into records, or into damaged ones with the name of file and row."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen = SeenIdentifiers()
        self._files: list[str] = []

    def made(self, file: SourceFile, entry: Entry) -> RawRecord | DamagedRecord:
        """Return the record of an entry, or the damaged piece with what is wrong with it."""
        if entry.reason is None and len(entry.body) > MAX_RECORD_BYTES:
            entry = Entry.too_large(entry.number, entry.body)
        if entry.reason is not None:
            return self._damaged(file, entry, entry.reason, entry.remedy)
        record = RawRecord(
            source=self._context.source,
            identifier=entry.identifier or "",
            metadata_prefix=self._context.metadata_prefix,
            datestamp=entry.datestamp or file.modified,
            body=entry.body,
            head=entry.head,
            received_at=datetime.now(UTC),
        )
        try:
            description = self._context.examine(record)
        except FormatError as error:
            return self._damaged(file, entry, str(error), error.remedy)
        if description is not None and not any(title.value.strip() for title in description.titles):
            return self._damaged(file, entry, "It has no title.", "Add the title to the file and harvest again.")
        return self._identified(file, entry, replace(record, identifier=identifier_of(entry.identifier, description)))

    def _identified(self, file: SourceFile, entry: Entry, record: RawRecord) -> RawRecord | DamagedRecord:
        if not self._context.checks_identifiers:
            return record
        if not self._files or self._files[-1] != file.name:
            self._files.append(file.name)
        before = self._seen.first(record.identifier, file=len(self._files) - 1, row=entry.number)
        if before is None:
            return record
        where = self._place(self._files[before[0]], before[1])
        if record.identifier.startswith(_CONTENTS):
            reason = f"It says the same as {where}."
            remedy = "Delete one of the two, or give each an id of its own, and harvest again."
        else:
            reason = f"It has the id {record.identifier!r} of {where}."
            remedy = "Give each an id of its own, or delete one of the two, and harvest again."
        return self._damaged(file, entry, reason, remedy)

    def _place(self, name: str, number: int) -> str:
        return f"{name}, {self._context.unit} {number}"

    def _damaged(self, file: SourceFile, entry: Entry, reason: str, remedy: str) -> DamagedRecord:
        place = self._place(file.name, entry.number)
        return DamagedRecord(
            url=place, identifier=place, body=entry.body[:MAX_RECORD_BYTES], reason=f"{place}: {reason}", remedy=remedy
        )


_CONTENTS = "row:"


def identifier_of(own: str | None, description: Description | None) -> str:
    """Return what a record is known by from harvest to harvest.

    Its own id, else its DOI, else the ISBN where it speaks of the whole book, else a digest of title, people, date and
    place of publication: never its position, so that a row more above changes nothing below.
    """
    text = (own or "").strip()
    if text:
        fits = len(text) <= _LONGEST_IDENTIFIER and text.isprintable()
        return text if fits else f"id:{_digest((text,))}"
    if description is None:
        raise FormatError("The record has no id.", remedy="Give it one.")
    for one in description.identifiers:
        doi = _DOI.search(one.value) if one.scheme == "doi" else None
        if doi and len(doi[0]) <= _LONGEST_IDENTIFIER and doi[0].isprintable():
            return f"doi:{doi[0].lower()}"
    if not (description.container_title or description.first_page):
        for one in description.identifiers:
            isbn = _NOT_DIGITS.sub("", one.value) if one.scheme == "isbn" else ""
            if len(isbn) in _ISBN_LENGTHS:
                return f"isbn:{isbn.upper()}"
    return _CONTENTS + _digest(_meaning(description))


def _meaning(description: Description) -> tuple[str, ...]:
    people = (one.name or f"{one.family} {one.given}" for one in description.contributors)
    return (
        *(one.value for one in description.titles),
        *people,
        *(one.value for one in description.dates),
        *(one.value for one in description.issns),
        *(
            value or ""
            for value in (
                description.container_title,
                description.publisher,
                description.volume,
                description.issue,
                description.first_page,
                description.article_number,
            )
        ),
    )


def _digest(values: tuple[str, ...]) -> str:
    squeezed = "\x1f".join(" ".join(value.split()).casefold() for value in values)
    return hashlib.sha256(squeezed.encode("utf-8", "surrogatepass")).hexdigest()[:24]
