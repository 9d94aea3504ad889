"""Invented articles, each made from its number alone: any number of them, in any order, always the same.

They read like scholarly articles of seven languages, yet nobody can take them for real: DOIs are under 10.5555 (the
registration agencies' test prefix), there are no ORCIDs, PubMed and PMC numbers begin at 90,000,000 (about twice
what was assigned by 2026), journals and houses call themselves examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harvesters.demo import prose
from harvesters.demo.draws import Draws, mix
from harvesters.demo.journals import DemoJournal, journal
from harvesters.demo.plan import Profile, only_in_pmc, profile
from harvesters.demo.vocabulary import LANGUAGES, Discipline, disciplines, proses

DOI_PREFIX = "10.5555/kaijuan.demo."
FIRST_PMCID = 90_000_000
FIRST_PMID = 95_000_000
_LAST_YEAR = 2025
_CORRECTED = 29
"""A correction speaks of the work of the same place in the cycle before."""

_EDITORIALS = ("Editorial", "编者按", "編者按", "Editorial", "Editorial", "От редакции", "كلمة التحرير")
_CORRECTIONS = ("Correction: ", "Correction to: ", "Erratum: ", "Corrigendum to “{}”")
_AUTHOR_TONGUES = (1, 1, 1, 1, 0, 0, 0, 0, 3, 4, 5, 6)
"""Where the authors of English articles come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoText:
    """A text and its language (one of :data:`harvesters.demo.vocabulary.LANGUAGES`)."""

    language: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAuthor:
    """A person as the article writes the name, and the same in Latin letters."""

    family: str
    given: str
    latin_family: str
    latin_given: str
    affiliation: str
    latin_affiliation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoArticle:
    """One invented article, clean; what is wrong in a record is added by the repository that sends it.

    Titles and abstracts may hold ``<i>``, ``<sub>`` and bare ``<`` (as in ``p < 0.05``): text, not markup to be
    trusted. ``published`` is year, month, day, the latter two 0 where unknown. ``doi`` is missing in 6 of 100.
    ``corrects`` is the DOI of the article that a correction belongs to.
    """

    number: int
    language: str
    discipline: Discipline
    article_type: str
    title: str
    other_titles: tuple[DemoText, ...]
    abstract: str
    other_abstracts: tuple[DemoText, ...]
    authors: tuple[DemoAuthor, ...]
    journal: DemoJournal
    published: tuple[int, int, int]
    volume: str
    issue: str
    first_page: str
    last_page: str
    keywords: tuple[str, ...]
    doi: str | None
    pmid: int | None
    pmcid: int
    corrects: str | None = None


def doi_of(number: int, seed: int) -> str:
    """Write the DOI that belongs to a number."""
    return f"{DOI_PREFIX}{seed}.{number:07d}"


def articles(count: int, seed: int = 1) -> Iterator[DemoArticle]:
    """Yield the first ``count`` articles, one at a time."""
    for number in range(count):
        yield article(number, seed)


def article(number: int, seed: int = 1) -> DemoArticle:
    """Make the article of a number; the same one each time, on every machine."""
    drawn = mix(number, seed, 2)
    if only_in_pmc(number) and drawn % 25 == 0 and number >= _CORRECTED:
        return _correction(number, seed)
    if drawn % 150 == 1:
        return _editorial(number, seed)
    return _research(number, seed)


