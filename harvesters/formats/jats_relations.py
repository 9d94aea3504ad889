"""What a JATS article says of its relations to others: corrections, retractions, comments, preprints, reviews."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from harvesters.formats.description import RawRelation
from harvesters.formats.xml import local_name, plain_text

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type
_HREF = "{http://www.w3.org/1999/xlink}href"
_IDS = frozenset(("pub-id", "article-id", "ext-link", "uri"))


def read_relations(element: _Element) -> Iterator[RawRelation]:
    """Read a ``related-article``, a ``related-object`` or a ``pub-history``; what names no address or id is left out.

    PMC and JATS4R say by ``link-type`` or ``document-type`` what a ``related-object`` is. A ``pub-history`` tells of
    the preprint (JATS 1.3, as eLife and bioRxiv's journals have it).
    """
    name = local_name(element)
    if name == "pub-history":
        yield from _preprints(element)
        return
    if name == "related-article":
        kind = element.get("related-article-type")
    else:
        kind = element.get("link-type") or element.get("document-type") or element.get("content-type")
    target = _target(element)
    if target is not None:
        value, scheme = target
        yield RawRelation(kind=kind or "related", value=value, scheme=scheme)


def _preprints(history: _Element) -> Iterator[RawRelation]:
    for event in history:
        for one in event:
            kinds = (event.get("event-type") or "", one.get("content-type") or "")
            if local_name(one) not in {"self-uri", "article-id", "ext-link"} or not any(
                "preprint" in kind for kind in kinds
            ):
                continue
            value = one.get(_HREF) or plain_text(one).strip()
            if value:
                yield RawRelation(kind="preprint", value=value, scheme=_scheme(one))
                break


def _target(element: _Element) -> tuple[str, str | None] | None:
    """Return the address or id of the other article, and its scheme: of the element itself, else of what is in it."""
    value, scheme = element.get(_HREF), element.get("ext-link-type")
    if not value:
        value, scheme = element.get("document-id"), element.get("document-id-type")
    if value and value.strip():
        return value.strip(), scheme
    for one in element.iter():
        if local_name(one) in _IDS:
            value = one.get(_HREF) or plain_text(one)
            if value.strip():
                return value.strip(), _scheme(one)
    return None


def _scheme(element: _Element) -> str | None:
    return element.get("pub-id-type") or element.get("ext-link-type")
