"""Characters that PostgreSQL takes in no text: whatever parameter brings them, nothing breaks, on both deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fastapi.testclient import TestClient
from pydantic import SecretStr

from search_api.app import make_app
from search_api.library import open_library
from search_api.settings import Settings

NOBODYS = "a\x00b"
TOKEN = SecretStr("nobody-guesses-this-desk")
PAGES = {"/": (), "/facets": (("facet", "container"),), "/trends": (("facet", "container"),), "/resolve": ()}
_ON_PAGES = ("q", "container", "clc", "source", "keyword", "value", "code", "cursor")
Asked = tuple[str, dict[str, Any]]


def _of_route(path: str, described: dict[str, Any]) -> Iterator[Asked]:
    """Yield requests of a route, each with one parameter that holds the characters."""
    names = [one["name"] for one in described.get("parameters", ()) if one["in"] == "path"]
    queries = [one for one in described.get("parameters", ()) if one["in"] == "query"]
    usual = {"facet": "container"} if any(one["name"] == "facet" for one in queries) else {}
    usual |= {one["name"]: "a" for one in queries if one.get("required") and one["name"] not in usual}
    for name in names:
        filled = path.replace(f"{{{name}}}", quote(NOBODYS)).replace("{", "").replace("}", "")
        yield filled, usual
    for query in queries:
        yield path.replace("{", "").replace("}", ""), {**usual, query["name"]: NOBODYS}


def test_a_character_that_no_text_may_have_breaks_no_route(settings: Settings) -> None:
    settings = settings.model_copy(update={"desk_token": TOKEN})
    with open_library(settings, sources=[]) as library:
        client = TestClient(make_app(library), raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {TOKEN.get_secret_value()}"
        paths = client.get("/openapi.json").json()["paths"]
        asked = [one for path, ways in paths.items() if "get" in ways for one in _of_route(path, ways["get"])]
        asked += [(path, {**dict(usual), name: NOBODYS}) for path, usual in PAGES.items() for name in _ON_PAGES]
        assert len(asked) > 100
        broken = [one for one in asked if client.get(one[0], params=one[1]).status_code >= 500]
    assert broken == []
