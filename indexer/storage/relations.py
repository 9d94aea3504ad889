"""Relations between records of different works, as they were judged or stated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from indexer.storage.decisions import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedPair:
    """One record's relation to another, by keys."""

    relation: str
    is_subject: bool
    other: int


def related_pairs(decisions: Iterable[Decision]) -> dict[int, list[RelatedPair]]:
    """Return the relations among what was decided, by the key of each of the two; most records have none."""
    found: dict[int, list[RelatedPair]] = {}
    for one in decisions:
        if one.relation is not None:
            for own, other, is_left in ((one.left, one.right, True), (one.right, one.left, False)):
                pair = RelatedPair(relation=one.relation, is_subject=one.subject_is_left is is_left, other=other)
                found.setdefault(own, []).append(pair)
    return found
