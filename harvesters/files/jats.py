"""JATS articles from files: folders, tar and zip archives, single files, and sets of many articles in one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvesters.errors import FormatError
from harvesters.files.archives import BROKEN, Member, damaged, is_tar, is_zip, tar_members, zip_members
from harvesters.files.entries import KEPT_BYTES, Entry
from harvesters.files.lister import FileLister
from harvesters.files.places import SourceFile
from harvesters.formats.description import Description
from harvesters.formats.jats_front import read_front
from harvesters.formats.jats_stream import Article, articles_in
from harvesters.records import RawRecord

_XML = (".xml", ".nxml")


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
                yield from self._read_members(file, zip_members(file), each_alone=True)
            elif is_tar(start):
                yield from self._read_members(file, tar_members(file, stream), each_alone=False)
            else:
                for number, article in enumerate(articles_in(stream), start=1):
                    yield _entry(number, article, file.name if number == 1 else f"{file.name}#{number}", file.modified)
                    if article.is_cut_off:
                        raise file.cut_off(f"article {number}")

    def examine(self, record: RawRecord) -> Description | None:  # noqa: ARG002
        """Ask nothing more: what an article says was read when its front was cut."""
        return None

    def _read_members(self, file: SourceFile, members: Iterator[Member], *, each_alone: bool) -> Iterator[Entry]:
        """Yield the articles of an archive; ``each_alone`` says that one broken member does not break those after."""
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
                number += 1
                reason = f"{member.name}: It is damaged or cut off ({error})."
                yield Entry(number=number, body=b"", reason=reason, remedy="Copy or pack the archive again.")
                if not each_alone:
                    raise damaged(file, error) from error


def _named(entry: Entry, name: str) -> Entry:
    return entry if entry.reason is None else replace(entry, reason=f"{name}: {entry.reason}")


def _entry(number: int, article: Article, name: str, modified: str) -> Entry:
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
