"""The characters of files that do not say their encoding: tried strictly, never guessed by statistics alone.

Chinese office programs write GB18030, Western ones Windows-1252, everybody else UTF-8. Bytes of one decode as another
without complaint often enough, so that a text must also look like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import orjson

from harvesters.errors import FormatError

Charset = Literal["utf-8", "gb18030", "cp1252"]

_NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030", "cp1252": "Windows-1252"}
_GB_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
#: The region of GB 2312, where nearly all of what is written stands; Western letters seldom stand two together.
_COMMON_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_HAN = re.compile("[\u3400-\u9fff]")
_ENOUGH = 20_000


def find_charset(lines: Iterable[bytes]) -> Charset:
    """Return the encoding that most lines with other than ASCII characters are in; UTF-8 where there are none."""
    counts: dict[Charset, int] = {"utf-8": 0, "gb18030": 0, "cp1252": 0}
    for line in lines:
        if line.isascii():
            continue
        counts[charset_of(line)] += 1
        if sum(counts.values()) >= _ENOUGH:
            break
    if counts["utf-8"] >= counts["gb18030"] + counts["cp1252"]:
        return "utf-8"
    return "gb18030" if counts["gb18030"] >= counts["cp1252"] else "cp1252"


def charset_of(data: bytes) -> Charset:
    """Return the encoding that bytes are in, judged by themselves; Windows-1252 is what is left."""
    if decodes(data, "utf-8"):
        return "utf-8"
    return "gb18030" if looks_chinese(data) and decodes(data, "gb18030") else "cp1252"


def looks_chinese(data: bytes) -> bool:
    """Tell whether the bytes beyond ASCII come in the pairs that common Chinese characters are made of."""
    pairs = _GB_PAIR.findall(data)
    common = sum(_COMMON_PAIR.fullmatch(pair) is not None for pair in pairs)
    return bool(pairs) and common * 10 >= len(pairs) * 7


def decode(data: bytes, charset: str) -> str:
    """Decode strictly; raise ``FormatError`` for what is in another encoding than the file.

    UTF-8 inside a file of another encoding decodes to nonsense without an error: it is found by being too well-formed
    for chance.
    """
    if data.isascii():
        return data.decode("ascii")
    if charset != "utf-8" and _is_surely_utf8(data):
        raise _mixed(charset, "is in UTF-8")
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        raise _mixed(charset, f"has the byte 0x{data[error.start]:02X}") from error


def _mixed(charset: str, what: str) -> FormatError:
    return FormatError(
        f"It {what}, while the file is in {_NAMES.get(charset, charset)}.",
        remedy="Save the whole file in one encoding, best as UTF-8 (Excel: “CSV UTF-8”), and harvest again.",
    )


def _is_surely_utf8(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(data) - len(text) >= 4 or _HAN.search(text) is not None  # noqa: PLR2004 - two letters, or one of Chinese


def decodes(data: bytes, charset: str) -> bool:
    """Tell whether bytes are in an encoding without any error."""
    try:
        data.decode(charset)
    except UnicodeDecodeError:
        return False
    return True


def charset_in(head: bytes) -> str:
    """Return the encoding that a record's head states."""
    try:
        return str(orjson.loads(head)["charset"])
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError("The record does not say its encoding.", remedy="Harvest the file again.") from error
