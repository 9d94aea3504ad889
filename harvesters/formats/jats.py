"""JATS (and its NLM ancestors): PubMed Central's ``pmc_fm`` and ``pmc``, SciELO, Europe PMC, article files.

Ids are read only from the article's own ``front``: sub-articles and references have ids of other works.
"""

from __future__ import annotations

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
from harvesters.formats.jats_people import read_contributors
from harvesters.formats.jats_relations import read_relations
from harvesters.formats.jats_text import inline_html
from harvesters.formats.xml import XML_LANG, local_name, name_in, plain_text

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type
_HREF = "{http://www.w3.org/1999/xlink}href"

_SIDE_ABSTRACTS = frozenset(
    (
        "graphical", "teaser", "toc", "precis", "key-points", "highlights", "web-summary", "video", "audio",
        "object-slide", "key-message", "synopsis", "graphic", "social-media", "editor", "author-highlights",
        "editor-highlights", "stereochemical",
    )
)  # fmt: skip
_VOCABULARIES = frozenset(("mesh", "npg-subject", "jel", "msc", "pacs", "lcc", "lcsh", "inspec"))


class _Front:
    """The draft and the people parts, which can be joined only when all are seen."""

    __slots__ = ("affiliations", "draft", "groups")

    def __init__(self) -> None:
        self.draft = Draft()
        self.groups: list[_Element] = []
        self.affiliations: list[_Element] = []


def describe_jats(payload: _Element) -> Description:
    """Read an ``article``: its front, and the titles, abstracts and keywords of its translations.

    A translation with a DOI of its own is related by it. Other sub-articles and responses (reviews, letters, replies)
    are works of their own, and are left out.

    Raises:
        FormatError: there is no ``front``.
    """
    front: _Element | None = None
    translations: list[_Element] = []
    for child in payload:
        name = local_name(child)
        if name == "front" and front is None:
            front = child
        elif name == "sub-article" and child.get("article-type") == "translation":
            translations.append(child)
    if front is None:
        raise FormatError(
            "The JATS article has no front matter.",
            remedy="Ask for the record as pmc_fm or oai_dc.",
        )
    state = _Front()
    draft = state.draft
    language = payload.get(XML_LANG)
    if language:
        draft.languages.append(language)
    kind = payload.get("article-type")
    if kind:
        draft.types.append(kind)
    for part in front:
        _walk(state, part, language)
    draft.contributors = read_contributors(state.groups, state.affiliations)
    for sub in translations:
        _read_translation(draft, sub)
    return draft.finish("article" if language else "unknown")


def _walk(state: _Front, part: _Element, language: str | None) -> None:
    handlers = _META.get(local_name(part))
    if handlers is None:
        return
    for child in part:
        handler = handlers.get(name_in(child.tag))
        if handler is not None:
            handler(state, child, language)


def _read_translation(draft: Draft, sub: _Element) -> None:
    stub = next((one for one in sub if local_name(one) in {"front-stub", "front"}), None)
    if stub is None:
        return
    if local_name(stub) == "front":
        meta = stub.find("{*}article-meta")
        stub = stub if meta is None else meta
    language = sub.get(XML_LANG)
    for child in stub:
        kind = local_name(child)
        if kind == "article-id" and child.get("pub-id-type") == "doi":
            draft.relations.append(RawRelation(kind="translation", value=plain_text(child).strip(), scheme="doi"))
        elif kind == "title-group":
            _titles(draft, child, language, translated=True)
        elif kind in {"abstract", "trans-abstract"} and child.get("abstract-type") not in _SIDE_ABSTRACTS:
            text = RawText(value=inline_html(child), language=child.get(XML_LANG) or language, translated=True)
            if text.value.strip():
                draft.abstracts.append(text)
        elif kind == "kwd-group":
            _keywords(draft, child, language)
        elif kind == "unstructured-kwd-group":
            _loose_keywords(draft, child, language)


# --- journal ---------------------------------------------------------------------------------------------------------


def _journal_id(state: _Front, child: _Element, _language: str | None) -> None:
    if child.get("journal-id-type") == "nlm-ta":
        state.draft.container_abbreviation = plain_text(child)


def _journal_title(state: _Front, child: _Element, _language: str | None) -> None:
    state.draft.container_title = state.draft.container_title or plain_text(child)


def _journal_titles(state: _Front, child: _Element, language: str | None) -> None:
    draft = state.draft
    for one in child:
        kind = local_name(one)
        if kind == "journal-title":
            _journal_title(state, one, language)
        elif kind == "abbrev-journal-title":
            draft.container_abbreviation = draft.container_abbreviation or plain_text(one)


