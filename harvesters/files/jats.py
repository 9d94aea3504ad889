"""JATS articles from files: folders, tar and zip archives, single files, and sets of many articles in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from harvesters.errors import FormatError
from harvesters.files.archives import BROKEN, Member, damaged, is_tar, is_zip, tar_members, zip_members
from harvesters.files.entries import KEPT_BYTES, Entry
from harvesters.files.lister import FileLister
from harvesters.files.places import SourceFile
from harvesters.formats.description import Description
from harvesters.formats.jats_front import read_front
from harvesters.records import RawRecord

#: A larger article is refused; the largest known have 30 MB.
MAX_ARTICLE = 64 << 20
_XML = (".xml", ".nxml")
_CHUNK = 1 << 18
#: An article begins early in its file, or the file has none.
_LONGEST_PROLOGUE = 1 << 20
_START = re.compile(rb"<(?:[\w.-]+:)?article(?=[\s>])")
_END = re.compile(rb"</(?:[\w.-]+:)?article\s*>")
_LONGEST_END = 200
_TAG = re.compile(
    rb"<!--(?:.*?-->|.*)|<\?(?:.*?\?>|.*)|<(?P<end>/?)(?P<name>[A-Za-z_][\w.:-]*)(?P<rest>\s[^<>]*)?>", re.DOTALL
)
_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}\?>")
_NO_ARTICLE = "There is no JATS <article> in it."
_TAKE_OUT = "Take it out of the folder, or give the source the kind that it needs; it must be XML in UTF-8."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Article:
    """An article as sent with what opened the document around it, or something that is none."""

    body: bytes
    head: bytes = b""
    reason: str | None = None
    remedy: str = ""


class JatsLister(FileLister):
    """Lists JATS articles; of each its front is kept (docs/decisions/0007-jats-fronts.md)."""

    suffixes = (*_XML, ".tar", ".tgz", ".zip")
    unit = "article"
    checks_identifiers = False  # most are files of their own, and there may be millions

    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the articles of a file; what is none is named by its path in the archive and its place there."""
        with file.open() as stream:
            start = stream.peek(512)[:512]
            if is_zip(start):
                yield from self._read_members(file, zip_members(file))
            elif is_tar(start):
                yield from self._read_members(file, tar_members(file, stream))
            else:
                for number, article in enumerate(articles_in(stream), start=1):
                    yield _entry(number, article, file.name if number == 1 else f"{file.name}#{number}", file.modified)

    def examine(self, record: RawRecord) -> Description | None:  # noqa: ARG002
        """Ask nothing more: what an article says was read when its front was cut."""
        return None

    def _read_members(self, file: SourceFile, members: Iterator[Member]) -> Iterator[Entry]:
        number = 0
        for member in members:
            if not member.name.lower().endswith(_XML):
                continue
            if member.stream is None:
                number += 1
                reason = f"{member.name}: {member.refused}"
                yield Entry(number=number, body=b"", reason=reason, remedy="Pack the archive again without it.")
                continue
            try:
                for place, article in enumerate(articles_in(member.stream), start=1):
                    number += 1
                    name = member.name if place == 1 else f"{member.name}#{place}"
                    yield _named(_entry(number, article, name, member.modified or file.modified), name)
            except BROKEN as error:
                raise damaged(file, error) from error


def _named(entry: Entry, name: str) -> Entry:
    return entry if entry.reason is None else replace(entry, reason=f"{name}: {entry.reason}")


def _entry(number: int, article: _Article, name: str, modified: str) -> Entry:
    if article.reason is not None:
        return Entry(number=number, body=article.body[:KEPT_BYTES], reason=article.reason, remedy=article.remedy)
    try:
        front = read_front(article.body, article.head)
    except FormatError as error:
        return Entry(number=number, body=article.body[:KEPT_BYTES], reason=str(error), remedy=error.remedy)
    return Entry(
        number=number,
        body=front.body,
        head=article.head,
        identifier=front.identifier or f"file:{name}",
        datestamp=modified,
    )


def articles_in(stream: BinaryIO) -> Iterator[_Article]:
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
                yield _Article(
                    body=prologue,
                    reason="The document declares XML entities of its own.",
                    remedy="Write plain characters instead; entity declarations are never expanded.",
                )
                return
            head, found = _opened(prologue), True
        buffer = _fill_to(stream, buffer, _END, MAX_ARTICLE)
        end = _END.search(buffer)
        if end is None:
            yield _unfinished(buffer)
            return
        yield _Article(body=buffer[: end.end()], head=head)
        buffer = buffer[end.end() :]
    if not found:
        yield _Article(body=buffer, reason=_NO_ARTICLE if buffer.strip() else "It is empty.", remedy=_TAKE_OUT)


def _unfinished(buffer: bytes) -> _Article:
    if len(buffer) > MAX_ARTICLE:
        reason = f"It has more than {MAX_ARTICLE >> 20} MiB."
        return _Article(body=buffer, reason=reason, remedy="Split the file, or take the article out.")
    return _Article(body=buffer, reason="The article is not closed.", remedy="Copy or download the file again.")


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


def _opened(prologue: bytes) -> bytes:
    """Return the XML declaration and those tags of a prologue that are still open: what the article stands in."""
    declaration = _DECLARATION.search(prologue)
    tags: list[bytes] = []
    for match in _TAG.finditer(prologue):
        if match["name"] is None or (match["rest"] or b"").endswith(b"/"):
            continue
        if match["end"]:
            del tags[-1:]
        else:
            tags.append(match[0])
    return (declaration[0] if declaration else b"") + b"".join(tags)
