"""UNIMARC bibliographic records, as Chinese libraries write them (CNMARC, WH/T 0503)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harvesters.formats.description import (
    Description,
    RawContributor,
    RawDate,
    RawIdentifier,
    RawLink,
    RawSubject,
    RawText,
)
from harvesters.formats.draft import Draft
from harvesters.formats.marc_record import Field, MarcRecord
from harvesters.formats.marc_text import add_part, language_codes, trimmed, year_of
from harvesters.formats.several import isbns, people

_ROLES = {
    "070": "author", "340": "editor", "650": "publisher", "730": "translator", "727": "advisor", "003": "contributor",
    "著": "author", "编著": "author", "撰": "author", "主编": "editor", "编": "editor", "译": "translator",
    "导师": "advisor", "指导": "advisor",
}  # fmt: skip
_TYPES = {"am": "book", "as": "serial", "aa": "article", "bm": "book"}


def describe_unimarc(record: MarcRecord) -> Description:
    """Read the fields; the language is the item's own."""
    draft = Draft()
    _titles(record, draft)
    _people(record, draft)
    _identifiers(record, draft)
    _publication(record, draft)
    _host(record, draft)
    draft.abstracts.extend(_texts(record))
    draft.subjects.extend(_subjects(record))
    draft.links.extend(
        RawLink(url=url, media=field.first("q")) for field in record.all("856") for url in field.all("u")
    )
    draft.rights.extend(_values(record, "371"))
    draft.languages.extend(language_codes(_values(record, "101")))
    draft.types.extend(_types(record))
    return draft.finish("article")


def _values(record: MarcRecord, *tags: str) -> Iterator[str]:
    """Yield the values of the $a of these fields, in the record's order."""
    for field in record.all(*tags):
        yield from field.all("a")


def _identifiers(record: MarcRecord, draft: Draft) -> None:
    for field in record.all("010"):
        draft.identifiers.extend(RawIdentifier(value=one, scheme="isbn") for one in isbns(field.first("a") or ""))
    draft.issns.extend(RawIdentifier(value=one) for one in _values(record, "011"))
    for field in record.all("017"):
        if (field.first("2") or "").lower() == "doi":
            draft.identifiers.extend(RawIdentifier(value=one, scheme="doi") for one in field.all("a"))


def _texts(record: MarcRecord) -> Iterator[RawText]:
    """Yield the summaries (330); the table of contents (327) stands in where there is no such field."""
    tag = "330" if record.first("330") else "327"
    for field in record.all(tag):
        text = " ".join(field.all("a"))
        if text:
            yield RawText(value=text)


def _types(record: MarcRecord) -> Iterator[str]:
    if record.first("328"):
        yield "thesis"
    kind = _TYPES.get(record.leader[6:8])
    if kind:
        yield kind


def _titles(record: MarcRecord, draft: Draft) -> None:
    """Take the proper title with its parts, then the parallel and other titles."""
    field = record.first("200")
    if field is None:
        return
    title = ""
    for code, value in field.subfields:
        text = trimmed(value)
        if code in "aehi" and text and not (code == "a" and title):
            title = add_part(title, text, ": " if code == "e" else ". ")
    if title:
        draft.titles.append(RawText(value=title))
    others = [*field.all("d"), *_values(record, "510", "512", "517", "540", "541")]
    draft.titles.extend(RawText(value=one, translated=True) for one in map(trimmed, others) if one)


def _people(record: MarcRecord, draft: Draft) -> None:
    for field in record.all("700", "701", "702", "710", "711", "712"):
        name = trimmed(field.first("a") or "")
        rest = trimmed(field.first("b") or "")
        is_group = field.tag[1] == "1"
        if not name:
            continue
        full = (f"{name}. {rest}" if is_group else f"{name}, {rest}") if rest else name
        draft.contributors.append(RawContributor(name=full, role=_role(field), is_group=is_group))
    title = record.first("200")
    if not draft.contributors and title is not None:
        said = [one for one in title.all("fg") if one]
        draft.contributors.extend(person for one in said for person in people(one, "author"))


def _role(field: Field) -> str:
    said = [trimmed(one) for one in field.all("4")]
    if not said:
        return "author" if field.tag[2] in "01" else "contributor"
    return next((_ROLES[one] for one in said if one in _ROLES), "contributor")


def _publication(record: MarcRecord, draft: Draft) -> None:
    for field in record.all("210", "214"):
        draft.publisher = draft.publisher or trimmed(field.first("c") or "") or None
        draft.dates.extend(RawDate(value=one) for one in map(year_of, field.all("d")) if one)
    coded = record.first("100")
    stated = ((coded.first("a") or "") if coded else "")[9:13]
    if not draft.dates and stated.isdigit():
        draft.dates.append(RawDate(value=stated))


def _host(record: MarcRecord, draft: Draft) -> None:
    """Read the host item (461, 463), whose fields may stand inside it ($1 ``2001``), or the series."""
    host = record.first("463", "461")
    if host is not None:
        draft.container_title = trimmed(host.first("t") or host.first("a") or "") or None
        draft.volume = trimmed(host.first("v") or host.first("h") or "") or None
        draft.issns.extend(RawIdentifier(value=one) for one in host.all("x"))
        draft.first_page = trimmed(host.first("p") or "") or None
        return
    series = record.first("225", "410")
    if series is not None:
        draft.container_title = trimmed(series.first("at") or "") or None
        draft.volume = trimmed(series.first("v") or "") or None


def _subjects(record: MarcRecord) -> Iterable[RawSubject]:
    for field in record.all("600", "601", "605", "606", "607"):
        parts = [one for one in map(trimmed, field.all("abjxyz")) if one]
        if parts:
            yield RawSubject(value="--".join(parts), scheme=field.first("2") or "CT")
    yield from (RawSubject(value=one) for one in _values(record, "610"))
    yield from (RawSubject(value=one, scheme="CLC", code=one) for one in _values(record, "690"))
