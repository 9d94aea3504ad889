"""Exports over HTTP and by command: one work, a selection, a whole result, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import rispy  # type: ignore[import-untyped]
from click.testing import CliRunner
from fastapi.testclient import TestClient
from pybtex.database import parse_string  # type: ignore[import-untyped]

from indexer.errors import QueryError
from search_api.app import make_app
from search_api.cli.main import cli
from search_api.exporting.formats import FORMATS
from search_api.exporting.running import MOST, STALLED_SECONDS, Running
from search_api.exporting.walking import walk
from search_api.library import Library
from search_api.searching import Search, Searcher
from tests.unit.web.records import Dublin, put

_WORKS = 450


def _dublin(number: int) -> Dublin:
    chinese = number % 2
    return Dublin(
        identifier=f"oai:campus:{number}",
        elements=[
            ("title", f"太阳能电池研究第{number}号" if chinese else f"A study of solar cells, number {number}"),
            ("creator", "王小明" if chinese else f"Müller, Jörg {number}"),
            ("date", "2021-05"),
            ("type", "article"),
            ("identifier", f"https://doi.org/10.5555/solar.{number}"),
            ("subject", "=cmd|' /C calc'!A0"),
        ],
    )


@pytest.fixture
def filled(embedded: Library) -> Library:
    put(embedded, *[_dublin(number) for number in range(_WORKS)])
    return embedded


@pytest.fixture
def client(filled: Library) -> TestClient:
    return TestClient(make_app(filled), follow_redirects=False)


def _export(client: TestClient, **parameters: Any) -> str:
    answer = client.get("/v1/export", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.content.decode()


def test_a_whole_result_is_exported_to_its_end_each_work_once(client: TestClient) -> None:
    whole = rispy.loads(_export(client, format="ris"))
    assert len(whole) == len({one["id"] for one in whole}) == _WORKS
    some = rispy.loads(_export(client, format="ris", q="study", lang="en"))
    assert len(some) == client.get("/v1/works", params={"q": "study", "lang": "en"}).json()["meta"]["count"] > 200


def test_a_result_is_exported_in_its_order_and_up_to_its_limit(client: TestClient) -> None:
    shown = client.get("/v1/works", params={"q": "solar", "sort": "newest", "limit": 50}).json()["results"]
    lines = _export(client, format="jsonl", q="solar", sort="newest", limit=50).splitlines()
    assert [json.loads(one)["id"] for one in lines] == [one["id"] for one in shown]
    assert len(_export(client, format="apa", limit=201).splitlines()) == 201


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_offered_for_a_result_and_for_a_work(client: TestClient, name: str) -> None:
    work = client.get("/v1/works/doi:10.5555/solar.1").json()
    answer = client.get(f"/v1/works/{work['id']}/export", params={"format": name})
    assert answer.status_code == 200
    assert work["title"] in answer.text
    assert answer.headers["content-type"].startswith(FORMATS[name].media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "王小明" in answer.text or name == "csl-json"
    assert client.get("/v1/export", params={"format": name, "q": "nothing-at-all-like-this"}).status_code == 200


def test_formats_are_read_by_other_programs(client: TestClient) -> None:
    assert len(parse_string(_export(client, format="bibtex"), "bibtex").entries) == _WORKS
    assert len(json.loads(_export(client, format="csl-json"))) == _WORKS
    assert json.loads(_export(client, format="csl-json", q="nothing-at-all-like-this")) == []


def test_a_table_for_excel_has_a_mark_and_no_formula(client: TestClient) -> None:
    text = _export(client, format="csv", bom="true")
    assert text.startswith("\ufeffid,type,title")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len(rows) == _WORKS
    assert {row["keywords"][:2] for row in rows} == {"'="}


def test_a_selection_comes_in_its_own_order_each_work_once(client: TestClient) -> None:
    named = ["doi:10.5555/solar.7", "doi:10.5555/solar.3", "doi:10.5555/solar.7"]
    read = rispy.loads(_export(client, format="ris", id=named))
    assert [one["doi"] for one in read] == ["10.5555/solar.7", "10.5555/solar.3"]


@pytest.mark.parametrize(
    ("parameters", "status", "said"),
    [
        ({"format": "marc"}, 400, "Use one of ris, bibtex, csl-json, csv, endnote"),
        ({}, 400, "format"),
        ({"format": "ris", "bom": "true"}, 400, "it is for csv"),
        ({"format": "ris", "cursor": "x"}, 400, "no parameter 'cursor'"),
        ({"format": "ris", "limit": "0"}, 400, "limit"),
        ({"format": "ris", "q": '"open'}, 400, "quot"),
        ({"format": "ris", "id": ["doi:10.5555/solar.1"], "q": "solar"}, 400, "cannot stand beside id"),
        ({"format": "ris", "id": ["doi:10.5555/solar.1", "no-such-work"]}, 404, "no-such-work"),
        ({"format": "ris", "id": ["x"] * 201}, 400, "200"),
    ],
)
def test_what_cannot_be_exported_is_a_problem_that_says_what_to_do(
    client: TestClient, parameters: dict[str, Any], status: int, said: str
) -> None:
    answer = client.get("/v1/export", params=parameters)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.text


def test_a_head_request_makes_no_export(client: TestClient) -> None:
    for _ in range(MOST + 1):
        answer = client.head("/v1/export", params={"format": "csv"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_only_a_few_whole_results_are_exported_at_a_time(client: TestClient) -> None:
    running: Running = client.app.state.exports  # type: ignore[attr-defined]
    begun = [running.begin() for _ in range(MOST)]
    answer = client.get("/v1/export", params={"format": "ris"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert client.get("/v1/works/doi:10.5555/solar.1/export", params={"format": "ris"}).status_code == 200
    running.end(begun[0] or 0)
    for _ in range(MOST + 1):
        assert client.get("/v1/export", params={"format": "ris", "limit": 1}).status_code == 200


def test_an_export_that_its_reader_left_makes_room() -> None:
    now = 0.0
    running = Running(clock=lambda: now)
    assert None not in [running.begin() for _ in range(MOST)]
    assert running.begin() is None
    now = STALLED_SECONDS
    assert running.begin() is not None


def test_a_query_that_cannot_be_understood_is_refused_before_anything_is_sent(filled: Library) -> None:
    with pytest.raises(QueryError):
        walk(filled, Search(q='"open'))


def test_pages_after_the_first_ask_for_as_many_words_as_it_did(filled: Library) -> None:
    answer = Searcher(filled).answer(Search(q="study solar cells zebra"))
    assert answer["meta"]["query"]["match"] == "most"
    found = [work.id for work, _ in walk(filled, Search(q="study solar cells zebra"), at_once=25)]
    assert len(found) == len(set(found)) == answer["meta"]["count"] > 100


def test_memory_does_not_grow_with_the_result(filled: Library) -> None:
    def peak(most: int) -> int:
        tracemalloc.start()
        for _ in FORMATS["ris"].stream(walk(filled, Search(), most, at_once=25)):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(_WORKS)
    assert peak(_WORKS) < 2 * peak(75)


def test_the_command_writes_a_file_that_is_whole(
    filled: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIJUAN_DATA_DIR", str(filled.settings.data_dir))
    file = tmp_path / "out.bib"
    done = CliRunner().invoke(cli, ["export", "solar", "--format", "bibtex", "--limit", "3", "--output", str(file)])
    assert (done.exit_code, done.stderr) == (0, "Exported 3 works as BibTeX.\n")
    assert len(parse_string(file.read_text(encoding="utf-8"), "bibtex").entries) == 3
    assert list(tmp_path.glob("*.part")) == []
    named = CliRunner().invoke(cli, ["export", "--format", "gb7714", "--id", "doi:10.5555/solar.1"])
    assert named.stdout.startswith("王小明. 太阳能电池研究第1号[J]. 2021")
    unknown = CliRunner().invoke(cli, ["export", "--format", "marc"])
    assert "Use one of ris" in str(unknown.exception)
    missing = CliRunner().invoke(cli, ["export", "--format", "ris", "--id", "nope"])
    assert "'nope'" in str(missing.exception)
