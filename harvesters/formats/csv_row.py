"""A row of a table, under the table's header: any library's list of books, theses or articles."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from harvesters.errors import FormatError, SourceError
from harvesters.formats.charset import decode
from harvesters.formats.columns import clean_cell, recognise
from harvesters.formats.description import (
    Description,
    RawDate,
    RawIdentifier,
    RawLink,
    RawSubject,
    RawText,
)
from harvesters.formats.draft import Draft
from harvesters.formats.several import FLOAT_END, SEVERAL, isbns, people, terms
from harvesters.records import RawRecord

LONGEST_CELL = 4 << 20

_ISSN = re.compile(r"\d{4}\s*[-–‐−]?\s*\d{3}[\dXx]")
_LANGUAGES = {
    "中文": "zh", "汉语": "zh", "漢語": "zh", "中": "zh", "简体中文": "zh", "繁体中文": "zh", "英文": "en",
    "英语": "en", "英": "en", "日文": "ja", "日语": "ja", "日": "ja", "俄文": "ru", "俄语": "ru", "法文": "fr",
    "法语": "fr", "德文": "de", "德语": "de", "西班牙文": "es", "西班牙语": "es", "韩文": "ko", "韩语": "ko",
    "朝鲜语": "ko", "阿拉伯语": "ar", "葡萄牙语": "pt", "意大利语": "it", "藏文": "bo", "藏语": "bo",
    "蒙古文": "mn", "蒙古语": "mn", "维吾尔文": "ug", "维吾尔语": "ug",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What is needed to read a row: the table's encoding, delimiter and header, and the columns that settings name."""

    charset: str
    delimiter: str
    header: tuple[str, ...]
    columns: Mapping[str, str]

    def head(self) -> bytes:
        """Write it as the head of the table's records."""
        return orjson.dumps(
            {
                "charset": self.charset,
                "delimiter": self.delimiter,
                "header": self.header,
                "columns": dict(self.columns),
            }
        )

    def fields(self) -> dict[str, tuple[int, ...]]:
        """Return where each field's columns are; raise ``SourceError`` where the settings do not fit the header."""
        return recognise(self.header, self.columns)

    def cells(self, body: bytes) -> list[str]:
        """Cut a row into cells; raise ``FormatError`` where it is no row of this table."""
        text = one_line_end(decode(body, self.charset))
        try:
            rows = list(csv.reader(_lines(text), delimiter=self.delimiter))
        except csv.Error as error:
            raise FormatError(
                f"It is no row of a table ({error}).", remedy="Mend the row and harvest again."
            ) from error
        return rows[0] if rows else []


csv.field_size_limit(LONGEST_CELL)  # records have a limit of their own


def one_line_end(text: str) -> str:
    """Write all line ends as line feeds; a lone carriage return is white space in a cell, no end of a row."""
    return text.replace("\r\n", "\n").replace("\r", " ") if "\r" in text else text


def _lines(text: str) -> list[str]:
    """Part at line feeds only: the other line ends of Unicode are characters like any."""
    return [line + "\n" for line in text.split("\n")] if "\n" in text else [text]


@lru_cache(maxsize=64)
def read_table(head: bytes) -> tuple[Table, dict[str, tuple[int, ...]]]:
    """Read what :meth:`Table.head` wrote; raise ``FormatError`` for anything else."""
    try:
        said = orjson.loads(head)
        table = Table(
            charset=said["charset"],
            delimiter=said["delimiter"],
            header=tuple(said["header"]),
            columns=said["columns"],
        )
        return table, table.fields()
    except (ValueError, KeyError, TypeError, SourceError) as error:
        raise FormatError(
            f"The header of the row's table cannot be read ({error}).", remedy="Harvest the file again."
        ) from error


class Row:
    """The cells of one row by field."""

    def __init__(self, record: RawRecord) -> None:
        table, self._fields = read_table(record.head)
        self._cells = table.cells(record.body)

    def all(self, field: str) -> list[str]:
        """Return the field's cells that hold anything."""
        cells = (self._cells[place] for place in self._fields.get(field, ()) if place < len(self._cells))
        return [text for text in map(clean_cell, cells) if text]

    def first(self, field: str) -> str | None:
        """Return the field's first cell that holds anything."""
        return next(iter(self.all(field)), None)

    def parts(self, field: str) -> list[str]:
        """Return the single values of cells that hold several, parted by ; or | or a line break."""
        return [part for cell in self.all(field) for part in SEVERAL.split(cell) if part]


def describe_table_row(record: RawRecord) -> Description:
    """Read one row of a CSV or TSV table; the language is the item's own."""
    row = Row(record)
    draft = Draft()
    _titles(row, draft)
    for field, role in (
        ("author", "author"),
        ("editor", "editor"),
        ("translator", "translator"),
        ("advisor", "advisor"),
    ):
        draft.contributors.extend(person for cell in row.all(field) for person in people(cell, role))
    _identifiers(row, draft)
    _published(row, draft)
    draft.abstracts.extend(RawText(value=text) for text in row.all("abstract"))
    draft.keywords.extend(RawText(value=term) for cell in row.all("keywords") for term in terms(cell))
    draft.subjects.extend(RawSubject(value=term) for term in row.parts("subject"))
    draft.subjects.extend(_classes(row.parts("classification")))
    draft.languages.extend(_LANGUAGES.get(one, one) for one in row.parts("language"))
    draft.links.extend(RawLink(url=url) for cell in row.all("url") for url in _addresses(cell))
    draft.rights.extend(row.all("license"))
    draft.types.extend(row.parts("type"))
    if row.first("degree"):
        draft.types.append("thesis")
    return draft.finish("article")


def _titles(row: Row, draft: Draft) -> None:
    title = row.first("title")
    if title is not None:
        subtitle = row.first("subtitle")
        draft.titles.append(RawText(value=f"{title}: {subtitle}" if subtitle else title))
        draft.titles.extend(RawText(value=one, translated=True) for one in row.all("translated_title"))


def _identifiers(row: Row, draft: Draft) -> None:
    draft.identifiers.extend(RawIdentifier(value=one, scheme="doi") for one in row.parts("doi"))
    draft.identifiers.extend(RawIdentifier(value=one, scheme="isbn") for cell in row.all("isbn") for one in isbns(cell))
    draft.issns.extend(RawIdentifier(value=one) for cell in row.all("issn") for one in _ISSN.findall(cell))


def _published(row: Row, draft: Draft) -> None:
    draft.container_title = row.first("journal")
    draft.publisher = row.first("publisher")
    draft.dates.extend(
        RawDate(value=FLOAT_END.sub("", one)) for field in ("date", "year") for one in row.all(field)[:1]
    )
    draft.volume = row.first("volume")
    draft.issue = row.first("issue")
    draft.first_page = row.first("first_page") or row.first("pages")
    draft.last_page = row.first("last_page")


def _classes(codes: Iterable[str]) -> Iterable[RawSubject]:
    """Take class numbers for those of the Chinese Library Classification where they begin with a letter."""
    return (RawSubject(value=code, scheme="CLC" if code[:1].isalpha() else "class", code=code) for code in codes)


def _addresses(cell: str) -> list[str]:
    return [part for part in re.split(r"[;；|｜\s]+(?=https?:)|\s+", cell) if part]
