"""Deletions that a repository never told, records that never arrived, and files that lose rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.demo.loopback import Request as HttpRequest
from harvesters.demo.loopback import Response
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults


def fill(repository: ListRepository, count: int = 60) -> None:
    repository.put(*(Item(f"oai:x:{number:03d}", "2026-01-01", title=f"Study {number}") for number in range(count)))


def live(library: Library) -> set[str]:
    key = library.store.sources.keys()["x"]
    groups = (library.store.raw.of(key, f"oai:x:{number:03d}") for number in range(200))
    return {group.identifier for group in groups if group and not all(one.deleted for one in group.records)}


def reconcile(library: Library, source: Source, *, confirm_deletions: bool = False) -> tuple[str, int, str]:
    report = library.reconcile(source, Request(confirm_deletions=confirm_deletions), pace=Pace())
    assert report.kind == "reconcile"
    return report.status, report.deleted, report.error or ""


def test_a_record_that_vanished_without_a_tombstone_is_deleted_and_leaves_the_search(library: Library) -> None:
    with ListRepository(deleted_record="no") as repository:
        fill(repository)
        source = add_source(library, "x", repository.url)
        assert harvest(library, source).status == "complete"
        library.bring_up_to_date()
        assert library.store.catalogue.counts()["works"] == 60
        repository.forget("oai:x:007")
        repository.forget("oai:x:031")
        assert reconcile(library, source) == ("complete", 2, "")
        library.bring_up_to_date()
        assert library.store.catalogue.counts()["works"] == 58
        assert live(library) == {f"oai:x:{number:03d}" for number in range(60)} - {"oai:x:007", "oai:x:031"}
        # its bytes stay, and should it come back as it was, it is a change
        repository.put(Item("oai:x:007", "2026-01-01", title="Study 7"))
        back = harvest(library, source)
        assert (back.changed, back.unchanged) == (1, 58)
        library.bring_up_to_date()
        assert library.store.catalogue.counts()["works"] == 59


def test_more_than_the_safety_share_is_not_deleted_unasked(library: Library) -> None:
    with ListRepository(deleted_record="no") as repository:
        fill(repository)
        source = add_source(library, "x", repository.url)
        harvest(library, source)
        for number in range(20):
            repository.forget(f"oai:x:{number:03d}")
        status, deleted, error = reconcile(library, source)
        assert (status, deleted) == ("incomplete", 0)
        assert "20 of 60 records are no longer listed" in error
        assert "kaijuan reconcile x --confirm-deletions" in error
        assert len(live(library)) == 60
        assert reconcile(library, source, confirm_deletions=True) == ("complete", 20, "")
        assert len(live(library)) == 40


def test_what_the_list_hides_but_the_repository_has_is_spared(library: Library) -> None:
    with ListRepository(deleted_record="no") as repository:
        fill(repository)
        source = add_source(library, "x", repository.url)
        harvest(library, source)
        hidden = faults.with_bytes(
            b"<header><identifier>oai:x:005</identifier><datestamp>2026-01-01</datestamp></header>", b""
        )
        repository.faults.add(hidden, verb="ListIdentifiers", times=None)
        repository.states_size = False
        repository.forget("oai:x:009")
        assert reconcile(library, source) == ("complete", 1, "")
        assert "oai:x:005" in live(library)
        assert "oai:x:009" not in live(library)


def test_a_record_that_never_arrived_is_fetched(library: Library) -> None:
    with ListRepository(prefixes=("oai_dc", "oai_dc_full")) as repository:
        fill(repository, 30)
        repository.states_size = False
        repository.faults.add(faults.token_becomes(None), page=2)  # a silent partial harvest that nobody could notice
        source = add_source(library, "x", repository.url, metadata_prefixes=["oai_dc"])
        assert harvest(library, source).received == 20
        report = library.reconcile(source, Request(), pace=Pace())
        assert (report.status, report.new, report.deleted) == ("complete", 10, 0)
        assert len(live(library)) == 30


def test_a_list_of_identifiers_that_came_short_deletes_nothing(library: Library) -> None:
    with ListRepository(deleted_record="no") as repository:
        fill(repository)
        source = add_source(library, "x", repository.url)
        harvest(library, source)

        def cut_short(request: HttpRequest, response: Response) -> Response:
            is_second = request.argument("resumptionToken") is not None
            return faults.token_becomes(None)(request, response) if is_second else response

        repository.faults.add(cut_short, verb="ListIdentifiers", times=None)
        status, deleted, error = reconcile(library, source)
        assert (status, deleted) == ("incomplete", 0)
        assert "nothing was deleted" in error
        assert len(live(library)) == 60


def test_tombstones_in_the_list_of_identifiers_delete(library: Library) -> None:
    with ListRepository() as repository:
        fill(repository)
        source = add_source(library, "x", repository.url)
        harvest(library, source)
        repository.delete("oai:x:002", "2020-01-01")  # an old datestamp: no harvest from the checkpoint would see it
        assert harvest(library, source, since="2026-01-01").deleted == 0
        assert reconcile(library, source) == ("complete", 1, "")
        assert "oai:x:002" not in live(library)


def test_an_interrupted_reconcile_goes_on_and_a_half_done_harvest_comes_first(library: Library) -> None:
    with ListRepository(deleted_record="no", page_size=10) as repository:
        fill(repository)
        source = add_source(library, "x", repository.url)
        assert harvest(library, source, max_records=20).status == "incomplete"
        status, _, error = reconcile(library, source)
        assert status == "failed"
        assert "Finish it first" in error
        harvest(library, source)
        repository.forget("oai:x:050")
        first = library.reconcile(source, Request(max_records=30), pace=Pace())
        assert (first.status, first.deleted) == ("incomplete", 0)
        asked = repository.verbs.count("ListIdentifiers")
        again = library.reconcile(source, Request(), pace=Pace())
        assert (again.status, again.deleted, again.resumed) == ("complete", 1, True)
        assert repository.verbs.count("ListIdentifiers") - asked == 3


@pytest.mark.parametrize("confirmed", [False, True])
def test_rows_that_left_a_file_are_deleted_but_never_most_of_it_unasked(
    library: Library, tmp_path: Path, *, confirmed: bool
) -> None:
    file = tmp_path / "theses.csv"
    rows = [f"{number},Thesis number {number}" for number in range(40)]
    file.write_text("\n".join(["id,title", *rows]), encoding="utf-8")
    source = Source.of({"id": "theses", "name": "Theses", "kind": "csv", "endpoint": str(file)})
    library.store.sources.add(source)
    assert harvest(library, source).status == "complete"
    file.write_text("\n".join(["id,title", *rows[3:]]), encoding="utf-8")
    gone = harvest(library, source)
    assert (gone.status, gone.deleted, gone.unchanged) == ("complete", 3, 37)
    file.write_text("\n".join(["id,title", *rows[30:]]), encoding="utf-8")  # the wrong file
    wrong = harvest(library, source, confirm_deletions=confirmed)
    assert (wrong.status, wrong.deleted) == (("complete", 27) if confirmed else ("incomplete", 0))
    if not confirmed:
        assert "kaijuan harvest theses --confirm-deletions" in (wrong.error or "")


def test_a_row_that_broke_does_not_delete_the_record_it_was(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "theses.csv"
    rows = [f"{number},Thesis number {number}" for number in range(10)]
    file.write_text("\n".join(["id,title", *rows]), encoding="utf-8")
    source = Source.of({"id": "theses", "name": "Theses", "kind": "csv", "endpoint": str(file)})
    library.store.sources.add(source)
    harvest(library, source)
    file.write_text("\n".join(["id,title", "0,Thesis,number,0", *rows[1:]]), encoding="utf-8")
    broken = harvest(library, source)
    assert (broken.status, broken.quarantined, broken.deleted) == ("incomplete", 1, 0)
    assert "nothing was deleted" in (broken.error or "")
    key = library.store.sources.keys()["theses"]
    group = library.store.raw.of(key, "0")
    assert group is not None
    assert not group.records[0].deleted
    file.write_text("\n".join(["id,title", *rows]), encoding="utf-8")
    assert harvest(library, source).status == "complete"
    assert library.store.quarantine.list() == []
