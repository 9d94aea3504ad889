"""The names of fields in the query language: ours, other spellings of them, and what a misspelt one was meant to be."""

from __future__ import annotations

from functools import lru_cache
from typing import get_args

from indexer.models import ArticleVersion, WorkStatus
from indexer.search.expression import FieldName, IdentifierName, TermName

TEXT_FIELDS: frozenset[str] = frozenset(get_args(FieldName))
IDENTIFIER_FIELDS: frozenset[str] = frozenset(get_args(IdentifierName))
TERM_FIELDS: frozenset[str] = frozenset(get_args(TermName))
FIELDS = TEXT_FIELDS | TERM_FIELDS | {"year"}
#: Other names of fields; what Chinese databases call theirs is understood too.
ALIASES = {
    "licence": "license",
    "language": "lang",
    "pmc": "pmcid",
    "作者": "author",
    "著者": "author",
    "题名": "title",
    "標題": "title",
    "标题": "title",
    "篇名": "title",
    "期刊": "journal",
    "刊名": "journal",
    "主题": "subject",
    "主題": "subject",
    "年份": "year",
    "语种": "lang",
    "分类号": "clc",
    "版本": "version",
}
#: Fields that only other systems have, and what serves instead; asking for them is an error, not a word.
ABSENT: dict[str, str | None] = {
    "abstract": None,
    "affiliation": None,
    "date": "year",
    "keyword": "subject",
    "keywords": "subject",
    "publisher": None,
}
POSSESSIONS = ("pdf", "abstract", "doi", "license", "fulltext")
STATUSES: tuple[str, ...] = get_args(WorkStatus)
VERSIONS: tuple[str, ...] = get_args(ArticleVersion)
TYPES = (
    "article", "review", "editorial", "letter", "correction", "retraction", "thesis", "book", "journal", "chapter",
    "conference-paper", "preprint", "report", "dataset", "other",
)  # fmt: skip
#: Three letters are too little to be told from other words with one of them changed.
_LONGER_THAN = 3
#: From this length on two letters may differ, for a hint only.
_LONG = 6
_FAR = 9


def near_field(name: str) -> str | None:
    """Return the field that differs from a name in one letter, or in two neighbours that changed places."""
    return _nearest(name, 1)


def distant_field(name: str) -> str | None:
    """Return the field that a name may have been meant for; worth a hint, not an error."""
    return _nearest(name, 2) if len(name) >= _LONG else None


@lru_cache(maxsize=1024)
def _nearest(name: str, most: int) -> str | None:
    if not (name.isascii() and name.isalpha()):
        return None
    name = name.lower()
    known = sorted(FIELDS | {alias for alias in ALIASES if alias.isascii()})
    distances = {one: _distance(name, one, most) for one in known}
    best = min(known, key=lambda one: distances[one])
    return ALIASES.get(best, best) if distances[best] <= most else None


def _distance(one: str, other: str, most: int) -> int:
    """Count the letters to change, add or remove, or neighbours to swap; far where that is more than ``most``."""
    if len(other) <= _LONGER_THAN:
        return 1 if _is_swapped(one, other) else _FAR
    if abs(len(one) - len(other)) > most:
        return _FAR
    before, row = list(range(len(other) + 1)), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        earlier, before, row = before, row, [at]
        for column, against in enumerate(other, 1):
            least = min(row[-1] + 1, before[column] + 1, before[column - 1] + (letter != against))
            if at > 1 and column > 1 and (letter, one[at - 2]) == (other[column - 2], against):
                least = min(least, earlier[column - 2] + 1)
            row.append(least)
    return row[-1]


def _is_swapped(name: str, known: str) -> bool:
    """Tell whether two neighbouring letters changed places."""
    return len(name) == len(known) and any(
        name == known[:at] + known[at + 1] + known[at] + known[at + 2 :] for at in range(len(known) - 1)
    )
