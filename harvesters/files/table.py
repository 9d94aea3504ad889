"""CSV, TSV and KBART files: encoding, delimiter and header found, then row after row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import ClassVar

import structlog

from harvesters.errors import SourceError
from harvesters.files.entries import Entry
from harvesters.files.lister import FileLister
from harvesters.files.places import SourceFile
from harvesters.files.rows import Row, Rows
from harvesters.files.text import TextFile
from harvesters.formats.columns import clean_cell, field_of
from harvesters.formats.csv_row import Table
from harvesters.formats.kbart import NEEDED, cells_of

_DELIMITERS = (",", "\t", ";", "|", "，")
#: A header may stand below some lines of caption, as tables made for people have them.
_CAPTION_ROWS = 10
_SAMPLE_LINES = 60
_LEAST_OF_A_ROW = 2
_PART = "Delete it, or give each table a file of its own, and harvest again."
_SEPARATOR = re.compile(rb'"?sep=([,;|\t:^~])"?\s*', re.IGNORECASE)
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?")
_log = structlog.get_logger()


class CsvLister(FileLister):
    """Lists the rows of tables whose first row names the columns."""

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".txt")
    unit: ClassVar[str] = "row"

    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the rows under the header; blank ones are none."""
        text = _open(file)
        header, delimiter = self._header(file, text)
        table = self._table(header, delimiter, text.charset)
        fields = table.fields()
        self._tell_unused(file, table, fields)
        head = table.head()
        rows = Rows(text.lines(), text.charset, delimiter, damage=file.damage)
        for found in rows:
            if found.number == header.number:
                rows.width = len(table.header)
                continue
            if found.is_blank or (found.number < header.number and _is_caption(found, table)):
                continue
            row = _beside_the_header(found, header)
            yield Entry(
                number=row.number,
                body=row.body,
                head=head,
                identifier=self._own_id(table, fields, row) if row.reason is None else None,
                datestamp=_day(_cell(row, fields.get("modified", ()))) if row.reason is None else None,
                reason=row.reason,
                remedy=row.remedy,
            )
            if row.is_cut_off:
                raise file.cut_off(f"row {row.number}")

    def _header(self, file: SourceFile, text: TextFile) -> tuple[Row, str]:
        """Find the header and the delimiter: those that give the most columns we know."""
        sample = list(islice(text.lines(), _SAMPLE_LINES))
        if not sample:
            raise SourceError(f"{file.name} is empty. Export the table again.")
        stated = _SEPARATOR.fullmatch(sample[0].data)
        delimiters = (stated[1].decode("latin-1"),) if stated else _DELIMITERS
        best: tuple[int, int, Row, str] | None = None
        first: Row | None = None
        for delimiter in delimiters:
            for row in islice(Rows(iter(sample), text.charset, delimiter), _CAPTION_ROWS):
                if first is None or len(row.cells) > len(first.cells):
                    first = row
                known = self.recognised(row.cells)
                if known and (best is None or (known, len(row.cells)) > best[:2]):
                    best = (known, len(row.cells), row, delimiter)
        if best is None:
            raise self._no_header(file, first.cells if first else ())
        return best[2], best[3]

    def recognised(self, cells: tuple[str, ...]) -> int:
        """Return how many cells of a row name columns that we know; 0 where it is no header."""
        named = {column.strip().casefold(): field for field, column in self.source.columns.items()}
        fields = [named.get(cell.strip().casefold()) or field_of(cell) for cell in cells]
        return sum(field is not None for field in fields) if "title" in fields else 0

    def _no_header(self, file: SourceFile, cells: tuple[str, ...]) -> SourceError:
        return SourceError(
            f"{file.name} has no column known to be the title. Its first row: {' | '.join(cells)[:300] or '–'}. Name "
            'the column title (or 题名), or say what it is called: --column title=… (setting: columns = {title = "…"}).'
        )

    def _table(self, header: Row, delimiter: str, charset: str) -> Table:
        names = [name.strip() for name in header.cells]
        while names and not names[-1]:
            names.pop()
        return Table(charset=charset, delimiter=delimiter, header=tuple(names), columns=self.source.columns)

    def _tell_unused(self, file: SourceFile, table: Table, fields: dict[str, tuple[int, ...]]) -> None:
        used = {place for places in fields.values() for place in places}
        unused = [name for place, name in enumerate(table.header) if place not in used]
        if unused:
            _log.info("columns_not_used", source=self.source.id, file=file.name, columns=unused)

    def _own_id(self, table: Table, fields: dict[str, tuple[int, ...]], row: Row) -> str | None:  # noqa: ARG002
        return _cell(row, fields.get("id", ()))


class KbartLister(CsvLister):
    """Lists the titles of KBART files: tables with the columns of NISO RP-9, mostly with tabs."""

    def recognised(self, cells: tuple[str, ...]) -> int:
        """Return how many columns there are, where the needed ones are among them."""
        names = {cell.strip().casefold() for cell in cells}
        return len(names) if names.issuperset(NEEDED) else 0

    def _no_header(self, file: SourceFile, cells: tuple[str, ...]) -> SourceError:
        return SourceError(
            f"{file.name} is no KBART file: it needs the columns {' and '.join(NEEDED)}. Its first row: "
            f"{' | '.join(cells)[:300] or '–'}. For another table use kind csv."
        )

    def _tell_unused(self, file: SourceFile, table: Table, fields: dict[str, tuple[int, ...]]) -> None:
        """Say nothing: the columns are the standard's."""

    def _own_id(self, table: Table, fields: dict[str, tuple[int, ...]], row: Row) -> str | None:  # noqa: ARG002
        return cells_of(table.header, list(row.cells)).get("title_id") or None


def _open(file: SourceFile) -> TextFile:
    with file.open() as stream:
        start = stream.read(4)
    if start.startswith(_EXCEL):
        raise SourceError(
            f"{file.name} is a workbook or an archive, no table in text. Save it from the spreadsheet program as "
            "“CSV UTF-8” and give that file."
        )
    text = TextFile(file)
    if text.is_binary:
        raise SourceError(f"{file.name} is no text file. Export the table as CSV in UTF-8.")
    return text


def _is_caption(row: Row, table: Table) -> bool:
    """Tell whether a row above the header has too few cells filled to be one of a table's."""
    filled = sum(bool(cell.strip()) for cell in row.cells)
    return filled < _LEAST_OF_A_ROW or filled * 2 < len(table.header)


def _beside_the_header(row: Row, header: Row) -> Row:
    """Damage what is no row of this table, as where several tables were joined to one file."""
    if row.reason is not None:
        return row
    if row.number < header.number:
        return replace(row, reason=f"It stands above the header, which is row {header.number}.", remedy=_PART)
    if row.cells == header.cells:
        return replace(row, reason=f"It repeats the header, row {header.number}.", remedy=_PART)
    return row


def _cell(row: Row, places: tuple[int, ...]) -> str | None:
    cells = (clean_cell(row.cells[place]) for place in places if place < len(row.cells))
    return next((cell for cell in cells if cell), None)


def _day(text: str | None) -> str | None:
    """Return a date as a datestamp, where it is one."""
    match = _DATE.fullmatch(text or "")
    return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}" if match else None
