"""From a code to what is here of it, or to where it may be found: one answer for scanners, scripts and pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Literal
from urllib.parse import quote, urlencode

from indexer.search.expression import Term, print_query
from indexer.search.query import Filters
from indexer.storage.container_reading import find_container
from search_api.cards import CARD_FIELDS, selected
from search_api.copies import copies_of
from search_api.library import Library
from search_api.scanned import Scanned, read_scanned
from search_api.searching import DEFAULT_LIMIT, Search, Searcher
from search_api.settings import Settings
from search_api.web.addresses import identifier_address, web_address

#: In characters; a whole reference or the address of an article is shorter.
LONGEST_CODE = 2_000
Reason = Literal["not_here", "check_digit", "no_identifier", "gone"]
Words = dict[str, str]
_REASONS: dict[Reason, Words] = {
    "not_here": {"en": "Nothing of that number is here.", "zh": "这里没有这个号码对应的作品或期刊。"},
    "check_digit": {
        "en": "The check digit is wrong: a digit was misread or mistyped. Scan or type it again.",
        "zh": "校验位不对：有一位数字扫错或输错了。请重新扫描或输入。",
    },
    "no_identifier": {"en": "There is no number in it that is known here.", "zh": "其中没有可以识别的号码。"},
    "gone": {
        "en": "The work has left the index: its sources have deleted its records.",
        "zh": "这篇作品已经撤下：来源删除了它的记录。",
    },
}
_WAYS: dict[str, Words] = {
    "title_search": {"en": "Search here for its title", "zh": "在这里按题名检索"},
    "source": {"en": "Look where the number leads", "zh": "到该号码的登记处查看"},
    "openurl": {"en": "Ask the library's link resolver", "zh": "通过图书馆的链接服务获取"},
    "catalogue": {"en": "Search the library's catalogue", "zh": "检索图书馆馆藏目录"},
}


def resolve(given: str, library: Library, searcher: Searcher, fields: tuple[str, ...] = CARD_FIELDS) -> dict[str, Any]:
    """Return the body: how the code was read, works, containers, and on a miss its reason and ways on."""
    started = time.perf_counter()
    scanned = read_scanned(given)
    found, gone = _works(scanned, library, searcher, fields)
    containers = [
        _container_shown(asdict(container), searcher)
        for term in scanned.terms
        if term.name == "issn" and (container := find_container(library.store.database, term.value))
    ]
    is_found = bool(found["meta"]["count"] or containers)
    reason: Reason = "gone" if gone else scanned.flaw or "not_here"
    return {
        "meta": {
            "given": given,
            "found": is_found,
            "count": found["meta"]["count"],
            "took_ms": round((time.perf_counter() - started) * 1000, 1),
        },
        "read_as": _read_as(scanned),
        "results": found["results"],
        "containers": containers,
        "miss": None if is_found else {"reason": reason, "words": _REASONS[reason]},
        "ways_on": [] if is_found else list(_ways_on(scanned, library.settings)),
    }


def _read_as(scanned: Scanned) -> list[dict[str, str]]:
    if scanned.work_id:
        return [{"scheme": "work", "value": scanned.work_id}]
    return [{"scheme": term.name, "value": term.value} for term in scanned.terms]


def _works(
    scanned: Scanned, library: Library, searcher: Searcher, fields: tuple[str, ...]
) -> tuple[dict[str, Any], bool]:
    """Return a body of the searcher's, and whether the work was here once."""
    nothing: dict[str, Any] = {"meta": {"count": 0}, "results": []}
    if scanned.work_id:
        catalogue = library.store.catalogue
        work = catalogue.by_id(scanned.work_id)
        kept = work if work is None or work.state == "active" else catalogue.target(work)
        if kept is None:
            return nothing, work is not None
        shown = selected(kept, fields, copies_of([kept], library.store.links)[kept.key])
        return {"meta": {"count": 1}, "results": [shown]}, False
    if not scanned.terms:
        return nothing, False
    asked = " OR ".join(print_query(term) for term in scanned.terms)
    return searcher.answer(Search(q=asked, match="all", sort="newest", limit=DEFAULT_LIMIT, fields=fields)), False


def _container_shown(container: dict[str, Any], searcher: Searcher) -> dict[str, Any]:
    works = searcher.answer(Search(filters=Filters(container=(container["id"],)), limit=1, fields=("id",)))
    return container | {
        "works": works["meta"]["count"],
        "works_url": f"/v1/works?{urlencode({'container': container['id']})}",
    }


def _ways_on(scanned: Scanned, settings: Settings) -> Iterator[dict[str, Any]]:
    first = scanned.terms[0] if scanned.terms else None
    is_title = first is None and scanned.work_id is None and scanned.flaw == "no_identifier"
    yield _way("title_search", f"/?{urlencode({'q': scanned.text})}" if is_title else "/")
    if first and (address := _address_of(first)):
        yield _way("source", address)
    if first is None and not is_title:
        return
    if settings.openurl_link:
        yield _way("openurl", settings.openurl_link.replace("{openurl}", _openurl(first, scanned.text)))
    if settings.catalogue_link:
        value = first.value if first else scanned.text
        yield _way("catalogue", settings.catalogue_link.replace("{value}", quote(value, safe="")))


def _way(kind: str, url: str) -> dict[str, Any]:
    return {"kind": kind, "url": url, "words": _WAYS[kind]}


def _address_of(term: Term) -> str | None:
    if term.name == "issn":
        return f"https://portal.issn.org/resource/ISSN/{term.value}"
    if term.name == "url":
        return web_address(f"https://{term.value}")
    return identifier_address(term.name, term.value)


def _openurl(term: Term | None, text: str) -> str:
    """Write an OpenURL's context object as key and value pairs (ANSI/NISO Z39.88-2004)."""
    pairs = [("url_ver", "Z39.88-2004"), ("ctx_ver", "Z39.88-2004")]
    genre = {"issn": "journal", "isbn": "book"}.get(term.name if term else "", "article")
    pairs.append(("rft_val_fmt", f"info:ofi/fmt:kev:mtx:{'book' if genre == 'book' else 'journal'}"))
    pairs.append(("rft.genre", genre))
    match term:
        case None:
            pairs.append(("rft.atitle", text))
        case Term(name="issn" | "isbn"):
            pairs.append((f"rft.{term.name}", term.value))
        case Term(name="doi" | "pmid"):
            pairs.append(("rft_id", f"info:{term.name}/{term.value}"))
        case _:
            pairs.append(("rft_id", _address_of(term) or term.value))
    return urlencode(pairs)
