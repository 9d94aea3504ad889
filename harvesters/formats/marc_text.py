"""What MARC records of all kinds have in common: punctuation between the parts, years in brackets, language codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ENDS = " \t\r\n/:;=,"
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
_DATE = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)[-./年](\d{1,2})(?!\d)(?:[-./月](\d{1,2})(?!\d))?")
_NO_LANGUAGE = frozenset(("und", "zxx", "mul", "mis", "|||", "   "))
#: The marks around non-sorting words that UNIMARC and ISO 6630 have.
_MARKS = re.compile("[\x88\x89\x98\x9c]")
_CODE = 3


def trimmed(value: str) -> str:
    """Return a part without the punctuation that ISBD puts before the next part, and without sorting marks."""
    text = _MARKS.sub("", value).strip(_ENDS)
    return text[:-1].rstrip(_ENDS) if text.endswith(".") and not text.endswith("..") and text.count(".") == 1 else text


def add_part(title: str, part: str, joint: str) -> str:
    """Join a part to a title."""
    return f"{title.rstrip('.')}{joint}{part}" if title else part


def year_of(text: str) -> str:
    """Return the date in a text such as ``[Beijing] : c2015.`` or ``2015.6``; empty where there is none."""
    date = _DATE.search(text)
    if date:
        return "-".join(part for part in date.groups() if part)
    year = _YEAR.search(text)
    return year[1] if year else ""


def language_codes(values: Iterable[str]) -> Iterator[str]:
    """Yield the codes; old records write several in one (``engfre``)."""
    for value in values:
        text = value.strip().lower()
        pieces = (
            [text[start : start + _CODE] for start in range(0, len(text), _CODE)] if len(text) % _CODE == 0 else [text]
        )
        yield from (piece for piece in pieces if piece and piece not in _NO_LANGUAGE)
