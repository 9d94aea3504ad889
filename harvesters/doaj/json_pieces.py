"""Cut JSON objects out of a stream of bytes as they were sent, without ever holding the whole stream.

A batch of DOAJ's dump is one array of 100,000 articles, 300 MB; its records are to be kept byte for byte. So objects
are cut by their braces (strings skipped), and what is broken is passed over up to the next object that is a record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import orjson

#: A larger object is no article (the largest known have 100 KB); it counts as broken.
MAX_OBJECT = 8 << 20
#: Of something broken this much is kept to show people.
KEPT = 64 << 10
_SCANNED = 64 << 20
_CHUNK = 1 << 20
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|"', re.DOTALL)
_BETWEEN = re.compile(rb"(?:[\s,\[\]]|\xef\xbb\xbf)*")
#: Where another object may begin: after a closed one, or at the beginning of a line.
_NEXT = re.compile(rb"[}\]]\s*,?\s*(\{)|\n\s*(\{)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An object as sent, or (with a reason) something broken, cut to :data:`KEPT` bytes.

    ``index`` counts objects and broken pieces of the stream, from 0.
    """

    index: int
    body: bytes
    reason: str | None = None


def cut_objects(chunks: Iterable[bytes], *, is_record: Callable[[bytes], bool]) -> Iterator[Piece]:
    """Yield the objects of an array, of lines, or simply one after the other.

    ``is_record`` tells whether bytes are a whole record; it is asked only to find the way after something broken.
    """
    return _Cutter(chunks, is_record).pieces()


class _Cutter:
    def __init__(self, chunks: Iterable[bytes], is_record: Callable[[bytes], bool]) -> None:
        self._chunks = iter(chunks)
        self._is_record = is_record
        self._buffer = b""
        self._ended = False

    def pieces(self) -> Iterator[Piece]:
        index = 0
        while self._skip_between():
            body, reason = self._next()
            yield Piece(index=index, body=body, reason=reason)
            index += 1

    def _fill(self, least: int) -> bool:
        """Read on until the buffer holds more than ``least`` bytes; tell whether anything came."""
        parts, size = [self._buffer], len(self._buffer)
        while size <= least and not self._ended:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
                break
            parts.append(chunk)
            size += len(chunk)
        grown = size > len(self._buffer)
        self._buffer = b"".join(parts)
        return grown

    def _skip_between(self) -> bool:
        """Go to the next thing; tell whether there is one."""
        while True:
            match = _BETWEEN.match(self._buffer)
            self._buffer = self._buffer[match.end() if match else 0 :]
            if len(self._buffer) >= 3 or not self._fill(_CHUNK):  # noqa: PLR2004 - a byte-order mark may be cut
                return bool(self._buffer)

    def _next(self) -> tuple[bytes, str | None]:
        if self._buffer[:1] != b"{":
            return self._pass_over("Something that is no JSON object.")
        end = self._end_of_object()
        if end is None:
            return self._pass_over(
                "The object is not closed." if self._ended else f"The object is larger than {MAX_OBJECT:,} bytes."
            )
        body = self._buffer[:end]
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return self._pass_over(f"The object is not valid JSON: {error}.", within=end)
        self._buffer = self._buffer[end:]
        return body, None

    def _end_of_object(self) -> int | None:
        """Return where the buffer's first object ends, reading on as needed; ``None``: it does not, or is too large."""
        depth, position = 0, 0
        while True:
            depth, position, end = _scan(self._buffer, depth, position, is_whole=self._ended)
            if end is not None:
                return end if end <= MAX_OBJECT else None
            if position > MAX_OBJECT or len(self._buffer) > MAX_OBJECT + _CHUNK or not self._fill(len(self._buffer)):
                return None

    def _pass_over(self, reason: str, *, within: int | None = None) -> tuple[bytes, str]:
        """Go on at the next whole record; without one in reach, after the broken object or what is held."""
        after = self._next_record() or within or len(self._buffer)
        broken = self._buffer[: min(after, KEPT)]
        self._buffer = self._buffer[after:]
        return broken, reason

    def _next_record(self) -> int | None:
        scanned = 0
        for match in _NEXT.finditer(self._buffer):
            start = match.start(match.lastindex or 0)
            if start == 0:
                continue
            _, position, end = _scan(self._buffer, 0, start, is_whole=True)
            scanned += (end or position) - start
            if end is not None and self._is_record(self._buffer[start:end]):
                return start
            if scanned > _SCANNED:
                break
        return None


def _scan(buffer: bytes, depth: int, position: int, *, is_whole: bool) -> tuple[int, int, int | None]:
    """Follow the braces from a position outside strings; return depth, where to go on, and where the object ends."""
    for match in _TOKEN.finditer(buffer, position):
        token = match[0]
        if token in b"{[":
            depth += 1
        elif token in b"}]":
            depth -= 1
            if depth <= 0:
                return depth, match.end(), match.end()
        elif token == b'"' and not is_whole:  # a string that the buffer cuts
            return depth, match.start(), None
        position = match.end()
    return depth, position, None
