"""What the page shows of a number or code that was typed, pasted or scanned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from indexer.search.expression import Term, print_query
from search_api.web.addresses import SearchAddress, web_address
from search_api.web.detail import SCHEMES
from search_api.web.i18n import Words
from search_api.web.rendering import Frame
from search_api.web.results import CardView, Labels, TextView, card_view


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalView:
    """A journal; ``facts`` are its ISSNs, publisher and country, ``works`` how many of its works are here."""

    title: TextView
    facts: tuple[str, ...]
    works: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WayView:
    """Where to go on; ``here``: a page of ours."""

    url: str
    label: str
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedView:
    """What a code was read as, and what came of it; ``miss``: nothing, and ``outcome`` is why.

    ``everything`` is where all works are that a code of no journal stands for, with the words for it.
    """

    outcome: str
    read_as: tuple[tuple[str, str], ...]
    journals: tuple[JournalView, ...]
    cards: tuple[CardView, ...]
    shown: str | None
    everything: tuple[str, str] | None
    miss: bool
    ways: tuple[WayView, ...]


def resolved_view(body: Mapping[str, Any], frame: Frame, words: Words, labels: Labels) -> ResolvedView:
    """Return what is to be shown of an answer of ``search_api.resolving``."""
    count, miss = int(body["meta"]["count"]), body["miss"]
    cards = tuple(card_view(work, words, labels) for work in body["results"])
    journals = tuple(_journal(one, frame, words) for one in body["containers"])
    here = sum(int(one["works"]) for one in body["containers"]) or count
    found = words("resolve_found_journal" if journals else "resolve_found", works=words.works(here))
    everything = _search(body["read_as"], frame), words("resolve_all", works=words.works(count))
    is_cut = count > len(cards)
    return ResolvedView(
        outcome=str(miss["words"][words.language]) if miss else found,
        read_as=tuple((_scheme(one["scheme"], words), one["value"]) for one in body["read_as"]),
        journals=journals,
        cards=cards,
        shown=words("resolve_newest", count=words.number(len(cards))) if is_cut else None,
        everything=everything if is_cut and not journals else None,
        miss=miss is not None,
        ways=tuple(_ways(body["ways_on"], frame, words)),
    )


def _scheme(name: str, words: Words) -> str:
    if name == "work":
        return words("resolve_work")
    return SCHEMES.get(name, name.upper())


def _journal(one: Mapping[str, Any], frame: Frame, words: Words) -> JournalView:
    country = words.country_name(one["country"]) if one["country"] else ""
    facts = (*(f"ISSN {issn}" for issn in one["issns"]), one["publisher"] or "", country)
    return JournalView(
        title=TextView.of(one["title"] or one["id"], None),
        facts=tuple(fact for fact in facts if fact),
        works=words("resolve_of_journal", works=words.works(one["works"])),
        url=str(SearchAddress(pairs=(("container", one["id"]), ("sort", "newest"), *frame.carried))),
    )


def _search(read_as: list[dict[str, Any]], frame: Frame) -> str:
    """Return the search that finds all that a code stands for."""
    terms = (Term(name=one["scheme"], value=one["value"]) for one in read_as)
    pairs = (("q", " OR ".join(map(print_query, terms))), ("sort", "newest"), *frame.carried)
    return str(SearchAddress(pairs=pairs))


def _ways(ways: Iterable[Mapping[str, Any]], frame: Frame, words: Words) -> Iterator[WayView]:
    for one in ways:
        label = str(one["words"][words.language])
        if one["kind"] == "title_search":  # a page of ours, with or without a query
            carried = urlencode(frame.carried)
            joint = "" if not carried else "&" if "?" in one["url"] else "?"
            yield WayView(url=f"{one['url']}{joint}{carried}", label=label, here=True)
        elif address := web_address(one["url"]):
            yield WayView(url=address, label=label, here=False)
