"""Several workers write one index: who has which stretch of the feed, and what becomes of one who is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

import indexer.following
import indexer.storage.generations
from indexer import clock
from indexer.errors import IndexVersionError, SearchIndexError, StoreBusyError
from indexer.following import Follower, Indexed
from indexer.pipeline import Pipeline
from indexer.search.query import TokenQuery, View
from indexer.storage import schema
from indexer.storage.elastic_generation import ElasticGeneration
from indexer.storage.feed import append_changes
from indexer.storage.leases import Lease, LeaseCounts, Leases, count_leases
from indexer.storage.said import Signed
from indexer.storage.search_index import SharedGeneration
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings
from search_api.up import Service
from tests.integration.classed import article, in_class
from tests.unit.web.records import put

INDEX = "works-1:uuid"
BY = Signed(who="Li Ming", note="So is our shelving.")


def filled(library: Library, works: int) -> list[int]:
    """Make works; return their keys in the order of the feed."""
    put(library, *(article(number, f"Study {number}", "stress") for number in range(works)))
    return [change.work_key for change in library.store.feed.after(0, works)]


def changed(library: Library, *keys: int) -> None:
    """Append entries to the feed, one transaction for all."""
    database = library.store.database
    with database.write() as connection:
        append_changes(database, connection, [(key, 1, "changed") for key in keys])


def worker(library: Library, name: str, seconds: float = 60) -> Leases:
    return Leases(library.store.database, owner=name, seconds=seconds)


def begin() -> int:
    return 0


def ends(*leases: Lease | None) -> list[tuple[int, int] | None]:
    return [None if lease is None else (lease.first, lease.last) for lease in leases]


def rows(library: Library) -> list[tuple[str, int, int, bool]]:
    """Return what is leased of the indices that the tests here made up."""
    table = schema.index_leases
    with library.store.database.read() as connection:
        found = connection.execute(select(table).where(table.c.index_id.like("works-%")).order_by(table.c.first)).all()
    return [(row.index_id, row.first, row.last, row.done) for row in found]


def shown(leases: Leases) -> list[int]:
    """Advance; return to where."""
    told: list[int] = []
    leases.advance(INDEX, told.append)
    return told


def test_the_feed_is_cut_into_stretches_that_each_have_one_worker(library: Library) -> None:
    filled(library, 10)
    one, two = worker(library, "one"), worker(library, "two")
    assert not one.is_idle(INDEX, begin)
    taken = [one.take(INDEX, begin, 4), two.take(INDEX, begin, 4), one.take(INDEX, begin, 4), two.take(INDEX, begin, 4)]
    assert ends(*taken) == [(1, 4), (5, 8), (9, 10), None]
    assert one.is_idle(INDEX, begin)
    changed(library, library.store.feed.after(0, 1)[0].work_key)
    assert not two.is_idle(INDEX, begin)


def test_cutting_begins_behind_the_index_and_then_behind_what_was_cut(library: Library) -> None:
    filled(library, 10)
    one = worker(library, "one")
    assert ends(one.take(INDEX, lambda: 3, 4), one.take(INDEX, begin, 2)) == [(4, 7), (8, 9)]


def test_stretches_about_one_work_are_never_open_together(library: Library) -> None:
    keys = filled(library, 6)
    changed(library, keys[1])
    changed(library, keys[5])
    one, two = worker(library, "one"), worker(library, "two")
    first, second = one.take(INDEX, begin, 3), two.take(INDEX, begin, 4)
    assert ends(first, second) == [(1, 3), (4, 6)], "the seventh entry is about a work of the first stretch"
    assert two.take(INDEX, begin, 4) is None
    assert first is not None
    one.finish(first)
    assert ends(two.take(INDEX, begin, 4)) == [(7, 7)], "the eighth is about a work of the second"
    assert second is not None
    two.finish(second)
    assert ends(one.take(INDEX, begin, 4)) == [(8, 8)]


def test_a_lost_workers_stretch_is_anothers_when_its_time_has_passed(library: Library) -> None:
    filled(library, 8)
    lost, other = worker(library, "lost", seconds=0), worker(library, "other")
    assert ends(lost.take(INDEX, begin, 4)) == [(1, 4)]
    assert count_leases(library.store.database) == LeaseCounts(open=1, expired=1)
    taken_over = other.take(INDEX, begin, 4)
    assert ends(taken_over) == [(1, 4)]
    assert ends(other.take(INDEX, begin, 4)) == [(5, 8)]
    assert other.take(INDEX, begin, 4) is None
    assert count_leases(library.store.database) == LeaseCounts(open=2, expired=0)


def test_a_stretch_that_is_given_back_is_free_at_once_unless_another_has_it_by_now(library: Library) -> None:
    filled(library, 4)
    one, two = worker(library, "one"), worker(library, "two")
    lease = one.take(INDEX, begin, 4)
    assert lease is not None
    assert two.take(INDEX, begin, 4) is None
    one.give_back(lease)
    assert ends(two.take(INDEX, begin, 4)) == [(1, 4)]
    one.give_back(lease)
    assert one.take(INDEX, begin, 4) is None


def test_the_position_is_the_end_of_the_longest_beginning_that_is_done(library: Library) -> None:
    filled(library, 12)
    one = worker(library, "one")
    first, second, third = (one.take(INDEX, begin, 4) for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    one.finish(second)
    assert shown(one) == [0]
    one.finish(first)
    assert shown(one) == [8]
    assert rows(library) == [(INDEX, 9, 12, False)]
    one.finish(third)
    assert shown(one) == [12]
    assert rows(library) == [(INDEX, 9, 12, True)], "the last stays, to cut on from there"


def test_what_cannot_be_shown_stays_as_it_was(library: Library) -> None:
    filled(library, 4)
    one = worker(library, "one")
    lease = one.take(INDEX, begin, 4)
    assert lease is not None
    one.finish(lease)

    def gone(_: int) -> None:
        raise SearchIndexError("It does not answer.", remedy="Wait.")

    with pytest.raises(SearchIndexError):
        one.advance(INDEX, gone)
    assert shown(one) == [4]


def test_stretches_of_an_index_that_was_replaced_go(library: Library) -> None:
    filled(library, 4)
    old, new = worker(library, "old", seconds=0), worker(library, "new")
    old.take("works-0:uuid", begin, 4)
    assert shown(new) == [0]
    assert rows(library) == [], "though nothing was cut yet of the new one"
    old.take("works-0:uuid", begin, 4)
    lease = new.take(INDEX, begin, 4)
    assert lease is not None
    new.finish(lease)
    shown(new)
    assert [row[0] for row in rows(library)] == [INDEX]


def test_nobody_steps_back_while_a_stretch_is_being_written(library: Library) -> None:
    filled(library, 8)
    one = worker(library, "one")
    first, second = one.take(INDEX, begin, 4), one.take(INDEX, begin, 4)
    assert first is not None
    assert second is not None
    one.finish(first)
    assert not one.step_back(INDEX, lambda: 2)
    one.finish(second)
    shown(one)
    assert not one.step_back(INDEX, lambda: None)
    assert one.step_back(INDEX, lambda: 2)
    assert ends(worker(library, "late").take(INDEX, lambda: 8, 4)) == [(3, 6)], (
        "whatever it believed the position to be"
    )


def test_a_row_that_another_has_just_locked_is_passed_over(library: Library) -> None:
    if library.store.database.is_embedded:
        pytest.skip("SQLite has one writer at a time")
    filled(library, 8)
    lost = worker(library, "lost", seconds=0)
    lost.take(INDEX, begin, 4)
    table = schema.index_leases
    with library.store.database.write() as connection:
        connection.execute(select(table).with_for_update()).all()
        assert ends(worker(library, "other").take(INDEX, begin, 4)) == [(5, 8)]
    assert ends(worker(library, "other").take(INDEX, begin, 4)) == [(1, 4)]


@pytest.fixture
def pair(cluster_storage: ClusterStorage, tmp_path: Any) -> Iterator[tuple[Library, Library]]:
    """Two processes' view of one library; stretches are short, so that there are many."""
    with ExitStack() as stack:
        settings = Settings(data_dir=tmp_path / "data", storage=cluster_storage)
        yield (
            stack.enter_context(open_library(settings, sources=[])),
            stack.enter_context(open_library(settings, sources=[])),
        )


