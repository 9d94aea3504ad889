"""What a checkpoint may pass: nothing that was not received. Each case lost records before it was mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from harvesters.checkpoints import Counts
from harvesters.demo.loopback import Request, Response
from harvesters.pace import Pace
from harvesters.records import Page, RawRecord, Window
from harvesters.runner import Request as HarvestRequest
from indexer.storage import schema
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults

_DAY = "YYYY-MM-DD"


def stored(library: Library) -> set[str]:
    with library.store.database.read() as connection:
        return set(connection.scalars(select(schema.raw_records.c.identifier)))


def items(days: range, each: int = 3) -> list[Item]:
    return [Item(f"oai:x:{day:02d}-{number}", f"2026-01-{day:02d}") for day in days for number in range(each)]


def test_a_day_that_came_short_is_asked_for_again_before_a_later_one_moves_the_checkpoint(library: Library) -> None:
    with ListRepository(items(range(10, 14)), granularity=_DAY, page_size=2) as repository:
        source = add_source(library, "x", repository.url, slice="day", first_days=4, lag_days=0)
        lag = (datetime.now(UTC).date() - datetime(2026, 1, 13, tzinfo=UTC).date()).days
        library.store.sources.update(type(source).of({**source.values(), "lag_days": lag}))
        source = library.store.sources.get("x")
        repository.faults.add(faults.with_bytes(b'completeListSize="3"', b'completeListSize="9"'), page=3)
        repository.faults.add(faults.with_bytes(b'completeListSize="3"', b'completeListSize="9"'), page=4)
        first = harvest(library, source, max_records=8)
        assert first.status == "incomplete"
        for _ in range(3):
            report = harvest(library, source)
        assert report.status == "complete"
        assert len(stored(library)) == 12


def test_a_checkpoint_stays_before_a_day_that_came_short(library: Library) -> None:
    with ListRepository(items(range(10, 14)), granularity=_DAY) as repository:
        lag = (datetime.now(UTC).date() - datetime(2026, 1, 13, tzinfo=UTC).date()).days
        source = add_source(library, "x", repository.url, slice="day", first_days=4, lag_days=lag)

        def claims_more(request: Request, response: Response) -> Response:
            """State on the eleventh, once, that there are more records than are sent."""
            if request.argument("from") != "2026-01-11":
                return response
            ending = b'<resumptionToken completeListSize="9"/></ListRecords>'
            return faults.with_bytes(b"</ListRecords>", ending)(request, response)

        repository.faults.add(claims_more, verb="ListRecords", times=4)
        report = harvest(library, source)
        assert (report.status, report.received) == ("incomplete", 12)
        assert library.store.harvests.checkpoint(source, "oai_dc") == "2026-01-10"
        assert harvest(library, source).status == "complete"
        assert library.store.harvests.checkpoint(source, "oai_dc") == "2026-01-13"


def test_a_record_that_moved_between_pages_keeps_its_newer_state(library: Library) -> None:
    source = add_source(library, "x", "http://127.0.0.1/oai")
    ledger = library.store.harvests
    run = ledger.begin(source, since=None, until=None)
    state = ledger.open_slice(run, source, "oai_dc", Window())
    for body, datestamp in ((b"<record>new</record>", "2026-01-05"), (b"<record>old</record>", "2026-01-01")):
        record = RawRecord(
            source="x",
            identifier="a",
            metadata_prefix="oai_dc",
            datestamp=datestamp,
            body=body,
            received_at=datetime.now(UTC),
        )
        page = Page(url="", records=(record,), token="t", list_size=None, bytes_received=0)
        counts = ledger.store_pages(run, state, [page])
    assert (counts.duplicates, counts.changed) == (1, 0)
    group = library.store.raw.of(library.store.sources.keys()["x"], "a")
    assert group is not None
    assert group.records[0].body == b"<record>new</record>"


def test_a_first_harvest_that_was_cut_short_begins_where_it_began(library: Library) -> None:
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in range(8)]
    records = [Item(f"oai:x:{day}-{number}", day.isoformat()) for day in days for number in range(3)]
    with ListRepository(records, granularity=_DAY, page_size=2) as repository:
        source = add_source(library, "x", repository.url, slice="day", first_days=2, lag_days=5)
        assert harvest(library, source, max_records=2).status == "incomplete"
        # Days go by: what "the last two days" means has moved on.
        library.store.sources.update(type(source).of({**source.values(), "lag_days": 1}))
        report = harvest(library, library.store.sources.get("x"))
        assert report.status == "complete"
        assert len({identifier[:16] for identifier in stored(library)}) == 6, "every day from the first one on"


def test_what_changes_while_a_list_is_fetched_is_asked_for_next_time(library: Library) -> None:
    source = add_source(library, "x", "http://127.0.0.1/oai", granularity="second")
    ledger = library.store.harvests
    run = ledger.begin(source, since=None, until=None)
    state = ledger.open_slice(run, source, "oai_dc", Window())

    def page(identifier: str, datestamp: str, answered: str) -> Page:
        record = RawRecord(
            source="x",
            identifier=identifier,
            metadata_prefix="oai_dc",
            datestamp=datestamp,
            received_at=datetime.now(UTC),
        )
        return Page(url="", records=(record,), token=None, list_size=None, bytes_received=0, response_date=answered)

    ledger.store_pages(run, state, [page("a", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z")])
    ledger.store_pages(run, state, [page("b", "2026-01-07T00:00:00Z", "2026-01-08T00:00:00Z")])
    ledger.close_slice(source, state, status="complete", moves_checkpoint=True)
    assert ledger.checkpoint(source, "oai_dc") == "2026-01-05T00:00:00Z"


def test_a_full_harvest_that_was_interrupted_goes_on_as_a_full_one(library: Library) -> None:
    with ListRepository(items(range(1, 8)), page_size=3) as repository:
        source = add_source(library, "x", repository.url)
        assert harvest(library, source).status == "complete"
        assert harvest(library, source, full=True, max_records=6).status == "incomplete"
        report = harvest(library, source)
        assert (report.status, report.received) == ("complete", 21)


def test_an_empty_answer_to_a_token_is_no_end_of_the_list(library: Library) -> None:
    with ListRepository(items(range(1, 8)), page_size=5, states_size=False) as repository:
        source = add_source(library, "x", repository.url)
        nothing = b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="noRecordsMatch"/></OAI-PMH>'
        repository.faults.add(lambda _request, response: replace(response, body=nothing), page=2, times=None)
        report = harvest(library, source)
        assert (report.status, report.received) == ("incomplete", 5)


@pytest.mark.parametrize("odd", ["2026-01-02 10:00:00", "2026-01-02T10:00:00+08:00", "yesterday", "9999-99-99"])
def test_an_odd_datestamp_neither_moves_the_checkpoint_nor_stops_the_next_harvest(library: Library, odd: str) -> None:
    with ListRepository(
        [Item("oai:x:1", "2026-01-01T00:00:00Z"), Item("oai:x:2", odd)], order="given", states_size=False
    ) as repository:
        source = add_source(library, "x", repository.url, granularity="second")
        assert harvest(library, source).status == "complete"
        assert library.store.harvests.checkpoint(source, "oai_dc") == "2026-01-01T00:00:00Z"
        assert harvest(library, source).status == "complete"


def test_a_limit_counts_what_this_run_received(library: Library) -> None:
    with ListRepository(items(range(1, 11)), page_size=5) as repository:
        source = add_source(library, "x", repository.url)
        assert [harvest(library, source, max_records=10).received for _ in range(3)] == [10, 20, 30]


def prefixed(_request: Request, response: Response) -> Response:
    """Send the page with a prefix on every OAI-PMH element, and with one bare ampersand in a title."""
    body = bytes(response.body)  # type: ignore[arg-type]
    body = body.replace(b"<OAI-PMH xmlns=", b"<o:OAI-PMH xmlns:o=").replace(b"</OAI-PMH>", b"</o:OAI-PMH>")
    names = b"ListRecords record header identifier datestamp metadata resumptionToken responseDate request setSpec"
    for name in names.split():
        body = body.replace(b"<" + name, b"<o:" + name).replace(b"</" + name, b"</o:" + name)
    return replace(response, body=body.replace(b"A title", b"A & title", 1))


def test_a_salvaged_page_with_prefixed_elements_keeps_records_and_token(library: Library) -> None:
    with ListRepository(items(range(1, 6)), page_size=5) as repository:
        source = add_source(library, "x", repository.url)
        repository.faults.add(prefixed, page=2, times=None)
        report = harvest(library, source)
        assert (report.status, report.received, report.quarantined) == ("complete", 15, 1)


def test_damaged_pieces_are_kept_once_and_resolved_when_the_record_is_mended(library: Library) -> None:
    with ListRepository(
        [Item("oai:x:1", "2026-01-01", title="One"), Item("oai:x:2", "2026-01-01", title="Two")]
    ) as repository:
        source = add_source(library, "x", repository.url)
        repository.faults.add(faults.with_bytes(b"Two", b"T & o"), page=1, times=None)
        for _ in range(3):
            harvest(library, source)
        assert [row["identifier"] for row in library.store.quarantine.list()] == ["oai:x:2"]
        repository.faults.clear()
        harvest(library, source)
        assert library.store.quarantine.list() == []


def test_an_unreadable_page_is_kept_until_its_list_comes_through(library: Library) -> None:
    with ListRepository(items(range(1, 6)), page_size=5) as repository:
        source = add_source(library, "x", repository.url)
        repository.faults.add(faults.cut(), page=2, times=None)
        repository.faults.add(faults.html, verb="Identify", times=None)
        assert harvest(library, source).status == "incomplete"
        (row,) = library.store.quarantine.list()
        assert "not well-formed" in row["reason"]
        repository.faults.clear()
        assert harvest(library, source).status == "complete"
        assert library.store.quarantine.list() == []


def test_counts_add_up(library: Library) -> None:
    counts = Counts(received=3, new=1, changed=1, duplicates=1)
    counts.add(Counts(received=2, unchanged=2))
    assert (counts.received, counts.distinct) == (5, 4)


def test_an_unfinished_month_goes_on_the_day_after_and_brings_what_came_meanwhile(library: Library) -> None:
    today = datetime.now(UTC).date()
    first = today.replace(day=1) - timedelta(days=1)  # the month before, so that there are some days of it
    days = [first - timedelta(days=back) for back in range(3)]
    records = [Item(f"oai:x:{day}-{number}", day.isoformat()) for day in days for number in range(4)]
    with ListRepository(records, granularity=_DAY, page_size=2) as repository:
        lag = (today - first).days
        source = add_source(library, "x", repository.url, slice="month", first_days=3, lag_days=lag + 1)
        assert harvest(library, source, max_records=4).status == "incomplete"
        # A day goes by: the month's window ends a day later.
        library.store.sources.update(type(source).of({**source.values(), "lag_days": lag}))
        repository.requests.clear()
        report = harvest(library, library.store.sources.get("x"))
        assert (report.status, report.resumed) == ("complete", True)
        assert len(stored(library)) == 12
        assert "resumptionToken" in dict(repository.requests[0].arguments), "it went on; it did not begin anew"


def test_slices_without_first_days_begin_with_the_first_datestamp_that_the_repository_states(library: Library) -> None:
    lag = (datetime.now(UTC).date() - datetime(2026, 3, 31, tzinfo=UTC).date()).days
    with ListRepository(items(range(10, 14)), granularity=_DAY) as repository:
        source = add_source(library, "x", repository.url, slice="month", lag_days=lag)
        seen = library.preview(source, HarvestRequest(), pace=Pace())
        assert [one.since for _, one in seen.lists] == ["2026-01-10", "2026-02-01", "2026-03-01"]
        assert (harvest(library, source).status, len(stored(library))) == ("complete", 12)
        repository.requests.clear()
        assert harvest(library, source).status == "complete"
        assert repository.verbs == ["ListRecords"] * 3, "the checkpoint needs no Identify"
        assert harvest(library, source, full=True).received == 12
