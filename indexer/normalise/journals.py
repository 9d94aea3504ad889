"""Make one clean journal of all the raw records of one (source, identifier)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

from babel import Locale

from harvesters.errors import FormatError
from harvesters.formats import describe_journal
from harvesters.formats.description import RawSubject
from harvesters.formats.journal import JournalDescription
from harvesters.records import RawRecord
from indexer.errors import UnusableRecordError
from indexer.models import Journal, License, Subject
from indexer.normalise.identifiers import issn, issns
from indexer.normalise.languages import known_codes
from indexer.normalise.licences import license_of
from indexer.normalise.manifestation import MAX_RECORD_BYTES
from indexer.normalise.terms import keywords_of, subjects_of
from indexer.normalise.text import clean_line, clean_title

_RANKS = {"doaj_json": 0, "doaj_csv": 1, "oai_dc": 3}
_OTHER_RANK = 2
_CLASS_CODE = re.compile(r"[A-Z]{1,3}(?:\d[\d.]*(?:-\d[\d.]*)?)?")
_BETWEEN_LICENCES = re.compile(r"\s*[,;|]\s*")
_OWN_LICENCE = re.compile(r"publisher.{0,3}\s+own", re.IGNORECASE)
_T = TypeVar("_T")
_LONGEST_URL, _LONGEST_NAME = 2048, 500
#: What a journal says goes to all its works and joins journals: a record that says more than any journal is none.
_MOST_ISSNS, _MOST_SUBJECTS = 20, 20
#: Names of ISO 3166-1 that are not the display names of the Unicode CLDR.
_COUNTRIES = {
    "bolivia, plurinational state of": "BO", "brunei darussalam": "BN", "cabo verde": "CV", "congo": "CG",
    "congo, democratic republic of the": "CD", "congo, the democratic republic of the": "CD", "cote d'ivoire": "CI",
    "czech republic": "CZ", "great britain": "GB", "holy see": "VA", "hong kong": "HK", "ivory coast": "CI",
    "korea, democratic people's republic of": "KP", "korea, republic of": "KR", "republic of korea": "KR",
    "lao people's democratic republic": "LA", "macao": "MO", "macedonia": "MK", "palestine": "PS",
    "palestine, state of": "PS", "russian federation": "RU", "syrian arab republic": "SY",
    "taiwan, province of china": "TW", "the netherlands": "NL", "turkey": "TR", "uk": "GB",
    "united states of america": "US", "usa": "US", "viet nam": "VN", "virgin islands, british": "VG",
    "virgin islands, u.s.": "VI",
}  # fmt: skip


def normalise_journal(records: Sequence[RawRecord], source: str) -> Journal:
    """Combine one journal's raw forms into a clean description.

    ``records`` are all of one (source, identifier), none deleted, in any order. JSON goes before CSV before Dublin
    Core; ISSNs of all are united. An ISSN with a wrong check digit is no ISSN.

    Raises:
        UnusableRecordError: it is too large, cannot be read in any of its formats, has neither title nor ISSN,
            or has more ISSNs than any journal.
    """
    ordered = sorted(records, key=lambda one: _RANKS.get(one.metadata_prefix, _OTHER_RANK))
    if not ordered:
        raise UnusableRecordError("There is no record to read.", remedy="Harvest the source again.")
    described = _describe_all(ordered)
    journal = _build(described, ordered, source)
    if not journal.title and not journal.issns:
        raise UnusableRecordError(
            "The journal has neither a title nor a valid ISSN.",
            remedy="Ask the source to add one (or correct the file); the record is read again when it changes.",
        )
    if len(journal.issns) > _MOST_ISSNS:
        raise UnusableRecordError(
            f"The record names {len(journal.issns)} ISSNs: it is no one journal's.",
            remedy="Ask the source to correct it; the record is read again when it changes.",
        )
    return journal


def _describe_all(ordered: Sequence[RawRecord]) -> list[JournalDescription]:
    """Read every form that can be read; the record is lost only if none can."""
    described: list[JournalDescription] = []
    refused: UnusableRecordError | None = None
    for record in ordered:
        try:
            described.append(_describe(record))
        except UnusableRecordError as error:
            refused = refused or error
    if not described and refused is not None:
        raise refused
    return described


def _describe(record: RawRecord) -> JournalDescription:
    if len(record.body) > MAX_RECORD_BYTES:
        raise UnusableRecordError(
            f"The record has {len(record.body):,} bytes, more than {MAX_RECORD_BYTES:,}.",
            remedy="Ask the source whether it means it; the record is kept and read again when it changes.",
        )
    try:
        return describe_journal(record)
    except FormatError as error:
        raise UnusableRecordError(str(error), remedy=error.remedy) from error


def _build(described: Sequence[JournalDescription], ordered: Sequence[RawRecord], source: str) -> Journal:
    titles = _titles(described)
    numbers, linking = _numbers(described)
    return Journal(
        title=next(iter(titles), None),
        alternative_titles=tuple(titles[1:]),
        issns=numbers,
        issn_l=linking,
        publisher=_first(described, lambda one: _publisher(one.publisher)),
        country=_first(described, lambda one: country_of(one.country)),
        languages=_first(described, lambda one: known_codes(tuple(one.languages))) or (),
        subjects=_first(described, lambda one: _subjects(one.subjects)) or (),
        keywords=_first(described, lambda one: keywords_of(one.keywords)) or (),
        licenses=_first(described, lambda one: licenses_of(one.licenses)) or (),
        homepage=_first(described, lambda one: _homepage(one.homepage)),
        source=source,
        record_identifier=ordered[0].identifier,
        datestamp=max(one.datestamp for one in ordered),
    )


def _first(described: Sequence[JournalDescription], read: Callable[[JournalDescription], _T | None]) -> _T | None:
    """Return what the first description that says anything of it says."""
    return next((said for said in map(read, described) if said), None)


def _numbers(described: Sequence[JournalDescription]) -> tuple[tuple[str, ...], str | None]:
    """Return the ISSNs of all descriptions, each once, and the linking ISSN, which is one of them."""
    linking = _first(described, lambda one: issn(one.issn_l) if one.issn_l else None)
    stated = [one.value for each in described for one in each.issns]
    return issns([*stated, *([linking] if linking else [])]), linking


def _titles(described: Sequence[JournalDescription]) -> list[str]:
    """Return the proper title and the others, each once whatever its case."""
    found: dict[str, str] = {}
    proper = [one.title for one in described]
    for raw in (*proper, *(other for one in described for other in one.alternative_titles)):
        title = clean_title(raw)
        if any(map(str.isalnum, title)) and len(title) <= _LONGEST_NAME:
            found.setdefault(title.casefold(), title)
    return list(found.values())


def _publisher(raw: str | None) -> str | None:
    name = clean_line(raw).strip(" ;,")
    return name if any(map(str.isalnum, name)) and len(name) <= _LONGEST_NAME else None


def country_of(raw: str | None) -> str | None:
    """Return the ISO 3166-1 alpha-2 code for a code or an English name, ``None`` for what is neither.

    DOAJ's API gives codes, its CSV the names of ISO 3166 (``Iran, Islamic Republic of``).
    """
    name = _folded(clean_line(raw))
    known = _country_names()
    return known.get(name) or known.get(name.partition(",")[0].strip())


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    territories = {str(code): str(name) for code, name in Locale("en").territories.items()}
    codes = [code for code in territories if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES]  # noqa: PLR2004
    names = {_folded(territories[code]): code for code in codes}
    return names | {code.casefold(): code for code in codes} | _COUNTRIES


def _folded(name: str) -> str:
    words = name.replace("’", "'").replace("&", "and").replace("St.", "Saint").split()
    return " ".join(words).casefold()


#: Codes that the CLDR has names for, and that ISO 3166-1 does not assign (DOAJ has Kosovo's XK).
_NO_COUNTRIES = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))


def licenses_of(statements: Iterable[str]) -> tuple[License, ...]:
    """Return the licences that a journal's articles may have, each code once; one statement may list several."""
    found: dict[str, License] = {}
    for statement in statements:
        for one in _licenses_in(statement):
            known = found.get(one.code)
            if known is None or (known.url is None and one.url):
                found[one.code] = one
    return tuple(found.values())


def _licenses_in(statement: str) -> list[License]:
    """Read a list of licences; parts that only talk about rights are none beside one that is named."""
    parts = [one for one in _BETWEEN_LICENCES.split(statement) if any(map(str.isalnum, one))]
    read = [(part, license_of([part])) for part in parts]
    named = [one for part, one in read if one and (one.code != "publisher" or _OWN_LICENCE.search(part))]
    if len(named) > 1:
        return named
    whole = license_of([statement]) if parts else None
    return [whole] if whole else []


def _subjects(raws: Iterable[RawSubject]) -> tuple[Subject, ...]:
    """Return the headings; a class code that stands where a heading should is none."""
    subjects, _ = subjects_of(raws, is_pmc=False)
    return tuple(one for one in subjects if not (one.scheme == "LCC" and _CLASS_CODE.fullmatch(one.term)))[
        :_MOST_SUBJECTS
    ]


def _homepage(raw: str | None) -> str | None:
    address = (raw or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    fits = parts.scheme in {"http", "https"} and parts.hostname and len(address) <= _LONGEST_URL
    return address if fits and not any(map(str.isspace, address)) else None
