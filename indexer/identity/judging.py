"""Judge whether two portraits show one work: reasons for and against, their sum, and what forbids it whatever the sum.

A judgement depends on the two portraits alone. Weights are natural logarithms of odds, set by hand: how much likelier
an agreement is between two records of one work than between two works that share a block.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from indexer.identity.kinds import RELATIONS
from indexer.identity.people import compare_authors, is_full_name
from indexer.identity.places import compare_containers, compare_pages
from indexer.identity.portrait import Portrait
from indexer.identity.titles import Likeness, TitleComparison, compare_titles
from indexer.identity.wording import words as words

RULES_VERSION = "1"
"""Changes when any rule does; stored judgements of other versions are made anew."""

Verdict = Literal["same", "undecided", "related", "different"]

_SAME = 5.0
_UNDECIDED = 2.5
_MIDDLE = 3.5
_PLAIN_CONTRADICTION = -3.0
_FULL_LETTERS, _BASE_LETTERS = 48, 12
_TITLES: dict[Likeness, float] = {
    "equal": 5.0, "near": 4.5, "head": 2.0, "close": 0.0, "numbered": -6.0, "other": -6.0, "incomparable": 0.0,
}  # fmt: skip
_TRUSTED_LIKENESS = frozenset(("equal", "near", "head"))
_IDENTIFIERS = {"doi": 6.0, "pmid": 6.0, "pmcid": 6.0, "arxiv": 6.0, "doaj": 6.0}
_OTHER_IDENTIFIERS = {"doi": -4.0, "pmid": -4.0, "pmcid": -4.0, "arxiv": -4.0, "doaj": -1.0}
_PAGES = {"same": 2.5, "first": 1.5, "near": 0.0, "different": -2.5, "unknown": 0.0}
_PREPRINT_DOIS = (
    "10.1101/", "10.2139/ssrn", "10.48550/", "10.21203/rs", "10.31219/", "10.31234/", "10.31235/", "10.20944/preprints",
    "10.26434/chemrxiv", "10.22541/", "10.36227/", "10.5281/zenodo", "10.6084/m9.figshare", "10.1002/essoar", "10.12688/",
    "10.33774/", "10.31222/", "10.35542/", "10.31223/", "10.32942/", "10.2196/preprints", "10.14293/",
)  # fmt: skip
_SAME_RELATIONS = frozenset(("published_from", "preprint_of", "version_of"))
_STATED: dict[str, tuple[str, bool]] = {
    "corrects": ("corrects", True), "corrected_by": ("corrects", False), "retracts": ("retracts", True),
    "retracted_by": ("retracts", False), "concerns": ("concerns", True), "concerned_by": ("concerns", False),
    "comments_on": ("comments_on", True), "commented_by": ("comments_on", False), "replies_to": ("replies_to", True),
    "replied_by": ("replies_to", False), "reviews": ("reviews", True), "reviewed_by": ("reviews", False),
    "adds_to": ("adds_to", True), "added_to_by": ("adds_to", False), "translation_of": ("is_translation_of", True),
    "translated_by": ("is_translation_of", False), "updates": ("is_version_of", True), "updated_by": ("is_version_of", False),
    "companion_of": ("is_companion_of", True), "version_of": ("is_version_of", True),
    "published_from": ("is_version_of", True), "preprint_of": ("is_version_of", False),
}  # fmt: skip
"""Relations by what a record states: the relation, and whether the record that states it is its subject."""


class Reason(NamedTuple):
    """One thing that speaks for (positive) or against; ``words`` says it in a sentence."""

    code: str
    weight: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was judged of a pair. ``relation`` is set where the verdict is ``related``: "subject RELATION object"."""

    verdict: Verdict
    score: float
    reasons: tuple[Reason, ...]
    relation: str | None = None
    subject_is_left: bool = True


_PLAINLY_DIFFERENT = Judgement("different", 0.0, (Reason("title_other", _TITLES["other"]),))


def judge(left: Portrait, right: Portrait) -> Judgement:
    """Judge a pair; the same whichever stands on the left, but for ``subject_is_left``."""
    if right.order < left.order:
        judgement = judge(right, left)
        if judgement.relation is None:
            return judgement
        return Judgement(
            judgement.verdict, judgement.score, judgement.reasons, judgement.relation, not judgement.subject_is_left
        )
    shares = bool(left.identifiers and right.identifiers) and not set(left.identifiers).isdisjoint(right.identifiers)
    stated = _stated(left, right) if left.relations or right.relations else None
    titles = _title_comparison(left, right)
    if titles.likeness == "other" and not shares and stated is None and not _stands_there(left, right):
        return _PLAINLY_DIFFERENT
    if stated is not None and not (stated[0] in _SAME_RELATIONS and titles.likeness in _TRUSTED_LIKENESS):
        relation, from_subject = _STATED[stated[0]]
        return Judgement(
            "related", 0.0, (Reason("stated_relation", 0.0, relation),), relation, stated[1] is from_subject
        )
    if left.kind != right.kind:
        return _judge_kinds(left, right, titles)
    reasons = _reasons(left, right, titles)
    if stated is not None:
        reasons.append(Reason("stated_version", 6.0))
    return _conclude(left, right, titles, reasons, shares=shares)


