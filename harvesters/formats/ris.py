"""RIS, the format that reference managers and databases export; one record from ``TY`` to ``ER``.

The tags are read here and not by rispy, which keeps the first of repeated tags, and needs exactly two spaces before the
hyphen where databases (CNKI) write one or none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from harvesters.formats.charset import charset_in, decode
from harvesters.formats.description import (
    Description,
    RawContributor,
    RawDate,
    RawIdentifier,
    RawLink,
    RawText,
)
from harvesters.formats.draft import Draft
from harvesters.formats.several import isbns
from harvesters.records import RawRecord

TAG = re.compile(r"([A-Z][A-Z0-9])\s{0,3}-(?:\s|$)")
_ISSN = re.compile(r"(?<!\d)\d{4}-?\d{3}[\dXx](?!\d)")
_DATE = re.compile(r"(\d{4})(?:/(\d{1,2}))?(?:/(\d{1,2}))?")
_TYPES = {
    "JOUR": "journal article", "JFULL": "serial", "EJOUR": "journal article", "MGZN": "article", "NEWS": "article",
    "INPR": "journal article", "ABST": "article", "BOOK": "book", "EBOOK": "book", "EDBOOK": "book", "CLSWK": "book",
    "CHAP": "book chapter", "ECHAP": "book chapter", "SER": "serial", "SERL": "serial", "THES": "thesis",
    "CONF": "conference paper", "CPAPER": "conference paper", "RPRT": "report", "GOVDOC": "report", "STAND": "other",
    "PAT": "other", "DATA": "dataset", "DBASE": "dataset", "AGGR": "dataset", "UNPB": "working paper", "GEN": "other",
    "ELEC": "other", "WEB": "other", "ICOMM": "other", "COMP": "software", "VIDEO": "video", "SOUND": "sound",
    "ART": "image", "MAP": "image", "FIGURE": "image",
}  # fmt: skip
_IN_SOMETHING = frozenset(("book chapter", "conference paper"))


def describe_ris(record: RawRecord) -> Description:
    """Read one RIS record; the language is the item's own."""
    draft = Draft()
    values = read_tags(decode(record.body, charset_in(record.head)))
    kind = _TYPES.get(next((value.strip().upper() for tag, value in values if tag == "TY"), ""), "")
    if kind:
        draft.types.append(kind)
    for tag, value in values:
        handler = _HANDLERS.get(tag)
        if handler is not None and value:
            handler(draft, value)
    if kind not in _IN_SOMETHING and draft.container_title is None:
        draft.container_title = draft.container_abbreviation
    return draft.finish("article")


def read_tags(text: str) -> list[tuple[str, str]]:
    """Return (tag, value) in order; a line without a tag goes on with the value before it."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        match = TAG.match(line)
        if match:
            found.append((match[1], line[match.end() :].strip()))
        elif found and line.strip():
            tag, value = found[-1]
            found[-1] = (tag, f"{value} {line.strip()}".strip())
    return found


def _title(draft: Draft, value: str) -> None:
    if all(value != title.value for title in draft.titles):
        draft.titles.append(RawText(value=value, translated=bool(draft.titles)))


def _translated(draft: Draft, value: str) -> None:
    draft.titles.append(RawText(value=value, translated=True))


def _person(role: str) -> Callable[[Draft, str], None]:
    def add(draft: Draft, value: str) -> None:
        names = [name for name in re.split(r"\s*[;；]\s*", value) if name]
        draft.contributors.extend(RawContributor(name=name, role=role) for name in names)

    return add


def _abstract(draft: Draft, value: str) -> None:
    if all(value != abstract.value for abstract in draft.abstracts):
        draft.abstracts.append(RawText(value=value, translated=bool(draft.abstracts)))


def _date(draft: Draft, value: str) -> None:
    match = _DATE.match(value)
    if match:  # 2020/05/17/spring: what is unknown is left empty between the slashes
        draft.dates.append(RawDate(value="-".join(part for part in match.groups() if part)))
    else:
        draft.dates.append(RawDate(value=value))


def _number(draft: Draft, value: str) -> None:
    """Read SN: an ISSN or ISBN, with or without a name before it."""
    books = isbns(value)
    draft.identifiers.extend(RawIdentifier(value=one, scheme="isbn") for one in books)
    if not books:
        draft.issns.extend(RawIdentifier(value=one) for one in _ISSN.findall(value))


def _keep(attribute: str) -> Callable[[Draft, str], None]:
    def keep(draft: Draft, value: str) -> None:
        if getattr(draft, attribute) is None:
            setattr(draft, attribute, value)

    return keep


def _journal(draft: Draft, value: str) -> None:
    """Take the full title: JO, JF and T2 are full titles or abbreviations, as the exporter likes."""
    draft.container_title = max(draft.container_title or "", value, key=len)


def _book_title(draft: Draft, value: str) -> None:
    """Read BT: the title of a whole book, the container of a chapter."""
    if draft.titles or {"book chapter", "conference paper"} & set(draft.types):
        _journal(draft, value)
    else:
        _title(draft, value)


def _link(draft: Draft, value: str) -> None:
    draft.links.extend(RawLink(url=url) for url in value.replace(";http", " http").split())


def _file(draft: Draft, value: str) -> None:
    draft.links.extend(RawLink(url=url, media="pdf") for url in value.split() if url.startswith("http"))


_HANDLERS: dict[str, Callable[[Draft, str], None]] = {
    "TI": _title,
    "T1": _title,
    "CT": _title,
    "BT": _book_title,
    "TT": _translated,
    "T2": _journal,
    "JF": _journal,
    "JO": _journal,
    "JA": _keep("container_abbreviation"),
    "J2": _keep("container_abbreviation"),
    "AU": _person("author"),
    "A1": _person("author"),
    "A2": _person("editor"),
    "ED": _person("editor"),
    "A3": _person("editor"),
    "A4": _person("translator"),
    "AB": _abstract,
    "N2": _abstract,
    "PY": _date,
    "Y1": _date,
    "DA": _date,
    "PB": _keep("publisher"),
    "VL": _keep("volume"),
    "IS": _keep("issue"),
    "SP": _keep("first_page"),
    "EP": _keep("last_page"),
    "SN": _number,
    "DO": lambda draft, value: draft.identifiers.append(RawIdentifier(value=value, scheme="doi")),
    "KW": lambda draft, value: draft.keywords.append(RawText(value=value)),
    "LA": lambda draft, value: draft.languages.append(value),
    "UR": _link,
    "L1": _file,
    "L2": _file,
}
