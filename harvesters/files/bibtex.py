"""BibTeX files: entries cut out by their braces; one that never closes ends where the next begins."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import orjson

from harvesters.errors import FormatError, SourceError
from harvesters.files.entries import CUT_OFF, MAX_RECORD_BYTES, Entry
from harvesters.files.lister import FileLister
from harvesters.files.places import SourceFile
from harvesters.files.text import Line, TextFile
from harvesters.formats.charset import decode

_START = re.compile(rb"@\s*([A-Za-z]+)\s*([{(])")
#: An entry that begins a line; inside of another's braces it shows that those were never closed.
_LINE_START = re.compile(rb"\s*@\s*[A-Za-z]+\s*[{(]\s*[^\s,{}()=\"]*\s*[,=]")
_BRACE = re.compile(rb"(?<!\\)[{}]")
_PAREN = re.compile(rb"(?<!\\)[{}()]")
_KEY = re.compile(r"@\s*\w+\s*[{(]\s*([^\s,}]+)\s*,")
_USED_NAME = re.compile(r"(?:=|#)\s*([A-Za-z!$&*+\-./:;<>?\[\]^_`|~][\w!$&*+\-./:;<>?\[\]^`|~]*)")
_NO_ENTRIES = frozenset(("string", "comment", "preamble"))
_MOST_STRINGS = 20_000
_LONGEST_STRING = 4_000
_UNCLOSED = "A brace in it is not closed."
_ENDLESS = f"A line has more than {MAX_RECORD_BYTES >> 20} MiB; nothing in it was read, only its beginning is kept."
_BREAK = "Let each entry begin a line of its own and harvest again."
_MEND = "Close the brace or the parenthesis, or export the file again, and harvest."


class BibtexLister(FileLister):
    """Lists the entries of BibTeX files."""

    suffixes: ClassVar[tuple[str, ...]] = (".bib", ".bibtex")
    unit: ClassVar[str] = "entry"

    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the entries of one file; abbreviations go with those that use them, comments are passed over."""
        text = TextFile(file)
        if text.is_binary:
            raise SourceError(f"{file.name} is no text file. Export the references as BibTeX.")
        strings = _Strings(text.charset)
        number = 0
        for piece in _Cutter(text.lines()):
            if piece.kind in _NO_ENTRIES and piece.reason is None:
                if piece.kind == "string":
                    strings.add(piece.body)
                continue
            number += 1
            if len(piece.body) > MAX_RECORD_BYTES:
                yield Entry.too_large(number, piece.body)
            elif piece.reason is not None:
                yield Entry(number=number, body=piece.body, reason=piece.reason, remedy=piece.remedy)
            else:
                yield _entry(number, piece.body, strings)
            if piece.reason == CUT_OFF:
                raise file.cut_off(f"entry {number}")


def _entry(number: int, body: bytes, strings: _Strings) -> Entry:
    try:
        text = decode(body, strings.charset)
        used = strings.used_by(text)
    except FormatError as error:
        return Entry(number=number, body=body, reason=str(error), remedy=error.remedy)
    key = _KEY.match(text)
    head = orjson.dumps({"charset": strings.charset, "strings": used})
    return Entry(number=number, body=body, head=head, identifier=key[1] if key else None)


class _Strings:
    """The abbreviations of a file up to here, each with its whole text: made of others, it is put together at once.

    So nothing grows by naming each other again and again, as it would if each were put together where it is used.
    """

    def __init__(self, charset: str) -> None:
        self.charset = charset
        self._values: dict[str, str] = {}

    def add(self, body: bytes) -> None:
        """Note a definition; a later one of the same name holds for what follows, as in BibTeX.

        What uses one that cannot be read, or is too long, shows its name instead.
        """
        from harvesters.formats.bibtex import read_string  # noqa: PLC0415  # pybtex is slow to load

        if len(body) > _LONGEST_STRING or len(self._values) >= _MOST_STRINGS:
            return
        with contextlib.suppress(FormatError):
            name, value = read_string(decode(body, self.charset), self._values)
            if len(value) <= _LONGEST_STRING:
                self._values[name.lower()] = value

    def used_by(self, text: str) -> list[str]:
        """Return the definitions that an entry needs; raise ``FormatError`` where they would make it too long."""
        names = [name.lower() for name in _USED_NAME.findall(text)] if self._values else []
        known = [name for name in names if name in self._values]
        if sum(len(self._values[name]) for name in known) > MAX_RECORD_BYTES:
            raise FormatError(
                f"Its abbreviations make it longer than {MAX_RECORD_BYTES >> 20} MiB.",
                remedy="Write it without abbreviations and harvest again.",
            )
        return [f"@string{{{name} = {{{self._values[name]}}}}}" for name in dict.fromkeys(known)]


@dataclass(slots=True, kw_only=True)
class _Piece:
    kind: str
    body: bytes
    reason: str | None = None
    remedy: str = _MEND


@dataclass(slots=True)
class _Cutter:
    """Follows braces line by line; ``\\{`` is no brace."""

    lines: Iterator[Line]
    _taken: list[bytes] = field(default_factory=list)
    _size: int = 0
    _kind: str = ""
    _closer: re.Pattern[bytes] = _BRACE
    _depth: int = 0

    def __iter__(self) -> Iterator[_Piece]:
        for line in self.lines:
            if self._taken and (line.is_too_long or _LINE_START.match(line.data)):
                yield self._ended(_UNCLOSED)
            if line.is_too_long:  # whatever stands in it, entries perhaps, is not there to be read
                yield _Piece(kind="line", body=line.data, reason=_ENDLESS, remedy=_BREAK)
            else:
                yield from self._read(line.data)
        if self._taken:
            yield self._ended(CUT_OFF)

    def _read(self, data: bytes) -> Iterator[_Piece]:
        position = 0
        while True:
            if not self._taken:
                start = _START.search(data, position)
                if start is None:
                    return
                self._kind = start[1].decode().lower()
                self._closer = _BRACE if start[2] == b"{" else _PAREN
                position, self._depth = start.start(), 0
            end = self._close(data, position)
            self._take(data[position:end])
            if end is None:
                return
            yield self._ended(None)
            position = end

    def _close(self, data: bytes, position: int) -> int | None:
        """Return where the entry ends in this line, if it does."""
        for brace in self._closer.finditer(data, position):
            self._depth += 1 if brace[0] in b"{(" else -1
            if self._depth <= 0:
                return brace.end()
        return None

    def _take(self, data: bytes) -> None:
        if self._size <= MAX_RECORD_BYTES:
            self._taken.append(data)
            self._size += len(data)

    def _ended(self, reason: str | None) -> _Piece:
        piece = _Piece(kind=self._kind, body=b"".join(self._taken).rstrip(b"\r\n"), reason=reason)
        self._taken, self._size, self._depth = [], 0, 0
        return piece
