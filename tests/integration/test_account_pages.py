"""The pages for signing in and of one's own, as a browser without scripts uses them."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from indexer import clock
from indexer.storage import schema
from search_api.library import Library
from tests.integration.accounts import GOOD, ORIGIN, browser, client_of, csrf, me, opened, signed_up


@pytest.fixture
def app(embedded: Library) -> FastAPI:
    return opened(embedded)


@pytest.fixture
def reader(app: FastAPI) -> TestClient:
    signed_up(app, "liming")
    return browser(app, "liming")


def send(client: TestClient, path: str, **fields: str) -> tuple[int, str]:
    """Send a form of the page; return the status, and where it leads or what it says."""
    answer = client.post(path, data={"csrf": csrf(client), **fields}, headers=ORIGIN)
    notice = re.search(r'role="alert">([^<]+)<', answer.text)
    return answer.status_code, answer.headers.get("location") or (notice[1] if notice else "")


def test_who_is_not_signed_in_is_led_to_the_door_and_back(app: FastAPI) -> None:
    signed_up(app, "liming")
    client = TestClient(app, headers={"Accept-Language": "zh"}, follow_redirects=False)
    away = client.get("/me")
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=/me")
    page = client.get(away.headers["location"])
    assert "检索和阅读不需要登录" in page.text
    assert 'action="/sign-in?next=%2Fme"' in page.text
    entered = client.post("/sign-in?next=/me", data={"name": "liming", "password": GOOD}, headers=ORIGIN)
    assert entered.headers["location"] == "/me"
    assert "我的账户" in client.get("/me").text
    assert client.get("/sign-in").headers["location"] == "/me"


def test_a_wrong_password_is_told_on_the_same_page_in_the_readers_language(app: FastAPI) -> None:
    client = client_of(app, **{"Accept-Language": "zh"})
    answer = client.post("/sign-in?next=/sources", data={"name": "liming", "password": "x"}, headers=ORIGIN)
    assert answer.status_code == 401
    assert "用户名或密码不对" in answer.text
    assert 'action="/sign-in?next=%2Fsources"' in answer.text, "and where one wanted to go is not forgotten"
    assert 'href="/sign-in?next=%2Fsources&amp;ui=en"' in answer.text


def test_an_account_is_made_on_the_page_where_the_library_lets_readers(app: FastAPI, embedded: Library) -> None:
    client = TestClient(app, headers={"Accept-Language": "en"}, follow_redirects=False)
    assert 'action="/sign-up"' in client.get("/sign-in").text
    refused = client.post("/sign-up", data={"name": "liming", "password": "short"}, headers=ORIGIN)
    assert (refused.status_code, "less than 10 characters" in refused.text) == (400, True)
    made = client.post("/sign-up", data={"name": "liming", "password": GOOD}, headers=ORIGIN)
    assert (made.status_code, me(client)["name"]) == (303, "liming")
    embedded.settings.accounts.open = False
    assert "/sign-up" not in client_of(app).get("/sign-in").text


def test_name_and_profile_are_saved_and_a_stale_page_overwrites_nothing(reader: TestClient) -> None:
    assert send(reader, "/me", name="李明", faculty="物理", level="master", version="1") == (303, "/me?done=saved")
    page = reader.get("/me?done=saved").text
    assert "Saved." in page
    assert 'value="李明"' in page
    assert '<option value="master" selected>' in page
    assert send(reader, "/me", name="Old", version="1")[0] == 412
    assert send(reader, "/me", name="x", level="emperor", version="2")[0] == 400
    assert send(reader, "/me", name="x", version="9" * 30)[0] == 412
    assert me(reader)["name"] == "李明"


def test_devices_and_password_and_consents_are_changed_on_the_page(app: FastAPI, reader: TestClient) -> None:
    other = browser(app, "liming")
    (here,) = [one["id"] for one in other.get("/v1/me/sessions").json()["results"] if one["current"]]
    assert send(reader, "/me/sessions", session=here) == (303, "/me?done=ended")
    assert other.get("/me").status_code == 303
    assert send(reader, "/me/consents", purpose="email", given="1")[0] == 303
    assert send(reader, "/me/consents", purpose="selling", given="1")[0] == 404
    assert reader.get("/v1/me/consents").json()["results"][0]["given"] is True
    assert send(reader, "/me/password", old="wrong", new="other words again")[0] == 401
    assert send(reader, "/me/password", old=GOOD, new="short")[0] == 400
    assert send(reader, "/me/password", old=GOOD, new="other words again") == (303, "/me?done=password")
    assert reader.get("/me").status_code == 200, "the device at hand stays in"


def test_leaving_asks_for_the_password_and_ends_it(app: FastAPI, reader: TestClient) -> None:
    with app.state.library.store.database.write() as connection:
        connection.execute(update(schema.tokens).values(created_at=clock.now().replace(year=2026, month=1)))
    status, said = send(reader, "/me/leave")
    assert (status, said.startswith("For this it must be sure")) == (403, True)
    assert send(reader, "/me/leave", password=GOOD) == (303, "/sign-in?done=left")
    assert "kaijuan_session" not in reader.cookies
    assert "The account is deleted." in reader.get("/sign-in?done=left").text


def test_signing_out_ends_the_session_not_only_the_cookie(app: FastAPI, reader: TestClient) -> None:
    secret = reader.cookies["kaijuan_session"]
    assert send(reader, "/sign-out") == (303, "/sign-in?done=signed_out")
    assert client_of(app, Authorization=f"Bearer {secret}").get("/v1/me").status_code == 401


def test_a_code_is_used_on_the_page(app: FastAPI, reader: TestClient) -> None:
    code = app.state.accounts.admin_code()
    assert send(reader, "/sign-in/code", code="WRONG")[0] == 401
    assert send(reader, "/sign-in/code", code=code) == (303, "/me?done=role")
    assert "Roles: administrator" in reader.get("/me?done=role").text


def test_made_up_words_in_the_address_show_nothing(reader: TestClient) -> None:
    for path in ("/me?done=<script>", "/me?done=nonsense", "/sign-in?done=x&code=1", "/sign-in?code=1&next=<script>"):
        page = reader.get(path)
        assert page.status_code == 200
        assert "<script>" not in page.text.replace("<script src=", "")


def test_a_form_that_is_too_long_or_odd_is_refused_and_breaks_nothing(reader: TestClient) -> None:
    head = {**ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"x" * 20_000, b"&".join(b"a=1" for _ in range(60)), b"\xff\xfe=%ff&name=%00", b""):
        assert reader.post("/me", content=body, headers=head).status_code == 403
        assert reader.post("/sign-in", content=body, headers=head).status_code in {303, 401}
