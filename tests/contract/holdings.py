"""One library in every deployment: the same records in each database, and over each database every engine.

Each database is filled once, by harvesting, normalising and joining as ever; each engine's index is then built from it
as a rebuild does. Ids are minted at random, so what is compared across databases is told by ``Names``.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from harvesters.demo.repository import DemoRepositories
from indexer.search.query import View
from indexer.storage.catalogue import StoredWork
from indexer.storage.limited import LimitedIndex
from indexer.storage.search_index import SearchIndex
from indexer.storage.store import RecordStore
from search_api.app import make_app
from search_api.library import Library
from search_api.searching import Search, Searcher
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository.fixtures import pmc_page_files
from tests.repository.recorded import RecordedRepository

DEMO_RECORDS = 350
CHINESE_WORKS = 2_000
#: Served by repositories in many languages; their tokens lead nowhere, so some lists end early, the same everywhere.
_ELSEWHERE = "scrapi_*.xml"
#: No search of these tests is to be cut off: the reference looks at every work.
SECONDS = 120.0
#: What differs between two libraries of the same records, and between two questions to one.
_PASSING = frozenset({"took_ms", "next_cursor", "first_indexed", "instance", "request_id"})
#: Ids of works and journals, which stand in addresses too.
_ID = re.compile(r"(?<![0-9a-z])[cw][0-9a-z]{13}(?![0-9a-z])")


class EngineLibrary(Library):
    """A library whose index is the one that ``opens`` makes, whichever database its store is in."""

    opens: Callable[[], SearchIndex]

    def _open_index(self, *, for_rebuild: bool = False) -> SearchIndex:  # noqa: ARG002 (either way: these are there)
        return LimitedIndex(self.opens(), SECONDS)


@dataclass(frozen=True, slots=True)
class Names:
    """What works and journals are called in every library, by their ids in this one, and back."""

    by_id: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, store: RecordStore) -> Names:
        """Name works by DOI or title, journals by title and ISSN; who shares a name is told apart by its number."""
        names: dict[str, str] = {}
        given: Counter[str] = Counter()
        for work in (one for page in store.catalogue.pages() for one in page):
            for id_, name in _names_of(work):
                if id_ not in names:
                    given[name] += 1
                    names[id_] = f"{name} #{given[name]}"
        return cls(names, {name: id_ for id_, name in names.items()})

    def told(self, part: Any) -> Any:
        """Return an answer with names for ids, without what is of the moment."""
        if isinstance(part, dict):
            return {key: self.told(value) for key, value in part.items() if key not in _PASSING}
        if isinstance(part, list):
            return [self.told(one) for one in part]
        return _ID.sub(lambda found: self.by_id.get(found[0], found[0]), part) if isinstance(part, str) else part


def _names_of(work: StoredWork) -> Iterable[tuple[str, str]]:
    data = work.data
    dois = sorted(one["value"] for one in data["identifiers"] if one["scheme"] == "doi")
    yield work.id, f"work {dois[0] if dois else data['title']['value']}"
    if container := data["container"]:
        yield container["id"], f"journal {container['title']} {' '.join(sorted(container['issns']))}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """One combination of engine and database, to be asked over the API."""

    name: str
    library: Library
    client: TestClient
    names: Names

    def __repr__(self) -> str:
        return self.name

    def ask(self, path: str, **parameters: Any) -> Any:
        """Return an answer with names for ids; of a refusal the status and its body."""
        return self.names.told(self._ask(path, parameters))

    def walk(self, path: str, *, most: int = 1_000, **parameters: Any) -> list[Any]:
        """Follow the cursors to the end, or for at most so many pages."""
        pages: list[Any] = []
        going = dict(parameters)
        while len(pages) < most:
            body = self._ask(path, going)
            pages.append(self.names.told(body))
            if (cursor := body.get("meta", {}).get("next_cursor")) is None:
                break
            going["cursor"] = cursor
        return pages

    def _ask(self, path: str, parameters: dict[str, Any]) -> Any:
        answer = self.client.get(path, params=parameters)
        return answer.json() if answer.status_code == 200 else {"status": answer.status_code, "body": answer.json()}

    def rank(self, wanted: Search) -> dict[str, float]:
        """Return every work that is found with its score, in the engine's order."""
        searcher, scores = Searcher(self.library), dict[str, float]()
        query, view = wanted.query(), View(sort=wanted.sort, limit=200)
        while True:
            found = searcher.find(query, view)
            ids = self.library.store.catalogue.ids([hit.key for hit in found.hits.hits])
            scores |= {self.names.by_id[ids[hit.key]]: hit.score for hit in found.hits.hits}
            if found.hits.next is None:
                return scores
            query = replace(query, match=found.match)
            view = replace(view, after=found.hits.next, snapshot=found.hits.snapshot)


def hold(name: str, settings: Settings, store: RecordStore, names: Names, opens: Callable[[], SearchIndex]) -> Held:
    """Build an engine's index from a filled store, and serve the library from it."""
    library = EngineLibrary(settings, store)
    library.opens = opens
    library.rebuild(normalise=False)
    return Held(name=name, library=library, client=TestClient(make_app(library)), names=names)


# --- filling -----------------------------------------------------------------------------------


def fill_store(library: Library, folder: Path, recorded: Path | None) -> None:
    """Harvest the generated articles and, where they are here, the recordings and the Chinese set; join them all."""
    with DemoRepositories(DEMO_RECORDS) as demo:
        for name, endpoint in demo.endpoints.items():
            harvest(library, add_source(library, name, endpoint))
    if recorded is not None:
        _harvest_pages(library, "pmc", pmc_page_files(recorded))
        _harvest_pages(library, "doaj", [recorded / "doaj" / "vufindharvest_oai_doaj_ListRecords.xml"], "oai_doaj")
        for file in sorted((recorded / "oai-misc").glob(_ELSEWHERE)):
            _harvest_pages(library, file.stem.replace("_", "-"), [file])
        _harvest_chinese(library, folder, recorded.parent / "benchmarks" / "relevance" / "csl_kw.json")
    library.pipeline.join_pending()


def _harvest_pages(library: Library, name: str, files: list[Path], prefix: str = "oai_dc") -> None:
    with RecordedRepository(files) as repository:
        harvest(library, add_source(library, name, repository.url, prefix))


def _harvest_chinese(library: Library, folder: Path, file: Path) -> None:
    table = folder / "chinese.csv"
    with table.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["id", "title", "abstract", "doi"])
        for number, doc in enumerate(json.loads(file.read_text(encoding="utf-8"))["docs"][:CHINESE_WORKS]):
            writer.writerow([f"doc{number}", doc["title"], doc["text"], f"10.5555/set.{number}"])
    harvest(library, add_source(library, "chinese", str(table), kind="csv"))
