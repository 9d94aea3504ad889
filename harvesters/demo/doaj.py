"""A demonstration repository with DOAJ's habits: newest first, 30 days late, tokens of JSON, soiled texts."""

from __future__ import annotations

import base64
import binascii
import bisect
import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from xml.sax.saxutils import escape

from harvesters.demo import dirt
from harvesters.demo.articles import DemoArticle, DemoAuthor
from harvesters.demo.draws import Draws
from harvesters.demo.holdings import OAI_DC, Cursor, Format, Repository
from harvesters.demo.plan import House, profile
from harvesters.demo.prose import plain
from harvesters.demo.vocabulary import disciplines

_NAMESPACE = "http://doaj.org/features/oai_doaj/1.0/"
_OAI = "http://www.openarchives.org/OAI/2.0/"
_SCHEMA = "https://doaj.org/static/doaj/doajArticles.xsd"
_DC_OPENING = (
    f'<oai_dc:dc xmlns:oai_dc="{_OAI}oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" '
    f'xsi:schemaLocation="{_OAI}oai_dc/ {OAI_DC.schema}">'
)
_ODD, _BITS = 0x9E3779B1, 1 << 32
_BACK = pow(_ODD, -1, _BITS)
_ISO_639_3 = {"en": "eng", "zh-Hans": "zho", "zh-Hant": "zho", "es": "spa", "pt": "por", "ru": "rus", "ar": "ara"}
_NAMES = {
    "en": "English", "zh-Hans": "Chinese", "zh-Hant": "Chinese", "es": "Spanish", "pt": "Portuguese",
    "ru": "Russian", "ar": "Arabic",
}  # fmt: skip


