"""Limits and tokens over HTTP and by command, on both deployments."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select, update
from structlog.testing import capture_logs

from indexer import clock
from indexer.errors import UnknownTokenError
from indexer.storage import schema
from search_api.app import make_app
from search_api.cli.main import cli
from search_api.errors import SettingsError
from search_api.library import Library
from search_api.manners.counting import Windows
from search_api.problem_types import TYPES
from search_api.settings import Limits, Settings, read_settings

_DESK = "the-desk-token-of-this-library"
_FEW = Limits(
    address_a_minute=5,
    address_a_day=8,
    address_costly_a_minute=2,
    address_costly_a_day=3,
    token_a_minute=7,
    token_a_day=0,
    token_costly_a_minute=0,
    token_costly_a_day=4,
)


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class _Asked:
    """A library's application with few requests to a client, and a clock of the test's own."""

    def __init__(self, library: Library, limits: Limits = _FEW, **settings: Any) -> None:
        update = {"limits": limits, "desk_token": SecretStr(_DESK), **settings}
        self.clock = _Clock()
        changed = Library(library.settings.model_copy(update=update), library.store)
        self.app = make_app(changed, Windows(self.clock))

    def client(self, address: str = "198.51.100.1", **headers: str) -> TestClient:
        return TestClient(self.app, client=(address, 5000), headers=headers, raise_server_exceptions=False)

    def bearer(self, secret: str, address: str = "198.51.100.1") -> TestClient:
        return self.client(address, Authorization=f"Bearer {secret}")


def _times(client: TestClient, path: str = "/v1/sources") -> int:
    """Count how many requests are answered before one is refused."""
    for times in range(100):
        if client.get(path).status_code == 429:
            return times
    return 100


# --- limits -----------------------------------------------------------------------------------------


def test_who_asks_too_fast_is_told_how_long_to_wait(embedded: Library) -> None:
    asked = _Asked(embedded)
    client = asked.client()
    assert _times(client) == 5
    asked.clock.now += 20
    answer = client.get("/v1/sources")
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
    assert (problem["type"], answer.headers["retry-after"]) == ("/problems/slow-down", "40")
    assert "Go on in 40 seconds" in problem["errors"][0]["fix"]
    asked.clock.now += 40
    assert client.get("/v1/sources").status_code == 200


def test_a_used_up_day_is_another_problem_that_names_its_end(embedded: Library) -> None:
    asked = _Asked(embedded)
    client = asked.client()
    assert _times(client) == 5
    asked.clock.now += 60
    assert _times(client) == 3
    asked.clock.now += 60
    answer = client.get("/v1/sources")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (429, "/problems/daily-quota")
    assert int(answer.headers["retry-after"]) == 86_400 - 120
    assert "until 1970-01-13T13:46:40Z" in problem["detail"]
    asked.clock.now += 86_400
    assert client.get("/v1/sources").status_code == 200


def test_the_log_tells_once_a_window_that_a_limit_is_reached(embedded: Library) -> None:
    with capture_logs() as logs:
        client = _Asked(embedded).client()
        assert [_times(client) for _ in range(5)] == [5, 0, 0, 0, 0]
    reached = [(line["policy"], line["kind"]) for line in logs if line["event"] == "limit_reached"]
    assert reached == [("minute", "address")]
    assert "198.51.100.1" not in str(logs), "who asks is no business of the log"


def test_where_both_are_used_up_the_longer_wait_is_told(embedded: Library) -> None:
    client = _Asked(embedded, Limits(address_a_minute=3, address_a_day=3)).client()
    assert _times(client) == 3
    answer = client.get("/v1/sources")
    assert (answer.json()["type"], answer.headers["retry-after"]) == ("/problems/daily-quota", "86400")


def test_every_answer_tells_what_is_left(embedded: Library) -> None:
    client = _Asked(embedded).client()
    client.get("/v1/sources")
    for path in ("/v1/sources", "/v1/works/none", "/v1/sources?nonsense=1"):
        headers = client.get(path).headers
        assert headers["ratelimit-policy"] == '"minute";q=5;w=60, "day";q=8;w=86400'
    assert headers["ratelimit"] == '"minute";r=1;t=60, "day";r=4;t=86400'
    assert client.get("/v1/sources").headers["ratelimit"].startswith('"minute";r=0;')
    assert client.get("/v1/sources").headers["ratelimit"].startswith('"minute";r=0;')


def test_costly_requests_have_a_bucket_of_their_own_and_leave_the_others_alone(embedded: Library) -> None:
    client = _Asked(embedded).client()
    export = "/v1/export?format=ris"
    assert '"costly-minute";q=2;w=60, "costly-day";q=3;w=86400' in client.get(export).headers["ratelimit-policy"]
    assert _times(client, export) == 1
    refused = client.get(export).json()
    assert (refused["type"], "costly" in refused["detail"]) == ("/problems/slow-down", True)
    assert _times(client) == 3


def test_addresses_do_not_use_up_each_others_quota(embedded: Library) -> None:
    asked = _Asked(embedded)
    assert _times(asked.client("198.51.100.1")) == 5
    assert _times(asked.client("198.51.100.2")) == 5
    assert _times(asked.client("2001:db8::1")) == 5
    assert _times(asked.client("2001:db8::2")) == 0, "one IPv6 line is one client"


def test_an_address_is_believed_of_trusted_proxies_only(embedded: Library) -> None:
    asked = _Asked(embedded)
    first = [asked.client("198.51.100.1", **{"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(6)]
    assert [one.get("/v1/sources").status_code for one in first] == [200] * 5 + [429]
    asked = _Asked(embedded, trusted_proxies=(ip_network("198.51.100.1"),))
    told = [asked.client("198.51.100.1", **{"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(20)]
    assert {one.get("/v1/sources").status_code for one in told} == {200}
    forged = [f"203.0.113.{number}, 192.0.2.99" for number in range(6)]
    clients = [asked.client("198.51.100.1", **{"X-Forwarded-For": line}) for line in forged]
    assert [one.get("/v1/sources").status_code for one in clients] == [200] * 5 + [429]


def test_a_campus_behind_one_address_does_not_lock_out_token_holders(library: Library) -> None:
    asked = _Asked(library)
    holders = [library.store.tokens.add(f"reader {number}")[1] for number in range(3)]
    assert _times(asked.client()) == 5
    for secret in holders:
        client = asked.bearer(secret)
        assert client.get("/v1/sources").headers["ratelimit-policy"] == '"minute";q=7;w=60'
        assert _times(client) == 6
        assert "with your token" in client.get("/v1/sources").json()["detail"]
    assert asked.bearer(holders[0], "203.0.113.77").get("/v1/sources").status_code == 429, "a token counts anywhere"


def test_what_proves_nothing_but_life_is_not_counted(embedded: Library) -> None:
    asked = _Asked(embedded)
    client = asked.client()
    style = client.get("/").text.split('href="/static/')[1].split('"')[0]
    for path in ("/health", "/ready", "/v1/limits", f"/static/{style}"):
        assert _times(client, path) == 100
    assert _times(client) == 4


def test_without_limits_nothing_is_counted(embedded: Library) -> None:
    none = Limits(**dict.fromkeys(Limits.model_fields, 0))
    client = _Asked(embedded, none).client()
    assert _times(client) == 100
    assert "ratelimit" not in client.get("/v1/sources").headers


def test_readers_of_pages_are_told_in_their_language(embedded: Library) -> None:
    client = _Asked(embedded).client(Accept="text/html", **{"Accept-Language": "zh-CN"})
    assert _times(client, "/") == 5
    page = client.get("/")
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert "请稍慢一些" in page.text
    assert int(page.headers["retry-after"]) > 0
    assert client.get("/v1/works").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", TYPES)
def test_every_named_problem_is_explained_at_its_address(embedded: Library, name: str) -> None:
    client = _Asked(embedded).client()
    kind = TYPES[name]
    assert kind.text_en in client.get(f"/problems/{name}?ui=en").text.replace("&#39;", "'")
    assert kind.text_zh in client.get(f"/problems/{name}?ui=zh").text
    assert client.get("/problems/none").status_code == 404


def test_all_limits_are_told_with_how_the_caller_stands(library: Library) -> None:
    asked = _Asked(library)
    client = asked.client()
    client.get("/v1/sources")
    body = client.get("/v1/limits").json()
    assert body["caller"] == {"counted_by": "address", "label": None}
    left = {one["policy"]: (one["quota"], one["remaining"]) for one in body["policies"]}
    assert left == {"minute": (5, 4), "day": (8, 7), "costly-minute": (2, 2), "costly-day": (3, 3)}
    assert "/v1/export" in body["costly"]
    assert body["sizes"]["works_a_page"] == 200
    secret = library.store.tokens.add("mini-program")[1]
    told = asked.bearer(secret).get("/v1/limits").json()
    assert told["caller"] == {"counted_by": "token", "label": "mini-program"}
    assert asked.bearer(_DESK).get("/v1/limits").json()["caller"]["counted_by"] == "desk"


# --- tokens -----------------------------------------------------------------------------------------


def test_a_token_that_is_none_is_refused_and_never_passed_over(library: Library) -> None:
    asked = _Asked(library)
    tokens = library.store.tokens
    revoked, secret = tokens.add("revoked")
    assert asked.bearer(secret).get("/v1/sources").status_code == 200
    tokens.revoke(revoked.id)
    expired, late = tokens.add("expired", days=1)
    with library.store.database.write() as connection:
        past = clock.now() - timedelta(seconds=1)
        connection.execute(update(schema.tokens).where(schema.tokens.c.id == expired.id).values(expires_at=past))
    for number, shown in enumerate((secret, late, "kj_unknown", "", "x" * 5000, "é")):
        client = asked.client(f"203.0.113.{number}")
        answer = client.get("/v1/sources", headers=[(b"Authorization", f"Bearer {shown}".encode())])
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), shown[:20]
        assert answer.json()["type"] == "/problems/unknown-token"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "or none at all" in answer.json()["errors"][0]["fix"]
        assert shown not in answer.text or not shown


def test_guessing_tokens_uses_up_the_guessers_address(embedded: Library) -> None:
    asked = _Asked(embedded)
    statuses = [asked.bearer(f"kj_{number}").get("/v1/sources").status_code for number in range(7)]
    assert statuses == [401] * 5 + [429] * 2


def test_another_scheme_is_a_matter_of_whoever_stands_before_us(embedded: Library) -> None:
    client = _Asked(embedded).client(Authorization="Basic Y2FtcHVzOnNlY3JldA==")
    assert client.get("/v1/sources").status_code == 200


def test_the_desks_token_opens_the_desk_as_before(embedded: Library) -> None:
    asked = _Asked(embedded)
    opened = asked.bearer(_DESK).get("/v1/desk/judgements")
    assert (opened.status_code, opened.headers["cache-control"], "etag" in opened.headers) == (200, "no-store", False)
    assert asked.client().get("/v1/desk/judgements").status_code == 401
    secret = embedded.store.tokens.add("no librarian")[1]
    assert asked.bearer(secret).get("/v1/desk/judgements").status_code == 401


def test_an_authorised_answer_is_kept_for_its_reader_only(embedded: Library) -> None:
    asked = _Asked(embedded)
    secret = embedded.store.tokens.add("reader")[1]
    assert asked.bearer(secret).get("/v1/sources").headers["cache-control"] == "private, no-cache"
    assert asked.client().get("/v1/sources").headers["cache-control"] == "no-cache"


def test_the_store_keeps_no_token_from_which_one_could_be_had(embedded: Library) -> None:
    token, secret = embedded.store.tokens.add("reader")
    _Asked(embedded).bearer(secret).get("/v1/sources")
    file = embedded.settings.data_dir / "records.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert secret.encode() not in file.read_bytes()
    assert token.id.encode() in file.read_bytes()


def test_the_day_of_the_last_use_is_noted(library: Library) -> None:
    _, secret = library.store.tokens.add("reader")
    assert library.store.tokens.all()[0].last_used is None
    asked = _Asked(library)
    for _ in range(2):
        asked.bearer(secret).get("/v1/sources")
    assert library.store.tokens.all()[0].last_used == clock.now().date().isoformat()


def test_tokens_are_made_listed_and_revoked_with_a_trace(library: Library) -> None:
    tokens = library.store.tokens
    token, secret = tokens.add("mini-program", days=30)
    assert secret.startswith("kj_")
    assert tokens.find(secret) == token
    assert tokens.find(secret + "x") is None
    revoked = tokens.revoke(token.id)
    assert (revoked.state, tokens.find(secret)) == ("revoked", None)
    assert tokens.revoke(token.id).revoked_at == revoked.revoked_at
    with pytest.raises(UnknownTokenError, match="kaijuan tokens list"):
        tokens.revoke("t000")
    with library.store.database.read() as connection:
        actions = [*connection.scalars(select(schema.audit.c.action).where(schema.audit.c.object == token.id))]
    assert actions == ["token.add", "token.revoke"]


def test_tokens_by_command(embedded: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library = embedded
    monkeypatch.setenv("KAIJUAN_DATA_DIR", str(library.settings.data_dir))
    run = CliRunner()
    made = run.invoke(cli, ["tokens", "add", "mini-program", "--days", "30"])
    secret = made.stdout.strip()
    assert (made.exit_code, "shown this once" in made.stderr) == (0, True)
    assert library.store.tokens.find(secret) is not None
    listed = run.invoke(cli, ["tokens", "list", "--json"])
    row = json.loads(listed.stdout)
    assert (row["label"], row["state"], secret in listed.stdout) == ("mini-program", "active", False)
    assert run.invoke(cli, ["tokens", "revoke", row["id"]]).exit_code == 0
    assert library.store.tokens.find(secret) is None
    assert "kaijuan tokens list" in str(run.invoke(cli, ["tokens", "revoke", "nothing"]).exception)
    assert run.invoke(cli, ["tokens", "add", " "]).exit_code == 2
    assert run.invoke(cli, ["tokens", "add", "x", "--days", "0"]).exit_code == 2


# --- settings ---------------------------------------------------------------------------------------


def test_settings_of_proxies_sites_and_limits_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIJUAN_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, ::1")
    monkeypatch.setenv("KAIJUAN_CORS_ORIGINS", "https://www.lib.example.edu, http://localhost:3000")
    monkeypatch.setenv("KAIJUAN_LIMITS__ADDRESS_A_MINUTE", "10")
    settings = Settings()
    assert settings.trusted_proxies == (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1"))
    assert settings.cors_origins == ("https://www.lib.example.edu", "http://localhost:3000")
    assert (settings.limits.address_a_minute, settings.limits.address_a_day) == (10, 500_000)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KAIJUAN_TRUSTED_PROXIES", "everybody", "addresses or networks"),
        ("KAIJUAN_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks"),
        ("KAIJUAN_CORS_ORIGINS", "www.lib.example.edu", "origins with commas"),
        ("KAIJUAN_CORS_ORIGINS", "https://www.lib.example.edu/", "origins with commas"),
        ("KAIJUAN_LIMITS__ADDRESS_A_MINUTE", "-1", "KAIJUAN_LIMITS__ADDRESS_A_MINUTE"),
        ("KAIJUAN_LIMITS__ADDRESS_A_MONTH", "1", "KAIJUAN_LIMITS__ADDRESS_A_MONTH"),
        ("KAIJUAN_LIMITS", "many", "KAIJUAN_LIMITS must be a JSON object"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"See docs/settings\.md") as refused:
        read_settings()
    assert said in str(refused.value)
