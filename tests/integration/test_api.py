"""The HTTP API: shapes, filters, cursors, and errors that say what to do."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from harvesters.demo.repository import DemoRepositories
from harvesters.demo.sources import demo_sources
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings

Json = dict[str, Any]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of some hundred demonstration records."""
    with DemoRepositories(700) as repositories:
        sources = [Source.of(values) for values in demo_sources(repositories.endpoints)]
        with open_library(Settings(data_dir=tmp_path_factory.mktemp("api")), sources=sources) as opened:
            for source in sources:
                assert opened.harvest(source, Request(), pace=Pace()).status == "complete"
            opened.bring_up_to_date()
            yield opened


@pytest.fixture(scope="module")
def client(library: Library) -> TestClient:
    return TestClient(make_app(library), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def every(client: TestClient) -> list[Json]:
    """All works, with everything known of them."""
    return walk(client, {"fields": "detail", "sort": "oldest", "limit": 200})


def get(client: TestClient, **parameters: Any) -> Json:
    answer = client.get("/v1/works", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def walk(client: TestClient, parameters: Json) -> list[Json]:
    found: list[Json] = []
    cursor = None
    while True:
        body = get(client, **parameters, **({"cursor": cursor} if cursor else {}))
        found += body["results"]
        cursor = body["meta"]["next_cursor"]
        if cursor is None:
            return found


def test_a_search_has_the_promised_shape(client: TestClient) -> None:
    body = get(client, q="perovskite OR 钙钛矿", facets="source,year")
    assert set(body) == {"meta", "results", "facets"}
    assert set(body["meta"]) == {"count", "query", "next_cursor", "unbroken", "took_ms"}
    assert set(body["results"][0]) >= {
        *("id", "title", "identifiers", "year", "container", "contributors", "language", "sources", "best_location")
    }
    assert set(body["results"][0]["best_location"]) == {
        *("url", "pdf_url", "license", "version", "source", "open_url", "rank_reasons")
    }
    assert set(body["results"][0]["identifiers"][0]) == {"scheme", "value"}
    assert set(body["facets"]) == {"source", "year"}
    assert set(body["facets"]["source"][0]) == {"value", "label", "count"}


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "first_indexed"])
@pytest.mark.parametrize("q", ["", "study"])
def test_a_walk_to_the_end_meets_every_work_once(client: TestClient, library: Library, sort: str, q: str) -> None:
    found = [row["id"] for row in walk(client, {"q": q, "sort": sort, "limit": 37})]
    count = get(client, q=q)["meta"]["count"]
    assert len(found) == len(set(found)) == count
    if not q:
        assert count == library.store.catalogue.counts()["works"]


def test_years_come_in_the_order_asked_for(client: TestClient) -> None:
    newest = [row["year"] for row in walk(client, {"sort": "newest", "limit": 100}) if row["year"]]
    assert newest == sorted(newest, reverse=True)
    oldest = [row["year"] for row in walk(client, {"sort": "oldest", "limit": 100}) if row["year"]]
    assert oldest == sorted(oldest)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("source", lambda row: row["sources"]),
        ("year", lambda row: [str(row["year"])] if row["year"] else []),
        ("lang", lambda row: [row["language"]] if row["language"] else []),
        ("type", lambda row: [row["type"]]),
        ("license", lambda row: [row["license"]["code"]] if row["license"] else []),
        ("container", lambda row: [row["container"]["id"]] if row["container"] else []),
    ],
)
def test_facets_count_exactly_what_the_records_say(client: TestClient, every: list[Json], name: str, of: Any) -> None:
    counted = Counter(value for row in every for value in of(row))
    facet = {value["value"]: value["count"] for value in get(client, facets=name)["facets"][name]}
    assert facet == dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[: len(facet)])
    value, count = next(iter(facet.items()))
    assert get(client, **{name: value})["meta"]["count"] == count


def test_values_of_a_filter_are_alternatives_and_filters_add_up(client: TestClient, every: list[Json]) -> None:
    body = get(client, lang=["zh", "es"], source="demo-pmc", facets="lang")
    expected = [row for row in every if row["language"] in {"zh", "es"} and "demo-pmc" in row["sources"]]
    assert body["meta"]["count"] == len(expected) > 0
    # A facet is counted without its own filter, so that another value can be chosen.
    assert {value["value"] for value in body["facets"]["lang"]} > {"zh", "es"}


