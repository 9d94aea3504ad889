"""Read one JSON document safely, and take values out of it whatever they turn out to be."""

from __future__ import annotations

from typing import Any

import orjson

from harvesters.errors import FormatError

Object = dict[str, Any]


def parse_object(data: bytes) -> Object:
    """Parse one JSON object.

    Raises:
        FormatError: no JSON (RFC 8259, UTF-8), nested too deeply, or no object.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FormatError(
            f"The document is not valid JSON: {error}.",
            remedy="Ask the repository to mend the record; it is read again when it changes.",
        ) from error
    if not isinstance(value, dict):
        raise FormatError(
            "The document is valid JSON but no object.",
            remedy="Check that the source's kind fits what it sends.",
        )
    return value


def text(value: Any) -> str | None:
    """Return a text or a number as text; ``None`` for what is empty or no text."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def texts(value: Any) -> list[str]:
    """Return the texts of a list, or a single text as a list of one."""
    found = (text(one) for one in (value if isinstance(value, list) else [value]))
    return [one for one in found if one is not None]


def child(value: Any, name: str) -> Object:
    """Return the object under a name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def children(value: Any, name: str) -> list[Object]:
    """Return the objects of the list under a name (or the only one), leaving out what is no object."""
    found = value.get(name) if isinstance(value, dict) else None
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]
