"""The bibliographic words of the project: manifestations, works, journals and their parts.

A *manifestation* is one source's description of an article, cleaned. A *work* is the merged view of all manifestations
of the same article. A *journal* is one source's description of a container. All are plain data: everything in them can
be computed again from the raw records; only ids, versions and ``first_indexed`` live in the store alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

LanguageOrigin = Literal["declared", "detected"]
DatePrecision = Literal["year", "month", "day"]
ArticleVersion = Literal["submitted", "accepted", "published"]
#: Who says it: a record of the article, or only one of its journal.
Origin = Literal["article", "journal"]
#: What became of a work after it was published, the gravest first; most works have none.
WorkStatus = Literal["retracted", "withdrawn", "concern", "corrected"]
NoticeKind = Literal["retraction", "withdrawal", "concern", "correction"]
IdentifierScheme = Literal["doi", "pmid", "pmcid", "arxiv", "doaj", "oai", "handle", "isbn", "url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageTag:
    """A language as ISO 639-1 (639-3 where there is none), and how it is known.

    Chinese is always ``zh``; the script is not part of the tag, because search folds it. Where declaration and text
    differ, the one that was not believed is kept: ``declared`` beside a ``code`` that was detected, ``detected`` beside
    one that was declared. A journal's languages are never in ``declared``.
    """

    code: str
    origin: LanguageOrigin
    confidence: float = 1.0
    declared: tuple[str, ...] = ()
    detected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A clean text (no markup, NFC) and its language where it is known."""

    value: str
    language: LanguageTag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributor:
    """A person or group; ``name`` is the display form and is never empty.

    ``orcid`` is the bare 16-character form (``0000-0002-1825-0097``), check digit verified.
    """

    name: str
    family: str | None = None
    given: str | None = None
    orcid: str | None = None
    affiliations: tuple[str, ...] = ()
    role: str = "author"
    is_group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier in canonical form: ``doi`` lower-case bare, ``pmcid`` ``PMC123``, ``pmid`` digits."""

    scheme: IdentifierScheme
    value: str

    def __str__(self) -> str:
        """Write it as it is used in addresses: ``doi:10.1000/x``."""
        return f"{self.scheme}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialDate:
    """A publication date with the precision that was really stated; month and day only if so."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def precision(self) -> DatePrecision:
        """Tell how much of the date is known."""
        if self.month is None:
            return "year"
        return "month" if self.day is None else "day"

    def __str__(self) -> str:
        """Write ISO 8601 in the stated precision: ``2026``, ``2026-03``, ``2026-03-09``."""
        parts = [f"{self.year:04d}"]
        if self.month is not None:
            parts.append(f"{self.month:02d}")
            if self.day is not None:
                parts.append(f"{self.day:02d}")
        return "-".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The journal (or other container). ISSNs are ``1234-567X`` with a valid check digit.

    ``issn_l`` is only set where a source states it; ``country`` (ISO 3166-1 alpha-2) only comes from journal records.
    ``id`` is given by the store, not by the normaliser.
    """

    title: str | None = None
    issns: tuple[str, ...] = ()
    issn_l: str | None = None
    publisher: str | None = None
    id: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """A licence: short name (``CC BY 4.0``, ``CC0 1.0``, ``publisher terms``) and canonical URL.

    ``code`` is the facet value: ``cc-by``, ``cc-by-nc-nd``, ``cc0``, ``public-domain``, ``publisher`` …
    ``origin`` is ``journal`` where no record of the article states a licence, but its journal has exactly one.
    """

    code: str
    name: str
    url: str | None = None
    origin: Origin = "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject heading with its scheme (``LCC``, ``PMC`` for section headings …) and code.

    ``origin`` is ``journal`` where only the journal is about it, as far as is known.
    """

    term: str
    scheme: str | None = None
    code: str | None = None
    origin: Origin = "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One source's description of a journal, from all its raw records there; it enriches the articles of all sources.

    ``issns`` have valid check digits and include ``issn_l``, which is only set where stated. ``country`` is ISO 3166-1
    alpha-2. ``languages`` (ISO 639-1) are those it takes manuscripts in, and say nothing of any one article.
    ``licenses`` are all that its articles may have. ``datestamp`` is the newest of its records.
    """

    title: str | None = None
    alternative_titles: tuple[str, ...] = ()
    issns: tuple[str, ...] = ()
    issn_l: str | None = None
    publisher: str | None = None
    country: str | None = None
    languages: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    keywords: tuple[str, ...] = ()
    licenses: tuple[License, ...] = ()
    homepage: str | None = None
    source: str
    record_identifier: str
    datestamp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One place to read: a landing page and, if known, a PDF."""

    url: str
    pdf_url: str | None = None
    license: License | None = None
    version: ArticleVersion | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A stated relation to another article (``corrects``, ``retracts``, ``comments_on``, ``preprint_of`` …)."""

    kind: str
    target: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Bibliography:
    """What manifestations and works have in common: the description of an article.

    ``title`` is the main title, ``translated_titles`` the others. ``type`` is ``article``, ``review``, ``editorial``,
    ``letter``, ``correction``, ``retraction``, ``thesis``, ``book``, ``journal``, ``chapter``, ``conference-paper``,
    ``preprint``, ``report``, ``dataset``, ``other``. ``languages`` are the article's own (never the journal's list),
    surest first.
    """

    title: Text
    translated_titles: tuple[Text, ...] = ()
    abstracts: tuple[Text, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    container: Container | None = None
    published: PartialDate | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    subjects: tuple[Subject, ...] = ()
    keywords: tuple[str, ...] = ()
    license: License | None = None
    locations: tuple[Location, ...] = ()
    type: str = "article"
    languages: tuple[LanguageTag, ...] = ()
    relations: tuple[Relation, ...] = ()

    @property
    def language(self) -> LanguageTag | None:
        """Return the article's main language, if it is known."""
        return self.languages[0] if self.languages else None

    def identifier(self, scheme: IdentifierScheme) -> str | None:
        """Return the first identifier of a scheme, or ``None``."""
        return next((one.value for one in self.identifiers if one.scheme == scheme), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifestation(Bibliography):
    """One source's description of an article, built from all its raw records there.

    ``formats`` are the metadata prefixes it was built from, best first; ``datestamp`` is the newest.
    """

    source: str
    record_identifier: str
    datestamp: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What was published about a work: ``manifestation`` is the public id of its record, where there is one here."""

    kind: NoticeKind
    manifestation: str | None = None
    identifier: Identifier | None = None
    url: str | None = None
    title: str | None = None
    published: PartialDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedRecord:
    """A relation to a record of another work, by its public manifestation id: "subject RELATION object".

    ``is_subject`` tells whether this work is the subject: a reply ``replies_to`` its article.
    """

    relation: str
    is_subject: bool
    manifestation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Bibliography):
    """The merged view; ``provenance`` names, for each field, the manifestation id its value came from.

    It names ``journal:source:identifier`` where the value came from a journal's record.
    ``key`` is the integer beside the public ``id`` (signed, for the engines). ``version`` grows with every change.
    ``sources`` are source ids; ``manifestations`` are public manifestation ids. ``status`` is the gravest that
    ``notices`` or the titles themselves tell, ``None`` for nearly all.
    """

    key: int
    id: str
    version: int
    first_indexed: datetime
    sources: tuple[str, ...] = ()
    manifestations: tuple[str, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    status: WorkStatus | None = None
    notices: tuple[Notice, ...] = ()
    related: tuple[RelatedRecord, ...] = ()
