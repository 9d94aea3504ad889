"""What the records of one journal say together, and what its articles get from it. Pure.

A journal record speaks for the articles that carry one of its ISSNs (or, where it has none, its title and no ISSN).
What an article's own records say goes before what its journal says, but for the journal's own affairs: ISSN-L,
publisher and country. A journal's languages are never the article's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from indexer.identity.keys import Key
from indexer.identity.merge import Merged
from indexer.models import Container, Journal, License, Subject
from indexer.normalise.container_names import container_name_keys
from indexer.search.folding import fold

_T = TypeVar("_T")
_SCHEME = "LCC"
#: Databases limit what an index may hold; no journal's name is longer.
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalView:
    """The merged view of one container's journal records; ``keys`` are those that they are known by.

    ``license`` is ``None`` where the journal has several, because nobody knows which is the article's.
    ``provenance`` names, for each field, the record its value came from (``journal:source:identifier``).
    """

    keys: frozenset[Key]
    title: str | None = None
    issns: tuple[str, ...] = ()
    issn_l: str | None = None
    publisher: str | None = None
    country: str | None = None
    subjects: tuple[Subject, ...] = ()
    license: License | None = None
    provenance: dict[str, str] = field(default_factory=dict)


def container_keys(one: Container | Journal) -> tuple[Key, ...]:
    """Return what a container is recognised by: all its ISSNs, or its name's forms where it has none.

    Two journals of one name with different ISSNs so stay apart. The last key is the title as older stores have it.
    """
    if one.issns:
        return tuple(Key("issn", issn) for issn in one.issns)
    if not one.title:
        return ()
    names = (*container_name_keys(one.title), fold(one.title)[:_LONGEST_TITLE])
    return tuple(Key("title", name) for name in dict.fromkeys(names))


def merge_journals(journals: Sequence[Journal]) -> JournalView:
    """Merge the records of one journal, at least one; the result is the same in any order.

    Each field is the newest record's that states it (by datestamp; of equals the first by source and identifier);
    ISSNs are united.
    """
    ranked = sorted(journals, key=lambda one: (one.source, one.record_identifier))
    ranked.sort(key=lambda one: one.datestamp, reverse=True)
    provenance: dict[str, str] = {}

    def newest(name: str, read: Callable[[Journal], _T]) -> _T:
        """Choose the first value that says anything."""
        for one in ranked:
            if value := read(one):
                provenance[name] = f"journal:{one.source}:{one.record_identifier}"
                return value
        return read(ranked[0])

    newest("issns", lambda one: one.issns)
    return JournalView(
        keys=frozenset(key for one in ranked for key in container_keys(one)),
        title=newest("title", lambda one: one.title),
        issns=tuple(dict.fromkeys(issn for one in ranked for issn in one.issns)),
        issn_l=newest("issn_l", lambda one: one.issn_l),
        publisher=newest("publisher", lambda one: one.publisher),
        country=newest("country", lambda one: one.country),
        subjects=newest("subjects", _headings),
        license=_only(newest("license", lambda one: one.licenses)),
        provenance=provenance,
    )


def enrich(merged: Merged, view: JournalView) -> Merged:
    """Add what the journal says to an article's merged view, with where it came from; it must have a container."""
    described, container = merged.bibliography, merged.bibliography.container
    if container is None:
        return merged
    completed = _completed(container, view)
    license_ = described.license or view.license
    known = {(one.scheme, one.term.casefold()) for one in described.subjects}
    added = tuple(one for one in view.subjects if (one.scheme, one.term.casefold()) not in known)
    taken = {f"container.{name}": name for name in _CONTAINER_FIELDS if _is_taken(name, container, view)}
    if described.license is None and license_ is not None:
        taken["license"] = "license"
    if added:
        taken["subjects.journal"] = "subjects"
    return replace(
        merged,
        bibliography=replace(described, container=completed, license=license_, subjects=(*described.subjects, *added)),
        provenance=merged.provenance | {name: view.provenance[field_] for name, field_ in taken.items()},
    )


_CONTAINER_FIELDS = ("title", "issns", "issn_l", "publisher", "country")


def _completed(container: Container, view: JournalView) -> Container:
    return replace(
        container,
        title=container.title or view.title,
        issns=tuple(dict.fromkeys((*container.issns, *view.issns))),
        issn_l=view.issn_l or container.issn_l,
        publisher=view.publisher or container.publisher,
        country=view.country or container.country,
    )


def _is_taken(name: str, container: Container, view: JournalView) -> bool:
    """Tell whether a field of the container is the journal's: for its title and ISSNs only what the article lacks."""
    if name == "title":
        return container.title is None and view.title is not None
    if name == "issns":
        return not set(view.issns) <= set(container.issns)
    return getattr(view, name) is not None


def _headings(journal: Journal) -> tuple[Subject, ...]:
    return tuple(replace(one, origin="journal") for one in journal.subjects if one.scheme == _SCHEME)


def _only(licenses: tuple[License, ...]) -> License | None:
    """Return the one licence that a journal has, as the journal's; ``None`` where it has several or says none."""
    return replace(licenses[0], origin="journal") if len(licenses) == 1 else None
