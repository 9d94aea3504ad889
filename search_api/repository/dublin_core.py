"""Works as unqualified Dublin Core, as every harvester reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from indexer.identity.copies import RankedCopy
from indexer.storage.catalogue import StoredWork
from search_api.exporting.item import Item, line
from search_api.repository.markup import element

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_OPENING = (
    f'<oai_dc:dc xmlns:oai_dc="{NAMESPACE}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="{NAMESPACE} {SCHEMA}">'
)


def write(work: StoredWork, copies: tuple[RankedCopy, ...], page: str) -> str:
    """Write a work with its copies, best first; ``page`` is its address here."""
    item = Item.of(work, copies)
    elements = "".join(element(f"dc:{name}", text, xml_lang=lang) for name, text, lang in _terms(work, item, page))
    return f"{_OPENING}{elements}</oai_dc:dc>"


def _terms(work: StoredWork, item: Item, page: str) -> Iterator[tuple[str, str, str | None]]:
    data = work.data
    yield from _texts("title", (data["title"], *data["translated_titles"]))
    for person in item.people:
        yield ("creator" if person.role == "author" else "contributor"), person.inverted, None
    yield from (("subject", keyword, None) for keyword in item.keywords)
    yield from _texts("description", data["abstracts"])
    yield "publisher", item.publisher, None
    yield "date", _date(item), None
    yield "type", item.type, None
    for text in dict.fromkeys((item.doi_url, *_numbers(item), item.url, item.pdf, page)):
        yield "identifier", text, None
    yield "source", _citation(item), None
    yield from (("relation", f"urn:ISSN:{issn}", None) for issn in item.issns)
    yield "language", item.language, None
    yield from (("rights", text, None) for text in (item.license_url, item.license_name))


def _texts(name: str, texts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str | None]]:
    for text in texts:
        yield name, line(text["value"]), text["language"]["code"] if text["language"] else None


def _numbers(item: Item) -> Iterator[str]:
    """Return what else the work is known by, in the form that names its scheme."""
    for scheme, value in item.identifiers:
        if scheme in {"url", "pmcid"}:
            yield value
        elif scheme == "handle":
            yield f"hdl:{value}"
        elif scheme != "doi":
            yield f"{scheme}:{value}"


def _date(item: Item) -> str:
    if item.year is None:
        return ""
    return "-".join([f"{item.year:04d}", *(f"{part:02d}" for part in (item.month, item.day) if part is not None)])


def _citation(item: Item) -> str:
    """Write where it appeared: ``Journal, Vol 3, Iss 2, Pp 11-19 (2021)``."""
    if not item.container:
        return ""
    parts = (("Vol", item.volume), ("Iss", item.issue), ("Pp", item.pages))
    said = ", ".join([item.container, *(f"{name} {value}" for name, value in parts if value)])
    return said if item.year is None else f"{said} ({item.year:04d})"
