"""How often the sources are counted: always while it is quick, seldom where it takes long, by one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source
from indexer.storage.counting import Census, SourceCount
from indexer.storage.store import RecordStore


class Watch:
    """A clock that goes on by ``step`` with each statement, as if it took so long."""

    def __init__(self, step: float) -> None:
        self.now, self.step, self.statements = 0.0, step, 0

    def __call__(self) -> float:
        return self.now

    def tick(self, *_: object) -> None:
        self.statements += 1
        self.now += self.step


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = RecordStore.embedded(tmp_path)
    opened.sources.add(Source.of({"id": "x", "name": "x", "endpoint": "http://127.0.0.1:9/oai"}))
    yield opened
    opened.close()


def put(store: RecordStore, *numbers: int, deleted: bool = False) -> None:
    source, ledger = store.sources.get("x"), store.harvests
    run = ledger.begin(source, since=None, until=None)
    records = tuple(
        RawRecord(
            source="x",
            identifier=f"oai:x:{n}",
            metadata_prefix="oai_dc",
            datestamp="2026-01-01",
            deleted=deleted,
            body=b"<record/>" if deleted else b"<record>...</record>",
            received_at=datetime.now(UTC),
        )
        for n in numbers
    )
    page = Page(url="u", records=records, token=None, list_size=None, bytes_received=1)
    ledger.store_pages(run, ledger.open_slice(run, source, "oai_dc", Window()), [page])


def census(store: RecordStore, *, step: float) -> tuple[Census, Watch]:
    watch = Watch(step)
    event.listen(store.database.engine, "before_cursor_execute", watch.tick)
    return Census(store.database, seconds=watch), watch


def test_a_small_store_is_counted_each_time(store: RecordStore) -> None:
    counting, _ = census(store, step=0.001)
    assert counting.take().of("x") == SourceCount()
    put(store, 1, 2, 3)
    put(store, 3, 4, deleted=True)
    assert counting.take().of("x") == SourceCount(records=4, deleted=2)


def test_what_took_long_to_count_is_kept_fifty_times_as_long_and_says_its_age(store: RecordStore) -> None:
    counting, watch = census(store, step=1.0)
    first = counting.take()
    took, counted = watch.now, watch.statements
    put(store, 1)
    watch.now = took + 50 * took - 1
    assert counting.take() is first
    assert counted < watch.statements  # those that stored, and no count
    before = watch.statements
    assert counting.take() is first
    assert watch.statements == before
    watch.now += 1
    second = counting.take()
    assert second.of("x").records == 1
    assert second.counted_at > first.counted_at


def test_who_asks_while_another_counts_gets_the_last_count(store: RecordStore) -> None:
    counting, watch = census(store, step=1.0)
    first = counting.take()
    watch.now += 1e6
    is_counting, may_end = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        is_counting.set()
        may_end.wait(30)

    event.listen(store.database.engine, "before_cursor_execute", wait)
    other = threading.Thread(target=counting.take)
    other.start()
    assert is_counting.wait(30)
    assert counting.take() is first
    may_end.set()
    other.join()
    assert counting.take() is not first
