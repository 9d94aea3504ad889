"""What every export format is written from: a work as one flat item, all of whose texts are single clean lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from indexer.identity.copies import RankedCopy
from indexer.storage.catalogue import StoredWork

#: A name in Chinese characters, kana or Hangul is written family name first, without space or comma.
_CJK = re.compile(
    r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3041-\u30ff\uac00-\ud7a3·・‧]+"
)
_RANGE = re.compile(r"([A-Za-z]{0,3}\d+)\s*[-–—‐‑−]+\s*([A-Za-z]{0,3}\d+)")
#: What may stand in a DOI's address as it is.
_PLAIN_IN_DOI = "/:;()[],._-~*!'@&=+$"
_CREATORS = frozenset(("author", "editor", "translator"))
#: What a reader must be told of a work before citing it: in English, in Chinese.
STATES: Mapping[str, tuple[str, str]] = {
    "retracted": ("Retracted", "已撤稿"),
    "withdrawn": ("Withdrawn", "已撤回"),
    "concern": ("Expression of concern", "关注声明"),
    "corrected": ("Corrected", "已更正"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contributor; ``family`` and ``given`` are empty where only the whole ``name`` is known, or for a group."""

    name: str
    family: str = ""
    given: str = ""
    role: str = "author"
    orcid: str | None = None
    is_group: bool = False

    @property
    def is_cjk(self) -> bool:
        """Tell whether the name is written in Chinese characters, kana or Hangul."""
        return (
            not self.is_group and _CJK.fullmatch((self.family + self.given or self.name).replace(" ", "")) is not None
        )

    @property
    def cjk_name(self) -> str:
        """Return such a name as it is written: 王小明."""
        return (self.family + self.given or self.name).replace(" ", "")

    @property
    def inverted(self) -> str:
        """Return the name as lists have it: ``Müller, Jörg``, ``王小明``, ``World Health Organization``."""
        if self.is_cjk:
            return self.cjk_name
        if self.is_group or not self.family:
            return self.name
        return f"{self.family}, {self.given}" if self.given else self.family


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A work to be exported; empty texts and ``None`` where nothing is known.

    ``url`` is the address of its best copy, ``pdf`` that of its best PDF. ``status`` is the work's, ``notices`` the
    addresses or titles of what was published about it. ``month`` and ``day`` are only there where they were stated.
    """

    id: str
    type: str
    title: str
    translated_titles: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    container: str = ""
    publisher: str = ""
    issns: tuple[str, ...] = ()
    year: int | None = None
    month: int | None = None
    day: int | None = None
    volume: str = ""
    issue: str = ""
    pages: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()
    url: str = ""
    pdf: str = ""
    language: str = ""
    abstracts: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    license_name: str = ""
    license_url: str = ""
    status: str | None = None
    notices: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @classmethod
    def of(cls, work: StoredWork, ranked: Sequence[RankedCopy]) -> Item:
        """Build the item of a stored work and its copies, best first."""
        data = work.data
        container = data["container"] or {}
        published = data["published"] or {}
        license_ = data["license"] or {}
        best_pdf = next((copy.location.pdf_url for copy in ranked if copy.location.pdf_url), None)
        return cls(
            id=work.id,
            type=data["type"],
            title=line(data["title"]["value"]),
            translated_titles=_lines(text["value"] for text in data["translated_titles"]),
            people=tuple(person for one in data["contributors"] if (person := _person(one)).name),
            container=line(container.get("title")),
            publisher=line(container.get("publisher")),
            issns=_lines(container.get("issns", ())),
            year=published.get("year"),
            month=published.get("month"),
            day=published.get("day"),
            volume=line(data["volume"]),
            issue=line(data["issue"]),
            pages=line(data["pages"]),
            identifiers=tuple((one["scheme"], line(one["value"])) for one in data["identifiers"]),
            url=address(ranked[0].address if ranked else None),
            pdf=address(best_pdf),
            language=data["languages"][0]["code"] if data["languages"] else "",
            abstracts=_lines(text["value"] for text in data["abstracts"]),
            keywords=_lines((*data["keywords"], *_own_subjects(data["subjects"]))),
            license_name=line(license_.get("name")),
            license_url=address(license_.get("url")),
            status=data.get("status"),
            notices=_lines(one.get("url") or one.get("title") for one in data.get("notices", ())),
            sources=_lines(data["sources"]),
        )

    def identifier(self, scheme: str) -> str:
        """Return the first identifier of a scheme, or nothing."""
        return next((value for kind, value in self.identifiers if kind == scheme), "")

    def people_of(self, role: str) -> tuple[Person, ...]:
        """Return its authors, editors or translators; whoever has another role counts as an author."""
        return tuple(one for one in self.people if (one.role if one.role in _CREATORS else "author") == role)

    @property
    def doi_url(self) -> str:
        """Return where its DOI leads, or nothing."""
        doi = self.identifier("doi")
        return f"https://doi.org/{quote(doi, safe=_PLAIN_IN_DOI)}" if doi else ""

    @property
    def page_range(self) -> tuple[str, str] | None:
        """Return first and last page, where the pages are a range."""
        match = _RANGE.fullmatch(self.pages)
        return (match[1], match[2]) if match else None

    @property
    def is_chinese(self) -> bool:
        """Tell whether it is to be cited in Chinese: by its language, or by its title where that is unknown."""
        return self.language == "zh" if self.language else _CJK.search(self.title) is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what formats have no field for: what became of the work, and its licence."""
        found = []
        if self.status is not None and self.status in STATES:
            english, chinese = STATES[self.status]
            found.append(" ".join((f"{english} ({chinese}).", *self.notices)))
        if self.license_name:
            found.append(f"Licence: {self.license_name} {self.license_url}".strip())
        return tuple(found)


def line(text: str | None) -> str:
    """Return a text as one line: white space single, without control characters and lone surrogates."""
    if not text:
        return ""
    joined = " ".join(text.split())
    if joined.isascii() and joined.isprintable():
        return joined
    kept = "".join(one for one in joined if unicodedata.category(one) not in {"Cc", "Cs"})
    return " ".join(kept.split())


def address(url: str | None) -> str:
    """Return an address with what would end it in some format percent-encoded: white space, braces, quotes …."""
    encoded = {one: f"%{ord(one):02X}" for one in ' {}"\\<>^`|'}
    return "".join(encoded.get(one, one) for one in line(url))


def _lines(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for text in texts if (one := line(text))))


def _person(person: Mapping[str, Any]) -> Person:
    family, given = line(person["family"]), line(person["given"])
    is_group = bool(person.get("is_group"))
    return Person(
        name=line(person["name"]) or f"{given} {family}".strip(),
        family="" if is_group else family,
        given="" if is_group or not family else given,
        role=person.get("role") or "author",
        orcid=person.get("orcid"),
        is_group=is_group,
    )


def _own_subjects(subjects: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Return the subjects said of the article; its journal's are none of its keywords."""
    return (one["term"] for one in subjects if one.get("origin", "article") == "article")
