"""The index thread outlives whatever is wrong with store and index, also while it mends."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import IndexDamagedError, StoreError
from indexer.storage.search_index import SearchIndex
from indexer.storage.store import RecordStore
from search_api.library import Library
from search_api.settings import Settings
from search_api.up import Service


class AilingLibrary(Library):
    """The index is damaged, and the store goes away while that is mended; then all is well."""

    def __init__(self, settings: Settings, store: RecordStore) -> None:
        super().__init__(settings, store)
        self.is_well = threading.Event()
        self.rounds = 0

    @property
    def index(self) -> SearchIndex:
        raise StoreError("The database is away.", remedy="Wait.")

    def bring_up_to_date(self, *arguments: Any, **options: Any) -> Any:
        self.rounds += 1
        if self.rounds == 1:
            raise IndexDamagedError("The index is damaged.", remedy="Rebuild it.")
        self.is_well.set()
        return super().bring_up_to_date(*arguments, **options)


@pytest.fixture
def ailing(tmp_path: Path) -> AilingLibrary:
    settings = Settings(data_dir=tmp_path / "data")
    return AilingLibrary(settings, RecordStore.embedded(settings.data_dir))


def test_a_store_that_goes_away_while_the_index_is_mended_ends_no_indexing(ailing: AilingLibrary) -> None:
    service = Service(ailing, is_demo=False)
    service._indexing.start()
    try:
        assert ailing.is_well.wait(20)
    finally:
        service._stop.set()
        service._indexing.join(30)
        ailing.close_index()
        ailing.store.close()
