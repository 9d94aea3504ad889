"""Agents: real sessions of the official SDK's client with the real process, over its streams and over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
import mcp_types as types
import pytest
import rispy  # type: ignore[import-untyped]
from mcp import Client, StdioServerParameters

from search_api.agents import tools
from search_api.agents.tools import ToolFailed, Tools
from search_api.library import Library, open_library
from search_api.schemas import WorksParameters
from search_api.searching import Searcher
from search_api.settings import ClusterStorage, Settings
from tests.unit.web.records import Dublin, put

_CODE = "from search_api.cli import main; main()"
_TOOLS = {"search_works", "get_work", "related_works", "export_works"}
_T = TypeVar("_T")


def _dublin(number: int) -> Dublin:
    elements = [
        ("title", f"Solar cells of perovskite, report {number}" if number < 8 else "黄河三角洲的水稻"),
        ("creator", "Müller, Jörg" if number < 8 else "王小明"),
        ("date", "2021"),
        ("identifier", f"https://doi.org/10.5555/solar.{number}"),
        ("description", f"Perovskite solar cells are stable in report {number}." if number < 8 else "水稻与盐碱地。"),
    ]
    return Dublin(identifier=f"oai:campus:{number}", elements=elements)


@pytest.fixture
def filled(library: Library) -> Library:
    put(library, *[_dublin(number) for number in range(9)])
    return library


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAIJUAN_")}
    found = kept | {"KAIJUAN_DATA_DIR": str(settings.data_dir)}
    if isinstance(settings.storage, ClusterStorage):
        found |= {
            "KAIJUAN_STORAGE__KIND": "cluster",
            "KAIJUAN_STORAGE__DATABASE_URL": settings.storage.database_url.get_secret_value(),
            "KAIJUAN_STORAGE__ELASTICSEARCH_URL": settings.storage.elasticsearch_url.get_secret_value(),
            "KAIJUAN_STORAGE__INDEX_PREFIX": settings.storage.index_prefix,
        }
    return found


def _command(library: Library) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=["-c", _CODE, "mcp"], env=_environment(library.settings))


def _session(server: StdioServerParameters | str, ask: Callable[[Client], Awaitable[_T]]) -> _T:
    async def talk() -> _T:
        with anyio.fail_after(200):
            async with Client(server) as client:
                return await ask(client)

    return anyio.run(talk)


def _body(result: types.CallToolResult) -> dict[str, Any]:
    assert not result.is_error, _said(result)
    body = result.structured_content
    assert isinstance(body, dict)
    assert json.loads(_said(result)) == body  # for agents that read text only
    return body


def _said(result: types.CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, types.TextContent)
    return content.text


def test_an_agent_searches_reads_relates_and_exports(filled: Library) -> None:
    async def ask(client: Client) -> None:
        listed = (await client.list_tools()).tools
        assert {tool.name for tool in listed} == _TOOLS
        for tool in listed:
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.input_schema["additionalProperties"] is False

        found = _body(await client.call_tool("search_works", {"q": "perovskite", "sort": "newest", "limit": 3}))
        assert (found["meta"]["count"], len(found["results"])) == (8, 3)
        following = {"q": "perovskite", "sort": "newest", "limit": 3, "cursor": found["meta"]["next_cursor"]}
        second = _body(await client.call_tool("search_works", following))
        assert not {one["id"] for one in found["results"]} & {one["id"] for one in second["results"]}

        as_lists = {"q": "perovskite", "facets": ["lang"], "fields": ["id"], "lang": "eng", "limit": 3}
        brief = _body(await client.call_tool("search_works", as_lists))
        assert brief["meta"]["query"]["filters"] == {"lang": ["en"]}
        assert (set(brief["facets"]), [set(one) for one in brief["results"]]) == ({"lang"}, [{"id"}] * 3)

        chinese = _body(await client.call_tool("search_works", {"q": "水稻"}))
        assert [one["title"] for one in chinese["results"]] == ["黄河三角洲的水稻"]
        work = _body(await client.call_tool("get_work", {"id": "doi:10.5555/solar.3"}))
        assert work["abstracts"][0]["value"] == "Perovskite solar cells are stable in report 3."
        relatives = _body(await client.call_tool("related_works", {"id": work["id"], "limit": 2}))
        assert work["id"] not in {one["id"] for one in relatives["results"]}
        assert all(one["reasons"] for one in relatives["results"])
        assert relatives["results"]

        ris = _said(await client.call_tool("export_works", {"format": "ris", "q": "perovskite", "limit": 5}))
        assert len(rispy.loads(ris)) == 5
        named = ["doi:10.5555/solar.8", "doi:10.5555/solar.1", work["id"]]
        cited = _said(await client.call_tool("export_works", {"format": "gb7714", "id": named})).splitlines()
        assert [line.startswith(("王小明", "MÜLLER J")) for line in cited] == [True, True, True]

    _session(_command(filled), ask)


def test_what_an_agent_does_wrong_is_told_with_the_remedy_and_the_session_goes_on(filled: Library) -> None:
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("search_works", {"q": "auther:smith title:"}, "position|character"),
        ("search_works", {"q": "x", "limit": 201}, "limit: .*less than or equal to 200.*correct the call"),
        ("search_works", {"query": "x"}, "query: Extra inputs.*correct the call"),
        ("search_works", {"q": "x", "lang": "english"}, "lang: .*lang=zh. See the tool's parameters"),
        ("search_works", {"q": "x", "cursor": "nonsense"}, "Leave it out"),
        ("get_work", {"id": "w0"}, "Search for its title"),
        ("get_work", {"id": "\x00' OR 1=1"}, "Search for its title"),
        ("related_works", {"id": "w0"}, "Search for its title"),
        ("related_works", {"id": "doi:10.5555/solar.3", "limit": 51}, "limit"),
        ("export_works", {"format": "marc", "q": "x"}, "Use one of ris"),
        ("export_works", {"format": "ris", "q": "x", "id": ["doi:10.5555/solar.3"]}, "cannot stand beside"),
        ("export_works", {"format": "ris", "lang": ["zh"], "id": ["doi:10.5555/solar.3"]}, "lang cannot stand beside"),
        ("export_works", {"format": "ris", "id": ["x"] * 201}, "id: .*200"),
        ("drop_tables", {}, "Use one of search_works"),
    ]

    async def ask(client: Client) -> None:
        for name, arguments, said in calls:
            result = await client.call_tool(name, arguments)
            assert result.is_error, (name, arguments)
            assert re.search(said, _said(result)), (_said(result), said)
            assert "/" not in _said(result).replace("/v1/works", "").replace("docs/", ""), _said(result)
        assert _body(await client.call_tool("search_works", {"q": "perovskite"}))["meta"]["count"] == 8

    _session(_command(filled), ask)


def test_agents_of_this_machine_are_served_over_http_and_other_sites_pages_are_not(embedded: Library) -> None:
    put(embedded, *[_dublin(number) for number in range(9)])
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, "mcp", "--http", "--port", "0"],
        env=_environment(embedded.settings),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/mcp", told)
        assert address is not None, told

        async def ask(client: Client) -> int:
            found = _body(await client.call_tool("search_works", {"q": "perovskite"}))
            return int(found["meta"]["count"])

        assert _session(address[0], ask) == 8
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            answer = httpx2.post(address[0], json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
            assert answer.status_code in {403, 421}, answer.text
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "")


def test_a_library_that_cannot_be_searched_is_told_at_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with open_library(settings, sources=[]) as library:
        put(library, _dublin(1))
    for file in (tmp_path / "data" / "search").rglob("meta.json"):
        file.write_text("{", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _CODE, "mcp"],
        env=_environment(settings), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "kaijuan rebuild" in done.stderr


def test_tools_answer_what_the_api_answers(embedded: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    put(embedded, *[_dublin(number) for number in range(9)])
    offered = Tools(embedded)
    asked = {"q": "solar", "facets": "year", "fields": "detail"}
    answer = offered.call("search_works", asked)
    assert isinstance(answer, dict)
    wanted = WorksParameters.model_validate(asked).search()
    assert answer["results"] == Searcher(embedded).answer(wanted)["results"]
    assert answer["facets"]["year"] == [{"value": "2021", "label": "2021", "count": 8}]
    monkeypatch.setattr(tools, "MOST_CHARACTERS", 500)
    with pytest.raises(ToolFailed, match="Export fewer works at a time"):
        offered.call("export_works", {"format": "jsonl"})