def test_year_bounds_are_inclusive(client: TestClient, every: list[Json]) -> None:
    expected = sum(1 for row in every if row["year"] and 2015 <= row["year"] <= 2018)
    assert get(client, year_from=2015, year_to=2018)["meta"]["count"] == expected > 0
    assert get(client, q="year:2015..2018")["meta"]["count"] == expected


def test_chinese_is_found_in_either_script(client: TestClient) -> None:
    simplified = {row["id"] for row in walk(client, {"q": "研究", "limit": 200})}
    traditional = {row["id"] for row in walk(client, {"q": "研究", "lang": "zh", "limit": 200})}
    assert simplified >= traditional > set()
    assert get(client, q="机器学习")["meta"]["count"] == get(client, q="機器學習")["meta"]["count"] > 0


def test_auto_says_which_match_was_used(client: TestClient) -> None:
    assert get(client, q="study")["meta"]["query"]["match"] == "all"
    assert get(client, q="study of zzzzunknownword methods in practice")["meta"]["query"]["match"] == "most"
    assert get(client, q="study zzzzunknownword", match="all")["meta"]["count"] == 0


def test_a_work_is_found_by_its_identifiers_however_written(client: TestClient, every: list[Json]) -> None:
    row = next(row for row in every if {one["scheme"] for one in row["identifiers"]} >= {"doi", "pmid", "pmcid"})
    values = {one["scheme"]: one["value"] for one in row["identifiers"]}
    spellings = [
        row["id"],
        f"doi:{values['doi']}",
        f"doi:https://doi.org/{values['doi'].upper()}",
        f"pmid:{values['pmid']}",
        f"pmcid:{values['pmcid']}",
        f"pmcid:{values['pmcid'].removeprefix('PMC')}",
    ]
    for spelling in spellings:
        answer = client.get(f"/v1/works/{spelling}")
        assert (answer.status_code, answer.json().get("id")) == (200, row["id"]), spelling
    assert get(client, q=values["doi"])["results"][0]["id"] == row["id"]


def test_fields_choose_what_is_sent(client: TestClient) -> None:
    assert set(get(client, fields="title,year", limit=1)["results"][0]) == {"id", "title", "year"}
    detail = get(client, fields="detail", limit=1)["results"][0]
    assert {"abstracts", "provenance", "locations", "first_indexed", "version"} <= set(detail)


@pytest.mark.parametrize(
    ("query", "parameter", "said"),
    [
        ("unknown=1", "unknown", "no parameter"),
        ("q=%22unbalanced", "q", "never closed"),
        ("q=" + "x" * 10_000, "q", "2,000"),
        ("q=*lead", "q", ""),
        ("q=auther:smith", "q", "author"),
        ("limit=0", "limit", "greater"),
        ("limit=201", "limit", "less"),
        ("limit=many", "limit", "integer"),
        ("sort=colour", "sort", "relevance"),
        ("match=some", "match", "auto"),
        ("year=abc", "year", "integer"),
        ("facets=colour", "facets", "unknown facet"),
        ("fields=colour", "fields", "unknown field"),
        ("cursor=nonsense", "cursor", "not one of ours"),
        ("has=money", "has", "pdf"),
    ],
)
def test_a_wrong_parameter_is_a_problem_with_its_name_and_a_fix(
    client: TestClient, query: str, parameter: str, said: str
) -> None:
    answer = client.get(f"/v1/works?{query}")
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert problem["status"] == 400
    assert problem["errors"][0]["parameter"] == parameter
    assert problem["errors"][0]["fix"]
    assert said in answer.text


