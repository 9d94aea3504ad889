"""Signing in by WeChat, against a fake on loopback that knows its documented answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from indexer.storage import schema
from search_api.account_settings import WeChatSettings
from search_api.library import Library
from tests.integration.accounts import GOOD, client_of, me, opened, signed_up
from tests.integration.outside import APP_ID, APP_SECRET, FakeWeChat, wechat


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with wechat() as (address, served):
        served.address = address  # type: ignore[attr-defined]
        yield served


@pytest.fixture
def app(library: Library, fake: FakeWeChat) -> FastAPI:
    address = fake.address  # type: ignore[attr-defined]
    return opened(library, wechat=WeChatSettings(app_id=APP_ID, secret=SecretStr(APP_SECRET), base_url=address))


def said(number: int) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "text/plain"}, json.dumps({"errcode": number, "errmsg": "no"}).encode()


def test_a_user_of_wechat_is_the_same_person_each_time(app: FastAPI, fake: FakeWeChat) -> None:
    client = client_of(app)
    first, again, other = (
        client.post("/v1/sign-in/wechat", json={"code": fake.code(one)}) for one in ("o-A", "o-A", "o-B")
    )
    assert [one.status_code for one in (first, again, other)] == [201] * 3, first.text
    assert [one.json()["new"] for one in (first, again, other)] == [True, False, True]
    people = [one.json()["person"]["id"] for one in (first, again, other)]
    assert people[0] == people[1] != people[2]


def test_nothing_of_wechats_is_kept_as_it_is(app: FastAPI, fake: FakeWeChat, tmp_path: Path) -> None:
    answer = client_of(app).post("/v1/sign-in/wechat", json={"code": fake.code("o-secret-openid")})
    assert "session_key" not in answer.text
    with app.state.library.store.database.read() as connection:
        (login,) = connection.execute(select(schema.logins)).all()
    assert (login.kind, login.secret, len(login.subject)) == ("wechat", None, 64)
    kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    for secret in (b"o-secret-openid", b"the-session-key-of-wechat", APP_SECRET.encode()):
        assert secret not in kept


@pytest.mark.parametrize(
    ("number", "status"), [(40029, 401), (40163, 401), (45011, 429), (40226, 403), (40013, 503), (99999, 503)]
)
def test_what_wechat_refuses_is_told_with_what_to_do(app: FastAPI, fake: FakeWeChat, number: int, status: int) -> None:
    fake.instead = [said(number)]
    answer = client_of(app).post("/v1/sign-in/wechat", json={"code": "c"})
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")
    assert ("retry-after" in answer.headers) is (status == 429)


def test_a_code_is_good_once(app: FastAPI, fake: FakeWeChat) -> None:
    code, client = fake.code("o-A"), client_of(app)
    codes = [client.post("/v1/sign-in/wechat", json={"code": code}).status_code for _ in "xx"]
    assert codes == [201, 401]
    assert client.post("/v1/sign-in/wechat", json={"code": "made up"}).status_code == 401


def test_a_busy_wechat_is_asked_once_more_and_no_more(app: FastAPI, fake: FakeWeChat) -> None:
    fake.instead = [said(-1)]
    assert client_of(app).post("/v1/sign-in/wechat", json={"code": fake.code("o-A")}).status_code == 201
    fake.asked, fake.instead = 0, [said(-1)] * 5
    assert client_of(app).post("/v1/sign-in/wechat", json={"code": fake.code("o-A")}).status_code == 503
    assert fake.asked == 2


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b"not json"),
        (200, {}, b"[1]"),
        (200, {}, b'{"openid": 7}'),
        (200, {}, b'{"openid": ""}'),
        (200, {}, b'{"errcode": "40029"}'),
        (200, {}, b'{"a": "' + b"x" * 300_000 + b'"}'),
        (302, {"Location": "http://127.0.0.1:1/"}, b"{}"),
        (500, {}, b""),
    ],
)
def test_whatever_else_comes_from_there_lets_nobody_in_and_names_no_secret(
    app: FastAPI, fake: FakeWeChat, answer: tuple[int, dict[str, str], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    fake.instead = [answer]
    refused = client_of(app).post("/v1/sign-in/wechat", json={"code": "c"})
    assert refused.status_code == 503
    told = capsys.readouterr()
    assert APP_SECRET not in refused.text + told.out + told.err


def test_a_wechat_that_is_not_there_is_told_without_its_address(
    embedded: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = WeChatSettings(app_id=APP_ID, secret=SecretStr(APP_SECRET), base_url="http://127.0.0.1:9")
    refused = client_of(opened(embedded, wechat=nowhere)).post("/v1/sign-in/wechat", json={"code": "c"})
    told = capsys.readouterr()
    assert refused.status_code == 503
    assert "wechat_unreachable" in told.out + told.err
    assert APP_SECRET not in refused.text + told.out + told.err


def test_wechat_is_not_offered_without_an_app(embedded: Library) -> None:
    client = client_of(opened(embedded))
    assert client.get("/v1/sign-in").json()["wechat"] is False
    assert client.post("/v1/sign-in/wechat", json={"code": "c"}).status_code == 404


def test_wechat_is_added_to_an_account_and_leads_to_it_then(app: FastAPI, fake: FakeWeChat) -> None:
    client = signed_up(app, "liming")
    added = client.post("/v1/me/logins", json={"kind": "wechat", "code": fake.code("o-A")})
    assert (added.status_code, added.json()["kind"], added.json()["name"]) == (201, "wechat", None)
    entered = client_of(app).post("/v1/sign-in/wechat", json={"code": fake.code("o-A")}).json()
    assert (entered["new"], entered["person"]["id"]) == (False, me(client)["id"])
    thief = signed_up(app, "thief")
    taken = thief.post("/v1/me/logins", json={"kind": "wechat", "code": fake.code("o-A")})
    assert taken.status_code == 409, "accounts are never joined"
    assert me(client)["id"] not in taken.text
    local = client.get("/v1/me/logins").json()["results"][0]["id"]
    assert client.request("DELETE", f"/v1/me/logins/{local}", json={}).status_code == 204
    gone = client_of(app).post("/v1/sign-in", json={"name": "liming", "password": GOOD})
    assert gone.status_code == 401


def test_settings_take_the_secret_from_a_file_and_refuse_what_is_not_safe(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{APP_SECRET}\n", encoding="utf-8")
    settings = WeChatSettings(app_id=APP_ID, secret_file=tmp_path / "secret")
    assert (settings.is_on, settings.secret_value()) == (True, APP_SECRET)
    assert APP_SECRET not in repr(settings)
    for address in ("http://api.weixin.qq.com", "ftp://x", "https://user:pw@x", "https://x/?a=b", "x"):
        with pytest.raises(ValueError, match="https"):
            WeChatSettings(base_url=address)
