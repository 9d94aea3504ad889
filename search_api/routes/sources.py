"""Sources: what is harvested, how much is here, how fresh it is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from indexer.storage.raw import count_records
from search_api.deps import LibraryDep, OrjsonResponse
from search_api.library import Library
from search_api.problems import Problem
from search_api.schemas import SourcesOut

router = APIRouter(prefix="/v1", tags=["sources"])


@router.get(
    "/sources",
    summary="List sources",
    response_class=OrjsonResponse,
    responses={200: {"model": SourcesOut}, 503: {"model": Problem}},
)
def list_sources(library: LibraryDep) -> Response:
    """Return every source with its counts, its last harvest and its lag."""
    sources = source_rows(library)
    return OrjsonResponse({"meta": {"count": len(sources)}, "results": sources})


def source_rows(library: Library) -> list[dict[str, Any]]:
    """Return what is shown of each source; the command line prints the same."""
    store = library.store
    records = count_records(store.database)
    live = store.catalogue.manifestations_by_source()
    quarantined, until, last = store.quarantine.counts(), store.harvests.newest_datestamps(), store.harvests.last_runs()
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
            "last_harvest": last[source.id].values() if source.id in last else None,
        }
        for source in store.sources.all()
    ]
