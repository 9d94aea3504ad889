"""What all answers have in common: ids, times, validators, headers, errors; and POST for what is long."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.logs import configure_logs
from search_api.manners.deprecating import deprecated
from search_api.manners.exchange import request_id
from search_api.manners.gate import UNCOUNTED
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import RecordedRepository
from tests.unit.web.records import Dublin, put

_TOTAL = 30


def _dublin(number: int, title: str = "Solar cells, part") -> Dublin:
    return Dublin(
        identifier=f"oai:campus:{number}",
        elements=[
            ("title", f"{title} {number}"),
            ("creator", "Müller, Jörg"),
            ("date", "2021"),
            ("identifier", f"https://doi.org/10.5555/cells.{number}"),
        ],
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library that the tests only read."""
    with open_library(Settings(data_dir=tmp_path_factory.mktemp("manners")), sources=[]) as library:
        put(library, *[_dublin(number) for number in range(_TOTAL)])
        yield library


@pytest.fixture
def app(filled: Library) -> FastAPI:
    return make_app(filled)


def _client(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return _client(app)


# --- ids and times ----------------------------------------------------------------------------------


def test_a_request_keeps_its_id_in_answer_and_problem(client: TestClient) -> None:
    answer = client.get("/v1/works?q=auther:x", headers={"X-Request-Id": "campus-app.42"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (400, "campus-app.42")
    assert answer.json()["request_id"] == "campus-app.42"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'quote"', "<script>", "a;b", "a/b"])
def test_an_id_that_could_break_a_log_is_replaced(client: TestClient, given: str) -> None:
    answers = [client.get("/health", headers=[("X-Request-Id", given)]) for _ in range(2)]
    assert len({answer.headers["x-request-id"] for answer in answers} | {given}) == 3


def test_every_log_line_of_a_request_names_it(app: FastAPI) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("a fault of ours")

    configure_logs()
    written = io.StringIO()
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(written))
    try:
        answer = TestClient(app, raise_server_exceptions=False).get("/broken", headers={"X-Request-Id": "seen-by-us"})
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(capture=False)
    assert answer.status_code == 500
    assert (answer.json()["request_id"], answer.headers["x-request-id"]) == ("seen-by-us", "seen-by-us")
    assert "a fault of ours" not in answer.text
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(line["event"], line["request_id"]) for line in lines] == [
        ("unexpected_error", "seen-by-us"),
        ("request_answered", "seen-by-us"),
    ]
    assert request_id() is None


def test_an_answer_tells_where_its_time_went(client: TestClient) -> None:
    told = client.get("/v1/works?q=solar").headers["server-timing"]
    spans = {part.partition(";dur=")[0]: float(part.partition(";dur=")[2]) for part in told.split(", ")}
    assert {"index", "store", "total"} <= set(spans)
    assert spans["index"] + spans["store"] <= spans["total"]


