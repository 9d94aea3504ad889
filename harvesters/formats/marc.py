"""MARC records: MARC 21 (Library of Congress), and UNIMARC as China uses it (CNMARC)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from harvesters.formats.cnmarc import describe_unimarc
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
from harvesters.formats.marc_record import Field, MarcRecord, read_element, read_marc
from harvesters.formats.marc_text import add_part, language_codes, trimmed, year_of
from harvesters.formats.several import isbns
from harvesters.records import RawRecord

_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_SCHEMES = {"0": "LCSH", "1": "LCSHAC", "2": "MeSH", "3": "NAL", "5": "CSH", "6": "RVM"}
#: Relator codes and terms (MARC code list for relators); all others are kept as "contributor".
_ROLES = {
    "aut": "author", "author": "author", "cre": "author", "creator": "author", "著": "author", "edt": "editor",
    "editor": "editor", "edc": "editor", "com": "editor", "compiler": "editor", "trl": "translator",
    "translator": "translator", "ths": "advisor", "dgs": "advisor", "thesis advisor": "advisor",
    "degree supervisor": "advisor",
}  # fmt: skip
_SERIAL = frozenset("sbi")
_TYPES = {"am": "book", "as": "serial", "ai": "serial", "tm": "book", "ab": "article", "aa": "book chapter"}
_OTHER_MATERIAL = frozenset("cdefgijkmopr")
_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type


def describe_marc(record: RawRecord) -> Description:
    """Read a MARC record of a file, in transmission format or as XML."""
    return describe_fields(read_marc(record))


def describe_marcxml(payload: _Element) -> Description:
    """Read a ``record`` (or the first one of a ``collection``) of MARCXML."""
    return describe_fields(read_element(payload))


def describe_fields(record: MarcRecord) -> Description:
    """Read the fields; the language is the item's own."""
    return describe_unimarc(record) if record.is_unimarc else _describe_marc21(record)


def _describe_marc21(record: MarcRecord) -> Description:
    draft = Draft()
    vernacular = _vernacular(record)
    _titles(record, vernacular, draft)
    _people(record, vernacular, draft)
    _identifiers(record, draft)
    _publication(record, draft)
    _host(record, draft)
    _texts(record, draft)
    draft.subjects.extend(_subjects(record))
    draft.links.extend(_links(record, draft))
    draft.rights.extend(" ".join(field.all("au")) for field in record.all("540", "506") if field.all("au"))
    draft.languages.extend(_languages(record))
    draft.types.extend(_types(record))
    return draft.finish("article")


def _vernacular(record: MarcRecord) -> dict[tuple[str, str], Field]:
    """Return the 880 fields by the field and number that they are linked to ($6 ``245-01/$1``)."""
    found: dict[tuple[str, str], Field] = {}
    for field in record.all("880"):
        link = field.first("6") or ""
        found[link[:3], link[4:6]] = field
    return found


def _linked(field: Field, vernacular: dict[tuple[str, str], Field]) -> Field | None:
    link = field.first("6") or ""
    return vernacular.get((field.tag, link[4:6])) if link.startswith("880-") else None


def _titles(record: MarcRecord, vernacular: dict[tuple[str, str], Field], draft: Draft) -> None:
    """Take the title in its own script first, then its romanised form, then the other titles."""
    for field in record.all("245", "242", "246"):
        language = field.first("y") if field.tag == "242" else None
        for form in (_linked(field, vernacular), field):
            if form is None:
                continue
            for title in _title(form):
                draft.titles.append(RawText(value=title, language=language, translated=bool(draft.titles)))


def _title(field: Field) -> Iterator[str]:
    """Yield the title with its remainder and parts; a parallel title (after ``=``) is one of its own."""
    title, is_parallel = "", False
    for code, value in field.subfields:
        text = trimmed(value)
        if code not in "abnp" or not text:
            continue
        if code == "b" and is_parallel:
            yield title
            title = text
        else:
            title = add_part(title, text, ": " if code == "b" else ". ")
        is_parallel = value.rstrip().endswith("=")
    if title:
        yield title


def _people(record: MarcRecord, vernacular: dict[tuple[str, str], Field], draft: Draft) -> None:
    for field in record.all("100", "110", "111", "700", "710", "711"):
        if field.first("t"):  # another work, not somebody's part in this one
            continue
        form = _linked(field, vernacular) or field
        name = trimmed(form.first("a") or "")
        is_group = field.tag[1:] != "00"
        if is_group:
            name = ". ".join([name, *map(trimmed, form.all("b"))]).strip(". ")
        orcid = next((match[0] for one in field.all("01") if "orcid" in one and (match := _ORCID.search(one))), None)
        if name:
            draft.contributors.append(
                RawContributor(
                    name=name,
                    orcid=orcid,
                    affiliations=tuple(field.all("u")),
                    role=_role(field),
                    is_group=is_group,
                )
            )


def _role(field: Field) -> str:
    """Return the role that a field states; somebody without one is an author (co-authors seldom have one)."""
    said = [trimmed(one).rstrip(".").lower().rpartition("/")[2] for one in field.all("4e")]
    if not said:
        return "author"
    return next((_ROLES[one] for one in said if one in _ROLES), "contributor")


