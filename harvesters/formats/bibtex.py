"""BibTeX: one entry, with the abbreviations (``@string``) that it uses in the record's head."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from pybtex.bibtex.utils import split_name_list  # type: ignore[import-untyped]
from pybtex.database import InvalidNameString, Person  # type: ignore[import-untyped]
from pybtex.database.input.bibtex import LowLevelParser, UndefinedMacro, month_names  # type: ignore[import-untyped]
from pybtex.exceptions import PybtexError  # type: ignore[import-untyped]
from pybtex.richtext import Text  # type: ignore[import-untyped]

from harvesters.errors import FormatError
from harvesters.formats.charset import charset_in, decode
from harvesters.formats.description import Description, RawContributor, RawDate, RawIdentifier, RawLink, RawText
from harvesters.formats.draft import Draft
from harvesters.formats.several import isbns, terms
from harvesters.records import RawRecord

_TYPES = {
    "article": "journal article", "book": "book", "booklet": "book", "mvbook": "book", "collection": "book",
    "inbook": "book chapter", "incollection": "book chapter", "inproceedings": "conference paper",
    "conference": "conference paper", "proceedings": "book", "phdthesis": "thesis", "mastersthesis": "thesis",
    "thesis": "thesis", "techreport": "report", "report": "report", "unpublished": "working paper", "manual": "report",
    "dataset": "dataset", "misc": "other", "online": "other", "electronic": "other", "software": "software",
    "patent": "other", "periodical": "serial",
}  # fmt: skip
_COMMAND = re.compile(r"\\(?:text(?:it|bf|tt|rm|sc|sl|sf|normal)|emph|mbox|url|text|it|bf|em|tt|sc)(?![A-Za-z])\s*")
_BARE_PERCENT = re.compile(r"(?<!\\)%")
_ESCAPED = re.compile(r"\\([_%&#$~{}])(?:\{\})?")
_BRACES = re.compile(r"(?<!\\)[{}]")
_NEEDS_DECODING = re.compile(r"[\\{}~]|--|``|''")
_LONGEST_DECODED = 100_000
_FORMULA = re.compile(r"(?<!\\)\$[^$]{1,2000}\$")
_MOST_FORMULAS = 1000
_PRIVATE = 0xE000  # characters that stand for formulas meanwhile
_MEND = "Mend the entry (most often a brace, a comma or a quotation mark is missing) and harvest again."


class _Macros(dict[str, str]):
    """Abbreviations by name, whatever their case; an unknown one stands for its own name (``month = sept``)."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__(month_names)
        self._known = known

    def __getitem__(self, name: str) -> str:
        own = self.get(name.lower())
        return self._known.get(name.lower(), name) if own is None else own

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)


def describe_bibtex(record: RawRecord) -> Description:
    """Read one entry; LaTeX becomes characters, braces that only protect capitals go."""
    kind, fields = read_entry(decode(record.body, charset_in(record.head)), _strings(record.head))
    draft = Draft()
    draft.types.append(_TYPES.get(kind, "other"))
    for name in ("title", "titleaddon"):
        if fields.get(name) and not draft.titles:
            subtitle = fields.get("subtitle")
            text = plain(fields[name])
            draft.titles.append(RawText(value=f"{text}: {plain(subtitle)}" if subtitle else text))
    for role in ("author", "editor", "translator"):
        draft.contributors.extend(_people(fields.get(role, ""), role))
    _published(fields, draft)
    _identifiers(fields, draft)
    draft.abstracts.extend(RawText(value=plain(fields[one])) for one in ("abstract",) if fields.get(one))
    draft.keywords.extend(RawText(value=one) for one in terms(plain(fields.get("keywords", ""))))
    draft.languages.extend(plain(fields[one]) for one in ("language", "langid") if fields.get(one))
    draft.rights.extend(plain(fields[one]) for one in ("license", "copyright", "rights") if fields.get(one))
    return draft.finish("article")


def read_entry(text: str, strings: Iterable[str] = ()) -> tuple[str, dict[str, str]]:
    """Return an entry's type and its fields by lower-case name; raise ``FormatError`` where it is broken."""
    commands = _parsed("\n".join((*strings, text)), {})
    found = [one for one in commands if one[0].lower() not in {"string", "preamble", "comment"}]
    if len(found) != 1:
        raise FormatError(f"It holds {len(found)} BibTeX entries.", remedy=_MEND)
    kind, (_, values) = found[0]
    fields: dict[str, str] = {}
    for name, parts in values:
        fields.setdefault(name.lower(), "".join(parts))
    return kind.lower(), fields


