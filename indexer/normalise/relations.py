"""Stated relations between articles: corrections, retractions, comments, preprints."""

from __future__ import annotations

from collections.abc import Iterable

from harvesters.formats.description import RawIdentifier, RawRelation
from indexer.models import Relation
from indexer.normalise.identifiers import identify

_KINDS = {
    "corrected-article": "corrects",
    "correction-forward": "corrected_by",
    "correction": "corrected_by",
    "addended-article": "adds_to",
    "addendum": "added_to_by",
    "retracted-article": "retracts",
    "partial-retraction": "retracts",
    "retraction-forward": "retracted_by",
    "retraction": "retracted_by",
    "object-of-concern": "concerns",
    "expression-of-concern": "concerned_by",
    "commentary-article": "comments_on",
    "commentary": "commented_by",
    "article-reference": "comments_on",
    "letter": "commented_by",
    "letter-reply": "replied_by",
    "reply-to": "replies_to",
    "peer-reviewed-article": "reviews",
    "reviewed-article": "reviews",
    "preprint": "published_from",
    "original-article": "version_of",
    "republished-article": "version_of",
    "corrected-and-republished-article": "version_of",
    "updated-article": "updates",
    "update": "updated_by",
    "translated-article": "translation_of",
    "translation": "translated_by",
    "companion": "companion_of",
    # DataCite and Dublin Core, whose words read from this work to the other already:
    "isversionof": "version_of",
    "hasversion": "version_of",
    "isidenticalto": "version_of",
    "isvariantformof": "version_of",
    "isoriginalformof": "version_of",
    "isformatof": "version_of",
    "isnewversionof": "updates",
    "ispreviousversionof": "updated_by",
    "replaces": "updates",
    "isreplacedby": "updated_by",
    "obsoletes": "updates",
    "isobsoletedby": "updated_by",
    "reviews": "reviews",
    "istranslationof": "translation_of",
    "hastranslation": "translated_by",
}
_SCHEMES = {"doi": "doi", "pubmed": "pmid", "pmid": "pmid", "pmc": "pmcid", "pmcid": "pmcid", "pmc-uid": "pmcid"}


def relations_of(raws: Iterable[RawRelation]) -> tuple[Relation, ...]:
    """Return the relations whose target has an identifier; an unknown kind becomes ``related_to``.

    The kinds read from this article to the other: a correction ``corrects``, the corrected article is
    ``corrected_by``. JATS names the *other* article (``corrected-article``), so the words turn around.
    """
    found: dict[Relation, None] = {}
    for raw in raws:
        kind = _KINDS.get(raw.kind.strip().lower(), "related_to")
        scheme = _SCHEMES.get((raw.scheme or "").lower())
        for target in identify(RawIdentifier(value=raw.value, scheme=scheme)):
            found.setdefault(Relation(kind=kind, target=target))
            break
    return tuple(found)
