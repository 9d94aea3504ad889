"""Why records are one work, in the reader's words: for the page and for ``kaijuan why``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from indexer import clock
from indexer.explaining import ExplainedPair, Explanation
from indexer.identity.judging import words as reason_words
from indexer.storage.judgement_log import LoggedJudgement
from search_api.web.i18n import Words
from search_api.web.states import relation_word


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """A pair, the sentences that speak for or against it, and the other work where it is another."""

    title: str
    sentences: tuple[str, ...]
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """An explanation in words; ``intro`` stands in for links where there are none."""

    intro: str | None
    links: tuple[PairView, ...]
    judgements: tuple[PairView, ...]
    refused: tuple[PairView, ...]
    undecided: tuple[PairView, ...]
    related: tuple[PairView, ...]
    cut: bool


def why_view(one: Explanation, words: Words, *, with_names: bool) -> WhyView:
    """Say an explanation; who judged is said to the library's people only (``with_names``)."""
    numbers = {record.id: words("record_number", number=place) for place, record in enumerate(one.records, start=1)}
    intro = None
    if len(one.records) == 1:
        intro = words("why_single")
    elif not one.links:
        intro = words("why_people_only")
    return WhyView(
        intro=intro,
        links=tuple(_link(pair, numbers, words) for pair in one.links),
        judgements=tuple(_judged(judgement, words, with_names=with_names) for judgement in one.judgements),
        refused=tuple(_refused(pair, numbers, words) for pair in one.refused),
        undecided=tuple(_other(pair, numbers, words) for pair in one.undecided),
        related=tuple(_related(pair, numbers, words) for pair in one.related),
        cut=one.cut,
    )


def _sentences(pair: ExplainedPair, words: Words) -> tuple[str, ...]:
    return tuple(reason_words(reason, words.language) for reason in pair.reasons)


def _percent(score: float) -> str:
    return f"{min(score, 0.999):.1%}"


def _link(pair: ExplainedPair, numbers: Mapping[str, str], words: Words) -> PairView:
    left, right = sorted((pair.record, pair.other), key=lambda record: list(numbers).index(record.id))
    title = words("why_pair", left=numbers[left.id], right=numbers[right.id], score=_percent(pair.score))
    return PairView(title=title, sentences=_sentences(pair, words))


def _other(pair: ExplainedPair, numbers: Mapping[str, str], words: Words) -> PairView:
    left = numbers[pair.record.id]
    return PairView(
        title=words("why_other", left=left, title=pair.other.title, score=_percent(pair.score)),
        sentences=_sentences(pair, words),
        url=f"/works/{pair.other.work}" if pair.other.work else None,
    )


def _refused(pair: ExplainedPair, numbers: Mapping[str, str], words: Words) -> PairView:
    shown = _other(pair, numbers, words)
    note = words("why_refused_else")
    if pair.kept_apart_by_people:
        note = words("why_refused_by_people")
    elif pair.objection is not None:
        left = numbers.get(pair.objection.left.id, pair.objection.left.identifier)
        because = words("why_refused_by", left=left, right=pair.objection.right.title)
        space = "" if words.language == "zh" else " "
        against = space.join(reason_words(reason, words.language) for reason in pair.objection.reasons)
        note = f"{because}{space}{against}"
    return PairView(title=shown.title, sentences=shown.sentences, url=shown.url, note=note)


def _related(pair: ExplainedPair, numbers: Mapping[str, str], words: Words) -> PairView:
    shown = words("why_other_plain", left=numbers[pair.record.id], title=pair.other.title)
    kind = relation_word(pair.relation or "related_to", words, is_subject=pair.is_subject)
    return PairView(
        title=shown,
        sentences=_sentences(pair, words),
        url=f"/works/{pair.other.work}" if pair.other.work else None,
        note=kind,
    )


def _judged(one: LoggedJudgement, words: Words, *, with_names: bool) -> PairView:
    what = words.label("judged", one.kind)
    if one.field is not None:
        value = "; ".join(one.value) if isinstance(one.value, tuple) else one.value  # names have commas of their own
        what = f"{what}: {one.field} = {value or words('origin_nothing')}"
    told = [words.label("standing", one.state)]
    if with_names:
        told.append(words("why_by", date=clock.iso(one.at), who=one.who, reason=one.reason))
        if one.undone_at is not None:
            told.append(words("why_by", date=clock.iso(one.undone_at), who=one.undone_by, reason=one.undone_reason))
    else:
        told.append(words.day(one.at))
    return PairView(title=f"{one.id} · {what}", sentences=tuple(told))
