"""Make one manifestation of all the raw records of one (source, identifier)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields

from harvesters.errors import FormatError
from harvesters.formats import describe
from harvesters.formats.description import Description, RawDate, RawText
from harvesters.records import RawRecord
from indexer.errors import UnusableRecordError
from indexer.models import ArticleVersion, Identifier, LanguageTag, Manifestation, PartialDate, Text
from indexer.normalise.containers import Citation, container_of, number, pages_of, read_citation
from indexer.normalise.dates import choose_date
from indexer.normalise.identifiers import identify_all
from indexer.normalise.languages import tag
from indexer.normalise.licences import license_of
from indexer.normalise.locations import locations_of
from indexer.normalise.names import contributors
from indexer.normalise.relations import relations_of
from indexer.normalise.terms import keywords_of, subjects_of
from indexer.normalise.text import clean_abstract, clean_line, clean_title, strip_glued_digit
from indexer.normalise.types import type_of, version_of

MAX_RECORD_BYTES = 4 * 1024 * 1024
"""A larger record is refused: no description of an article is so long (a 40 MB "abstract" was seen)."""

_RANKS = {
    "jats": 0, "pmc": 0, "pmc_fm": 1, "oai_doaj": 2, "doaj_json": 2, "oai_dc": 3, "pmc_idconv": 4, "pmc_esummary": 5,
}  # fmt: skip
_OTHER_RANK = 2
_UNITED = frozenset(("identifiers", "subjects", "keywords", "rights", "links", "types", "relations", "issns"))
_LANGUAGE_FIELDS = frozenset(("languages", "language_scope"))
_SCOPE_RANKS = {"article": 0, "container": 1, "unknown": 2}
_LANGUAGE_MARK = re.compile(r"^\s*\[([a-z]{2})\]\s+(?=\S)", re.IGNORECASE)
_NOT_ABSTRACT = re.compile(r"\s*(?:Comments?|Citation|Comment on|Paper presented at)\s*:\s")
_BYLINE = re.compile(r"(?:[^\W\d_][\w.'’-]*\s){1,4}[^\W\d_][^\W\d_.'’-]+,?\s?[1-9*]")
_HEADING = re.compile(
    r"(?<=\s)(?:Abstract|Background|Purpose|Objectives?|Introduction|Aims?|Context|Importance|Methods)\s?:"
)
_BYLINE_START, _LONGEST_BYLINE, _LEAST_NAME = 80, 8000, 3
_LEAST_WORDS = 3
_PARALLEL = re.compile(r"([^=/|]+[^\W\d_][)?!.»”\"]?) (?:=|/ |\| )\s?([^\W\d_\s][^=/|]+)")
_HAN = re.compile("[\u3400-\u9fff]")
_LETTERS = re.compile(r"[^\W_]+")
_ASCII_FOLD = {code: None for code in range(128) if not chr(code).isalnum()}
_LONG_TITLE = 40
_SURE = 0.8


def normalise(records: Sequence[RawRecord], source: str) -> Manifestation:
    """Combine one record's raw forms into a clean manifestation.

    ``records`` are all of one (source, identifier), none deleted, in any order. Where several metadata
    formats say the same field, JATS goes before oai_doaj before oai_dc; identifiers, subjects, keywords,
    languages and links of all are united.

    Raises:
        UnusableRecordError: it is too large, cannot be read in any of its formats, or has no title.
    """
    ordered = records if len(records) == 1 else sorted(records, key=_rank)
    if not ordered:
        raise UnusableRecordError("There is no record to read.", remedy="Harvest the source again.")
    described, formats = _describe_all(ordered)
    description = combine(described)
    return _build(description, ordered, source=source, formats=formats)


def _rank(record: RawRecord) -> int:
    return _RANKS.get(record.metadata_prefix, _OTHER_RANK)


def _describe_all(ordered: Sequence[RawRecord]) -> tuple[list[Description], tuple[str, ...]]:
    """Read every form that can be read; the record is lost only if none can."""
    described: list[Description] = []
    formats: list[str] = []
    refused: UnusableRecordError | None = None
    for record in ordered:
        try:
            described.append(_describe(record))
            formats.append(record.metadata_prefix)
        except UnusableRecordError as error:
            refused = refused or error
    if not described and refused is not None:
        raise refused
    return described, tuple(dict.fromkeys(formats))


def _describe(record: RawRecord) -> Description:
    if len(record.body) > MAX_RECORD_BYTES:
        raise UnusableRecordError(
            f"The record has {len(record.body):,} bytes, more than {MAX_RECORD_BYTES:,}.",
            remedy="Ask the repository whether it means it; the record is kept and read again when it changes.",
        )
    try:
        return describe(record)
    except FormatError as error:
        raise UnusableRecordError(str(error), remedy=error.remedy) from error


def combine(described: Sequence[Description]) -> Description:
    """Fill a description field by field from several, best first."""
    if len(described) == 1:
        return described[0]
    values: dict[str, object] = {}
    for field in fields(Description):
        name = field.name
        if name in _LANGUAGE_FIELDS:
            continue
        given = [getattr(one, name) for one in described]
        if name in _UNITED:
            values[name] = tuple(dict.fromkeys(item for items in given for item in items))
        else:
            values[name] = next((value for value in given if value), given[0])
    declaring = [one for one in described if one.languages]
    best = min(declaring, key=lambda one: _SCOPE_RANKS[one.language_scope], default=None)
    if best is not None:
        values["language_scope"] = best.language_scope
        same_scope = [one.languages for one in declaring if best.language_scope != "article" or one is best]
        values["languages"] = tuple(dict.fromkeys(code for codes in same_scope for code in codes))
    return Description(**values)  # type: ignore[arg-type]


def _build(
    description: Description, ordered: Sequence[RawRecord], *, source: str, formats: tuple[str, ...]
) -> Manifestation:
    record = ordered[0]
    identifiers = identify_all(description.identifiers, record.identifier)
    is_pmc = record.identifier.startswith("oai:pubmedcentral.nih.gov:")
    abstracts = _abstracts(description)
    titles = _titles(
        description, abstracts[0].value if abstracts else "", strip_digit=is_pmc and formats == ("oai_dc",)
    )
    if not titles:
        raise UnusableRecordError(
            "The record has no title.",
            remedy="Ask the repository to add one; the record is read again when it changes.",
        )
    citation = read_citation(description.citation)
    subjects, loose = subjects_of(description.subjects, is_pmc=is_pmc)
    license_ = license_of(description.rights)
    version = _version(description)
    return Manifestation(
        title=titles[0],
        translated_titles=tuple(titles[1:]),
        abstracts=tuple(abstracts),
        contributors=contributors(description.contributors),
        container=container_of(description, citation),
        published=_published(description, citation, identifiers),
        volume=number(description.volume) or citation.volume,
        issue=number(description.issue) or citation.issue,
        pages=pages_of(description.first_page, description.last_page, description.article_number) or citation.pages,
        identifiers=identifiers,
        subjects=subjects,
        keywords=keywords_of((*description.keywords, *loose)),
        license=license_,
        locations=locations_of(description, identifiers, source=source, license_=license_, version=version),
        type=type_of(description.types, titles[0].value, (one.term for one in subjects if one.scheme == "PMC")),
        languages=_languages(description, titles, abstracts),
        relations=tuple(
            one for one in relations_of(description.relations, description.types) if one.target not in identifiers
        ),
        source=source,
        record_identifier=record.identifier,
        datestamp=max([one.datestamp for one in ordered]),
        formats=formats,
    )


def _version(description: Description) -> ArticleVersion | None:
    for one in description.identifiers:
        if one.scheme == "manuscript":
            return "accepted"
    return version_of(description.types) if description.types else None


def _published(description: Description, citation: Citation, identifiers: Iterable[Identifier]) -> PartialDate | None:
    """Choose the date; a citation's year only where no date is stated."""
    is_doaj = any(one.scheme == "doaj" for one in identifiers)
    found = choose_date(description.dates, doaj_fills_up=is_doaj)
    if found is None and citation.year:
        return choose_date([RawDate(value=citation.year)])
    return found


