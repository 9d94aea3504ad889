"""What identity looks at: a small picture of a manifestation, drawn once and kept packed beside it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any

import orjson

from indexer.identity.kinds import Kind, read_title
from indexer.identity.people import authors_of
from indexer.identity.places import name_of, number_of, pages_of
from indexer.identity.titles import Title, parts_of
from indexer.models import Manifestation

PORTRAIT_VERSION = "2"
"""Changes when the same manifestation gives another portrait; stored ones are then drawn anew."""

SCHEMES = ("doi", "pmid", "pmcid", "arxiv", "doaj")
"""The identifiers that name one article."""
_LONGEST_BYTES = 1_000
_MOST_IDENTIFIERS = 12
_MOST_RELATIONS = 20
_SURE = 0.8
_ORDER = struct.Struct(">q")


@dataclass(frozen=True, slots=True)
class Portrait:
    """A manifestation as identity sees it; equal manifestations have equal portraits.

    ``order`` is a signed 64-bit number of source and identifier: whatever must come first, the lower one does.
    ``titles`` are those of what it is about (a corrigendum's without "Corrigendum to"), by part and script;
    ``authors`` as ``people.authors_of`` writes them; ``pages`` first and last, empty where not known; ``year`` 0.
    ``relations`` are pairs of kind and ``scheme:value``; ``language`` is the main title's, empty where it is not sure.
    """

    source: str
    identifier: str
    order: int
    identifiers: tuple[str, ...] = ()
    titles: tuple[Title, ...] = ()
    authors: tuple[str, ...] = ()
    year: int = 0
    issns: tuple[str, ...] = ()
    container: str = ""
    volume: str = ""
    issue: str = ""
    pages: tuple[str, str] = ("", "")
    kind: Kind = "article"
    type: str = "article"
    is_retracted: bool = False
    is_generic: bool = False
    relations: tuple[tuple[str, str], ...] = ()
    language: str = ""


def order_of(source: str, identifier: str) -> int:
    """Return the signed 64-bit number by which records come one after another."""
    written = f"{len(source)}:{source}:{identifier}".encode(errors="surrogatepass")
    return int(_ORDER.unpack(blake2b(written, digest_size=8).digest())[0])


def portrait_of(manifestation: Manifestation) -> Portrait:
    """Draw the portrait of a manifestation."""
    reading = read_title(manifestation.title.value, manifestation.type)
    main = (reading.about or manifestation.title.value,)
    container = manifestation.container
    return Portrait(
        source=manifestation.source,
        identifier=manifestation.record_identifier,
        order=order_of(manifestation.source, manifestation.record_identifier),
        identifiers=_identifiers(manifestation),
        titles=parts_of((*main, *(one.value for one in manifestation.translated_titles))),
        authors=authors_of(manifestation.contributors),
        year=manifestation.published.year if manifestation.published else 0,
        issns=_issns(manifestation),
        container=name_of(container),
        volume=number_of(manifestation.volume),
        issue=number_of(manifestation.issue),
        pages=pages_of(manifestation.pages),
        kind=reading.kind,
        type=manifestation.type,
        is_retracted=reading.is_retracted,
        is_generic=reading.is_generic,
        relations=_relations(manifestation),
        language=_language(manifestation),
    )


def _identifiers(manifestation: Manifestation) -> tuple[str, ...]:
    """Return its identifiers in a settled order; databases limit what is longer than any genuine one."""
    found = {
        f"{one.scheme}:{one.value}"
        for one in manifestation.identifiers
        if one.scheme in SCHEMES and _is_storable(one.value)
    }
    return tuple(sorted(found)[:_MOST_IDENTIFIERS])


def _language(manifestation: Manifestation) -> str:
    tag = manifestation.title.language
    return tag.code if tag is not None and tag.confidence >= _SURE else ""


def _relations(manifestation: Manifestation) -> tuple[tuple[str, str], ...]:
    found = ((one.kind, str(one.target)) for one in manifestation.relations if _is_storable(one.target.value))
    return tuple(islice(found, _MOST_RELATIONS))


def _is_storable(value: str) -> bool:
    """Tell whether a value is text (half a surrogate pair is none) and no longer than a database indexes."""
    try:
        return len(value.encode()) <= _LONGEST_BYTES
    except UnicodeEncodeError:
        return False


def _issns(manifestation: Manifestation) -> tuple[str, ...]:
    container = manifestation.container
    if container is None:
        return ()
    return tuple(sorted({*container.issns, *((container.issn_l,) if container.issn_l else ())}))


def pack(portrait: Portrait) -> bytes:
    """Write a portrait in few bytes, without its names, which stand beside it."""
    titles = [tuple(one) for one in portrait.titles]
    return orjson.dumps(
        [
            portrait.identifiers, titles, portrait.authors, portrait.year, portrait.issns, portrait.container,
            portrait.volume, portrait.issue, portrait.pages, portrait.kind, portrait.type, portrait.is_retracted,
            portrait.is_generic, portrait.relations, portrait.language,
        ]
    )  # fmt: skip


def unpack(data: bytes, source: str, identifier: str) -> Portrait:
    """Read what ``pack`` wrote; in the same version the portrait is equal."""
    values: list[Any] = orjson.loads(data)
    identifiers, titles, authors, year, issns, container, volume, issue, pages, *rest = values
    kind, type_, is_retracted, is_generic, relations, language = rest
    return Portrait(
        source, identifier, order_of(source, identifier),
        tuple(identifiers), tuple(Title(text, script) for text, script in titles), tuple(authors), year, tuple(issns),
        container, volume, issue, (pages[0], pages[1]), kind, type_, is_retracted, is_generic,
        tuple((stated, target) for stated, target in relations), language,
    )  # fmt: skip