@pytest.mark.parametrize("path", ["/v1/works", "/v1/none", "/v1/works/none", "/openapi.json", "/health"])
def test_data_can_do_nothing_in_a_browser(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self'" in client.get("/").headers["content-security-policy"], "pages have their own"


# --- validators -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/v1/works?q=solar&facets=year,lang", "/v1/works/doi:10.5555/cells.1", "/v1/sources", "/", "/openapi.json"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_answer_already_gets_304_without_it(client: TestClient, path: str, method: str) -> None:
    first = client.get(path)
    validator = first.headers["etag"]
    again = client.request(method, path, headers={"If-None-Match": f'"other", {validator}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", validator)
    assert "content-length" not in again.headers
    assert "content-type" not in again.headers
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert "Accept-Encoding" in again.headers["vary"]
    assert again.headers["x-request-id"]
    assert client.request(method, path, headers={"If-None-Match": "*"}).status_code == 304
    assert client.request(method, path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_validator_is_the_same_however_it_is_sent(client: TestClient) -> None:
    tags = {
        client.get("/v1/works", headers={"Accept-Encoding": coding}).headers["etag"]
        for coding in ("identity", "gzip", "br")
    }
    assert len(tags) == 1


def _changed_work(library: Library) -> None:
    put(library, _dublin(1, "Solar cells, revised, part"), datestamp="2026-10-02")


def _deleted_work(library: Library) -> None:
    put(library, Dublin(identifier="oai:campus:1", deleted=True), datestamp="2026-10-03")


def _new_work(library: Library) -> None:
    put(library, _dublin(99), datestamp="2026-10-02")


def _reported_copy(library: Library) -> None:
    work = library.store.catalogue.find("doi:10.5555/cells.1")
    assert work is not None
    url = work.data["locations"][0]["url"]
    assert library.store.links.report(url, work_key=work.key, reporter=b"x" * 16, note=None) == "taken"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/v1/works?q=solar&fields=detail", _changed_work),
        ("/v1/works?q=solar", _deleted_work),
        ("/v1/works?q=solar&limit=1", _new_work),
        ("/v1/works?fields=id", _new_work),
        ("/v1/works/doi:10.5555/cells.1", _changed_work),
        ("/v1/works/doi:10.5555/cells.1", _deleted_work),
        ("/v1/works/doi:10.5555/cells.1", _reported_copy),
        ("/v1/sources", _new_work),
        ("/", _new_work),
    ],
)
def test_an_answer_that_has_changed_is_never_304(
    library: Library, path: str, change: Callable[[Library], None]
) -> None:
    put(library, *[_dublin(number) for number in range(3)])
    client = _client(make_app(library))
    validator = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": validator}).status_code == 304
    change(library)
    again = client.get(path, headers={"If-None-Match": validator})
    assert again.status_code in {200, 404, 410}
    assert again.headers.get("etag") != validator


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/v1/works", "no-cache"),
        ("/v1/works/none", "no-store"),
        ("/v1/works?nonsense=1", "no-store"),
        ("/v1/limits", "no-store"),
        ("/health", "no-store"),
        ("/v1/desk/judgements", "no-store"),
        ("/", "private, no-cache"),
    ],
)
def test_nothing_is_kept_unseen_and_errors_not_at_all(client: TestClient, path: str, kept: str) -> None:
    answer = client.get(path)
    assert answer.headers["cache-control"] == kept
    assert ("etag" in answer.headers) is (kept != "no-store")


def test_what_is_no_answer_to_keep_stays_what_it_is(client: TestClient) -> None:
    for path, status in (("/v1/works/none", 404), ("/works/doi:10.5555/cells.1", 302), ("/v1/limits", 200)):
        answer = client.get(path, headers={"If-None-Match": "*"})
        assert (answer.status_code, "etag" in answer.headers) == (status, False)
    assert client.post("/v1/works", json={}, headers={"If-None-Match": "*"}).status_code == 200


# --- other sites ------------------------------------------------------------------------------------


def _with(library: Library, **settings: Any) -> TestClient:
    changed = Library(library.settings.model_copy(update=settings), library.store)
    return TestClient(make_app(changed), follow_redirects=False)