def _abstracts(description: Description) -> list[Text]:
    first = next(iter(description.contributors), None)
    author = f"{first.family or ''} {first.name or ''}" if first else ""

    def clean(value: str) -> str:
        """Clean one abstract, without the authors that some begin with."""
        return _without_byline(clean_abstract(value), author)

    stated = description.abstracts
    usable = [one for one in stated if one.value.lstrip()[:1] not in {"C", "P"} or not _NOT_ABSTRACT.match(one.value)]
    return _texts(usable, description, clean)


def _without_byline(abstract: str, author: str) -> str:
    """Take off the authors with their affiliations that stand before the first heading (Dove's journals in DOAJ).

    Only where the abstract begins with a name that has a footnote's number, and the first author is among the first.
    """
    if not (author and _BYLINE.match(abstract)):
        return abstract
    start = _LETTERS.findall(abstract[:_BYLINE_START])
    if not any(len(word) >= _LEAST_NAME and word in start for word in _LETTERS.findall(author)):
        return abstract
    heading = _HEADING.search(abstract, 0, _LONGEST_BYLINE)
    return abstract[heading.start() :] if heading else abstract


def _titles(description: Description, abstract: str, *, strip_digit: bool) -> list[Text]:
    def clean(value: str) -> str:
        """Clean one title; PMC glues the number of a footnote to some."""
        title = clean_title(value)
        return strip_glued_digit(title, abstract) if strip_digit else title

    raws: list[RawText] = []
    for raw in description.titles:
        raws.extend(_split_bilingual(raw))
    return _texts(raws, description, clean)


