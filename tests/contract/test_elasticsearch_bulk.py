"""Bulk writing through trouble: whatever happens, each change is done once, told, or still to be done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from indexer.errors import DocumentsRefusedError, SearchIndexError
from indexer.storage.elastic import ElasticIndex, connect
from indexer.storage.elastic_bulk import MOST_BYTES, BulkSender
from indexer.storage.elastic_client import WRITING, Cluster, Patience
from indexer.storage.elastic_queries import encode_upsert
from tests.contract.conftest import OpenElastic
from tests.contract.corpus import find, make_document
from tests.contract.elasticsearch_nodes import Asked, Meddling, Said, elasticsearch_url, error, node_before

__all__ = ["elasticsearch_url"]

pytestmark = pytest.mark.cluster
ODD = b'{"index":{"_id":"77","version":1,"version_type":"external_gte"}}\n{"key":77,"surprise":"not in the mapping"}\n'


@dataclass(frozen=True, kw_only=True)
class Written:
    """An index, and a sender to it through a node that meddles."""

    index: ElasticIndex
    sender: BulkSender
    meddling: Meddling
    client: Elasticsearch

    def found(self) -> list[int]:
        """Show what was written, and return it."""
        self.client.indices.refresh(index=self.index._generations.alias)
        return find(self.index, None)


Write = Callable[..., Written]


@pytest.fixture
def write(open_elastic: OpenElastic, elasticsearch_url: str) -> Iterator[Written]:
    index = open_elastic(f"-bulk{time.monotonic_ns()}")
    meddling = Meddling()
    with node_before(elasticsearch_url, meddling) as address:
        client = connect(address)
        name = index._generations.current().name
        yield Written(
            index=index, sender=BulkSender(Cluster(client, WRITING), f"{name}-write"), meddling=meddling, client=client
        )
        client.close()


def changes(count: int, length: int = 10) -> list[bytes]:
    return [encode_upsert(make_document(key, f"{'x' * length} a")) for key in range(1, count + 1)]


def bulk_troubles(*troubles: Said) -> Callable[[Asked], Said | None]:
    """Say these instead of the first bulks' answers."""
    left = list(troubles)
    return lambda asked: left.pop(0) if asked.is_bulk and left else None


def items(status: int, kind: str, *keys: int) -> Said:
    """Say of each change that it failed."""
    said: list[dict[str, Any]] = [
        {"index": {"_id": str(key), "status": status, "error": {"type": kind, "reason": "so"}}} for key in keys
    ]
    return Said(status=200, body={"took": 1, "errors": True, "items": said})


def test_a_connection_that_dies_after_the_server_did_its_work_does_no_harm(write: Written) -> None:
    lost = [1, 2]
    write.meddling.lose = lambda asked: asked.is_bulk and bool(lost) and bool(lost.pop())
    write.sender.send(changes(20))
    assert lost == []
    assert sorted(write.found()) == list(range(1, 21))


@pytest.mark.parametrize(
    "trouble",
    [
        error(503, "cluster_block_exception", "no master"),
        Said(status=502, body="bad gateway"),
        error(429, "es_rejected_execution_exception", "queue"),
        items(429, "es_rejected_execution_exception", 1, 2, 3),
        items(503, "unavailable_shards_exception", 1, 2, 3),
        items(500, "node_closed_exception", 1, 2, 3),
    ],
)
def test_what_the_cluster_could_not_take_is_sent_again_as_it_was(write: Written, trouble: Said) -> None:
    write.meddling.instead = bulk_troubles(trouble, trouble)
    write.sender.send(changes(3))
    assert len({one.body for one in write.meddling.bulks}) == 1
    assert len(write.meddling.bulks) == 3
    assert sorted(write.found()) == [1, 2, 3]


def test_of_a_bulk_only_what_failed_is_sent_again(write: Written) -> None:
    some = items(429, "es_rejected_execution_exception", 1, 2, 3)
    some.body["items"][1] = {"index": {"_id": "2", "status": 201}}
    write.meddling.instead = bulk_troubles(some)
    write.sender.send(changes(3))
    assert [orjson.loads(line)["index"]["_id"] for line in write.meddling.bulks[1].body.splitlines()[::2]] == ["1", "3"]


def test_a_cluster_that_stays_busy_is_not_asked_for_ever(write: Written) -> None:
    sender = BulkSender(
        Cluster(write.client, Patience(seconds=1, request_seconds=1)),
        f"{write.index._generations.current().name}-write",
    )
    write.meddling.instead = lambda asked: items(429, "es_rejected_execution_exception", 1) if asked.is_bulk else None
    with pytest.raises(SearchIndexError, match=r"did not take 1 changes.*Nothing is lost"):
        sender.send(changes(1))


def test_bulks_get_smaller_while_the_server_is_too_busy_and_larger_again(write: Written) -> None:
    busy = error(429, "es_rejected_execution_exception", "queue")
    write.meddling.instead = bulk_troubles(busy, busy)
    write.sender.send(changes(300, length=20_000))
    sizes = [len(one.body) for one in write.meddling.bulks]
    assert sizes[0] > 4_500_000
    assert sizes[1] <= MOST_BYTES // 2
    assert sizes[2] <= MOST_BYTES // 4
    assert sizes[2] < sizes[3] < sizes[4]
    assert sorted(write.found()) == list(range(1, 301))


def test_bulks_too_large_for_a_proxy_are_cut_and_stay_cut(write: Written) -> None:
    limit = 300_000
    write.meddling.instead = lambda asked: Said(status=413, body="too large") if len(asked.body) > limit else None
    write.sender.send(changes(100, length=20_000))
    assert sorted(write.found()) == list(range(1, 101))
    refused = [one for one in write.meddling.bulks if len(one.body) > limit]
    write.sender.send(changes(100, length=20_000))
    assert [one for one in write.meddling.bulks if len(one.body) > limit] == refused


def test_a_refused_document_is_named_and_holds_up_no_other(write: Written) -> None:
    huge = encode_upsert(make_document(88, "y" * 400_000))
    write.meddling.instead = lambda asked: Said(status=413, body="too large") if len(asked.body) > 300_000 else None
    some = changes(4)
    with pytest.raises(DocumentsRefusedError, match=r"2 of the documents.*report") as caught:
        write.sender.send([some[0], ODD, some[1], huge, *some[2:]])
    assert sorted(caught.value.keys) == [77, 88]
    assert "surprise" in str(caught.value) or "at once" in str(caught.value)
    assert sorted(write.found()) == [1, 2, 3, 4]


def test_a_disk_that_is_full_is_told_and_afterwards_the_same_is_done(write: Written) -> None:
    name, block = write.index._generations.current().name, "index.blocks.read_only_allow_delete"
    write.client.indices.put_settings(index=name, settings={block: True})
    with pytest.raises(SearchIndexError, match=r"disk is full.*Make room.*nothing is lost"):
        write.sender.send(changes(3))
    assert len(write.meddling.bulks) == 1
    write.client.indices.put_settings(index=name, settings={block: None})
    write.sender.send(changes(3))
    assert sorted(write.found()) == [1, 2, 3]


def test_an_index_that_a_person_has_blocked_is_told(write: Written) -> None:
    name = write.index._generations.current().name
    write.client.indices.put_settings(index=name, settings={"index.blocks.write": True})
    with pytest.raises(SearchIndexError, match=r"blocked.*FORBIDDEN/8.*lift it"):
        write.sender.send(changes(1))
