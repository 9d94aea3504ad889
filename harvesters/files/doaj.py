"""DOAJ's public data dump and its journal CSV, from files on disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

from harvesters.doaj.article_json import read_json_record
from harvesters.doaj.json_pieces import cut_objects, cut_results
from harvesters.errors import FormatError, PageError
from harvesters.files.archives import BROKEN, damaged, is_tar, tar_members
from harvesters.files.entries import MAX_RECORD_BYTES, Entry
from harvesters.files.lister import FileLister
from harvesters.files.places import SourceFile
from harvesters.files.rows import Row, Rows
from harvesters.files.text import TextFile
from harvesters.formats.description import Description
from harvesters.formats.doaj_journals import journal_columns
from harvesters.records import RawRecord

_JSON = (".json", ".jsonl", ".ldj", ".ndjson")
_CHUNK = 1 << 18
_BLANK = b" \t\r\n\xef\xbb\xbf"
_CLOSERS = {b"[": b"]", b"{": b"}"}
_BATCH = re.compile(r"(article|journal)s?[_-]batch", re.IGNORECASE)
_OTHER = 'Add it as a source of its own with describes = "{}s".'
_MEND = "Download the dump again; if it stays, tell DOAJ's help desk."


class DumpLister(FileLister):
    """Lists DOAJ's data dump: tar.gz of JSON batches, batches alone, JSON lines, saved answers of the API.

    Articles and journals come from sources of their own; ``describes`` says which this one has.
    """

    suffixes = (".tar", ".tgz", *_JSON)
    unit = "article"
    checks_identifiers = False  # DOAJ's ids are its own, and millions of them would fill the memory

    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the records as sent; what is broken is named by its batch and its place there."""
        with file.open() as stream:
            if is_tar(stream.peek(512)[:512]):
                yield from self._read_archive(file, stream)
            else:
                ends = _Ends(stream)
                yield from self._read_batch(ends, "", file.modified, first=1)
                if ends.is_cut_off:
                    raise file.cut_off("its JSON")

    def examine(self, record: RawRecord) -> Description | None:  # noqa: ARG002
        """Ask nothing more: each record has its id, or is damaged."""
        return None

    def _read_archive(self, file: SourceFile, stream: BinaryIO) -> Iterator[Entry]:
        number = 0
        for member in tar_members(file, stream):
            if not member.name.lower().endswith(_JSON):
                continue
            batch = _BATCH.search(member.name)
            other = batch is not None and not self.source.describes.startswith(batch[1].lower())
            if member.stream is None or other:
                number += 1
                reason = member.refused or f"It has no {self.source.describes}."
                remedy = _MEND if batch is None or member.refused else _OTHER.format(batch[1].lower())
                yield Entry(number=number, body=b"", reason=f"{member.name}: {reason}", remedy=remedy)
                continue
            ends = _Ends(member.stream)
            try:
                for entry in self._read_batch(ends, f"{member.name}: ", file.modified, first=number + 1):
                    number = entry.number
                    yield entry
            except BROKEN as error:
                raise damaged(file, error) from error
            if ends.is_cut_off:
                number += 1
                yield Entry(number=number, body=b"", reason=f"{member.name}: It ends in the middle.", remedy=_MEND)

    def _read_batch(self, chunks: Iterable[bytes], where: str, modified: str, *, first: int) -> Iterator[Entry]:
        number = first - 1
        for piece in cut_objects(chunks, is_record=self._is_record):
            if piece.reason is not None:
                number += 1
                reason = f"{where}object {piece.index + 1}: {piece.reason}"
                yield Entry(number=number, body=piece.body, reason=reason, remedy=_MEND)
                continue
            for body in cut_results(piece.body):
                number += 1
                yield self._entry(number, body, f"{where}object {piece.index + 1}", modified)

    def _entry(self, number: int, body: bytes, place: str, modified: str) -> Entry:
        if len(body) > MAX_RECORD_BYTES:
            return Entry.too_large(number, body)
        try:
            record = self._record(body, modified)
        except FormatError as error:
            return Entry(number=number, body=body, reason=f"{place}: {error}", remedy=error.remedy)
        return Entry(number=number, body=body, identifier=record.identifier, datestamp=record.datestamp)

    def _record(self, body: bytes, modified: str) -> RawRecord:
        return read_json_record(
            body,
            source=self.source.id,
            describes=self.source.describes,
            received_at=datetime.now(UTC),
            datestamp=modified,
        )

    def _is_record(self, body: bytes) -> bool:
        try:
            self._record(body, "")
        except FormatError:
            return False
        return True


class _Ends:
    """The chunks of a stream of JSON; what it began with tells, in the end, whether its end is missing."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._first = b""
        self._last = b""

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._stream.read(_CHUNK):
            said = chunk.strip(_BLANK)
            self._first = self._first or said[:1]
            self._last = said[-1:] or self._last
            yield chunk

    @property
    def is_cut_off(self) -> bool:
        """Tell whether an array or object that begins the stream is not closed by its last character."""
        return self._last != _CLOSERS.get(self._first, self._last)


class JournalsLister(FileLister):
    """Lists DOAJ's journal CSV (https://doaj.org/csv): one journal a row, known by its ISSN."""

    suffixes = (".csv",)
    unit = "row"

    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the rows as sent, each with the header line as its head; the header is row 1."""
        text = TextFile(file)
        rows = Rows(text.lines(), text.charset, ",", damage=file.damage)
        head: bytes | None = None
        for row in rows:
            if head is None:
                head, rows.width = row.body, len(row.cells)
                self._check_header(file, head)
            elif not row.is_blank:
                yield self._entry(head, row)
            if row.is_cut_off:
                raise file.cut_off(f"row {row.number}")

    def examine(self, record: RawRecord) -> Description | None:  # noqa: ARG002
        """Ask nothing more: each row has an ISSN, or is damaged."""
        return None

    def _check_header(self, file: SourceFile, head: bytes) -> None:
        try:
            names = journal_columns(head, head)
        except FormatError as error:
            raise PageError(f"{file.name}: {error} {error.remedy}", url=file.name) from error
        if "title" not in names or not ({"print", "online", "page"} & names.keys()):
            raise PageError(
                f"{file.name} is not DOAJ's journal CSV: its first line names no journal title and ISSN. "
                "Download it again from https://doaj.org/csv.",
                url=file.name,
            )

    def _entry(self, head: bytes, row: Row) -> Entry:
        entry = Entry(number=row.number, body=row.body, head=head, reason=row.reason, remedy=row.remedy)
        if row.reason is not None:
            return entry
        try:
            values = journal_columns(head, row.body)
        except FormatError as error:
            return replace(entry, reason=str(error), remedy=error.remedy)
        own = values.get("online") or values.get("print")
        identifier = f"issn:{own.upper()}" if own else values.get("page")
        wrong = "no title" if "title" not in values else "no ISSN and no address in DOAJ" if identifier is None else ""
        if wrong:
            remedy = "Correct the row and harvest again, or download the file anew."
            return replace(entry, reason=f"It has {wrong}.", remedy=remedy)
        return replace(entry, identifier=identifier, datestamp=_stamp(values.get("changed", "")))


def _stamp(value: str) -> str | None:
    """Return a datestamp of DOAJ's dates (``2024-08-13T09:28:00Z``, ``2024-08-13``); ``None``: the file's counts."""
    match = re.match(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2}))?", value)
    return (f"{match[1]}T{match[2]}Z" if match[2] else match[1]) if match else None