def found(library: Library) -> list[int]:
    hits = library.index.search(TokenQuery(matching=None), View(sort="first_indexed", limit=1000)).hits
    return sorted(hit.key for hit in hits)


@pytest.mark.cluster
def test_two_workers_index_each_work_once(pair: tuple[Library, Library], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer.following, "STRETCH", 7)
    keys = filled(pair[0], 20)
    changed(pair[0], *keys * 10)
    done: list[int] = []
    threads = [threading.Thread(target=lambda one=one: done.append(one.follow_feed().indexed)) for one in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sum_before = sum(done)
    # Whoever found nothing free went away: its share was done by the other, or is now.
    rest = pair[0].follow_feed().indexed
    assert found(pair[0]) == sorted(keys)
    assert pair[1].pipeline.has_seen(pair[1].index, pair[0].store.feed.horizon())
    assert 200 / 7 <= sum_before + rest <= 200


@pytest.mark.cluster
def test_what_fails_half_way_is_the_next_workers(
    pair: tuple[Library, Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.following, "STRETCH", 5)
    one, two = pair
    keys = filled(one, 20)
    changed(one, *keys)
    describe, calls = one.pipeline._describe, 0

    class Dying(type(one.pipeline)):  # type: ignore[misc]
        def _describe(self) -> Any:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise KeyboardInterrupt
            return describe()

    with pytest.raises(KeyboardInterrupt):
        Dying(one.store).follow_feed(one.index)
    assert two.follow_feed().indexed == 10
    assert count_leases(two.store.database).open == 0
    assert two.pipeline.has_seen(two.index, two.store.feed.horizon())


@pytest.mark.cluster
@pytest.mark.parametrize("anew", [False, True])
def test_a_document_that_the_engine_refuses_holds_up_no_other(pair: tuple[Library, Library], *, anew: bool) -> None:
    one, _ = pair
    keys = filled(one, 3)
    changed(one, *keys)
    describe = one.pipeline._describe()

    class Refused(Pipeline):
        def _describe(self) -> Any:
            def documents(works: Any) -> Iterator[Any]:
                for document in describe(works):
                    odd: Any = "no year at all"
                    yield replace(document, year=odd) if document.key == keys[1] else document

            return documents

    steps = Refused(one.store)
    if anew:
        steps.rebuild_index(one.index)
        assert found(one) == [keys[0], keys[2]]
    else:
        steps.follow_feed(one.index)
        assert found(one) == keys, "the older state of the one that was refused stays"
    assert steps.has_seen(one.index, one.store.feed.horizon())


@pytest.mark.cluster
def test_an_older_version_or_a_removed_work_is_not_brought_back_by_a_late_worker(pair: tuple[Library, Library]) -> None:
    one, two = pair
    keys = filled(one, 3)
    late = one.index.shared()
    assert late is not None
    works = one.store.catalogue.by_keys(keys)
    old = list(one.pipeline._describe()(works.values()))
    table = schema.works
    with one.store.database.write() as connection:
        connection.execute(table.update().where(table.c.key == keys[0]).values(version=2, state="removed"))
        connection.execute(table.update().where(table.c.key == keys[1]).values(version=2))
        append_changes(one.store.database, connection, [(keys[0], 2, "removed"), (keys[1], 2, "changed")])
    assert two.follow_feed().removed == 1
    late.write(old, {})
    late.advance(one.store.feed.horizon(), one.store.feed.mark(one.store.feed.horizon()))
    assert found(two) == sorted(keys[1:])


@pytest.mark.cluster
def test_a_workers_clock_makes_no_difference(pair: tuple[Library, Library], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = pair
    filled(one, 4)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - timedelta(days=1))
    lease = worker(one, "slow", seconds=60).take(INDEX, begin, 4)
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=1))
    assert lease is not None
    assert worker(two, "fast").take(INDEX, begin, 4) is None


