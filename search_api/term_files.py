"""Tables of terms that a librarian edits in a spreadsheet: a row for each entry, a column for each language.

``zh``, ``en`` and ``other`` hold terms with ``|`` between; in ``other`` a language may stand before a term
(``de:Klimawandel``). ``kind`` may be left out. Columns that are not known are passed over.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from indexer.errors import WrongEditError
from indexer.search.thesaurus import Entry, Term
from indexer.storage.thesaurus import ThesaurusEntry, make_entry
from search_api.exporting.table import unguard
from search_api.subject_files import LARGEST_FILE, decoded, write_rows

COLUMNS = ("kind", "zh", "en", "other", "reason", "who", "at", "id")
_TERM_COLUMNS = ("zh", "en", "other")
_NAMES = {"中文": "zh", "汉语": "zh", "英文": "en", "英语": "en", "其他": "other", "类型": "kind"}
_BETWEEN = re.compile(r"[|｜\n]")
_LANGUAGE = re.compile(r"([a-z]{2,3}):\s*(.+)")


def write_terms(entries: Iterable[ThesaurusEntry]) -> str:
    """Write entries as a table."""
    return write_rows(COLUMNS, (_row(one) for one in entries))


def _row(one: ThesaurusEntry) -> tuple[str, ...]:
    cells: dict[str, list[str]] = {name: [] for name in _TERM_COLUMNS}
    for term in one.terms:
        if term.language in {"zh", "en"}:
            cells[term.language].append(term.text)
        else:
            cells["other"].append(f"{term.language}:{term.text}" if term.language else term.text)
    told = (" | ".join(cells[name]) for name in _TERM_COLUMNS)
    return (one.kind, *told, one.note, one.who, one.at.isoformat(), one.id)


def read_terms(body: bytes) -> list[Entry]:
    """Read a table of terms.

    Raises:
        WrongEditError: it is none, or a row of it cannot be used; the message names the row.
    """
    if len(body) > LARGEST_FILE:
        raise _wrong(f"The file is larger than {LARGEST_FILE:,} bytes.", "Give it in several parts.")
    text = decoded(body)
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        header = [_NAMES.get(cell.strip().casefold(), cell.strip().casefold()) for cell in next(rows, [])]
        at = {name: header.index(name) for name in ("kind", *_TERM_COLUMNS) if name in header}
        if not at.keys() & set(_TERM_COLUMNS):
            raise _wrong(
                "The first line names no column of terms.",
                "Begin with a line that names them: zh,en. kaijuan thesaurus export writes such a file.",
            )
        return [entry for number, row in enumerate(rows, start=2) if (entry := _read_row(number, row, at))]
    except csv.Error as error:
        raise _wrong(
            f"Line {rows.line_num} is no line of a table: {error}.", "Save the file as CSV once more."
        ) from error


def _read_row(number: int, row: Sequence[str], at: dict[str, int]) -> Entry | None:
    cells = {name: unguard(row[place]).strip() if place < len(row) else "" for name, place in at.items()}
    terms = [term for name in _TERM_COLUMNS for term in _terms(cells.get(name, ""), name)]
    if not terms:
        return None
    languages = {term.language for term in terms}
    kind = cells.get("kind") or ("translation" if len(languages) > 1 else "synonym")
    try:
        return make_entry(kind.casefold(), terms)
    except WrongEditError as error:
        raise _wrong(f"Row {number}: {error.reason}", f"{error.remedy} Nothing was changed.") from error


def _terms(cell: str, column: str) -> list[Term]:
    found = []
    for part in (one.strip() for one in _BETWEEN.split(cell)):
        named = _LANGUAGE.fullmatch(part) if column == "other" else None
        if part:
            language = named[1] if named else "" if column == "other" else column
            found.append(Term(text=named[2] if named else part, language=language))
    return found


def _wrong(message: str, remedy: str) -> WrongEditError:
    return WrongEditError(message, remedy=remedy, parameter="file")
