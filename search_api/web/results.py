"""What the result page shows: cards, facets whose values are links, chips of active filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.normalise.licences import NONE_STATED
from search_api.cards import CARD_FIELDS
from search_api.library import Library
from search_api.schemas import WorksParameters
from search_api.web.addresses import BOUNDS, FILTERS, SearchAddress, identifier_address, web_address
from search_api.web.facets import facet_address
from search_api.web.i18n import UiLanguage, Words
from search_api.web.texts import direction_of, language_of

#: What a card of the page needs of a work.
PAGE_FIELDS = (*CARD_FIELDS, "license", "type", "locations")
#: Counted beside the results; keywords, of which there are very many, have a page of their own.
FACETS = tuple(name for name in FILTERS if name != "keyword")
_AUTHORS = 3
_SHOWN = 8
_CODED = frozenset(("type", "has", "license", "version"))
#: Reasons of copies that may not open; they are offered, if nothing else is there, but not praised.
BROKEN = frozenset(("checked_fails", "reported"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextView:
    """A text of a record with its language and direction."""

    value: str
    language: str
    direction: str

    @classmethod
    def of(cls, value: str, stated: str | None) -> TextView:
        """Mark a text."""
        language = language_of(value, stated)
        return cls(value=value, language=language, direction=direction_of(language))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedView:
    """A text of a record in pieces, each with whether it is what matched."""

    pieces: tuple[tuple[str, bool], ...]
    language: str
    direction: str

    @classmethod
    def of(cls, shown: Mapping[str, Any], stated: str | None) -> MarkedView:
        """Cut a text at its marks (``search_api.highlights``)."""
        text, at = shown["text"], 0
        pieces: list[tuple[str, bool]] = []
        for start, end in shown["spans"]:
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
        plain = TextView.of(text, stated)
        kept = tuple(piece for piece in (*pieces, (text[at:], False)) if piece[0])
        return cls(pieces=kept, language=plain.language, direction=plain.direction)

    @property
    def value(self) -> str:
        """The whole text."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """A link to another site; its address has been checked."""

    url: str
    label: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """One work in the list; ``status`` is its code and its word, ``translated`` a title that alone matches."""

    id: str
    title: MarkedView
    translated: MarkedView | None
    snippet: MarkedView | None
    authors: tuple[str, ...]
    more_authors: str | None
    journal: TextView | None
    year: int | None
    language: str | None
    type: str | None
    status: tuple[str, str] | None
    sources: tuple[str, ...]
    license: str | None
    full_text: LinkView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValueView:
    """A facet's value; its link adds the filter, or takes it away where it is active."""

    label: str
    count: int
    url: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetView:
    """A facet with its first values, and where all of them are; ``None`` where these are all."""

    name: str
    label: str
    values: tuple[FacetValueView, ...]
    more: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipView:
    """An active filter and the address without it."""

    name: str
    label: str
    url: str


def name_in(name: str, ui: UiLanguage) -> str:
    """Return the reader's half of a name that is written twice (``云大机构库 / Yunnan Repository``)."""
    halves = [half.strip() for half in name.split(" / ")]
    if len(halves) != 2 or not all(halves):  # noqa: PLR2004  # a name and its translation
        return name
    chinese = [language_of(half, None) == "zh" for half in halves]
    return halves[chinese.index(ui == "zh")] if chinese[0] != chinese[1] else name


def short_name(name: str) -> str:
    """Return the short form of a source's name: what stands before a colon."""
    return name.partition(":")[0].partition("：")[0].strip() or name


class Labels:
    """The reader's words for filter values, in one interface language."""

    def __init__(self, library: Library, words: Words) -> None:
        self._library = library
        self._words = words
        self.sources = {source.id: name_in(source.name, words.language) for source in library.store.sources.all()}
        self._containers: dict[str, str] = {}

    @property
    def is_demonstration(self) -> bool:
        """Tell whether any source is of the demonstration."""
        return any(source.startswith("demo-") for source in self.sources)

    def source(self, source_id: str) -> str:
        """Return a source's short name."""
        return short_name(self.sources.get(source_id, source_id))

    def learn(self, facets: Mapping[str, list[dict[str, Any]]]) -> None:
        """Keep the journals' titles that an answer brought, so that they are not asked for again."""
        self._containers.update({value["value"]: value["label"] for value in facets.get("container", ())})

    def of(self, facet: str, value: str) -> str:
        """Return the word for a facet's value."""
        if facet == "source":
            return self.source(value)
        if facet == "container":
            if value not in self._containers:
                self._containers |= {value: value} | self._library.store.catalogue.container_titles([value])
            return self._containers[value]
        if facet == "lang":
            return self._words.language_name(value)
        if facet == "clc":
            return " ".join((value, *self._library.store.subjects.tree().names([value], self._words.language).values()))
        if facet in _CODED:
            word = self._words.label(facet, value)
            return value.upper().replace("CC-", "CC ") if word == value and facet == "license" else word
        return value


