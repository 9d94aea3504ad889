"""Several processes and threads in one store: who waits for whom, and that nobody waits for ever or for nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select, text, update
from sqlalchemy.exc import DBAPIError

from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import seed_sources
from indexer.errors import StoreBusyError, StoreConflictError, StoreDamagedError
from indexer.storage import schema
from indexer.storage.database import Database, retried
from indexer.storage.store import FILE_NAME
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository

_TURNS = 12


@pytest.fixture
def cluster(cluster_storage: ClusterStorage, tmp_path: Path) -> Iterator[Library]:
    """An empty library of the cluster deployment."""
    with open_library(Settings(data_dir=tmp_path / "data", storage=cluster_storage), sources=[]) as opened:
        yield opened


def together(*steps: Callable[[], object]) -> list[object]:
    """Run steps at once, each in a thread of its own, and return what they return; the first error is raised."""
    with ThreadPoolExecutor(len(steps)) as pool:
        return [one.result(120) for one in [pool.submit(step) for step in steps]]


def records_of(numbers: Sequence[int], state: int) -> tuple[RawRecord, ...]:
    return tuple(
        RawRecord(
            source="x",
            identifier=f"oai:x:{n:04d}",
            metadata_prefix="oai_dc",
            datestamp="2026-01-01",
            body=f"<record>{n} {state}</record>".encode(),
            received_at=datetime.now(UTC),
        )
        for n in numbers
    )


def page_of(records: tuple[RawRecord, ...]) -> Page:
    return Page(url="u", records=records, token=None, list_size=None, bytes_received=1)


@pytest.mark.cluster
def test_storing_in_any_order_and_indexing_never_wait_for_each_other(cluster: Library) -> None:
    source = add_source(cluster, "x", "http://127.0.0.1:9/oai")
    store, ledger = cluster.store, cluster.store.harvests
    run = ledger.begin(source, since=None, until=None)
    numbers = range(600)
    ledger.store_pages(run, ledger.open_slice(run, source, "oai_dc", Window()), [page_of(records_of(numbers, 0))])
    is_done = threading.Event()

    def store_backwards() -> None:
        try:
            for turn in range(1, _TURNS):
                # Every second record stays as it is: it is written by another statement than the changed ones.
                changed = records_of([n for n in reversed(numbers) if n % 2], turn)
                same = records_of([n for n in reversed(numbers) if not n % 2], 0)
                state = ledger.open_slice(run, source, "oai_dc", Window())
                with store.database.write() as connection:
                    store.raw.receiver.store(connection, 1, state.key, (*changed, *same))
        finally:
            is_done.set()

    def settle() -> int:
        turns = 0
        while not is_done.is_set():
            with store.database.read() as connection:
                names = connection.execute(
                    select(schema.raw_records.c.source_key, schema.raw_records.c.identifier)
                ).all()
                groups = store.raw._groups(connection, [(row.source_key, row.identifier) for row in reversed(names)])
            with store.database.write() as connection:
                store.raw.settle(connection, groups)
            turns += 1
        return turns

    _, turns = together(store_backwards, settle)
    assert turns


class _DeadlockError(Exception):
    """As PostgreSQL's driver raises it."""

    sqlstate = "40P01"


def test_pages_that_were_undone_and_stored_again_raise_no_doubt_of_their_own(embedded: Library) -> None:
    store = embedded.store
    source = add_source(embedded, "x", "http://127.0.0.1:9/oai")
    run = store.harvests.begin(source, since=None, until=None)
    state = store.harvests.open_slice(run, source, "oai_dc", Window())
    pages = [replace(page_of(records_of([size], 0)), list_size=size, token=f"after {size}") for size in (10, 20)]
    undone: list[str] = []

    @event.listens_for(store.database.engine, "commit")
    def undo_the_first(_: Connection) -> None:
        if not undone:
            undone.append("COMMIT")
            raise DBAPIError("COMMIT", None, _DeadlockError())

    stored = store.harvests.store_pages(run, state, pages)
    assert undone
    assert (stored.new, state.counts.new, state.list_size, state.token) == (2, 2, 20, "after 20")
    assert state.doubt is None  # the list seems to shrink to whoever remembers the attempt that was undone


@pytest.mark.cluster
def test_a_transaction_undone_for_a_deadlock_is_done_again(cluster: Library) -> None:
    database = cluster.store.database
    for name in ("a", "b"):
        cluster.store.set_fact(name, "0")
    both_hold_one = threading.Barrier(2)
    tries: list[str] = []

    def step(first: str, second: str) -> Callable[[], None]:
        @retried
        def add() -> None:
            tries.append(first)
            with database.write() as connection:
                for name in (first, second):
                    facts = schema.facts
                    connection.execute(
                        update(facts).where(facts.c.name == name).values(value=facts.c.value.concat(first))
                    )
                    if name == first and len(tries) <= 2:
                        both_hold_one.wait(30)

        return add

    together(step("a", "b"), step("b", "a"))
    assert len(tries) >= 3
    assert {cluster.store.fact("a"), cluster.store.fact("b")} in ({"0ab"}, {"0ba"})


def test_a_step_that_is_undone_again_and_again_says_so() -> None:
    tries: list[int] = []

    @retried
    def step() -> None:
        tries.append(1)
        raise StoreConflictError("Undone.", remedy="Again.")

    with pytest.raises(StoreConflictError):
        step()
    assert len(tries) == 3


@pytest.mark.cluster
def test_more_harvests_at_once_than_the_pool_has_connections_all_come_through(cluster: Library) -> None:
    pages = [Item(f"oai:x:{n:03d}", "2026-01-01T00:00:00Z") for n in range(20)]
    with ExitStack() as stack:
        hosts = [stack.enter_context(ListRepository(pages)) for _ in range(9)]
        sources = [add_source(cluster, f"s{n}", host.url) for n, host in enumerate(hosts)]
        for n in range(20):  # other processes' worth of locks
            stack.enter_context(cluster.store.database.lock(f"other:{n}"))
        said = together(*(lambda one=one: harvest(cluster, one).status for one in sources))
    assert said == ["complete"] * 9


@pytest.mark.cluster
def test_processes_that_start_together_on_a_new_database_seed_it_once(cluster: Library) -> None:
    at_once = threading.Barrier(6)

    def start() -> None:
        at_once.wait(30)
        cluster.store.sources.seed(seed_sources())

    together(*[start] * 6)
    assert [one.id for one in cluster.store.sources.all()] == sorted(one.id for one in seed_sources())


@pytest.mark.cluster
def test_a_message_that_speaks_of_locks_and_damage_is_no_lock_and_no_damage(cluster: Library) -> None:
    for words in ("blocked by process", "a corrupt answer", "database is locked"):
        with pytest.raises(DBAPIError, match=words), cluster.store.database.write() as connection:
            connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION '{words}'; END $$"))


def test_a_database_that_another_writer_keeps_is_busy_and_one_of_rubbish_is_damaged(
    embedded: Library, tmp_path: Path
) -> None:
    other = Database.sqlite(embedded.settings.data_dir / FILE_NAME)
    try:
        with embedded.store.database.write(), pytest.raises(StoreBusyError), other.read() as connection:
            connection.execute(text("PRAGMA busy_timeout = 0"))
            connection.execute(text("UPDATE facts SET value = 'x'"))
    finally:
        other.close()
    (tmp_path / "bad.db").write_bytes(b"no database at all " * 500)
    with pytest.raises(StoreDamagedError):
        Database.sqlite(tmp_path / "bad.db")
