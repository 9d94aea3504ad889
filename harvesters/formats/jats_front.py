"""What is kept of a full-text JATS article: its front and those of its sub-articles, byte for byte, without the rest.

An article has 100 KB, its front 7; ten million bodies are no metadata (docs/decisions/0007-jats-fronts.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from harvesters.errors import FormatError
from harvesters.formats.description import Description
from harvesters.formats.jats import describe_jats
from harvesters.formats.xml import local_name, parse_document
from harvesters.records import closers

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type
_NAMES = rb"(?:article|front|front-stub|sub-article|response)"
_MARKUP = re.compile(
    rb"<!--(?:.*?-->|.*)|<!\[CDATA\[(?:.*?\]\]>|.*)|<\?(?:.*?\?>|.*)"
    rb"|<(?P<end>/?)(?P<name>(?:[\w.-]+:)?" + _NAMES + rb")(?P<rest>\s[^<>]*)?>",
    re.DOTALL,
)
_PMCID_SCHEMES = frozenset(("pmc", "pmcid", "pmc-uid", "pmcid-ver", "accession"))
_PMCID = re.compile(r"\s*(?:PMC)?(\d{1,12})(?:\.\d+)?\s*", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\x00-\x1f]{1,300}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What is kept of an article, and what it says of itself; ``identifier`` is ``None`` where it has no id."""

    body: bytes
    description: Description
    identifier: str | None


def read_front(article: bytes, head: bytes = b"") -> Front:
    """Check a whole article and cut its fronts out of it.

    ``head`` is what opened the document around the article. Where the cut would say less than the whole does (markup
    that nobody foresaw), the whole is kept.

    Raises:
        FormatError: it is not well-formed, no JATS article, or has no front.
    """
    whole = _describe(head, article)
    cut = cut_fronts(article)
    try:
        is_faithful = cut is not None and _describe(head, cut) == whole
    except FormatError:
        is_faithful = False
    body = cut if cut is not None and is_faithful else article
    return Front(body=body, description=whole, identifier=_identifier(whole))


def _describe(head: bytes, article: bytes) -> Description:
    root = parse_document(head + article + closers(head))
    found = root if local_name(root) == "article" else next(root.iter("{*}article"), None)
    if found is None:
        raise FormatError(
            f"It is XML, but no JATS article: its root is <{local_name(root)}>.",
            remedy="Take it out of the folder, or give the source the kind that it needs.",
        )
    return describe_jats(found)


def cut_fronts(article: bytes) -> bytes | None:
    """Return the article without its body, back and floats; ``None`` where its tags are not as they should be.

    Kept are all bytes to the end of its front, and of each sub-article its own tags and its front.
    """
    cut = _Cut(article)
    for match in _MARKUP.finditer(article):
        if match["name"] is None or (match["rest"] or b"").endswith(b"/"):
            continue
        if not match["end"]:
            cut.open(match)
        elif not cut.close(match):
            return None
    return cut.result()


class _Cut:
    """What is kept of an article, while its tags are followed; ``_path`` has those that are open, without prefix."""

    def __init__(self, article: bytes) -> None:
        self._article = article
        self._kept: list[bytes] = []
        self._path: list[bytes] = []
        self._start = 0
        self._root: bytes | None = None

    def open(self, tag: re.Match[bytes]) -> None:
        """Note a start tag."""
        self._root = self._root or tag["name"]
        self._path.append(_local(tag))
        if self._path[1:] == [b"sub-article"]:
            self._kept.append(tag[0])
        elif self._is_front_of_sub_article(self._path):
            self._start = tag.start()

    def close(self, tag: re.Match[bytes]) -> bool:
        """Note an end tag; tell whether it closes what was opened last."""
        if not self._path or self._path[-1] != _local(tag):
            return False
        if self._path == [b"article", b"front"] or self._is_front_of_sub_article(self._path):
            self._kept.append(self._article[self._start : tag.end()])
        elif self._path == [b"article", b"sub-article"]:
            self._kept.append(tag[0])
        self._path.pop()
        return True

    def result(self) -> bytes | None:
        """Return what is kept, closed; ``None`` where something is still open, or there was nothing."""
        if self._root is None or self._path or not self._kept:
            return None
        return b"".join((*self._kept, b"</" + self._root + b">"))

    @staticmethod
    def _is_front_of_sub_article(path: list[bytes]) -> bool:
        return path[:-1] == [b"article", b"sub-article"] and path[-1] in {b"front-stub", b"front"}


def _local(tag: re.Match[bytes]) -> bytes:
    return tag["name"].rpartition(b":")[2]


def _identifier(description: Description) -> str | None:
    """Return PMC's OAI identifier where the article is in PMC, else its DOI."""
    dois: Iterator[str] = (
        found[0].lower() for one in description.identifiers if one.scheme == "doi" and (found := _DOI.search(one.value))
    )
    for one in description.identifiers:
        found = _PMCID.fullmatch(one.value) if (one.scheme or "").lower() in _PMCID_SCHEMES else None
        if found and int(found[1]):
            return f"oai:pubmedcentral.nih.gov:{int(found[1])}"
    return next((f"doi:{one}" for one in dois), None)