def _split_bilingual(raw: RawText) -> list[RawText]:
    """Part a title that is given in English and Chinese at once (OALib, and Chinese journals in DOAJ)."""
    if raw.language is not None:
        return [raw]
    if " =" in raw.value or " / " in raw.value or " | " in raw.value:
        return _split_parallel(raw)
    if raw.value.isascii() or not _HAN.search(raw.value):
        return [raw]
    text = clean_line(raw.value)
    first = _HAN.search(text)
    if first is None:
        return [raw]
    foreign, chinese = _part_before(text, first.start())
    if len(foreign.split()) < _LEAST_WORDS or len(_HAN.findall(chinese)) * 2 < len(chinese.replace(" ", "")):
        return [raw]
    return [RawText(value=foreign.rstrip(" /|")), RawText(value=chinese, translated=True)]


def _split_parallel(raw: RawText) -> list[RawText]:
    """Part parallel titles ("Letras de hoje … = Tomás Eloy Martínez and …", as Brazilian journals have them in DOAJ).

    Only where both sides are whole titles in two languages: formulas and alternatives ("and/or") stay whole.
    """
    match = _PARALLEL.fullmatch(clean_line(raw.value))
    if match is None or any(len(_LETTERS.findall(side)) < _LEAST_WORDS for side in match.groups()):
        return [raw]
    first, second = (tag(side, (), "unknown") for side in match.groups())
    if first is None or second is None or first.code == second.code:
        return [raw]
    return [RawText(value=match[1]), RawText(value=match[2], translated=True)]


def _part_before(text: str, position: int) -> tuple[str, str]:
    """Part a text at the last space before a position: the word that the Chinese begins in goes with it."""
    foreign, _, start = text[:position].rpartition(" ")
    return foreign, start + text[position:]


def _texts(raws: Iterable[RawText], description: Description, clean: Callable[[str], str]) -> list[Text]:
    """Clean texts, drop the empty and the repeated, and tell each one's language."""
    found: list[Text] = []
    seen: set[str] = set()
    several = list(raws)
    for raw in several:
        value, language = raw.value, raw.language
        mark = _LANGUAGE_MARK.match(value) if "[" in value else None
        if mark:  # PUC-Rio writes "[pt] APERFEIÇOAMENTO …"
            value, language = value[mark.end() :], language or mark[1]
        text = clean(value)
        key = _fold(text) if len(several) > 1 else text
        if not text or key in seen:
            continue
        seen.add(key)
        found.append(Text(value=text, language=_language(text, language, description, main=not found)))
    return found


def _fold(text: str) -> str:
    letters = text.translate(_ASCII_FOLD) if text.isascii() else "".join(_LETTERS.findall(text))
    return letters.casefold() or text


def _language(text: str, own: str | None, description: Description, *, main: bool) -> LanguageTag | None:
    if own is not None:
        return tag(text, (own,), "article")
    if description.language_scope == "article" and not main:
        return tag(text, description.languages, "unknown")
    return tag(text, description.languages, description.language_scope)


def _languages(description: Description, titles: Sequence[Text], abstracts: Sequence[Text]) -> tuple[LanguageTag, ...]:
    """Return the article's languages: the declared ones of the article, else the title's or the abstract's.

    A short title whose language is doubtful gives way to the abstract. One title in two languages does not tell which
    is the article's: it has both, so that a reader of either finds it.
    """
    title = titles[0]
    if description.language_scope == "article" and description.languages:
        declared = (tag("", (one,), "article") for one in description.languages)
        found = tuple(dict.fromkeys(one for one in (title.language, *declared) if one is not None))
        return tuple({one.code: one for one in reversed(found)}.values())[::-1]
    if len(description.titles) == 1 and len(titles) > 1:
        return tuple(one.language for one in titles if one.language is not None)
    own = title.language
    other = abstracts[0].language if abstracts else None
    if own is None or (other is not None and own.confidence < _SURE and len(title.value) < _LONG_TITLE):
        own = other if other is not None and (own is None or other.confidence > own.confidence) else own
    return (own,) if own is not None else ()
