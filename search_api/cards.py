"""How a work looks from outside: the card of a result list, and the whole record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indexer.identity.copies import RankedCopy
from indexer.normalise.licences import NONE_STATED
from indexer.storage.catalogue import StoredWork
from search_api import copies

#: Contributors shown on a card; the whole list is in the detail, the number always on the card.
CARD_CONTRIBUTORS = 10
CARD_FIELDS = (
    "id",
    "title",
    "identifiers",
    "year",
    "container",
    "contributors",
    "contributor_count",
    "language",
    "sources",
    "status",
    "best_location",
)
DETAIL_FIELDS = (
    *CARD_FIELDS,
    "version",
    "first_indexed",
    "translated_titles",
    "abstracts",
    "published",
    "volume",
    "issue",
    "pages",
    "subjects",
    "keywords",
    "license",
    "locations",
    "type",
    "languages",
    "relations",
    "notices",
    "related",
    "manifestations",
    "provenance",
)
#: What a stored licence or subject is that does not say where it comes from: journals came later.
_FROM_ARTICLE = {"origin": "article"}
_NO_LICENSE = {"code": NONE_STATED, "name": "none stated", "url": None, "origin": "article"}
#: What is answered from the ranked copies.
COPY_FIELDS = frozenset(("best_location", "locations"))


def card(work: StoredWork, ranked: Sequence[RankedCopy]) -> dict[str, Any]:
    """Return what a result list shows of a work and its copies, best first."""
    data = work.data
    people = data["contributors"]
    return {
        "id": work.id,
        "title": data["title"]["value"],
        "identifiers": data["identifiers"],
        "year": data["published"]["year"] if data["published"] else None,
        "container": _container(data["container"]),
        "contributors": [{"name": person["name"]} for person in people[:CARD_CONTRIBUTORS]],
        "contributor_count": len(people),
        "language": data["languages"][0]["code"] if data["languages"] else None,
        "sources": data["sources"],
        "status": data.get("status"),
        "best_location": copies.shown(ranked[0]) if ranked else None,
    }


def detail(work: StoredWork, ranked: Sequence[RankedCopy]) -> dict[str, Any]:
    """Return everything known of a work and its copies, best first."""
    data = work.data
    return card(work, ranked) | {
        "container": _whole_container(data["container"]),
        "version": work.version,
        "first_indexed": work.first_indexed,
        "translated_titles": [_text(text) for text in data["translated_titles"]],
        "abstracts": [_text(text) for text in data["abstracts"]],
        "published": _published(data["published"]),
        "volume": data["volume"],
        "issue": data["issue"],
        "pages": data["pages"],
        "contributors": data["contributors"],
        "subjects": [_FROM_ARTICLE | subject for subject in data["subjects"]],
        "keywords": data["keywords"],
        "license": _FROM_ARTICLE | data["license"] if data["license"] else _NO_LICENSE,
        "locations": [copies.shown_whole(copy) for copy in ranked],
        "type": data["type"],
        "languages": data["languages"],
        "relations": data["relations"],
        "notices": [_notice(notice) for notice in data.get("notices", ())],
        "related": data.get("related", ()),
        "manifestations": data["manifestations"],
        "provenance": data["provenance"],
    }


def selected(work: StoredWork, fields: Iterable[str], ranked: Sequence[RankedCopy]) -> dict[str, Any]:
    """Return the named fields of a work, always with its id."""
    wanted = set(fields) | {"id"}
    whole = card(work, ranked) if wanted <= set(CARD_FIELDS) else detail(work, ranked)
    return {name: value for name, value in whole.items() if name in wanted}


def _container(container: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if container is None or container["id"] is None:  # a publisher alone is no journal
        return None
    return {"id": container["id"], "title": container["title"], "issns": container["issns"]}


def _whole_container(container: Mapping[str, Any] | None) -> dict[str, Any] | None:
    shown = _container(container)
    if shown is None or container is None:
        return None
    return shown | {name: container.get(name) for name in ("issn_l", "publisher", "country")}


def _text(text: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": text["value"], "language": text["language"]["code"] if text["language"] else None}


def _notice(notice: Mapping[str, Any]) -> dict[str, Any]:
    return {**notice, "published": _published(notice["published"])}


def _published(date: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if date is None:
        return None
    parts = [f"{date['year']:04d}", *(f"{date[name]:02d}" for name in ("month", "day") if date[name] is not None)]
    return {"date": "-".join(parts), "precision": ("year", "month", "day")[len(parts) - 1]}
