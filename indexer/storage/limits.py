"""What the databases cannot hold: told before a record is written, so that it does not block those around it.

PostgreSQL takes no NUL in a text, no index entry of more than 2,704 bytes; neither database takes half of a surrogate
pair. SQLite would take the others: both refuse the same, so that a library can move from one to the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import chain
from typing import overload

from harvesters.records import DamagedRecord, RawRecord

#: In UTF-8. OAI-PMH identifiers are URIs; the longest that a genuine repository sends has some 200.
MAX_IDENTIFIER_BYTES = 1_000
_SHOWN = 80
#: Control characters but for tab and line ends; halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SURELY_SHORT = MAX_IDENTIFIER_BYTES // 4


def are_storable(records: Sequence[RawRecord]) -> bool:
    """Tell at one look that all of these can be stored; where it says no, some may: ask :func:`unstorable` of each.

    One look at all of them takes a tenth of the time that a look at each takes.
    """
    names = [record.identifier for record in records]
    stamps = {record.datestamp for record in records}
    sets = set(chain.from_iterable(record.set_specs for record in records))
    if max(map(len, names), default=0) > _SURELY_SHORT:
        return False
    return all("".join(texts).isprintable() for texts in (names, stamps, sets))  # no control characters, no surrogates


def unstorable(record: RawRecord, url: str = "") -> DamagedRecord | None:
    """Return why a record cannot be stored, as a piece for quarantine; ``None`` where it can.

    The piece bears no identifier where that is what is wrong: asked for by another one, the repository would say that
    there is no such record.
    """
    name = record.identifier
    shown = storable_text(name[:_SHOWN]) + ("…" if len(name) > _SHOWN else "")
    size = len(name.encode("utf-8", "surrogatepass"))
    is_named = False
    if size > MAX_IDENTIFIER_BYTES:
        reason = f"The identifier {shown!r} has {size:,} bytes, more than {MAX_IDENTIFIER_BYTES:,}."
    elif _UNSTORABLE.search(name):
        reason = f"The identifier {shown!r} has characters that no text may have (shown as \N{REPLACEMENT CHARACTER})."
    elif _UNSTORABLE.search(record.datestamp):
        reason, is_named = f"The datestamp of {shown!r} has characters that no text may have.", True
    elif any(_UNSTORABLE.search(one) for one in record.set_specs):
        reason, is_named = f"A set of {shown!r} has characters that no text may have.", True
    else:
        return None
    return DamagedRecord(
        url=url,
        identifier=name if is_named else None,
        # What has no bytes of its own (a deletion) is told apart by its name.
        body=record.body or name.encode("utf-8", "surrogatepass"),
        reason=reason,
        remedy="Tell whoever runs the repository or made the file; harvest it again when it is mended.",
    )


@overload
def storable_text(text: str) -> str: ...
@overload
def storable_text(text: None) -> None: ...
@overload
def storable_text(text: str | None) -> str | None: ...
def storable_text(text: str | None) -> str | None:
    """Return a text (a reason, an address) with U+FFFD for what the databases cannot hold."""
    return None if text is None else _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def storable_identifier(name: str) -> str:
    """Return the name of a quarantined piece as every database can keep and index it.

    One that is too long is cut, with a digest that tells it from others: the repository knows nothing of that name.
    """
    text = storable_text(name)
    if len(text.encode()) <= MAX_IDENTIFIER_BYTES:
        return text
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text[:_SHOWN]}… ({digest})"