def card_view(body: Mapping[str, Any], words: Words, labels: Labels) -> CardView:
    """Return a card from the searcher's body of a work."""
    people = tuple(person["name"] for person in body["contributors"][:_AUTHORS])
    everybody = body["contributor_count"]
    journal = body["container"]["title"] if body["container"] else None
    unmarked = {"title": {"text": body["title"], "spans": ()}, "snippet": None}
    found = body.get("highlights", unmarked)
    return CardView(
        id=body["id"],
        title=MarkedView.of(found["title"], body["language"]),
        translated=MarkedView.of(found["translated_title"], None) if "translated_title" in found else None,
        snippet=MarkedView.of(found["snippet"], body["language"]) if found["snippet"] else None,
        authors=people,
        more_authors=words("et_al", count=words.number(everybody)) if everybody > len(people) else None,
        journal=TextView.of(journal, None) if journal else None,
        year=body["year"],
        language=words.language_name(body["language"]) if body["language"] else None,
        type=words.label("type", body["type"]) if body["type"] not in {"article", None} else None,
        status=(body["status"], words.label("badge", body["status"])) if body["status"] else None,
        sources=tuple(labels.source(source) for source in body["sources"]),
        license=license_name(body["license"], words) if body["license"]["code"] != NONE_STATED else None,
        full_text=best_link(body["locations"], body["identifiers"], words),
    )


def license_name(license_: Mapping[str, Any], words: Words) -> str:
    """Return a licence's name, and that it is the journal's where no record of the article states one."""
    known = words.label("license", license_["code"])
    name = str(license_["name"]) if known == license_["code"] else known
    return words("license_of_journal", license=name) if license_.get("origin") == "journal" else name


def best_link(
    locations: Sequence[Mapping[str, Any]], identifiers: Sequence[Mapping[str, str]], words: Words
) -> LinkView | None:
    """Return what to open of the best copy (hostile records may leave nothing of the first), else the DOI."""
    for place in locations:
        if address := web_address(place["open_url"]):
            label = words("full_text_pdf" if address == place["pdf_url"] else "full_text")
            return LinkView(url=address, label=label, strong=not BROKEN.intersection(place["rank_reasons"]))
    for one in identifiers:
        if one["scheme"] == "doi" and (address := identifier_address("doi", one["value"])):
            return LinkView(url=address, label=words("full_text_doi"))
    return None


def facet_views(
    facets: Mapping[str, list[dict[str, Any]]], address: SearchAddress, words: Words, labels: Labels
) -> list[FacetView]:
    """Return the facets that have something to choose."""
    views = [_facet_view(name, facets.get(name, []), address, words, labels) for name in FACETS]
    return [view for view in views if view.values]


def _facet_view(
    name: str, counted: list[dict[str, Any]], address: SearchAddress, words: Words, labels: Labels
) -> FacetView:
    active = [value for pair, value in address.pairs if pair == name]
    found = {str(one["value"]): int(one["count"]) for one in counted}
    shown = list(dict.fromkeys([*active, *found]))[: max(_SHOWN, len(active))]
    if name == "year":
        shown.sort(reverse=True)
    values = tuple(
        FacetValueView(
            label=labels.of(name, value),
            count=found.get(value, 0),
            url=str(address.removing(name, value) if value in active else address.adding(name, value)),
            active=value in active,
        )
        for value in shown
    )
    more = facet_address(address, name) if len(found) > _SHOWN else None
    return FacetView(name=name, label=words(f"facet.{name}"), values=values, more=more)


def chip_views(parameters: WorksParameters, address: SearchAddress, words: Words, labels: Labels) -> list[ChipView]:
    """Return the active filters."""
    chips = [
        ChipView(name=words(f"facet.{name}"), label=labels.of(name, value), url=str(address.removing(name, value)))
        for name, value in address.pairs
        if name in FILTERS
    ]
    chips += [
        ChipView(name=words(f"facet.{name}"), label=str(value), url=str(address.without([name])))
        for name in BOUNDS
        if (value := getattr(parameters, name)) is not None
    ]
    return chips
