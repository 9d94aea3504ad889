"""Parse one metadata document safely: no network, no DTD, no entities but the well-known named characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5
from typing import Any

from lxml import etree

from harvesters.errors import FormatError

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    recover=False,
)
_XML_NAMES = frozenset((b"lt", b"gt", b"amp", b"quot", b"apos"))
_UNUSUAL_REFERENCE = re.compile(rb"&(?!#|lt;|gt;|amp;|quot;|apos;)")
# CDATA and comments first, so that nothing inside them is taken for a reference.
_REFERENCE = re.compile(  # what is not closed goes to the end, so that many such are not each looked for
    rb"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|&([^\s;&<>#][^\s;&<>]*);", re.DOTALL
)
_BARE_AMPERSAND = re.compile(rb"&(?!#\d+;|#[xX][0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)")
_ILLEGAL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x(?:0?[0-8bcef]|1[0-9a-f])|[0-8]|1[124-9]|2\d|3[01]);", re.IGNORECASE
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?\s*(<\?xml\s[^>]{0,200}\?>)")
_ANY_TAG = re.compile(
    rb"<!--(?:.*?-->|.*)|<\?(?:.*?\?>|.*)|<(?P<end>/?)(?P<name>[A-Za-z_][\w.:-]*)(?P<rest>\s[^<>]*)?>", re.DOTALL
)
_ARTICLE_SETS = frozenset(("pmc-articleset", "articles"))
_ENVELOPES = frozenset(("OAI-PMH", "ListRecords", "GetRecord", "record", "metadata"))


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace; empty for what is no element."""
    return name_in(element.tag)


@lru_cache(maxsize=4096)
def name_in(tag: Any) -> str:
    """Return a tag's name without its namespace, for loops over very many elements; empty for what is no name."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def parse_document(data: bytes) -> etree._Element:
    """Parse bytes into a tree, or raise.

    Named HTML entities become their characters even without a DTD, unknown ones stay as text. A
    document that is not well-formed gets one more chance without illegal control characters and with
    bare ampersands escaped (PUC-Rio sends 0x0B, DOAJ's own examples have ``&pid=`` in addresses).

    Raises:
        FormatError: it declares entities, or is not well-formed after this one repair.
    """
    data = _as_utf8(data)
    _refuse_entities(data)
    try:
        root = etree.fromstring(_name_characters(data), _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        root = _parse_repaired(data)
    _refuse_internal_subset(root)
    return root


def _as_utf8(data: bytes) -> bytes:
    """Recode UTF-16, so that the checks on bytes see what the parser sees."""
    if b"\x00" not in data[:4] and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        return data
    encoding = "utf-16" if data[:1] in {b"\xff", b"\xfe"} else "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
    return _DECLARATION.sub("", data.decode(encoding, "replace"), count=1).encode("utf-8", "replace")


def _parse_repaired(data: bytes) -> etree._Element:
    repaired = _BARE_AMPERSAND.sub(b"&amp;", _ILLEGAL.sub(b"", data))
    try:
        return etree.fromstring(_name_characters(repaired), _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FormatError(
            f"The document is not well-formed XML: {error}.",
            remedy="Ask the repository to mend the record; it is read again when it changes.",
        ) from error


def _refuse_entities(data: bytes) -> None:
    start = data.find(b"<!DOCTYPE")
    if start >= 0 and b"<!ENTITY" in data[start:]:
        raise FormatError(
            "The document declares XML entities of its own.",
            remedy="Ask the repository to send plain characters; entity declarations are never expanded.",
        )


def _refuse_internal_subset(root: etree._Element) -> None:
    """Catch what the byte check cannot see (an encoding that is not ASCII's superset)."""
    subset: Any = root.getroottree().docinfo.internalDTD
    if subset is not None and subset.entities():
        raise FormatError(
            "The document declares XML entities of its own.",
            remedy="Ask the repository to send plain characters; entity declarations are never expanded.",
        )


def _name_characters(data: bytes) -> bytes:
    return _REFERENCE.sub(_character, data) if _UNUSUAL_REFERENCE.search(data) else data


def _character(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name is None or name in _XML_NAMES:
        return match[0]
    characters = html5.get(name.decode("utf-8", "replace") + ";")
    if characters is None:
        return b"&amp;" + name + b";"
    return b"".join(b"&#%d;" % ord(one) for one in characters)


def open_tags(prologue: bytes) -> bytes:
    """Return the XML declaration and the tags that are still open at the end: what stands after them is inside."""
    declared = _DECLARED.match(prologue)
    names: list[bytes] = []
    tags: list[bytes] = []
    for tag in _ANY_TAG.finditer(prologue):
        if tag["name"] is None or (tag["rest"] or b"").endswith(b"/"):
            continue
        if not tag["end"]:
            names.append(tag["name"])
            tags.append(tag[0])
        elif names and names[-1] == tag["name"]:
            del names[-1], tags[-1]
    return (declared[1] if declared else b"") + b"".join(tags)


def find_payload(root: etree._Element) -> etree._Element:
    """Return the metadata element of the one record in a document, or the root of a bare file.

    The one article in a ``pmc-articleset`` (E-utilities) or ``articles`` (Europe PMC's bulk files) is taken out of it.

    Raises:
        FormatError: the document is an OAI-PMH answer without metadata, or a set of no or several articles.
    """
    payload = _in_envelope(root) if local_name(root) in _ENVELOPES else root
    if payload is None:
        raise FormatError(
            "The record has no metadata.",
            remedy="Ask for it again in another metadata format (ListMetadataFormats names them).",
        )
    return _only_article(payload) if local_name(payload) in _ARTICLE_SETS else payload


def _in_envelope(element: etree._Element) -> etree._Element | None:
    """Return the first element inside a ``metadata``."""
    is_metadata = local_name(element) == "metadata"
    for child in element:
        if is_metadata:
            return child
        if local_name(child) in _ENVELOPES:
            found = _in_envelope(child)
            if found is not None:
                return found
    return None


def _only_article(articles: etree._Element) -> etree._Element:
    found = [child for child in articles if local_name(child) == "article"]
    if len(found) != 1:
        raise FormatError(
            f"The set of articles has {len(found) or 'no'} articles, where one record is one article.",
            remedy="Ask for one article at a time, or part the file into files of one article each.",
        )
    return found[0]


def plain_text(element: etree._Element) -> str:
    """Return all text inside an element, without markup."""
    return (element.text or "") if len(element) == 0 else "".join(_texts(element))


def _texts(element: etree._Element) -> Iterator[str]:
    for text in element.itertext():
        yield str(text)
