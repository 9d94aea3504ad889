"""A work's copies as they are shown: ranked with what checks and readers found out about their addresses by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer import clock
from indexer.identity.copies import RankedCopy, addresses_of, rank
from indexer.models import Identifier, License, Location
from indexer.normalise.licences import NONE_STATED
from indexer.storage.catalogue import StoredWork
from indexer.storage.links import LinkTable

#: So many copies of a work are looked up; a thesis collection once named each of its pages.
MOST_COPIES = 40


def copies_of(works: Sequence[StoredWork], links: LinkTable) -> dict[int, tuple[RankedCopy, ...]]:
    """Return the copies of works by work key, best first; the states of all their addresses come in one query."""
    places = {work.key: [_location(place) for place in work.data["locations"]] for work in works}
    looked_up = (place for named in places.values() for place in named[:MOST_COPIES])
    states = links.states(url for place in looked_up for url in addresses_of(place))
    return {
        work.key: rank(places[work.key], [Identifier(**one) for one in work.data["identifiers"]], states)
        for work in works
    }


def shown(copy: RankedCopy) -> dict[str, Any]:
    """Return a copy as the API tells it."""
    place = copy.location
    return {
        "url": place.url,
        "pdf_url": place.pdf_url,
        "license": place.license.code if place.license else NONE_STATED,
        "version": place.version,
        "source": place.source,
        "open_url": copy.address,
        "rank_reasons": copy.reasons,
    }


def shown_whole(copy: RankedCopy) -> dict[str, Any]:
    """Return a copy as the API tells it in a whole record: with what checks and readers say of its address."""
    return shown(copy) | {
        "state": copy.state.state,
        "checked_at": clock.iso(copy.state.checked_at),
        "reports": copy.state.reports,
    }


def _location(place: Mapping[str, Any]) -> Location:
    return Location(**{**place, "license": License(**place["license"]) if place["license"] else None})
