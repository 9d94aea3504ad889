"""What the page of one work shows: everything known of it, with every address checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from indexer.identity.copies import RankedCopy
from indexer.storage.catalogue import StoredWork
from search_api.copies import MOST_COPIES, copies_of, shown
from search_api.library import Library
from search_api.web.addresses import SearchAddress, identifier_address, web_address
from search_api.web.i18n import Words
from search_api.web.results import BROKEN, Labels, LinkView, TextView, best_link, license_name
from search_api.web.states import RelationView, StateView, relation_views

_PEOPLE, _MOST_PEOPLE = 12, 300
_MOST_TERMS = 60
#: Names of identifier schemes, in the order in which they are shown.
SCHEMES = {
    "doi": "DOI",
    "pmid": "PubMed",
    "pmcid": "PMC",
    "arxiv": "arXiv",
    "doaj": "DOAJ",
    "handle": "Handle",
    "isbn": "ISBN",
    "url": "URL",
    "oai": "OAI",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A contributor; ``places`` are the numbers of the affiliations below the list."""

    name: str
    search: str
    orcid: str | None
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermView:
    """A subject or keyword and the search it leads to."""

    text: TextView
    search: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierView:
    """An identifier, with where it leads if it leads anywhere."""

    scheme: str
    value: str
    url: str | None
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyView:
    """One place to read."""

    links: tuple[LinkView, ...]
    host: str
    notes: tuple[str, ...]
    reasons: tuple[str, ...]
    warning: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkView:
    """A whole work, ready to be shown."""

    id: str
    title: TextView
    translated_titles: tuple[TextView, ...]
    people: tuple[PersonView, ...]
    more_people: tuple[PersonView, ...]
    unlisted_people: int
    affiliations: tuple[str, ...]
    journal: TextView | None
    journal_search: str | None
    issns: tuple[str, ...]
    publisher: str | None
    issue: str
    date: str | None
    abstracts: tuple[tuple[str, TextView], ...]
    subjects: tuple[TermView, ...]
    keywords: tuple[TermView, ...]
    identifiers: tuple[IdentifierView, ...]
    license: LinkView | str | None
    languages: tuple[str, ...]
    type: str
    is_ordinary: bool
    best: LinkView | None
    copies: tuple[CopyView, ...]
    reportable: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    relations: tuple[RelationView, ...]
    state: StateView | None
    origin: str
    added: str
    citation: tuple[tuple[str, str], ...]


def work_view(work: StoredWork, library: Library, words: Words, labels: Labels) -> WorkView:
    """Return what is shown of a work."""
    data = work.data
    people, affiliations = _people(data["contributors"])
    journal = data["container"] or {}
    ranked = copies_of([work], library.store.links)[work.key]
    places = [shown(copy) for copy in ranked]
    relations, state = relation_views(work, library.store.catalogue, SCHEMES, words)
    copies = tuple(view for copy in ranked[:MOST_COPIES] if (view := _copy(copy, words, labels)))
    return WorkView(
        id=work.id,
        title=_text(data["title"], data),
        translated_titles=tuple(_text(text, data) for text in data["translated_titles"]),
        people=people[:_PEOPLE],
        more_people=people[_PEOPLE:],
        unlisted_people=len(data["contributors"]) - len(people),
        affiliations=affiliations,
        journal=TextView.of(journal["title"], None) if journal.get("title") else None,
        journal_search=_search("container", journal["id"]) if journal.get("id") else None,
        issns=_issns(journal),
        publisher=_publisher(journal, words),
        issue=_issue(data, words),
        date=words.partial_date(data["published"]) if data["published"] else None,
        abstracts=_abstracts(data, words),
        subjects=_terms((subject["term"] for subject in data["subjects"]), "subject"),
        keywords=_terms(data["keywords"], "q"),
        identifiers=tuple(sorted(map(_identifier, data["identifiers"]), key=lambda one: one.order)),
        license=_license(data["license"], words),
        languages=tuple(_language(tag, words) for tag in data["languages"]),
        type=words.label("type", data["type"]),
        is_ordinary=data["type"] == "article",
        best=best_link(places, data["identifiers"], words),
        copies=copies,
        reportable=tuple(link.url for copy in copies for link in copy.links),
        sources=tuple((source, labels.sources.get(source, source)) for source in data["sources"]),
        relations=relations,
        state=state,
        origin=_origin(len(data["manifestations"]), words),
        added=words("first_indexed", date=words.day(work.first_indexed)),
        citation=tuple(_citation(data, places)),
    )


def _origin(records: int, words: Words) -> str:
    return words("origin_one") if records == 1 else words("origin_many", count=words.number(records))


def _search(name: str, value: str) -> str:
    return str(SearchAddress().adding(name, value))


def _text(text: Mapping[str, Any], data: Mapping[str, Any]) -> TextView:
    own = text["language"]["code"] if text["language"] else None
    return TextView.of(text["value"], own or (data["languages"][0]["code"] if data["languages"] else None))


