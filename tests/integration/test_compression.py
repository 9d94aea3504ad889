"""Raw bytes: small on disk, exactly as sent when read, whatever dictionary they were written with."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest
from sqlalchemy import func, select, update

from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source
from indexer.errors import StoreDamagedError
from indexer.storage import compression, schema
from indexer.storage.compression import TRAIN_AT
from search_api.library import Library, open_library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository

_ABSTRACT = "The yield of winter wheat under drought was measured in {} plots over {} years in the north-west."


def fill(repository: ListRepository, count: int) -> None:
    repository.put(
        *(Item(f"oai:x:{n:04d}", "2026-01-01", title=f"Study {n}: " + _ABSTRACT.format(n, n % 7)) for n in range(count))
    )


def kept(library: Library) -> tuple[int, int, dict[int | None, int]]:
    raw = schema.raw_records.c
    with library.store.database.read() as connection:
        small, sent = connection.execute(select(func.sum(func.length(raw.body)), func.sum(raw.size))).one()
        by = connection.execute(select(raw.dictionary_key, func.count()).group_by(raw.dictionary_key))
        return int(small), int(sent), {row[0]: row[1] for row in by}


def bodies(library: Library, count: int) -> list[bytes]:
    key = library.store.sources.keys()["x"]
    groups = [library.store.raw.of(key, f"oai:x:{n:04d}") for n in range(count)]
    return [group.records[0].body for group in groups if group]


def test_records_take_less_than_thirty_percent_and_come_back_byte_for_byte(library: Library) -> None:
    with ListRepository(page_size=50) as repository:
        fill(repository, 600)
        harvest(library, add_source(library, "x", repository.url))
        small, sent, by_dictionary = kept(library)
        assert small <= 0.3 * sent
        assert None not in by_dictionary  # those from before the dictionary were compressed anew
        assert sum(by_dictionary.values()) == 600
        with open_library(library.settings, sources=[]) as another:  # as another process would
            found = bodies(another, 600)
        assert len(found) == 600
        sent_bytes = b"".join(
            urlopen(f"{repository.url}?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:x:{n:04d}").read()
            for n in (0, 199, 599)
        )
        assert all(found[n] in sent_bytes for n in (0, 199, 599))


def test_a_dictionary_of_a_transaction_that_failed_is_forgotten(library: Library) -> None:
    with ListRepository(page_size=50) as repository:
        fill(repository, 400)
        source = add_source(library, "x", repository.url)
        ledger = library.store.harvests
        run = ledger.begin(source, since=None, until=None)
        state = ledger.open_slice(run, source, "oai_dc", Window())
        with pytest.raises(ZeroDivisionError):
            ledger.store_pages(run, state, [page_of(source, TRAIN_AT[0] + 10), _Bomb.page()])
        assert kept_versions(library) == 0
        harvest(library, source)
        assert kept_versions(library) == 1
        with open_library(library.settings, sources=[]) as another:
            assert len(bodies(another, 400)) == 400


def test_a_thread_that_forgets_takes_no_dictionary_from_one_that_has_not_committed(library: Library) -> None:
    """Nor does it read by the other's dictionary before that is committed, under a key that may be given again."""
    source = add_source(library, "x", "http://127.0.0.1:9/oai")
    ledger, raw = library.store.harvests, library.store.raw
    state = ledger.open_slice(ledger.begin(source, since=None, until=None), source, "oai_dc", Window())
    key = library.store.sources.keys()["x"]
    trained, again = page_of(source, TRAIN_AT[0] + 5).records, page_of(source, 50, start=1000).records
    with library.store.database.write() as connection:
        raw.receiver.store(connection, key, state.key, trained)
        newest = raw.compression.current(connection, key, "oai_dc")
        other = threading.Thread(target=raw.compression.forget)
        other.start()
        other.join()
        small = raw.compression.compress(body(0), newest)  # as in the middle of a page
        assert raw.compression.decompress(small, newest) == body(0)
        raw.receiver.store(connection, key, state.key, again)
    assert kept_versions(library) == 1
    assert None not in kept(library)[2]
    group = raw.of(key, "oai:x:1000")
    assert group is not None
    assert group.records[0].body == body(1000)


def test_a_record_whose_bytes_are_spoilt_is_named_damage_with_a_remedy(embedded: Library) -> None:
    with ListRepository([Item("oai:x:0001", "2026-01-01")]) as repository:
        harvest(embedded, add_source(embedded, "x", repository.url))
    with embedded.store.database.write() as connection:
        connection.execute(update(schema.raw_records).values(body=b"rubbish"))
    with pytest.raises(StoreDamagedError, match="backup"):
        embedded.store.raw.of(embedded.store.sources.keys()["x"], "oai:x:0001")


