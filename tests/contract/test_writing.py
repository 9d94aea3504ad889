"""Commits, versions, positions, rebuilds and swaps, seen through several handles."""

from __future__ import annotations

import threading

import pytest

from indexer.errors import StoreBusyError
from indexer.search.analysis import ANALYZER_VERSION
from indexer.search.document import SCHEMA_VERSION
from indexer.search.query import Tokens, View
from indexer.storage.search_index import SearchIndex
from tests.contract.conftest import OpenIndex
from tests.contract.corpus import EVERYTHING, fill, find, make_document


def word(token: str) -> Tokens:
    return Tokens(field="all", alternatives=(token,))


def test_a_new_index_is_empty_and_of_this_version(index: SearchIndex) -> None:
    stats = index.stats()
    assert (stats.documents, stats.position, index.position()) == (0, 0, 0)
    assert (stats.analyzer_version, stats.schema_version) == (ANALYZER_VERSION, SCHEMA_VERSION)


def test_nothing_is_seen_before_the_commit(index: SearchIndex) -> None:
    with index.writer() as writer:
        writer.upsert([make_document(1, "a")])
        assert find(index, word("a")) == []
        writer.commit(1)
        assert find(index, word("a")) == [1]


def test_uncommitted_changes_are_dropped(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a")])
    with index.writer() as writer:
        writer.delete([1])
        writer.upsert([make_document(2, "a")])
    with index.writer() as writer:
        writer.commit(5)
    assert find(index, word("a")) == [1]
    assert index.position() == 5


def test_changes_before_an_error_are_dropped_and_the_next_writer_is_let_in(index: SearchIndex) -> None:
    def write_and_fail() -> None:
        with index.writer() as writer:
            writer.upsert([make_document(1, "a")])
            raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        write_and_fail()
    fill(index, [make_document(2, "a")])
    assert find(index, word("a")) == [2]


def test_a_document_replaces_the_one_with_its_key(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a", lang="zh")], [make_document(1, "b", version=2)])
    assert find(index, word("a")) == []
    assert find(index, word("b")) == [1]
    assert index.search(EVERYTHING, View(facets=("lang",))).facets["lang"] == ()


def test_the_same_version_again_replaces(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a")], [make_document(1, "b")])
    assert find(index, word("b")) == [1]


@pytest.mark.parametrize("committed", [True, False])
def test_an_older_version_never_replaces_a_newer_one(index: SearchIndex, *, committed: bool) -> None:
    with index.writer() as writer:
        writer.upsert([make_document(1, "new", version=7)])
        if committed:
            writer.commit(1)
        writer.upsert([make_document(1, "old", version=6), make_document(2, "other")])
        writer.commit(2)
    assert find(index, word("old")) == []
    assert find(index, word("new")) == [1]
    assert find(index, word("other")) == [2]
    assert index.stats().documents == 2


def test_of_one_key_twice_in_a_batch_the_newer_stays(index: SearchIndex) -> None:
    fill(
        index,
        [make_document(1, "new", version=3), make_document(1, "old", version=2), make_document(1, "new", version=3)],
    )
    assert find(index, None) == [1]
    assert find(index, word("new")) == [1]


def test_deleted_documents_are_gone_and_missing_ones_no_error(index: SearchIndex) -> None:
    fill(index, [make_document(key, "a") for key in range(5)])
    with index.writer() as writer:
        writer.delete([1, 3, 99])
        writer.commit(2)
    assert find(index, word("a")) == [0, 2, 4]
    assert index.stats().documents == 3


def test_a_deleted_document_may_come_back_with_the_version_it_had(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a", version=4)])
    with index.writer() as writer:
        writer.delete([1])
        writer.commit(2)
        writer.upsert([make_document(1, "b", version=4)])
        writer.commit(3)
    assert find(index, word("b")) == [1]


def test_delete_and_upsert_in_one_commit_keep_their_order(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a"), make_document(2, "a")])
    with index.writer() as writer:
        writer.delete([1])
        writer.upsert([make_document(1, "b"), make_document(2, "b")])
        writer.delete([2])
        writer.commit(2)
    assert find(index, None) == [1]
    assert find(index, word("b")) == [1]


def test_the_position_is_kept_with_the_index(open_index: OpenIndex) -> None:
    fill(open_index(), [make_document(1)], [make_document(2)])
    assert open_index().position() == 2
    assert open_index().stats().position == 2


def test_another_handle_sees_commits_and_swaps(open_index: OpenIndex) -> None:
    writing, reading = open_index(), open_index()
    assert find(reading, word("a")) == []
    fill(writing, [make_document(1, "a")])
    assert find(reading, word("a")) == [1]
    with writing.rebuild() as writer:
        writer.upsert([make_document(2, "a")])
        writer.commit(9)
        assert find(reading, word("a")) == [1]
    assert find(reading, word("a")) == [2]
    assert reading.position() == 9
    assert reading.stats().name == writing.stats().name


def test_a_rebuild_swaps_in_a_generation_of_another_name(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a", version=9)])
    before = index.stats().name
    with index.rebuild() as writer:
        writer.upsert([make_document(1, "b", version=1), make_document(2, "b")])
        writer.delete([2])
        writer.commit(3)
    assert index.stats().name != before
    assert find(index, None) == [1]
    assert find(index, word("b")) == [1]


def test_a_failed_rebuild_leaves_the_old_generation(index: SearchIndex) -> None:
    fill(index, [make_document(1, "a")])
    before = index.stats()

    def rebuild_and_fail() -> None:
        with index.rebuild() as writer:
            writer.upsert([make_document(2, "b")])
            writer.commit(8)
            raise RuntimeError("store lost")

    with pytest.raises(RuntimeError, match="store lost"):
        rebuild_and_fail()
    assert find(index, None) == [1]
    assert index.stats().name == before.name
    fill(index, [make_document(3, "a")])
    assert sorted(find(index, None)) == [1, 3]


def test_rebuilds_under_constant_search_fail_none_and_never_show_half(open_index: OpenIndex) -> None:
    writing = open_index()
    fill(writing, [make_document(key, "a") for key in range(50)])
    stop, wrong = threading.Event(), []

    def search_on(index: SearchIndex) -> None:
        while not stop.is_set():
            try:
                page = index.search(EVERYTHING, View(limit=50))
            except Exception as error:  # noqa: BLE001 (any failure is the finding)
                wrong.append(repr(error))
                return
            if page.count != 50 or len(page.hits) != 50:
                wrong.append(f"{page.count} counted, {len(page.hits)} hits")

    threads = [threading.Thread(target=search_on, args=(open_index(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for generation in range(4):
        with writing.rebuild() as writer:
            writer.upsert([make_document(generation * 100 + key, "a") for key in range(50)])
            writer.commit(generation)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [hit.key for hit in writing.search(EVERYTHING, View(limit=2)).hits] == [300, 301]


def test_two_readers_and_a_writer_share_a_handle(index: SearchIndex) -> None:
    stop, wrong = threading.Event(), []

    def search_on() -> None:
        last = 0
        while not stop.is_set():
            page = index.search(EVERYTHING, View(limit=200))
            if page.count < last or page.count % 10 or len(page.hits) != min(page.count, 200):
                wrong.append(f"{page.count} after {last}, {len(page.hits)} hits")
            last = page.count

    threads = [threading.Thread(target=search_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    with index.writer() as writer:
        for batch in range(15):
            writer.upsert([make_document(batch * 10 + key, "a") for key in range(10)])
            writer.commit(batch)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert index.search(EVERYTHING, View()).count == 150


@pytest.mark.parametrize("engine", ["memory", "tantivy"], indirect=True)
def test_a_second_writer_is_refused_with_a_remedy(open_index: OpenIndex) -> None:
    first, second = open_index(), open_index()
    with first.writer() as writer:
        with pytest.raises(StoreBusyError, match="Wait until"), second.writer():
            pass
        with pytest.raises(StoreBusyError, match="Wait until"), second.rebuild():
            pass
        writer.upsert([make_document(1, "a")])
        writer.commit(1)
    fill(second, [make_document(2, "a")])
    assert find(first, word("a")) == [1, 2]
