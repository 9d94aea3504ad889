"""The whole deployment: nodes, database, two APIs, two workers, and a library of generated works."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import http.client
import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import bindparam, select, update

from benchmarks.generated_works import fill
from indexer import clock
from indexer.errors import IndexerError
from indexer.storage import schema
from indexer.storage.catalogue_writer import WorkEntry
from indexer.storage.feed import append_changes
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings
from tests.cluster.asking import OK, Api
from tests.cluster.nodes import Nodes
from tests.cluster.postgres import Postgres
from tests.cluster.processes import Program, free_port, wait_until

#: Works of the libraries: as many as the issue's bulk, and enough for all else.
LARGE, SMALL = 50_000, 6_000
#: Works that a test changes, in batches of a transaction each.
SOME = 4_000
#: Works that librarians correct; they are not changed otherwise.
JUDGED = 100
SHARDS, REPLICAS = 3, 1
LEASE_SECONDS = 5
BATCH = 1_000
_DESK_TOKEN = "only-for-tests-of-faults-0123"
_UNLIMITED = {f"address_{name}": 0 for name in ("a_minute", "a_day", "costly_a_minute", "costly_a_day")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What libraries are opened on, and where their counts are written."""

    folder: Path
    nodes: Nodes
    postgres: Postgres
    figures: list[str]