def _issn(state: _Front, child: _Element, _language: str | None) -> None:
    scheme = child.get("pub-type") or child.get("publication-format")
    state.draft.issns.append(RawIdentifier(value=plain_text(child), scheme=scheme))


def _issn_l(state: _Front, child: _Element, _language: str | None) -> None:
    state.draft.issns.append(RawIdentifier(value=plain_text(child), scheme="issn-l"))


def _publisher(state: _Front, child: _Element, _language: str | None) -> None:
    for one in child:
        if local_name(one) == "publisher-name":
            state.draft.publisher = state.draft.publisher or plain_text(one)


# --- article ---------------------------------------------------------------------------------------------------------


def _article_id(state: _Front, child: _Element, _language: str | None) -> None:
    text = plain_text(child)
    if text.strip():
        state.draft.identifiers.append(RawIdentifier(value=text, scheme=child.get("pub-id-type")))


def _title_group(state: _Front, child: _Element, language: str | None) -> None:
    _titles(state.draft, child, language, translated=False)


def _titles(draft: Draft, group: _Element, language: str | None, *, translated: bool) -> None:
    title: _Element | None = None
    subtitles: list[_Element] = []
    for child in group:
        kind = local_name(child)
        if kind == "article-title":
            title = child
        elif kind == "subtitle":
            subtitles.append(child)
        elif kind == "trans-title-group":
            inner = child.get(XML_LANG)
            parts = [one for one in child if local_name(one) in {"trans-title", "trans-subtitle"}]
            if parts:
                _add_title(draft, parts[0], parts[1:], inner or parts[0].get(XML_LANG), translated=True)
        elif kind == "trans-title":  # outside of a group in the NLM DTDs
            _add_title(draft, child, [], child.get(XML_LANG), translated=True)
    if title is not None:
        _add_title(draft, title, subtitles, title.get(XML_LANG) or language, translated=translated)


def _add_title(
    draft: Draft, title: _Element, subtitles: list[_Element], language: str | None, *, translated: bool
) -> None:
    text = inline_html(title).strip()
    for one in subtitles:
        extra = inline_html(one).strip()
        if extra:
            text = f"{text}{' ' if text.endswith((':', '?', '!', '.')) else ': '}{extra}"
    if not text:
        return
    raw = RawText(value=text, language=language, translated=translated)
    if translated:
        draft.titles.append(raw)
    else:
        draft.titles.insert(0, raw)


def _contributors(state: _Front, child: _Element, _language: str | None) -> None:
    state.groups.append(child)


def _affiliation(state: _Front, child: _Element, _language: str | None) -> None:
    if local_name(child) == "aff-alternatives":
        state.affiliations.extend(child)
    else:
        state.affiliations.append(child)


def _pub_date(state: _Front, child: _Element, _language: str | None) -> None:
    parts = {name_in(one.tag): (one.text or "").strip() for one in child}
    value = " ".join(filter(None, (parts.get("year"), parts.get("month") or parts.get("season"), parts.get("day"))))
    value = value or child.get("iso-8601-date") or parts.get("string-date") or ""
    if value:
        state.draft.dates.append(RawDate(value=value, kind=_date_kind(child)))


def _date_kind(element: _Element) -> str | None:
    kind = element.get("pub-type") or element.get("date-type")
    if kind == "pub":
        medium = element.get("publication-format") or ""
        return {"electronic": "epub", "print": "ppub"}.get(medium, "pub")
    return kind


def _keep(attribute: str) -> Callable[[_Front, _Element, str | None], None]:
    def keep(state: _Front, child: _Element, _language: str | None) -> None:
        if getattr(state.draft, attribute) is None:
            setattr(state.draft, attribute, plain_text(child).strip() or None)

    return keep


def _abstract(state: _Front, child: _Element, language: str | None) -> None:
    _add_abstract(state.draft, child, child.get(XML_LANG) or language, translated=False)


def _trans_abstract(state: _Front, child: _Element, _language: str | None) -> None:
    _add_abstract(state.draft, child, child.get(XML_LANG), translated=True)


def _add_abstract(draft: Draft, child: _Element, language: str | None, *, translated: bool) -> None:
    if child.get("abstract-type") in _SIDE_ABSTRACTS:
        return
    text = inline_html(child)
    if text and not text.isspace():
        draft.abstracts.append(RawText(value=text, language=language, translated=translated))


