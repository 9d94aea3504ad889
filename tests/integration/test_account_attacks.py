"""Attacks on accounts: guessing, theft, forged forms, planted sessions, other sites, odd characters, markup."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import select, update

from indexer import clock
from indexer.storage import schema
from indexer.storage.people import Role
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.people.names import is_own_path
from search_api.settings import Limits
from tests.integration.accounts import GOOD, ORIGIN, browser, client_of, csrf, me, opened, signed_up, with_role

_FREE = Limits(**dict.fromkeys(Limits.model_fields, 0))


@pytest.fixture
def app(embedded: Library) -> FastAPI:
    return opened(embedded)


def tries(client: TestClient, name: str, password: str = "") -> Any:
    return client.post("/v1/sign-in", json={"name": name, "password": password or "not the password"})


# --- guessing ---------------------------------------------------------------------------------


def test_a_name_is_guessed_ten_times_and_then_waits_in_every_process(library: Library) -> None:
    client = client_of(opened(library))
    signed_up(client.app, "liming")  # type: ignore[arg-type]
    with open_library(library.settings, sources=[]) as second:
        other = client_of(make_app(second))
        codes = [tries((client, other)[at % 2], "liming").status_code for at in range(12)]
        assert codes == [401] * 10 + [429] * 2
        refused = tries(other, "ＬｉＭｉＮＧ", GOOD)
        assert refused.status_code == 429, "not even the right password, however the name is written"
        assert 0 < int(refused.headers["retry-after"]) <= 60
        moments = {"first_at": clock.now() - timedelta(minutes=2), "last_at": clock.now() - timedelta(minutes=2)}
        with library.store.database.write() as connection:
            connection.execute(update(schema.sign_in_failures).values(**moments))
        assert tries(other, "liming").status_code == 401
        assert int(tries(other, "liming").headers["retry-after"]) > 60, "each further try costs twice the wait"


def test_tries_at_once_are_counted_one_by_one(library: Library) -> None:
    app = opened(library)
    signed_up(app, "liming")
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(tries(client_of(app), "liming").status_code)) for _ in "x" * 14
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (codes.count(401), codes.count(429)) == (10, 4)


def test_an_unknown_name_is_answered_counted_and_weighed_like_a_known_one(app: FastAPI) -> None:
    signed_up(app, "liming")
    client, passwords = client_of(app), app.state.accounts.passwords
    answers = {}
    for name in ("liming", "nobody", "\x00", "no such name at all!"):
        checked = passwords.checked
        answer = tries(client, name)
        answers[name] = (answer.status_code, answer.json() | {"request_id": None})
        assert passwords.checked == checked + 1, f"{name!r} is answered without the slow part"
    assert len({str(one) for one in answers.values()}) == 1
    codes = {name: [tries(client, name).status_code for _ in range(10)] for name in ("liming", "nobody")}
    assert codes["liming"] == codes["nobody"] == [401] * 9 + [429]


def test_what_is_kept_of_passwords_and_tokens_opens_nothing(app: FastAPI) -> None:
    client = signed_up(app, "liming")
    with app.state.library.store.database.read() as connection:
        login = connection.execute(select(schema.logins)).one()
        token = connection.execute(select(schema.tokens)).one()
    assert login.secret.startswith("$argon2id$v=19$m=32768,t=2,p=1$")
    secret = client.headers["authorization"].removeprefix("Bearer ")
    assert token.digest == hashlib.sha256(secret.encode()).digest()
    for stolen in (token.id, token.digest.hex(), "ks_" + token.digest.hex(), secret[:-1], secret + "x", "ks_", "kj_"):
        assert client_of(app, Authorization=f"Bearer {stolen}").get("/v1/me").status_code == 401


def test_a_bad_token_is_never_answered_as_if_none_was_shown(app: FastAPI) -> None:
    assert client_of(app, Authorization="Bearer ks_wrong").get("/v1/sign-in").status_code == 401


def test_a_token_of_a_program_is_nobodys_session_and_the_other_way_round(app: FastAPI) -> None:
    token, secret = app.state.library.store.tokens.add("a program")
    assert client_of(app, Authorization=f"Bearer {secret}").get("/v1/me").status_code == 401
    signed_up(app, "liming")
    assert [one.id for one in app.state.library.store.tokens.all()] == [token.id], "devices are nobody else's business"


# --- browsers ---------------------------------------------------------------------------------


def test_a_cookie_alone_changes_nothing_that_does_not_come_from_our_own_page(app: FastAPI) -> None:
    signed_up(app, "liming")
    client = browser(app, "liming")
    assert client.get("/v1/me").status_code == 200
    change = {"json": {"name": "stolen"}}
    foreign: list[dict[str, str]] = [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/http://testserver/"},
    ]
    for headers in foreign:
        sent = client.patch("/v1/me", headers={"If-Match": "*", **headers}, **change)  # type: ignore[arg-type]
        assert sent.status_code == 403, headers
        assert client.request("DELETE", "/v1/me", json={}, headers=headers).status_code == 403
    own = client.patch("/v1/me", headers={"If-Match": "*", **ORIGIN}, json={"name": "Li"})
    assert (own.status_code, own.json()["name"]) == (200, "Li")


def test_a_form_needs_the_token_of_its_own_session(app: FastAPI) -> None:
    signed_up(app, "liming")
    signed_up(app, "thief")
    client, thief = browser(app, "liming"), browser(app, "thief")
    form = {"name": "Li", "version": "1"}
    for wrong in ({}, {"csrf": ""}, {"csrf": csrf(thief)}, {"csrf": "\ud800".encode("utf-8", "replace").decode()}):
        assert client.post("/me", data=form | wrong, headers=ORIGIN).status_code == 403
    assert (
        client.post("/me", data=form | {"csrf": csrf(client)}, headers={"Origin": "https://evil.example"}).status_code
        == 403
    )
    saved = client.post("/me", data=form | {"csrf": csrf(client)}, headers=ORIGIN)
    assert (saved.status_code, saved.headers["location"]) == (303, "/me?done=saved")


def test_nobody_is_signed_in_as_somebody_else_by_another_sites_form(app: FastAPI) -> None:
    signed_up(app, "thief")
    for headers in ({}, {"Origin": "https://evil.example"}):
        answer = client_of(app, **headers).post("/sign-in", data={"name": "thief", "password": GOOD})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_planted_session_is_not_taken_over_and_ends_at_sign_in(app: FastAPI) -> None:
    signed_up(app, "liming")
    signed_up(app, "thief")
    planted = browser(app, "thief")
    secret = planted.cookies["kaijuan_session"]
    answer = planted.post("/sign-in", data={"name": "liming", "password": GOOD}, headers=ORIGIN)
    assert answer.status_code == 303
    assert planted.cookies["kaijuan_session"] != secret
    assert client_of(app, Authorization=f"Bearer {secret}").get("/v1/me").status_code == 401
    made_up = client_of(app, Cookie="kaijuan_session=ks_chosen-by-a-thief")
    entered = made_up.post("/sign-in", data={"name": "liming", "password": GOOD}, headers=ORIGIN)
    assert "ks_chosen" not in entered.headers["set-cookie"]


def test_the_header_goes_before_the_cookie_and_two_cookies_are_none(app: FastAPI) -> None:
    reader, other = signed_up(app, "liming"), signed_up(app, "other")
    secret, second = (one.headers["authorization"].removeprefix("Bearer ") for one in (reader, other))
    cookie = {"Cookie": f"kaijuan_session={secret}"}
    assert me(client_of(app, **cookie))["name"] == "liming"
    both = client_of(app, **cookie, Authorization=f"Bearer {second}")
    assert me(both)["name"] == "other"
    assert client_of(app, **cookie, Authorization="Bearer ks_wrong").get("/v1/me").status_code == 401
    assert me(client_of(app, **cookie, Authorization="Basic cHJveHk6cHJveHk="))["name"] == "liming"
    two = client_of(app, Cookie=f"kaijuan_session={second}; kaijuan_session={secret}")
    assert two.get("/v1/me").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_other_sites_and_other_hosts(app: FastAPI) -> None:
    signed_up(app, "liming")
    plain, safe = (
        TestClient(app, base_url=base, follow_redirects=False).post(
            "/sign-in", data={"name": "liming", "password": GOOD}, headers={"Origin": base}
        )
        for base in ("http://testserver", "https://testserver")
    )
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {one.strip() for one in plain.headers["set-cookie"].split(";")}
    told = {one.strip() for one in safe.headers["set-cookie"].split(";")}
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= told
    assert safe.headers["set-cookie"].startswith("__Host-kaijuan_session=ks_")
    assert not any(one.startswith("Domain") for one in told)
    secret = plain.headers["set-cookie"].partition("=")[2].partition(";")[0]
    on_https = TestClient(app, base_url="https://testserver", headers={"Cookie": f"kaijuan_session={secret}"})
    assert on_https.get("/v1/me").status_code == 401, "over https only a cookie that no other host can set"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/sign-in?next=/sign-in",
        "/%0d%0aSet-Cookie:x\r\nSet-Cookie: y",
        "",
        "evil",
        "/" + "x" * 3_000,
    ],
)
def test_signing_in_leads_nowhere_but_to_our_own_pages(app: FastAPI, path: str) -> None:
    signed_up(app, "liming")
    assert not is_own_path(path)
    answer = client_of(app).post(
        "/sign-in", params={"next": path}, data={"name": "liming", "password": GOOD}, headers=ORIGIN
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")


def test_signing_in_leads_back_to_where_one_was(app: FastAPI) -> None:
    signed_up(app, "liming")
    answer = client_of(app).post(
        "/sign-in", params={"next": "/works/w1?q=a&ui=zh"}, data={"name": "liming", "password": GOOD}, headers=ORIGIN
    )
    assert answer.headers["location"] == "/works/w1?q=a&ui=zh"


def test_what_is_a_persons_is_kept_by_no_cache(app: FastAPI) -> None:
    signed_up(app, "liming")
    client = browser(app, "liming")
    for path in (
        "/v1/me",
        "/v1/me/sessions",
        "/v1/me/export",
        "/v1/me/access",
        "/me",
        "/v1/sign-in",
        "/sign-in?code=1",
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
    tag = client.get("/v1/me").headers["etag"]
    assert me(client)["id"] in tag, "a tag of one person is never that of another who says the same"


def test_a_key_that_is_sent_again_brings_nobody_anothers_answer(app: FastAPI) -> None:
    first, second = with_role(app, "one", Role("librarian")), with_role(app, "two", Role("librarian"))
    key = {"Idempotency-Key": "the-same"}
    said = [one.put("/v1/me/consents/email", json={"given": True}, headers=key) for one in (first, second)]
    assert ["idempotency-replayed" in one.headers for one in said] == [False, False]
    body = {"name": "one", "password": GOOD}
    tokens = {client_of(app).post("/v1/sign-in", json=body, headers=key).json()["token"] for _ in "xx"}
    assert len(tokens) == 2, "no answer with a secret is kept"


# --- what is written --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a\x00b", "x" * 101, "li\u202egnim", "li\nming", " ", "\u200b", "\u2067x", "\x1b[31mred"],
)
def test_a_name_that_cannot_be_seen_is_refused_on_both_deployments(library: Library, name: str) -> None:
    app = opened(library)
    client = signed_up(app, "liming")
    for answer in (
        client.patch("/v1/me", headers={"If-Match": "*"}, json={"name": name}),
        client.patch("/v1/me", headers={"If-Match": "*"}, json={"profile": {"faculty": f"x{name}x"[:500]}})
        if name.strip()
        else client.patch("/v1/me", headers={"If-Match": "*"}, json={"name": name}),
        client_of(app).post("/v1/sign-up", json={"name": name, "password": GOOD}),
    ):
        assert answer.status_code == 400, answer.text
    assert me(client)["name"] == "liming"


@pytest.mark.parametrize("name", ["李明", "Ægir Ó", "نور الهدى", "O'Neill-Łaska", "山田 太郎"])
def test_names_of_every_script_are_welcome(app: FastAPI, name: str) -> None:
    changed = signed_up(app, "liming").patch("/v1/me", headers={"If-Match": "*"}, json={"name": name})
    assert (changed.status_code, changed.json()["name"]) == (200, name)


def test_markup_in_names_is_shown_as_it_was_written(app: FastAPI) -> None:
    client = signed_up(app, "liming")
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    profile = {"faculty": evil, "field": "{{ 7*7 }}", "card_number": "' onfocus=alert(1) x='"}
    assert client.patch("/v1/me", headers={"If-Match": "*"}, json={"name": evil, "profile": profile}).status_code == 200
    token = client_of(app).post("/v1/sign-in", json={"name": "liming", "password": GOOD, "device": evil[:90]})
    assert token.status_code == 201
    boss = with_role(app, "boss", Role("administrator"))
    boss.get(f"/v1/desk/people/{me(client)['id']}", params={"why": evil})
    page = browser(app, "liming").get("/me").text
    assert "<script>alert" not in page
    assert "<img" not in page.replace('<img src="/static', "")
    assert "onfocus=alert(1) x=" not in page.replace("&#39; onfocus=alert(1) x=&#39;", "")
    assert page.count("&lt;script&gt;alert(1)") >= 3
    assert "{{ 7*7 }}" in page


@pytest.mark.parametrize("path", ["/v1/me/sessions/%00", "/v1/me/logins/%ED%A0%80", "/v1/desk/people/%00?why=x"])
def test_ids_that_no_text_may_have_are_of_nobody_on_both_deployments(library: Library, path: str) -> None:
    client = with_role(opened(library), "boss", Role("administrator"))
    method = "GET" if "desk" in path else "DELETE"
    assert client.request(method, path, json={} if "logins" in path else None).status_code == 404
    assert client.get("/v1/desk/people", params={"why": "x", "q": "\x00"}).status_code == 200


@pytest.mark.parametrize("signed", [False, True])
def test_the_routes_of_people_are_as_described_against_made_up_requests(embedded: Library, *, signed: bool) -> None:
    embedded.settings.limits = _FREE
    app = opened(embedded)
    client = with_role(app, "boss", Role("administrator"))
    headers = dict(client.headers) if signed else {}
    described = schemathesis.openapi.from_asgi("/openapi.json", app)
    chosen = described.include(path_regex=r"^/v1/(me|sign-in|sign-up|desk/people)")
    found = 0
    for result in chosen.get_all_operations():
        assert isinstance(result, Ok)
        operation, found = result.ok(), found + 1

        @hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(operation.as_strategy())
        def is_as_described(case: schemathesis.Case[Any]) -> None:
            if signed and case.method == "DELETE" and case.path in {"/v1/me", "/v1/me/sessions/{session_id}"}:
                return  # or there would be nobody left to ask
            if headers:
                case.headers["Authorization"] = headers["authorization"]
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        is_as_described()
    assert found >= 20
