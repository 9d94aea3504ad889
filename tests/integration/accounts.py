"""Accounts for tests: a library where readers may make them, people with roles, and a browser."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from indexer.storage.people import Role
from indexer.storage.sources import COMMAND_LINE
from search_api.account_settings import AccountSettings
from search_api.app import make_app
from search_api.library import Library

GOOD = "four words are long"
ORIGIN = {"Origin": "http://testserver"}
Json = dict[str, Any]


def opened(library: Library, **settings: Any) -> FastAPI:
    """Return the application of a library where readers may make accounts."""
    values = {"accounts": AccountSettings(open=True), **settings}
    for name, value in values.items():
        setattr(library.settings, name, value)
    return make_app(library)


def client_of(app: FastAPI, **headers: str) -> TestClient:
    """Return a program that follows nothing by itself."""
    return TestClient(app, headers=headers, follow_redirects=False)


def signed_up(app: FastAPI, name: str, password: str = GOOD) -> TestClient:
    """Return a program of somebody who has just made an account; ``person_id`` is in its ``headers``."""
    answer = client_of(app).post("/v1/sign-up", json={"name": name, "password": password, "device": name})
    assert answer.status_code == 201, answer.text
    return client_of(app, Authorization=f"Bearer {answer.json()['token']}")


def with_role(app: FastAPI, name: str, *roles: Role) -> TestClient:
    """Return a program of somebody with roles."""
    client = signed_up(app, name)
    people = app.state.library.store.people
    people.set_roles(people.find(me(client)["id"]).key, roles, reason="for the test", actor=COMMAND_LINE)
    return client


def me(client: TestClient) -> Json:
    """Return who a program is."""
    answer = client.get("/v1/me")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def browser(app: FastAPI, name: str, password: str = GOOD, base_url: str = "http://testserver") -> TestClient:
    """Return a browser of somebody who has an account and has signed in on the page."""
    client = TestClient(app, base_url=base_url, headers={"Accept-Language": "en"}, follow_redirects=False)
    answer = client.post("/sign-in", data={"name": name, "password": password}, headers={"Origin": base_url})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me"), answer.text
    return client


def csrf(client: TestClient) -> str:
    """Return what the forms of a browser's page carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/me").text)
    assert found is not None
    return found[1]