@pytest.mark.parametrize(
    "path", ["/v1/sources?foo=1", "/v1/works/w1?foo=1", "/v1/works?q=a&q=b", "/v1/works?limit=1&limit=2"]
)
def test_parameters_are_never_passed_over_in_silence(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["fix"]


@pytest.mark.parametrize("path", ["/health", "/ready", "/v1/works?q=study", "/v1/sources"])
def test_head_is_answered_as_get_without_the_body(client: TestClient, path: str) -> None:
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0


def test_twenty_cards_are_small_on_the_wire(client: TestClient) -> None:
    with client.stream("GET", "/v1/works?limit=20", headers={"Accept-Encoding": "gzip"}) as answer:
        size = sum(len(chunk) for chunk in answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
    assert size <= 8 * 1024


def test_an_unbalanced_quote_is_shown_where_it_stands(client: TestClient) -> None:
    problem = client.get("/v1/works", params={"q": 'solar "cells'}).json()
    assert problem["errors"][0]["position"] == 6


def test_a_cursor_serves_its_own_query_only(client: TestClient) -> None:
    cursor = get(client, q="study", limit=5)["meta"]["next_cursor"]
    for other in ({"q": "method"}, {"q": "study", "sort": "newest"}, {"q": "study", "lang": "en"}):
        answer = client.get("/v1/works", params={**other, "cursor": cursor})
        assert answer.status_code == 400
        assert "another query" in answer.text
    tampered = cursor[:-2] + ("aa" if cursor[-2:] != "aa" else "bb")
    assert client.get("/v1/works", params={"q": "study", "cursor": tampered}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/v1/works/w0000000000000", "/v1/works/doi:10.5555/none", "/v1/works/doi:nonsense", "/v1/none"]
)
def test_what_is_not_there_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_sources_tell_counts_last_harvest_and_lag(client: TestClient) -> None:
    rows = {row["id"]: row for row in client.get("/v1/sources").json()["results"]}
    assert set(rows) == {"demo-doaj", "demo-pmc", "demo-university"}
    doaj = rows["demo-doaj"]
    assert doaj["records"] > doaj["manifestations"] > 0
    assert doaj["deleted"] > 0
    assert doaj["last_harvest"]["status"] == "complete"
    assert doaj["complete_until"]


def test_health_and_readiness_are_told_apart(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/health").json()["status"] == "ok"
    assert client.get("/ready").json() == {"status": "ok", "checks": {"store": "ok", "index": "ok"}}
    with open_library(Settings(data_dir=tmp_path), sources=[]) as broken:
        (tmp_path / "search").mkdir()
        (tmp_path / "search" / "CURRENT").write_text("garbage", encoding="utf-8")
        ill = TestClient(make_app(broken), raise_server_exceptions=False)
        assert ill.get("/health").status_code == 200
        ready = ill.get("/ready")
        assert ready.status_code == 503
        assert "kaijuan rebuild" in ready.json()["checks"]["index"]
        searched = ill.get("/v1/works?q=x")
        assert (searched.status_code, searched.headers["retry-after"]) == (503, "5")
        assert "kaijuan rebuild" in searched.json()["detail"]


def test_every_reference_of_the_description_leads_somewhere(library: Library) -> None:
    description = make_app(library).openapi()
    for reference in set(re.findall(r'"\$ref": "#/([^"]*)"', json.dumps(description))):
        place = description
        for name in reference.split("/"):
            assert name in place, reference
            place = place[name]


def test_the_description_is_complete_and_holds_against_made_up_requests(library: Library) -> None:
    app = make_app(library)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [operation.ok() for operation in schema.get_all_operations() if isinstance(operation, Ok)]
    paths = {operation.path for operation in operations}
    work = get(TestClient(app), limit=1, fields="id")["results"][0]["id"]
    (row, *_) = TestClient(app).get(f"/v1/works/{work}/sources").json()["results"]
    here = {"work_id": work, "manifestation": row["manifestation"], "source_id": "demo-doaj", "run_id": 1, "code": "TP"}
    ledger = {"/v1/sources/{source_id}/harvests", "/v1/sources/{source_id}/harvests/{run_id}"}
    assert paths >= {  # whatever comes beside them is asked below as well
        "/v1/works",
        "/v1/works/{work_id}",
        "/v1/works/{work_id}/reports",
        "/v1/works/{work_id}/sources",
        "/v1/works/{work_id}/sources/{manifestation}/raw",
        "/v1/works/{work_id}/why",
        "/v1/works/{work_id}/export",
        "/v1/export",
        "/v1/desk/judgements",
        "/v1/desk/judgements/{judgement_id}/undo",
        "/v1/desk/review",
        "/v1/sources",
        "/v1/queries/validate",
        "/v1/resolve",
        "/v1/limits",
        *ledger,
        "/health",
        "/ready",
    }

    for operation in operations:

        @hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(operation.as_strategy())
        def is_as_described(case: schemathesis.Case[Any]) -> None:
            if len(str(case.path_parameters)) % 2:  # half of them are of what is here
                case.path_parameters.update({name: here[name] for name in case.path_parameters if name in here})
            # What a query or a field name may hold is more than a schema can say: those refusals are tested above.
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        is_as_described()
