"""RIS: one tag a line, from ``TY`` to ``ER``; what reference managers read most reliably.

Which tag holds what is that of the format's own table for each type of reference, as far as EndNote, Zotero and
NoteExpress agree: ``A2`` editors, ``A4`` translators, ``AN`` the PMID, ``C2`` the PMCID, ``L1`` the PDF.
"""

from __future__ import annotations

from collections.abc import Iterator

from search_api.exporting.item import Item

_TYPES = {
    "book": "BOOK",
    "chapter": "CHAP",
    "conference-paper": "CPAPER",
    "dataset": "DATA",
    "journal": "JFULL",
    "other": "GEN",
    "preprint": "UNPB",
    "report": "RPRT",
    "thesis": "THES",
}


def write_ris(item: Item) -> str:
    """Write a record, its lines ended by CR LF as the format wants."""
    lines = [f"{tag}  - {value}\r\n" for tag, value in _tags(item) if value]
    return "".join(lines) + "ER  - \r\n"


def _tags(item: Item) -> Iterator[tuple[str, str]]:
    yield "TY", _TYPES.get(item.type, "JOUR")
    yield "ID", item.id
    for role, tag in (("author", "AU"), ("editor", "A2"), ("translator", "A4")):
        yield from ((tag, person.inverted) for person in item.people_of(role))
    yield "TI", item.title
    yield "TT", "; ".join(item.translated_titles)
    yield "T2", item.container
    if item.year is not None:
        yield "PY", f"{item.year:04d}"
        yield "DA", "/".join((f"{item.year:04d}", _two(item.month), _two(item.day), ""))
    yield "VL", item.volume
    yield "IS", item.issue
    first, last = item.page_range or (item.pages, "")
    yield "SP", first
    yield "EP", last
    yield "PB", item.publisher
    yield "SN", " ".join(item.issns) or item.identifier("isbn")
    yield "DO", item.identifier("doi")
    yield "AN", item.identifier("pmid")
    yield "C2", item.identifier("pmcid")
    yield "LA", item.language
    yield "AB", " ".join(item.abstracts[:1])
    yield from (("N1", text) for text in (*item.abstracts[1:], *item.notes))
    yield from (("KW", keyword) for keyword in item.keywords)
    yield "UR", (item.url or item.doi_url).replace(";", "%3B")  # readers take it for the end of an address
    yield "L1", item.pdf


def _two(number: int | None) -> str:
    return "" if number is None else f"{number:02d}"