def _people(contributors: list[dict[str, Any]]) -> tuple[tuple[PersonView, ...], tuple[str, ...]]:
    """Return the contributors and the affiliations they share, each once and numbered from 1."""
    numbers: dict[str, int] = {}
    people = []
    for person in contributors[:_MOST_PEOPLE]:
        places = tuple(numbers.setdefault(place, len(numbers) + 1) for place in person["affiliations"])
        orcid = person["orcid"]
        name = person["name"]
        search = _search("q", 'author:"{}"'.format(name.replace('"', " ")))
        people.append(PersonView(name=name, search=search, orcid=orcid, places=places))
    return tuple(people), tuple(numbers)


def _issns(journal: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the journal's ISSNs, the linking one first."""
    linking = (journal["issn_l"],) if journal.get("issn_l") else ()
    return tuple(dict.fromkeys((*linking, *journal.get("issns", ()))))


def _publisher(journal: Mapping[str, Any], words: Words) -> str | None:
    name, country = journal.get("publisher"), journal.get("country")
    if not name or not country:
        return name or (words.country_name(country) if country else None)
    return words("publisher_in", publisher=name, country=words.country_name(country))


def _issue(data: Mapping[str, Any], words: Words) -> str:
    parts = [words(name, **{name: data[name]}) for name in ("volume", "issue") if data[name]]
    pages = data["pages"]
    if pages:  # article numbers such as e0123456 are no pages
        parts.append(words("page" if pages.isdigit() else "pages", pages=pages) if pages[0].isdigit() else pages)
    return ("，" if words.language == "zh" else ", ").join(parts)


def _abstracts(data: Mapping[str, Any], words: Words) -> tuple[tuple[str, TextView], ...]:
    texts = [_text(text, data) for text in data["abstracts"]]
    if len(texts) == 1:
        return ((words("abstract"), texts[0]),)
    return tuple((words("abstract_in", language=words.language_name(text.language)), text) for text in texts)


def _terms(values: Iterable[str], parameter: str) -> tuple[TermView, ...]:
    views = []
    for value in list(values)[:_MOST_TERMS]:
        query = '"{}"'.format(value.replace('"', " ")) if parameter == "q" else value
        views.append(TermView(text=TextView.of(value, None), search=_search(parameter, query)))
    return tuple(views)


def _identifier(one: Mapping[str, str]) -> IdentifierView:
    scheme, value = one["scheme"], one["value"]
    order = list(SCHEMES).index(scheme) if scheme in SCHEMES else len(SCHEMES)
    return IdentifierView(
        scheme=SCHEMES.get(scheme, scheme), value=value, url=identifier_address(scheme, value), order=order
    )


def _license(license_: Mapping[str, Any] | None, words: Words) -> LinkView | str | None:
    if license_ is None:
        return None
    name = license_name(license_, words)
    address = web_address(license_["url"])
    return LinkView(url=address, label=name) if address else name


def _language(tag: Mapping[str, Any], words: Words) -> str:
    name = words.language_name(tag["code"])
    return words("language_detected", language=name) if tag["origin"] == "detected" else name


def _copy(copy: RankedCopy, words: Words, labels: Labels) -> CopyView | None:
    """Return a copy with the links that may be opened; ``None`` where a hostile or broken record leaves none."""
    place = copy.location
    pdf, page = web_address(place.pdf_url), web_address(place.url)
    links = []
    if pdf:
        links.append(LinkView(url=pdf, label=words("full_text_pdf"), strong=True))
    if page and page != pdf:
        links.append(LinkView(url=page, label=words("copy_landing"), strong=not pdf))
    if not links:
        return None
    notes = (
        words.label("version", place.version) if place.version else None,
        license_name(asdict(place.license), words) if place.license else None,
        labels.source(place.source) if place.source else None,
    )
    return CopyView(
        links=tuple(links),
        host=links[0].url.split("/")[2].rpartition("@")[2],
        notes=tuple(note for note in notes if note),
        reasons=tuple(words(f"rank.{reason}") for reason in copy.reasons if reason not in BROKEN),
        warning=_warning(copy, words),
    )


def _warning(copy: RankedCopy, words: Words) -> str | None:
    """Say that a copy may not open, and since when that is known."""
    if copy.state.state == "fails" and copy.state.checked_at:
        return words("copy_fails", date=words.day(copy.state.checked_at))
    return words("copy_reported") if copy.state.reports else None


def _citation(data: Mapping[str, Any], places: list[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Name the work in the meta elements that reference managers read."""
    yield "citation_title", data["title"]["value"]
    for person in data["contributors"][:_MOST_PEOPLE]:
        yield "citation_author", person["name"]
    if data["published"]:
        date = data["published"]
        yield "citation_publication_date", "/".join(str(date[part]) for part in ("year", "month", "day") if date[part])
    journal = data["container"] or {"title": None, "issns": ()}
    if journal["title"]:
        yield "citation_journal_title", journal["title"]
    yield from (("citation_issn", issn) for issn in journal["issns"])
    for name in ("volume", "issue"):
        if data[name]:
            yield f"citation_{name}", data[name]
    known = [one for one in data["identifiers"] if one["scheme"] in {"doi", "pmid"}]
    yield from ((f"citation_{one['scheme']}", one["value"]) for one in known)
    for place in places[:1]:
        if pdf := web_address(place["pdf_url"]):
            yield "citation_pdf_url", pdf