def _identifiers(record: MarcRecord, draft: Draft) -> None:
    for field in record.all("020"):
        draft.identifiers.extend(RawIdentifier(value=one, scheme="isbn") for one in isbns(field.first("a") or ""))
    for field in record.all("024"):
        kind, value = (field.first("2") or "").lower(), field.first("a") or ""
        if kind == "doi" or value.startswith(("10.", "doi:")):
            draft.identifiers.append(RawIdentifier(value=value, scheme="doi"))
        elif kind in {"hdl", "uri"}:
            draft.identifiers.append(RawIdentifier(value=value))
    if record.leader[7:8] in _SERIAL:
        draft.issns.extend(RawIdentifier(value=one) for field in record.all("022") for one in field.all("a"))
        draft.issns.extend(
            RawIdentifier(value=one, scheme="issn-l") for field in record.all("022") for one in field.all("l")
        )


def _publication(record: MarcRecord, draft: Draft) -> None:
    for field in record.all("264", "260"):
        if field.tag == "264" and field.indicators[1] not in "1 ":
            continue
        draft.publisher = draft.publisher or trimmed(field.first("b") or "") or None
        draft.dates.extend(RawDate(value=one) for one in map(year_of, field.all("c")) if one)
    stated = record.control("008")[7:11]
    if not draft.dates and stated.isdigit():
        draft.dates.append(RawDate(value=stated))
    for field in record.all("502"):
        draft.types.append("thesis")
        draft.publisher = draft.publisher or trimmed(field.first("c") or "") or None
        if not draft.dates:
            draft.dates.extend(RawDate(value=one) for one in map(year_of, field.all("ad")) if one)


_VOLUME = re.compile(r"(?:\bvol(?:ume)?|\bv|\bbd|\bt|第)\.?\s*(\w+?)(?=卷|[\s,;:(]|$)", re.IGNORECASE)
_ISSUE = re.compile(r"(?:\bno|\bnr|\biss(?:ue)?|\bh(?:eft)?|№)\.?\s*([\w/-]+)|第\s*([^\W第卷]+?)\s*期", re.IGNORECASE)
_PAGES = re.compile(r"(?:\bpp?|\bpages?|\bs|页)\.?\s*([\w.]+)(?:\s*[-–—]\s*([\w.]+))?", re.IGNORECASE)
_ENUMERATION = re.compile(r"([^:<]*)(?::([^:<]*))?[^<]*(?:<(.+))?")


def _host(record: MarcRecord, draft: Draft) -> None:
    """Read where it appeared: the host item (773), else the series (490, 830)."""
    host = record.first("773")
    if host is None:
        _series(record.first("490", "830"), draft)
        return
    draft.container_title = trimmed(host.first("t") or host.first("a") or "") or None
    draft.issns.extend(RawIdentifier(value=one) for one in host.all("x"))
    draft.types.extend(() if record.leader[7:8] in "ab" else ("article",))
    _place_in_host(host, draft)


def _series(series: Field | None, draft: Draft) -> None:
    if series is not None:
        draft.container_title = trimmed(series.first("a") or "") or None
        draft.volume = trimmed(series.first("v") or "") or None
        draft.issns.extend(RawIdentifier(value=one) for one in series.all("x"))


def _place_in_host(host: Field, draft: Draft) -> None:
    """Read volume, issue and pages: coded in $q (``3:2<12``), and in words in $g, which go first."""
    coded = _ENUMERATION.fullmatch(host.first("q") or "")
    if coded:
        draft.volume, draft.issue, draft.first_page = (part or None for part in coded.groups())
    said = " ".join(host.all("g"))
    if volume := _VOLUME.search(said):
        draft.volume = volume[1]
    if issue := _ISSUE.search(said):
        draft.issue = issue[1] or issue[2]
    if pages := _PAGES.search(said):
        draft.first_page, draft.last_page = pages[1], pages[2]
    if not draft.dates and year_of(said):
        draft.dates.append(RawDate(value=year_of(said)))


def _texts(record: MarcRecord, draft: Draft) -> None:
    """Take the summaries; the table of contents stands in where there is none."""
    for tag, codes in (("520", "ab"), ("505", "agrt")):
        if not draft.abstracts:
            texts = (" ".join(field.all(codes)) for field in record.all(tag))
            draft.abstracts.extend(RawText(value=one) for one in texts if one)


def _subjects(record: MarcRecord) -> Iterable[RawSubject]:
    for field in record.all("600", "610", "611", "630", "648", "650", "651"):
        scheme = (field.first("2") or None) if field.indicators[1] == "7" else _SCHEMES.get(field.indicators[1])
        parts = [one for one in (trimmed(part).rstrip(".") for part in field.all("abvxyz")) if one]
        if parts:
            yield RawSubject(value="--".join(parts), scheme=scheme)
    for field in record.all("653"):
        yield from (RawSubject(value=trimmed(one)) for one in field.all("a"))
    for field in record.all("084"):
        if (field.first("2") or "").lower() == "clc":
            yield from (RawSubject(value=one, scheme="CLC", code=one) for one in field.all("a"))


def _links(record: MarcRecord, draft: Draft) -> Iterator[RawLink]:
    for field in record.all("856"):
        is_related = field.indicators[1] == "2"
        for url in field.all("u"):
            if "doi.org/10." in url and not is_related:
                draft.identifiers.append(RawIdentifier(value=url, scheme="doi"))
            yield RawLink(url=url, media=field.first("q"), kind="relation" if is_related else None)


def _languages(record: MarcRecord) -> Iterable[str]:
    field = record.first("041")
    stated = field.all("ad") if field else []
    return language_codes(stated or [record.control("008")[35:38]])


def _types(record: MarcRecord) -> Iterable[str]:
    kind = record.leader[6:8]
    if kind in _TYPES:
        yield _TYPES[kind]
    elif kind[:1] in _OTHER_MATERIAL:
        yield "other"