def test_other_sites_may_ask_only_where_the_library_says_so(filled: Library, client: TestClient) -> None:
    asking = {"Origin": "https://www.lib.example.edu"}
    assert "access-control-allow-origin" not in client.get("/v1/works", headers=asking).headers
    allowing = _with(filled, cors_origins=("https://www.lib.example.edu",))
    answer = allowing.get("/v1/works", headers=asking)
    assert answer.headers["access-control-allow-origin"] == "https://www.lib.example.edu"
    assert "Origin" in answer.headers["vary"]
    told = answer.headers["access-control-expose-headers"]
    assert all(name in told for name in ("ETag", "RateLimit", "Retry-After", "X-Request-Id"))
    problem = allowing.get("/v1/works?nonsense=1", headers=asking)
    assert (problem.status_code, "access-control-allow-origin" in problem.headers) == (400, True)
    before = {**asking, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert allowing.options("/v1/works", headers=before).status_code == 200
    foreign = allowing.get("/v1/works", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers


# --- fields -----------------------------------------------------------------------------------------


def test_ids_alone_are_answered_without_reading_works(
    client: TestClient, filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = client.get("/v1/works?q=solar&limit=10").json()["results"]

    class NoWorks:
        def __getattr__(self, name: str) -> Any:
            assert name != "by_keys", "a work is read"
            return getattr(catalogue, name)

    catalogue = filled.store.catalogue
    monkeypatch.setattr(filled.store, "catalogue", NoWorks())
    ids = client.get("/v1/works?q=solar&limit=10&fields=id").json()["results"]
    assert ids == [{"id": one["id"]} for one in cards]


def test_presets_hold_what_they_say(client: TestClient) -> None:
    def names(preset: str) -> set[str]:
        return set(client.get("/v1/works", params={"fields": preset, "limit": 1}).json()["results"][0])

    assert names("id") == {"id"}
    assert names("minimal") == {"id", "title", "year", "identifiers"}
    assert names("minimal") < names("card") < names("detail")


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_twenty_cards_of_recorded_records_are_small_on_the_wire(
    embedded: Library, pmc_pages: RecordedRepository, coding: str
) -> None:
    harvest(embedded, add_source(embedded, "pmc", pmc_pages.url))
    embedded.bring_up_to_date()
    client = _client(make_app(embedded))
    sizes: list[int] = []
    cursor: str | None = ""
    while cursor is not None and len(sizes) < 20:
        asked: dict[str, Any] = {"q": "patients OR cells", "limit": 20, **({"cursor": cursor} if cursor else {})}
        answer = client.get("/v1/works", params=asked, headers={"Accept-Encoding": coding})
        assert answer.headers["content-encoding"] == coding
        sizes.append(int(answer.headers["content-length"]))
        cursor = answer.json()["meta"]["next_cursor"]
    assert len(sizes) > 5
    assert max(sizes) <= 8 * 1024


# --- POST -------------------------------------------------------------------------------------------


def test_a_posted_search_is_answered_as_a_get(client: TestClient) -> None:
    asked: dict[str, Any] = {"q": "solar", "year": [2021], "facets": "year", "limit": 7, "sort": "newest"}
    got, posted = client.get("/v1/works", params=asked).json(), client.post("/v1/works", json=asked).json()
    for body in (got, posted):
        del body["meta"]["took_ms"]
    assert got == posted
    assert len(posted["results"]) == 7


def test_cursors_serve_both_ways_of_asking(client: TestClient) -> None:
    asked: dict[str, Any] = {"q": "solar", "limit": 7}
    cursor = client.get("/v1/works", params=asked).json()["meta"]["next_cursor"]
    found = [one["id"] for one in client.get("/v1/works", params=asked).json()["results"]]
    for turn in range(10):
        page = {**asked, "cursor": cursor}
        answer = client.post("/v1/works", json=page) if turn % 2 == 0 else client.get("/v1/works", params=page)
        found += [one["id"] for one in answer.json()["results"]]
        cursor = answer.json()["meta"]["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == _TOTAL


@pytest.mark.parametrize("path", ["/v1/works", "/v1/export"])
@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"content": "q=solar", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 415, "JSON"),
        ({"content": "{", "headers": {"Content-Type": "application/json"}}, 400, "JSON"),
        ({"json": []}, 400, "object"),
        ({"json": {"colour": "red", "format": "ris"}}, 400, "no parameter 'colour'"),
        ({"json": {"limit": 0, "format": "ris"}}, 400, "limit"),
        ({"json": {"q": 7}}, 400, "string"),
        ({"content": r'{"q": "\ud800"}', "headers": {"Content-Type": "application/json"}}, 400, ""),
        ({"json": {"q": "x" * 600_000, "format": "ris"}}, 413, "524,288"),
        ({"json": {"format": "ris"}, "params": {"q": "solar"}}, 400, "no parameter 'q'"),
    ],
)
def test_a_wrong_body_is_a_problem_with_a_fix(
    client: TestClient, path: str, sent: dict[str, Any], status: int, said: str
) -> None:
    answer = client.post(path, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.text


def test_a_query_in_a_body_is_explained_as_one_in_an_address(client: TestClient) -> None:
    for path, asked in (("/v1/works", {"q": "auther:x"}), ("/v1/export", {"q": "auther:x", "format": "ris"})):
        answer = client.post(path, json=asked)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "q")
        assert "author" in answer.text


def test_many_works_are_exported_by_a_body(client: TestClient) -> None:
    named = [f"doi:10.5555/cells.{number % _TOTAL}" for number in range(1_000)]
    lines = client.post("/v1/export", json={"format": "jsonl", "id": named}).text.splitlines()
    assert [json.loads(line)["title"] for line in lines] == [f"Solar cells, part {number}" for number in range(_TOTAL)]
    queried = client.post("/v1/export", json={"format": "jsonl", "q": "solar", "limit": 4})
    assert len(queried.text.splitlines()) == 4
    both = client.post("/v1/export", json={"format": "ris", "id": named, "q": "solar"})
    assert (both.status_code, "cannot stand beside id" in both.text) == (400, True)
    too_many = client.post("/v1/export", json={"format": "ris", "id": ["x"] * 2_001})
    assert (too_many.status_code, "2000" in too_many.text) == (400, True)


# --- deprecation ------------------------------------------------------------------------------------


def test_a_route_that_will_go_says_so(app: FastAPI) -> None:
    since, sunset = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)

    @app.get("/v1/old", **deprecated(since=since, sunset=sunset, link="/docs"))
    def old() -> dict[str, str]:
        return {}

    headers = TestClient(app).get("/v1/old").headers
    assert headers["deprecation"] == "@1798761600"
    assert headers["sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
    assert headers["link"] == '</docs>; rel="deprecation"'
    assert TestClient(app).get("/openapi.json").json()["paths"]["/v1/old"]["get"]["deprecated"] is True
    with pytest.raises(ValueError, match="before it is deprecated"):
        deprecated(since=sunset, sunset=since, link="/docs")


# --- the whole description ----------------------------------------------------------------------------


def _operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_route_is_described_with_its_problems(app: FastAPI) -> None:
    for path, method, operation in _operations(app):
        assert operation.get("summary"), f"{method} {path} has no summary"
        assert operation.get("description"), f"{method} {path} has no description"
        for status, answer in operation["responses"].items():
            if status in {"401", "403", "404", "409", "410", "413", "415", "422", "429"}:
                assert list(answer["content"]) == ["application/problem+json"], f"{method} {path} {status}"
        if path not in UNCOUNTED:
            assert "429" in operation["responses"], f"{method} {path} may be refused by the limits"


def test_every_route_stands_on_the_page_about_the_api(app: FastAPI) -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(/[^`?]*)`", text))
    paths = {re.sub(r"\{\w+\}", "{id}", path) for path, _, _ in _operations(app) if not path.startswith("/v1/desk")}
    assert paths - told == set()


def test_the_documentation_shows_what_a_body_may_hold(client: TestClient) -> None:
    posted = client.get("/docs").text.partition("<h2><code>POST /v1/works</code>")[2].partition("</section>")[0]
    assert "<dt><code>year_from</code> <small>integer" in posted


def test_no_route_passes_over_a_parameter_that_it_does_not_know(app: FastAPI, client: TestClient) -> None:
    walked = 0
    for path, method, operation in _operations(app):
        if method != "get" or path.startswith(("/v1/desk", "/oai")):  # the one is closed, the other has its own errors
            continue
        filled_in = path
        for parameter in operation.get("parameters", ()):
            filled_in = filled_in.replace(f"{{{parameter['name']}}}", "1")
        answer = client.get(filled_in, params={"no_such_parameter": "1"})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), path
        errors = {error["parameter"]: error["fix"] for error in answer.json()["errors"]}
        assert errors["no_such_parameter"], path
        walked += 1
    assert walked >= 12
