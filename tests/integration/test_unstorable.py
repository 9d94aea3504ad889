"""One record that a database cannot hold: named in quarantine on both databases alike, and it blocks nobody."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from harvesters.records import Page, RawRecord, Window
from indexer.storage.counting import count_sources
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository
from tests.repository.doaj_api import article


def refused(library: Library) -> list[str]:
    return [row["reason"] for row in library.store.quarantine.list()]


def test_an_identifier_of_thousands_of_characters_blocks_no_other(library: Library) -> None:
    # Digests, for PostgreSQL compresses what repeats itself.
    name = "oai:x:" + "".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(100))[:6_000]
    with ListRepository([Item(f"oai:x:{n:03d}", "2026-01-01", title=f"Study {n}") for n in range(20)]) as repository:
        repository.put(Item(name, "2026-01-01", title="A study with a long name"))
        source = add_source(library, "x", repository.url)
        for _ in range(2):  # the second time it is the same piece
            assert harvest(library, source, full=True).quarantined == 1
            assert len(refused(library)) == 1
    assert "6,006 bytes" in refused(library)[0]
    library.bring_up_to_date()
    assert library.store.catalogue.counts()["works"] == 20


def test_records_with_impossible_names_are_told_apart_and_block_no_other(library: Library) -> None:
    """Whatever a lister lets through is refused here, alike on both databases."""
    source = add_source(library, "x", "http://127.0.0.1:9/oai")
    ledger = library.store.harvests
    run = ledger.begin(source, since=None, until=None)
    records = tuple(
        RawRecord(
            source="x",
            identifier=name,
            metadata_prefix="oai_dc",
            datestamp=stamp,
            body=b"",
            deleted=True,
            received_at=datetime.now(UTC),
        )
        for name, stamp in (("a", "2026"), ("b\0c", "2026"), ("b\ud800c", "2026"), ("d", "2026\0"))
    )
    page = Page(url="http://127.0.0.1:9/oai?x=\0", records=records, token=None, list_size=None, bytes_received=1)
    ledger.store_pages(run, ledger.open_slice(run, source, "oai_dc", Window()), [page])
    assert [row["identifier"] for row in library.store.quarantine.list()] == ["d", None, None]
    assert all("characters that no text may have" in reason for reason in refused(library))
    assert count_sources(library.store.database)["x"].records == 1


def test_nul_in_what_a_record_says_is_stored_and_joined(library: Library, tmp_path: Path) -> None:
    said = json.loads(article(1))
    bibliography = said["bibjson"]
    for name in ("title", "abstract"):
        bibliography[name] = "A study\0 of many lakes and rivers"
    bibliography["journal"] = {"title": "Lakes\0 and rivers", "publisher": "A\0 press"}
    bibliography["identifier"] = [
        {"type": "doi", "id": "10.5555/a\0b"},
        {"type": "doi", "id": "10.5555/" + "期" * 1_500},
    ]
    (tmp_path / "dump.json").write_text(json.dumps([said, json.loads(article(2))]), encoding="utf-8")
    harvest(library, add_source(library, "x", str(tmp_path / "dump.json"), kind="doaj-dump"))
    joined, _ = library.bring_up_to_date()
    assert joined.quarantined == 0
    assert library.store.catalogue.counts()["works"] == 2
