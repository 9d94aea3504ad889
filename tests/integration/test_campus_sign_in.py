"""Signing in with the university's account, against a provider on loopback that checks what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr
from sqlalchemy import update

from indexer import clock
from indexer.storage import schema
from search_api.account_settings import CampusSettings
from search_api.library import Library
from tests.integration.accounts import browser, csrf, me, opened, signed_up
from tests.integration.outside import CLIENT_ID, CLIENT_SECRET, Provider, campus


@pytest.fixture
def provider() -> Iterator[Provider]:
    with campus() as served:
        yield served


@pytest.fixture
def app(library: Library, provider: Provider) -> FastAPI:
    settings = CampusSettings(
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        secret=SecretStr(CLIENT_SECRET),
        claim_faculty="ou",
        claim_level="eduPersonAffiliation",
        levels={"student": "undergraduate"},
    )
    return opened(library, campus=settings)


def new_browser(app: FastAPI) -> TestClient:
    return TestClient(app, headers={"Accept-Language": "en"}, follow_redirects=False)


def go(client: TestClient, start: str = "/sign-in/campus") -> str:
    """Go to the campus and return where it sends the browser back to."""
    away = client.get(start)
    assert away.status_code == 303, away.text
    back = httpx2.get(away.headers["location"], follow_redirects=False)
    assert back.status_code == 302, back.text
    parts = urlsplit(back.headers["location"])
    return f"{parts.path}?{parts.query}"


def test_whom_the_campus_lets_in_is_the_same_person_each_time(app: FastAPI, provider: Provider) -> None:
    provider.claims |= {"ou": "物理学院", "eduPersonAffiliation": "student"}
    people = []
    for _ in "xx":
        client = new_browser(app)
        back = client.get(go(client, "/sign-in/campus?next=/works/w1"))
        assert (back.status_code, back.headers["location"]) == (303, "/works/w1")
        people.append(me(client))
    assert people[0]["id"] == people[1]["id"]
    assert people[0]["name"] == "李明"
    assert (people[0]["profile"]["faculty"], people[0]["profile"]["level"]) == ("物理学院", "undergraduate")
    provider.claims["sub"] = "u-1002"
    other = new_browser(app)
    other.get(go(other))
    assert me(other)["id"] != people[0]["id"]


def test_what_is_in_the_address_to_the_campus_says_nothing_secret(app: FastAPI) -> None:
    away = new_browser(app).get("/sign-in/campus").headers["location"]
    asked = parse_qs(urlsplit(away).query)
    assert set(asked) == {
        "client_id",
        "response_type",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
    assert asked["redirect_uri"] == ["http://testserver/sign-in/campus/back"]


FORGED: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another-client"},
    "another audience, for us": {"aud": "another-client", "azp": CLIENT_ID},
    "ours among others, for another party": {"aud": [CLIENT_ID, "another"], "azp": "another"},
    "another sign-in": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "long expired": {"exp": 1_600_000_000},
    "no end": {"exp": None},
    "from the future": {"iat": 4_000_000_000},
    "not yet": {"nbf": 4_000_000_000},
    "nobody": {"sub": None},
    "an empty name": {"sub": ""},
    "no text": {"sub": 7},
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(app: FastAPI, provider: Provider, forged: str) -> None:
    provider.forge = FORGED[forged]
    client = new_browser(app)
    assert client.get(go(client)).status_code == 401
    assert client.get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("signs", "algorithm"),
    [
        (RSAKey.generate_key(2048, parameters={"kid": "one"}), "RS256"),
        (OctKey.import_key(CLIENT_SECRET.encode().ljust(32, b"x"), {"kid": "one"}), "HS256"),
        (OctKey.import_key(b"x" * 32), "none"),
    ],
)
def test_a_token_that_the_campus_did_not_sign_lets_nobody_in(
    app: FastAPI, provider: Provider, signs: Any, algorithm: str
) -> None:
    provider.signs, provider.algorithm = signs, algorithm
    client = new_browser(app)
    assert client.get(go(client)).status_code == 401


def test_a_minute_between_the_clocks_is_nothing(app: FastAPI, provider: Provider) -> None:
    now = int(clock.now().timestamp())
    for forged in ({"iat": now + 60}, {"exp": now - 60}):
        provider.forge = forged
        client = new_browser(app)
        assert client.get(go(client)).status_code == 303


def test_the_campus_may_change_its_keys(app: FastAPI, provider: Provider) -> None:
    client = new_browser(app)
    assert client.get(go(client)).status_code == 303
    provider.key = RSAKey.generate_key(2048, parameters={"kid": "two"})
    client = new_browser(app)
    assert client.get(go(client)).status_code == 401, "they are not asked for anew for each token that does not fit"
    known = app.state.accounts.campus
    known._keys = (known._keys[0] - 61, known._keys[1])  # a minute later
    client = new_browser(app)
    assert client.get(go(client)).status_code == 303


def test_a_way_back_is_for_the_browser_that_went_and_once(app: FastAPI) -> None:
    victim, thief = new_browser(app), new_browser(app)
    planted = go(thief)
    assert victim.get(planted).status_code == 400, "the thief's way back in the victim's browser"
    go(victim)
    assert victim.get(planted).status_code == 400, "nor where the victim is on the way too"
    assert thief.get(planted).status_code == 303
    assert thief.get(planted).status_code == 400
    client = new_browser(app)
    back = go(client)
    query = parse_qs(urlsplit(back).query)
    tampered = urlencode({"state": query["state"][0] + "x", "code": query["code"][0]})
    assert client.get(f"/sign-in/campus/back?{tampered}").status_code == 400
    assert client.get("/sign-in/campus/back?error=access_denied").status_code == 400
    refused = urlencode({"state": query["state"][0], "error": "access_denied"})
    assert client.get(f"/sign-in/campus/back?{refused}").status_code == 401


def test_a_code_of_somebody_elses_is_of_no_use(app: FastAPI) -> None:
    """Stolen on its way back, the code lacks the verifier that only the browser's own sign-in has."""
    victim, thief = new_browser(app), new_browser(app)
    stolen = parse_qs(urlsplit(go(victim)).query)["code"][0]
    state = parse_qs(urlsplit(go(thief)).query)["state"][0]
    assert thief.get(f"/sign-in/campus/back?{urlencode({'state': state, 'code': stolen})}").status_code == 401


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
def test_a_campus_that_says_what_it_may_not_is_not_asked(
    app: FastAPI, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    assert new_browser(app).get("/sign-in/campus").status_code == 503


@pytest.mark.parametrize(("name", "path"), [("token_endpoint", "token"), ("jwks_uri", "jwks")])
def test_nothing_is_fetched_from_an_address_that_is_not_safe(
    app: FastAPI, provider: Provider, name: str, path: str
) -> None:
    """Were it to be asked, it would answer: 0.0.0.0 leads to this machine, too."""
    provider.metadata = {name: provider.issuer.replace("127.0.0.1", "0.0.0.0") + f"/{path}"}  # noqa: S104
    client = new_browser(app)
    assert client.get(go(client)).status_code == 503


def test_the_campus_is_added_to_the_account_that_asked_for_it(app: FastAPI) -> None:
    signed_up(app, "liming")
    client = browser(app, "liming")
    assert client.get("/sign-in/campus?add=wrong").status_code == 403, "a link of another site's"
    added = client.get(go(client, f"/sign-in/campus?add={csrf(client)}"))
    assert (added.status_code, added.headers["location"]) == (303, "/me?done=login_added")
    by_campus = new_browser(app)
    by_campus.get(go(by_campus))
    assert me(by_campus)["id"] == me(client)["id"]
    signed_up(app, "thief")
    thief = browser(app, "thief")
    assert thief.get(go(thief, f"/sign-in/campus?add={csrf(thief)}")).status_code == 409
    late = browser(app, "liming")
    with app.state.library.store.database.write() as connection:
        connection.execute(update(schema.tokens).values(created_at=clock.now().replace(year=2026, month=1)))
    assert late.get(f"/sign-in/campus?add={csrf(late)}").status_code == 403, "long after signing in"


def test_a_way_that_was_begun_to_add_adds_to_nobody_else(app: FastAPI) -> None:
    for name in ("liming", "thief"):
        signed_up(app, name)
    client = browser(app, "liming")
    back = go(client, f"/sign-in/campus?add={csrf(client)}")
    client.cookies.set("kaijuan_session", browser(app, "thief").cookies["kaijuan_session"])
    client.cookies.delete("kaijuan_session", domain="testserver.local", path="/")
    assert client.get(back).status_code == 400


def test_a_provider_is_asked_by_https_or_on_this_machine_only() -> None:
    for issuer in ("http://sso.example.edu", "https://sso.example.edu/?a=b", "sso.example.edu"):
        with pytest.raises(ValueError, match="https"):
            CampusSettings(issuer=issuer)
    assert CampusSettings(issuer="https://sso.example.edu/").issuer == "https://sso.example.edu/"
