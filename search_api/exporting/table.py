"""CSV for spreadsheets: one row a work, and no cell that a spreadsheet would run.

A cell that begins like a formula (OWASP, "CSV Injection") gets an apostrophe before it; :func:`unguard` takes it off.
The wide forms count too: Excel reads ＝ as = where Chinese or Japanese is written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from search_api.exporting.item import Item

COLUMNS = (
    "id", "type", "title", "translated_titles", "authors", "author_count", "editors", "container", "publisher", "issn",
    "isbn", "published", "year", "volume", "issue", "pages", "doi", "pmid", "pmcid", "arxiv", "url", "pdf_url",
    "language", "keywords", "abstract", "license", "license_url", "status", "notices", "sources",
)  # fmt: skip
_FORMULA = frozenset("=+-@＝＋－＠")
_BETWEEN = "; "


def header() -> str:
    """Write the row of names."""
    return _row(COLUMNS)


def write_row(item: Item) -> str:
    """Write a work's row."""
    authors = item.people_of("author")
    date = "-".join(
        (f"{number:04d}", f"{number:02d}")[place > 0]
        for place, number in enumerate((item.year, item.month, item.day))
        if number is not None
    )
    return _row(
        (
            item.id,
            item.type,
            item.title,
            _BETWEEN.join(item.translated_titles),
            _BETWEEN.join(person.inverted for person in authors),
            str(len(authors)),
            _BETWEEN.join(person.inverted for person in item.people_of("editor")),
            item.container,
            item.publisher,
            _BETWEEN.join(item.issns),
            item.identifier("isbn"),
            date,
            "" if item.year is None else str(item.year),
            item.volume,
            item.issue,
            item.pages,
            *(item.identifier(scheme) for scheme in ("doi", "pmid", "pmcid", "arxiv")),
            item.url,
            item.pdf,
            item.language,
            _BETWEEN.join(item.keywords),
            "  ".join(item.abstracts),
            item.license_name,
            item.license_url,
            item.status or "",
            _BETWEEN.join(item.notices),
            _BETWEEN.join(item.sources),
        )
    )


def guard(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip("'")[:1] in _FORMULA and text else text


def unguard(text: str) -> str:
    """Return what :func:`guard` was given."""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in _FORMULA else text


def _row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([guard(cell) for cell in cells])
    return written.getvalue()