@pytest.mark.cluster
def test_works_and_readers_go_on_while_the_index_is_built_anew(pair: tuple[Library, Library]) -> None:
    one, two = pair
    filled(one, 5)
    before = one.index.stats().name
    added: list[int] = []

    def meanwhile(_: int) -> None:
        if added:
            return
        added.append(1)
        put(two, article(77, "Arrived while building"))
        assert len(found(two)) == 6, "the old one is brought up to date meanwhile"
        two.store.subjects.map("keyword", "stress", "B84", BY)
        two.bring_up_to_date()
        assert in_class(two, "B84") == set(), "what changes in the subject tree waits for the new one"

    one.rebuild(normalise=False, watch=meanwhile)
    assert one.index.stats().name != before
    assert len(found(one)) == len(found(two)) == 6
    put(two, article(78, "Arrived after"))
    assert len(found(one)) == 7
    assert len(in_class(one, "B84")) == 5
    assert one.store.subject_queue.waiting() == []


@pytest.mark.cluster
def test_classes_wait_for_whoever_writes_by_the_older_tree(pair: tuple[Library, Library]) -> None:
    one, two = pair
    keys = filled(one, 5)
    changed(one, keys[0])
    generation = one.index.shared()
    assert generation is not None
    slow = Leases(one.store.database, owner="slow", seconds=60)
    lease = slow.take(generation.id, begin, 1)
    assert lease is not None
    two.store.subjects.map("keyword", "stress", "B84", BY)
    two.bring_up_to_date()
    assert in_class(two, "B84") == set()
    slow.finish(lease)
    two.bring_up_to_date()
    assert len(in_class(two, "B84")) == 5


