"""Exact conditions of the query language: identifiers however they are pasted, years, codes."""

from __future__ import annotations

import re
from typing import cast, get_args

from stdnum import isbn as isbn_rules

from indexer.errors import QueryError
from indexer.models import WorkStatus
from indexer.normalise.identifiers import isbn
from indexer.search.expression import FieldName, IdentifierName, Term, TermName, YearRange

TEXT_FIELDS: frozenset[str] = frozenset(get_args(FieldName))
IDENTIFIER_FIELDS: frozenset[str] = frozenset(get_args(IdentifierName))
TERM_FIELDS: frozenset[str] = frozenset(get_args(TermName))
ALIASES = {"licence": "license", "language": "lang", "pmc": "pmcid"}
FIELDS = TEXT_FIELDS | TERM_FIELDS | {"year"}
#: Fields that other systems have and this one has not; asking for them is an error, not a word.
ABSENT = frozenset({"abstract", "affiliation", "date", "keyword", "keywords", "publisher"})
POSSESSIONS = ("pdf", "abstract", "doi", "license", "fulltext")
STATUSES: tuple[str, ...] = get_args(WorkStatus)

_HTTP = r"https?://(?:www\.)?"
_NCBI = rf"{_HTTP}(?:pmc\.|pubmed\.)?ncbi\.nlm\.nih\.gov/"
_IDENTIFIERS: tuple[tuple[TermName, re.Pattern[str]], ...] = (
    (
        "doi",
        re.compile(
            r"(?:doi:\s*)?(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/)?(10\.\d{4,9}(?:\.\d+)*/[^\s\"<>\u3000-\u9fff]+)",
            re.IGNORECASE,
        ),
    ),
    ("pmid", re.compile(rf"(?:pmid:\s*(\d{{1,9}})|{_NCBI}(?:pubmed/)?(\d{{1,9}})(?:/[^\s\"()]*)?)", re.IGNORECASE)),
    (
        "pmcid",
        re.compile(
            rf"(?:(?:pmcid|pmc):\s*)?(?:(PMC\d{{1,10}})|{_NCBI}(?:pmc/)?articles/(PMC\d{{1,10}})(?:/[^\s\"()]*)?)",
            re.IGNORECASE,
        ),
    ),
    (
        "arxiv",
        re.compile(
            r"(?:arxiv:\s*|https?://arxiv\.org/(?:abs|pdf)/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?",
            re.IGNORECASE,
        ),
    ),
)
_ISBN = re.compile(
    r"(isbn(?:-1[03])?[:\s]\s*)?((?:97[89][-‐–\s]?)?(?:\d[-‐–\s]?){9}[\dX])(?![\dX])", re.ASCII | re.IGNORECASE
)
_HYPHENATED = re.compile(r"\d+[-‐–]\d+[-‐–]\d+[-‐–][\dX]", re.ASCII | re.IGNORECASE)
_ISBN_13 = 13
_TRAILING = ".,;:'!?]}"
_REST = re.compile(r"[^\s()\"]*")
_YEARS = re.compile(r"(\d{4})?(?:(\.\.|-|–)(\d{4})?)?", re.ASCII)
_ISSN = re.compile(r"(\d{4})-?(\d{3}[\dX])", re.ASCII)
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.ASCII)
_FAR = 9


def find_identifier(text: str, position: int) -> tuple[Term, int] | None:
    """Return the identifier that stands at a position, as term and end; a DOI may contain parentheses."""
    for name, pattern in _IDENTIFIERS:
        if found := pattern.match(text, position):
            if name == "doi":
                value = _trim_doi(found[1])
                end = found.start(1) + len(value)
            else:
                value, end = next(group for group in found.groups() if group), found.end()
                if any(character.isalnum() for character in _rest(text, end)):
                    continue
            return Term(name=name, value=_canonical_case(name, value), position=position), end
    return _find_isbn(text, position)


def _find_isbn(text: str, position: int) -> tuple[Term, int] | None:
    """Return the ISBN that stands at a position, however it is hyphenated; one of 10 digits as that of 13.

    A number that does not say so is one where two of three hold: it has no blanks; it has 13 digits or an
    ISBN-10's hyphens; its digits check.
    """
    found = _ISBN.match(text, position)
    value = isbn(found[2]) if found else None
    if found is None or value is None or any(character.isalnum() for character in _rest(text, found.end())):
        return None
    digits = re.sub(r"[^\dX]", "", found[2].upper())
    has_form = len(digits) == _ISBN_13 or _HYPHENATED.fullmatch(found[2]) is not None
    signs = (re.search(r"\s", found[2]) is None, has_form, isbn_rules.is_valid(digits))
    return (Term(name="isbn", value=value, position=position), found.end()) if found[1] or sum(signs) > 1 else None


