"""What only a cluster can do wrong: late writers, aliases, refusals, silence."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from indexer.errors import IndexDamagedError, IndexVersionError, SearchIndexError
from indexer.search.analysis import ANALYZER_VERSION
from indexer.search.document import SCHEMA_VERSION
from indexer.search.query import TokenQuery, Tokens, View
from indexer.storage.elastic import ElasticIndex, connect
from indexer.storage.elastic_bulk import BulkSender
from indexer.storage.elastic_client import WRITING, Cluster
from tests.contract.conftest import OpenElastic
from tests.contract.corpus import EVERYTHING, fill, find, make_document
from tests.contract.elasticsearch_nodes import elasticsearch_url

__all__ = ["elasticsearch_url"]

pytestmark = pytest.mark.cluster
#: How the names of present indexes begin.
NOW = f"works-d{SCHEMA_VERSION}-a{ANALYZER_VERSION}-"
A = Tokens(field="all", alternatives=("a",))


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    client = connect(elasticsearch_url)
    yield client
    client.close()


def current_of(index: ElasticIndex) -> str:
    return index._generations.current().name


def prefix_of(index: ElasticIndex) -> str:
    return index._generations.alias.removesuffix("-works")


def test_a_late_writer_cannot_overwrite_a_newer_document(open_elastic: OpenElastic) -> None:
    early, late = open_elastic("-late"), open_elastic("-late")
    with late.writer() as stale:
        stale.upsert([make_document(1, "old", version=3)])
        fill(early, [make_document(1, "a", version=4)])
        stale.commit(2)
    assert find(early, A) == [1]


def test_a_late_delete_does_not_remove_what_came_after_its_look(
    open_elastic: OpenElastic, client: Elasticsearch
) -> None:
    index = open_elastic("-delete")
    fill(index, [make_document(1, "a", version=4)])
    operation = b'{"delete":{"_id":"1","version":3,"version_type":"external_gte"}}\n'
    BulkSender(Cluster(client, WRITING), f"{current_of(index)}-write").send([operation])
    fill(index)
    assert find(index, A) == [1]


def test_a_writer_overtaken_by_a_rebuild_is_told_and_makes_no_index(
    open_elastic: OpenElastic, client: Elasticsearch
) -> None:
    index, other = open_elastic("-overtaken"), open_elastic("-overtaken")
    with index.writer() as writer:
        old = current_of(index)
        with other.rebuild() as fresh:
            fresh.upsert([make_document(1, "a")])
            fresh.commit(1)
        writer.upsert([make_document(2, "a")])
        with pytest.raises(SearchIndexError, match="Run the same command again"):
            writer.commit(2)
    assert find(index, A) == [1]
    assert not client.indices.exists(index=old)


def test_two_processes_that_open_at_once_share_one_index(elasticsearch_url: str, open_elastic: OpenElastic) -> None:
    first = open_elastic("-race")
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: ElasticIndex.open(elasticsearch_url, f"{prefix_of(first)}-r"), range(4)))
    assert {current_of(index) for index in opened} == {f"{prefix_of(first)}-r-{NOW}19700101t000000"}
    for index in opened:
        index.close()


@pytest.mark.parametrize("name", ["works-d0-a1-20260101t000000", f"works-d{SCHEMA_VERSION}-a0-20260101t000000"])
def test_another_version_is_refused_also_after_opening(
    open_elastic: OpenElastic, client: Elasticsearch, elasticsearch_url: str, name: str
) -> None:
    index = open_elastic(f"-{name[6:14]}")
    fill(index, [make_document(1, "a")])
    prefix, old = prefix_of(index), current_of(index)
    other = f"{prefix}-{name}"
    client.indices.create(
        index=other, mappings={"properties": {"key": {"type": "long"}, "published": {"type": "long"}}}
    )
    client.index(index=other, id="1", document={"key": 1, "published": 0}, refresh=True)
    removed: list[dict[str, Any]] = [{"remove": {"index": old, "alias": "*"}}]
    client.indices.update_aliases(actions=[*removed, {"add": {"index": other, "alias": index._generations.alias}}])
    for ask in (
        lambda: index.search(EVERYTHING, View()),
        lambda: index.search(TokenQuery(matching=Tokens(field="all", alternatives=("nowhere",))), View()),
        lambda: index.values(EVERYTHING, "lang"),
        lambda: index.frequencies("all", ["a"]),
    ):
        with pytest.raises(IndexVersionError, match="kaijuan rebuild"):
            ask()
    with pytest.raises(IndexVersionError, match="kaijuan rebuild"):
        ElasticIndex.open(elasticsearch_url, prefix)
    repaired = ElasticIndex.open(elasticsearch_url, prefix, grace_seconds=0, for_rebuild=True)
    with repaired.rebuild() as writer:
        writer.upsert([make_document(5, "a")])
        writer.commit(3)
    assert find(repaired, A) == [5]
    assert not client.indices.exists(index=other)
    repaired.close()


def test_an_alias_of_two_indices_is_damage(open_elastic: OpenElastic, client: Elasticsearch) -> None:
    index = open_elastic("-two")
    client.indices.create(index=f"{prefix_of(index)}-{NOW}20260101t000001", aliases={index._generations.alias: {}})
    with pytest.raises(IndexDamagedError, match="kaijuan rebuild"):
        index.position()


def test_a_lost_index_is_damage_for_whoever_has_it_open(open_elastic: OpenElastic, client: Elasticsearch) -> None:
    index = open_elastic("-lost")
    client.indices.delete(index=current_of(index))
    with pytest.raises(IndexDamagedError, match="kaijuan rebuild"):
        index.search(EVERYTHING, View())


def test_a_refused_document_is_named(open_elastic: OpenElastic, client: Elasticsearch) -> None:
    index = open_elastic("-refused")
    operation = b'{"index":{"_id":"77"}}\n{"key":77,"surprise":"not in the mapping"}\n'
    with pytest.raises(SearchIndexError, match=r"document 77.*surprise"):
        BulkSender(Cluster(client, WRITING), f"{current_of(index)}-write").send([operation])