class DoajRepository(Repository):
    """Like ``https://doaj.org/oai.article`` as recorded in 2017 and read in its code in 2026, with pages of 100."""

    house: House = "doaj"
    title = "DOAJ (demonstration)"
    authority = "demo-doaj.example"
    formats = (
        OAI_DC,
        # the advertised namespace differs from the one in the records, as at DOAJ
        Format(
            prefix="oai_doaj",
            schema=_SCHEMA,
            namespace=_NAMESPACE.replace("http:", "https:"),
        ),
    )
    page_size = 100
    newest_first = True
    deleted_record = "transient"
    held_back = timedelta(days=30)
    lag = timedelta(days=30, hours=1)
    reach = timedelta(days=400)
    header_attributes = f' xmlns:oai_doaj="{_NAMESPACE}"'

    def identifier(self, number: int) -> str:
        """Write 32 hexadecimal digits: the number scattered over eight, and a digest that proves them."""
        return f"oai:{self.authority}/article:{self._hex(number)}"

    def _hex(self, number: int) -> str:
        digest = hashlib.blake2b(f"{self.seed}:{number}".encode(), digest_size=12).hexdigest()
        return f"{number * _ODD % _BITS:08x}{digest}"

    def number_in(self, identifier: str) -> int | None:
        """Read the number back."""
        digits = identifier.removeprefix(f"oai:{self.authority}/article:")
        try:
            number = int(digits[:8], 16) * _BACK % _BITS
        except ValueError:
            return None
        return number if self.identifier(number) == identifier else None

    def sets(self) -> tuple[tuple[str, str], ...]:
        """List subject classes, their specs encoded as DOAJ does."""
        return _sets()

    def set_specs(self, number: int) -> tuple[str, ...]:
        """Tell the class of the journal's discipline and its upper class."""
        return _specs(profile(number, self.seed).discipline)

    def metadata(self, number: int, prefix: str) -> str:
        """Write the record in oai_doaj or oai_dc, soiled in the same places in both."""
        article = self.article(number)
        draws = Draws(number, self.seed, 20)
        return _oai_doaj(article, draws) if prefix == "oai_doaj" else _oai_dc(article, draws, self._hex(number))

    def write_token(self, cursor: Cursor) -> str:
        """Write base64 of JSON: m prefix, f from, u until, s set, n given so far, a [datestamp, offset in it]."""
        place = cursor.place or 0
        stamp = self.changed_at(place)
        newest = bisect.bisect_right(range(self.size), stamp, key=self.changed_at) - 1
        state = {
            "m": cursor.prefix,
            **{
                key: value for key, value in (("f", cursor.since), ("u", cursor.until), ("s", cursor.set_spec)) if value
            },
            "n": cursor.given,
            "a": [self.datestamp(place), newest - place],
        }
        return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()

    def read_token(self, token: str) -> Cursor | None:
        """Read such a token; ``None`` where base64, JSON or a value is wrong."""
        try:
            state = json.loads(base64.urlsafe_b64decode(token.encode()))
            stamp = datetime.strptime(state["a"][0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            newest = bisect.bisect_right(range(self.size), stamp, key=self.changed_at) - 1
            return Cursor(
                prefix=str(state["m"]),
                since=str(state.get("f", "")),
                until=str(state.get("u", "")),
                set_spec=str(state.get("s", "")),
                place=newest - int(state["a"][1]),
                given=int(state["n"]),
            )
        except (binascii.Error, ValueError, KeyError, IndexError, TypeError):
            return None


def _spec(term: str) -> str:
    return base64.urlsafe_b64encode(f"LCC:{term}".encode()).decode().replace("=", "~")


@lru_cache(maxsize=12)
def _specs(discipline: int) -> tuple[str, ...]:
    whole = disciplines()[discipline].lcc
    upper = whole.split(": ", maxsplit=1)[0]
    return tuple(_spec(term) for term in dict.fromkeys((whole, upper)))


@lru_cache(maxsize=1)
def _sets() -> tuple[tuple[str, str], ...]:
    terms = sorted({term for each in disciplines() for term in (each.lcc, each.lcc.split(": ", maxsplit=1)[0])})
    return tuple((_spec(term), f"LCC:{term}") for term in terms)


def _tag(name: str, value: str, attributes: str = "") -> str:
    text = escape(value).replace("\r", "&#13;")
    return f"<oai_doaj:{name}{attributes}>{text}</oai_doaj:{name}>" if value else ""


def _dc(name: str, value: str, attributes: str = "") -> str:
    return f"<dc:{name}{attributes}>{escape(value)}</dc:{name}>" if value else ""


def _told(article: DemoArticle, draws: Draws) -> tuple[str, str, list[tuple[str, DemoAuthor]]]:
    """Choose title, abstract and names as the publisher sent them: in the article's language or in English only."""
    in_english = bool(article.other_titles) and draws.chance(0.3)
    title = article.other_titles[0].value if in_english else article.title
    abstract = article.other_abstracts[0].value if in_english and article.other_abstracts else article.abstract
    language = "en" if in_english else article.language
    title = dirt.soil_title(title, language, draws)
    abstract = dirt.soil_abstract(abstract, language, article.authors[0].latin_affiliation, draws)
    names = [(_name(author, article.language, latin=in_english), author) for author in article.authors]
    if draws.chance(0.03):
        names *= 3
    if draws.chance(0.04):
        names = [(f"{author.latin_family} {author.latin_given[0]}", author) for _, author in names]
    return title, abstract, names


def _name(author: DemoAuthor, language: str, *, latin: bool) -> str:
    if latin:
        return f"{author.latin_given} {author.latin_family}"
    if language.startswith("zh"):
        return author.family + author.given
    return f"{author.given} {author.family}"


def _oai_doaj(article: DemoArticle, draws: Draws) -> str:
    """Write oai_doaj in the element order of the recording; the language is the journal's first."""
    title, abstract, names = _told(article, draws)
    journal = article.journal
    one_issn = draws.chance(0.1)
    houses = list(dict.fromkeys(author.affiliation for _, author in names)) if draws.chance(0.8) else []
    authors = "".join(
        "<oai_doaj:author>"
        + _tag("name", name)
        + (_tag("affiliationId", str(houses.index(author.affiliation))) if houses else "")
        + "</oai_doaj:author>"
        for name, author in names
    )
    listed = "".join(_tag("affiliationName", house, f' affiliationId="{index}"') for index, house in enumerate(houses))
    volume = f"Volume {article.volume}" if draws.chance(0.03) else article.volume
    keywords = "".join(_tag("keyword", word) for word in _keywords(article, draws))
    return "".join(
        (
            f'<oai_doaj:doajArticle xsi:schemaLocation="{_OAI} {_OAI}OAI-PMH.xsd {_NAMESPACE} {_SCHEMA}">',
            _tag("language", _ISO_639_3[journal.languages[0]]),
            _tag("publisher", journal.publisher),
            _tag("journalTitle", journal.title),
            _tag("issn", journal.eissn if one_issn else journal.issn),
            _tag("eissn", journal.eissn),
            _tag("publicationDate", dirt.soil_date(article.published, draws)),
            _tag("volume", volume),
            _tag("issue", "" if draws.chance(0.05) else article.issue),
            _tag("startPage", article.first_page),
            _tag("endPage", article.last_page),
            _tag("doi", dirt.soil_doi(article.doi, draws) if article.doi else ""),
            _tag("publisherRecordId", f"{journal.domain}-{article.number}"),
            _tag("title", title),
            f"<oai_doaj:authors>{authors}</oai_doaj:authors>",
            f"<oai_doaj:affiliationsList>{listed}</oai_doaj:affiliationsList>" if listed else "",
            _tag("abstract", abstract),
            _tag("fullTextUrl", _full_text(article), ' format="pdf"'),
            f"<oai_doaj:keywords>{keywords}</oai_doaj:keywords>" if keywords else "",
            "</oai_doaj:doajArticle>",
        )
    )


def _keywords(article: DemoArticle, draws: Draws) -> tuple[str, ...]:
    words = article.keywords
    return (
        tuple(f"; {word}" if place else f"{word};" for place, word in enumerate(words)) if draws.chance(0.03) else words
    )


def _full_text(article: DemoArticle) -> str:
    return f"https://{article.journal.domain}.example/article/{article.number}/pdf"


def _oai_dc(article: DemoArticle, draws: Draws, hexadecimal: str) -> str:
    """Write oai_dc: bare DOI and ISSNs among the identifiers, LCC term and code as subjects, all journal languages."""
    title, abstract, names = _told(article, draws)
    journal = article.journal
    year, month, day = article.published
    identifiers = (dirt.soil_doi(article.doi, draws) if article.doi else "", journal.issn, journal.eissn)
    pages = f", Pp {article.first_page}-{article.last_page or article.first_page}"
    source = f"{journal.title}, Vol {article.volume}, Iss {article.issue}{pages} ({year})"
    return "".join(
        (
            _DC_OPENING,
            _dc("title", title),
            *(_dc("identifier", value) for value in identifiers),
            _dc("identifier", f"https://demo-doaj.example/article/{hexadecimal}"),
            _dc("date", f"{year}-{month or 1:02d}-{day or 1:02d}T00:00:00Z"),
            _dc("relation", _full_text(article)),
            _dc("relation", f"https://{journal.domain}.example/toc"),
            _dc("description", abstract),
            *(_dc("creator", name) for name, _ in names),
            _dc("publisher", journal.publisher),
            _dc("type", "article"),
            *(_dc("subject", plain(word)) for word in article.keywords),
            *(
                _dc("subject", term, ' xsi:type="dcterms:LCC"')
                for term in (article.discipline.lcc, article.discipline.lcc_code)
            ),
            *(_dc("language", _NAMES[language]) for language in journal.languages),
            f"<dc:source>{escape(source)}</dc:source>",
            "</oai_dc:dc>",
        )
    )
