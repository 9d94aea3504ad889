"""DOAJ's journals: a row of its journal CSV, the journal JSON of its API and dump, and oai_dc of its journal list."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from harvesters.errors import FormatError
from harvesters.formats.description import RawIdentifier, RawSubject, RawText
from harvesters.formats.journal import JournalDescription
from harvesters.formats.json import Object, child, children, parse_object, text, texts
from harvesters.formats.oai_dc import describe_oai_dc
from harvesters.formats.xml import find_payload, parse_document
from harvesters.records import RawRecord

#: The columns used, by what they are here; DOAJ renamed some over the years (https://doaj.org/csv).
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("journal title", "title"),
    "alternative": ("alternative title",),
    "print": ("journal issn (print version)", "issn", "pissn"),
    "online": ("journal eissn (online version)", "eissn"),
    "homepage": ("journal url",),
    "page": ("url in doaj",),
    "publisher": ("publisher",),
    "country": ("country of publisher", "country"),
    "languages": ("languages in which the journal accepts manuscripts", "full text language"),
    "license": ("journal license",),
    "keywords": ("keywords",),
    "subjects": ("subjects",),
    "codes": ("lcc codes",),
    "changed": ("last updated date", "last full review date", "added on date"),
}
_ISSN = re.compile(r"\d{4}-\d{3}[\dXx]")
_ANY_OF = re.compile(r"\s*\|\s*")
#: A comma inside brackets belongs to the name.
_COMMA = re.compile(r"\s*,\s*(?![^()]*\))")


def describe_csv_row(record: RawRecord) -> JournalDescription:
    """Read a row of the journal CSV; the record's head is the header line. Columns that are absent say nothing.

    Raises:
        FormatError: head and body are no two rows, or the row has no title.
    """
    values = journal_columns(record.head, record.body)
    title = values.get("title")
    if not title:
        raise FormatError("The row has no journal title.", remedy="Correct the row in the file and harvest it again.")
    return JournalDescription(
        title=title,
        alternative_titles=_present(values, "alternative"),
        issns=tuple(
            RawIdentifier(value=values[name], scheme=scheme)
            for name, scheme in (("print", "ppub"), ("online", "epub"))
            if name in values
        ),
        publisher=values.get("publisher"),
        country=values.get("country"),
        languages=_split(values.get("languages"), _COMMA),
        subjects=_row_subjects(values),
        keywords=tuple(RawText(value=one) for one in _split(values.get("keywords"), _COMMA)),
        licenses=_split(values.get("license"), _COMMA),
        homepage=values.get("homepage"),
    )


def journal_columns(head: bytes, body: bytes) -> dict[str, str]:
    """Return a row's values that are not empty, by the names of :data:`COLUMNS`; raise ``FormatError`` if it has none.

    The header decides what a cell is; a byte-order mark, case and white space in it do not matter.
    """
    try:
        lines = [data.decode("utf-8-sig").rstrip("\r\n") for data in (head, body)]
        rows = [next(csv.reader(io.StringIO(line, newline=""), strict=True), []) for line in lines]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(
            f"The row cannot be read: {error}.", remedy="Save the file as CSV in UTF-8 and harvest it again."
        ) from error
    if len(rows[0]) != len(rows[1]):
        raise FormatError(
            f"The row has {len(rows[1])} cells, the header {len(rows[0])}.",
            remedy="Look for a missing quotation mark in or before the row, or download the file again.",
        )
    names = {cell.strip().casefold(): place for place, cell in reversed(list(enumerate(rows[0])))}
    found: dict[str, str] = {}
    for name, headings in COLUMNS.items():
        for heading in headings:
            place = names.get(heading)
            cell = rows[1][place].strip() if place is not None and place < len(rows[1]) else ""
            if cell:
                found.setdefault(name, cell)
    return found


def _present(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    return (values[name],) if name in values else ()


def _split(value: str | None, at: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(one for one in (part.strip() for part in at.split(value)) if one) if value else ()


def _row_subjects(values: Mapping[str, str]) -> tuple[RawSubject, ...]:
    """Pair headings with their LCC codes (both lists are cut by ``|``); a heading is its path's last step."""
    paths = _split(values.get("subjects"), _ANY_OF)
    codes = _split(values.get("codes"), _ANY_OF)
    paired = codes if len(codes) == len(paths) else (None,) * len(paths)
    return tuple(
        RawSubject(value=path.rpartition(": ")[2], scheme="LCC", code=code)
        for path, code in zip(paths, paired, strict=True)
    )


