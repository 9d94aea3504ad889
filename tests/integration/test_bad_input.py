"""What broken servers and tired people send: a clear error or a quarantine row with the remedy, and nothing is lost."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harvesters.checkpoints import RunReport
from indexer.errors import StoreBusyError, StoreDamagedError
from indexer.storage.store import FILE_NAME
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults

_DC = '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">{}</oai_dc:dc>'


def fill(repository: ListRepository, count: int = 30) -> None:
    repository.put(
        *(
            Item(identifier=f"oai:x:{number:03d}", datestamp="2026-01-01", title=f"Study {number}")
            for number in range(count)
        )
    )


def stored(library: Library) -> int:
    return sum(
        1 for number in range(200) if library.store.raw.of(library.store.sources.keys()["x"], f"oai:x:{number:03d}")
    )


def run(library: Library, repository: ListRepository, **settings: int) -> RunReport:
    known = {source.id: source for source in library.store.sources.all()}
    return harvest(
        library, known["x"] if "x" in known else add_source(library, "x", repository.url, "oai_dc", **settings)
    )


def test_an_unreachable_host_fails_with_its_address_and_the_remedy(embedded: Library) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    report = harvest(embedded, add_source(embedded, "x", f"http://127.0.0.1:{port}/oai"))
    assert report.status == "failed"
    assert f"127.0.0.1:{port}" in (report.error or "")
    assert "Check the network" in (report.error or "")


@pytest.mark.parametrize(
    ("fault", "said"), [(faults.html, "HTML page"), (faults.empty, "is empty"), (faults.cut(), "not well-formed")]
)
def test_an_answer_that_is_no_page_keeps_what_was_stored_and_is_mended_next_time(
    embedded: Library, list_repository: ListRepository, fault: faults.Fault, said: str
) -> None:
    fill(list_repository)
    list_repository.faults.add(fault, page=2, times=None)
    list_repository.faults.add(fault, verb="Identify", times=None)  # the server is out of order
    report = run(embedded, list_repository)
    assert (report.status, report.received) == ("incomplete", 10)
    assert said in (report.error or "")
    assert report.error_url is not None
    assert stored(embedded) == 10

    list_repository.faults.clear()
    again = run(embedded, list_repository)
    assert (again.status, again.resumed, again.received, again.expected) == ("complete", True, 30, 30)
    assert stored(embedded) == 30


def test_a_list_shorter_than_it_says_is_not_called_complete(embedded: Library) -> None:
    with ListRepository(states_size=2_280_000) as repository:
        fill(repository)
        report = run(embedded, repository)
        assert (report.status, report.expected, report.received) == ("incomplete", 2_280_000, 30)
        assert "30 of 2,280,000" in (report.error or "")
        assert embedded.store.harvests.checkpoint(embedded.store.sources.get("x"), "oai_dc") is None


def test_a_dead_token_restarts_the_list_at_the_next_harvest(embedded: Library, list_repository: ListRepository) -> None:
    fill(list_repository)
    list_repository.faults.add(faults.token_becomes("dead"), page=1, times=1)
    first = run(embedded, list_repository)
    assert (first.status, first.received) == ("incomplete", 10)
    assert "badResumptionToken" in (first.error or "")
    again = run(embedded, list_repository)
    assert (again.status, again.received, again.unchanged, again.new) == ("complete", 30, 10, 20)


def test_an_answer_over_the_limit_is_refused_and_not_held(embedded: Library, list_repository: ListRepository) -> None:
    fill(list_repository)
    list_repository.faults.add(faults.huge(None), page=2, times=None)
    list_repository.faults.add(faults.html, verb="Identify", times=None)
    report = run(embedded, list_repository, max_page_bytes=5_000_000)
    assert (report.status, report.received) == ("incomplete", 10)
    assert "max_page_bytes" in (report.error or "")


def test_unusable_records_are_quarantined_with_reason_and_remedy_and_the_rest_is_found(
    embedded: Library, list_repository: ListRepository
) -> None:
    list_repository.put(
        Item("oai:x:001", "2026-01-01", title="A good study"),
        Item("oai:x:002", "2026-01-01", metadata=_DC.format("<dc:creator>Nobody</dc:creator>")),
        Item(
            "oai:x:003",
            "2026-01-01",
            metadata=_DC.format(f"<dc:title>Huge</dc:title><dc:description>{'word ' * 8_000_000}</dc:description>"),
        ),
        Item(
            "oai:x:004",
            "2026-01-01",
            metadata=_DC.format(
                "<dc:title>Spaces in the DOI</dc:title><dc:identifier>doi: 10.5555/ab c.1</dc:identifier>"
            ),
        ),
        Item("oai:x:005", "2026-01-01", metadata="<nonsense xmlns='http://example.org/none'><a/></nonsense>"),
    )
    report = run(embedded, list_repository)
    assert (report.status, report.received) == ("complete", 5)
    joined, _ = embedded.bring_up_to_date()
    assert joined.quarantined == 3
    rows = {row["identifier"]: row for row in embedded.store.quarantine.list()}
    assert set(rows) == {"oai:x:002", "oai:x:003", "oai:x:005"}
    assert all(row["reason"] and row["remedy"] for row in rows.values())
    assert "title" in rows["oai:x:002"]["reason"]
    works = {work.data["title"]["value"]: work for page in embedded.store.catalogue.pages() for work in page}
    assert set(works) == {"A good study", "Spaces in the DOI"}
    identifiers = [one["value"] for one in works["Spaces in the DOI"].data["identifiers"] if one["scheme"] == "doi"]
    assert identifiers in ([], ["10.5555/abc.1"])

    list_repository.put(Item("oai:x:002", "2026-01-02", title="Now it has a title"))
    run(embedded, list_repository)
    embedded.bring_up_to_date()
    assert "oai:x:002" not in {row["identifier"] for row in embedded.store.quarantine.list()}


def test_a_bad_record_in_a_whole_page_is_quarantined_alone(embedded: Library, list_repository: ListRepository) -> None:
    fill(list_repository, 10)
    list_repository.faults.add(faults.with_bytes(b"Study 4<", b"Study &nosuch; 4<"), page=1, times=None)
    report = run(embedded, list_repository)
    assert (report.status, report.received, report.new, report.quarantined) == ("complete", 10, 9, 1)
    row = embedded.store.quarantine.list()[0]
    assert row["identifier"] == "oai:x:004"
    assert "not well-formed" in row["reason"]


def test_requests_to_a_host_keep_their_distance(embedded: Library, list_repository: ListRepository) -> None:
    fill(list_repository)
    source = add_source(embedded, "x", list_repository.url, pace_seconds=0.2)
    assert harvest(embedded, source).status == "complete"
    times = [request.received_at for request in list_repository.requests]
    assert len(times) == 3
    # What arrives may arrive late, never early: so the whole span is what can be told.
    assert (times[-1] - times[0]).total_seconds() >= 0.35


def test_two_processes_never_harvest_one_source_at_once(embedded: Library, list_repository: ListRepository) -> None:
    source = add_source(embedded, "x", list_repository.url)
    with embedded.store.database.lock("harvest:x"), pytest.raises(StoreBusyError, match="Wait until it is done"):
        harvest(embedded, source)


@pytest.mark.parametrize(
    "content",
    [b"", b"SQLite format 3\x00" + b"\x00" * 4000, b"not a database at all" * 500],
    ids=["empty", "torn", "other"],
)
def test_a_damaged_store_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    if not content:  # an empty file is what SQLite itself begins with
        with open_library(Settings(data_dir=tmp_path), sources=[]) as library:
            assert library.store.database.check() == []
        return
    with (
        pytest.raises(StoreDamagedError, match="restore the last backup"),
        open_library(Settings(data_dir=tmp_path), sources=[]),
    ):
        pass
    assert path.read_bytes() == content
