"""DOAJ beside OAI-PMH, end to end: its API, its dump and its journal CSV; stored, joined, found, gone on with."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import select

from harvesters.sources.definition import Source
from indexer.storage import schema
from search_api.app import make_app
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository.doaj_api import DoajApiServer, article


def add_file(library: Library, name: str, kind: str, path: Path, **values: object) -> Source:
    """Add a file or folder as a source."""
    source = Source.of({"id": name, "name": name, "kind": kind, "endpoint": str(path), **values})
    library.store.sources.add(source)
    return source


def found(library: Library, query: str) -> list[str]:
    """Return the titles of what a search finds, on the page's own API."""
    with TestClient(make_app(library)) as client:
        answer = client.get("/v1/works", params={"q": query, "limit": 50})
    assert answer.status_code == 200
    return [row["title"] for row in answer.json()["results"]]


def quarantined(library: Library) -> list[str]:
    """Return the reasons of what was set aside."""
    table = schema.quarantine.c
    with library.store.database.read() as connection:
        return [str(one) for one in connection.scalars(select(table.reason).order_by(table.key))]


def recorded_dump(folder: Path, path: Path, *, broken: bool = False) -> int:
    """Make a dump of two batches of the recorded articles; return how many there are."""
    lines = [line for line in (folder / "doaj" / "span_doaj.ldj").read_bytes().splitlines() if line.strip()]
    others = json.loads((folder / "doaj" / "jaod_article_search_params_01.json").read_bytes())["results"]
    batches = [lines, [json.dumps(one).encode() for one in others]]
    if broken:
        batches[1].insert(3, b'{"id": "broken", "bibjson": {"title": "No end"')
    with tarfile.open(path, "w:gz") as archive:
        for number, batch in enumerate(batches, start=1):
            body = b"[" + b",\n".join(batch) + b"]"
            info = tarfile.TarInfo(f"doaj_article_data/article_batch_{number}.json")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return sum(map(len, batches))


def test_the_dump_is_stored_found_and_unchanged_at_the_second_harvest(
    library: Library, recorded: Path, tmp_path: Path
) -> None:
    count = recorded_dump(recorded, tmp_path / "dump.tar.gz")
    source = add_file(library, "doaj-dump", "doaj-dump", tmp_path / "dump.tar.gz")
    first = harvest(library, source)
    assert (first.status, first.received, first.new, first.quarantined) == ("complete", count, count, 0)
    library.bring_up_to_date()
    assert any("VITAMINA B12" in title.upper() for title in found(library, "vitamina B12 idoso"))
    again = harvest(library, source)
    assert (again.status, again.new, again.changed, again.unchanged) == ("complete", 0, 0, count)


def test_a_broken_article_of_the_dump_is_named_and_the_others_are_here(
    embedded: Library, recorded: Path, tmp_path: Path
) -> None:
    count = recorded_dump(recorded, tmp_path / "dump.tar.gz", broken=True)
    source = add_file(embedded, "doaj-dump", "doaj-dump", tmp_path / "dump.tar.gz")
    report = harvest(embedded, source)
    assert (report.received, report.new, report.quarantined) == (count, count - 1, 1)
    (reason,) = quarantined(embedded)
    assert "article_batch_2.json: object 4" in reason


def test_the_dump_goes_on_after_a_limit(embedded: Library, tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(b"\n".join(article(number) for number in range(1200)))
    source = add_file(embedded, "doaj-dump", "doaj-dump", path)
    first = harvest(embedded, source, max_records=500)
    assert (first.status, first.new) == ("incomplete", 500)
    second = harvest(embedded, source)
    assert (second.status, second.resumed, second.received) == ("complete", True, 1200)
    assert len(set(_identifiers(embedded))) == 1200


def _identifiers(library: Library) -> list[str]:
    with library.store.database.read() as connection:
        return list(connection.scalars(select(schema.raw_records.c.identifier)))


def test_what_the_api_finds_is_stored_and_found(library: Library) -> None:
    with DoajApiServer({"lakes": [article(number) for number in range(130)]}) as server:
        source = add_source(library, "doaj-api", server.url, kind="doaj-api", queries=["lakes"])
        first = harvest(library, source)
        assert (first.status, first.expected, first.received, first.new) == ("complete", 130, 130, 130)
        library.bring_up_to_date()
        assert "The 7th study of lakes" in found(library, "7th study lakes")
        again = harvest(library, source)
        assert (again.status, again.new, again.changed, again.unchanged) == ("complete", 0, 0, 130)
        server.found["lakes"].append(article(500, changed="2026-10-09T00:00:00Z", title="A new lake"))
        third = harvest(library, source)
        assert (third.status, third.new) == ("complete", 1)
        fourth = harvest(library, source)
        assert (fourth.status, fourth.received) == ("complete", 1), "only what is not older than the last change"


def test_the_apis_first_thousand_is_incomplete_with_the_remedy(embedded: Library) -> None:
    with DoajApiServer({"lakes": [article(number) for number in range(1000)]}, total=22_345) as server:
        source = add_source(embedded, "doaj-api", server.url, kind="doaj-api", queries=["lakes"])
        for _ in range(2):
            report = harvest(embedded, source)
            assert (report.status, report.expected, report.received) == ("incomplete", 22_345, 1000)
            assert "22,345" in (report.error or "")
            assert "OAI-PMH" in (report.error or "")


def test_the_api_goes_on_after_a_limit(embedded: Library) -> None:
    with DoajApiServer({"lakes": [article(number) for number in range(450)]}) as server:
        source = add_source(embedded, "doaj-api", server.url, kind="doaj-api", queries=["lakes"])
        assert harvest(embedded, source, max_requests=2).status == "incomplete"
        report = harvest(embedded, source)
        assert (report.status, report.resumed, report.received) == ("complete", True, 450)
        assert server.asked("page") == ["1", "2", "3", "4", "5"]


def test_dump_and_api_and_oai_know_an_article_by_one_identifier(embedded: Library, tmp_path: Path) -> None:
    (tmp_path / "articles.jsonl").write_bytes(article(7))
    with DoajApiServer({"lakes": [article(7)]}) as server:
        harvest(embedded, add_source(embedded, "doaj-api", server.url, kind="doaj-api", queries=["lakes"]))
    harvest(embedded, add_file(embedded, "doaj-dump", "doaj-dump", tmp_path / "articles.jsonl"))
    assert _identifiers(embedded) == [f"oai:doaj.org/article:{7:032x}"] * 2
    embedded.bring_up_to_date()
    assert embedded.store.catalogue.counts()["works"] == 1


def test_the_journal_csv_is_stored_row_by_row(embedded: Library, recorded: Path) -> None:
    source = add_file(embedded, "doaj-csv", "doaj-journals", recorded / "doaj" / "journals_csv_8_columns.csv")
    report = harvest(embedded, source)
    assert (report.status, report.received, report.new, report.quarantined) == ("complete", 5000, 5000, 0)
    again = harvest(embedded, source)
    assert (again.status, again.unchanged) == ("complete", 5000)
