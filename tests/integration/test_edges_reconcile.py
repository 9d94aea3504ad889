"""Comparisons and deletions between the lines: interrupted, with dead tokens, with sets, formats and enrichments."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import orjson
import pytest

from harvesters.sources.definition import Source
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.holdings import STAMP, held, in_old_sessions, live, numbered, put, reconcile, stored
from tests.repository import Item, ListRepository, faults
from tests.repository.faults import Fault


def test_a_record_seen_missing_before_an_interruption_is_fetched_after_it(library: Library) -> None:
    with ListRepository(numbered(60)) as repository:
        hidden = repository.items.pop("oai:x:0003")
        source = add_source(library, "x", repository.url)
        assert harvest(library, source).status == "complete"
        repository.put(hidden)
        assert reconcile(library, source, max_requests=2).status == "incomplete"
        assert reconcile(library, source).status == "complete"
        assert "oai:x:0003" in live(library)


@pytest.mark.parametrize("fault", [faults.status(400), faults.html, faults.status(500)], ids=["400", "html", "500"])
def test_a_comparison_whose_token_died_begins_anew(library: Library, fault: Fault) -> None:
    with ListRepository(numbered(60)) as repository:
        source = add_source(library, "x", repository.url)
        assert harvest(library, source).status == "complete"
        assert reconcile(library, source, max_requests=2).status == "incomplete"
        repository.faults.add(in_old_sessions(fault), verb="ListIdentifiers", times=None)
        assert [reconcile(library, source).status for _ in range(3)][-1] == "complete"


def test_a_harvest_between_an_interrupted_comparison_and_its_end_spoils_nothing(library: Library) -> None:
    with ListRepository(numbered(700), page_size=100) as repository:
        source = add_source(library, "x", repository.url)
        assert harvest(library, source).status == "complete"
        assert reconcile(library, source, max_requests=6).status == "incomplete"
        assert harvest(library, source).status == "complete"
        report = reconcile(library, source)
        assert (report.status, report.deleted) == ("complete", 0)
        assert len(live(library)) == 700


def test_a_record_that_slid_over_a_page_boundary_is_not_deleted(library: Library) -> None:
    with ListRepository(numbered(1400), page_size=100, deleted_record="no") as repository:
        source = add_source(library, "x", repository.url, attempts=1)
        assert harvest(library, source).status == "complete"
        for number in range(700):
            repository.forget(f"oai:x:{number:04d}")

        def shrink() -> None:
            repository.items.pop("oai:x:0703", None)

        repository.faults.add(faults.meanwhile(shrink), verb="ListIdentifiers")
        reconcile(library, source, confirm_deletions=True)
        assert set(repository.items) <= live(library)


def test_a_record_that_one_of_two_formats_lacks_is_fetched_in_it(library: Library) -> None:
    with ListRepository(numbered(20), prefixes=("oai_doaj", "oai_dc")) as repository:
        source = add_source(library, "x", repository.url, metadata_prefixes=["oai_doaj", "oai_dc"])
        hidden = repository.items.pop("oai:x:0005")
        harvest(library, dataclasses.replace(source, metadata_prefixes=("oai_doaj",)))
        repository.put(hidden)
        harvest(library, dataclasses.replace(source, metadata_prefixes=("oai_dc",)))
        assert ("oai:x:0005", "oai_doaj") not in held(library)
        assert reconcile(library, source).status == "complete"
        assert ("oai:x:0005", "oai_doaj") in held(library)


def test_a_set_of_a_source_that_names_everything_deletes_nothing_of_the_rest(library: Library) -> None:
    items = [dataclasses.replace(item, set_specs=("a",)) for item in numbered(96)]
    items += [Item(f"oai:x:b{number}", STAMP, set_specs=("b",)) for number in range(4)]
    with ListRepository(items) as repository:
        source = add_source(library, "x", repository.url, whole=True)
        assert harvest(library, source).status == "complete"
        report = harvest(library, source, set_spec="a")
        assert (report.status, report.received, report.deleted) == ("complete", 96, 0)
        assert len(live(library)) == 100


def test_two_formats_of_a_source_that_names_everything_do_not_delete_each_other(library: Library) -> None:
    with ListRepository(numbered(5), prefixes=("oai_doaj", "oai_dc")) as repository:
        source = add_source(library, "x", repository.url, metadata_prefixes=["oai_doaj", "oai_dc"], whole=True)
        report = harvest(library, source)
        assert (report.status, report.deleted) == ("complete", 0)
        assert sum(not row.deleted for row in held(library).values()) == 10


def test_a_deleted_record_is_no_work_whatever_another_service_still_says_of_it(library: Library) -> None:
    name = "oai:pubmedcentral.nih.gov:123456"
    front = (
        '<article><front><article-meta><article-id pub-id-type="pmcid">PMC123456</article-id>'
        "<title-group><article-title>A study of summaries</article-title></title-group>"
        "</article-meta></front></article>"
    )
    summary = {
        "uid": "123456",
        "title": "A study of summaries",
        "authors": [{"name": "Brook A", "authtype": "Author"}],
        "source": "Lakes",
        "pubdate": "2020 Jan",
        "articleids": [{"idtype": "pmcid", "value": "PMC123456"}, {"idtype": "doi", "value": "10.5555/x.1"}],
    }
    with ListRepository([Item(name, STAMP, metadata=front)], prefixes=("pmc_fm",)) as repository:
        source = add_source(library, "x", repository.url, prefix="pmc_fm")
        harvest(library, source)
        put(library, source, "pmc_esummary", stored(name, "pmc_esummary", orjson.dumps(summary)))
        library.bring_up_to_date()
        assert library.store.catalogue.counts()["works"] == 1
        repository.delete(name, "2026-01-02T00:00:00Z")
        assert harvest(library, source).deleted == 1
        library.bring_up_to_date()
        assert library.store.catalogue.counts()["works"] == 0
        assert library.store.quarantine.list() == []


def test_a_record_that_came_back_is_enriched_again(library: Library) -> None:
    with ListRepository(numbered(8), deleted_record="no") as repository:
        source = add_source(library, "x", repository.url)
        harvest(library, source)
        put(library, source, "pmc_idconv", stored("oai:x:0001", "pmc_idconv", b'{"pmcid":"PMC1"}'))
        library.bring_up_to_date()
        assert "oai:x:0001" not in library.store.wants("x", "pmc_idconv", after="", limit=10)
        gone = repository.items.pop("oai:x:0001")
        assert reconcile(library, source).deleted == 1
        repository.put(gone)
        assert harvest(library, source).changed == 1
        library.bring_up_to_date()
        assert "oai:x:0001" in library.store.wants("x", "pmc_idconv", after="", limit=10)


def test_a_file_read_to_its_end_does_not_delete_what_another_source_added_to_its_records(
    library: Library, tmp_path: Path
) -> None:
    names = [f"oai:pubmedcentral.nih.gov:{number}" for number in range(1, 6)]
    file = tmp_path / "theses.csv"
    rows = [f"{name},A study of {name},Ada Brook" for name in names]
    file.write_text("\n".join(["id,title,author", *rows]), encoding="utf-8")
    source = Source.of({"id": "x", "name": "x", "kind": "csv", "endpoint": str(file)})
    library.store.sources.add(source)
    assert harvest(library, source).status == "complete"
    enriching = add_source(library, "e", "http://127.0.0.1:9/", kind="pmc-idconv", enriches="x")
    answers = [stored(name, "pmc_idconv", b'{"pmcid":"PMC1"}') for name in names]
    put(library, enriching, "pmc_idconv", *answers)
    report = harvest(library, source)
    assert (report.status, report.deleted) == ("complete", 0)
    assert sum(not row.deleted for row in held(library).values()) == 10
