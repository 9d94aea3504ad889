"""A source's key, and how it is kept out of all that is shown, logged or stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape

from harvesters.errors import HarvestError, PageError

_MARK = "…".encode()
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
        self._pattern = _pattern(key.encode("utf-8", "surrogatepass")) if key else None

    def hide(self, text: str) -> str:
        """Return a text without the key."""
        if self._pattern is None:
            return text
        return self.hide_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def hide_bytes(self, data: bytes) -> bytes:
        """Return bytes, in whatever encoding, without the key."""
        return data if self._pattern is None else self._pattern.sub(_MARK, data)

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
