"""The thesaurus while many search: making a new state ready may take seconds, and is done once, delaying nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import indexer.storage.thesaurus
from indexer.search.thesaurus import Term, Thesaurus
from indexer.storage.said import Signed
from indexer.storage.store import RecordStore
from indexer.storage.thesaurus import make_entry

BY = Signed(who="Li Ming", note="Our readers' words.")
ENTRY = make_entry("synonym", [Term(text="library"), Term(text="biblioteca")])
PATIENCE = 20.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    store = RecordStore.embedded(tmp_path)
    yield store
    store.close()


class Slow(Thesaurus):
    """Takes as long as a test wants."""

    began = threading.Event()
    may_end = threading.Event()
    made = 0

    def __init__(self, *given: Any, **named: Any) -> None:
        type(self).made += 1
        self.began.set()
        self.may_end.wait(PATIENCE)
        super().__init__(*given, **named)


def test_a_new_state_is_made_by_one_thread_while_others_search_by_the_old_one(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.thesaurus.current(builtin=False)
    store.thesaurus.add(ENTRY, BY)
    monkeypatch.setattr(indexer.storage.thesaurus, "Thesaurus", Slow)
    first = threading.Thread(target=store.thesaurus.current, kwargs={"builtin": False})
    first.start()
    try:
        assert Slow.began.wait(PATIENCE)
        assert store.thesaurus.current(builtin=False) is before
    finally:
        Slow.may_end.set()
        first.join(PATIENCE)
    assert Slow.made == 1
    after = store.thesaurus.current(builtin=False)
    assert (after.version, len(after)) == ("1.0", 2)
