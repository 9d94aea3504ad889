"""Fields that a person may correct: what a value must be, and how it takes its place in the merged view. Pure.

A correction is about what is shown and searched, never about which records are one work: that is judged for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeGuard

from harvesters.formats.description import RawContributor
from indexer import clock
from indexer.errors import WrongJudgementError
from indexer.identity.merge import Merged
from indexer.models import Bibliography, Container, Identifier, LanguageTag, PartialDate, Text
from indexer.normalise.identifiers import doi
from indexer.normalise.languages import known_codes, tag
from indexer.normalise.licences import license_of
from indexer.normalise.names import contributor
from indexer.normalise.text import clean_abstract, clean_line
from indexer.normalise.types import TYPES

#: A value as it is kept: text, several texts, or nothing.
Value = str | tuple[str, ...] | None

MOST_AUTHORS, MOST_LANGUAGES = 5_000, 10
_LONGEST_LINE, _LONGEST_ABSTRACT, _LONGEST_NUMBER, _LONGEST_NAME = 2_000, 20_000, 100, 500
_OLDEST_YEAR = 1000
_DATE_PARTS = 3
#: Control characters but for tab and line ends; halves of surrogate pairs.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction in force: ``judgement`` is its public id, its ``key`` grows with time; of one of :data:`FIELDS`."""

    key: int
    judgement: str
    field: str
    value: Value


def read_value(field: str, given: object) -> tuple[str, Value]:
    """Return the field (``year`` is a part of ``published``) and the value as they are kept.

    Raises:
        WrongJudgementError: there is no such field, or the value cannot be one of it.
    """
    known = FIELDS.get(field)
    if known is None:
        raise WrongJudgementError(
            f"There is no field {field[:80]!r} to be corrected.",
            remedy=f"Use one of {', '.join(FIELDS)}.",
            parameter="field",
        )
    given = given.strip() if isinstance(given, str) else given
    if given is None or given in ("", []):
        if not known.may_be_empty:
            raise WrongJudgementError(
                f"A work cannot be without {field}.", remedy=f"Give {known.form}.", parameter="value"
            )
        return known.kept_as or field, None
    value = known.read(given)
    if not value:
        empty = ', or "" for none' if known.may_be_empty else ""
        raise WrongJudgementError(
            f"This cannot be a value of {field}.", remedy=f"Give {known.form}{empty}.", parameter="value"
        )
    return known.kept_as or field, value


def corrected(merged: Merged, corrections: Iterable[Correction]) -> Merged:
    """Put corrections in the place of what was merged; the newest of a field is what holds."""
    newest = {one.field: one for one in sorted(corrections, key=lambda one: one.key)}
    if not newest:
        return merged
    described, provenance = merged.bibliography, dict(merged.provenance)
    for one in newest.values():
        field = FIELDS[one.field]
        described = field.apply(described, one.value)
        provenance[field.place] = f"judgement:{one.judgement}"
    return replace(merged, bibliography=described, provenance=provenance)


# --- what people give ---------------------------------------------------------------------------


def _fits(given: object, longest: int) -> TypeGuard[str]:
    return isinstance(given, str) and len(given) <= longest and _UNFIT.search(given) is None


def _line(longest: int) -> Callable[[object], str | None]:
    def read(given: object) -> str | None:
        return clean_line(given) if _fits(given, longest) else None

    return read


def _read_abstract(given: object) -> str | None:
    return clean_abstract(given) if _fits(given, _LONGEST_ABSTRACT) else None


def _read_year(given: object) -> str | None:
    text = str(given) if isinstance(given, int | str) and not isinstance(given, bool) else ""
    return _read_date(text) if len(text) == len("2026") else None


def _read_date(given: object) -> str | None:
    """Read a date in ISO 8601, in the precision in which it is given; what was never a day is none."""
    parts = given.split("-") if isinstance(given, str) and given.isascii() else []
    if len(parts) > _DATE_PARTS or not all(part.isdigit() for part in parts):
        return None
    if [len(part) for part in parts] != [4, 2, 2][: len(parts)]:
        return None
    numbers = [int(part) for part in parts]
    try:
        date(*[*numbers, 1, 1][:_DATE_PARTS])
    except (TypeError, ValueError):
        return None
    return str(given) if _OLDEST_YEAR <= numbers[0] <= clock.now().year + 1 else None


def _read_authors(given: object) -> tuple[str, ...] | None:
    names = _listed(given, ";")
    if not names or len(names) > MOST_AUTHORS or max(map(len, names)) > _LONGEST_NAME:
        return None
    read = [contributor(RawContributor(name=name)) for name in names]
    return tuple(names) if all(read) else None


def _read_languages(given: object) -> tuple[str, ...] | None:
    named = _listed(given, ",")
    codes = [known_codes((one,)) for one in named[: MOST_LANGUAGES + 1]]
    if len(named) > MOST_LANGUAGES or not all(codes):
        return None
    return tuple(dict.fromkeys(code for found in codes for code in found))


def _listed(given: object, separator: str) -> list[str]:
    """Return several texts, given as a list or as one text with separators; nothing where one is no line of text."""
    parts = given.split(separator) if isinstance(given, str) else given
    if not isinstance(parts, list) or not all(_fits(part, _LONGEST_ABSTRACT) for part in parts):
        return []
    return [line for part in parts if (line := clean_line(part))]


