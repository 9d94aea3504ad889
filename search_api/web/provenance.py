"""The page of where a work comes from: its records, its fields, and why they are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.identity.claims import Claim, FieldClaims
from indexer.provenance import RawForm, SourceRecord
from indexer.storage.catalogue import StoredWork
from search_api.told import as_text, raw_address
from search_api.web.i18n import Words
from search_api.web.results import Labels, TextView

#: Letters of a raw record on the page, and lines of losing values under a field.
_MOST_SHOWN, _MOST_OTHERS = 4_000, 10
_MANY_NAMED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """A record as it was sent in one format: its beginning, and where the whole is."""

    title: str
    text: str
    raw: str
    whole: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A source's record."""

    number: int
    source: str
    title: TextView
    identifier: str
    datestamp: str
    received: str
    forms: tuple[FormView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherView:
    """A losing value and who says it."""

    text: TextView
    said_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """A field: what is shown, where it comes from, and what others say."""

    label: str
    text: TextView | None
    origin: str
    others: tuple[OtherView, ...]


def record_views(
    work: StoredWork, records: Sequence[SourceRecord], words: Words, labels: Labels
) -> tuple[RecordView, ...]:
    """Return records with the numbers they have among all of the work's."""
    numbers = {public: place for place, public in enumerate(work.data["manifestations"], start=1)}
    return tuple(
        RecordView(
            number=numbers[one.id],
            source=labels.sources.get(one.source, one.source),
            title=TextView.of(one.understood["title"]["value"], None),
            identifier=one.identifier,
            datestamp=str(one.understood["datestamp"])[:10],
            received=words.day(max(form.received_at for form in one.forms)) if one.forms else "–",
            forms=tuple(_form(work.id, one.id, form, words) for form in one.forms),
        )
        for one in records
    )


def _form(work_id: str, manifestation: str, form: RawForm, words: Words) -> FormView:
    text = as_text(form.body)
    is_cut = len(text) > _MOST_SHOWN
    return FormView(
        title=words("origin_sent", format=form.format),
        text=text[:_MOST_SHOWN] + ("…" if is_cut else ""),
        raw=raw_address(work_id, manifestation, form.format),
        whole=words("origin_whole", count=words.number(form.size)),
    )


def field_views(work: StoredWork, fields: Sequence[FieldClaims], words: Words, labels: Labels) -> tuple[FieldView, ...]:
    """Return the fields in a fixed order, each with its losing values."""
    numbers = {public: place for place, public in enumerate(work.data["manifestations"], start=1)}
    return tuple(
        FieldView(
            label=words.label("field", one.field),
            text=TextView.of(_coded(one.field, one.shown, words), None) if one.shown else None,
            origin=_origin(one, numbers, words, labels),
            others=()
            if one.is_united
            else tuple(
                OtherView(
                    text=TextView.of(_coded(one.field, claim.shown, words), None),
                    said_by=_said_by(claim, numbers, words),
                )
                for claim in one.claims[:_MOST_OTHERS]
            ),
        )
        for one in fields
    )


def _coded(field: str, shown: str, words: Words) -> str:
    """Say a coded value in the reader's words."""
    if field == "type":
        return words.label("type", shown)
    if field == "languages":
        return words("names_separator").join(words.language_name(code) for code in shown.split(", ") if code)
    return shown


def _origin(one: FieldClaims, numbers: Mapping[str, int], words: Words, labels: Labels) -> str:
    origin = one.origin or ""
    if origin in numbers and not one.is_united:
        return words("record_number", number=numbers[origin])
    if origin.startswith("journal:"):
        return words("origin_journal", source=labels.source(origin.split(":")[1]))
    if origin.startswith("judgement:"):
        return words("origin_person", id=origin.partition(":")[2])
    return words("origin_united")


def _said_by(claim: Claim, numbers: Mapping[str, int], words: Words) -> str:
    named = [words("record_number", number=numbers[one]) for one in claim.records[:_MANY_NAMED] if one in numbers]
    more = claim.record_count - len(named)
    return words("names_separator").join(named) + (f" +{more}" if more > 0 else "")
