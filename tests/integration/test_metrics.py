"""The operators' numbers: who may see them, what they say, and that they cost little."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from indexer import clock
from indexer.storage import schema
from indexer.storage.limited import LimitedIndex
from search_api.app import make_app
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.test_slow_searches import COSTLY, Delayed
from tests.repository import Item, ListRepository
from tests.unit.web.records import Dublin, put

_LOOPBACK = ("127.0.0.1", 1)


def _told(library: Library) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = TestClient(make_app(library), client=_LOOPBACK).get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_queues_lags_and_sizes_are_those_of_the_library(library: Library) -> None:
    items = [Item("oai:x:1", "2026-01-01", title="One"), Item("oai:x:2", "2026-01-01", title="Two")]
    with ListRepository(items) as repository:
        source = add_source(library, "campus", repository.url)
        add_source(library, "paused", f"{repository.url}?other", enabled=False)
        before = _told(library)
        assert 0 <= before["kaijuan_harvest_lag_seconds", (("source", "campus"),)] < 600
        assert ("kaijuan_harvest_lag_seconds", (("source", "paused"),)) not in before
        harvest(library, source)
    after = _told(library)
    assert after["kaijuan_queue_records", ()] == 2
    assert after["kaijuan_harvest_records_total", (("outcome", "new"), ("source", "campus"))] == 2
    assert after["kaijuan_harvest_pages_total", (("source", "campus"),)] == 1
    states = {
        status: after["kaijuan_harvest_last_status", (("source", "campus"), ("status", status))]
        for status in ("complete", "incomplete", "failed", "running")
    }
    assert states == {"complete": 1, "incomplete": 0, "failed": 0, "running": 0}
    library.bring_up_to_date()
    indexed = _told(library)
    assert (indexed["kaijuan_queue_records", ()], indexed["kaijuan_index_documents", ()]) == (0, 2)
    assert (indexed["kaijuan_index_queue", ()], indexed["kaijuan_index_lag_seconds", ()]) == (0, 0)
    assert (indexed["kaijuan_store_up", ()], indexed["kaijuan_index_up", ()]) == (1, 1)
    with library.store.database.write() as connection:
        long_ago = clock.now() - timedelta(hours=1)
        change = {"work_key": 1, "version": 9, "kind": "changed", "at": long_ago}
        connection.execute(schema.work_changes.insert().values(**change))
        lease = {"index_id": "x", "first": 1, "last": 2, "owner": "gone", "until": long_ago, "done": False}
        connection.execute(schema.index_leases.insert().values(**lease))
    behind = _told(library)
    assert behind["kaijuan_index_queue", ()] == 1
    assert 3_600 <= behind["kaijuan_index_lag_seconds", ()] < 4_200
    assert (behind["kaijuan_index_leases_open", ()], behind["kaijuan_index_leases_expired", ()]) == (1, 1)


def test_requests_are_told_by_route_and_never_by_what_was_asked_for(embedded: Library) -> None:
    app = make_app(embedded)
    client = TestClient(app, client=_LOOPBACK)
    for number in range(30):
        client.get(f"/v1/works/w{number}secret?x={number}")
        client.get(f"/secret/{number}")
    client.get("/v1/works?q=secret")
    text = client.get("/metrics").text
    assert "secret" not in text
    told = re.findall(r'_count\{route="([^"]*)",status="([^"]*)"\} (\S+)', text)
    assert sorted(told) == [
        ("/v1/works", "2xx", "1.0"),
        ("/v1/works/{work_id:path}", "4xx", "30.0"),
        ("unmatched", "4xx", "30.0"),
    ]


@pytest.mark.parametrize(
    ("client", "headers", "proxies", "allowed", "status"),
    [
        ("127.0.0.1", {}, (), None, 200),
        ("::1", {}, (), None, 200),
        ("::ffff:127.0.0.1", {}, (), None, 200),
        ("192.0.2.7", {}, (), None, 403),
        ("testclient", {}, (), None, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, (), None, 403),
        ("127.0.0.1", {"Via": "1.1 proxy"}, (), None, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, ("127.0.0.1",), None, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 192.0.2.7"}, ("127.0.0.1",), None, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, ("127.0.0.1",), "192.0.2.0/24", 200),
        ("192.0.2.7", {}, (), "192.0.2.0/24", 200),
        ("127.0.0.1", {}, (), "192.0.2.0/24", 403),
    ],
)
def test_numbers_are_told_to_those_only_whom_the_settings_name(
    embedded: Library, client: str, headers: dict[str, str], proxies: tuple[str, ...], allowed: str | None, status: int
) -> None:
    changed: dict[str, object] = {"trusted_proxies": tuple(map(ip_network, proxies))}
    if allowed is not None:
        changed["metrics_from"] = (ip_network(allowed),)
    library = Library(embedded.settings.model_copy(update=changed), embedded.store)
    try:
        answer = TestClient(make_app(library), client=(client, 1)).get("/metrics", headers=headers)
        assert answer.status_code == status
        if status == 403:
            assert "KAIJUAN_METRICS_FROM" in answer.json()["detail"]
            assert "kaijuan_" not in answer.text
    finally:
        library.close_index()


def test_a_scrape_counts_against_nobody_and_takes_no_parameters(embedded: Library) -> None:
    client = TestClient(make_app(embedded), client=_LOOPBACK)
    assert "ratelimit" not in client.get("/metrics").headers
    assert client.get("/metrics?name=x").status_code == 400
    assert client.get("/openapi.json").json()["paths"]["/metrics"]["get"]["responses"]["200"]["content"].keys() == {
        "text/plain"
    }


def test_a_search_that_was_cut_off_and_requests_that_were_too_many_are_counted(embedded: Library) -> None:
    index = embedded.index
    assert isinstance(index, LimitedIndex)
    delayed = Delayed(index.engine)
    limits = embedded.settings.limits.model_copy(update={"address_a_minute": 2})
    library = Library(embedded.settings.model_copy(update={"limits": limits}), embedded.store)
    library._index = LimitedIndex(delayed, 0.1)
    client = TestClient(make_app(library), client=_LOOPBACK)
    answers = [client.get(path, params={"q": COSTLY}).status_code for path in ("/v1/works", "/", "/v1/works")]
    delayed.let_go.set()
    assert answers == [503, 503, 429]
    text = client.get("/metrics").text
    assert 'kaijuan_http_refused_total{status="429"} 1.0' in text
    assert 'kaijuan_http_refused_total{status="503"} 2.0' in text
    assert "kaijuan_searches_cut_off_total 2.0" in text


def test_the_handbook_names_every_number_and_no_other(embedded: Library) -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    named = {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"\bkaijuan_[a-z_]*[a-z]\b", handbook)}
    text = TestClient(make_app(embedded), client=_LOOPBACK).get("/metrics").text
    told = set(re.findall(r"^# HELP (\S+)", text, re.MULTILINE))
    assert {name for name in told - named if not name.startswith("kaijuan_process_")} == set()
    assert named - told - {"kaijuan_process", "kaijuan_back"} == set()


def test_a_damaged_index_is_told_as_down_and_the_rest_is_told(embedded: Library, tmp_path: Path) -> None:
    put(embedded, Dublin(identifier="oai:x:1", elements=[("title", "Solar cells")]))
    embedded.close_index()
    for file in embedded.index_folder.rglob("meta.json"):
        file.write_text("{", encoding="utf-8")
    told = _told(embedded)
    assert (told["kaijuan_store_up", ()], told["kaijuan_index_up", ()]) == (1, 0)
    assert ("kaijuan_index_documents", ()) not in told
