"""Judge whether two portraits show one work: what forbids it or relates them, then the sum of what speaks for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from indexer.identity.evidence import (
    TRUSTED,
    Reason,
    is_one_place,
    likeness_of,
    reasons_for,
    share_identifier,
    title_reason,
)
from indexer.identity.portrait import Portrait
from indexer.identity.relating import (
    Tie,
    stated_tie,
    tie_of_abstract,
    tie_of_kinds,
    tie_of_parts,
    tie_of_versions,
)
from indexer.identity.titles import TitleComparison
from indexer.identity.wording import words

__all__ = ["RULES_VERSION", "Judgement", "Reason", "contradict", "judge", "words"]

RULES_VERSION = "2"
"""Changes when any rule does; stored judgements of other versions are made anew."""

Verdict = Literal["same", "undecided", "related", "different"]

_SAME = 5.0
_UNDECIDED = 2.5
_EVEN = 3.5
"""The sum at which the score is one half; the score of ``_SAME`` is 0.82, of ``_UNDECIDED`` 0.27."""
_LARGEST_SUM = 30.0
_CONTRADICTION = -3.0
_STATED_VERSION = 10.0
_PLACE_CONFLICTS = frozenset(("pages_different", "volume_different"))
_FOUND_THERE = frozenset(("pages_same", "pages_first"))
_ONE_JOURNAL = _FOUND_THERE | {"volume_same"}
"""What shows that two names are one journal's, of which one may be translated."""
_SETTLED = frozenset(("is_version_of", "retracts"))
"""Relations that hold however much else agrees."""
_EXACT = frozenset(("equal", "near"))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was judged of a pair; ``score`` is between 0 and 1, above 0.82 where they are the same.

    ``relation`` is set where the verdict is ``related`` and reads "subject RELATION object".
    """

    verdict: Verdict
    score: float
    reasons: tuple[Reason, ...]
    relation: str | None = None
    subject_is_left: bool = True


_PLAINLY_DIFFERENT = Judgement("different", 0.0, (title_reason(TitleComparison("other", 0)),))


def judge(left: Portrait, right: Portrait) -> Judgement:
    """Judge a pair; the same whichever stands on the left, but for ``subject_is_left``."""
    if left.order <= right.order:
        return _judge(left, right)
    judgement = _judge(right, left)
    if judgement.relation is None:
        return judgement
    return replace(judgement, subject_is_left=not judgement.subject_is_left)


def _judge(left: Portrait, right: Portrait) -> Judgement:
    shares = share_identifier(left, right)
    titles = likeness_of(left, right)
    if shares and titles.likeness == "other" and left.language and right.language and left.language != right.language:
        titles = TitleComparison("incomparable", 0)  # each source chose another of its titles
    stated = stated_tie(left, right) if left.relations or right.relations else None
    if titles.likeness == "other" and not shares and stated is None and not is_one_place(left, right):
        return _PLAINLY_DIFFERENT
    if (
        stated is not None
        and stated.joins != "always"
        and not (stated.joins == "titled" and titles.likeness in TRUSTED)
    ):
        return _related(stated, [Reason("stated_relation", 0.0, stated.relation)])
    if left.kind != right.kind:
        reasons = [Reason("kinds_differ", -10.0, f"{left.kind}/{right.kind}"), title_reason(titles)]
        return _related(tie_of_kinds(left, right, titles), reasons)
    reasons = reasons_for(left, right, titles)
    if stated is not None:
        reasons.append(Reason("stated_version", _STATED_VERSION))
        shares = True
    return _conclude(left, right, titles, reasons, shares=shares)


def contradict(left: Portrait, right: Portrait) -> bool:
    """Tell whether two portraits can hardly be one work: the veto between members of clusters.

    Little in common is no contradiction; what they state must speak against each other.
    """
    judgement = judge(left, right)
    if judgement.verdict in {"same", "undecided"}:
        return False
    if judgement.verdict == "related":
        return True
    return sum(min(reason.weight, 0.0) for reason in judgement.reasons) <= _CONTRADICTION


def _related(tie: Tie | None, reasons: list[Reason]) -> Judgement:
    if tie is None:
        return Judgement("different", 0.0, tuple(reasons))
    return Judgement("related", 0.0, tuple(reasons), tie.relation, tie.subject_is_left)


def _conclude(
    left: Portrait, right: Portrait, titles: TitleComparison, reasons: list[Reason], *, shares: bool
) -> Judgement:
    codes = {reason.code for reason in reasons}
    total = max(min(sum(reason.weight for reason in reasons), _LARGEST_SUM), -_LARGEST_SUM)
    verdict: Verdict = "same" if total >= _SAME else "undecided" if total >= _UNDECIDED else "different"
    if not shares:
        tie = _tie(left, right, titles, codes)
        if tie is not None and (verdict != "same" or tie.relation in _SETTLED):
            return _related(tie, reasons)
        if "title_numbered" in codes or ("identifier_different" in codes and not codes.isdisjoint(_PLACE_CONFLICTS)):
            verdict = "different"
        elif verdict == "same" and _is_too_weak(left, right, titles, codes):
            verdict = "undecided"
    elif verdict == "different" and "authors_none" not in codes:
        verdict = "undecided"  # an identifier is shared: somebody should look at it
    return Judgement(verdict, 1.0 / (1.0 + math.exp(_EVEN - total)), tuple(reasons))


def _tie(left: Portrait, right: Portrait, titles: TitleComparison, codes: set[str]) -> Tie | None:
    if "title_numbered" in codes:
        return tie_of_parts(left, right) if "authors_most" in codes else None
    if "identifier_different" in codes:
        if tie := tie_of_versions(left, right, titles):
            return tie
        if left.is_retracted != right.is_retracted and titles.likeness in _EXACT:
            return Tie("retracts", left.is_retracted)  # some publishers title their notices "Retracted: …"
    if titles.likeness in _EXACT and "authors_most" in codes and not left.is_generic and not right.is_generic:
        return tie_of_abstract(left, right)
    return None


def _is_too_weak(left: Portrait, right: Portrait, titles: TitleComparison, codes: set[str]) -> bool:
    """Tell whether a sum that is high enough rests on too little: a heading not found on a page, a preprint's title.

    One text may stand in two journals (a statement of several societies), as two works.
    """
    if (left.is_generic or right.is_generic) and codes.isdisjoint(_FOUND_THERE):
        return True
    if "items_alike" in codes:
        return True
    if "container_different" in codes and codes.isdisjoint(_ONE_JOURNAL):
        return True
    return "preprint" in codes and not (titles.likeness in _EXACT and "authors_most" in codes)
