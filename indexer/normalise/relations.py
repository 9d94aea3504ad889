"""Stated relations between articles: corrections, retractions, comments, preprints."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from harvesters.formats.description import RawIdentifier, RawRelation
from indexer.models import Relation
from indexer.normalise.identifiers import identify

_KINDS = {
    "corrected-article": "corrects",
    "correction-forward": "corrected_by",
    "correction": "corrected_by",
    "corrigendum": "corrected_by",
    "erratum": "corrected_by",
    "addended-article": "adds_to",
    "addendum": "added_to_by",
    "retracted-article": "retracts",
    "retraction-forward": "retracted_by",
    "retraction": "retracted_by",
    "partial-retraction": "retracted_by",
    "object-of-concern": "concerns",
    "expression-of-concern": "concerned_by",
    "concern-forward": "concerned_by",
    "expressed-concern": "concerned_by",  # PLOS, as the line before
    "commentary-article": "comments_on",
    "commentary": "commented_by",
    "letter": "commented_by",
    "letter-reply": "replied_by",
    "reply": "replied_by",
    "reply-to": "replies_to",
    "peer-reviewed-article": "reviews",
    "reviewed-article": "reviews",
    "peer-review": "reviewed_by",
    "peer-review-report": "reviewed_by",
    "reviewer-report": "reviewed_by",
    "referee-report": "reviewed_by",
    "editor-report": "reviewed_by",
    "decision-letter": "reviewed_by",
    "preprint": "published_from",
    "original-article": "version_of",
    "republished-article": "version_of",
    "republication": "version_of",
    "concurrent-pub": "version_of",
    "corrected-and-republished-article": "version_of",
    "updated-article": "updates",
    "update": "updated_by",
    "translated-article": "translation_of",
    "translation": "translated_by",
    "companion": "companion_of",
    "companion-article": "companion_of",
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
#: Where a notice names what it is about by its own kind (SciELO's partial retractions, the expressions of concern that
#: reach PMC), or a reply the letter that it answers, the relation reads the other way: own type, kinds, relation.
_NOTICES = (
    (frozenset(("retraction", "partial-retraction")), frozenset(("retraction", "partial-retraction")), "retracts"),
    (
        frozenset(("correction", "corrigendum", "erratum")),
        frozenset(("correction", "corrigendum", "erratum")),
        "corrects",
    ),
    (frozenset(("addendum",)), frozenset(("addendum",)), "adds_to"),
    (frozenset(("expression-of-concern",)), frozenset(("expression-of-concern",)), "concerns"),
    (frozenset(("reply",)), frozenset(("letter", "letter-reply", "reply")), "replies_to"),
    (frozenset(("translation",)), frozenset(("translation",)), "translation_of"),
)
_SCHEMES = {"doi": "doi", "pubmed": "pmid", "pmid": "pmid", "pmc": "pmcid", "pmcid": "pmcid", "pmc-uid": "pmcid"}


def relations_of(raws: Collection[RawRelation], types: Iterable[str] = ()) -> tuple[Relation, ...]:
    """Return the relations whose target has an identifier; an unknown kind becomes ``related_to``.

    The kinds read from this article to the other: a correction ``corrects``, the corrected article is
    ``corrected_by``. JATS names the *other* article (``corrected-article``), so the words turn around; ``types`` are
    the record's own, which tell a notice from the article that it is about.
    """
    if not raws:
        return ()
    found: dict[Relation, None] = {}
    own = frozenset(value.strip().lower() for value in types)
    for raw in raws:
        kind = _kind(raw.kind.strip().lower(), own)
        scheme = _SCHEMES.get((raw.scheme or "").strip().lower())
        targets = identify(RawIdentifier(value=raw.value, scheme=scheme))
        if not targets and scheme is not None:  # an address where an id was announced, or the other way round
            targets = identify(RawIdentifier(value=raw.value))
        for target in targets[:1]:
            found.setdefault(Relation(kind=kind, target=target))
    return tuple(found)


def _kind(stated: str, own: frozenset[str]) -> str:
    for types, kinds, kind in _NOTICES:
        if stated in kinds and not own.isdisjoint(types):
            return kind
    return _KINDS.get(stated, "related_to")