def contradict(left: Portrait, right: Portrait) -> bool:
    """Tell whether two portraits can never be one work: the veto between members of clusters."""
    judgement = judge(left, right)
    if judgement.verdict in {"same", "undecided"}:
        return False
    if judgement.verdict == "related":
        return True
    return sum(reason.weight for reason in judgement.reasons) <= _PLAIN_CONTRADICTION


def _title_comparison(left: Portrait, right: Portrait) -> TitleComparison:
    if not left.titles or not right.titles:
        return TitleComparison("incomparable", 0)
    first = left.titles[0]
    if first == right.titles[0]:
        return TitleComparison("equal", first.letters)
    return compare_titles(left.titles, right.titles)


def _stands_there(left: Portrait, right: Portrait) -> bool:
    """Tell whether both stand on the same pages of the same volume, so that another title may be a translation."""
    return (
        bool(left.volume)
        and left.volume == right.volume
        and left.pages == right.pages
        and left.pages[0] not in {"", "1"}
    )


def _stated(left: Portrait, right: Portrait) -> tuple[str, bool] | None:
    """Return the first stated relation between the two, and whether the left one states it."""
    for one, other, is_left in ((left, right, True), (right, left, False)):
        for kind, target in one.relations:
            if target in other.identifiers and target not in one.identifiers and kind in _STATED:
                return kind, is_left
    return None


def _judge_kinds(left: Portrait, right: Portrait, titles: TitleComparison) -> Judgement:
    """Judge a pair of which one is about the other, or both about something else."""
    reason = Reason("kinds_differ", -10.0, f"{left.kind}/{right.kind}")
    if titles.likeness not in _TRUSTED_LIKENESS or left.is_generic or right.is_generic:
        return Judgement("different", 0.0, (reason,))
    if _year_gap(left, right) > _LONGEST_ANSWER:
        return Judgement("different", 0.0, (reason,))
    subject_is_left = right.kind == "article" or (left.kind != "article" and left.kind == "reply")
    kind = left.kind if subject_is_left else right.kind
    relation = RELATIONS.get(kind)
    if relation is None:
        return Judgement("different", 0.0, (reason,))
    return Judgement("related", 0.0, (reason, _title_reason(titles)), relation, subject_is_left)


_LONGEST_ANSWER = 25


def _year_gap(left: Portrait, right: Portrait) -> int:
    return abs(left.year - right.year) if left.year and right.year else 0


def _title_reason(titles: TitleComparison) -> Reason:
    weight = _TITLES[titles.likeness]
    if weight > 0:
        weight *= min(1.0, (titles.letters + _BASE_LETTERS) / (_FULL_LETTERS + _BASE_LETTERS))
    return Reason(f"title_{titles.likeness}", weight)


def _reasons(left: Portrait, right: Portrait, titles: TitleComparison) -> list[Reason]:
    reasons = _identifier_reasons(left, right) if left.identifiers and right.identifiers else []
    if left.is_generic or right.is_generic:
        reasons.append(Reason("title_generic", 0.0 if titles.likeness in _TRUSTED_LIKENESS else _TITLES["other"]))
    else:
        reasons.append(_title_reason(titles))
    reasons.extend(_author_reasons(left, right))
    reasons.extend(_place_reasons(left, right))
    if titles.likeness in {"other", "numbered"} and _is_one_place(left, {reason.code for reason in reasons}):
        reasons = [Reason("title_translated", -1.5) if one.code.startswith("title_") else one for one in reasons]
    return reasons


def _is_one_place(portrait: Portrait, codes: set[str]) -> bool:
    """Tell whether a pair is on the very same pages by the same people; several letters may be on one page."""
    return (
        codes >= {"authors_most", "pages_same", "volume_same"}
        and codes.isdisjoint(("container_different", "identifier_different"))
        and portrait.pages[0] != portrait.pages[1]
    )


