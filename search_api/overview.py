"""What is here: each source with its counts, its last harvest and its lag."""

from __future__ import annotations

from typing import Any

from indexer.storage.raw import count_records
from search_api.library import Library


def source_rows(library: Library) -> list[dict[str, Any]]:
    """Return what is shown of each source; the command line prints the same."""
    store = library.store
    records = count_records(store.database)
    live = store.catalogue.manifestations_by_source()
    quarantined, until, last = (
        store.quarantine.counts(),
        store.harvests.history.newest_datestamps(),
        store.harvests.history.last_runs(),
    )
    return [
        {
            "id": source.id,
            "name": source.name,
            "endpoint": source.endpoint,
            "homepage": source.homepage,
            "license_note": source.license_note,
            "enabled": source.enabled,
            "metadata_prefixes": list(source.metadata_prefixes),
            "lag_days": source.lag_days,
            "records": records.get(source.id, {}).get("records", 0),
            "deleted": records.get(source.id, {}).get("deleted", 0),
            "manifestations": live.get(source.id, 0),
            "quarantined": quarantined.get(source.id, 0),
            "complete_until": until.get(source.id),
            "last_harvest": library.shown(last[source.id]).values() if source.id in last else None,
        }
        for source in store.sources.all()
    ]
