"""Works by the time of their last change: dates that never go back, and up to when a list is complete."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from indexer import clock
from indexer.storage import schema
from indexer.storage.dated_works import SETTLING
from indexer.storage.feed import append_changes
from search_api.library import Library
from tests.unit.web.records import Dublin, put

_HOUR = timedelta(hours=1)


def _put(library: Library, *titles: str) -> None:
    put(library, *[Dublin(identifier=f"oai:{title}", elements=[("title", title)]) for title in titles])


def _date(library: Library, moment: datetime) -> None:
    with library.store.database.write() as connection:
        connection.execute(update(schema.work_changes).values(at=moment))


def test_dates_along_the_feed_never_go_back_though_a_clock_does(library: Library) -> None:
    _put(library, "Fish of the northern lakes")
    ahead = clock.now() + _HOUR
    _date(library, ahead)
    with library.store.database.write() as connection:
        append_changes(library.store.database, connection, [(1, 2, "changed")])
    assert [one.at for one in library.store.feed.after(0, 10)] == [ahead, ahead]


def test_every_work_has_an_entry_so_that_the_size_of_all_is_exact(library: Library) -> None:
    _put(library, *(f"{number} fish" for number in range(30)))
    stretch, size = library.store.dated_works.stretch(None, None, None)
    assert size == len(library.store.dated_works.page(stretch, 100)) == 30
    since = datetime(2020, 1, 1, tzinfo=UTC)
    assert library.store.dated_works.stretch(since, clock.now() + _HOUR, "campus")[1] == 30
    assert library.store.dated_works.stretch(since, since, None)[1] == 0


def test_a_list_is_complete_until_what_may_still_be_under_way(embedded: Library) -> None:
    works, now = embedded.store.dated_works, clock.now()
    assert works.complete_until(0, now) == now - SETTLING  # nothing yet, but something may be about to appear
    _put(embedded, "Fish of the northern lakes")
    top = embedded.store.feed.horizon()
    _put(embedded, "Rice of the southern rivers")
    _date(embedded, now - _HOUR)
    assert works.complete_until(top, now) == now - _HOUR  # when the first change that the list does not know came
    assert works.complete_until(top + 1, now) == now - SETTLING
    _date(embedded, now - SETTLING / 2)
    assert works.complete_until(top + 1, now) == now - SETTLING / 2


def test_a_date_is_found_among_many_and_in_feeds_with_gaps(library: Library) -> None:
    _put(library, *(f"{number} fish" for number in range(20)))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    table = schema.work_changes
    with library.store.database.write() as connection:
        connection.execute(table.delete().where(table.c.sequence.in_([3, 4, 5, 11, 20])))
        for sequence in range(1, 20):
            at = start + timedelta(days=sequence)
            connection.execute(update(table).where(table.c.sequence == sequence).values(at=at))
    kept = [one.sequence for one in library.store.feed.after(0, 100)]
    for day in range(23):
        since = start + timedelta(days=day)
        stretch, size = library.store.dated_works.stretch(since, None, None)
        page = library.store.dated_works.page(stretch, 100)
        assert [one.sequence for one in page] == [one for one in kept if one >= day]
        assert size == len(page) or not stretch.after  # works without an entry are there in this test only
        before, _ = library.store.dated_works.stretch(start - _HOUR, since, None)
        assert [one.sequence for one in library.store.dated_works.page(before, 100)] == [
            one for one in kept if one < day
        ]
