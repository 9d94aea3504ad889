"""How judgements, explanations and provenance look from outside: the bodies of the API and of ``--json``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from indexer import clock
from indexer.explaining import ExplainedPair, Explanation, Objection
from indexer.identity.claims import FieldClaims
from indexer.identity.judging import Reason, words
from indexer.identity.wording import Language
from indexer.judging_desk import Decided
from indexer.provenance import RawForm, SourceRecord
from indexer.storage.judgement_log import LoggedJudgement
from indexer.storage.pairs import RecordBrief
from indexer.storage.review import Undecided

#: Letters of a raw record that are shown with others, and of all in one answer; the rest is behind its link.
MOST_SHOWN, MOST_IN_ALL = 20_000, 400_000


def judgement_body(one: LoggedJudgement) -> dict[str, Any]:
    """Return a judgement."""
    undone = None
    if one.undone_at is not None:
        undone = {"at": clock.iso(one.undone_at), "who": one.undone_by, "reason": one.undone_reason}
    return {
        "id": one.id,
        "kind": one.kind,
        "state": one.state,
        "field": one.field,
        "value": one.value,
        "reason": one.reason,
        "who": one.who,
        "at": clock.iso(one.at),
        "undone": undone,
        "records": [
            {
                "source": record.source,
                "identifier": record.identifier,
                "group": record.group,
                "manifestation": record.manifestation,
                "work": record.work,
            }
            for record in one.records
        ],
        "record_count": one.record_count,
    }


def decided_body(decided: Decided) -> dict[str, Any]:
    """Return what came of recording or undoing."""
    return {
        "judgement": judgement_body(decided.judgement),
        "created": decided.created,
        "overrules": decided.overrules,
        "restores": decided.restores,
        "redirected": [{"from": given, "to": target} for given, target in decided.redirected.items()],
        "works": decided.works,
    }


def reasons_body(reasons: Iterable[Reason], language: Language) -> list[dict[str, Any]]:
    """Return reasons with their sentence."""
    return [
        {"code": one.code, "weight": one.weight, "detail": one.detail, "text": words(one, language)} for one in reasons
    ]


def record_body(one: RecordBrief) -> dict[str, Any]:
    """Return a record in a line."""
    return {
        "manifestation": one.id,
        "source": one.source,
        "identifier": one.identifier,
        "title": one.title,
        "year": one.year,
        "work": one.work,
    }


def review_body(one: Undecided, left: dict[str, Any], right: dict[str, Any], language: Language) -> dict[str, Any]:
    """Return an undecided pair with the cards of its two works."""
    return {
        "score": round(one.pair.score, 3),
        "records": one.records,
        "reasons": reasons_body(one.pair.reasons, language),
        "left": {"work": left, "record": record_body(one.left)},
        "right": {"work": right, "record": record_body(one.right)},
    }


# --- why ------------------------------------------------------------------------------------------


def why_body(one: Explanation, language: Language, *, with_names: bool = True) -> dict[str, Any]:
    """Return an explanation; the reasons' sentences are in one language.

    Without names it is for everybody: who judged, and in which words, is the library's own affair.
    """
    return {
        "work": one.work.id,
        "title": one.work.data["title"]["value"],
        "records": [record_body(record) for record in one.records],
        "links": _pairs(one.links, language),
        "refused": _pairs(one.refused, language),
        "undecided": _pairs(one.undecided, language),
        "related": _pairs(one.related, language),
        "judgements": [_judgement(judgement, with_names=with_names) for judgement in one.judgements],
        "cut": one.cut,
    }


def _judgement(one: LoggedJudgement, *, with_names: bool) -> dict[str, Any]:
    body = judgement_body(one)
    if not with_names:
        undone = {"at": clock.iso(one.undone_at)} if one.undone_at else None
        body = {**body, "undone": undone}
        del body["who"], body["reason"]
    return body


def _pairs(pairs: Sequence[ExplainedPair], language: Language) -> list[dict[str, Any]]:
    return [
        {
            "record": record_body(one.record),
            "other": record_body(one.other),
            "verdict": one.verdict,
            "score": round(one.score, 3),
            "relation": one.relation,
            "is_subject": one.is_subject if one.relation else None,
            "reasons": reasons_body(one.reasons, language),
            "kept_apart_by_people": one.kept_apart_by_people,
            "objection": _objection(one.objection, language),
        }
        for one in pairs
    ]


def _objection(one: Objection | None, language: Language) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "left": record_body(one.left),
        "right": record_body(one.right),
        "reasons": reasons_body(one.reasons, language),
    }


# --- where it comes from ----------------------------------------------------------------------------


def as_text(body: bytes) -> str:
    """Read a raw record as text; bytes that are none are shown escaped."""
    return body.decode("utf-8", "backslashreplace")


def sources_bodies(work_id: str, records: Iterable[SourceRecord]) -> list[dict[str, Any]]:
    """Return records as sent and as understood; long ones are cut, with a link to the whole."""
    left = MOST_IN_ALL
    found = []
    for one in records:
        forms = []
        for form in one.forms:
            shown = _form(work_id, one.id, form, min(MOST_SHOWN, left))
            left -= len(shown["body"])
            forms.append(shown)
        found.append(
            {
                "manifestation": one.id,
                "source": one.source,
                "identifier": one.identifier,
                "updated_at": clock.iso(one.updated_at),
                "as_sent": forms,
                "as_understood": one.understood,
            }
        )
    return found


def _form(work_id: str, manifestation: str, form: RawForm, most: int) -> dict[str, Any]:
    text = as_text(form.body)
    return {
        "format": form.format,
        "datestamp": form.datestamp,
        "deleted": form.deleted,
        "first_received_at": clock.iso(form.first_received_at),
        "received_at": clock.iso(form.received_at),
        "changes": form.changes,
        "bytes": form.size,
        "body": text[:most],
        "cut": len(text) > most,
        "raw": raw_address(work_id, manifestation, form.format),
    }


def raw_address(work_id: str, manifestation: str, format_: str) -> str:
    """Return where the whole record is."""
    return f"/v1/works/{work_id}/sources/{manifestation}/raw?{urlencode({'format': format_})}"


def fields_bodies(fields: Iterable[FieldClaims]) -> list[dict[str, Any]]:
    """Return the fields with the chosen value, its source, and what others say."""
    return [
        {
            "field": one.field,
            "value": one.value,
            "origin": one.origin,
            "united": one.is_united,
            "claims": _claims(one) if one.is_united else [],
            "losing": [] if one.is_united else _claims(one),
        }
        for one in fields
    ]


def _claims(one: FieldClaims) -> list[dict[str, Any]]:
    return [
        {"value": claim.value, "records": claim.records, "record_count": claim.record_count} for claim in one.claims
    ]
