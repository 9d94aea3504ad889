"""Cut the MARC records out of an XML file without parsing it as a whole, so that damage stays where it is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape

from harvesters.files.entries import CUT_OFF, MAX_RECORD_BYTES
from harvesters.formats.xml import open_tags

_CHUNK = 1 << 16
_LONGEST_HEAD = 1 << 16
_START = re.compile(
    rb"<((?:[\w.-]+:)?record)(?:\s[^<>]*)?>"
    rb"(?=\s*(?:<!--.{0,2000}?-->\s*)?<(?:[\w.-]+:)?(?:leader|controlfield|datafield)\b)",
    re.DOTALL,
)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_CONTENT = re.compile(rb"(?:data|control|sub)field\b")
_CONTROL = re.compile(rb"<(?:[\w.-]+:)?controlfield\s[^<>]*?tag\s*=\s*[\"'](00[135])[\"'][^<>]*>([^<]*)<")
_LOST = "Something here has the fields of a record, but is none."
_UNENDED = "The record has no end."
#: How far a tag, and what tells that it begins a record, may reach over the end of what was read.
_REACH = 8192

Piece = tuple[bytes, bytes, str | None]


def control_fields(piece: bytes) -> dict[str, str]:
    """Return 001, 003 and 005 of a record's XML."""
    return {tag.decode(): unescape(text.decode("utf-8", "replace")) for tag, text in _CONTROL.findall(piece)}


class XmlCutter:
    """Iterate over (head, record, what is wrong with it) for each record of the file.

    It is a window over the file that is never much longer than the longest record. At the end ``is_cut_off`` tells
    whether the last record, or the file's root, is not closed.
    """

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._buffer = b""
        self._searched = 0  # up to there no record begins in the buffer
        self._is_done = False
        self._head: bytes | None = None
        self._found: list[Piece] = []
        self._root_end: re.Pattern[bytes] | None = None
        self.is_cut_off = False

    def __iter__(self) -> Iterator[Piece]:
        """Yield the records."""
        while (piece := self._next()) is not None:
            yield piece

    def _next(self) -> Piece | None:
        while not self._found:
            start = _START.search(self._buffer, self._searched)
            if start is None:
                if self._is_done:
                    self._end()
                    break
                self._forget()
                self._searched = max(0, len(self._buffer) - _REACH)
                self._fill()
                continue
            self._searched = 0
            self._leave(self._buffer[: start.start()])
            self._buffer = self._buffer[start.start() :]
            self._take(start[1])
        return self._found.pop(0) if self._found else None

    def _end(self) -> None:
        self._leave(self._buffer)
        if self._root_end is not None and self._root_end.search(self._buffer) is None:
            self.is_cut_off = True
        self._buffer = b""

    def _fill(self) -> None:
        chunk = self._stream.read(_CHUNK)
        self._is_done = not chunk
        self._buffer += chunk

    def _forget(self) -> None:
        """Let go of what no record begins in."""
        if len(self._buffer) > MAX_RECORD_BYTES:
            self._leave(self._buffer[:-_REACH])
            self._buffer = self._buffer[-_REACH:]

    def _take(self, name: bytes) -> None:
        """Take the record that the buffer begins with, up to its end tag, or to where the next one begins."""
        end = re.compile(rb"</" + re.escape(name) + rb"\s*>")
        position = 1
        while True:
            ended, following = end.search(self._buffer, position), _START.search(self._buffer, position)
            if following is not None and (ended is None or following.start() < ended.start()):
                self._cut(following.start(), _UNENDED)
                return
            if ended is not None:
                self._cut(ended.end(), None)
                return
            if self._is_done:
                self.is_cut_off = True
                self._cut(len(self._buffer), CUT_OFF)
                return
            if len(self._buffer) > MAX_RECORD_BYTES:
                self._cut(len(self._buffer), _UNENDED)
                return
            position = max(1, len(self._buffer) - _REACH)
            self._fill()

    def _cut(self, size: int, reason: str | None) -> None:
        self._found.append((self._head or b"", self._buffer[:size], reason))
        self._buffer = self._buffer[size:]

    def _leave(self, between: bytes) -> None:
        """Pass over what stands between records; before the first one it is the head."""
        if self._head is None:
            self._head = open_tags(between[:_LONGEST_HEAD])
            root = _ROOT.search(self._head)
            self._root_end = re.compile(rb"</" + re.escape(root[1]) + rb"\s*>") if root else None
        if _CONTENT.search(between):
            self._found.append((self._head, between, _LOST))
