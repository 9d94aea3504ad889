"""A search as an Atom feed (RFC 4287), so that a feed reader tells what is new in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from indexer import clock
from search_api.repository.markup import element, enclosed
from search_api.repository.provider import Place
from search_api.web.addresses import identifier_address, web_address

MEDIA_TYPE = "application/atom+xml"
#: Below the site; pages of a search are at its root.
PATH = "/v1/works.atom"
FIELDS = (
    *("id", "title", "contributors", "first_indexed", "abstracts", "subjects", "keywords", "license", "language"),
    *("identifiers", "best_location", "container", "year", "status"),
)
_NAMESPACE = "http://www.w3.org/2005/Atom"
#: When ids were given their form: part of a ``tag:`` (RFC 4151), never to be changed.
_TAGGED = "2026"
_PAGE_TYPE, _PDF = "text/html", "application/pdf"
_SUMMARY, _MOST_AUTHORS, _MOST_CATEGORIES = 2_000, 50, 20
#: Of a feed without entries: it has to have a date, and the same one each time.
_NEVER = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A page of a search to be written: the API's results, when each work last changed, and the search's own words.

    ``asked`` are the parameters that were given, without those of the page; ``onward`` the next page's cursor.
    """

    place: Place
    title: str
    asked: Sequence[tuple[str, str]]
    page: Sequence[tuple[str, str]]
    results: Sequence[Mapping[str, Any]]
    changed: Mapping[str, datetime]
    onward: str | None

    def write(self) -> str:
        """Write the feed."""
        updated = max((self.changed[one["id"]] for one in self.results if one["id"] in self.changed), default=None)
        inner = "".join(
            (
                element("id", self._tag(f"feeds/{_digest(self.asked)}")),
                element("title", self.title),
                element("updated", clock.iso(updated) or _NEVER),
                enclosed("author", element("name", "kaijuan 开卷")),
                element("generator", "kaijuan"),
                *self._links(),
                *(self._entry(one) for one in self.results),
            )
        )
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{enclosed("feed", inner, xmlns=_NAMESPACE)}\n'

    def _links(self) -> Iterator[str]:
        feed, kept = f"{self.place.site}{PATH}", [pair for pair in self.page if pair[0] != "cursor"]
        yield _link("self", _address(feed, (*self.asked, *self.page)), MEDIA_TYPE)
        shown = [pair for pair in self.asked if pair[0] != "sort"]
        yield _link("alternate", _address(f"{self.place.site}/", (*shown, ("sort", "first_indexed"))), _PAGE_TYPE)
        if self.onward is not None:
            yield _link("next", _address(feed, (*self.asked, *kept, ("cursor", self.onward))), MEDIA_TYPE)

    def _entry(self, work: Mapping[str, Any]) -> str:
        first = work["first_indexed"]
        inner = "".join(
            (
                element("id", self._tag(f"works/{work['id']}")),
                element("title", _title(work)),
                element("updated", clock.iso(self.changed.get(work["id"])) or first),
                element("published", first),
                *(enclosed("author", element("name", one["name"])) for one in work["contributors"][:_MOST_AUTHORS]),
                _link("alternate", self.place.page(work["id"]), _PAGE_TYPE),
                *_ways(work),
                *(enclosed("category", "", term=term) for term in _terms(work)),
                element("rights", work["license"]["name"] if work["license"]["code"] != "none" else None),
                element("summary", _summary(work)),
            )
        )
        return enclosed("entry", inner, xml_lang=work["language"])

    def _tag(self, specific: str) -> str:
        return f"tag:{self.place.host},{_TAGGED}:{specific}"


def _digest(pairs: Sequence[tuple[str, str]]) -> str:
    return hashlib.sha256(urlencode(sorted(pairs)).encode()).hexdigest()[:32]


def _address(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _link(rel: str, address: str | None, media_type: str | None) -> str:
    return enclosed("link", "", rel=rel, type=media_type, href=address) if address else ""


def _ways(work: Mapping[str, Any]) -> Iterator[str]:
    """Link to the text and to what the identifiers lead to, where that is an address that may be followed."""
    best = work["best_location"] or {}
    yield _link("enclosure", web_address(best.get("pdf_url")), _PDF)
    related = [web_address(best.get("url"))]
    related += [
        identifier_address(one["scheme"], one["value"]) for one in work["identifiers"] if one["scheme"] == "doi"
    ]
    yield from (_link("related", address, None) for address in dict.fromkeys(related))


def _title(work: Mapping[str, Any]) -> str:
    """Return the title; a reader of feeds must not miss that a work was retracted."""
    return f"[{work['status']}] {work['title']}" if work["status"] else str(work["title"])


def _terms(work: Mapping[str, Any]) -> list[str]:
    own = [one["term"] for one in work["subjects"] if one["origin"] == "article"]
    return list(dict.fromkeys((*work["keywords"], *own)))[:_MOST_CATEGORIES]


def _summary(work: Mapping[str, Any]) -> str:
    """Write where it appeared, and how its abstract begins; plain text, so that nothing in it is mark-up."""
    container = (work["container"] or {}).get("title")
    where = ", ".join(str(part) for part in (container, work["year"]) if part)
    abstract = work["abstracts"][0]["value"] if work["abstracts"] else ""
    if len(abstract) > _SUMMARY:
        abstract = f"{abstract[:_SUMMARY].rstrip()}…"
    return ". ".join(part for part in (where, abstract) if part)
