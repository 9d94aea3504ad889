"""Why records are one work, and why others are not: the pairs that were judged, and what people said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

from sqlalchemy import Connection

from indexer.identity.judging import Reason, contradict, judge
from indexer.storage.catalogue import StoredWork
from indexer.storage.judgement_log import JudgementLog, LoggedJudgement
from indexer.storage.judgements import Rulings
from indexer.storage.pairs import JudgedPair, RecordBrief, briefs, members_of, pairs_touching
from indexer.storage.portraits import PortraitTable
from indexer.storage.store import RecordStore

#: Records of a work that are explained; one with more says so.
MOST_RECORDS = 200
MOST_LINKS, MOST_OTHERS, MOST_JUDGEMENTS = 100, 20, 100
_MOST_PAIRS, _MOST_COMPARED, _MOST_OBJECTIONS = 2_000, 100, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Two records that speak against joining their works, and how."""

    left: RecordBrief
    right: RecordBrief
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPair:
    """A pair of a record of this work and another, of this work or of another one.

    ``is_subject`` tells whether ``record`` is the subject of ``relation``. Of a pair judged the same that is apart,
    ``objection`` says why, unless a person's judgement does.
    """

    record: RecordBrief
    other: RecordBrief
    verdict: str
    score: float
    reasons: tuple[Reason, ...]
    relation: str | None = None
    is_subject: bool = True
    kept_apart_by_people: bool = False
    objection: Objection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that speaks for and against a work as it is; ``cut`` where there is more than is told."""

    work: StoredWork
    records: tuple[RecordBrief, ...]
    links: tuple[ExplainedPair, ...]
    refused: tuple[ExplainedPair, ...]
    undecided: tuple[ExplainedPair, ...]
    related: tuple[ExplainedPair, ...]
    judgements: tuple[LoggedJudgement, ...]
    cut: bool


def explain(store: RecordStore, work: StoredWork) -> Explanation:
    """Explain an active work."""
    judgements = JudgementLog(store.database).page(work_key=work.key, limit=MOST_JUDGEMENTS)
    with store.database.read() as connection:
        keys = members_of(connection, [work.key], most=MOST_RECORDS + 1)[work.key]
        pairs = pairs_touching(connection, keys[:MOST_RECORDS], most=_MOST_PAIRS)
        lines = briefs(connection, {*keys[:MOST_RECORDS], *(key for one in pairs for key in (one.left, one.right))})
        told = [_told(one, lines, work.key) for one in pairs if one.left in lines and one.right in lines]
        links = [one for one in told if one.verdict == "same" and one.other.work_key == work.key]
        others = [one for one in told if one.other.work_key != work.key]
        refused = _Refusals(store, connection, work.key).explained([one for one in others if one.verdict == "same"])
    by_verdict = {verdict: [one for one in others if one.verdict == verdict] for verdict in ("undecided", "related")}
    order = {public: place for place, public in enumerate(work.data["manifestations"])}
    own = sorted((lines[key] for key in keys[:MOST_RECORDS] if key in lines), key=lambda one: order.get(one.id, 0))
    return Explanation(
        work=work,
        records=tuple(own),
        links=tuple(links[:MOST_LINKS]),
        refused=tuple(refused[:MOST_OTHERS]),
        undecided=tuple(by_verdict["undecided"][:MOST_OTHERS]),
        related=tuple(by_verdict["related"][:MOST_OTHERS]),
        judgements=tuple(judgements),
        cut=len(keys) > MOST_RECORDS
        or len(links) > MOST_LINKS
        or any(len(some) > MOST_OTHERS for some in (refused, *by_verdict.values())),
    )


def _told(pair: JudgedPair, lines: Mapping[int, RecordBrief], work_key: int) -> ExplainedPair:
    """Put this work's record first; of two of them, the left one."""
    left, right = lines[pair.left], lines[pair.right]
    is_left = left.work_key == work_key
    return ExplainedPair(
        record=left if is_left else right,
        other=right if is_left else left,
        verdict=pair.verdict,
        score=pair.score,
        reasons=pair.reasons,
        relation=pair.relation,
        is_subject=pair.subject_is_left is is_left,
    )


class _Refusals:
    """Why pairs that were judged the same are in different works."""

    def __init__(self, store: RecordStore, connection: Connection, work_key: int) -> None:
        self._connection = connection
        self._work = work_key
        self._portraits = PortraitTable(store.database, connection)
        rulings = Rulings(connection)
        self._rulings = rulings if rulings.exist() else None

    def explained(self, pairs: list[ExplainedPair]) -> list[ExplainedPair]:
        """Say of the first pairs what keeps them apart."""
        found: list[ExplainedPair] = []
        for one in pairs:
            told = one
            if len(found) < _MOST_OBJECTIONS and one.other.work_key is not None:
                works = members_of(self._connection, [self._work, one.other.work_key], most=_MOST_COMPARED)
                own, others = works[self._work], works[one.other.work_key]
                is_judged = self._is_judged(own, others)
                objection = None if is_judged else self._objection(own, others)
                told = replace(one, kept_apart_by_people=is_judged, objection=objection)
            found.append(told)
        return found

    def _is_judged(self, own: list[int], others: list[int]) -> bool:
        return self._rulings is not None and self._rulings.part(own, others)

    def _objection(self, own: list[int], others: list[int]) -> Objection | None:
        portraits = self._portraits.load({*own, *others})
        for left, right in islice(product(own, others), _MOST_COMPARED):
            if left in portraits and right in portraits and contradict(portraits[left], portraits[right]):
                lines = briefs(self._connection, (left, right))
                reasons = judge(portraits[left], portraits[right]).reasons
                against = tuple(reason for reason in reasons if reason.weight < 0) or reasons
                return Objection(left=lines[left], right=lines[right], reasons=against)
        return None
