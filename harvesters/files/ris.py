"""RIS files: cut from TY to ER by lines; a lost ER ends where the next TY begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import orjson

from harvesters.errors import FormatError, SourceError
from harvesters.files.entries import CUT_OFF, MAX_RECORD_BYTES, Entry
from harvesters.files.lister import FileLister
from harvesters.files.places import SourceFile
from harvesters.files.text import Line, TextFile
from harvesters.formats.charset import decode
from harvesters.formats.ris import TAG, read_tags

_EXPORT = "Export the record again and harvest."
_CUT_OFF = CUT_OFF.replace("no end", "no end (ER)")


class RisLister(FileLister):
    """Lists the records of RIS files."""

    suffixes: ClassVar[tuple[str, ...]] = (".ris", ".txt")

    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the records of one file; lines outside of records that have no tags are a database's greetings."""
        text = TextFile(file)
        if text.is_binary:
            raise SourceError(f"{file.name} is no text file. Export the references as RIS.")
        head = orjson.dumps({"charset": text.charset})
        for number, (lines, reason) in enumerate(_cut(text.lines()), 1):
            body = b"".join(line.data for line in lines).rstrip(b"\r\n")
            if any(line.is_too_long for line in lines):
                yield Entry.too_large(number, body)
            else:
                yield self._entry(number, body, head, text.charset, reason)
            if reason == _CUT_OFF:
                raise file.cut_off(f"record {number}")

    def _entry(self, number: int, body: bytes, head: bytes, charset: str, reason: str | None) -> Entry:
        own = None
        if reason is None and len(body) <= MAX_RECORD_BYTES:
            try:
                own = next((value for tag, value in read_tags(decode(body, charset)) if tag == "ID" and value), None)
            except FormatError as error:
                return Entry(number=number, body=body, reason=str(error), remedy=error.remedy)
        return Entry(
            number=number, body=body, head=head, identifier=own, reason=reason, remedy=_EXPORT if reason else ""
        )


def _cut(lines: Iterator[Line]) -> Iterator[tuple[list[Line], str | None]]:
    """Yield the lines of each record, and of what has tags but is none, with what is wrong with it."""
    taken: list[Line] = []
    size, is_record = 0, False
    for line in lines:
        tag = _tag(line)
        if tag == "TY" and taken:
            yield from _ended(taken, is_record=is_record)
            taken, size = [], 0
        is_record = tag == "TY" or (is_record and bool(taken))
        if size <= MAX_RECORD_BYTES and (taken or tag or line.is_too_long):  # enough of what is too large anyway
            taken.append(line)
            size += len(line.data)
        if tag == "ER" or (line.is_too_long and not is_record):
            yield from _ended(taken, is_record=is_record)
            taken, size, is_record = [], 0, False
    if is_record:
        yield taken, _CUT_OFF
    elif taken:
        yield from _ended(taken, is_record=False)


def _ended(taken: list[Line], *, is_record: bool) -> Iterator[tuple[list[Line], str | None]]:
    if taken:
        yield taken, None if is_record else "It does not begin with TY, the type of the reference."


def _tag(line: Line) -> str | None:
    match = TAG.match(line.data[:8].decode("latin-1"))
    return match[1] if match else None
