"""What notices say of a work: retracted, withdrawn, of concern, corrected; and what else it is related to. Pure.

A notice's own work has no state by what it says of another. The state is the gravest that anything tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexer.identity.kinds import read_title
from indexer.models import Identifier, Manifestation, Notice, NoticeKind, RelatedRecord, WorkStatus

_STATUSES: dict[NoticeKind, WorkStatus] = {
    "retraction": "retracted",
    "withdrawal": "withdrawn",
    "concern": "concern",
    "correction": "corrected",
}
_GRAVEST_FIRST: tuple[WorkStatus, ...] = ("retracted", "withdrawn", "concern", "corrected")
_BY_RELATION: dict[str, NoticeKind] = {"retracts": "retraction", "concerns": "concern", "corrects": "correction"}
_BY_STATED: dict[str, NoticeKind] = {
    "retracted_by": "retraction",
    "concerned_by": "concern",
    "corrected_by": "correction",
}
_WITHDRAWN = re.compile(r"^\W*(?:withdrawal|withdrawn|(?:temporary\s+)?removal|撤回)", re.IGNORECASE)
#: Reading a title takes long, and nearly none is marked.
_MAY_BE_MARKED = re.compile(r"^\W*(?:retr|with|remo|temp|已|撤)", re.IGNORECASE)
_RESOLVERS = {
    "doi": "https://doi.org/",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/",
    "url": "",
}
#: No work has more but by mistake or on purpose.
MOST_RELATED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A relation of a work's record to another record, which is given; the work's is its subject or its object."""

    relation: str
    is_subject: bool
    other_id: str
    other: Manifestation


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkState:
    """What is told of a work by others, and by the marks in its own titles."""

    status: WorkStatus | None = None
    notices: tuple[Notice, ...] = ()
    related: tuple[RelatedRecord, ...] = ()


def state_of(members: Sequence[tuple[str, Manifestation]], ties: Iterable[Tie] = ()) -> WorkState:
    """Return what the members' titles, their stated relations and their ties say; the same in any order."""
    own = {identifier for identifier, _ in members}
    others = _distinct(tie for tie in ties if tie.other_id not in own)
    notices = _notices([one for _, one in members], others)
    statuses = {_STATUSES[notice.kind] for notice in notices}
    statuses.update(status for _, one in members if (status := _marked(one)))
    return WorkState(
        status=next((status for status in _GRAVEST_FIRST if status in statuses), None),
        notices=notices,
        related=tuple(
            RelatedRecord(relation=tie.relation, is_subject=tie.is_subject, manifestation=tie.other_id)
            for tie in others[:MOST_RELATED]
        ),
    )


def _distinct(ties: Iterable[Tie]) -> list[Tie]:
    """Return each relation to each record once, in an order that no arrival changes."""
    found = {(tie.relation, tie.is_subject, tie.other_id): tie for tie in ties}
    return sorted(
        found.values(),
        key=lambda tie: (tie.relation, tie.is_subject, tie.other.source, tie.other.record_identifier),
    )


def _marked(one: Manifestation) -> WorkStatus | None:
    """Return what a title says of its own article ("RETRACTED: …"); publishers put it before, catalogues keep it."""
    title = one.title.value
    if not _MAY_BE_MARKED.match(title) or not read_title(title, one.type).is_retracted:
        return None
    return "withdrawn" if _WITHDRAWN.match(title) else "retracted"


def _notices(members: Sequence[Manifestation], others: Sequence[Tie]) -> tuple[Notice, ...]:
    """Return the notices about a work: records of them that are here, then those that its records only name."""
    found: dict[object, Notice] = {}
    known: set[Identifier] = set()
    for tie in others:
        kind = _BY_RELATION.get(tie.relation)
        if kind is not None and not tie.is_subject:
            found[tie.other_id] = _notice(kind, tie)
            known.update(tie.other.identifiers)
    stated = sorted(
        {
            (relation.kind, relation.target.scheme, relation.target.value): relation
            for one in members
            for relation in one.relations
        }.items()
    )
    for _, relation in stated:
        if (kind := _BY_STATED.get(relation.kind)) and relation.target not in known:
            resolver = _RESOLVERS.get(relation.target.scheme)
            url = None if resolver is None else resolver + relation.target.value
            found[kind, relation.target] = Notice(kind=kind, identifier=relation.target, url=url)
    return tuple(found.values())[:MOST_RELATED]


def _notice(kind: NoticeKind, tie: Tie) -> Notice:
    other = tie.other
    if kind == "retraction" and _WITHDRAWN.match(other.title.value):
        kind = "withdrawal"
    named = next((one for scheme in _RESOLVERS for one in other.identifiers if one.scheme == scheme), None)
    place = other.locations[0].url if other.locations else None
    return Notice(
        kind=kind,
        manifestation=tie.other_id,
        identifier=named,
        url=_RESOLVERS[named.scheme] + named.value if named else place,
        title=other.title.value,
        published=other.published,
    )