def describe_journal_json(record: RawRecord) -> JournalDescription:
    """Read a journal of the API or the dump, of any version since 1 (publisher and ISSNs moved between them).

    Raises:
        FormatError: it is no JSON object, or has no title.
    """
    body = parse_object(record.body)
    bibjson = child(child(body, "_source") or body, "bibjson")
    title = text(bibjson.get("title"))
    if title is None:
        raise FormatError("The journal has no title.", remedy="Ask DOAJ to mend it; it is read again when it changes.")
    publisher = child(bibjson, "publisher")
    return JournalDescription(
        title=title,
        alternative_titles=tuple(texts(bibjson.get("alternative_title"))),
        issns=_json_issns(bibjson),
        publisher=text(publisher.get("name")) or text(bibjson.get("publisher")),
        country=text(publisher.get("country")) or text(bibjson.get("country")),
        languages=tuple(texts(bibjson.get("language"))),
        subjects=json_subjects(bibjson),
        keywords=tuple(RawText(value=one) for one in texts(bibjson.get("keywords"))),
        licenses=tuple(one for one in (text(each.get("type")) for each in children(bibjson, "license")) if one),
        homepage=text(child(bibjson, "ref").get("journal")) or _json_homepage(bibjson),
    )


def _json_issns(bibjson: Object) -> tuple[RawIdentifier, ...]:
    found = [(text(bibjson.get("pissn")), "ppub"), (text(bibjson.get("eissn")), "epub")]
    schemes = {"pissn": "ppub", "eissn": "epub"}
    found.extend(
        (text(one.get("id")), schemes[kind])
        for one in children(bibjson, "identifier")
        if (kind := (text(one.get("type")) or "").lower()) in schemes
    )
    return tuple(dict.fromkeys(RawIdentifier(value=value, scheme=scheme) for value, scheme in found if value))


def _json_homepage(bibjson: Object) -> str | None:
    return next((text(one.get("url")) for one in children(bibjson, "link") if one.get("type") == "homepage"), None)


def json_subjects(bibjson: Object) -> tuple[RawSubject, ...]:
    """Return the subjects of an article's or journal's JSON."""
    return tuple(
        RawSubject(value=term, scheme=text(one.get("scheme")), code=text(one.get("code")))
        for one in children(bibjson, "subject")
        if (term := text(one.get("term"))) is not None
    )


def describe_journal_dc(record: RawRecord) -> JournalDescription:
    """Read a journal of DOAJ's journal list (``https://doaj.org/oai``).

    ISSNs are bare identifiers, plain subjects are keywords, and the addresses come in no order, so that none of
    them can be taken for the homepage.

    Raises:
        FormatError: not well-formed, no oai_dc, or no title.
    """
    dublin_core = describe_oai_dc(find_payload(parse_document(record.document())))
    if not dublin_core.titles:
        raise FormatError(
            "The journal has no title.", remedy="Ask the repository to add one; it is read again when it changes."
        )
    titles = [one.value for one in dublin_core.titles]
    plain = [one for one in dublin_core.subjects if one.scheme is None]
    return JournalDescription(
        title=titles[0],
        alternative_titles=tuple(titles[1:]),
        issns=tuple(one for one in dublin_core.identifiers if _ISSN.fullmatch(one.value.strip())),
        publisher=dublin_core.publisher,
        languages=dublin_core.languages,
        subjects=tuple(one for one in dublin_core.subjects if one.scheme is not None),
        keywords=tuple(RawText(value=one.value) for one in plain),
        licenses=dublin_core.rights,
    )
