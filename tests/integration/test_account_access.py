"""Who may do what: role by route, one's own and others'; at the desk by role, by class, and by the desk's token."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from indexer.storage import schema
from indexer.storage.people import Role
from search_api.library import Library
from search_api.people.roles import PERMISSIONS, ROLES
from tests.integration.accounts import GOOD, client_of, me, opened, signed_up, with_role

_TOKEN = "a-desk-token-of-the-tests"
_WHY = {"reason": "A reason."}
_TERMS = {"kind": "synonym", "terms": [{"text": "rice"}, {"text": "oryza"}], **_WHY}
_MAPPING = {"mappings": [{"scheme": "keyword", "value": "rice", "code": "S"}], **_WHY}
_SAME = {"kind": "same", "works": ["w000000000000a", "w000000000000b"], **_WHY}
_RULE = {"kind": "work", "target": "w000000000000a", "effect": "hide", **_WHY}

#: Method, path, body, and the permission that it needs; what happens to whoever has it is another matter.
DESK: list[tuple[str, str, Any, str]] = [
    ("GET", "/v1/desk/judgements", None, "desk.read"),
    ("POST", "/v1/desk/judgements", _SAME, "desk.judge"),
    ("POST", "/v1/desk/judgements/j000000000000a/undo", _WHY, "desk.judge"),
    ("GET", "/v1/desk/review", None, "desk.read"),
    ("GET", "/v1/desk/thesaurus", None, "desk.read"),
    ("POST", "/v1/desk/thesaurus", _TERMS, "desk.thesaurus"),
    ("POST", "/v1/desk/thesaurus/e000000000000a/undo", _WHY, "desk.thesaurus"),
    ("GET", "/v1/desk/subjects/unmapped", None, "desk.read"),
    ("GET", "/v1/desk/subjects/changes", None, "desk.read"),
    ("POST", "/v1/desk/subjects/mappings", _MAPPING, "desk.subjects"),
    ("POST", "/v1/desk/subjects/classes", {"code": "S", "name_en": "Farming", **_WHY}, "desk.subjects"),
    ("POST", "/v1/desk/subjects/changes/m1/undo", _WHY, "desk.subjects"),
    ("GET", "/v1/desk/ranking", None, "desk.read"),
    ("POST", "/v1/desk/ranking", _RULE, "desk.ranking"),
    ("POST", "/v1/desk/ranking/r000000000000a/undo", _WHY, "desk.ranking"),
    ("GET", "/v1/desk/people?why=x", None, "people.manage"),
    ("POST", "/v1/desk/people", {"name": "somebody", **_WHY}, "people.manage"),
    ("GET", "/v1/desk/people/p000000000000a?why=x", None, "people.manage"),
    ("PUT", "/v1/desk/people/p000000000000a/roles", {"roles": [], **_WHY}, "people.manage"),
    ("PUT", "/v1/desk/people/p000000000000a/state", {"disabled": True, **_WHY}, "people.manage"),
    ("POST", "/v1/desk/people/p000000000000a/code", _WHY, "people.manage"),
]
#: All that is one's own: nobody gets it without a session, and each gets their own only.
OWN: list[tuple[str, str, Any]] = [
    ("GET", "/v1/me", None),
    ("PATCH", "/v1/me", {"name": "other"}),
    ("DELETE", "/v1/me", {}),
    ("GET", "/v1/me/export", None),
    ("GET", "/v1/me/sessions", None),
    ("DELETE", "/v1/me/sessions", None),
    ("DELETE", "/v1/me/sessions/{session}", None),
    ("PUT", "/v1/me/password", {"old": GOOD, "new": "other words again"}),
    ("GET", "/v1/me/logins", None),
    ("POST", "/v1/me/logins", {"kind": "local", "name": "again", "new_password": GOOD}),
    ("DELETE", "/v1/me/logins/{login}", {}),
    ("GET", "/v1/me/consents", None),
    ("PUT", "/v1/me/consents/email", {"given": True}),
    ("GET", "/v1/me/access", None),
]


@pytest.fixture
def app(embedded: Library) -> FastAPI:
    return opened(embedded)


def ask(client: TestClient, method: str, path: str, body: Any) -> int:
    """Ask, and return the status; bodies are sent only where there is one."""
    return client.request(method, path, **({} if body is None else {"json": body})).status_code


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_at_the_desk_what_the_table_says_and_no_more(app: FastAPI, role: str) -> None:
    boss = with_role(app, "boss", Role("administrator"))  # or the last one could not be disabled
    client = with_role(app, "somebody-else", Role(role))
    assert me(boss)["roles"]
    for method, path, body, permission in DESK:
        got = ask(client, method, path, body)
        may = role in PERMISSIONS[permission]  # type: ignore[index]
        assert (got not in {401, 403}) is may, f"{role} {method} {path}: {got}"


def test_every_route_of_the_desk_and_of_ones_own_is_in_the_tables(app: FastAPI) -> None:
    def shape(path: str) -> str:
        return "/".join(
            "{}" if part.startswith("{") or part[1:].startswith("000") or part in {"m1", "email"} else part
            for part in path.partition("?")[0].split("/")
        )

    described = {
        (method.upper(), shape(path))
        for path, operations in app.openapi()["paths"].items()
        if path.startswith(("/v1/desk", "/v1/me"))
        for method in operations
    }
    assert described == {(method, shape(path)) for method, path, *_ in [*DESK, *OWN]}


def test_nobody_gets_in_without_a_session(app: FastAPI) -> None:
    nobody = client_of(app)
    for method, path, body in OWN:
        assert ask(nobody, method, path.format(session="t1", login="i1"), body) == 401, f"{method} {path}"
    for method, path, body, _ in DESK:
        assert ask(nobody, method, path, body) in {401, 403}, f"{method} {path}"


@pytest.mark.parametrize(("method", "path", "body"), [one for one in OWN if "{" in one[1]])
def test_what_is_anothers_is_not_there(app: FastAPI, method: str, path: str, body: Any) -> None:
    owner, thief = signed_up(app, "owner"), signed_up(app, "thief")
    session = owner.get("/v1/me/sessions").json()["results"][0]["id"]
    login = owner.get("/v1/me/logins").json()["results"][0]["id"]
    real = thief.request(method, path.format(session=session, login=login), json=body)
    made_up = thief.request(method, path.format(session="t000000000000a", login="i000000000000a"), json=body)
    assert (real.status_code, made_up.status_code) == (404, 404)
    assert real.json() | {"request_id": ""} == made_up.json() | {"request_id": ""}, "no word tells which there is"
    assert owner.get("/v1/me").status_code == 200


def test_what_a_person_does_at_the_desk_bears_their_key(app: FastAPI) -> None:
    client = with_role(app, "liming", Role("librarian"))
    person = me(client)["id"]
    named = client.post("/v1/desk/thesaurus", json={**_TERMS, "who": "The Queen"})
    assert (named.status_code, named.json()["errors"][0]["parameter"]) == (400, "who")
    entry = client.post("/v1/desk/thesaurus", json=_TERMS).json()["entry"]
    assert entry["who"] == person
    assert client.post(f"/v1/desk/thesaurus/{entry['id']}/undo", json=_WHY).json()["undone_by"] == person
    client.post("/v1/desk/subjects/mappings", json=_MAPPING)
    store = app.state.library.store
    key = store.people.find(person).key
    with store.database.read() as connection:
        table = schema.audit.c
        acts = connection.execute(select(table.action, table.person_key).where(table.action != "person.roles"))
        assert {row.action: row.person_key for row in acts} == {
            "thesaurus.add": key,
            "thesaurus.undo": key,
            "subject.map": key,
        }


def test_the_desks_token_opens_the_desk_as_before_and_nobody_is_known_by_it(embedded: Library) -> None:
    embedded.settings.desk_token = SecretStr(_TOKEN)
    client = client_of(opened(embedded), Authorization=f"Bearer {_TOKEN}")
    assert client.post("/v1/desk/thesaurus", json={**_TERMS, "who": "Li Ming"}).json()["entry"]["who"] == "Li Ming"
    assert client.get("/v1/desk/people", params={"why": "x"}).status_code == 401, "people are looked at by people"
    assert client.get("/v1/me").status_code == 401


def test_a_role_for_a_class_is_for_it_and_what_is_below_and_for_nothing_else(app: FastAPI) -> None:
    client = with_role(app, "expert", Role("subject_expert", "TP"))

    def maps(value: str, code: str | None) -> int:
        body = {"mappings": [{"scheme": "keyword", "value": value, "code": code}], **_WHY}
        return client.post("/v1/desk/subjects/mappings", json=body).status_code

    assert client.get("/v1/desk/subjects/unmapped").status_code == 200
    below = next(one.code for one in app.state.library.store.subjects.tree().children("TP"))
    assert [maps("computers", "TP"), maps("software", below)] == [201, 201]
    assert [maps("rice", "S"), maps("nothing", None), maps("everything", "T")] == [403, 403, 403]
    boss = with_role(app, "librarian", Role("librarian"))
    boss.post("/v1/desk/subjects/mappings", json=_MAPPING)
    assert maps("RICE ", "TP") == 403, "it would be taken from a class that is not theirs"
    changes = client.get("/v1/desk/subjects/changes").json()["results"]
    undone = {
        one["value"]: client.post(f"/v1/desk/subjects/changes/{one['id']}/undo", json=_WHY).status_code
        for one in changes
    }
    assert undone == {"computers": 200, "software": 200, "rice": 403}
    own = {"code": "TP9X", "name_en": "New", "name_zh": "新", **_WHY}
    assert client.post("/v1/desk/subjects/classes", json=own | {"parent": "S"}).status_code == 403
    assert client.post("/v1/desk/subjects/classes", json=own | {"parent": "TP"}).status_code == 201
    assert client.post("/v1/desk/thesaurus", json=_TERMS).status_code == 403, "the thesaurus is not by class"


@pytest.mark.parametrize(
    "role", [{"role": "administrator", "subject": "TP"}, {"role": "subject_expert", "subject": "NONE"}, {"role": "god"}]
)
def test_roles_that_mean_nothing_are_not_given(app: FastAPI, role: dict[str, str]) -> None:
    boss = with_role(app, "boss", Role("administrator"))
    path = f"/v1/desk/people/{me(boss)['id']}/roles"
    assert boss.put(path, json={"roles": [role], **_WHY}).status_code == 400


def test_nobody_gives_themselves_a_role(app: FastAPI) -> None:
    client = with_role(app, "liming", Role("librarian"))
    wanted = {"roles": [{"role": "administrator"}], **_WHY}
    assert client.put(f"/v1/desk/people/{me(client)['id']}/roles", json=wanted).status_code == 403
    for body in (
        {"roles": [{"role": "administrator", "subject": None}]},
        {"id": "p0"},
        {"version": 7},
        {"disabled": True},
        {"profile": {"roles": ["administrator"]}},
        {"created_at": "2020-01-01T00:00:00Z"},
    ):
        assert client.patch("/v1/me", headers={"If-Match": "*"}, json=body).status_code == 400, body
    assert [one["role"] for one in me(client)["roles"]] == ["librarian"]