class Deployment:
    """Everything that runs, and how to change and look at its library."""

    def __init__(self, name: str, works: int, servers: Servers) -> None:
        self.prefix, self.works = name, works
        self.nodes, self.postgres, self.figures = servers.nodes, servers.postgres, servers.figures
        self.folder = servers.folder / name
        self.folder.mkdir()
        self._environment = self._settings(self.nodes.urls)
        self.workers = [self.worker(name) for name in ("worker-one", "worker-two")]
        ports = [free_port(), free_port()]
        self._servers = [
            self.program(f"api-{number}", "serve", "--port", str(port)) for number, port in enumerate(ports, 1)
        ]
        self.apis = [Api(f"api-{number}", port, token=_DESK_TOKEN) for number, port in enumerate(ports, 1)]
        self._stack = contextlib.ExitStack()
        self.library: Library

    # --- processes ---------------------------------------------------------------------------

    def _settings(self, urls: str) -> dict[str, str]:
        return {
            "KAIJUAN_DATA_DIR": str(self.folder / "data"),
            "KAIJUAN_DESK_TOKEN": _DESK_TOKEN,
            "KAIJUAN_LINK_CHECKS": "0",
            "KAIJUAN_LIMITS": json.dumps(_UNLIMITED | {name.replace("address", "token"): 0 for name in _UNLIMITED}),
            "KAIJUAN_STORAGE__KIND": "cluster",
            "KAIJUAN_STORAGE__DATABASE_URL": self.postgres.url(self.prefix),
            "KAIJUAN_STORAGE__ELASTICSEARCH_URL": urls,
            "KAIJUAN_STORAGE__INDEX_PREFIX": self.prefix,
            "KAIJUAN_STORAGE__SHARDS": str(SHARDS),
            "KAIJUAN_STORAGE__REPLICAS": str(REPLICAS),
            "KAIJUAN_STORAGE__LEASE_SECONDS": str(LEASE_SECONDS),
        }

    def program(self, name: str, *arguments: str, **environment: str) -> Program:
        """Return a ``kaijuan`` process of this deployment, not started yet."""
        return Program(name, arguments, folder=self.folder, environment={**self._environment, **environment})

    def worker(self, name: str, **environment: str) -> Program:
        """Return another worker, not started yet."""
        return self.program(name, "up", "--no-serve", **environment)

    def fill(self) -> None:
        """Make the store and fill it."""
        self.postgres.make(self.prefix)
        with open_library(self._here(), sources=[]) as library:
            library.pipeline.join_pending()  # an empty store is of the present rules
            fill(library.store, self.works, lambda _: None)

    def open(self) -> None:
        """Open the library here and index a first stretch: workers would build an empty index by a rebuild."""
        self.library = self._stack.enter_context(open_library(self._here()))
        for source in self.library.store.sources.all():  # none of them is on loopback
            self.library.store.sources.update(dataclasses.replace(source, enabled=False))
        answers = iter((False,))
        self.library.bring_up_to_date(limit=0, is_stopped=lambda: next(answers, True))

    def _here(self) -> Settings:
        storage = ClusterStorage(
            kind="cluster",
            database_url=SecretStr(self.postgres.url(self.prefix)),
            elasticsearch_url=SecretStr(self.nodes.urls),
            index_prefix=self.prefix,
            shards=SHARDS,
            replicas=REPLICAS,
        )
        return Settings(data_dir=self.folder / "data", storage=storage)

    def serve(self) -> None:
        """Start both APIs and wait until they answer."""
        for server in self._servers:
            server.start()
        for api in self.apis:
            wait_until(functools.partial(_is_ready, api), seconds=60, what=f"{api.name} is ready")

    def begin(self) -> None:
        """Start the workers, which have nearly all of the store to index yet, and the APIs."""
        self.heal()
        self.serve()

    def heal(self) -> None:
        """Start whatever does not run."""
        if not self.postgres.is_running:
            self.postgres.start()
        self.nodes.start()
        for worker in self.workers:
            if not worker.is_running:
                worker.start()

    def stop_workers(self) -> None:
        """End the workers as an administrator does; one that has not begun its work yet ends by the signal itself."""
        for worker in self.workers:
            assert worker.stop() in {0, -signal.SIGTERM}, worker.said()

    def close(self) -> None:
        """End every process, close the library, and remove its indexes."""
        for program in (*self.workers, *self._servers):
            if program.is_running:
                program.kill()
        self._stack.close()
        with contextlib.suppress(OSError, AssertionError, http.client.HTTPException, StopIteration):
            self.nodes.ask("DELETE", f"/{','.join(self.indices())}")

    # --- the library -------------------------------------------------------------------------

    def judged_works(self) -> list[str]:
        """Return the ids of the works that librarians correct."""
        table = schema.works.c
        with self.library.store.database.read() as connection:
            return list(connection.scalars(select(table.id).order_by(table.key.desc()).limit(JUDGED)))

    def change(self, works: int, word: str) -> Iterator[int]:
        """Put a word into the titles of the first works, a batch a transaction; yield how many are so far."""
        table, done = schema.works, 0
        while done < works:
            with self.library.store.database.write() as connection:
                page = select(table.c.key, table.c.version, table.c.data).where(table.c.state == "active")
                rows = connection.execute(
                    page.where(table.c.key > done).order_by(table.c.key).limit(min(BATCH, works - done))
                ).all()
                changes: list[WorkEntry] = [(row.key, row.version + 1, "changed") for row in rows]
                connection.execute(_WRITE, [_with_word(row.key, row.version + 1, row.data, word) for row in rows])
                append_changes(self.library.store.database, connection, changes)
            done += len(rows)
            yield done

    def versions(self) -> dict[int, int]:
        """Return the version of each active work, by key."""
        table = schema.works.c
        with self.library.store.database.read() as connection:
            found = connection.execute(select(table.key, table.version).where(table.state == "active"))
            return {row.key: row.version for row in found}

    def ids(self) -> set[str]:
        """Return the ids of all active works."""
        table = schema.works.c
        with self.library.store.database.read() as connection:
            return set(connection.scalars(select(table.id).where(table.state == "active")))

    def index(self) -> str:
        """Return the name of the index that readers search."""
        return str(next(iter(self.nodes.ask("GET", f"/{self.prefix}-works/_alias"))))

    def position(self) -> int:
        """Return up to which entry of the feed all is in the index; 0 where there is none yet, or nobody answers."""
        try:
            mapping = self.nodes.ask("GET", f"/{self.prefix}-works/_mapping")
        except (OSError, AssertionError, http.client.HTTPException, StopIteration):
            return 0
        (index,) = mapping.values()
        return int(index["mappings"].get("_meta", {}).get("position", 0))

    def indices(self) -> list[str]:
        """Return the names of this library's indexes, searched or not."""
        return sorted(self.nodes.ask("GET", f"/{self.prefix}-works-*"))

    def documents(self, index: str = "") -> int:
        """Return how many documents were written, shown or not, about; 0 where nobody answers."""
        try:
            stats = self.nodes.ask("GET", f"/{index or f'{self.prefix}-works'}/_stats/indexing")
        except (OSError, AssertionError, http.client.HTTPException, StopIteration):
            return 0
        return int(stats["_all"]["primaries"].get("indexing", {}).get("index_total", 0))

    def leases(self) -> list[Any]:
        """Return the stretches of the feed that workers hold."""
        table = schema.index_leases
        with self.library.store.database.read() as connection:
            return list(connection.execute(select(table).where(~table.c.done)))

    def is_caught_up(self) -> bool:
        """Tell whether all that the store says is in the index."""
        try:
            horizon = self.library.store.feed.horizon()
            waiting = self.library.store.subject_queue.waiting()
            return self.position() >= horizon and not waiting and not self.leases()
        except IndexerError:  # the database is down
            return False

    def wait_caught_up(self, *, seconds: float = 240) -> float:
        """Wait until the index has all, and return how long that took."""
        return wait_until(self.is_caught_up, seconds=seconds, what="the index has all that the store says", every=0.2)


@contextlib.contextmanager
def opened(name: str, works: int, servers: Servers) -> Iterator[Deployment]:
    """Open a library of so many works, with workers who have most of them to index yet; end it all afterwards."""
    deployment = Deployment(name, works, servers)
    try:
        deployment.fill()
        servers.nodes.wait_green()
        deployment.open()
        deployment.begin()
        yield deployment
    finally:
        deployment.close()


def _is_ready(api: Api) -> bool:
    return api.get("/ready").status == OK


_WRITTEN = ("version", "data", "digest", "updated_at")
_WRITE = (
    update(schema.works)
    .where(schema.works.c.key == bindparam("at_key"))
    .values({name: bindparam(f"to_{name}") for name in _WRITTEN})
)


def _with_word(key: int, version: int, data: bytes, word: str) -> dict[str, Any]:
    work = json.loads(data)
    work["title"]["value"] = f"{work['title']['value'].split(' · ')[0]} · {word}"
    written = json.dumps(work).encode()
    return {
        "at_key": key,
        "to_version": version,
        "to_data": written,
        "to_digest": hashlib.sha256(written).digest(),
        "to_updated_at": clock.now(),
    }
