"""The loopback site as a source, and what is stored of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from harvesters.sources.definition import Source
from indexer.storage import schema
from search_api.library import Library
from tests.repository.oalib import OalibSite


def add_oalib(library: Library, site: OalibSite, *queries: str, **values: Any) -> Source:
    """Add the loopback site as a source that is asked as fast as only loopback may be."""
    source = Source.of(
        {
            "id": "oalib",
            "name": "OALib",
            "endpoint": site.url,
            "kind": "oalib",
            "queries": queries or ("journals",),
            "pace_seconds": 0,
            "attempts": 2,
            "retry_wait_seconds": 0.01,
            "timeout_seconds": 5,
            **values,
        }
    )
    library.store.sources.add(source)
    return source


def bodies(library: Library) -> dict[str, bytes]:
    """Return the stored pages by identifier."""
    with library.store.database.read() as connection:
        rows = connection.execute(select(schema.raw_records.c.identifier, schema.raw_records.c.source_key)).all()
    groups = [library.store.raw.of(row.source_key, row.identifier) for row in rows]
    return {group.identifier: group.records[0].body for group in groups if group is not None}