def _research(number: int, seed: int) -> DemoArticle:
    about = profile(number, seed)
    draws = Draws(number, seed, 3)
    discipline, home = disciplines()[about.discipline], journal(about.journal)
    published = _published(draws)
    ideas = prose.draw_ideas(discipline, draws, published[0])
    bilingual = about.tongue != prose.ENGLISH and draws.chance(0.55 if about.tongue < 3 else 0.3)  # noqa: PLR2004
    first, last = _pages(draws)
    return DemoArticle(
        number=number,
        language=LANGUAGES[about.tongue],
        discipline=discipline,
        article_type="review-article" if ideas.title % 17 == 0 else "research-article",
        title=prose.title_of(ideas, about.tongue),
        other_titles=(_english(prose.title_of(ideas, 0)),) if bilingual else (),
        abstract=prose.abstract_of(ideas, about.tongue),
        other_abstracts=(_english(prose.abstract_of(ideas, 0)),) if bilingual else (),
        authors=_authors(about, draws),
        journal=home,
        published=published,
        volume=str(max(1, published[0] - home.first_year + 1)),
        issue=str(draws.between(1, 12)),
        first_page=first,
        last_page=last,
        keywords=prose.keywords_of(ideas, discipline, about.tongue),
        doi=None if draws.chance(0.06) else doi_of(number, seed),
        pmid=FIRST_PMID + number if draws.chance(0.9) else None,
        pmcid=FIRST_PMCID + number,
    )


def _english(value: str) -> DemoText:
    return DemoText(language="en", value=value)


def _correction(number: int, seed: int) -> DemoArticle:
    """Make a notice that resembles its article in all but type, DOI and pages."""
    original = _research(number - _CORRECTED, seed)
    opening = _CORRECTIONS[number % len(_CORRECTIONS)]
    title = opening.format(original.title) if "{}" in opening else opening + original.title
    page = str(900 + number % 90)
    return replace(
        original,
        number=number,
        article_type="correction",
        title=title,
        other_titles=(),
        abstract="",
        other_abstracts=(),
        keywords=(),
        first_page=page,
        last_page=page,
        doi=doi_of(number, seed),
        pmid=FIRST_PMID + number,
        pmcid=FIRST_PMCID + number,
        corrects=original.doi,
    )


def _editorial(number: int, seed: int) -> DemoArticle:
    """Make one of the many articles that are all called "Editorial"."""
    model = _research(number, seed)
    return replace(
        model,
        article_type="editorial",
        title=_EDITORIALS[LANGUAGES.index(model.language)],
        other_titles=(),
        abstract="",
        other_abstracts=(),
        authors=model.authors[:1],
        keywords=(),
    )


def _published(draws: Draws) -> tuple[int, int, int]:
    """Draw a date of 2007 to mid-2025 (before the first datestamp), newer years oftener; some without day or month."""
    depth = draws.below(1000) / 1000
    year = _LAST_YEAR - int(19 * depth * depth)
    month = draws.between(1, 8 if year == _LAST_YEAR else 12)
    drawn = draws.below(10)
    if drawn == 0:
        return year, 0, 0
    return year, month, 0 if drawn <= 3 else draws.between(1, 28)  # noqa: PLR2004


def _pages(draws: Draws) -> tuple[str, str]:
    if draws.chance(0.22):
        return f"e{draws.between(1000, 99999)}", ""
    first = draws.between(1, 880)
    return str(first), str(first + draws.between(3, 19))


def _authors(about: Profile, draws: Draws) -> tuple[DemoAuthor, ...]:
    many = 1 + min(draws.below(7), draws.below(10))
    home = about.tongue if about.tongue != prose.ENGLISH else draws.pick(_AUTHOR_TONGUES)
    shared = draws.pick(proses()[home].institutions)
    found: dict[tuple[str, str], DemoAuthor] = {}
    for _ in range(many):
        tongue = home if draws.chance(0.85) else about.tongue
        people = proses()[tongue]
        family, given = draws.zipf(people.family), draws.pick(people.given)
        house = shared if draws.chance(0.7) else draws.pick(people.institutions)
        native = int(about.tongue == prose.ENGLISH)
        found[family[1], given[1]] = DemoAuthor(
            family=family[native],
            given=given[native],
            latin_family=family[1],
            latin_given=given[1],
            affiliation=house[native],
            latin_affiliation=house[1],
        )
    return tuple(found.values())
