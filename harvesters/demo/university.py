"""A demonstration repository with DSpace's habits, as a Chinese university keeps it: Dublin Core, 简体 and 繁體."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from xml.sax.saxutils import escape

from harvesters.demo.articles import DemoArticle, DemoAuthor
from harvesters.demo.dirt import month_name, soil_doi
from harvesters.demo.draws import Draws
from harvesters.demo.holdings import OAI_DC, Cursor, Repository
from harvesters.demo.plan import House, houses_of, profile
from harvesters.demo.prose import plain
from harvesters.demo.vocabulary import disciplines

_HANDLE = "123456789"
"""DSpace's placeholder for a handle prefix: it resolves to nothing."""

_FIRST_HANDLE = 1001
_PARTS_OF_TOKEN = 6
_LOCALES = {"en": "en_US", "zh-Hans": "zh_CN", "zh-Hant": "zh_TW", "es": "es", "pt": "pt", "ru": "ru", "ar": "ar"}


class UniversityRepository(Repository):
    """Like a DSpace of a university library: pages of 100, stated sizes, tombstones kept for ever."""

    house: House = "university"
    title = "苍洱示例大学机构知识库 (demonstration)"
    authority = "demo-university.example"
    formats = (OAI_DC,)
    page_size = 100
    lag = timedelta(hours=2)
    reach = timedelta(days=395)

    def identifier(self, number: int) -> str:
        """Write the handle."""
        return f"oai:{self.authority}:{_HANDLE}/{number + _FIRST_HANDLE}"

    def number_in(self, identifier: str) -> int | None:
        """Read the number back."""
        digits = identifier.removeprefix(f"oai:{self.authority}:{_HANDLE}/")
        if not (digits.isascii() and digits.isdigit()) or digits == identifier:
            return None
        return int(digits) - _FIRST_HANDLE

    def sets(self) -> tuple[tuple[str, str], ...]:
        """List the one community and a collection for each discipline."""
        return _sets()

    def set_specs(self, number: int) -> tuple[str, ...]:
        """Tell community and collection."""
        return _specs(profile(number, self.seed).discipline)

    def metadata(self, number: int, prefix: str) -> str:  # noqa: ARG002  # there is one format
        """Write Dublin Core."""
        return _oai_dc(self.article(number), Draws(number, self.seed, 40), self.datestamp(self._place(number)))

    def _place(self, number: int) -> int:
        return self.find(self.identifier(number)) or 0

    def write_token(self, cursor: Cursor) -> str:
        """Write what DSpace writes: prefix, from, until, set and where to go on, between slashes."""
        return "/".join(
            (cursor.prefix, cursor.since, cursor.until, cursor.set_spec, str(cursor.place), str(cursor.given))
        )

    def read_token(self, token: str) -> Cursor | None:
        """Read such a token."""
        parts = token.split("/")
        if len(parts) != _PARTS_OF_TOKEN or not all(part.isascii() and part.isdigit() for part in parts[4:]):
            return None
        prefix, since, until, set_spec = parts[:4]
        return Cursor(
            prefix=prefix, since=since, until=until, set_spec=set_spec, place=int(parts[4]), given=int(parts[5])
        )


@lru_cache(maxsize=12)
def _specs(discipline: int) -> tuple[str, ...]:
    return (f"com_{_HANDLE}_1", f"col_{_HANDLE}_{discipline + 2}")


@lru_cache(maxsize=1)
def _sets() -> tuple[tuple[str, str], ...]:
    collections = ((_specs(place)[1], f"{each.name[1]} ({each.name[0]})") for place, each in enumerate(disciplines()))
    return ((f"com_{_HANDLE}_1", "学术成果 (Publications)"), *collections)


def _name(author: DemoAuthor, language: str, *, latin: bool) -> str:
    if language.startswith("zh") and not latin:
        return author.family + author.given
    return f"{author.latin_family}, {author.latin_given}" if latin else f"{author.family}, {author.given}"


def _issued(article: DemoArticle, draws: Draws) -> str:
    year, month, day = article.published
    if not month:
        return str(year)
    if draws.chance(0.02):
        return f"{month_name(month)} {year}"
    return f"{year}-{month:02d}-{day:02d}" if day else f"{year}-{month:02d}"


def _identifiers(article: DemoArticle, draws: Draws) -> list[str]:
    """List citation, ISSN, DOI, PubMed numbers and handle, each written in one of several ways."""
    journal, year = article.journal, article.published[0]
    pages = f"{article.first_page}-{article.last_page}" if article.last_page else article.first_page
    people = ", ".join(author.family + author.given for author in article.authors[:3])
    title = plain(article.title)
    citation = f"{people}. {title}[J]. {journal.title}, {year}, {article.volume}({article.issue}): {pages}."
    found = [citation, journal.issn]
    if article.doi:
        found.append(article.doi if draws.chance(0.4) else soil_doi(article.doi, draws))
    if "pmc" in houses_of(article.number):
        found.append(f"https://www.ncbi.nlm.nih.gov/pmc/articles/PMC{article.pmcid}/")
        found += [f"PMID: {article.pmid}"] if article.pmid and draws.chance(0.6) else []
    return [*found, f"http://hdl.handle.net/{_HANDLE}/{article.number + _FIRST_HANDLE}"]


def _oai_dc(article: DemoArticle, draws: Draws, deposited: str) -> str:
    """Write the fields in DSpace's order, with three dates and two types."""
    latin = article.language.startswith("zh") and draws.chance(0.08)
    licence = article.journal.licence.replace("https:", "http:")
    fields = [
        ("title", plain(article.title)),
        *(("title", plain(other.value)) for other in article.other_titles),
        *(("creator", _name(author, article.language, latin=latin)) for author in article.authors),
        *(("subject", word) for word in article.keywords),
        ("description", plain(article.abstract)),
        *(("description", plain(other.value)) for other in article.other_abstracts),
        ("publisher", article.journal.publisher),
        ("date", deposited),
        ("date", deposited),
        ("date", _issued(article, draws)),
        ("type", "info:eu-repo/semantics/article"),
        ("type", "Article" if article.language == "en" else "期刊论文"),
        *(("identifier", value) for value in _identifiers(article, draws)),
        ("language", _LOCALES[article.language]),
        ("relation", article.journal.title),
        ("rights", licence if draws.chance(0.7) else "info:eu-repo/semantics/openAccess"),
        ("format", "application/pdf"),
    ]
    lines = "".join(f"<dc:{name}>{escape(value)}</dc:{name}>" for name, value in fields if value)
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:doc="http://www.lyncode.com/xoai" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ {OAI_DC.schema}">{lines}</oai_dc:dc>'
    )
