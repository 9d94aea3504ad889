"""Describe articles in few words, and draw their portraits as the product does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice, product
from typing import Any, cast

from harvesters.formats.description import RawContributor
from indexer.identity.portrait import Portrait, portrait_of
from indexer.models import (
    Container,
    Contributor,
    Identifier,
    IdentifierScheme,
    LanguageTag,
    Manifestation,
    PartialDate,
    Relation,
    Text,
)
from indexer.normalise.names import contributors

TITLE = "Effects of nitrogen on lake ecosystems in temperate regions"
PEOPLE = ("Smith, John", "Doe, Jane")
JOURNAL = "Journal of Hydrology"

_numbers = count(1)


def describe(
    title: str = TITLE,
    people: Sequence[str] = PEOPLE,
    *,
    year: int | None = 2020,
    journal: str | None = None,
    issns: tuple[str, ...] = (),
    ids: Sequence[str] = (),
    relations: Sequence[tuple[str, str]] = (),
    translated: Sequence[str] = (),
    language: str | None = None,
    source: str = "test",
    identifier: str | None = None,
    **fields: Any,
) -> Manifestation:
    """Describe an article; ``ids`` are ``scheme:value``, ``relations`` a kind and such an id."""
    return Manifestation(
        title=Text(value=title, language=LanguageTag(code=language, origin="declared") if language else None),
        translated_titles=tuple(Text(value=one) for one in translated),
        contributors=contributors([RawContributor(name=name) for name in people]),
        published=PartialDate(year=year) if year else None,
        container=Container(title=journal, issns=issns) if journal or issns else None,
        identifiers=tuple(_identifier(one) for one in ids),
        relations=tuple(Relation(kind=kind, target=_identifier(target)) for kind, target in relations),
        source=source,
        record_identifier=identifier or f"oai:example.org:{next(_numbers)}",
        datestamp="2026-01-01",
        **fields,
    )


def draw(title: str = TITLE, people: Sequence[str] = PEOPLE, **fields: Any) -> Portrait:
    """Draw the portrait of such an article."""
    return portrait_of(describe(title, people, **fields))


def crowd(size: int) -> tuple[Contributor, ...]:
    """Return so many authors with different names."""
    names = ("".join(letters).capitalize() for letters in product("aeioubdfgklmnprstvz", repeat=4))
    return tuple(Contributor(name=f"A. {name}", family=name, given="A.") for name in islice(names, size))


def _identifier(written: str) -> Identifier:
    scheme, _, value = written.partition(":")
    return Identifier(scheme=cast("IdentifierScheme", scheme), value=value)
