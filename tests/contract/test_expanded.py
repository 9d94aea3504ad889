"""Works with the words as typed stand before those that only a thesaurus brings, whichever engine answers."""

from __future__ import annotations

import pytest

from indexer.search.compile import UsedMatch, compile_query
from indexer.search.query import Query, View
from indexer.search.thesaurus import Entry, Term, Thesaurus
from indexer.storage.search_index import SearchIndex
from tests.contract.corpus import fill, make_document

SOME = Thesaurus([Entry(kind="translation", terms=(Term(text="deep sea"), Term(text="rare", language="en")))])


@pytest.mark.parametrize("match", ["all", "most", "any"])
def test_typed_works_stand_first(index: SearchIndex, match: UsedMatch) -> None:
    fill(
        index,
        [
            make_document(1, "rare"),
            make_document(2, "deep sea " + "x " * 60),
            make_document(3, "rare rare deep sea " + "x " * 90),
            *(make_document(key, "deep sea") for key in range(4, 12)),
        ],
    )
    hits = index.search(compile_query(Query(text="deep sea"), match, SOME), View(limit=50)).hits
    plain = index.search(compile_query(Query(text="deep sea"), match), View(limit=50)).hits
    assert [hit.key for hit in hits] == [*(hit.key for hit in plain), 1]
