"""Made-up corpora and queries: every engine answers what the reference answers, also after works changed and went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.search.document import Document
from indexer.search.query import (
    AllOf,
    AtLeast,
    Clause,
    Exact,
    Flat,
    Keys,
    Sort,
    TextField,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    Tokens,
    View,
    Weighted,
    Without,
    Years,
)
from indexer.storage.memory import MemoryIndex
from indexer.storage.search_index import SearchIndex
from indexer.storage.tantivy import TantivyIndex
from tests.contract.conftest import ON_DEMAND, SERVERS, address_of, opening_elastic
from tests.contract.corpus import make_document, walk_pages

WORDS = ["a", "b", "ab", "abc", "图书", "图书馆", "𠮷", "c++"]
FACETS = ("source", "year", "lang")
TOLERANCE = 1e-3

words = st.sampled_from(WORDS)
fields: st.SearchStrategy[TextField] = st.sampled_from(["all", "title", "author"])
texts = st.lists(st.lists(words, min_size=1, max_size=12).map(" ".join), max_size=3)
values = st.sampled_from(["x", "y", "z z", "中"])


@st.composite
def corpora(draw: st.DrawFn, version: int = 1) -> list[Document]:
    keys = draw(st.lists(st.integers(0, 60), unique=True, max_size=25))
    return [
        make_document(
            key,
            draw(texts),
            version=version,
            title=draw(texts),
            author=draw(texts),
            source=draw(st.lists(values, max_size=2)),
            lang=draw(values),
            year=draw(st.sampled_from([None, 2019, 2020, 2021])),
            published=draw(st.sampled_from([0, 20190000, 20200101, 20210630])),
            first_indexed=draw(st.integers(0, 3)),
            title_order=draw(st.sampled_from(["", "a", "effects of early a", "effects of early b", "中"])),
        )
        for key in keys
    ]


phrases = st.builds(
    TokenPhrase,
    field=fields,
    alternatives=st.lists(st.lists(words, min_size=1, max_size=4, unique=True).map(tuple), max_size=2).map(tuple),
    slop=st.integers(0, 4),
) | st.builds(
    TokenPhrase, field=fields, alternatives=st.lists(words, min_size=2, max_size=4).map(lambda row: (tuple(row),))
)
leaves: st.SearchStrategy[Clause] = st.one_of(
    st.builds(Tokens, field=fields, alternatives=st.lists(words, max_size=3, unique=True).map(tuple)),
    phrases,
    st.builds(TokenPrefix, field=fields, prefix=st.sampled_from(["a", "ab", "图", "c+", "q"])),
    st.builds(Exact, field=st.sampled_from(["source", "lang"]), values=st.lists(values, max_size=2).map(tuple)),
    st.builds(Years, since=st.sampled_from([None, 2020]), until=st.sampled_from([None, 2020])),
    st.builds(Keys, keys=st.lists(st.integers(0, 60), max_size=5).map(tuple)),
)


def combine(inner: st.SearchStrategy[Clause]) -> st.SearchStrategy[Clause]:
    several = st.lists(inner, max_size=4).map(tuple)
    return st.one_of(
        st.builds(AllOf, clauses=several),
        st.builds(AtLeast, count=st.integers(0, 4), clauses=several),
        st.builds(Without, clause=st.none() | inner, excluded=inner),
        st.builds(Weighted, clause=inner, weight=st.sampled_from([0.3, 1.0, 2.0])),
        st.builds(Flat, clause=inner, score=st.sampled_from([0.5, 3.0])),
    )


clauses: st.SearchStrategy[Clause] = st.recursive(leaves, combine, max_leaves=6)
queries = st.builds(
    TokenQuery,
    matching=st.none() | clauses,
    boosts=st.lists(st.builds(Weighted, clause=leaves, weight=st.just(0.3)), max_size=2).map(tuple),
    filters=st.dictionaries(st.sampled_from(FACETS), leaves, max_size=2),
    restrictions=st.lists(leaves, max_size=1).map(tuple),
)
sorts: st.SearchStrategy[Sort] = st.sampled_from(
    ["relevance", "relevance", "newest", "oldest", "first_indexed", "title"]
)


@dataclass(frozen=True)
class Pair:
    """The reference and the engine to prove; refilled for each example."""

    reference: MemoryIndex
    proven: SearchIndex

    def refill(self, documents: list[Document]) -> None:
        half = len(documents) // 2
        for index in (self.reference, self.proven):
            with index.rebuild() as writer:
                for position, batch in enumerate((documents[:half], documents[half:])):
                    writer.upsert(batch)
                    writer.commit(position)

    def change(self, documents: list[Document], gone: list[int]) -> None:
        for index in (self.reference, self.proven):
            with index.writer() as writer:
                writer.upsert(documents)
                writer.delete(gone)
                writer.commit(2)


@pytest.fixture(
    scope="module",
    params=[
        "tantivy",
        *(
            pytest.param(one, marks=pytest.mark.cluster)
            for one in (("elasticsearch", 1), ("elasticsearch", 3), ("elasticsearch_8", 3))
        ),
    ],
    ids=str,
)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    index: SearchIndex
    if request.param == "tantivy":
        folder: Path = tmp_path_factory.mktemp("agreement")
        index = TantivyIndex.open(folder, heap_bytes=15_000_000)
        yield Pair(MemoryIndex(), index)
        index.close()
    else:
        name, shards = request.param
        with opening_elastic(address_of(SERVERS[name]), shards=shards) as open_elastic:
            yield Pair(MemoryIndex(), open_elastic())


made_up = settings(
    max_examples=int(ON_DEMAND or 40),
    derandomize=not ON_DEMAND,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


@made_up
@given(documents=corpora(), asked=st.lists(st.tuples(queries, sorts, st.integers(1, 12)), min_size=1, max_size=6))
def test_every_engine_answers_as_the_reference(
    pair: Pair, documents: list[Document], asked: list[tuple[TokenQuery, Sort, int]]
) -> None:
    pair.refill(documents)
    for query, sort, limit in asked:
        view = View(sort=sort, limit=limit, facets=FACETS)
        pages = walk_pages(pair.proven, query, view)
        hits = [hit for page in pages for hit in page.hits]
        (right,) = walk_pages(pair.reference, query, View(sort=sort, limit=200, facets=FACETS))
        assert {page.count for page in pages} == {right.count}
        assert all(page.facets == right.facets for page in pages)
        for prefix in ("", "z"):
            values = [index.values(query, "source", prefix=prefix, size=2) for index in (pair.reference, pair.proven)]
            assert values[0] == values[1]
        assert sorted(hit.key for hit in hits) == sorted(hit.key for hit in right.hits)
        scores = {hit.key: hit.score for hit in right.hits}
        assert [hit.score for hit in hits] == pytest.approx([scores[hit.key] for hit in hits], rel=TOLERANCE)
        in_order = [scores[hit.key] for hit in hits]
        assert all(later <= earlier * (1 + TOLERANCE) for earlier, later in pairwise(in_order))
        if sort != "relevance" or query.matching is None:
            assert [hit.key for hit in hits] == [hit.key for hit in right.hits]


@settings(made_up, max_examples=int(ON_DEMAND or 20))
@given(
    documents=corpora(),
    changed=corpora(version=2),
    gone=st.lists(st.integers(0, 60), max_size=8),
    asked=st.lists(st.tuples(queries, sorts), min_size=1, max_size=6),
)
def test_every_engine_answers_as_the_reference_after_changes(
    pair: Pair,
    documents: list[Document],
    changed: list[Document],
    gone: list[int],
    asked: list[tuple[TokenQuery, Sort]],
) -> None:
    """Scores are left out: engines count replaced works until they have cleaned up."""
    pair.refill(documents)
    pair.change(changed, gone)
    assert pair.proven.stats().documents == pair.reference.stats().documents
    for query, sort in asked:
        view = View(sort=sort, limit=9, facets=FACETS)
        pages = walk_pages(pair.proven, query, view)
        (right,) = walk_pages(pair.reference, query, View(sort=sort, limit=200, facets=FACETS))
        keys, right_keys = [hit.key for page in pages for hit in page.hits], [hit.key for hit in right.hits]
        assert sorted(keys) == sorted(right_keys)
        assert all((page.count, page.facets) == (right.count, right.facets) for page in pages)
        if sort != "relevance" or query.matching is None:
            assert keys == right_keys
        assert pair.proven.values(query, "lang") == pair.reference.values(query, "lang")
