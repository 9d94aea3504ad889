"""A description while it is being read: lists that the format parsers append to."""

from __future__ import annotations

from dataclasses import dataclass, field

from harvesters.formats.description import (
    Description,
    LanguageScope,
    RawContributor,
    RawDate,
    RawIdentifier,
    RawLink,
    RawRelation,
    RawSubject,
    RawText,
)


@dataclass(slots=True)
class Draft:
    """The mutable twin of :class:`Description`."""

    titles: list[RawText] = field(default_factory=list)
    abstracts: list[RawText] = field(default_factory=list)
    contributors: list[RawContributor] = field(default_factory=list)
    container_title: str | None = None
    container_abbreviation: str | None = None
    issns: list[RawIdentifier] = field(default_factory=list)
    publisher: str | None = None
    dates: list[RawDate] = field(default_factory=list)
    volume: str | None = None
    issue: str | None = None
    first_page: str | None = None
    last_page: str | None = None
    article_number: str | None = None
    identifiers: list[RawIdentifier] = field(default_factory=list)
    subjects: list[RawSubject] = field(default_factory=list)
    keywords: list[RawText] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    links: list[RawLink] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    relations: list[RawRelation] = field(default_factory=list)
    citation: str | None = None

    def finish(self, scope: LanguageScope) -> Description:
        """Freeze it."""
        return Description(
            titles=tuple(self.titles),
            abstracts=tuple(self.abstracts),
            contributors=tuple(self.contributors),
            container_title=self.container_title,
            container_abbreviation=self.container_abbreviation,
            issns=tuple(self.issns),
            publisher=self.publisher,
            dates=tuple(self.dates),
            volume=self.volume,
            issue=self.issue,
            first_page=self.first_page,
            last_page=self.last_page,
            article_number=self.article_number,
            identifiers=tuple(self.identifiers),
            subjects=tuple(self.subjects),
            keywords=tuple(self.keywords),
            rights=tuple(self.rights),
            links=tuple(self.links),
            types=tuple(self.types),
            languages=tuple(self.languages),
            language_scope=scope,
            relations=tuple(self.relations),
            citation=self.citation,
        )