def make_term(name: str, value: str, position: int) -> Term | YearRange:
    """Make the condition ``name:value`` in canonical form.

    Raises:
        QueryError: such a value cannot be.
    """
    if name == "year":
        return _make_years(value, position)
    if name in IDENTIFIER_FIELDS:
        return _make_identifier(cast(IdentifierName, name), value, position)
    makers = {
        "issn": _canonical_issn,
        "lang": _canonical_language,
        "has": _canonical_possession,
        "status": _canonical_status,
    }
    canonical = makers[name](value, position) if name in makers else value.strip().lower()
    if not canonical:
        raise QueryError(
            f"Nothing stands after “{name}:”.", remedy=f"Write a value, or leave “{name}:” out.", position=position
        )
    return Term(name=cast(TermName, name), value=canonical, position=position)


def suggest_field(name: str) -> str | None:
    """Return the field that a misspelt name was meant to be; ``None`` if it is rather a word with a colon."""
    if not name.isascii() or not name.isalpha():
        return None
    name = name.lower()
    for known in sorted(FIELDS):
        distance = 1 if len(known) > len("doi") else 0
        if _distance(name, known) <= distance or (len(name) == len(known) and _is_swapped(name, known)):
            return known
    return None


def _rest(text: str, position: int) -> str:
    found = _REST.match(text, position)
    return found[0] if found else ""


def _trim_doi(value: str) -> str:
    """Cut what belongs to the sentence around a DOI: punctuation, and a parenthesis that was opened before it."""
    unopened = value.count(")") - value.count("(")
    while value[-1] in _TRAILING or (value[-1] == ")" and unopened > 0):
        unopened -= value[-1] == ")"
        value = value[:-1]
    return value


def _canonical_case(name: TermName, value: str) -> str:
    return value.upper() if name == "pmcid" else value.lower()


def _make_identifier(name: IdentifierName, value: str, position: int) -> Term:
    value = value.strip()
    number = f"PMC{value}" if name == "pmcid" and value.isdecimal() else value
    for attempt in (number, f"{name}:{number}"):
        found = find_identifier(attempt, 0)
        if found and found[0].name == name and found[1] == len(attempt):
            return Term(name=name, value=found[0].value, position=position)
    example = {
        "doi": "doi:10.1371/journal.pone.0000001", "pmid": "pmid:17183631", "pmcid": "pmcid:PMC1762380",
        "isbn": "isbn:978-0-306-40615-7",
    }  # fmt: skip
    raise QueryError(
        f"“{value}” is not a {name.upper()}.",
        remedy=f"Write it like {example.get(name, 'arxiv:2101.00001')}.",
        position=position,
    )


def _make_years(value: str, position: int) -> YearRange:
    found = _YEARS.fullmatch(value.strip())
    if not found or not (found[1] or found[3]):
        raise QueryError(
            f"“{value}” is not a year.",
            remedy="Write year:2020, year:2019..2024, year:2019.. or year:..2024.",
            position=position,
        )
    since = int(found[1]) if found[1] else None
    until = (int(found[3]) if found[3] else None) if found[2] else since
    if since is not None and until is not None and since > until:
        raise QueryError(
            f"The years {since}..{until} run backwards.", remedy=f"Write year:{until}..{since}.", position=position
        )
    return YearRange(since=since, until=until, position=position)


def _canonical_issn(value: str, position: int) -> str:
    found = _ISSN.fullmatch(value.strip().upper())
    if not found:
        raise QueryError(f"“{value}” is not an ISSN.", remedy="Write it like issn:1932-6203.", position=position)
    return f"{found[1]}-{found[2]}"


def _canonical_language(value: str, position: int) -> str:
    found = _LANGUAGE.fullmatch(value.strip().lower())
    if not found:
        raise QueryError(
            f"“{value}” is not a language code.", remedy="Write an ISO 639 code, like lang:zh.", position=position
        )
    return found[1]


def _canonical_possession(value: str, position: int) -> str:
    kind = value.strip().lower()
    if kind not in POSSESSIONS:
        choice = ", ".join(f"has:{one}" for one in POSSESSIONS)
        raise QueryError(f"“has:{value}” cannot be asked.", remedy=f"Use one of {choice}.", position=position)
    return kind


def _canonical_status(value: str, position: int) -> str:
    status = value.strip().lower()
    if status not in STATUSES:
        choice = ", ".join(f"status:{one}" for one in STATUSES)
        raise QueryError(f"“status:{value}” cannot be asked.", remedy=f"Use one of {choice}.", position=position)
    return status


def _is_swapped(name: str, known: str) -> bool:
    """Tell whether two neighbouring letters changed places."""
    different = [at for at, (one, other) in enumerate(zip(name, known, strict=True)) if one != other]
    match different:
        case [first, second] if second == first + 1:
            return name[first] == known[second] and name[second] == known[first]
        case _:
            return False


def _distance(one: str, other: str) -> int:
    """Count the letters to change, add or remove (Levenshtein); ``_FAR`` where the lengths already differ much."""
    if abs(len(one) - len(other)) > 1:
        return _FAR
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        previous, row[0] = row[0], at
        for column, against in enumerate(other, 1):
            previous, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, previous + (letter != against)),
            )
    return row[-1]
