"""What a record says of itself, before anything is cleaned: the output of every metadata format.

A format parser copies, it does not judge: values keep their dirt (markup, entities, odd dates);
``indexer.normalise`` cleans them. Where an XML element has inline markup, its text is given with
simple HTML tags kept (``<i>``, ``<sub>``, ``<sup>``, ``<p>`` …), because only the normaliser knows what to
do with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LanguageScope = Literal["article", "container", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawText:
    """A text with the language that the record declares *for this text*, if it does."""

    value: str
    language: str | None = None
    translated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawContributor:
    """A person or group as written; ``name`` where the parts are not given apart.

    ``other_name`` is the same name in another script, where the record has both.
    """

    name: str | None = None
    family: str | None = None
    given: str | None = None
    suffix: str | None = None
    other_name: str | None = None
    orcid: str | None = None
    email: str | None = None
    affiliations: tuple[str, ...] = ()
    role: str = "author"
    is_group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawIdentifier:
    """An identifier; ``scheme`` is ``None`` where the record does not say what it is."""

    value: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDate:
    """A publication date as written; ``kind`` such as ``epub``, ``ppub``, ``collection`` where stated."""

    value: str
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSubject:
    """A subject term, with scheme (``LCC`` …) and code where the record gives them."""

    value: str
    scheme: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLink:
    """A place to read; ``media`` is ``pdf``, ``html`` or whatever the record says."""

    url: str
    media: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRelation:
    """A stated relation to another article, such as ``corrected-article`` or ``retracted-article``."""

    kind: str
    value: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """Everything a record says; the first title and abstract are the main ones.

    ``languages`` are codes or names as written; ``language_scope`` tells whether they speak of the
    article or only of its journal (DOAJ) or of nothing at all (PMC's blanket ``en`` in oai_dc).
    ``citation`` is a free-text source line (``dc:source``), parsed by the normaliser.
    """

    titles: tuple[RawText, ...] = ()
    abstracts: tuple[RawText, ...] = ()
    contributors: tuple[RawContributor, ...] = ()
    container_title: str | None = None
    container_abbreviation: str | None = None
    issns: tuple[RawIdentifier, ...] = ()
    publisher: str | None = None
    dates: tuple[RawDate, ...] = ()
    volume: str | None = None
    issue: str | None = None
    first_page: str | None = None
    last_page: str | None = None
    article_number: str | None = None
    identifiers: tuple[RawIdentifier, ...] = ()
    subjects: tuple[RawSubject, ...] = ()
    keywords: tuple[RawText, ...] = ()
    rights: tuple[str, ...] = ()
    links: tuple[RawLink, ...] = ()
    types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    language_scope: LanguageScope = "unknown"
    relations: tuple[RawRelation, ...] = ()
    citation: str | None = None