def _identifier_reasons(left: Portrait, right: Portrait) -> list[Reason]:
    reasons = []
    mine, theirs = set(left.identifiers), set(right.identifiers)
    shared = mine & theirs
    reasons += [Reason("identifier_same", _IDENTIFIERS[one.partition(":")[0]], one) for one in sorted(shared)[:1]]
    schemes = {one.partition(":")[0] for one in mine} & {one.partition(":")[0] for one in theirs}
    for scheme in sorted(schemes - {one.partition(":")[0] for one in shared}):
        a, b = _first(left, scheme), _first(right, scheme)
        if scheme == "doi" and (a.startswith(_PREPRINT_DOIS) != b.startswith(_PREPRINT_DOIS)):
            reasons.append(Reason("identifier_of_preprint", 0.0, f"{a} {b}"))
        else:
            reasons.append(Reason("identifier_different", _OTHER_IDENTIFIERS[scheme], f"{scheme}:{a} {scheme}:{b}"))
    return reasons


def _first(portrait: Portrait, scheme: str) -> str:
    return next(one[len(scheme) + 1 :] for one in portrait.identifiers if one.startswith(scheme + ":"))


def _author_reasons(left: Portrait, right: Portrait) -> list[Reason]:
    overlap, shared = compare_authors(left.authors, right.authors)
    if overlap == "unknown":
        return []
    weight = {"most": min(1.0 + shared * 0.75, 3.0), "some": 0.0, "none": -4.0}[overlap]
    if overlap == "most" and shared < 3 and any(one in right.authors for one in left.authors if is_full_name(one)):  # noqa: PLR2004
        weight += 0.5
    return [Reason(f"authors_{overlap}", weight, str(shared))]


def _place_reasons(left: Portrait, right: Portrait) -> list[Reason]:
    pages = compare_pages(left.pages, right.pages)
    reasons = _year_reasons(left, right, is_there=pages in {"same", "first"})
    containers = compare_containers(left.issns, left.container, right.issns, right.container)
    if containers != "unknown":
        reasons.append(Reason(f"container_{containers}", 1.0 if containers == "same" else -2.0))
    if left.volume and right.volume:
        same = left.volume == right.volume
        reasons.append(Reason("volume_same" if same else "volume_different", 0.5 if same else -2.5))
    if pages not in {"unknown", "near"}:
        reasons.append(Reason(f"pages_{pages}", _PAGES[pages]))
    elif pages == "unknown" and _is_other_issue(left, right):
        reasons.append(Reason("issue_different", -4.0, f"{left.issue}/{right.issue}"))
    return reasons


def _year_reasons(left: Portrait, right: Portrait, *, is_there: bool) -> list[Reason]:
    """Weigh the years; one between them is nothing where the pages agree (first online in December)."""
    if not left.year or not right.year:
        return []
    gap = abs(left.year - right.year)
    detail = f"{left.year}/{right.year}"
    if not gap:
        return [Reason("year_same", 0.5, detail)]
    if gap == 1:
        return [Reason("year_near", 0.0 if is_there else -1.5, detail)]
    return [Reason("year_far", -3.0 if gap == 2 else -4.0, detail)]  # noqa: PLR2004


def _is_other_issue(left: Portrait, right: Portrait) -> bool:
    """Tell whether both state an issue and not the same; large numbers are serial ones of exports, not issues."""
    a, b = left.issue, right.issue
    return a != b and a.isdigit() and b.isdigit() and max(len(a), len(b)) <= 2 and left.volume == right.volume  # noqa: PLR2004


def _conclude(
    left: Portrait, right: Portrait, titles: TitleComparison, reasons: list[Reason], *, shares: bool
) -> Judgement:
    total = sum(reason.weight for reason in reasons)
    codes = {reason.code for reason in reasons}
    score = 1.0 / (1.0 + math.exp(_MIDDLE - max(min(total, 30.0), -30.0)))
    verdict: Verdict = "same" if total >= _SAME else "undecided" if total >= _UNDECIDED else "different"
    if "identifier_different" in codes and not shares and not codes.isdisjoint(_PLACE_CONFLICTS):
        verdict = "different"
    elif titles.likeness == "numbered" and not shares and "title_numbered" in codes:
        return _judge_numbered(left, right, reasons)
    elif shares and titles.likeness in {"other", "numbered"} and verdict == "different":
        verdict = "undecided" if "authors_none" not in codes else "different"
    elif verdict == "same" and (left.is_generic or right.is_generic) and not shares and not codes & _FOUND_THERE:
        verdict = "undecided"
    return Judgement(verdict, score, tuple(reasons))


_PLACE_CONFLICTS = frozenset(("pages_different", "volume_different"))
_FOUND_THERE = frozenset(("pages_same", "pages_first"))


def _judge_numbered(left: Portrait, right: Portrait, reasons: list[Reason]) -> Judgement:
    """Judge titles that are the same but for a number: parts of a series where the same people wrote them."""
    if any(reason.code == "authors_most" for reason in reasons):
        return Judgement("related", 0.0, tuple(reasons), "is_part_of_series", left.year >= right.year)
    return Judgement("different", 0.0, tuple(reasons))
