"""Tables of mappings that a librarian edits in a spreadsheet: ``scheme``, ``value``, ``code`` and what else is there.

Spreadsheets save what they like: UTF-8 with a mark or without, UTF-16, GB 18030 (Excel in Chinese); commas, semicolons
or tabs. All are read; columns that are not known are passed over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexer.errors import WrongEditError
from indexer.subjects.classifying import KEYWORD, SubjectMapping
from search_api.exporting.table import guard, unguard

COLUMNS = ("scheme", "value", "code")
#: What says in the column ``code`` that something belongs to no class.
NO_CLASS = "-"
LARGEST_FILE = 20 * 1024 * 1024
_LONGEST_CELL = 2_000
_MOST_TOLD = 20
_NAMES = {"体系": "scheme", "方案": "scheme", "主题": "value", "词": "value", "类号": "code", "分类号": "code"}
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMappings:
    """What stands in a file, and how many rows had no code yet."""

    mappings: tuple[SubjectMapping, ...]
    empty: int


def read_mappings(body: bytes) -> ReadMappings:
    """Read a table of mappings.

    Raises:
        WrongEditError: it is none, or rows of it cannot be used; the message names the first of them.
    """
    if len(body) > LARGEST_FILE:
        raise _wrong(f"The file is larger than {LARGEST_FILE:,} bytes.", "Give it in several parts.")
    text = decoded(body)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [_name(cell) for cell in next(rows, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise _wrong(
                f"The first line has no column {', '.join(missing)}.",
                "Begin with a line that names them: scheme,value,code. kaijuan subjects export writes such a file.",
            )
        return _mappings(rows, {name: header.index(name) for name in COLUMNS})
    except csv.Error as error:
        raise _wrong(
            f"Line {rows.line_num} is no line of a table: {error}.", "Save the file as CSV once more."
        ) from error


def _mappings(rows: Iterable[Sequence[str]], at: dict[str, int]) -> ReadMappings:
    found: list[SubjectMapping] = []
    wrong: list[str] = []
    empty = 0
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        scheme, value, code = (unguard(row[at[name]]).strip() if at[name] < len(row) else "" for name in COLUMNS)
        if not value or max(map(len, (scheme, value, code))) > _LONGEST_CELL:
            wrong.append(str(number))
        elif not code:
            empty += 1
        else:
            leads = None if code == NO_CLASS else code
            found.append(SubjectMapping(scheme=scheme or KEYWORD, value=value, code=leads))
    if wrong:
        more = f" and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise _wrong(
            f"Rows without a value, or with one that is too long: {', '.join(wrong[:_MOST_TOLD])}{more}.",
            "Mend or delete them; nothing was changed.",
        )
    return ReadMappings(mappings=tuple(found), empty=empty)


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table with a byte order mark, by which Excel knows UTF-8; no cell is one that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([guard("" if cell is None else str(cell)) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def decoded(body: bytes) -> str:
    """Read a text as spreadsheets save it; raise ``WrongEditError`` for what is none."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("gb18030")
    except UnicodeDecodeError as error:
        raise _wrong("The file is no text that can be read.", "Save it as CSV in UTF-8.") from error


def _name(cell: str) -> str:
    name = cell.strip().casefold()
    return _NAMES.get(name, name)


def _wrong(message: str, remedy: str) -> WrongEditError:
    return WrongEditError(message, remedy=remedy, parameter="file")
