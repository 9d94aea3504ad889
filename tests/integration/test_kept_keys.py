"""A source's key that a repository echoes is in nothing that is kept of its records."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from indexer.storage import schema
from search_api.library import open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults

KEY = "AB+CD/EF=gh12"
ECHOES = {
    "processing instruction": (b"<OAI-PMH ", b"<?served api_key=%s?><OAI-PMH "),
    "root attribute": (b"<OAI-PMH ", b'<OAI-PMH served="api_key=%s" '),
    "list attribute": (b"<ListRecords>", b'<ListRecords served="%s">'),
    "record": (b"<dc:title>", b"<dc:identifier>https://x.example/1?api_key=%s</dc:identifier><dc:title>"),
}


@pytest.mark.parametrize("written", [b"AB+CD/EF=gh12", b"AB%2BCD%2FEF%3Dgh12"])
@pytest.mark.parametrize("spoilt", [False, True])
@pytest.mark.parametrize("place", ECHOES)
def test_a_key_that_a_page_echoes_is_not_kept(
    tmp_path: Path, list_repository: ListRepository, *, place: str, spoilt: bool, written: bytes
) -> None:
    """``spoilt`` pages are no XML: their records are saved one by one, on another way to the store."""
    list_repository.put(*(Item(f"oai:x:{number}", "2026-01-01", title=f"Study {number}") for number in range(30)))
    old, new = ECHOES[place]
    list_repository.faults.add(faults.with_bytes(old, new % written), verb="ListRecords", times=None)
    if spoilt:
        list_repository.faults.add(faults.with_bytes(b">Study 3<", b">Study <b 3<"), verb="ListRecords", times=None)
    with open_library(Settings(data_dir=tmp_path, source_keys={"x": SecretStr(KEY)}), sources=[]) as library:
        harvest(library, add_source(library, "x", list_repository.url, attempts=1))
        assert {request.argument("api_key") for request in list_repository.requests} == {KEY}
        source = library.store.sources.keys()["x"]
        with library.store.database.read() as connection:
            names = connection.scalars(select(schema.raw_records.c.identifier)).all()
        assert len(names) == 29 + (not spoilt)
        for name in names:
            group = library.store.raw.of(source, name)
            assert group is not None
            for record in group.records:
                assert b"AB" not in record.head + record.body
                assert b"..." in record.head + record.body
        for piece in library.store.quarantine.pieces(source, keys=None, limit=10):
            assert b"CD" not in library.store.quarantine.body(piece)
