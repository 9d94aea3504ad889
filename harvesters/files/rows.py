"""Cut the rows of a table out of its lines, so that damage stays in the row it is in.

A quotation mark that is never closed would take all rows after it into one cell, and one that is closed by the next
row's would join two rows without a word: a row over several lines counts only where it is strictly well-formed and has
as many cells as the header. Else its first line alone is damaged and the next one begins a new row.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harvesters.errors import FormatError, HarvestError
from harvesters.files.entries import CUT_OFF, MAX_RECORD_BYTES, Entry
from harvesters.files.text import Line
from harvesters.formats.charset import decode
from harvesters.formats.csv_row import one_line_end

#: A cell with more line breaks is taken for an unclosed quotation mark.
_MOST_LINES = 200
_UNCLOSED = "A quotation mark in it is not closed, or not doubled inside a quoted cell."
_COPY = "Copy or export the file again and harvest."
_ENOUGH_SIGNS = 2
_CLOSE = "Close or double the quotation mark, or save the table anew with a spreadsheet program, and harvest again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as it stands in the file; ``number`` counts as a spreadsheet does, from 1 for the first row.

    ``is_cut_off`` tells that the file ends in the middle of a row.
    """

    number: int
    body: bytes
    cells: tuple[str, ...] = ()
    reason: str | None = None
    remedy: str = ""
    is_cut_off: bool = False

    @property
    def is_blank(self) -> bool:
        """Tell whether nothing stands in any cell."""
        return self.reason is None and not any(map(str.strip, self.cells))


class Rows:
    """The rows of a table; ``width`` is how many cells each must have, once the header is known.

    ``damage`` is the file's, which may grow while it is read.
    """

    def __init__(
        self, lines: Iterator[Line], charset: str, delimiter: str, *, damage: Sequence[HarvestError] = ()
    ) -> None:
        self.width: int | None = None
        self._lines = lines
        self._charset = charset
        self._delimiter = delimiter
        self._damage = damage
        self._waiting: deque[Line] = deque()
        self._last: Line | None = None
        self._is_open_to_end = False
        self._number = 0

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, damaged ones with their reason."""
        while (line := self._next()) is not None:
            self._number += 1
            row = self._too_long(line) if line.is_too_long else self._row(line)
            yield row if self._has_more() else self._ended(row)

    def _next(self) -> Line | None:
        if self._waiting:
            return self._waiting.popleft()
        line = next(self._lines, None)
        self._last = line or self._last
        return line

    def _has_more(self) -> bool:
        following = self._next()
        if following is not None:
            self._waiting.appendleft(following)
        return following is not None

    def _ended(self, row: Row) -> Row:
        """Say of the last row whether the file was cut off in it, by two of four signs.

        They are: the row is damaged, a quotation mark was still open at the end, the last line has no end, the file
        could not be unpacked to its end. One alone is what people's tables have, or leaves the row whole.
        """
        has_end = self._last is None or self._last.is_too_long or self._last.data.endswith((b"\n", b"\r"))
        if sum((row.reason is not None, self._is_open_to_end, not has_end, bool(self._damage))) < _ENOUGH_SIGNS:
            return row
        if row.reason is None and not has_end and self._damage:
            return replace(row, reason=CUT_OFF, remedy=_COPY, is_cut_off=True)
        return replace(row, is_cut_off=True)

    def _too_long(self, line: Line) -> Row:
        damaged = Entry.too_large(self._number, line.data)
        return Row(number=self._number, body=damaged.body, reason=damaged.reason, remedy=damaged.remedy)

    def _row(self, first: Line) -> Row:
        taken = [first]
        try:
            cells = self._strict(taken)
        except csv.Error:
            cells = None
        if cells is None or (len(taken) > 1 and not self._fits(cells)):
            self._waiting.extendleft(reversed(taken[1:]))
            return self._single(first)
        return self._checked(b"".join(line.data for line in taken), cells)

    def _strict(self, taken: list[Line]) -> list[str]:
        """Parse a row strictly, over as many lines as its open quotation marks ask for; ``taken`` gets them."""

        def texts() -> Iterator[str]:
            size = len(taken[0].data)
            yield self._text(taken[0].data)
            while len(taken) < _MOST_LINES and size < MAX_RECORD_BYTES:
                line = self._next()
                if line is None:
                    self._is_open_to_end = True
                    return
                taken.append(line)
                size += len(line.data)
                if line.is_too_long:
                    return
                yield self._text(line.data)

        return next(csv.reader(texts(), delimiter=self._delimiter, strict=True), [])

    def _single(self, line: Line) -> Row:
        """Read a line that is no strict row by itself: with stray quotation marks it may be one all the same."""
        try:
            cells = next(csv.reader([self._text(line.data)], delimiter=self._delimiter), [])
        except csv.Error:
            cells = []
        if self._is_open(line) or not self._fits(cells):
            return Row(number=self._number, body=_without_end(line.data), reason=_UNCLOSED, remedy=_CLOSE)
        return self._checked(line.data, cells)

    def _is_open(self, line: Line) -> bool:
        """Tell whether a quotation mark is still open at the end of a line."""
        asked = 0

        def texts() -> Iterator[str]:
            nonlocal asked
            yield self._text(line.data)
            asked += 1

        try:
            next(csv.reader(texts(), delimiter=self._delimiter), None)
        except csv.Error:
            return True
        return asked > 0

    def _checked(self, data: bytes, cells: list[str]) -> Row:
        body = _without_end(data)
        try:
            decode(body, self._charset)
        except FormatError as error:
            return Row(number=self._number, body=body, reason=str(error), remedy=error.remedy)
        row = Row(number=self._number, body=body, cells=tuple(cells))
        if row.is_blank or self._fits(cells):
            return row
        return Row(
            number=self._number,
            body=body,
            reason=f"It has {len(cells)} cells, but the header has {self.width}.",
            remedy="Add or take away cells, and harvest again: a text with the delimiter in it must stand in quotation "
            "marks.",
        )

    def _fits(self, cells: list[str]) -> bool:
        if self.width is None:
            return True
        return len(cells) == self.width or (len(cells) > self.width and not any(map(str.strip, cells[self.width :])))

    def _text(self, data: bytes) -> str:
        """Decode a line; one in another encoding still shows where its cells end."""
        try:
            return one_line_end(decode(data, self._charset))
        except FormatError:
            return one_line_end(data.decode("latin-1"))


def _without_end(data: bytes) -> bytes:
    return data.rstrip(b"\r\n")
