"""One search, whoever asks: the API, the page and the command line get the same body."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import langcodes

from indexer.search.parser import read_query
from indexer.search.query import FACET_FIELDS, FacetValue, Filters, Match, Query, Sort, View
from indexer.search.searching import Found, search
from indexer.search.wording import doubt_shown
from search_api.cards import CARD_FIELDS, COPY_FIELDS, DETAIL_FIELDS, selected
from search_api.copies import copies_of
from search_api.correcting import did_you_mean
from search_api.cursors import Continuation, Cursors
from search_api.expanding import expansions_told, thesaurus_for
from search_api.highlights import Highlighter
from search_api.library import Library
from search_api.manners.exchange import timed
from search_api.ruling import rules_for, rules_told

#: What ``fields`` may name; ``id`` reads no work at all, ``minimal`` is what a list needs beside the id.
PRESETS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "minimal": ("id", "title", "year", "identifiers"),
    "card": CARD_FIELDS,
    "detail": DETAIL_FIELDS,
}
DEFAULT_LIMIT, MAX_LIMIT = 20, 200
_LABELS = {
    "type": {"conference-paper": "conference paper"},
    "has": {"pdf": "PDF", "doi": "DOI", "fulltext": "full text", "license": "open licence"},
    "license": {
        "cc0": "CC0",
        "publisher": "publisher terms",
        "public-domain": "public domain",
        "other-open": "other open licence",
        "none": "none stated",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody asks for, in the API's words."""

    q: str = ""
    match: Match = "auto"
    filters: Filters = field(default_factory=Filters)
    sort: Sort = "relevance"
    facets: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    fields: tuple[str, ...] = CARD_FIELDS
    highlight: bool = False
    ruled: bool = True
    expand: bool = True
    ui_language: str = "en"

    def query(self) -> Query:
        """Return what is asked, without how the answer is wanted."""
        return Query(text=self.q, match=self.match, filters=self.filters, ruled=self.ruled, expand=self.expand)


def fields_of(text: str) -> tuple[str, ...]:
    """Read ``fields``: a preset or field names with commas; raise ``ValueError`` naming an unknown one."""
    if text in PRESETS:
        return PRESETS[text]
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in DETAIL_FIELDS]
    if unknown or not names:
        raise ValueError(
            f"unknown field {', '.join(unknown) or text!r}; "
            f"use {', '.join(PRESETS)}, or any of {', '.join(DETAIL_FIELDS)}"
        )
    return names


