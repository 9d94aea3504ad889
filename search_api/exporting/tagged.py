"""EndNote's tagged format (``.enw``) and NoteExpress's (``.net``): one field a line, a blank line after each record."""

from __future__ import annotations

from collections.abc import Iterator

from search_api.exporting.item import Item, Person

_TYPES = {
    "book": "Book",
    "chapter": "Book Section",
    "conference-paper": "Conference Proceedings",
    "dataset": "Dataset",
    "journal": "Serial",
    "other": "Generic",
    "preprint": "Unpublished Work",
    "report": "Report",
    "thesis": "Thesis",
}
_IN_SOMETHING = frozenset(("Book Section", "Conference Proceedings"))


def write_endnote(item: Item) -> str:
    """Write a record as EndNote's import option "EndNote Import" reads it."""
    return "".join(f"%{tag} {value}\r\n" for tag, value in _endnote(item) if value) + "\r\n"


def write_noteexpress(item: Item) -> str:
    """Write a record as NoteExpress's filter "NoteExpress" reads it, with a line for each author and keyword."""
    return "".join(f"{{{name}}}: {value}\r\n" for name, value in _noteexpress(item) if value) + "\r\n"


def _endnote(item: Item) -> Iterator[tuple[str, str]]:
    kind = _TYPES.get(item.type, "Journal Article")
    yield "0", kind
    yield "F", item.id
    for role, tag in (("author", "A"), ("editor", "E"), ("translator", "?")):
        yield from ((tag, _endnote_name(person)) for person in item.people_of(role))
    yield "T", item.title
    yield "Q", "; ".join(item.translated_titles)
    yield ("B" if kind in _IN_SOMETHING else "J"), item.container
    yield "I", item.publisher
    yield "D", _year(item)
    yield "8", _date(item)
    yield "V", item.volume
    yield "N", item.issue
    yield "P", _pages(item)
    yield "@", "; ".join(item.issns) or item.identifier("isbn")
    yield "R", item.identifier("doi")
    yield "M", item.identifier("pmid")
    yield "2", item.identifier("pmcid")
    yield "G", item.language
    yield from (("K", keyword) for keyword in item.keywords)
    yield "X", "  ".join(item.abstracts)
    yield from (("Z", note) for note in item.notes)
    yield "U", item.url or item.doi_url
    yield ">", item.pdf


def _endnote_name(person: Person) -> str:
    """Write a name; without a comma at its end EndNote would turn a group's round."""
    if person.is_group or (not person.family and not person.is_cjk):
        return person.name.replace(",", ",,", 1) if "," in person.name else f"{person.name},"
    return person.inverted


def _noteexpress(item: Item) -> Iterator[tuple[str, str]]:
    yield "Reference Type", _TYPES.get(item.type, "Journal Article")
    yield "Title", item.title
    yield from (("Translated Title", title) for title in item.translated_titles)
    for role, name in (("author", "Author"), ("editor", "Secondary Author"), ("translator", "Subsidiary Author")):
        yield from ((name, person.inverted) for person in item.people_of(role))
    yield "Journal" if item.type not in {"chapter", "conference-paper"} else "Secondary Title", item.container
    yield "Publisher", item.publisher
    yield "Year", _year(item)
    yield "Date", _date(item)
    yield "Volume", item.volume
    yield "Issue", item.issue
    yield "Pages", _pages(item)
    yield from (("Keywords", keyword) for keyword in item.keywords)
    yield "Abstract", "  ".join(item.abstracts)
    yield "ISBN/ISSN", "; ".join(item.issns) or item.identifier("isbn")
    yield "DOI", item.identifier("doi")
    yield "Accession Number", item.identifier("pmid")
    yield "Language", item.language
    yield from (("Notes", note) for note in item.notes)
    yield "URL", item.url or item.doi_url


def _year(item: Item) -> str:
    return "" if item.year is None else f"{item.year:04d}"


def _date(item: Item) -> str:
    """Write the date where more than the year is known."""
    if item.year is None or item.month is None:
        return ""
    return f"{item.year:04d}-{item.month:02d}" + ("" if item.day is None else f"-{item.day:02d}")


def _pages(item: Item) -> str:
    return "-".join(item.page_range) if item.page_range else item.pages
