"""A title of a KBART file (NISO RP-9-2014): a journal or a book of a package."""

from __future__ import annotations

from harvesters.formats.columns import clean_cell
from harvesters.formats.csv_row import read_table
from harvesters.formats.description import Description, RawDate, RawIdentifier, RawLink, RawText
from harvesters.formats.draft import Draft
from harvesters.formats.several import isbns, people
from harvesters.records import RawRecord

#: The columns without which a table is no KBART file.
NEEDED = ("publication_title", "title_url")
_IDENTIFIERS = (("print_identifier", "ppub"), ("online_identifier", "epub"))
_BOOK_DATES = ("date_monograph_published_online", "date_monograph_published_print")


def describe_kbart(record: RawRecord) -> Description:
    """Read one title; what is covered stays in the raw row, because it is about the package, not the title."""
    table, _ = read_table(record.head)
    cells = cells_of(table.header, table.cells(record.body))
    draft = Draft()
    if cells.get("publication_title"):
        draft.titles.append(RawText(value=cells["publication_title"]))
    is_book = is_monograph(cells)
    draft.types.append("book" if is_book else "serial")
    for column, kind in _IDENTIFIERS:
        value = cells.get(column, "")
        if is_book:
            draft.identifiers.extend(RawIdentifier(value=one, scheme="isbn") for one in isbns(value))
        elif value:
            draft.issns.append(RawIdentifier(value=value, scheme=kind))
    for column, role in (("first_author", "author"), ("first_editor", "editor")):
        draft.contributors.extend(people(cells.get(column, ""), role))
    draft.publisher = cells.get("publisher_name") or None
    draft.volume = cells.get("monograph_volume") or None
    if is_book:
        draft.dates.extend(RawDate(value=cells[column]) for column in _BOOK_DATES if cells.get(column))
    if cells.get("title_url"):
        draft.links.append(RawLink(url=cells["title_url"]))
        if "doi.org/" in cells["title_url"]:
            draft.identifiers.append(RawIdentifier(value=cells["title_url"], scheme="doi"))
    return draft.finish("article")


def is_monograph(cells: dict[str, str]) -> bool:
    """Tell a book from a journal: by its type, in files of the first edition by its identifier."""
    kind = cells.get("publication_type", "").casefold()
    if kind:
        return kind.startswith("monograph")
    return bool(isbns(cells.get("print_identifier", "")) or isbns(cells.get("online_identifier", "")))


def cells_of(header: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    """Return the cells by the names of their columns, in lower case."""
    return {name.strip().casefold(): clean_cell(cell) for name, cell in zip(header, cells, strict=False)}