def read_string(text: str, known: Mapping[str, str]) -> tuple[str, str]:
    """Return name and whole text of an abbreviation (``@string``) that may be made of others; raise ``FormatError``."""
    for kind, definition in _parsed(text, known):
        if kind.lower() == "string":
            name, parts = definition
            return name, "".join(parts)
    raise FormatError("It defines no abbreviation.", remedy=_MEND)


def _parsed(text: str, known: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Return the commands in a text: (kind, (name, parts of the value)) or (kind, (key, fields))."""

    def refuse(error: Exception) -> None:
        if not isinstance(error, UndefinedMacro):
            raise error

    try:
        return list(LowLevelParser(text, macros=_Macros(known), handle_error=refuse))
    except (PybtexError, RecursionError) as error:
        raise FormatError(f"It is no BibTeX entry ({str(error)[:200]}).", remedy=_MEND) from error


def _strings(head: bytes) -> list[str]:
    said = orjson.loads(head)
    strings = said.get("strings", [])
    return [str(one) for one in strings] if isinstance(strings, list) else []


def plain(text: str) -> str:
    """Return LaTeX as characters, but for formulas; what cannot be read as LaTeX only loses its braces."""
    squeezed = " ".join(text.split())
    if _NEEDS_DECODING.search(squeezed) is None:
        return squeezed
    formulas: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        formulas.append(match[0])
        return chr(_PRIVATE + len(formulas) - 1)

    source = _FORMULA.sub(put_aside, squeezed, count=_MOST_FORMULAS)
    source = _BARE_PERCENT.sub(r"\\%", _COMMAND.sub("", source))
    try:
        decoded = str(Text.from_latex(source)) if len(source) <= _LONGEST_DECODED else _BRACES.sub("", source)
    except (PybtexError, RecursionError, ValueError):
        decoded = _BRACES.sub("", source)
    decoded = _ESCAPED.sub(r"\1", decoded)
    for number, formula in enumerate(formulas):
        decoded = decoded.replace(chr(_PRIVATE + number), formula)
    return decoded


def _people(names: str, role: str) -> Iterable[RawContributor]:
    for name in split_name_list(" ".join(names.split())):
        if name.strip().lower() in {"", "others"}:
            continue
        if name.startswith("{") and name.endswith("}"):
            yield RawContributor(name=plain(name[1:-1]), role=role, is_group=True)
            continue
        try:
            person = Person(name)
        except (InvalidNameString, PybtexError):
            yield RawContributor(name=plain(name), role=role)
            continue
        given = plain(" ".join([*person.first_names, *person.middle_names]))
        family = plain(" ".join([*person.prelast_names, *person.last_names]))
        if given and family:
            suffix = plain(" ".join(person.lineage_names)) or None
            yield RawContributor(family=family, given=given, suffix=suffix, role=role)
        else:
            yield RawContributor(name=plain(name), role=role)


def _published(fields: dict[str, str], draft: Draft) -> None:
    def first(*names: str) -> str | None:
        return next((text for name in names if (text := plain(fields.get(name, "")))), None)

    draft.container_title = first("journal", "journaltitle", "booktitle", "series")
    draft.publisher = first("publisher", "school", "institution", "organization")
    draft.volume, draft.issue = first("volume"), first("number", "issue")
    pages = first("pages")
    draft.first_page = pages.replace("–", "-") if pages else None
    draft.article_number = first("eid", "articleno")
    year, month = first("year"), first("month")
    date = first("date")
    if date or year:
        draft.dates.append(RawDate(value=date or (f"{year} {month}" if month else year or "")))


def _identifiers(fields: dict[str, str], draft: Draft) -> None:
    def raw(name: str) -> str:
        return _ESCAPED.sub(r"\1", _COMMAND.sub("", fields.get(name, ""))).strip("{} \n\t")

    if raw("doi"):
        draft.identifiers.append(RawIdentifier(value=raw("doi"), scheme="doi"))
    if raw("eprint") and "arxiv" in (raw("archiveprefix") + raw("eprinttype")).lower():
        draft.identifiers.append(RawIdentifier(value=raw("eprint"), scheme="arxiv"))
    if raw("pmid"):
        draft.identifiers.append(RawIdentifier(value=raw("pmid"), scheme="pmid"))
    draft.identifiers.extend(RawIdentifier(value=one, scheme="isbn") for one in isbns(raw("isbn")))
    draft.issns.extend(RawIdentifier(value=one) for one in raw("issn").replace(",", " ").split())
    draft.links.extend(RawLink(url=one) for one in raw("url").split())
