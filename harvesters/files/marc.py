"""MARC files: records in transmission format (ISO 2709) one after another, or MARCXML."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from harvesters.errors import FormatError, SourceError
from harvesters.files.entries import CUT_OFF, MAX_RECORD_BYTES, Entry
from harvesters.files.lister import FileLister
from harvesters.files.marcxml import XmlCutter, control_fields
from harvesters.files.places import SourceFile
from harvesters.files.text import TextFile
from harvesters.formats.marc_record import RECORD_END, cut_fields

_CHUNK = 1 << 16
_BLANK = b" \t\r\n\x00\x1a"
_MARK = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
_LEADER = re.compile(rb"\s*\d{5}[A-Za-z\d |#-]{5}[\d ]{2}\d{5}")
_INNER_LEADER = re.compile(rb"(?=(\d{5})[A-Za-z\d |#-]{5}[\d ]{2}\d{5})")
_ENCODING = re.compile(rb"\s+encoding\s*=\s*[\"'][^\"']*[\"']")
_LENGTH = 5
_STAMP = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)([0-5]\d)(?:\.\d)?")
_EXPORT = "Export the records again, as MARC (ISO 2709) or MARCXML, and harvest."


class MarcLister(FileLister):
    """Lists MARC records, binary or XML, MARC 21 or UNIMARC."""

    suffixes: ClassVar[tuple[str, ...]] = (".mrc", ".marc", ".iso", ".xml", ".dat")

    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the records of one file."""
        with file.open() as stream:
            start = stream.read(64).removeprefix(_MARK).lstrip(_BLANK)
        if start[:1] == b"<" or start.startswith(_UTF16):
            yield from _xml_entries(file)
            return
        if _LEADER.match(start) is None:
            raise SourceError(f"{file.name} is no MARC file: it does not begin with a leader or with XML. {_EXPORT}")
        with file.open() as stream:
            for number, (piece, is_cut_off) in enumerate(_cut_binary(stream), 1):
                yield _entry(number, piece, _controls(piece), reason=CUT_OFF if is_cut_off else None)
                if is_cut_off:
                    raise file.cut_off(f"record {number}")


def _xml_entries(file: SourceFile) -> Iterator[Entry]:
    text, number = TextFile(file), 0
    with text.open() as stream:
        cutter = XmlCutter(stream)
        for number, (head, piece, reason) in enumerate(cutter, 1):
            said = _ENCODING.sub(b"", head) if text.is_recoded else head
            yield _entry(number, piece, control_fields(piece), head=said, reason=reason)
    if cutter.is_cut_off:
        raise file.cut_off(f"its XML, in or after record {number}")


def _entry(number: int, piece: bytes, controls: Mapping[str, str], *, reason: str | None, head: bytes = b"") -> Entry:
    if len(piece) > MAX_RECORD_BYTES:
        return Entry.too_large(number, piece)
    own, organisation = controls.get("001", "").strip(), controls.get("003", "").strip()
    stamp = _STAMP.fullmatch(controls.get("005", "").strip())
    return Entry(
        number=number,
        body=piece,
        head=head,
        identifier=(f"({organisation}){own}" if organisation else own) or None,
        datestamp="{}-{}-{}T{}:{}:{}Z".format(*stamp.groups()) if stamp else None,
        reason=reason,
        remedy=_EXPORT if reason else "",
    )


def _cut_binary(stream: io.BufferedReader) -> Iterator[tuple[bytes, bool]]:
    """Yield each record, and whether the file ends in the middle of it; records end with their end mark."""
    rest = b""
    while True:
        chunk = stream.read(_CHUNK)
        *ended, rest = (rest + chunk).split(RECORD_END) if RECORD_END in chunk else (rest + chunk,)
        for piece in ended:
            yield from ((record, False) for record in _records_in(piece + RECORD_END))
        if len(rest) > MAX_RECORD_BYTES:
            yield rest, False
            rest = b""
            _skip_record(stream)
        if not chunk:
            break
    if rest.strip(_BLANK):
        yield rest, True


def _skip_record(stream: io.BufferedReader) -> None:
    """Read on to the end of a record without keeping it."""
    while chunk := stream.peek(_CHUNK):
        end = chunk.find(RECORD_END)
        stream.read(len(chunk) if end < 0 else end + 1)
        if end >= 0:
            return


def _records_in(piece: bytes) -> Iterator[bytes]:
    """Yield the record, or the two that a lost end mark has joined: their leaders tell."""
    piece = piece.lstrip(_BLANK)
    while piece.strip(_BLANK + RECORD_END):
        start = _second(piece)
        yield piece[:start]
        piece = piece[start:]


def _second(piece: bytes) -> int:
    """Return where a second record begins: a leader whose length reaches just to the end mark; else the end."""
    if piece[:_LENGTH].isdigit() and int(piece[:_LENGTH]) == len(piece):
        return len(piece)
    for leader in _INNER_LEADER.finditer(piece, _LENGTH):
        if int(leader[1]) == len(piece) - leader.start(1):
            return leader.start(1)
    return len(piece)


def _controls(piece: bytes) -> dict[str, str]:
    try:
        return {
            tag: content.decode("utf-8", "replace")
            for tag, content in cut_fields(piece)
            if tag in {"001", "003", "005"}
        }
    except FormatError:
        return {}
