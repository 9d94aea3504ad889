"""What became of a work and what it is related to, as the page shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from indexer.storage.catalogue import Catalogue, StoredWork
from search_api.states import works_told_of
from search_api.web.addresses import identifier_address, web_address
from search_api.web.i18n import Words

_MOST_RELATIONS = 20
#: What records state about notices; they stand in the banner.
_STATED_NOTICES = frozenset(("retracted_by", "concerned_by", "corrected_by"))
_NOTICES = frozenset(("corrects", "retracts", "concerns"))
#: A judged relation as a reader of its subject, and of its object, would say it.
_SAID: Mapping[str, tuple[str, str]] = {
    "corrects": ("corrects", "corrected_by"),
    "retracts": ("retracts", "retracted_by"),
    "concerns": ("concerns", "concerned_by"),
    "comments_on": ("comments_on", "commented_by"),
    "replies_to": ("replies_to", "replied_by"),
    "reviews": ("reviews", "reviewed_by"),
    "adds_to": ("adds_to", "added_to_by"),
    "is_translation_of": ("translation_of", "translated_by"),
    "is_version_of": ("version_of", "version_of"),
    "is_companion_of": ("companion_of", "companion_of"),
    "is_part_of_series": ("part_of_series", "series_part"),
    "is_abstract_of": ("abstract_of", "abstracted_by"),
    "is_supplement_to": ("supplement_to", "supplemented_by"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationView:
    """A correction, reply, translation or other work; ``here`` where it is in this library."""

    kind: str
    label: str
    url: str | None
    here: bool
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """That a work was retracted, withdrawn, questioned or corrected, and by which notices."""

    status: str
    title: str
    notices: tuple[RelationView, ...]


def relation_word(relation: str, words: Words, *, is_subject: bool) -> str:
    """Say a judged relation from the side of its subject or of its object."""
    said = _SAID.get(relation)
    return words.label("relation", said[not is_subject]) if said else relation


def state_view(work: StoredWork, works: Mapping[str, StoredWork], words: Words) -> StateView | None:
    """Return what the banner says, or ``None`` for nearly all works."""
    status = work.data.get("status")
    if status is None:
        return None
    notices = tuple(_notice(one, works, words) for one in work.data["notices"][:_MOST_RELATIONS])
    return StateView(status=status, title=words.label("state", status), notices=notices)


def _notice(notice: Mapping[str, Any], works: Mapping[str, StoredWork], words: Words) -> RelationView:
    here = works.get(notice["manifestation"] or "")
    kind = words.label("notice", notice["kind"])
    named = notice["identifier"]
    return RelationView(
        kind=kind,
        label=notice["title"] or (f"{named['scheme']} {named['value']}" if named else kind),
        url=f"/works/{here.id}" if here else web_address(notice["url"]),
        here=here is not None,
        date=words.partial_date(notice["published"]) if notice["published"] else None,
    )


def relation_views(
    work: StoredWork, catalogue: Catalogue, schemes: Mapping[str, str], words: Words
) -> tuple[tuple[RelationView, ...], StateView | None]:
    """Return what a work is related to, each thing once, and what became of it."""
    works = works_told_of(work, catalogue)
    state = state_view(work, works, words)
    found: dict[str, RelationView] = {}
    for one in (*_judged(work, works, words), *_stated(work, catalogue, schemes, words)):
        found.setdefault(one.url or one.label, one)
    shown = {one.url for one in state.notices} if state else set()
    return tuple(one for one in found.values() if one.url not in shown)[:_MOST_RELATIONS], state


def _judged(work: StoredWork, works: Mapping[str, StoredWork], words: Words) -> Iterator[RelationView]:
    for one in work.data.get("related", ()):
        other = works.get(one["manifestation"])
        if other is not None and other.id != work.id and (one["is_subject"] or one["relation"] not in _NOTICES):
            yield RelationView(
                kind=relation_word(one["relation"], words, is_subject=one["is_subject"]),
                label=other.data["title"]["value"],
                url=f"/works/{other.id}",
                here=True,
            )


def _stated(work: StoredWork, catalogue: Catalogue, schemes: Mapping[str, str], words: Words) -> Iterator[RelationView]:
    has_notices = bool(work.data.get("notices"))
    for relation in work.data["relations"][:_MOST_RELATIONS]:
        if has_notices and relation["kind"] in _STATED_NOTICES:
            continue
        scheme, value = relation["target"]["scheme"], relation["target"]["value"]
        here = catalogue.by_identifier(scheme, value)
        if here is None or here.id != work.id:
            yield RelationView(
                kind=words.label("relation", relation["kind"]),
                label=here.data["title"]["value"] if here else f"{schemes.get(scheme, scheme)} {value}",
                url=f"/works/{here.id}" if here else identifier_address(scheme, value),
                here=here is not None,
            )
