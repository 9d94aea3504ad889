"""Qualified Dublin Core: the fifteen elements and the terms that refine them, as repositories serve them.

Terms: https://www.dublincore.org/specifications/dublin-core/dcmi-terms/. An encoding scheme stands in ``xsi:type``
(``dcterms:LCSH``), or, at OpenEdition, in a ``scheme`` attribute. DSpace 5 wraps the terms in ``qdc:qualifieddc``,
DSpace 7 in ``dcterms:record``; older ones put them into the metadata element without any wrapper.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from harvesters.errors import FormatError
from harvesters.formats.description import (
    Description,
    RawDate,
    RawIdentifier,
    RawLink,
    RawRelation,
    RawSubject,
    RawText,
)
from harvesters.formats.draft import Draft
from harvesters.formats.oai_dc import HANDLERS as PLAIN
from harvesters.formats.xml import XML_LANG, local_name, plain_text

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type
_Handler = Callable[[Draft, _Element, str], None]

NAMESPACES = ("http://purl.org/dc/terms/", "http://purl.org/dc/elements/1.1/")
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ISSN = re.compile(r"(?:urn:)?(e|p)?issn(?:-l)?[:\s]*(\d{4}-?\d{3}[\dXx])", re.IGNORECASE)
_BARE_ISSN = re.compile(r"\d{4}-\d{3}[\dXx]")
_PAGES = re.compile(r"(?:pp?\.?|pages?)?\s*([A-Za-z]?\d+)\s*[-–]\s*([A-Za-z]?\d+)\.?", re.IGNORECASE)
_VOLUME = re.compile(r"\bvol|\d+\s*\(\d+\)", re.IGNORECASE)
_PLACES_AS_NUMBERS = frozenset(("point", "box", "period"))
_FREE_WORDS = frozenset(("keyword", "keywords", "uri", "other", "local"))


def describe_qdc(payload: _Element) -> Description:
    """Read the terms inside a wrapper (``qualifieddc``, ``dcterms``, ``record`` …).

    The language is not trusted, as in oai_dc. Abstracts go before descriptions, which may be notes; an
    ``alternative`` is never the main title.
    """
    draft = Draft()
    described: list[RawText] = []
    for child in payload:
        text = plain_text(child)
        if not text or text.isspace():
            continue
        name = local_name(child)
        if name == "description":
            described.append(RawText(value=text, language=child.get(XML_LANG), translated=bool(described)))
            continue
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(draft, child, text)
    draft.abstracts = draft.abstracts or described
    draft.titles.sort(key=lambda one: one.translated)
    return draft.finish("unknown")


def describe_bare_qdc(payload: _Element) -> Description:
    """Read terms that stand in the metadata element without a wrapper; ``payload`` is the first of them.

    Raises:
        FormatError: it is the root of a document, or stands elsewhere.
    """
    parent = payload.getparent()
    if parent is None or local_name(parent) != "metadata":
        raise FormatError(
            f"A single Dublin Core element <{local_name(payload)}> is no record.",
            remedy="Harvest this repository as oai_dc.",
        )
    return describe_qdc(parent)


def _scheme(child: _Element) -> str | None:
    kind = child.get(_XSI_TYPE) or child.get("scheme")
    return kind.rpartition(":")[2].strip() or None if kind else None


def _alternative(draft: Draft, child: _Element, text: str) -> None:
    draft.titles.append(RawText(value=text, language=child.get(XML_LANG), translated=True))


def _title(draft: Draft, child: _Element, text: str) -> None:
    has_main = any(not one.translated for one in draft.titles)
    draft.titles.append(RawText(value=text, language=child.get(XML_LANG), translated=has_main))


def _subject(draft: Draft, child: _Element, text: str) -> None:
    scheme = _scheme(child)
    if scheme is None or scheme.lower() in _FREE_WORDS:
        draft.keywords.append(RawText(value=text, language=child.get(XML_LANG)))
    else:
        draft.subjects.append(RawSubject(value=text.strip(), scheme=scheme))


def _spatial(draft: Draft, child: _Element, text: str) -> None:
    """Take a named place for a keyword; coordinates are none."""
    if (_scheme(child) or "").lower() not in _PLACES_AS_NUMBERS and "=" not in text:
        draft.keywords.append(RawText(value=text, language=child.get(XML_LANG)))


def _identifier(draft: Draft, child: _Element, text: str) -> None:
    value, scheme = text.strip(), (_scheme(child) or "").lower()
    if _add_issn(draft, value, scheme):
        return
    value = re.sub(r"^urn:e(isbn)", r"urn:\1", value, flags=re.IGNORECASE)
    if scheme == "isbn" and "isbn" not in value.lower():
        value = f"isbn:{value}"
    draft.identifiers.append(RawIdentifier(value=value, scheme="doi" if scheme == "doi" else None))


def _add_issn(draft: Draft, value: str, scheme: str = "") -> bool:
    """Take an ISSN for the journal's."""
    found = _ISSN.fullmatch(value)
    bare = _BARE_ISSN.fullmatch(value) if scheme.endswith("issn") else None
    if found is None and bare is None:
        return False
    number, kind = (found[2], (found[1] or "").lower()) if found else (value, scheme[:1])
    draft.issns.append(RawIdentifier(value=number, scheme={"e": "epub", "p": "ppub"}.get(kind)))
    return True


