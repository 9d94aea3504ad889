"""Exact conditions of the query language: years, codes, and identifiers in their canonical form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

import langcodes
from langcodes.tag_parser import LanguageTagError

from indexer.errors import QueryError
from indexer.search.expression import IdentifierName, Term, TermName, YearRange
from indexer.search.fields import IDENTIFIER_FIELDS, POSSESSIONS, STATUSES, TYPES, VERSIONS
from indexer.search.pasted import find_identifier, mark_of

_YEARS = re.compile(r"(\d{4})?(?:(\.\.|-|–)(\d{4})?)?", re.ASCII)
_ISSN = re.compile(r"(\d{4})-?(\d{3}[\dX])", re.ASCII)
_CLASS = re.compile(r"[A-Z]\S*")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.ASCII)
_EXAMPLES = {
    "doi": "doi:10.1371/journal.pone.0000001",
    "pmid": "pmid:17183631",
    "pmcid": "pmcid:PMC1762380",
    "isbn": "isbn:978-0-306-40615-7",
    "arxiv": "arxiv:2101.00001",
    "doaj": "doaj:0123456789abcdef0123456789abcdef",
    "handle": "handle:10900/12345",
    "url": "url:https://example.org/article/1",
}


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
        "version": _canonical_version,
        "clc": _canonical_class,
    }
    canonical = makers[name](value, position) if name in makers else value.strip().lower()
    if not canonical:
        raise QueryError("empty_field", field=name, position=position)
    return Term(name=cast(TermName, name), value=canonical, position=position)


def is_value(name: str, value: str) -> bool:
    """Tell whether a value is so plainly one of a coded field that a name much like it must be that field.

    In ``land:use`` and ``near:infrared`` it is not; ``lnag:zh`` and ``yaer:2020`` are slips.
    """
    try:
        term = make_term(name, value, 0)
    except QueryError:
        return False
    if name == "type":
        return isinstance(term, Term) and term.value in TYPES
    return name != "lang" or (len(value) == len("zh") and langcodes.tag_is_valid(value))


def _make_identifier(name: IdentifierName, value: str, position: int) -> Term:
    value = value.strip()
    if name == "url" and (mark := mark_of(value)):
        return Term(name=name, value=mark, position=position)
    number = f"PMC{value}" if name == "pmcid" and value.isdecimal() else value
    for attempt in (number, f"{name}:{number}"):
        found = find_identifier(attempt, 0)
        if found and found[1] == len(attempt) and (found[0].name == name or (name, found[0].name) == ("doi", "arxiv")):
            return Term(name=found[0].name, value=found[0].value, position=position)
    raise QueryError("not_identifier", value=value, scheme=name.upper(), example=_EXAMPLES[name], position=position)


def _make_years(value: str, position: int) -> YearRange:
    found = _YEARS.fullmatch(value.strip())
    if not found or not (found[1] or found[3]):
        raise QueryError("not_year", value=value, position=position)
    since = int(found[1]) if found[1] else None
    until = (int(found[3]) if found[3] else None) if found[2] else since
    if since is not None and until is not None and since > until:
        raise QueryError("years_backwards", since=since, until=until, position=position)
    return YearRange(since=since, until=until, position=position)


def _canonical_issn(value: str, position: int) -> str:
    found = _ISSN.fullmatch(value.strip().upper())
    if not found:
        raise QueryError("not_issn", value=value, position=position)
    return f"{found[1]}-{found[2]}"


def _canonical_language(value: str, position: int) -> str:
    found = _LANGUAGE.fullmatch(value.strip().lower())
    if not found:
        raise QueryError("not_language", value=value, position=position)
    try:
        return langcodes.standardize_tag(found[1]).partition("-")[0]  # zho and chi are zh
    except LanguageTagError:
        return found[1]


def _canonical_possession(value: str, position: int) -> str:
    kind = value.strip().lower()
    if kind not in POSSESSIONS:
        raise _not_one_of("has", value, POSSESSIONS, position)
    return kind


def _canonical_status(value: str, position: int) -> str:
    status = value.strip().lower()
    if status not in STATUSES:
        raise _not_one_of("status", value, STATUSES, position)
    return status


def _canonical_class(value: str, position: int) -> str:
    code = value.strip().upper()
    if not _CLASS.fullmatch(code):
        raise QueryError("not_class", value=value, position=position)
    return code


def _canonical_version(value: str, position: int) -> str:
    version = value.strip().lower()
    if version not in VERSIONS:
        raise _not_one_of("version", value, VERSIONS, position)
    return version


def _not_one_of(field: str, value: str, known: Iterable[str], position: int) -> QueryError:
    choice = ", ".join(f"{field}:{one}" for one in known)
    return QueryError("not_one_of", field=field, value=value, choice=choice, position=position)