def test_compressing_anew_leaves_alone_what_another_is_writing(library: Library) -> None:
    """A record that another process changes must not be written over with what it was (PostgreSQL)."""
    if library.store.database.is_embedded:
        return  # it has one writer
    source = add_source(library, "x", "http://127.0.0.1:9/oai")
    ledger, raw, database = library.store.harvests, library.store.raw, library.store.database
    state = ledger.open_slice(ledger.begin(source, since=None, until=None), source, "oai_dc", Window())
    key = library.store.sources.keys()["x"]
    with database.write() as connection:
        raw.receiver.store(connection, key, state.key, page_of(source, TRAIN_AT[0] - 1).records)
    table = schema.raw_records
    with database.write() as other:
        changed = raw.compression.compress(b"<record>changed</record>")
        other.execute(update(table).where(table.c.identifier == "oai:x:0007").values(body=changed))
        with database.write() as connection:
            raw.receiver.store(connection, key, state.key, page_of(source, 1, start=1000).records)
    assert kept_versions(library) == 1
    assert kept(library)[2][None] == 1
    group = raw.of(key, "oai:x:0007")
    assert group is not None
    assert group.records[0].body == b"<record>changed</record>"


def test_two_processes_that_train_at_once_read_each_others_records(library: Library) -> None:
    with ListRepository(page_size=50) as repository, open_library(library.settings, sources=[]) as other:
        fill(repository, 2 * TRAIN_AT[0])
        source = add_source(library, "x", repository.url)
        for number, one in enumerate((library, other)):
            ledger = one.store.harvests
            run = ledger.begin(source, since=None, until=None)
            state = ledger.open_slice(run, source, "oai_dc", Window())
            ledger.store_pages(run, state, [page_of(source, TRAIN_AT[0] + 5, start=number * 1000)])
        assert kept_versions(library) == 1
        key = library.store.sources.keys()["x"]
        for one in (library, other):
            for n in (0, 1000):
                group = one.store.raw.of(key, f"oai:x:{n:04d}")
                assert group is not None
                assert group.records[0].body == body(n)


def test_a_later_version_leaves_older_records_readable(embedded: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "TRAIN_AT", (100, 300))
    with ListRepository(page_size=50) as repository:
        fill(repository, 500)
        harvest(embedded, add_source(embedded, "x", repository.url), max_records=1_000)  # stored page by page
        assert kept_versions(embedded) == 2
        assert len(kept(embedded)[2]) == 2
        assert len(bodies(embedded, 500)) == 500


def kept_versions(library: Library) -> int:
    with library.store.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.dictionaries)).scalar_one())


def body(number: int) -> bytes:
    return f"<record><metadata>Study {number}: {_ABSTRACT.format(number, number % 7)}</metadata></record>".encode()


def page_of(source: Source, count: int, start: int = 0) -> Page:
    records = tuple(
        RawRecord(
            source=source.id,
            identifier=f"oai:x:{n:04d}",
            metadata_prefix="oai_dc",
            datestamp="2026-01-01",
            body=body(n),
            received_at=datetime.now(UTC),
        )
        for n in range(start, start + count)
    )
    return Page(url="", records=records, token="t", list_size=None, bytes_received=0)


class _Bomb(str):
    """A response date that goes off when the ledger's row is written, after the records were."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise ZeroDivisionError

    @classmethod
    def page(cls) -> Page:
        return Page(url="", records=(), token="t", list_size=None, bytes_received=0, response_date=cls("x"))


def test_a_source_that_brings_a_few_records_a_run_gets_a_dictionary_too(library: Library) -> None:
    share, runs = TRAIN_AT[0] // 4, 4
    with ListRepository(page_size=50) as repository:
        source = add_source(library, "x", repository.url)
        for turn in range(runs):
            assert kept_versions(library) == 0  # nobody has seen enough yet
            fill(repository, share * (turn + 1))
            with open_library(library.settings, sources=[]) as another:  # as another process would
                harvest(another, source, full=True)
        assert sum(kept(library)[2].values()) == TRAIN_AT[0]
        assert None not in kept(library)[2]
        assert len(set(bodies(library, TRAIN_AT[0]))) == TRAIN_AT[0]


def test_all_records_from_before_a_dictionary_are_compressed_anew_when_a_run_ends(library: Library) -> None:
    source = add_source(library, "x", "http://127.0.0.1:9/oai")
    ledger, raw = library.store.harvests, library.store.raw
    key = library.store.sources.keys()["x"]
    run = ledger.begin(source, since=None, until=None)
    state = ledger.open_slice(run, source, "oai_dc", Window())
    count = 2 * compression._RECOMPRESSED + TRAIN_AT[0]
    ledger.store_pages(run, state, [page_of(source, count)])
    assert kept_versions(library) == 1
    assert None in kept(library)[2]  # a page waits for some of them only
    ledger.finish(run, "complete", expected=None, error=None, error_url=None)
    assert None not in kept(library)[2]
    assert raw.of(key, page_of(source, count).records[-1].identifier) is not None
    assert library.store.fact(f"compressed:{key}:oai_dc")
