"""The tables that come with the program: classes, and where notations and terms lead. All are our own making."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from indexer.search.folding import fold

#: Letters, and the numbers of a range; what stands behind ("QR1-502", "TP248.13-248.65") tells where it ends.
_NOTATION = re.compile(r"([A-Z]{1,3})\s?(\d{1,5}(?:\.\d{1,6})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectClass:
    """A class of the tree; ``parent`` is ``None`` at the top. A hidden one is not shown, nor is what is below it."""

    code: str
    parent: str | None
    name_zh: str
    name_en: str
    hidden: bool = False
    own: bool = False

    def name(self, language: str) -> str:
        """Return the name in a language of the pages."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """Numbers of a class of letters, both ends included, and the class that they lead to."""

    first: float
    last: float
    code: str


@functools.cache
def base_classes() -> tuple[SubjectClass, ...]:
    """Return the classes that come with the program, parents first."""
    rows = (tuple(part.strip() for part in line.split("|")) for line in _lines("classes.psv"))
    return tuple(
        SubjectClass(code=code, parent=parent or None, name_zh=zh, name_en=en) for code, parent, zh, en in rows
    )


@functools.cache
def lcc_letters() -> dict[str, str]:
    """Return where whole classes of the Library of Congress Classification lead, by their letters."""
    return {notation: code for notation, code in read_pairs("lcc.psv") if notation.isalpha()}


@functools.cache
def lcc_ranges() -> dict[str, tuple[NumberRange, ...]]:
    """Return where numbers within letters lead, the narrowest range first."""
    found: dict[str, list[NumberRange]] = {}
    for notation, code in read_pairs("lcc.psv"):
        if notation.isalpha():
            continue
        first, _, last = notation.partition("-")
        letters, number = split_notation(first)
        start = float(number or 0)
        # 76 means all of 76: 76.95 too.
        found.setdefault(letters, []).append(NumberRange(first=start, last=float(last or start) + 0.999_999, code=code))
    return {letters: tuple(sorted(rows, key=lambda row: row.last - row.first)) for letters, rows in found.items()}


@functools.cache
def base_terms() -> dict[str, str]:
    """Return where free terms lead, by their folded form."""
    return {
        fold_term(term): code for code, terms in read_pairs("terms.psv") for term in terms.split(";") if term.strip()
    }


@functools.cache
def section_headings() -> frozenset[str]:
    """Return the folded headings of journals' sections, which say nothing of what an article is about."""
    return frozenset(fold_term(line) for line in _lines("headings.txt"))


def fold_term(term: str) -> str:
    """Return a term as it is compared: folded, with single blanks, at most 200 characters."""
    return " ".join(fold(term).split())[:200]


def split_notation(code: str) -> tuple[str, str]:
    """Return the letters and the first number of a notation (``QA75.5-76.95``: QA, 75.5), ``""`` for none."""
    found = _NOTATION.match(code.strip().upper())
    return (found[1], found[2] or "") if found else ("", "")


def read_pairs(name: str) -> Iterator[tuple[str, str]]:
    """Yield the two columns of a table: what leads, and where; or the other way round."""
    for line in _lines(name):
        left, _, right = line.partition("|")
        yield left.strip(), right.strip()


def _lines(name: str) -> Iterator[str]:
    text = resources.files("indexer.subjects").joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
