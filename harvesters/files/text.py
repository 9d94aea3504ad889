"""Text files as lines of bytes: encoding found, UTF-16 and old line ends made plain, endless lines cut off."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harvesters.files.entries import MAX_RECORD_BYTES
from harvesters.files.places import SourceFile
from harvesters.formats.charset import Charset, find_charset

_CHUNK = 1 << 16
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
#: Kept of a line that is longer than any record may be.
_SHORT = 1 << 16
#: A file with more than one zero byte in so many is no text; single ones are dirt.
_NULS = 20
#: So many at a file's end are what a copy left empty; a single one is how some programs end a text.
_ZEROS = b"\0" * 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line with its end, numbered from 1; of one that is too long only the beginning."""

    number: int
    data: bytes
    is_too_long: bool = False


class TextFile:
    """A text file that can be read again and again; ``charset`` is what its lines are in."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        with file.open() as stream:
            start = stream.read(_CHUNK)
        self._utf16 = _utf16_of(start)
        plain = start.replace(b"\0", b"") if self._utf16 else start
        self._has_old_ends = b"\r" in plain and b"\n" not in plain
        self._has_mark = start.startswith(codecs.BOM_UTF8)
        self.is_binary = self._utf16 is None and start.count(b"\0") * _NULS > len(start)
        self.charset: Charset = "utf-8" if self._utf16 or self._has_mark else find_charset(self._short_lines())

    def _short_lines(self) -> Iterator[bytes]:
        return (line.data for line in self.lines())

    @property
    def is_recoded(self) -> bool:
        """Tell whether what is read is not in the encoding that the file is in."""
        return self._utf16 is not None

    def open(self) -> io.BufferedReader:
        """Open it; UTF-16 comes as UTF-8 (half a character stays an error there), old line ends as new ones."""
        stream = self._file.open()
        if self._utf16 is not None:
            stream = io.BufferedReader(_Converted(stream, _from_utf16(self._utf16)), _CHUNK)
        if self._has_old_ends:
            stream = io.BufferedReader(_Converted(stream, _with_new_ends), _CHUNK)
        return stream

    def lines(self) -> Iterator[Line]:
        """Yield the lines, without the mark that may begin the first, and others where files were joined.

        Zero bytes at the end are what a copy that broke off leaves of the rest: the file's ``damage`` tells it.
        """
        last = b""
        with self.open() as source:
            for line in _lines(source, has_mark=self._has_mark):
                last = line.data
                yield line
        if last.endswith(_ZEROS):
            self._file.damage.append(self._file.cut_off("what it should have: zero bytes follow"))


def _lines(source: io.BufferedIOBase, *, has_mark: bool) -> Iterator[Line]:
    number = 0
    while data := source.readline(MAX_RECORD_BYTES):
        number += 1
        if has_mark:
            data = data.removeprefix(codecs.BOM_UTF8)
        if len(data) < MAX_RECORD_BYTES or data.endswith(b"\n"):
            yield Line(number=number, data=data)
            continue
        start = data[:_SHORT]
        while data and not data.endswith(b"\n"):
            data = source.readline(_CHUNK)
        yield Line(number=number, data=start, is_too_long=True)


def _utf16_of(start: bytes) -> str | None:
    """Tell UTF-16 by its mark, or by many zero bytes (delimiters, digits) that all stand at even or at odd places."""
    marked = _MARKS.get(start[:2])
    if marked is not None:
        return marked
    zeros = start[::2].count(0), start[1::2].count(0)
    if sum(zeros) * _NULS <= len(start):
        return None
    return "utf-16-le" if zeros[0] == 0 else "utf-16-be" if zeros[1] == 0 else None


Convert = Callable[[bytes, bool], bytes]


def _from_utf16(charset: str) -> Convert:
    decoder = codecs.getincrementaldecoder(charset)("surrogatepass")
    is_first = True

    def convert(data: bytes, final: bool) -> bytes:  # noqa: FBT001 - as codecs has it
        nonlocal is_first
        text = decoder.decode(data)
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        half = b"\xff" if final and decoder.getstate()[0] else b""  # half a character at the end stays an error
        return text.encode("utf-8", "surrogatepass") + half

    return convert


def _with_new_ends(data: bytes, final: bool) -> bytes:  # noqa: ARG001, FBT001 - as above
    return data.replace(b"\r", b"\n")


class _Converted(io.RawIOBase):
    """A stream whose bytes are converted on the way."""

    def __init__(self, stream: io.BufferedReader, convert: Convert) -> None:
        self._stream = stream
        self._convert = convert
        self._ready = b""
        self._is_done = False

    def close(self) -> None:
        """Close what is read from, too."""
        super().close()
        self._stream.close()

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with converted bytes."""
        while not self._ready and not self._is_done:
            data = self._stream.read(_CHUNK)
            self._is_done = not data
            self._ready = self._convert(data, self._is_done)
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size
