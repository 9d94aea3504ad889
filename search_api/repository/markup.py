"""Writing XML as text: whatever a text holds, what comes out is well-formed."""

from __future__ import annotations

import re

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def escaped(text: str) -> str:
    """Escape a text for content and attributes, without the characters that XML 1.0 (section 2.2) has no place for."""
    return _ILLEGAL.sub("", text).translate(_ESCAPED)


def element(name: str, content: str | None, /, **attributes: str | None) -> str:
    """Write an element with text; attributes that are ``None`` or empty are left out, and so is one without text.

    ``xml_lang`` is written ``xml:lang``; other underscores stay.
    """
    return enclosed(name, escaped(content), **attributes) if content else ""


def enclosed(name: str, inner: str, /, **attributes: str | None) -> str:
    """Write an element around mark-up that is ready."""
    written = "".join(
        f' {key.replace("xml_", "xml:")}="{escaped(value)}"' for key, value in attributes.items() if value
    )
    return f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"
