"""Play a scenario with our own harvester: once spoiled, once mended; tests judge it, the robustness table shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from harvesters.checkpoints import RunReport
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from indexer.storage import schema
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.repository.scenarios.scenario import ATTEMPTS, Held, Scenario, truth
from tests.repository.synthetic import ListRepository

#: Bodies are compared for as many records; of larger stores only every so many.
_COMPARED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvested:
    """A harvest's ledger row, what the store then held, and what the repository had."""

    report: RunReport
    store: dict[str, Held]
    repository: dict[str, Held]
    quarantine: list[dict[str, Any]]

    @property
    def missing(self) -> set[str]:
        """Return the identifiers that the repository has and the store has not."""
        return set(self.repository) - set(self.store)

    @property
    def got(self) -> int:
        """Return how many of the repository's records the store holds, in whatever state."""
        return len(set(self.repository) & set(self.store))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Both harvests, and how many requests the first one took."""

    spoiled: Harvested
    mended: Harvested
    requests: int


def play(scenario: Scenario, folder: Path) -> Played:
    """Harvest a scenario's repository into a new embedded library, mend it, and harvest it again."""
    with scenario.open() as repository, open_library(Settings(data_dir=folder), sources=[]) as library:
        scenario.prepare(repository)
        source = source_of(scenario, repository.url)
        library.store.sources.add(source)
        spoiled = _harvest(library, source, repository, Request(since=scenario.since, until=scenario.until))
        requests = len(repository.requests)
        scenario.repair(repository)
        mended = _harvest(library, source, repository, Request(full=scenario.again == "full"))
    return Played(spoiled=spoiled, mended=mended, requests=requests)


def source_of(scenario: Scenario, url: str) -> Source:
    """Return the source that a scenario's repository is harvested as: asked fast, and four times like the peers."""
    return Source.of(
        {
            "id": "x",
            "name": "x",
            "endpoint": url,
            "pace_seconds": 0,
            "attempts": ATTEMPTS,
            "retry_wait_seconds": 0.01,
            "timeout_seconds": 5,
            **scenario.source,
        }
    )


def _harvest(library: Library, source: Source, repository: ListRepository, request: Request) -> Harvested:
    report = library.harvest(source, request, pace=Pace())
    return Harvested(
        report=report,
        store=held(library),
        repository=truth(repository),
        quarantine=library.store.quarantine.list(limit=100),
    )


def held(library: Library) -> dict[str, Held]:
    """Return what a library's store holds of its one source, by identifier; bodies of a sample where it is large."""
    raw = schema.raw_records.c
    (source_key,) = library.store.sources.keys().values()
    with library.store.database.read() as connection:
        rows = connection.execute(select(raw.identifier, raw.datestamp, raw.deleted)).all()
    step = 1 + len(rows) // _COMPARED
    found: dict[str, Held] = {}
    for number, row in enumerate(rows):
        group = library.store.raw.of(source_key, row.identifier) if number % step == 0 else None
        body = group.records[0].body if group is not None else None
        found[row.identifier] = Held(datestamp=row.datestamp, deleted=row.deleted, body=body)
    return found