def _read_type(given: object) -> str | None:
    return given if isinstance(given, str) and given in TYPES else None


def _read_license(given: object) -> str | None:
    """Read a licence that says what may be done; "all rights reserved" and its like are none to be chosen."""
    if not _fits(given, _LONGEST_LINE):
        return None
    found = license_of([given])
    return given if found is not None and found.code != "publisher" else None


def _read_doi(given: object) -> str | None:
    return doi(given) if _fits(given, _LONGEST_LINE) else None


# --- what becomes of them -------------------------------------------------------------------------


def _text(value: Value, *before: Text) -> Text:
    """Make a text of a value in the language that it shows, else in that of what stood there."""
    shown = str(value)
    found = tag(shown)
    return Text(value=shown, language=found or next((one.language for one in before), None))


def _with_title(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, title=_text(value, one.title))


def _with_abstract(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, abstracts=(_text(value, *one.abstracts),) if value else ())


def _with_date(one: Bibliography, value: Value) -> Bibliography:
    parts = [int(part) for part in str(value).split("-")] if value else []
    if not parts:
        return replace(one, published=None)
    year, month, day = (*parts, None, None)[:_DATE_PARTS]
    return replace(one, published=PartialDate(year=year or 0, month=month, day=day))


def _with_authors(one: Bibliography, value: Value) -> Bibliography:
    """Name the authors; of those who were known by the same name, ORCID and affiliations stay."""
    known = {person.name: person for person in one.contributors}
    names = value if isinstance(value, tuple) else ()
    people = (
        person if (person := contributor(RawContributor(name=name))) is None else known.get(person.name, person)
        for name in names
    )
    return replace(one, contributors=tuple(person for person in people if person is not None))


def _with_container(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, container=replace(one.container or Container(), title=str(value)))


def _with_type(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, type=str(value))


def _with_languages(one: Bibliography, value: Value) -> Bibliography:
    codes = value if isinstance(value, tuple) else ()
    return replace(one, languages=tuple(LanguageTag(code=code, origin="declared") for code in codes))


def _with_license(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, license=license_of([str(value)]) if value else None)


def _with_volume(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, volume=str(value) if value else None)


def _with_issue(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, issue=str(value) if value else None)


def _with_pages(one: Bibliography, value: Value) -> Bibliography:
    return replace(one, pages=str(value) if value else None)


def _with_doi(one: Bibliography, value: Value) -> Bibliography:
    others: Sequence[Identifier] = [named for named in one.identifiers if named.scheme != "doi"]
    own = (Identifier(scheme="doi", value=str(value)),) if value else ()
    return replace(one, identifiers=(*own, *others))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """How a field is read and put; ``place`` is its name in the provenance, ``form`` says what a value looks like."""

    read: Callable[[object], Value]
    apply: Callable[[Bibliography, Value], Bibliography]
    place: str
    form: str
    may_be_empty: bool = True
    kept_as: str | None = None


_DATE_FORM = "a date such as 2024, 2024-03 or 2024-03-09, of the year 1000 or later"
_NUMBER_FORM = f"one line of at most {_LONGEST_NUMBER} characters"
FIELDS: Mapping[str, _Field] = {
    "title": _Field(
        read=_line(_LONGEST_LINE),
        apply=_with_title,
        place="title",
        form=f"one line of at most {_LONGEST_LINE:,} characters",
        may_be_empty=False,
    ),
    "abstract": _Field(
        read=_read_abstract,
        apply=_with_abstract,
        place="abstracts",
        form=f"a text of at most {_LONGEST_ABSTRACT:,} characters, which takes the place of all abstracts",
    ),
    "authors": _Field(
        read=_read_authors,
        apply=_with_authors,
        place="contributors",
        form='names with semicolons ("Li, Ming; Smith, Jane"), or a list of them',
    ),
    "published": _Field(read=_read_date, apply=_with_date, place="published", form=_DATE_FORM),
    "year": _Field(
        read=_read_year, apply=_with_date, place="published", form="a year such as 2024", kept_as="published"
    ),
    "container_title": _Field(
        read=_line(_LONGEST_LINE),
        apply=_with_container,
        place="container.title",
        form="the journal's title, in one line",
        may_be_empty=False,
    ),
    "volume": _Field(read=_line(_LONGEST_NUMBER), apply=_with_volume, place="volume", form=_NUMBER_FORM),
    "issue": _Field(read=_line(_LONGEST_NUMBER), apply=_with_issue, place="issue", form=_NUMBER_FORM),
    "pages": _Field(read=_line(_LONGEST_NUMBER), apply=_with_pages, place="pages", form=_NUMBER_FORM),
    "type": _Field(
        read=_read_type, apply=_with_type, place="type", form=f"one of {', '.join(TYPES)}", may_be_empty=False
    ),
    "language": _Field(
        read=_read_languages,
        apply=_with_languages,
        place="languages",
        form='codes or names of languages with commas ("zh, en")',
    ),
    "license": _Field(
        read=_read_license,
        apply=_with_license,
        place="license",
        form='a licence by name or address ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")',
    ),
    "doi": _Field(read=_read_doi, apply=_with_doi, place="identifiers.doi", form='a DOI such as "10.1000/182"'),
}
