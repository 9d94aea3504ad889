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
        self._has_old_ends = b"\r" in start and b"\n" not in start and self._utf16 is None
        self._has_mark = start.startswith(codecs.BOM_UTF8)
        self.is_binary = self._utf16 is None and b"\0" in start
        self.charset: Charset = "utf-8" if self._utf16 or self._has_mark else find_charset(self._short_lines())

    def _short_lines(self) -> Iterator[bytes]:
        return (line.data for line in self.lines())

    def open(self) -> io.BufferedIOBase:
        """Open it; UTF-16 comes as UTF-8 (half a character stays an error there), old line ends as new ones."""
        stream = self._file.open()
        if self._utf16 is not None:
            return io.BufferedReader(_Converted(stream, _from_utf16(self._utf16)), _CHUNK)
        if self._has_old_ends:
            return io.BufferedReader(_Converted(stream, _with_new_ends), _CHUNK)
        return stream

    def lines(self) -> Iterator[Line]:
        """Yield the lines, without the mark that may begin the first."""
        with self.open() as source:
            yield from _lines(source, has_mark=self._has_mark)


def _lines(source: io.BufferedIOBase, *, has_mark: bool) -> Iterator[Line]:
    number = 0
    while data := source.readline(MAX_RECORD_BYTES):
        number += 1
        if has_mark and number == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        if len(data) < MAX_RECORD_BYTES or data.endswith(b"\n"):
            yield Line(number=number, data=data)
            continue
        start = data[:_SHORT]
        while data and not data.endswith(b"\n"):
            data = source.readline(_CHUNK)
        yield Line(number=number, data=start, is_too_long=True)


def _utf16_of(start: bytes) -> str | None:
    """Tell UTF-16 by its mark, or by every other byte of a plain beginning being zero."""
    marked = _MARKS.get(start[:2])
    if marked is not None:
        return marked
    sample = start[:64]
    if len(sample) >= 8 and not any(sample[1::2]) and all(sample[::2]):  # noqa: PLR2004
        return "utf-16-le"
    if len(sample) >= 8 and not any(sample[::2]) and all(sample[1::2]):  # noqa: PLR2004
        return "utf-16-be"
    return None


Convert = Callable[[bytes, bool], bytes]


def _from_utf16(charset: str) -> Convert:
    decoder = codecs.getincrementaldecoder(charset)("surrogatepass")
    is_first = True

    def convert(data: bytes, final: bool) -> bytes:  # noqa: FBT001 - as codecs has it
        nonlocal is_first
        if final and decoder.getstate()[0]:
            data, final = data + b"\xff", True  # half a unit at the end: an odd byte becomes some character
        text = decoder.decode(data, final)
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        return text.encode("utf-8", "surrogatepass")

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
