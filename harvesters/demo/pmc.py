"""A demonstration repository with PMC's habits: days, opaque tokens, no sizes, no deletions, "en" for everything."""

from __future__ import annotations

import base64
import binascii
import zlib
from datetime import timedelta
from functools import lru_cache
from xml.sax.saxutils import escape

from harvesters.demo.articles import FIRST_PMCID, DemoArticle
from harvesters.demo.draws import Draws
from harvesters.demo.holdings import OAI_DC, Cursor, Format, Repository
from harvesters.demo.jats import front_matter
from harvesters.demo.journals import journal
from harvesters.demo.plan import House, profile
from harvesters.demo.prose import plain
from harvesters.demo.vocabulary import LANGUAGES, disciplines

_JOURNALS_IN_SETS = len(LANGUAGES) * len(disciplines()) * 5
_PARTS_OF_TOKEN = 7


class PmcRepository(Repository):
    """Like ``https://pmc.ncbi.nlm.nih.gov/api/oai/v1/mh/``, but with pages of 50 for a quick start (PMC sends 10)."""

    house: House = "pmc"
    title = "PubMed Central (demonstration)"
    authority = "demo-pmc.example"
    formats = (
        OAI_DC,
        Format(
            prefix="pmc_fm",
            schema="https://jats.nlm.nih.gov/archiving/1.3/xsd/JATS-archivearticle1-3.xsd",
            namespace="https://jats.nlm.nih.gov/ns/archiving/1.3/",
        ),
    )
    page_size = 50
    by_day = True
    states_size = False
    closes_lists = False
    deleted_record = "no"
    lag = timedelta(days=1)
    reach = timedelta(days=390)

    def identifier(self, number: int) -> str:
        """Write the digits of the PMCID, without letters."""
        return f"oai:{self.authority}:{FIRST_PMCID + number}"

    def number_in(self, identifier: str) -> int | None:
        """Read the number back."""
        digits = identifier.removeprefix(f"oai:{self.authority}:")
        if not (digits.isascii() and digits.isdigit()) or digits == identifier:
            return None
        return int(digits) - FIRST_PMCID

    def sets(self) -> tuple[tuple[str, str], ...]:
        """List ``pmc-open`` and one set for each journal."""
        return _sets()

    def set_specs(self, number: int) -> tuple[str, ...]:
        """Tell the journal's set, and ``pmc-open`` for two records of three."""
        home = journal(profile(number, self.seed).journal).domain
        return (home, "pmc-open") if number % 3 else (home,)

    def metadata(self, number: int, prefix: str) -> str:
        """Write front matter in JATS, or the poorer oai_dc."""
        article, draws = self.article(number), Draws(number, self.seed, 30)
        return front_matter(article, draws) if prefix == "pmc_fm" else _oai_dc(article, draws)

    def write_token(self, cursor: Cursor) -> str:
        """Write letters that tell a reader nothing."""
        state = "|".join(
            (cursor.prefix, cursor.since, cursor.until, cursor.set_spec, str(cursor.place), str(cursor.given))
        )
        return base64.b32encode(f"{zlib.crc32(state.encode())}|{state}".encode()).decode().rstrip("=").lower()

    def read_token(self, token: str) -> Cursor | None:
        """Read such a token; ``None`` where letters or check sum are wrong."""
        try:
            padded = token.upper() + "=" * (-len(token) % 8)
            parts = base64.b32decode(padded).decode().split("|")
            if len(parts) != _PARTS_OF_TOKEN or int(parts[0]) != zlib.crc32("|".join(parts[1:]).encode()):
                return None
            prefix, since, until, set_spec = parts[1:5]
            return Cursor(
                prefix=prefix, since=since, until=until, set_spec=set_spec, place=int(parts[5]), given=int(parts[6])
            )
        except (binascii.Error, ValueError):
            return None


@lru_cache(maxsize=1)
def _sets() -> tuple[tuple[str, str], ...]:
    journals = (journal(number) for number in range(_JOURNALS_IN_SETS))
    return (("pmc-open", "PMC open access subset"), *((each.domain, each.title) for each in journals))


def _oai_dc(article: DemoArticle, draws: Draws) -> str:
    """Write oai_dc without journal or pages; 47 of 100 descriptions are empty, titles are broken or carry a digit."""
    year, month, day = article.published
    title = plain(article.title)
    if draws.chance(0.06):
        title = f"\n {title}".replace(" ", "\n      ", 2)
    elif draws.chance(0.01):
        title += "1"
    dates = [f"{year}-{month:02d}-{day:02d}" if day else f"{year}-{month:02d}" if month else str(year)]
    if draws.chance(0.3):
        dates.append(str(year))
    urls = [f"http://www.ncbi.nlm.nih.gov/pmc/articles/PMC{article.pmcid}/"]
    urls += [f"http://www.ncbi.nlm.nih.gov/pubmed/{article.pmid}"] if article.pmid else []
    urls += [f"http://dx.doi.org/{article.doi}"] if article.doi else []
    fields = [
        ("title", title),
        *(("creator", f"{author.family}, {author.given}") for author in article.authors),
        ("subject", article.article_type.replace("-", " ").title()),
        ("description", "" if draws.chance(0.47) else plain(article.abstract)),
        *([("publisher", article.journal.publisher)] if draws.chance(0.86) else []),
        *(("date", date) for date in dates),
        *(("identifier", url) for url in urls),
        ("type", "Text"),
        ("language", "en"),
        ("rights", article.journal.licence if draws.chance(0.6) else f"© {year} The Authors"),
    ]
    lines = "".join(
        f"  <dc:{name}>{escape(value)}</dc:{name}>\n" if value else f"  <dc:{name}/>\n" for name, value in fields
    )
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ {OAI_DC.schema}">\n{lines}</oai_dc:dc>\n'
    )
