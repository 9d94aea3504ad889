"""Find the JATS articles of one XML file, one at a time in memory: a single article, a set, an OAI-PMH answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from harvesters.formats.xml import open_tags

#: A larger article is refused; the largest known have 30 MB.
MAX_ARTICLE = 64 << 20
_CHUNK = 1 << 18
#: An article begins early in its file, or the file has none.
_LONGEST_PROLOGUE = 1 << 20
_START = re.compile(rb"<(?:[\w.-]+:)?article(?=[\s>])")
_END = re.compile(rb"</(?:[\w.-]+:)?article\s*>")
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_LONGEST_END = 200
_COPY = "Copy or download the file again."
_NO_ARTICLE = "There is no JATS <article> in it."
_TAKE_OUT = "Take it out of the folder, or give the source the kind that it needs; it must be XML in UTF-8."


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as sent with what opened the document around it, or (with a reason) something that is none.

    ``is_cut_off`` tells that the file ends in the middle of it.
    """

    body: bytes
    head: bytes = b""
    reason: str | None = None
    remedy: str = ""
    is_cut_off: bool = False


def articles_in(stream: BinaryIO) -> Iterator[Article]:
    """Yield the articles of one XML file, one at a time in memory; a file without any yields what is wrong with it."""
    buffer, head, found = b"", b"", False
    while True:
        buffer = _fill_to(stream, buffer, _START, _LONGEST_PROLOGUE)
        start = _START.search(buffer)
        if start is None:
            break
        prologue, buffer = buffer[: start.start()], buffer[start.start() :]
        if not found:
            if b"<!ENTITY" in prologue:
                yield Article(
                    body=prologue,
                    reason="The document declares XML entities of its own.",
                    remedy="Write plain characters instead; entity declarations are never expanded.",
                )
                return
            head, found = open_tags(prologue), True
        buffer = _fill_to(stream, buffer, _END, MAX_ARTICLE)
        end = _END.search(buffer)
        if end is None:
            yield _unfinished(buffer)
            return
        yield Article(body=buffer[: end.end()], head=head)
        buffer = buffer[end.end() :]
    if not found:
        yield Article(body=buffer, reason=_NO_ARTICLE if buffer.strip() else "It is empty.", remedy=_TAKE_OUT)
    elif len(buffer) > _LONGEST_PROLOGUE:
        reason = "Something long that is no article follows the last one; the rest of the file was not read."
        yield Article(body=buffer, reason=reason, remedy=_TAKE_OUT)
    elif not _is_closed(head, buffer):
        reason = "What holds the articles is not closed: others may have stood behind the last one."
        yield Article(body=buffer, reason=reason, remedy=_COPY, is_cut_off=True)


def _is_closed(head: bytes, rest: bytes) -> bool:
    """Tell whether what stands behind the last article closes the document's root."""
    root = _ROOT.search(head)
    return root is None or re.search(rb"</" + re.escape(root[1]) + rb"\s*>", rest) is not None


def _unfinished(buffer: bytes) -> Article:
    if len(buffer) > MAX_ARTICLE:
        reason = f"It has more than {MAX_ARTICLE >> 20} MiB."
        return Article(body=buffer, reason=reason, remedy="Split the file, or take the article out.")
    return Article(body=buffer, reason="The article is not closed.", remedy=_COPY, is_cut_off=True)


def _fill_to(stream: BinaryIO, buffer: bytes, wanted: re.Pattern[bytes], limit: int) -> bytes:
    """Read on until the buffer has what is wanted, passes the limit, or the file ends."""
    parts, size, searched = [buffer], len(buffer), buffer
    while wanted.search(searched) is None and size <= limit:
        chunk = stream.read(_CHUNK)
        if not chunk:
            break
        # What is wanted may begin in the chunk before.
        searched = parts[-1][-_LONGEST_END:] + chunk
        parts.append(chunk)
        size += len(chunk)
    return b"".join(parts)