def _keyword_group(state: _Front, child: _Element, language: str | None) -> None:
    _keywords(state.draft, child, language)


def _keywords(draft: Draft, group: _Element, language: str | None) -> None:
    kind = (group.get("kwd-group-type") or "").lower()
    if kind.startswith("abbr"):
        return
    language = group.get(XML_LANG) or language
    for child in group.iter("{*}kwd", "{*}compound-kwd"):
        if local_name(child) == "kwd":
            text = inline_html(child)
        else:
            text = next((inline_html(part) for part in child if part.get("content-type") != "code"), "")
        if not text.strip():
            continue
        if kind in _VOCABULARIES:
            draft.subjects.append(RawSubject(value=text, scheme=kind))
        else:
            draft.keywords.append(RawText(value=text, language=language))


def _unstructured_keywords(state: _Front, child: _Element, language: str | None) -> None:
    _loose_keywords(state.draft, child, language)


def _loose_keywords(draft: Draft, group: _Element, language: str | None) -> None:
    """Take a group of keywords in one text whole (JATS 1.0); the normaliser parts it."""
    text = inline_html(group)
    if text.strip():
        draft.keywords.append(RawText(value=text, language=group.get(XML_LANG) or language))


def _categories(state: _Front, child: _Element, _language: str | None) -> None:
    _subjects(state.draft, child, None)


def _subjects(draft: Draft, element: _Element, scheme: str | None) -> None:
    """Read subject groups; a group inside another is of its scheme (PLOS nests the narrower terms)."""
    for one in element:
        name = local_name(one)
        if name == "subject":
            draft.subjects.append(RawSubject(value=inline_html(one), scheme=scheme))
        elif name == "subj-group":
            _subjects(draft, one, one.get("subj-group-type") or scheme)


def _permissions(state: _Front, child: _Element, _language: str | None) -> None:
    rights = state.draft.rights
    statements: list[str] = []
    for one in child:
        kind = local_name(one)
        if kind == "license":
            _license(rights, one)
        elif kind == "license_ref":
            rights.append(plain_text(one))
        elif kind == "copyright-statement":
            statements.append(plain_text(one))
    rights.extend(text for text in statements if text.strip())


def _license(rights: list[str], element: _Element) -> None:
    href = element.get(_HREF)
    if href:
        rights.append(href)
    for one in element.iter("{*}license_ref", "{*}ext-link", "{*}uri"):
        link = one.get(_HREF) or (plain_text(one) if local_name(one) == "license_ref" else None)
        if link:
            rights.append(link)
    text = " ".join(plain_text(element).split())
    if text:
        rights.append(text)


def _license_loose(state: _Front, child: _Element, _language: str | None) -> None:
    """Read a ``license`` or ``copyright-statement`` outside of ``permissions``, as the NLM DTD 2 had it."""
    if local_name(child) == "license":
        _license(state.draft.rights, child)
    else:
        state.draft.rights.append(plain_text(child))


def _related(state: _Front, child: _Element, _language: str | None) -> None:
    state.draft.relations.extend(read_relations(child))


def _self_uri(state: _Front, child: _Element, _language: str | None) -> None:
    url = child.get(_HREF)
    if url:
        state.draft.links.append(RawLink(url=url, media=child.get("content-type"), kind="self"))


_Handler = Callable[[_Front, _Element, str | None], None]
_META: dict[str, dict[str, _Handler]] = {
    "journal-meta": {
        "journal-id": _journal_id,
        "journal-title": _journal_title,
        "journal-title-group": _journal_titles,
        "issn": _issn,
        "issn-l": _issn_l,
        "publisher": _publisher,
    },
    "article-meta": {
        "article-id": _article_id,
        "article-categories": _categories,
        "title-group": _title_group,
        "contrib-group": _contributors,
        "aff": _affiliation,
        "aff-alternatives": _affiliation,
        "pub-date": _pub_date,
        "volume": _keep("volume"),
        "issue": _keep("issue"),
        "fpage": _keep("first_page"),
        "lpage": _keep("last_page"),
        "elocation-id": _keep("article_number"),
        "permissions": _permissions,
        "license": _license_loose,
        "copyright-statement": _license_loose,
        "related-article": _related,
        "related-object": _related,
        "pub-history": _related,
        "abstract": _abstract,
        "trans-abstract": _trans_abstract,
        "kwd-group": _keyword_group,
        "unstructured-kwd-group": _unstructured_keywords,
        "self-uri": _self_uri,
    },
}
