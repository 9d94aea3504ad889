"""DataCite's metadata, kernels 2 to 4 (https://schema.datacite.org), and its relative of OpenAIRE.

The elements are matched by local name: each kernel has a namespace of its own, and their differences are additions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lxml import etree

from harvesters.errors import FormatError
from harvesters.formats.description import (
    Description,
    RawContributor,
    RawDate,
    RawIdentifier,
    RawLink,
    RawRelation,
    RawSubject,
    RawText,
)
from harvesters.formats.draft import Draft
from harvesters.formats.xml import XML_LANG, local_name, plain_text

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type

#: Contributors who gave money, space or permission: no people of the work.
_NO_PEOPLE = frozenset(
    (
        "distributor", "funder", "hostinginstitution", "registrationagency", "registrationauthority", "rightsholder",
        "sponsor", "contactperson",
    )
)  # fmt: skip
#: Relations of which a record may have hundreds and that say nothing of the work's identity.
_REFERENCES = frozenset(("cites", "references", "hasmetadata", "ismetadatafor"))
_INSIDE = frozenset(("ispublishedin", "ispartof"))
_ISSN_KINDS = {"issn": None, "pissn": "ppub", "eissn": "epub", "lissn": "issn-l"}
_KNOWN_SCHEMES = frozenset(("doi", "pmid", "pmcid", "arxiv"))
_ADDRESSES = frozenset(("url", "purl", "urn", "ark", "w3id"))
#: ``series title, volume(issue), firstpage-lastpage``: the form that DataCite asks for in SeriesInformation.
_SERIES = re.compile(
    r"(?P<title>.+), (?P<volume>[^,()]+)(?:\((?P<issue>[^()]*)\))?, (?P<first>[^\s,–-]+)[–-](?P<last>[^\s,]+)"
)


def describe_datacite(payload: _Element) -> Description:
    """Read a ``resource``, or the one in an ``oai_datacite`` envelope; its language is the article's.

    Raises:
        FormatError: there is no ``resource``, or what is called so has no titles.
    """
    resource = payload if local_name(payload) == "resource" else next(payload.iter("{*}resource"), None)
    if resource is None:
        raise FormatError(
            "The DataCite envelope holds no resource.",
            remedy="Harvest this repository as datacite or oai_dc.",
        )
    draft = Draft()
    for child in resource:
        handler = _HANDLERS.get(local_name(child))
        if handler is not None:
            handler(draft, child)
    if not draft.titles:
        raise FormatError(
            "The resource has no titles as DataCite writes them.",
            remedy="Harvest this repository as oai_dc; tell its people if it should be DataCite.",
        )
    return draft.finish("article" if draft.languages else "unknown")


def _text(element: _Element) -> str:
    """Return the text; a ``<br/>`` inside is a space."""
    return (element.text or "") if len(element) == 0 else " ".join(str(part) for part in element.itertext())


def _children(element: _Element, name: str) -> Iterator[tuple[_Element, str]]:
    """Yield the children of a name that say anything, with their text."""
    for child in element:
        if local_name(child) == name:
            text = _text(child)
            if text and not text.isspace():
                yield child, text


def _first(element: _Element, name: str) -> str | None:
    return next((text for _, text in _children(element, name)), None)


# --- titles and texts ------------------------------------------------------------------------------------------------


def _titles(draft: Draft, group: _Element) -> None:
    """Put the main title first; subtitles go with the title of their language, all others are further titles."""
    main: list[tuple[str, str | None]] = []
    other: list[tuple[str, str | None]] = []
    subtitles: list[tuple[str, str | None]] = []
    for child, text in _children(group, "title"):
        kind = (child.get("titleType") or "").lower()
        bucket = subtitles if kind == "subtitle" else other if kind else main
        bucket.append((text, child.get(XML_LANG)))
    for value, language in (*main, *other, *(() if main or other else subtitles)):
        text = value
        if not draft.titles or language is not None:
            for extra, its_language in subtitles:
                if extra != value and its_language == language:
                    text = _with_subtitle(text, extra)
        draft.titles.append(RawText(value=text, language=language, translated=bool(draft.titles)))


def _with_subtitle(title: str, subtitle: str) -> str:
    text = title.rstrip()
    return f"{text}{' ' if text.endswith((':', '?', '!', '.')) else ': '}{subtitle.strip()}"


def _descriptions(draft: Draft, group: _Element) -> None:
    for child, text in _children(group, "description"):
        kind = (child.get("descriptionType") or "").lower()
        if kind == "abstract":
            language = child.get(XML_LANG)
            draft.abstracts.append(RawText(value=text, language=language, translated=bool(draft.abstracts)))
        elif kind == "seriesinformation":
            _series(draft, text)


def _series(draft: Draft, text: str) -> None:
    found = _SERIES.fullmatch(" ".join(text.split()))
    if found is None:
        draft.citation = draft.citation or text
        return
    _fill(draft, "container_title", found["title"])
    _fill(draft, "volume", found["volume"])
    _fill(draft, "issue", found["issue"])
    _fill(draft, "first_page", found["first"])
    _fill(draft, "last_page", found["last"])


def _fill(draft: Draft, name: str, value: str | None) -> None:
    if value and getattr(draft, name) is None:
        setattr(draft, name, value)


def _subjects(draft: Draft, group: _Element) -> None:
    for child, text in _children(group, "subject"):
        scheme = child.get("subjectScheme")
        if scheme:
            draft.subjects.append(RawSubject(value=text, scheme=scheme, code=child.get("classificationCode")))
        else:
            draft.keywords.append(RawText(value=text, language=child.get(XML_LANG)))


# --- people ----------------------------------------------------------------------------------------------------------


def _creators(draft: Draft, group: _Element) -> None:
    for child in group:
        if local_name(child) == "creator":
            draft.contributors.append(_person(child, "creatorName", "author"))


def _contributors(draft: Draft, group: _Element) -> None:
    for child in group:
        role = (child.get("contributorType") or "contributor").lower()
        if local_name(child) == "contributor" and role not in _NO_PEOPLE:
            draft.contributors.append(
                _person(child, "contributorName", "editor" if role == "editor" else "contributor")
            )


def _person(element: _Element, name_tag: str, role: str) -> RawContributor:
    """Read a name; a family name without a given one is the whole name (Zenodo), to be parted by the normaliser."""
    named = next((child for child in element if local_name(child) == name_tag), None)
    name = _text(named) if named is not None else None
    family, given = _first(element, "familyName"), _first(element, "givenName")
    is_group = named is not None and (named.get("nameType") or "").lower() == "organizational"
    has_parts = family is not None and given is not None and not is_group
    return RawContributor(
        name=None if has_parts else name or family or given,
        family=family if has_parts else None,
        given=given if has_parts else None,
        orcid=_orcid(element),
        affiliations=tuple(text for _, text in _children(element, "affiliation")),
        role=role,
        is_group=is_group,
    )


def _orcid(element: _Element) -> str | None:
    for child, text in _children(element, "nameIdentifier"):
        scheme = (child.get("nameIdentifierScheme") or child.get("schemeURI") or "").lower()
        if "orcid" in scheme:
            return text.strip()
    return None


# --- identifiers and relations ---------------------------------------------------------------------------------------


def _identifier(draft: Draft, child: _Element) -> None:
    _add_identifier(draft, child.get("identifierType"), _text(child))


def _alternates(draft: Draft, group: _Element) -> None:
    for child, text in _children(group, "alternateIdentifier"):
        _add_identifier(draft, child.get("alternateIdentifierType"), text)


def _add_identifier(draft: Draft, kind: str | None, text: str) -> None:
    value, name = text.strip(), (kind or "").strip().lower()
    if not value:
        return
    if name in _KNOWN_SCHEMES:
        draft.identifiers.append(RawIdentifier(value=value, scheme=name))
    elif name == "isbn" and not value.lower().startswith(("isbn", "urn:")):
        draft.identifiers.append(RawIdentifier(value=f"isbn:{value}"))
    elif name == "handle" and not value.lower().startswith(("http", "hdl:", "info:")):
        draft.identifiers.append(RawIdentifier(value=f"hdl:{value}"))
    elif name in _ADDRESSES or name in {"", "isbn", "handle"}:
        draft.identifiers.append(RawIdentifier(value=value))
    else:  # a local number, whatever it is called: "accession" must not become a PMCID
        draft.identifiers.append(RawIdentifier(value=value, scheme=f"local:{name}"))


def _related(draft: Draft, group: _Element) -> None:
    for child, text in _children(group, "relatedIdentifier"):
        relation = (child.get("relationType") or "").strip()
        kind = (child.get("relatedIdentifierType") or "").strip().lower()
        if kind in _ISSN_KINDS:
            if relation.lower() in _INSIDE:
                draft.issns.append(RawIdentifier(value=text.strip(), scheme=_ISSN_KINDS[kind]))
        elif relation and relation.lower() not in _REFERENCES:
            draft.relations.append(RawRelation(kind=relation, value=text.strip(), scheme=kind or None))


def _related_items(draft: Draft, group: _Element) -> None:
    """Take the journal, series or book that the work was published in (kernel 4.4 and later)."""
    for item in group:
        if (item.get("relationType") or "").lower() not in _INSIDE or draft.container_title is not None:
            continue
        for child in item:
            handler = _ITEM.get(local_name(child))
            if handler is not None:
                handler(draft, child)


def _item_identifier(draft: Draft, child: _Element) -> None:
    kind = (child.get("relatedItemIdentifierType") or "").lower()
    if kind in _ISSN_KINDS:
        draft.issns.append(RawIdentifier(value=_text(child).strip(), scheme=_ISSN_KINDS[kind]))


def _item_titles(draft: Draft, child: _Element) -> None:
    _fill(draft, "container_title", _first(child, "title"))


def _item_publisher(draft: Draft, child: _Element) -> None:
    draft.publisher = _text(child).strip() or draft.publisher


def _item_number(draft: Draft, child: _Element) -> None:
    if (child.get("numberType") or "").lower() == "article":
        _fill(draft, "article_number", _text(child).strip())


# --- the rest --------------------------------------------------------------------------------------------------------


def _dates(draft: Draft, group: _Element) -> None:
    for child, text in _children(group, "date"):
        draft.dates.append(RawDate(value=text.strip(), kind=(child.get("dateType") or "other").lower()))


def _year(draft: Draft, child: _Element) -> None:
    text = _text(child).strip()
    if text:
        draft.dates.append(RawDate(value=text))


def _type(draft: Draft, child: _Element) -> None:
    """Give the free text first: it is finer (``Presentation``) than the general word (``Text``)."""
    general = child.get("resourceTypeGeneral")
    draft.types.extend(one for one in (_text(child).strip(), general or "") if one)


def _rights_list(draft: Draft, group: _Element) -> None:
    for child in group:
        if local_name(child) == "rights":
            _rights(draft, child)


def _rights(draft: Draft, child: _Element) -> None:
    said = (child.get("rightsURI"), child.get("uri"), child.get("rightsIdentifier"), _text(child).strip())
    draft.rights.extend(one for one in said if one)


def _language(draft: Draft, child: _Element) -> None:
    text = _text(child).strip()
    if text:
        draft.languages.append(text)


def _keep(name: str) -> Callable[[Draft, _Element], None]:
    def keep(draft: Draft, child: _Element) -> None:
        _fill(draft, name, plain_text(child).strip())

    return keep


def _oaire_description(draft: Draft, child: _Element) -> None:
    text = _text(child)
    if text and not text.isspace():
        draft.abstracts.append(
            RawText(value=text, language=child.get(XML_LANG), translated=bool(draft.abstracts)),
        )


def _oaire_file(draft: Draft, child: _Element) -> None:
    url = _text(child).strip()
    if url:
        draft.links.append(RawLink(url=url, media=child.get("mimeType"), kind="fulltext"))


_Handler = Callable[[Draft, _Element], None]
_HANDLERS: dict[str, _Handler] = {
    "identifier": _identifier,
    "alternateIdentifiers": _alternates,
    "creators": _creators,
    "titles": _titles,
    "publisher": _keep("publisher"),
    "publicationYear": _year,
    "subjects": _subjects,
    "contributors": _contributors,
    "dates": _dates,
    "language": _language,
    "resourceType": _type,
    "relatedIdentifiers": _related,
    "relatedItems": _related_items,
    "rightsList": _rights_list,
    "rights": _rights,  # kernel 2
    "descriptions": _descriptions,
    # OpenAIRE's guidelines 4 for literature (oai_openaire, the oaire:resource of DSpace 7):
    "description": _oaire_description,
    "licenseCondition": _rights,
    "file": _oaire_file,
    "citationTitle": _keep("container_title"),
    "citationVolume": _keep("volume"),
    "citationIssue": _keep("issue"),
    "citationStartPage": _keep("first_page"),
    "citationEndPage": _keep("last_page"),
}
_ITEM: dict[str, _Handler] = {
    "relatedItemIdentifier": _item_identifier,
    "titles": _item_titles,
    "volume": _keep("volume"),
    "issue": _keep("issue"),
    "number": _item_number,
    "firstPage": _keep("first_page"),
    "lastPage": _keep("last_page"),
    "publisher": _item_publisher,
}
