"""DOAJ's own article format; its namespace differs between data and documentation, so local names count."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from harvesters.formats.description import Description, RawContributor, RawDate, RawIdentifier, RawLink, RawText
from harvesters.formats.draft import Draft
from harvesters.formats.xml import XML_LANG, name_in, plain_text

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type

DATE_KIND = "doaj-publication-date"
"""Marks DOAJ's ``publicationDate``, whose day (and sometimes month) is filled up with 01."""


def describe_oai_doaj(payload: _Element) -> Description:
    """Read a ``doajArticle``; its language is the journal's first one (scope ``container``)."""
    draft = Draft()
    authors: _Element | None = None
    affiliations: dict[str, str] = {}
    for child in payload:
        name = name_in(child.tag)
        handler = _HANDLERS.get(name)
        if handler is not None:
            text = plain_text(child)
            if text and not text.isspace():
                handler(draft, child, text)
        elif name == "authors":
            authors = child
        elif name == "affiliationsList":
            affiliations = {one.get("affiliationId", ""): plain_text(one) for one in child}
        elif name == "keywords":
            language = child.get("language") or child.get(XML_LANG)
            draft.keywords.extend(RawText(value=one.text, language=language) for one in child if one.text)
    if authors is not None:
        draft.contributors.extend(_author(one, affiliations) for one in authors)
    return draft.finish("container")


def _author(element: _Element, affiliations: dict[str, str]) -> RawContributor:
    name = orcid = email = None
    places: list[str] = []
    for child in element:
        text = child.text
        part = name_in(child.tag)
        if not text:
            continue
        if part == "name":
            name = text
        elif part == "affiliationId":
            place = affiliations.get(text.strip())
            if place:
                places.append(place)
        elif part in {"orcid_id", "orcid"}:
            orcid = text
        elif part == "email":
            email = text
    return RawContributor(name=name, orcid=orcid, email=email, affiliations=tuple(places))


def _title(draft: Draft, child: _Element, text: str) -> None:
    language = child.get("language") or child.get(XML_LANG)
    draft.titles.append(RawText(value=text, language=language, translated=bool(draft.titles)))


def _abstract(draft: Draft, child: _Element, text: str) -> None:
    language = child.get("language") or child.get(XML_LANG)
    draft.abstracts.append(RawText(value=text, language=language, translated=bool(draft.abstracts)))


def _issn(draft: Draft, _child: _Element, text: str) -> None:
    draft.issns.append(RawIdentifier(value=text, scheme="ppub"))


def _eissn(draft: Draft, _child: _Element, text: str) -> None:
    draft.issns.append(RawIdentifier(value=text, scheme="epub"))


def _doi(draft: Draft, _child: _Element, text: str) -> None:
    draft.identifiers.append(RawIdentifier(value=text, scheme="doi"))


def _publisher_id(draft: Draft, _child: _Element, text: str) -> None:
    draft.identifiers.append(RawIdentifier(value=text, scheme="publisher-id"))


def _date(draft: Draft, _child: _Element, text: str) -> None:
    draft.dates.append(RawDate(value=text, kind=DATE_KIND))


def _full_text(draft: Draft, child: _Element, text: str) -> None:
    draft.links.append(RawLink(url=text, media=child.get("format"), kind="fulltext"))


def _language(draft: Draft, _child: _Element, text: str) -> None:
    draft.languages.append(text)


def _type(draft: Draft, _child: _Element, text: str) -> None:
    draft.types.append(text)


def _keep(attribute: str) -> Callable[[Draft, _Element, str], None]:
    def keep(draft: Draft, _child: _Element, text: str) -> None:
        setattr(draft, attribute, text)

    return keep


_HANDLERS: dict[str, Callable[[Draft, _Element, str], None]] = {
    "language": _language,
    "publisher": _keep("publisher"),
    "journalTitle": _keep("container_title"),
    "issn": _issn,
    "eissn": _eissn,
    "publicationDate": _date,
    "volume": _keep("volume"),
    "issue": _keep("issue"),
    "startPage": _keep("first_page"),
    "endPage": _keep("last_page"),
    "doi": _doi,
    "publisherRecordId": _publisher_id,
    "documentType": _type,
    "title": _title,
    "abstract": _abstract,
    "fullTextUrl": _full_text,
}
