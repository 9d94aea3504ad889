"""From a work to the document that engines index: ready tokens, whole keywords, numbers; no stored text.

Engines return keys; cards come from the store, so the index stays small and can be rebuilt at any time.
"""

from __future__ import annotations

import functools
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from indexer.models import Contributor, LanguageTag, Text, Work
from indexer.normalise.licences import NONE_STATED
from indexer.search.analysis import index_values
from indexer.search.names import name_forms, pinyin_name
from indexer.search.pasted import address_mark
from indexer.search.query import KeywordField, TextField
from indexer.search.suggesting import suggest_values
from indexer.search.titles import title_key, title_order

#: Raised whenever the shape or content of documents changes; stands in the index name.
SCHEMA_VERSION = 6
MOST_SUBJECTS = 50
#: What a record without an abstract leaves unsaid, as tokens that nobody asks for (private use area): being short does
#: not mean that it is about one thing alone, as BM25 would have it. Shorter than abstracts are (docs/ranking.md).
UNSAID = " ".join(["\ue000"] * 60)
#: Of a keyword, in characters; what is longer is a sentence that somebody put there.
LONGEST_TERM = 200
#: Addresses that are identifiers, which are found as such.
_RESOLVERS = ("doi.org/", "hdl.handle.net/", "pmc.ncbi.nlm.nih.gov/", "arxiv.org/", "doaj.org/article/")
_NO_LANGUAGE = LanguageTag(code="", origin="detected")
_CASELESS = frozenset({"doi", "arxiv", "handle"})
#: Schemes whose values readers type without their scheme's name.
_WORDLIKE_SCHEMES = frozenset({"pmid", "pmcid", "arxiv", "isbn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One work for the index.

    ``text`` holds, per field, space-joined tokens; each tuple member is a stretch of its own that no phrase crosses.
    ``published`` is yyyymmdd (unknown parts 0; 0 for no date), ``first_indexed`` seconds since 1970 UTC,
    ``title_order`` what the title is sorted by (``indexer.search.titles``; no NUL).
    """

    key: int
    id: str
    version: int
    text: dict[TextField, tuple[str, ...]]
    keywords: dict[KeywordField, tuple[str, ...]]
    year: int | None
    published: int
    first_indexed: int
    title_order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """Codes of the subject tree that a work belongs to, with all above them, and its subjects that lead to none.

    ``keys`` are what its headings and class marks are found by when the library says where they lead.
    """

    codes: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


Classify = Callable[[Work], Classified]


def _nowhere(_: Work) -> Classified:
    return Classified()


def document_of(work: Work, classify: Classify = _nowhere) -> Document:
    """Turn a work into its document; ``classify`` finds its place in the library's subject tree.

    Titles and abstracts are stemmed by their own language, else by the article's; keywords and subjects by the
    article's; names and journals not at all. Affiliations are not searched: they are about people, not the article.
    """
    date = work.published
    return Document(
        key=work.key,
        id=work.id,
        version=work.version,
        text=_text_of(work),
        keywords=_keywords_of(work, classify(work)),
        year=date.year if date else None,
        published=date.year * 10_000 + (date.month or 0) * 100 + (date.day or 0) if date else 0,
        first_indexed=int(work.first_indexed.timestamp()),
        title_order=title_order(work.title.value, (work.title.language or work.language or _NO_LANGUAGE).code),
    )


def _text_of(work: Work) -> dict[TextField, tuple[str, ...]]:
    main = work.language.code if work.language else None
    title = tuple(_analysed((work.title, *work.translated_titles), main))
    abstracts = tuple(_analysed(work.abstracts, main))
    journal = _known_values(work.container.title, None) if work.container and work.container.title else ()
    terms = dict.fromkeys([*(subject.term for subject in work.subjects), *work.keywords])
    subject = tuple(value for term in terms for value in _known_values(term, main))
    names = [(person, _displayed_values(person)) for person in work.contributors]
    identifiers = (one.value for one in work.identifiers if one.scheme in _WORDLIKE_SCHEMES)
    numbers = tuple(value for identifier in identifiers for value in index_values(identifier, None))
    named = (value for _, values in names for value in values)
    spoken = (name for person in work.contributors if (name := pinyin_name(person)))
    unsaid = () if abstracts else (UNSAID,)
    return {
        "all": (*title, *abstracts, *named, *spoken, *journal, *subject, *numbers, *unsaid),
        "title": title,
        "author": tuple(value for person, values in names for value in _name_values(person, values)),
        "journal": journal,
        "subject": subject,
    }


def _analysed(texts: Iterable[Text], main: str | None) -> Iterator[str]:
    for text in texts:
        yield from index_values(text.value, text.language.code if text.language else main)


@functools.lru_cache(maxsize=1 << 16)
def _known_values(text: str, language: str | None) -> tuple[str, ...]:
    """Analyse what comes again and again: journals, subjects, keywords."""
    return index_values(text, language)


def _displayed_values(person: Contributor) -> tuple[str, ...]:
    if person.family and person.given and person.name == f"{person.given} {person.family}":
        return _side_by_side(person.given, person.family)
    return index_values(person.name, None)


def _name_values(person: Contributor, displayed: tuple[str, ...]) -> Iterable[str]:
    """Return the name as displayed and in its other forms: phrases find each (``"Smith J"``)."""
    values = [*displayed]
    for first, second in name_forms(person):
        values += _side_by_side(first, second)
    return dict.fromkeys(values)


def _side_by_side(first: str, second: str) -> tuple[str, ...]:
    """Analyse two parts with a blank between; they come again in other forms and names, so each is remembered."""
    one, other = _known_values(first, None), _known_values(second, None)
    return (f"{one[0]} {other[0]}",) if len(one) == len(other) == 1 else index_values(f"{first} {second}", None)


def _keywords_of(work: Work, classified: Classified) -> dict[KeywordField, tuple[str, ...]]:
    container = work.container
    issns = (*container.issns, *([container.issn_l] if container.issn_l else [])) if container else ()
    return {
        "identifier": _distinct((*_identifier_values(work), *_address_values(work))),
        "issn": _distinct(issn.upper() for issn in issns),
        "source": _distinct(work.sources),
        "lang": _distinct(language.code for language in work.languages),
        "license": (work.license.code if work.license else NONE_STATED,),
        "subject_facet": _subjects_of(work),
        "keyword": _terms_of(work),
        "clc": classified.codes,
        "unmapped": classified.unmapped,
        "subject_key": classified.keys,
        "container": (container.id,) if container and container.id else (),
        "type": (work.type,),
        "article_version": _distinct(location.version or "" for location in work.locations),
        "has": tuple(_possessions_of(work)),
        "status": (work.status,) if work.status else (),
        "title_key": _distinct(title_key(title.value) for title in (work.title, *work.translated_titles)),
        "suggest": suggest_values(work),
    }


def _identifier_values(work: Work) -> Iterator[str]:
    for one in work.identifiers:
        yield f"{one.scheme}:{one.value.lower() if one.scheme in _CASELESS else one.value}"


def _address_values(work: Work) -> Iterator[str]:
    """Yield the marks of the addresses that no identifier tells, short as they are many."""
    for place in work.locations:
        for url in (place.url, place.pdf_url):
            mark = address_mark(url) if url else ""
            if mark and not mark.startswith(_RESOLVERS):
                yield address_value(mark)


def address_value(mark: str) -> str:
    """Return what stands in the index for an address (48 bits of its mark's digest)."""
    return f"at:{hashlib.blake2b(mark.encode('utf-8', 'replace'), digest_size=6).hexdigest()}"


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, dict.fromkeys(values)))


def _subjects_of(work: Work) -> tuple[str, ...]:
    """Return the subject terms as they are shown, once each whatever their case."""
    terms: dict[str, str] = {}
    for subject in work.subjects:
        if term := subject.term.strip():
            terms.setdefault(term.casefold(), term)
    return tuple(terms.values())[:MOST_SUBJECTS]


def _terms_of(work: Work) -> tuple[str, ...]:
    """Return the authors' keywords in small letters and half width, so that one term is counted as one."""
    terms = (" ".join(unicodedata.normalize("NFKC", term).casefold().split()) for term in work.keywords)
    return tuple(term[:LONGEST_TERM].rstrip() for term in _distinct(terms))[:MOST_SUBJECTS]


def _possessions_of(work: Work) -> Iterator[str]:
    """Yield what can be had: ``fulltext`` is a PDF, a copy in PubMed Central, or a place that states its version."""
    has_pdf = any(location.pdf_url for location in work.locations)
    if has_pdf:
        yield "pdf"
    if work.abstracts:
        yield "abstract"
    if work.identifier("doi"):
        yield "doi"
    if work.license or any(location.license for location in work.locations):
        yield "license"
    if has_pdf or work.identifier("pmcid") or any(location.version for location in work.locations):
        yield "fulltext"
