"""Dublin Core as OAI-PMH prescribes it: fifteen repeatable elements, and what repositories make of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from harvesters.formats.description import (
    Description,
    RawContributor,
    RawDate,
    RawIdentifier,
    RawLink,
    RawSubject,
    RawText,
)
from harvesters.formats.draft import Draft
from harvesters.formats.xml import XML_LANG, local_name, plain_text

_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_CLASS_CODE = re.compile(r"[A-Z]{1,3}(?:\d[\d.]*(?:-\d[\d.]*)?)?")
_VOLUME = re.compile(r"\bvol", re.IGNORECASE)
_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type


def describe_oai_dc(payload: _Element) -> Description:
    """Read an ``oai_dc:dc`` element.

    The language is not trusted (scope ``unknown``): PMC says ``en`` for everything, DOAJ names the journal's
    languages. Terms with an ``xsi:type`` are subjects of that scheme; plain ones have no scheme.
    """
    draft = Draft()
    for child in payload:
        text = plain_text(child)
        if not text or text.isspace():
            continue
        handler = HANDLERS.get(local_name(child))
        if handler is not None:
            handler(draft, child, text)
    return draft.finish("unknown")


def _title(draft: Draft, child: _Element, text: str) -> None:
    draft.titles.append(RawText(value=text, language=child.get(XML_LANG), translated=bool(draft.titles)))


def _description(draft: Draft, child: _Element, text: str) -> None:
    draft.abstracts.append(RawText(value=text, language=child.get(XML_LANG), translated=bool(draft.abstracts)))


def _creator(draft: Draft, child: _Element, text: str) -> None:
    draft.contributors.append(RawContributor(name=text, orcid=child.get("id")))


def _contributor(draft: Draft, child: _Element, text: str) -> None:
    draft.contributors.append(RawContributor(name=text, orcid=child.get("id"), role="contributor"))


def _subject(draft: Draft, child: _Element, text: str) -> None:
    text = text.strip()
    kind = child.get(_XSI_TYPE)
    if kind is None:
        scheme, colon, term = text.partition(":")
        if colon and scheme in {"DOAJ", "LCC"}:
            draft.subjects.append(RawSubject(value=term, scheme=scheme))
        else:
            draft.subjects.append(RawSubject(value=text))
        return
    scheme = kind.rpartition(":")[2]
    previous = draft.subjects[-1] if draft.subjects else None
    # DOAJ sends the term and then its code as two subjects, and its documentation calls LCC "LCSH".
    if previous is not None and previous.scheme == scheme and previous.code is None and _CLASS_CODE.fullmatch(text):
        draft.subjects[-1] = RawSubject(value=previous.value, scheme="LCC", code=text)
    else:
        draft.subjects.append(RawSubject(value=text, scheme=scheme))


def _identifier(draft: Draft, _child: _Element, text: str) -> None:
    draft.identifiers.append(RawIdentifier(value=text))


def _relation(draft: Draft, _child: _Element, text: str) -> None:
    if text.lstrip().startswith(("http://", "https://")):
        draft.links.append(RawLink(url=text, kind="relation"))
    elif draft.citation is None and _VOLUME.search(text):  # Érudit states the issue here
        draft.citation = text


def _source(draft: Draft, _child: _Element, text: str) -> None:
    if draft.citation is None or not _VOLUME.search(draft.citation):
        draft.citation = text


def _date(draft: Draft, _child: _Element, text: str) -> None:
    draft.dates.append(RawDate(value=text))


def _publisher(draft: Draft, _child: _Element, text: str) -> None:
    draft.publisher = draft.publisher or text


def _language(draft: Draft, _child: _Element, text: str) -> None:
    draft.languages.append(text)


def _type(draft: Draft, _child: _Element, text: str) -> None:
    draft.types.append(text)


def _rights(draft: Draft, _child: _Element, text: str) -> None:
    draft.rights.append(text)


HANDLERS: dict[str, Callable[[Draft, _Element, str], None]] = {
    "title": _title,
    "alternative": _title,
    "description": _description,
    "abstract": _description,
    "creator": _creator,
    "contributor": _contributor,
    "subject": _subject,
    "identifier": _identifier,
    "relation": _relation,
    "isPartOf": _relation,
    "source": _source,
    "bibliographicCitation": _source,
    "date": _date,
    "issued": _date,
    "publisher": _publisher,
    "language": _language,
    "type": _type,
    "rights": _rights,
    "license": _rights,
}
"""What each element says; :mod:`harvesters.formats.qdc` builds on it."""
