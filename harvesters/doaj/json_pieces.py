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
MAX_OBJECT = 4 << 20
#: Of something broken this much is kept to show people.
KEPT = 64 << 10
#: How much is looked through for the next record at once, so that nonsense costs no more than reading it.
_LOOKED_THROUGH = 4 << 20
#: What is held back of a passage without a record: one may begin at its end.
_TAIL = 1 << 20
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|"', re.DOTALL)
_BETWEEN = re.compile(rb"(?:[\s,\[\]]|\xef\xbb\xbf)*")
_BEGINNING = re.compile(rb'\{\s*"')
_BYTE_ORDER_MARK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An object as sent, or (with a reason) something broken, of which at most :data:`KEPT` bytes are kept.

    ``index`` counts both from 0.
    """

    index: int
    body: bytes
    reason: str | None = None


def cut_objects(chunks: Iterable[bytes], *, is_record: Callable[[bytes], bool]) -> Iterator[Piece]:
    """Yield the objects of an array, of lines, or simply one after the other.

    ``is_record`` tells whether bytes are a whole record; it is asked only to find the way after something broken.
    """
    cutter = _Cutter(chunks, is_record)
    index = 0
    while cutter.skip_between():
        body, reason = cutter.next_piece()
        yield Piece(index=index, body=body, reason=reason)
        index += 1


def cut_results(body: bytes) -> tuple[bytes, ...]:
    """Return the objects of an answer of DOAJ's API (its ``results``) as sent; of anything else, the whole."""
    if b'"results"' not in body:
        return (body,)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return (body,)
    results = value.get("results") if isinstance(value, dict) and "id" not in value else None
    if not isinstance(results, list):
        return (body,)
    start = body.find(b"[", body.find(b'"results"'))
    cut = [piece.body for piece in cut_objects([body[start:]], is_record=lambda _: False)][: len(results)]
    # The word may stand in the query's echo too: what was cut counts only if it is what was parsed.
    return tuple(cut if [_loaded(one) for one in cut] == results else map(orjson.dumps, results))


def _loaded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


class _Cutter:
    """The part of the stream that is held: ``_buffer`` from ``_at`` on."""

    def __init__(self, chunks: Iterable[bytes], is_record: Callable[[bytes], bool]) -> None:
        self._chunks = iter(chunks)
        self._is_record = is_record
        self._buffer = b""
        self._at = 0
        self._ended = False

    @property
    def _held(self) -> int:
        return len(self._buffer) - self._at

    def _fill(self, size: int) -> bool:
        """Read on until so many bytes are held; tell whether anything came. Offsets begin anew."""
        parts = [self._buffer[self._at :]]
        held = before = len(parts[0])
        while held < size and not self._ended:
            chunk = next(self._chunks, None)
            self._ended = chunk is None
            parts.append(chunk or b"")
            held += len(parts[-1])
        self._buffer, self._at = b"".join(parts), 0
        return held > before

    def skip_between(self) -> bool:
        """Go to the next thing; tell whether there is one."""
        while True:
            match = _BETWEEN.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._held >= _BYTE_ORDER_MARK or not self._fill(self._held + 1):
                return self._held > 0

    def next_piece(self) -> tuple[bytes, str | None]:
        """Return the object that stands here, or something broken with what is wrong with it."""
        if self._buffer[self._at] != ord("{"):
            return self._pass_over("It is no JSON object.")
        end = self._end_of_object()
        if end is None:
            unclosed = "The object is not closed." if self._ended else f"It is larger than {MAX_OBJECT >> 20} MiB."
            return self._pass_over(unclosed)
        body = self._buffer[self._at : end]
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return self._pass_over(f"It is not valid JSON: {error}.", length=len(body))
        self._at = end
        return body, None

    def _end_of_object(self) -> int | None:
        """Return where the object ends, reading on as needed; ``None``: it does not, or is too large."""
        depth, position = 0, self._at
        while True:
            depth, position, end = _scan(self._buffer, depth, position, is_whole=self._ended)
            if end is not None:
                return end if end - self._at <= MAX_OBJECT else None
            if self._held > MAX_OBJECT:
                return None
            position -= self._at
            # Ever more at once, so that a string that does not end is not looked through again and again.
            if not self._fill(2 * self._held):
                return None

    def _pass_over(self, reason: str, *, length: int | None = None) -> tuple[bytes, str]:
        """Go on at the next record; a broken object of known length ends itself where there is none in it."""
        kept = self._buffer[self._at : self._at + KEPT]
        passed = 0
        while (start := self._next_record(is_later=passed == 0, within=length)) is None:
            if length is not None:
                start = self._at + length
                break
            if self._ended:
                start = len(self._buffer)
                break
            step = max(self._held - _TAIL, 0)
            self._at += step
            passed += step
            self._fill(self._held + MAX_OBJECT)
        passed += start - self._at
        self._at = start
        return kept[:passed], reason

    def _next_record(self, *, is_later: bool, within: int | None) -> int | None:
        """Return where the next whole record begins, here or (``is_later``) after the first byte.

        It is looked for in so many bytes, or in all that are held.
        """
        looked_through = 0
        end_of_search = len(self._buffer) if within is None else self._at + within
        for match in _BEGINNING.finditer(self._buffer, self._at + is_later, end_of_search):
            start = match.start()
            _, position, end = _scan(self._buffer, 0, start, is_whole=True)
            if end is not None and self._is_record(self._buffer[start:end]):
                return start
            looked_through += position - start
            if looked_through > _LOOKED_THROUGH:
                break
        return None


def _scan(buffer: bytes, depth: int, position: int, *, is_whole: bool) -> tuple[int, int, int | None]:
    """Follow the braces from a position outside of strings; return depth, where to go on, and where the object ends."""
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
