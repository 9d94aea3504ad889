"""``kaijuan people``: the first administrator, accounts, roles, and leaving, on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexer.errors import LastAdministratorError, UnknownPersonError
from search_api.app import make_app
from search_api.cli.main import cli
from search_api.library import open_library
from search_api.people.errors import AccountError
from search_api.settings import Settings
from tests.integration.accounts import GOOD, client_of

_WHY = ("--reason", "A reason.")


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KAIJUAN_DATA_DIR", str(tmp_path / "data"))
    return Settings(data_dir=tmp_path / "data")


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(cli, ["people", *arguments], standalone_mode=False, input=given)


def rows(result: Result) -> list[dict[str, object]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_terminal_makes_the_first_administrator_and_accounts(settings: Settings) -> None:
    (made,) = rows(run("admin-code", "--json"))
    assert made["expires_in_minutes"] == 15
    (added,) = rows(run("add", "wang.fang", "--role", "subject_expert:TP", *_WHY, "--json"))
    with open_library(settings, sources=[]) as library:
        client = client_of(make_app(library))
        for code, name in ((made["code"], "boss"), (added["code"], None)):
            body = {"code": code, "password": GOOD, **({"name": name} if name else {})}
            assert client.post("/v1/sign-in/code", json=body).status_code == 201
    listed = {one["name"]: one for one in rows(run("list", "--json"))}
    assert listed["boss"]["roles"] == ["administrator"]
    assert listed["wang.fang"]["roles"] == ["subject_expert:TP"]
    assert [one["name"] for one in rows(run("list", "--role", "administrator", "--json"))] == ["boss"]
    assert run("admin-code").stdout.count("-") == 3, "people get the code alone on standard output"


def test_roles_are_set_and_the_last_administrator_stays() -> None:
    run("add", "boss", "--role", "administrator", *_WHY)
    (changed,) = rows(run("role", "boss", "administrator", "editor", *_WHY, "--json"))
    assert changed["roles"] == ["administrator", "editor"]
    assert isinstance(run("role", "boss", "editor", *_WHY).exception, LastAdministratorError)
    assert isinstance(run("role", "boss", "emperor", *_WHY).exception, AccountError)
    assert isinstance(run("role", "nobody", "editor", *_WHY).exception, UnknownPersonError)


def test_what_is_kept_is_given_out_and_deleted(settings: Settings) -> None:
    (added,) = rows(run("add", "liming", *_WHY, "--json"))
    given = rows(run("export", "liming", *_WHY))
    assert {"logins", "people", "one_time_codes", "personal_access"} <= {str(one["table"]) for one in given}
    assert run("delete", "liming", *_WHY, given="n\n").exception is not None
    assert len(rows(run("list", "--json"))) == 1, "who says no deletes nothing"
    assert run("delete", str(added["id"]), "--yes", *_WHY).exception is None
    assert rows(run("list", "--json")) == []
    assert isinstance(run("export", "liming", *_WHY).exception, UnknownPersonError)


def test_a_forgotten_password_is_chosen_anew_by_a_code(settings: Settings) -> None:
    run("add", "liming", *_WHY)
    code = run("password", "liming", "--reason", "Forgotten.").stdout.strip()
    with open_library(settings, sources=[]) as library:
        client = client_of(make_app(library))
        entered = client.post("/v1/sign-in/code", json={"code": code, "password": GOOD})
        assert entered.status_code == 201
        client.headers["Authorization"] = f"Bearer {entered.json()['token']}"
        looks = client.get("/v1/me/access").json()["results"]
        assert [(one["who"], one["what"], one["why"]) for one in looks] == [(None, "password_code", "Forgotten.")]
