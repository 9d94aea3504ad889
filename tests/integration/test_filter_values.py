"""Filters however their values are written, in addresses, JSON bodies and commands; what is refused, with a remedy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

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
    with DemoRepositories(300) as repositories:
        sources = [Source.of(values) for values in demo_sources(repositories.endpoints)]
        with open_library(Settings(data_dir=tmp_path_factory.mktemp("filters")), sources=sources) as opened:
            for source in sources:
                assert opened.harvest(source, Request(), pace=Pace()).status == "complete"
            opened.bring_up_to_date()
            yield opened


@pytest.fixture(scope="module")
def client(library: Library) -> TestClient:
    return TestClient(make_app(library), raise_server_exceptions=False)


def get(client: TestClient, **parameters: Any) -> Json:
    answer = client.get("/v1/works", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "written", "form"),
    [
        *(("lang", one, "zh") for one in ("zho", "chi", "zh-CN", "ZH", " zh ")),
        *(("license", one, "cc-by") for one in ("CC-BY", "CC BY", "cc-by")),
        *(("type", one, "article") for one in ("Article", " ARTICLE")),
        ("source", "Demo-PMC", "demo-pmc"),
        ("has", "PDF", "pdf"),
        ("clc", "tp", "TP"),
    ],
)
def test_a_filter_reads_its_value_as_the_query_language_does(
    client: TestClient, name: str, written: str, form: str
) -> None:
    asked = get(client, **{name: written}, limit=3)
    plain = get(client, **{name: form}, limit=3)
    assert asked["meta"]["query"]["filters"] == plain["meta"]["query"]["filters"] == {name: [form]}
    assert asked["results"] == plain["results"]
    assert (
        asked["meta"]["count"]
        == plain["meta"]["count"]
        == get(client, q=f"{name}:{form}", match="all")["meta"]["count"]
    )
    counted = client.get("/v1/facets", params={"facet": "year", name: written}).json()
    assert (counted["meta"]["count"], counted["meta"]["query"]["filters"]) == (plain["meta"]["count"], {name: [form]})
    assert client.get("/v1/trends", params={name: written}).json()["meta"]["count"] == plain["meta"]["count"]
    if cursor := asked["meta"]["next_cursor"]:
        assert get(client, **{name: form}, limit=3, cursor=cursor)["results"]


@pytest.mark.parametrize(
    ("parameters", "parameter", "fix"),
    [
        ({"lang": "english"}, "lang", "lang=zh"),
        ({"type": "aricle"}, "type", "Use one of article, review"),
        ({"clc": "7"}, "clc", "clc=TP"),
        ({"source": " "}, "source", "leave the parameter out"),
        ({"year_from": 2022, "year_to": 2020}, "year_to", "year_from=2020, year_to=2022"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_the_remedy_everywhere(
    client: TestClient, parameters: Json, parameter: str, fix: str
) -> None:
    answers = [client.get(path, params=parameters) for path in ("/v1/works", "/v1/trends", "/v1/works.atom")]
    answers += [
        client.get("/v1/facets", params={**parameters, "facet": "year"}),
        client.get("/v1/export", params={**parameters, "format": "ris"}),
        client.post("/v1/works", json=parameters),
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        (error,) = answer.json()["errors"]
        assert (error["parameter"], fix in error["fix"]) == (parameter, True), error
        assert error["words"]["zh"]
        assert fix in answer.json()["detail"]
        assert ".." not in answer.json()["detail"]
    page = client.get("/", params={**parameters, "q": "study", "ui": "zh"}) if parameter != "source" else None
    assert page is None or (page.status_code, error["words"]["zh"] in page.text.replace("&amp;", "&")) == (400, True)


def test_a_posted_search_may_write_names_as_lists_and_single_values_alone(client: TestClient) -> None:
    plain = get(client, facets="year,lang", fields="id,title", year="2021", lang="zh")
    for body in (
        {"facets": ["year", "lang"], "fields": ["id", "title"], "year": "2021", "lang": "zh"},
        {"facets": "year,lang", "fields": "id,title", "year": 2021, "lang": ["zho", "zh"]},
    ):
        posted = client.post("/v1/works", json=body)
        assert posted.status_code == 200, posted.text
        answer = posted.json()
        assert (answer["results"], answer["facets"]) == (plain["results"], plain["facets"])
        assert answer["meta"]["count"] == plain["meta"]["count"] > 0
    assert (
        client.post("/v1/export", json={"format": "ris", "lang": "zh", "year": 2021}).text.count("ER  -")
        == (plain["meta"]["count"])
    )
    wrong_bodies: list[Json] = [
        {"facets": ["colour"]},
        {"facets": [1]},
        {"fields": []},
        {"year": [["2021"]]},
        {"year": True},
    ]
    for wrong in wrong_bodies:
        assert client.post("/v1/works", json=wrong).status_code == 400, wrong


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/works", "GET, HEAD, POST"),
        ("DELETE", "/v1/export", "GET, HEAD, POST"),
        ("POST", "/health", "GET, HEAD"),
    ],
)
def test_another_method_is_told_all_that_are_allowed(client: TestClient, method: str, path: str, allowed: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_a_query_of_signs_that_nobody_sees_is_refused_not_answered_with_everything(client: TestClient) -> None:
    for q in ("\x00", " \x01\x1b "):
        answer = client.get("/v1/works", params={"q": q})
        assert (answer.status_code, "at least one letter" in answer.json()["errors"][0]["fix"]) == (400, True)
    assert get(client, q=" \t")["meta"]["count"] == get(client)["meta"]["count"]


def _run(library: Library, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAIJUAN_")}
    environment = kept | {"KAIJUAN_DATA_DIR": str(library.settings.data_dir)}
    command = [sys.executable, "-c", "from search_api.cli import main; main()", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_commands_have_all_filters_of_the_api(library: Library) -> None:
    chosen = ["--lang", "eng", "--version", "Published", "--no-expand", "--sort", "title"]
    printed = _run(library, "search", "study", *chosen, "--limit", "1", "--json")
    assert printed.returncode == 0, printed.stderr
    query = json.loads(printed.stdout)["meta"]["query"]
    assert (query["filters"], query["sort"]) == ({"lang": ["en"], "version": ["published"]}, "title")
    exported = _run(library, "export", "study", *chosen[:2], *chosen[4:], "--format", "ris")
    count = get(TestClient(make_app(library)), q="study", lang="en", expand="off")["meta"]["count"]
    assert exported.stdout.count("ER  -") == count > 0
    for name, value, form in (("clc", "zz", "ZZ"), ("keyword", "nobody", "nobody")):
        none = json.loads(_run(library, "search", "", f"--{name}", value, "--json").stdout)["meta"]
        assert (none["count"], none["query"]["filters"]) == (0, {name: [form]})
        assert _run(library, "export", f"--{name}", value, "--format", "ris").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search", "x", "--lang", "english"], "lang=zh"),
        (["export", "--format", "ris", "--year-from", "2022", "--year-to", "2020"], "Exchange them"),
    ],
)
def test_a_command_with_a_wrong_filter_says_what_to_do(library: Library, arguments: list[str], said: str) -> None:
    done = _run(library, *arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