def _part_of(draft: Draft, child: _Element, text: str) -> None:
    """Read the journal: its ISSN, a citation line, an address, or its name."""
    value = text.strip()
    if _add_issn(draft, value, (_scheme(child) or "").lower()):
        return
    if value.lower().startswith(("http://", "https://", "urn:", "info:", "hdl:")):
        PLAIN["relation"](draft, child, text)
    elif _VOLUME.search(value):
        draft.citation = draft.citation or text
    elif draft.container_title is None:
        draft.container_title = text


def _citation(draft: Draft, _child: _Element, text: str) -> None:
    draft.citation = text


def _extent(draft: Draft, _child: _Element, text: str) -> None:
    """Take a range of pages; a number of pages, of bytes or of minutes is not where the article stands."""
    found = _PAGES.fullmatch(text.strip())
    if found is not None and draft.first_page is None:
        draft.first_page, draft.last_page = found[1], found[2]


def _relation(draft: Draft, child: _Element, text: str) -> None:
    draft.relations.append(RawRelation(kind=local_name(child), value=text.strip()))


def _publisher(draft: Draft, _child: _Element, text: str) -> None:
    draft.publisher = draft.publisher or text


def _format(draft: Draft, _child: _Element, text: str) -> None:
    """Keep a PDF or a web page to read; TEI and the like are for machines."""
    url = text.strip()
    if url.lower().startswith(("http://", "https://")) and url.lower().endswith((".pdf", ".html", ".htm")):
        draft.links.append(RawLink(url=url, kind="format"))


def _date(kind: str) -> _Handler:
    def read(draft: Draft, _child: _Element, text: str) -> None:
        draft.dates.append(RawDate(value=text.strip(), kind=kind))

    return read


_HANDLERS: dict[str, _Handler] = {
    **PLAIN,
    "title": _title,
    "alternative": _alternative,
    "subject": _subject,
    "spatial": _spatial,
    "identifier": _identifier,
    "isPartOf": _part_of,
    "bibliographicCitation": _citation,
    "extent": _extent,
    "publisher": _publisher,
    "accessRights": PLAIN["rights"],
    "issued": _date("issued"),
    "available": _date("available"),
    "created": _date("created"),
    "modified": _date("modified"),
    "valid": _date("valid"),
    "dateSubmitted": _date("submitted"),
    "dateAccepted": _date("accepted"),
    "dateCopyrighted": _date("copyrighted"),
    "hasFormat": _format,
    **dict.fromkeys(
        ("isVersionOf", "hasVersion", "replaces", "isReplacedBy", "isReferencedBy", "isFormatOf", "hasPart"), _relation
    ),
}
del _HANDLERS["description"]  # read last

BARE = tuple(
    f"{{{namespace}}}{name}"
    for namespace in NAMESPACES
    for name in (*_HANDLERS, "description", "format", "coverage", "rightsHolder")
)
"""The elements that may stand first where there is no wrapper, in Clark notation."""
