"""The merged view of a work: for each field the best value among its manifestations, and where it came from.

The choice depends on the manifestations alone (format, completeness, then source and identifier), never on arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from indexer.identity.copies import rank
from indexer.identity.states import Tie, WorkState, state_of
from indexer.identity.titles import parts_of
from indexer.models import Bibliography, Container, Contributor, Location, Manifestation, Text

#: Formats by how much they can be trusted to be structured: JATS from the publisher, then DOAJ's own, then Dublin Core.
_FORMAT_RANK = {"jats": 0, "pmc_fm": 0, "pmc": 0, "oai_doaj": 1, "doaj_json": 1, "oai_dc": 3}
_DEFAULT_RANK = 2
_SINGLE = ("container", "published", "volume", "issue", "pages", "license")
_UNITED = ("identifiers", "subjects", "keywords", "relations")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A merged description; ``provenance`` maps each field to the manifestation id its value came from."""

    bibliography: Bibliography
    sources: tuple[str, ...]
    manifestations: tuple[str, ...]
    provenance: dict[str, str]
    state: WorkState = field(default_factory=WorkState)


def merge(members: Sequence[tuple[str, Manifestation]], ties: Iterable[Tie] = ()) -> Merged:
    """Merge (id, manifestation) pairs, at least one, with their relations; the result is the same in any order."""
    ranked = sorted(members, key=_rank)
    provenance: dict[str, str] = {}

    def best(name: str, quality: Callable[[Any], Any]) -> Any:
        """Choose the value of the highest quality; among equals the first in rank."""
        candidates = [(identifier, getattr(one, name)) for identifier, one in ranked if getattr(one, name)]
        if not candidates:
            return getattr(ranked[0][1], name)
        identifier, value = max(candidates, key=lambda pair: quality(pair[1]))
        provenance[name] = identifier
        return value

    fields: dict[str, Any] = {name: best(name, lambda _: 0) for name in _SINGLE if name != "published"}
    fields["title"] = best("title", lambda _: 0)
    fields["type"] = best("type", lambda value: value not in {"article", "other"})
    fields["published"] = best("published", lambda date: (date.month is not None) + (date.day is not None))
    fields["contributors"] = best("contributors", _contributor_quality)
    fields["abstracts"] = best("abstracts", len)
    fields["translated_titles"] = _translated(fields["title"], best("translated_titles", len), ranked, provenance)
    fields["languages"] = best("languages", lambda tags: tags[0].confidence if tags else 0)
    for name in _UNITED:
        fields[name] = _united(name, ranked, provenance)
    places = (place for _, one in ranked for place in _licensed(one))
    fields["locations"] = tuple(copy.location for copy in rank(places, fields["identifiers"]))
    fields["container"] = _container(fields["container"], [one for _, one in ranked])
    return Merged(
        bibliography=Bibliography(**fields),
        sources=tuple(sorted({one.source for _, one in ranked})),
        manifestations=tuple(identifier for identifier, _ in ranked),
        provenance=provenance,
        state=state_of(ranked, ties),
    )


def _rank(member: tuple[str, Manifestation]) -> tuple[int, bool, str, str]:
    one = member[1]
    rank = min((_FORMAT_RANK.get(name, _DEFAULT_RANK) for name in one.formats), default=_DEFAULT_RANK)
    return rank, not one.abstracts, one.source, one.record_identifier


def _contributor_quality(people: tuple[Contributor, ...]) -> tuple[int, int, int]:
    return (
        sum(person.family is not None for person in people),
        sum(person.orcid is not None for person in people),
        sum(bool(person.affiliations) for person in people),
    )


def _translated(
    title: Text, chosen: tuple[Text, ...], ranked: Sequence[tuple[str, Manifestation]], provenance: dict[str, str]
) -> tuple[Text, ...]:
    """Add the first title in each other script: an English record must not hide how the Chinese one calls the work."""
    if len({one.title.value for _, one in ranked}) == 1:
        return chosen
    found = list(chosen)
    scripts = {part.script for part in parts_of([text.value for text in (title, *chosen)])}
    for identifier, one in ranked:
        for text in (one.title, *one.translated_titles):
            main = max(parts_of([text.value]), key=lambda part: part.letters, default=None)
            if main is not None and main.script not in scripts:
                scripts.add(main.script)
                found.append(text)
                provenance.setdefault("translated_titles", identifier)
    return tuple(found)


def _unique(values: Iterable[_T], key: Callable[[_T], object]) -> tuple[_T, ...]:
    seen: dict[object, _T] = {}
    for value in values:
        seen.setdefault(key(value), value)
    return tuple(seen.values())


def _united(name: str, ranked: Sequence[tuple[str, Manifestation]], provenance: dict[str, str]) -> tuple[Any, ...]:
    for identifier, one in ranked:
        if getattr(one, name):
            provenance.setdefault(name, identifier)
    keys: dict[str, Callable[[Any], object]] = {
        "identifiers": lambda value: (value.scheme, value.value),
        "subjects": lambda value: (value.scheme, value.term.casefold()),
        "keywords": lambda value: value.casefold(),
        "relations": lambda value: (value.kind, value.target.scheme, value.target.value),
    }
    return _unique((value for _, one in ranked for value in getattr(one, name)), keys[name])


def _container(chosen: Container | None, members: Sequence[Manifestation]) -> Container | None:
    """Complete the chosen container with ISSNs that other manifestations know of the same one."""
    if chosen is None:
        return None
    issns = dict.fromkeys(chosen.issns)
    for one in members:
        other = one.container
        if other and (not issns or issns.keys() & set(other.issns)):
            issns.update(dict.fromkeys(other.issns))
    known = [one.container for one in members if one.container]
    return replace(
        chosen,
        issns=tuple(issns),
        issn_l=chosen.issn_l or next((other.issn_l for other in known if other.issn_l), None),
        publisher=chosen.publisher or next((other.publisher for other in known if other.publisher), None),
    )


def _licensed(one: Manifestation) -> Iterable[Location]:
    return (place if place.license else replace(place, license=one.license) for place in one.locations)