def facets_of(text: str) -> tuple[str, ...]:
    """Read ``facets``: names with commas; raise ``ValueError`` naming an unknown one."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FACET_FIELDS]
    if unknown:
        raise ValueError(f"unknown facet {', '.join(unknown)}; use any of {', '.join(FACET_FIELDS)}")
    return names


class Searcher:
    """Answers searches of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._cursors = Cursors(library.store.secret("cursor"))

    def answer(self, wanted: Search) -> dict[str, Any]:
        """Return the body ``{meta, results, facets}``; raise ``QueryError`` where the query cannot be understood."""
        started = time.perf_counter()
        query = wanted.query()
        view = View(sort=wanted.sort, limit=wanted.limit, facets=wanted.facets)
        asked, unbroken = query, True
        if wanted.cursor:
            going = self._cursors.read(wanted.cursor, query=query, sort=wanted.sort)
            unbroken = going.unbroken
            view = replace(view, after=going.after, snapshot=going.snapshot, thesaurus=going.thesaurus)
            asked = replace(query, match=going.match)
        thesaurus = thesaurus_for(self._library, asked, view.thesaurus)
        with timed("index"):
            found = self.find(asked, view)
        with timed("spelling"):
            meant = [] if wanted.cursor else did_you_mean(self._library.index, query, found, self._ask)
        with timed("store"):
            marking = Highlighter(found.compiled) if wanted.highlight else None
            results = self._results([hit.key for hit in found.hits.hits], wanted.fields, marking)
        unbroken = unbroken and found.hits.unbroken
        cursor = None
        if found.hits.next is not None:
            going = Continuation(
                after=found.hits.next,
                match=found.match,
                snapshot=found.hits.snapshot,
                unbroken=unbroken,
                thesaurus=thesaurus.version,
            )
            cursor = self._cursors.write(going, query=query, sort=wanted.sort)
        filters = {name: value for name, value in asdict(wanted.filters).items() if value not in ((), None)}
        return {
            "meta": {
                "count": found.hits.count,
                "query": {
                    "text": wanted.q,
                    "match": found.match,
                    "filters": filters,
                    "sort": wanted.sort,
                    "doubts": [doubt_shown(doubt) for doubt in read_query(wanted.q).doubts],
                    "expansions": expansions_told(wanted.q, thesaurus),
                    "did_you_mean": meant,
                    "rules": rules_told(self._library, query, found.compiled),
                },
                "next_cursor": cursor,
                "unbroken": unbroken,
                "took_ms": round((time.perf_counter() - started) * 1000, 1),
            },
            "results": results,
            "facets": {
                name: self._labelled(name, values, wanted.ui_language) for name, values in found.hits.facets.items()
            },
        }

    def find(self, query: Query, view: View) -> Found:
        """Ask the index; whatever is counted or shown of a query's works is asked for here, so that all agree."""
        adapt, thesaurus = (
            rules_for(self._library, query).adapt(view),
            thesaurus_for(self._library, query, view.thesaurus),
        )
        return search(self._library.index, query, view, adapt, thesaurus)

    def _ask(self, query: Query) -> Found:
        """Count what another query would bring."""
        return self.find(query, View(sort="newest", limit=1))

    def _results(
        self, keys: Sequence[int], fields: tuple[str, ...], marking: Highlighter | None
    ) -> list[dict[str, Any]]:
        """Return what is shown of works that are still here, in their order, with what matched where that is wanted."""
        catalogue = self._library.store.catalogue
        if set(fields) == {"id"} and marking is None:
            ids = catalogue.ids(keys)
            return [{"id": ids[key]} for key in keys if key in ids]
        works = catalogue.by_keys(keys)
        shown = [works[key] for key in keys if key in works and works[key].state == "active"]
        copies = copies_of(shown, self._library.store.links) if COPY_FIELDS.intersection(fields) else {}
        results = [selected(work, fields, copies.get(work.key, ())) for work in shown]
        if marking is not None:
            for work, result in zip(shown, results, strict=True):
                result["highlights"] = marking.body(work.data)
        return results

    def _labelled(self, facet: str, values: Iterable[FacetValue], ui_language: str) -> list[dict[str, Any]]:
        listed = list(values)
        labels = self.labels(facet, [value.value for value in listed], ui_language)
        return [
            {"value": value.value, "label": labels.get(value.value, value.value), "count": value.count}
            for value in listed
        ]

    def labels(self, facet: str, values: list[str], ui_language: str) -> dict[str, str]:
        """Return what readers are shown for values of a facet, for those that are not shown as they are."""
        if facet == "source":
            return {source.id: source.name for source in self._library.store.sources.all()}
        if facet == "container":
            return self._library.store.catalogue.container_titles(values)
        if facet == "clc":
            return self._library.store.subjects.tree().names(values, ui_language)
        if facet == "lang":
            return {value: language_name(value, ui_language) for value in values}
        if facet == "license":
            return {value: _LABELS["license"].get(value, value.upper().replace("CC-", "CC ")) for value in values}
        return _LABELS.get(facet, {})


def language_name(code: str, ui_language: str = "en") -> str:
    """Return a language's name in the reader's language, or the code itself."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415  # a second to load, and most requests need it not

    try:
        name = Locale.parse(ui_language.replace("-", "_")).languages.get(code)
    except (UnknownLocaleError, ValueError):
        name = None
    try:
        return name or langcodes.Language.get(code).language or code
    except ValueError:  # a filter may hold any text
        return code
