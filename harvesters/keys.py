"""A source's key, and how it is kept out of all that is shown, logged or stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from harvesters.errors import HarvestError, PageError
from harvesters.records import DamagedRecord, Page, RawRecord

_MARK = "…".encode()
#: In what is parsed later it must be a character of every encoding.
_PLAIN_MARK = b"..."
_T = TypeVar("_T")
#: The beginning of a key says nothing yet; more of it, where a message was cut, is hidden to the next gap.
_TELLING = 8
#: UTF-16 puts a zero byte beside each.
_GAP = rb"\x00?"
_REST = rb"[^\s&<>\"'()\[\]{}]*"


class HiddenKey:
    """A key that an answer may echo: as it was sent, percent-encoded (once or more), escaped for XML, or cut.

    ``None`` hides nothing.
    """

    def __init__(self, key: str | None) -> None:
        self.value = key or None
        written = key.encode("utf-8", "surrogatepass") if key else None
        self._pattern = _pattern(written) if written else None
        self._in_records = _pattern_in_records(written) if written else None
        self._head = (b"", b"")  # the last one and what it became: all records of a page have the same

    def hide(self, text: str) -> str:
        """Return a text without the key."""
        if self._pattern is None:
            return text
        return self.hide_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def hide_bytes(self, data: bytes) -> bytes:
        """Return bytes, in whatever encoding, without the key."""
        return data if self._pattern is None else self._pattern.sub(_MARK, data)

    def hidden_in(self, made: _T) -> _T:
        """Return what an answer was read into, without the key where it would be kept; anything but pages as it is.

        Only the whole key is looked for, lest a word that begins like it be taken out of a text. Resumption tokens
        keep it: they are sent back as they were.
        """
        if self._in_records is None:
            return made
        kept: Any = made
        match made:
            case Page():
                kept = replace(
                    made,
                    records=tuple(map(self._record, made.records)),
                    damaged=tuple(map(self._damaged, made.damaged)),
                )
            case RawRecord():
                kept = self._record(made)
            case DamagedRecord():
                kept = self._damaged(made)
        return kept  # type: ignore[no-any-return]

    def _record(self, record: RawRecord) -> RawRecord:
        if record.head != self._head[0]:
            self._head = (record.head, self._kept(record.head))
        head, body = self._head[1], self._kept(record.body)
        is_same = head == record.head and body == record.body
        return record if is_same else replace(record, head=head, body=body)

    def _damaged(self, piece: DamagedRecord) -> DamagedRecord:
        return replace(
            piece, body=self.hide_bytes(piece.body), reason=self.hide(piece.reason), url=self.hide(piece.url)
        )

    def _kept(self, data: bytes) -> bytes:
        return data if self._in_records is None else self._in_records.sub(_PLAIN_MARK, data)

    @contextmanager
    def hidden_in_errors(self) -> Iterator[None]:
        """Take the key out of each harvest error that passes: its message, its address, its answer."""
        try:
            yield
        except HarvestError as error:
            if self._pattern is not None:
                error.args = (self.hide(str(error)), *error.args[1:])
                error.url = None if error.url is None else self.hide(error.url)
                if isinstance(error, PageError):
                    error.body = self.hide_bytes(error.body)
            raise


def _pattern(key: bytes) -> re.Pattern[bytes]:
    written = [_byte(value) for value in key]
    whole = b"".join(written)
    if len(written) <= _TELLING:
        return re.compile(whole)
    return re.compile(b"(?:%s|%s%s)" % (whole, b"".join(written[:_TELLING]), _REST))


def _pattern_in_records(key: bytes) -> re.Pattern[bytes]:
    """Match the whole key; a short one, which may be a word, only as the value of something."""
    whole = b"".join(map(_byte, key))
    return re.compile(whole if len(key) > _TELLING else rb"(?<=[=\"'])" + whole)


def _byte(value: int) -> bytes:
    """Match one byte of a key however an answer writes it."""
    plain = bytes([value])
    digits = b"".join(b"[%c%c]%s" % (digit, digit | 0x20, _GAP) for digit in b"%02X" % value)
    ways = [_spelt(plain), _spelt(b"%") + b"(?:" + _spelt(b"25") + b")*" + digits]
    if plain == b" ":
        ways.append(_spelt(b"+"))
    escaped = escape(chr(value), {'"': "&quot;", "'": "&apos;"}).encode()
    if plain.isascii() and escaped != plain:
        ways.append(_spelt(escaped))
    return b"(?:" + b"|".join(ways) + b")"


def _spelt(text: bytes) -> bytes:
    return b"".join(re.escape(bytes([value])) + _GAP for value in text)
