"""What is here: each source with its counts, its last harvest and its lag."""

from __future__ import annotations

from typing import Any

from harvesters.sources.definition import Source
from indexer.storage.sources import UnusableSource
from search_api.library import Library


def source_rows(library: Library) -> list[dict[str, Any]]:
    """Return what is shown of each source, by id; the command line prints the same.

    ``problem`` says that a source cannot be used and what to do. It tells no more: pages show it, and what is wrong may
    be an address with a password in it.
    """
    store = library.store
    counted = store.census.take()
    quarantined, until, last = (
        store.quarantine.counts(),
        store.harvests.history.newest_datestamps(),
        store.harvests.history.last_runs(),
    )
    described = [
        *(_described(library.with_key(one)) for one in store.sources.all()),
        *map(_undescribed, store.sources.unusable()),
    ]
    return [
        {
            **row,
            "records": counted.of(row["id"]).records,
            "deleted": counted.of(row["id"]).deleted,
            "manifestations": counted.of(row["id"]).in_use,
            "quarantined": quarantined.get(row["id"], 0),
            "complete_until": until.get(row["id"]),
            "last_harvest": library.shown(last[row["id"]]).values() if row["id"] in last else None,
        }
        for row in sorted(described, key=lambda row: str(row["id"]))
    ]


def _described(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "endpoint": source.endpoint,
        "homepage": source.homepage,
        "license_note": source.license_note,
        "enabled": source.enabled,
        "metadata_prefixes": list(source.metadata_prefixes),
        "lag_days": source.lag_days,
        "problem": None,
    }


def _undescribed(source: UnusableSource) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.id,
        "endpoint": None,
        "homepage": "",
        "license_note": "",
        "enabled": False,
        "metadata_prefixes": [],
        "lag_days": 0,
        "problem": "Its stored settings cannot be used: it is not harvested. See kaijuan doctor.",
    }
