"""How the cluster is reached, how long it is waited for, and what is said when it does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import IndexerError, SearchIndexError
from indexer.search.query import Tokens, View
from indexer.storage.elastic import ElasticIndex, connect
from tests.contract.conftest import OpenElastic
from tests.contract.corpus import EVERYTHING, fill, find, make_document
from tests.contract.elasticsearch_nodes import (
    Certificates,
    Meddling,
    Said,
    elasticsearch_url,
    error,
    make_certificates,
    node_before,
    refusing_address,
    silent_node,
    vanished_node,
)

__all__ = ["elasticsearch_url"]

pytestmark = pytest.mark.cluster
A = Tokens(field="all", alternatives=("a",))
OpenAt = Callable[..., ElasticIndex]


@pytest.fixture
def open_at(open_elastic: OpenElastic) -> Iterator[OpenAt]:
    """Open one and the same small index through other addresses."""
    name = f"-at{time.monotonic_ns()}"
    index = open_elastic(name)
    fill(index, [make_document(1, "a")])
    prefix = index._generations.alias.removesuffix("-works")
    with ExitStack() as stack:

        def opening(url: str, **how: Any) -> ElasticIndex:
            opened = ElasticIndex.open(url, prefix, **how)
            stack.callback(opened.close)
            return opened

        yield opening


def test_a_node_that_is_down_is_passed_over(elasticsearch_url: str, open_at: OpenAt) -> None:
    index = open_at(f"{refusing_address()},{elasticsearch_url},{refusing_address()}")
    assert [find(index, A) for _ in range(6)] == [[1]] * 6


def test_a_machine_without_power_is_passed_over_long_before_a_search_may_end(
    elasticsearch_url: str, open_at: OpenAt
) -> None:
    with vanished_node() as vanished:
        began = time.monotonic()
        index = open_at(f"{vanished},{elasticsearch_url}", search_seconds=60)
        assert find(index, A) == [1]
        assert time.monotonic() - began < 30


def test_a_reader_waits_for_a_node_that_says_nothing_little_longer_than_a_search_may_take(open_at: OpenAt) -> None:
    with silent_node() as silent:
        began = time.monotonic()
        with pytest.raises(SearchIndexError, match="did not answer in time"):
            open_at(silent, search_seconds=0.5)
        assert time.monotonic() - began < 10


def test_a_reader_asks_a_cluster_that_keeps_saying_no_few_times(elasticsearch_url: str, open_at: OpenAt) -> None:
    meddling = Meddling()
    with node_before(elasticsearch_url, meddling) as address:
        index = open_at(address)
        meddling.asked.clear()
        meddling.instead = lambda _: error(503, "search_phase_execution_exception", "all shards failed")
        with pytest.raises(SearchIndexError, match=r"shard.*no running node.*Start the node"):
            index.search(EVERYTHING, View())
        assert 1 < len(meddling.asked) <= 6


def test_a_search_is_answered_when_the_trouble_has_passed(elasticsearch_url: str, open_at: OpenAt) -> None:
    meddling = Meddling()
    with node_before(elasticsearch_url, meddling) as address:
        index = open_at(address)
        troubles = [error(429, "es_rejected_execution_exception", "queue"), Said(status=502, body="bad gateway")]
        meddling.instead = lambda _: troubles.pop() if troubles else None
        assert find(index, A) == [1]
        assert troubles == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (error(401, "security_exception", "unable to authenticate"), "user or the password.*Put them right"),
        (error(403, "security_exception", "action is unauthorized"), "not allowed to.*unauthorized.*all rights"),
        (
            error(429, "cluster_block_exception", "[TOO_MANY_REQUESTS/12/… index has read-only-allow-delete block]"),
            "disk is full.*Make room",
        ),
        (error(403, "cluster_block_exception", "[FORBIDDEN/12/index read-only / allow delete (api)]"), "Make room"),
        (error(403, "cluster_block_exception", "[FORBIDDEN/5/index read-only (api)]"), "blocked.*lift it"),
        (
            error(503, "cluster_block_exception", "[SERVICE_UNAVAILABLE/2/no master]"),
            "no elected master.*missing nodes",
        ),
        (error(429, "circuit_breaking_exception", "Data too large"), "too busy.*Data too large.*more memory"),
        (error(500, "null_pointer_exception", "oops"), "500 null_pointer_exception: oops.*health and log"),
        (Said(status=200, body=b"<html>", content_type="text/html"), "not Elasticsearch.*address"),
        (Said(status=404, body={"status": "no"}), "rebuild"),
    ],
)
def test_each_refusal_is_told_with_its_remedy(elasticsearch_url: str, open_at: OpenAt, said: Said, told: str) -> None:
    meddling = Meddling()
    with node_before(elasticsearch_url, meddling) as address:
        index = open_at(address, search_seconds=1)
        meddling.instead = lambda _: said
        with pytest.raises(IndexerError, match=told):
            index.search(EVERYTHING, View())


def test_a_silent_server_is_an_error_with_a_remedy_and_no_password() -> None:
    with pytest.raises(SearchIndexError, match="See that it runs") as caught:
        ElasticIndex.open("http://reader:hush@127.0.0.1:9")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["elastic:hush@search:9200", "https://elastic:hush@search:99999", "http://a:9200,", "ftp://hush@search/"]
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(SearchIndexError, match="https://user:password@host:9200") as caught:
        connect(url)
    assert "hush" not in str(caught.value)


def test_an_address_may_carry_user_and_password(elasticsearch_url: str) -> None:
    other = "https://[::1]:9201/behind/"
    client = connect(f"{elasticsearch_url.replace('http://', 'http://reader:p%40s%2Cs@')}, {other}")
    nodes = {node.base_url for node in client.transport.node_pool.all()}
    assert nodes == {elasticsearch_url, "https://[::1]:9201/behind"}
    assert client.options()._headers["authorization"] == "Basic cmVhZGVyOnBAcyxz"
    client.close()


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_url(elasticsearch_url: str, certificates: Certificates) -> Iterator[str]:
    with node_before(elasticsearch_url, Meddling(), certificates.server) as address:
        yield address


def test_a_node_is_trusted_by_the_ca_file(tls_url: str, open_at: OpenAt, certificates: Certificates) -> None:
    assert find(open_at(tls_url, ca=certificates.ca), A) == [1]


def test_a_node_that_the_ca_did_not_sign_is_not_trusted(
    tls_url: str, open_at: OpenAt, certificates: Certificates
) -> None:
    for ca in (certificates.other_ca, None):
        with pytest.raises(SearchIndexError, match=r"certificate.*not trusted.*CA file"):
            open_at(tls_url, ca=ca)


def test_a_node_of_another_name_is_not_trusted(tls_url: str, open_at: OpenAt, certificates: Certificates) -> None:
    with pytest.raises(SearchIndexError, match=r"certificate.*not trusted.*name"):
        open_at(tls_url.replace("127.0.0.1", "localhost"), ca=certificates.ca)


def test_a_wrong_protocol_is_told(
    tls_url: str, elasticsearch_url: str, open_at: OpenAt, certificates: Certificates
) -> None:
    with pytest.raises(SearchIndexError, match="Write http://"):
        open_at(elasticsearch_url.replace("http:", "https:"), ca=certificates.ca)
    with pytest.raises(SearchIndexError, match="write https://"):
        open_at(tls_url.replace("https:", "http:"))


def test_a_ca_file_that_cannot_be_used_is_told(tmp_path: Path, certificates: Certificates) -> None:
    (tmp_path / "empty.pem").write_text("", encoding="ascii")
    for ca in (tmp_path / "none.pem", tmp_path / "empty.pem"):
        with pytest.raises(SearchIndexError, match=r"CA file .*pem cannot be used.*PEM file"):
            connect("https://search:9200", ca=ca)
    with pytest.raises(SearchIndexError, match="Write https:// in each"):
        connect("https://a:9200,http://b:9200", ca=certificates.ca)


def test_the_usual_authorities_are_not_trusted_beside_the_ca_file(certificates: Certificates) -> None:
    client = connect("https://search:9200", ca=certificates.ca)
    (node,) = client.transport.node_pool.all()
    connection: Any = node.pool._new_conn()  # type: ignore[attr-defined]
    assert connection.ca_certs is None
    assert [one["subject"] for one in connection.ssl_context.get_ca_certs()] == [((("commonName", "ca"),),)]
    client.close()
