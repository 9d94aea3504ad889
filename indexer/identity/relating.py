"""How two works are related: by what a record states, by what kind of text they are, by versions and parts."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from indexer.identity.kinds import RELATIONS
from indexer.identity.people import compare_authors
from indexer.identity.places import is_abstract_page, is_range
from indexer.identity.portrait import Portrait
from indexer.identity.titles import TitleComparison


class Tie(NamedTuple):
    """A relation between the two of a pair.

    ``joins``: whether it is one between versions of one work; ``titled``: where their titles agree only.
    """

    relation: str
    subject_is_left: bool
    joins: Literal["always", "titled", "never"] = "never"


_STATED: dict[str, tuple[str, bool]] = {
    "corrects": ("corrects", True), "corrected_by": ("corrects", False),
    "retracts": ("retracts", True), "retracted_by": ("retracts", False),
    "concerns": ("concerns", True), "concerned_by": ("concerns", False),
    "comments_on": ("comments_on", True), "commented_by": ("comments_on", False),
    "replies_to": ("replies_to", True), "replied_by": ("replies_to", False),
    "reviews": ("reviews", True), "reviewed_by": ("reviews", False),
    "adds_to": ("adds_to", True), "added_to_by": ("adds_to", False),
    "translation_of": ("is_translation_of", True), "translated_by": ("is_translation_of", False),
    "updates": ("is_version_of", True), "updated_by": ("is_version_of", False),
    "companion_of": ("is_companion_of", True), "version_of": ("is_version_of", True),
    "published_from": ("is_version_of", True), "preprint_of": ("is_version_of", False),
}  # fmt: skip
"""Relations by what a record states: the relation, and whether the record that states it is its subject."""
_JOINING: dict[str, Literal["always", "titled"]] = {
    "published_from": "always", "preprint_of": "always", "version_of": "titled",
}  # fmt: skip
_ANSWERS = frozenset(("comment", "reply"))
_TITLED_ALIKE = frozenset(("equal", "near", "head"))
_LEAST_LETTERS = 25
_LONGEST_ANSWER = 25
_PART = re.compile(
    r"\b(?:part|pt|parts|teil|parte|partie|deel|часть|section|volume|vol|том)\s(\d{1,3})\b|(?<![a-z\d])(\d{1,3})$"
)
_VERSION = re.compile(
    r"(?:/v|\.v|\.pub|(?<=\d)v|(?<=/f1000research\.\d{4}\.)|(?<=/f1000research\.\d{5}\.)|(?<=openres\.\d{5}\.))\d{1,2}$"
)


def stated_tie(left: Portrait, right: Portrait) -> Tie | None:
    """Return the first relation that one of the two states to an identifier of the other, and not of its own."""
    for one, other, is_left in ((left, right, True), (right, left, False)):
        for kind, target in one.relations:
            if kind in _STATED and target in other.identifiers and target not in one.identifiers:
                relation, is_subject = _STATED[kind]
                return Tie(relation, is_left is is_subject, _JOINING.get(kind, "never"))
    return None


def tie_of_kinds(left: Portrait, right: Portrait, titles: TitleComparison) -> Tie | None:
    """Relate texts of different kinds, of which one is about what the other is.

    People who comment are others than the authors; notices, data and theses are by the same ones.
    """
    if titles.likeness not in _TITLED_ALIKE or titles.letters < _LEAST_LETTERS or left.is_generic or right.is_generic:
        return None
    if left.year and right.year and abs(left.year - right.year) > _LONGEST_ANSWER:
        return None
    subject_is_left = right.kind == "article" or (left.kind == "reply" and right.kind == "comment")
    subject, other = (left, right) if subject_is_left else (right, left)
    if other.kind != "article" and (subject.kind, other.kind) != ("reply", "comment"):
        return None
    if subject.kind not in _ANSWERS and compare_authors(left.authors, right.authors)[0] == "none":
        return None
    return Tie(RELATIONS[subject.kind], subject_is_left)


def tie_of_versions(left: Portrait, right: Portrait, titles: TitleComparison) -> Tie | None:
    """Relate texts whose DOIs differ only in the version at their end (``.pub2``, ``/v3``); the later goes first."""
    if titles.likeness not in _TITLED_ALIKE:
        return None
    for one in left.identifiers:
        for other in right.identifiers:
            if one != other and one[:4] == other[:4] == "doi:" and _stem(one) == _stem(other):
                return Tie("is_version_of", (len(one), one) > (len(other), other))
    return None


def _stem(identifier: str) -> str:
    return _VERSION.sub("", identifier)


def tie_of_parts(left: Portrait, right: Portrait) -> Tie | None:
    """Relate parts of a series, whose titles differ in the part's number; the later one is the subject."""
    a, b = _part(left), _part(right)
    return Tie("is_part_of_series", a > b) if a and b and a != b else None


def _part(portrait: Portrait) -> int:
    """Return the part's number, or 0: phases of trials and years in titles make no series."""
    found = _PART.search(portrait.titles[0].text)
    return int(found[1] or found[2]) if found else 0


def tie_of_abstract(left: Portrait, right: Portrait) -> Tie | None:
    """Relate a conference abstract, one page of a supplement, to the paper of the same title by the same people."""
    for one, other, is_left in ((left, right, True), (right, left, False)):
        if is_abstract_page(one.pages) and is_range(other.pages):
            return Tie("is_abstract_of", is_left)
    return None