def test_a_stretch_that_is_cut_while_another_advances_is_not_passed(library: Library) -> None:
    if library.store.database.is_embedded:
        pytest.skip("SQLite has one writer at a time")
    filled(library, 8)
    one, two = worker(library, "one"), worker(library, "two")
    lease = one.take(INDEX, begin, 4)
    assert lease is not None
    one.finish(lease)
    cut: list[Lease | None] = []

    def cut_meanwhile(*asked: Any) -> None:
        if not cut and "index_leases" in asked[2]:
            cut.append(None)
            cut[0] = two.take(INDEX, begin, 4)

    event.listen(library.store.database.engine, "after_cursor_execute", cut_meanwhile)
    try:
        assert shown(one) == [4], "nobody has written the second yet"
    finally:
        event.remove(library.store.database.engine, "after_cursor_execute", cut_meanwhile)
    assert ends(*cut) == [(5, 8)]


@pytest.mark.cluster
def test_what_a_worker_wrote_that_died_before_it_was_seen_is_shown_by_another(
    pair: tuple[Library, Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.following, "_LOOK_AFTER_SECONDS", 0)
    one, two = pair
    changed(one, *filled(one, 3))

    class Dying(Follower):
        def _show(self, _: SharedGeneration) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Dying(one.store, one.pipeline._describe).follow(one.index, Indexed())
    assert count_leases(one.store.database).open == 0
    assert not two.pipeline.has_seen(two.index, two.store.feed.horizon())
    two.follow_feed()
    assert two.pipeline.has_seen(two.index, two.store.feed.horizon())


@pytest.mark.cluster
def test_classes_are_seen_in_an_index_that_nothing_was_written_to_since_it_was_built(
    pair: tuple[Library, Library],
) -> None:
    one, two = pair
    filled(one, 5)
    one.rebuild(normalise=False)
    two.store.subjects.map("keyword", "stress", "B84", BY)
    two.bring_up_to_date()
    assert len(in_class(two, "B84")) == 5


@pytest.mark.cluster
def test_what_stood_on_one_copy_is_written_again_though_a_worker_dies_as_it_steps_back(
    cluster_storage: ClusterStorage, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.following, "_LOOK_AFTER_SECONDS", 0)
    step_back = ElasticGeneration.step_back

    def dying(generation: ElasticGeneration) -> bool:
        step_back(generation)
        raise KeyboardInterrupt

    def opened(replicas: int) -> AbstractContextManager[Library]:
        storage = cluster_storage.model_copy(update={"replicas": replicas})
        return open_library(Settings(data_dir=tmp_path / "data", storage=storage), sources=[])

    with opened(0) as whole:
        filled(whole, 2)
    with opened(1) as one:  # for which one node has no place
        put(one, *(article(number, f"Study {number}") for number in (11, 12, 13)))
    with opened(0) as two:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(ElasticGeneration, "step_back", dying)
            two.follow_feed()
        assert two.follow_feed().indexed == 3
        assert two.follow_feed().indexed == 0
        assert two.pipeline.has_seen(two.index, two.store.feed.horizon())


@pytest.mark.cluster
def test_copies_that_come_late_to_a_new_index_do_not_make_it_begin_anew(
    cluster_storage: ClusterStorage, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.following, "_LOOK_AFTER_SECONDS", 0)

    def opened(replicas: int) -> AbstractContextManager[Library]:
        storage = cluster_storage.model_copy(update={"replicas": replicas})
        return open_library(Settings(data_dir=tmp_path / "data", storage=storage), sources=[])

    with opened(1) as one:
        filled(one, 3)
    with opened(0) as two:
        assert two.follow_feed().indexed == 0
        assert two.index.position() == two.store.feed.horizon()


@pytest.mark.cluster
def test_a_rebuild_that_lost_its_lock_replaces_nothing(pair: tuple[Library, Library]) -> None:
    one, two = pair
    filled(one, 3)
    before = one.index.stats().name

    def restarted(_: int) -> None:
        with two.store.database.write() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                    " AND pid <> pg_backend_pid()"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )

    with pytest.raises(StoreBusyError, match="lost"):
        one.rebuild(normalise=False, watch=restarted)
    assert one.index.stats().name == before
    one.rebuild(normalise=False)
    assert one.index.stats().name != before


@pytest.mark.cluster
def test_a_worker_leaves_an_index_of_a_newer_version_alone(
    pair: tuple[Library, Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    filled(one, 3)
    monkeypatch.setattr(indexer.storage.generations, "ANALYZER_VERSION", "1")
    two.close_index()
    with pytest.raises(IndexVersionError) as caught:
        two.follow_feed()
    assert caught.value.is_newer
    service = Service(two, is_demo=False)
    with pytest.raises(IndexVersionError):
        service._index_or_mend()
    service._mend_index()
    monkeypatch.undo()
    assert len(found(one)) == 3
    monkeypatch.setattr(indexer.storage.generations, "ANALYZER_VERSION", "10")
    with pytest.raises(IndexVersionError) as caught:
        two.follow_feed()
    assert not caught.value.is_newer
