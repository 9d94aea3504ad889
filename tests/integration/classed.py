"""Records with headings and class marks, as DOAJ sends them, and what the index holds of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harvesters.records import RawRecord
from indexer.search.query import Exact, KeywordField, TokenQuery, View
from search_api.library import Library
from tests.unit.web.records import SOURCE, Dublin

_MARKED = '<dc:subject xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="dcterms:LCC">{}</dc:subject>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Classed(Dublin):
    """A record with LCC headings: (term, class mark)."""

    lcc: tuple[tuple[str, str], ...] = ()

    def raw(self, datestamp: str, source: str = SOURCE.id) -> RawRecord:
        made = Dublin.raw(self, datestamp, source)
        marks = "".join(_MARKED.format(term) + _MARKED.format(code) for term, code in self.lcc)
        return replace(made, body=made.body.replace(b"</oai_dc:dc>", f"{marks}</oai_dc:dc>".encode()))


def article(number: int, title: str, *keywords: str, lcc: tuple[tuple[str, str], ...] = (), issn: str = "") -> Classed:
    """Make an article of its own."""
    elements = [("title", title), ("identifier", f"https://doi.org/10.5555/cls.{number}"), ("date", "2020")]
    elements += [("subject", keyword) for keyword in keywords] + ([("identifier", issn)] if issn else [])
    if issn:
        elements.append(("source", f"Journal {issn}, Vol 1, Iss 1, Pp {number}-{number} (2020)"))
    return Classed(identifier=f"oai:campus:{number}", elements=elements, lcc=lcc)


def in_class(library: Library, code: str) -> set[str]:
    """Return the titles of the works that the index has in a class."""
    query = TokenQuery(matching=Exact(field="clc", values=(code,)))
    hits = library.index.search(query, View(limit=200)).hits
    works = library.store.catalogue.by_keys([hit.key for hit in hits])
    return {work.data["title"]["value"] for work in works.values()}


def unmapped(library: Library) -> dict[str, int]:
    """Return what leads to no class, with the number of works."""
    return {one.value: one.count for one in library.index.values(TokenQuery(matching=None), "unmapped", size=1_000)}


def documents(library: Library) -> dict[str, dict[str, int]]:
    """Return everything that the index holds of classes, to compare two states of it."""
    fields: tuple[KeywordField, ...] = ("clc", "unmapped", "subject_key")
    return {
        field: {one.value: one.count for one in library.index.values(TokenQuery(matching=None), field, size=10_000)}
        for field in fields
    }
