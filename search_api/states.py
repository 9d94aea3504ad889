"""What became of a work, with where its notices and related works are in this library."""

from __future__ import annotations

from typing import Any

from indexer.storage.catalogue import Catalogue, StoredWork


def works_told_of(work: StoredWork, catalogue: Catalogue) -> dict[str, StoredWork]:
    """Return the works that a work's notices and relations are about, by manifestation id."""
    told = [*work.data.get("notices", ()), *work.data.get("related", ())]
    return catalogue.works_of([one["manifestation"] for one in told if one["manifestation"]]) if told else {}


def name_works(body: dict[str, Any], works: dict[str, StoredWork]) -> None:
    """Add to a body's notices and relations which works they are here."""
    for name in ("notices", "related"):
        body[name] = [
            {**one, "work": works[one["manifestation"]].id if one["manifestation"] in works else None}
            for one in body[name]
        ]
