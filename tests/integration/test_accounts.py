"""Accounts over the API, on both deployments: signing in, what is one's own, devices, consents, leaving."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from indexer import clock
from indexer.errors import StoreError
from indexer.storage import schema
from indexer.storage.people import Role
from indexer.storage.personal_data import PERSONAL
from indexer.storage.sources import COMMAND_LINE
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.people.consents import PURPOSES
from tests.integration.accounts import GOOD, client_of, me, opened, signed_up, with_role


@pytest.fixture
def app(library: Library) -> FastAPI:
    return opened(library)


def test_who_signs_up_is_known_on_the_next_day_and_on_another_device(app: FastAPI) -> None:
    first = signed_up(app, "Liming")
    answer = client_of(app).post("/v1/sign-in", json={"name": "ＬＩＭＩＮＧ", "password": GOOD, "device": "Phone"})
    assert (answer.status_code, answer.json()["new"]) == (201, False)
    second = client_of(app, Authorization=f"Bearer {answer.json()['token']}")
    assert me(first)["id"] == me(second)["id"] == answer.json()["person"]["id"]
    devices = second.get("/v1/me/sessions").json()["results"]
    assert [(one["device"], one["current"]) for one in devices] == [("Phone", True), ("Liming", False)]
    assert devices[0]["last_used"] == clock.now().date().isoformat()


def test_readers_make_no_accounts_where_the_library_does_not_let_them(library: Library) -> None:
    closed = client_of(make_app(library))
    assert closed.post("/v1/sign-up", json={"name": "liming", "password": GOOD}).status_code == 403
    assert closed.get("/v1/sign-in").json()["sign_up"] is False


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "less than 10"),
        ("x" * 257, "more than 256"),
        ("liming is my name", "contains the name"),
        ("Password1234", "others try"),
        ("1212121212121", "others try"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(
    embedded: Library, password: str, said: str
) -> None:
    answer = client_of(opened(embedded)).post("/v1/sign-up", json={"name": "LiMing", "password": password})
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]["detail"]


def test_of_two_who_come_with_one_name_at_once_one_gets_it(app: FastAPI) -> None:
    answers: list[int] = []

    def come() -> None:
        answers.append(client_of(app).post("/v1/sign-up", json={"name": "wang", "password": GOOD}).status_code)

    threads = [threading.Thread(target=come) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == [201, 409, 409, 409]
    people, logins = schema.people, schema.logins
    with app.state.library.store.database.read() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (people, logins)]
    assert counts == [1, 1], "who did not get the name left nothing behind"


def test_a_change_is_for_the_version_that_was_read_and_shows_both_where_it_is_not(app: FastAPI) -> None:
    phone = signed_up(app, "liming")
    read = phone.get("/v1/me").headers["etag"]
    changed = phone.patch("/v1/me", headers={"If-Match": read}, json={"name": "李明", "profile": {"faculty": "物理"}})
    assert (changed.status_code, changed.json()["name"], changed.json()["version"]) == (200, "李明", 2)
    late = phone.patch("/v1/me", headers={"If-Match": read}, json={"profile": {"faculty": "Physics"}})
    assert late.status_code == 412
    assert late.json()["current"]["profile"]["faculty"] == "物理"
    assert late.json()["sent"] == {"profile": {"faculty": "Physics"}}
    assert late.headers["etag"] == changed.headers["etag"]
    assert phone.patch("/v1/me", json={"name": "x"}).status_code == 428
    taken_back = phone.patch("/v1/me", headers={"If-Match": "*"}, json={"profile": {"faculty": None}})
    assert taken_back.json()["profile"]["faculty"] is None
    assert taken_back.json()["name"] == "李明", "what is not named stays"


def test_changing_the_password_signs_all_other_devices_out(app: FastAPI) -> None:
    here, there = signed_up(app, "liming"), client_of(app)
    token = there.post("/v1/sign-in", json={"name": "liming", "password": GOOD}).json()["token"]
    there.headers["Authorization"] = f"Bearer {token}"
    assert here.put("/v1/me/password", json={"old": "wrong password", "new": "other words again"}).status_code == 401
    assert here.put("/v1/me/password", json={"old": GOOD, "new": "other words again"}).status_code == 204
    assert (here.get("/v1/me").status_code, there.get("/v1/me").status_code) == (200, 401)
    old = client_of(app).post("/v1/sign-in", json={"name": "liming", "password": GOOD})
    new = client_of(app).post("/v1/sign-in", json={"name": "liming", "password": "other words again"})
    assert (old.status_code, new.status_code) == (401, 201)


def test_devices_are_signed_out_one_by_one_or_all_but_this(app: FastAPI) -> None:
    clients = [signed_up(app, "liming")]
    for _ in range(3):
        answer = client_of(app).post("/v1/sign-in", json={"name": "liming", "password": GOOD})
        clients.append(client_of(app, Authorization=f"Bearer {answer.json()['token']}"))
    own = [one.get("/v1/me/sessions").json()["results"] for one in clients]
    second = next(one["id"] for one in own[1] if one["current"])
    assert clients[0].delete(f"/v1/me/sessions/{second}").status_code == 204
    assert [one.get("/v1/me").status_code for one in clients] == [200, 401, 200, 200]
    assert clients[0].delete("/v1/me/sessions").status_code == 204
    assert [one.get("/v1/me").status_code for one in clients] == [200, 401, 401, 401]
    assert clients[0].delete("/v1/me/sessions/current").status_code == 204
    assert clients[0].get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    "aged",
    [
        {"expires_at": clock.now() - timedelta(seconds=1)},
        {"last_used": (clock.now() - timedelta(days=31)).date().isoformat()},
    ],
)
def test_a_device_is_signed_out_after_long_in_all_and_after_less_long_unused(
    app: FastAPI, aged: dict[str, object]
) -> None:
    client = signed_up(app, "liming")
    assert client.get("/v1/me").status_code == 200
    with app.state.library.store.database.write() as connection:
        connection.execute(update(schema.tokens).values(**aged))
    assert client.get("/v1/me").status_code == 401


def test_the_last_way_in_stays_and_another_may_go(app: FastAPI) -> None:
    client = signed_up(app, "liming")
    (login,) = client.get("/v1/me/logins").json()["results"]
    assert (login["kind"], login["name"], login["has_password"]) == ("local", "liming", True)
    assert client.request("DELETE", f"/v1/me/logins/{login['id']}", json={}).status_code == 409
    second = client.post("/v1/me/logins", json={"kind": "local", "name": "other", "new_password": GOOD})
    assert second.status_code == 409, "one name and password is enough"


def test_what_lies_behind_a_fresh_sign_in_needs_the_password_later(app: FastAPI) -> None:
    client = signed_up(app, "liming")
    with app.state.library.store.database.write() as connection:
        connection.execute(update(schema.tokens).values(created_at=clock.now() - timedelta(minutes=11)))
    assert client.request("DELETE", "/v1/me", json={}).status_code == 403
    assert client.request("DELETE", "/v1/me", json={"password": "wrong"}).status_code == 401
    assert client.request("DELETE", "/v1/me", json={"password": GOOD}).status_code == 204


def test_consents_are_kept_with_their_history(app: FastAPI) -> None:
    client = signed_up(app, "liming")
    before = client.get("/v1/me/consents").json()["results"]
    assert [(one["purpose"], one["given"]) for one in before] == [(one, False) for one in PURPOSES]
    for given in (True, True, False, True):
        answer = client.put("/v1/me/consents/email", json={"given": given})
        assert (answer.status_code, answer.json()["given"]) == (200, given)
    assert len(answer.json()["history"]) == 2, "the second yes says nothing new"
    assert client.put("/v1/me/consents/selling", json={"given": True}).status_code == 400


def test_every_table_with_a_persons_key_is_given_out_and_emptied() -> None:
    listed = {(one.table.name, one.column) for one in PERSONAL}
    named = {
        (table.name, column.name)
        for table in schema.metadata.sorted_tables
        for column in table.c
        if column.name == "person_key" or any(key.column.table is schema.people for key in column.foreign_keys)
    }
    assert named | {("people", "key")} == listed


def test_who_leaves_takes_everything_along_and_leaves_nothing(app: FastAPI) -> None:
    library: Library = app.state.library
    client = with_role(app, "liming", Role("librarian"))
    person = me(client)
    key = library.store.people.find(person["id"]).key
    other = signed_up(app, "other")
    client.put("/v1/me/consents/email", json={"given": True})
    client.post(
        "/v1/desk/thesaurus",
        json={"kind": "synonym", "terms": [{"text": "rice"}, {"text": "oryza"}], "reason": "Said so."},
        headers={"Idempotency-Key": "one"},
    )
    exported = client.get("/v1/me/export")
    assert exported.headers["cache-control"] == "no-store"
    tables = exported.json()["tables"]
    assert {
        "tokens",
        "logins",
        "people",
        "consents",
        "person_roles",
        "personal_access",
        "audit",
        "kept_answers",
    } <= set(tables)
    assert tables["thesaurus_entries"][0]["who"] == person["id"]
    assert "argon2" not in exported.text
    assert "digest" not in exported.text
    assert client.request("DELETE", "/v1/me", json={}).status_code == 204
    with library.store.database.read() as connection:
        for one in PERSONAL:
            left = connection.execute(select(one.table).where(one.table.c[one.column] == key)).all()
            assert left == [], f"{one.table.name} still has rows of the person"
        acts = connection.execute(select(schema.audit).where(schema.audit.c.action == "thesaurus.add")).all()
        assert [row.person_key for row in acts] == [None], "the act stays, as nobody's"
    assert client.get("/v1/me").status_code == 401
    assert me(other)["name"] == "other"


def test_who_was_deleted_on_one_device_is_nobody_on_the_others(app: FastAPI) -> None:
    here, there = signed_up(app, "liming"), client_of(app)
    token = there.post("/v1/sign-in", json={"name": "liming", "password": GOOD}).json()["token"]
    there.headers["Authorization"] = f"Bearer {token}"
    assert here.request("DELETE", "/v1/me", json={}).status_code == 204
    asked: list[Callable[[], int]] = [
        lambda: there.get("/v1/me").status_code,
        lambda: there.patch("/v1/me", headers={"If-Match": "*"}, json={"name": "ghost"}).status_code,
        lambda: there.get("/v1/me/export").status_code,
        lambda: there.put("/v1/me/consents/email", json={"given": True}).status_code,
    ]
    assert [one() for one in asked] == [401] * 4
    assert client_of(app).post("/v1/sign-up", json={"name": "liming", "password": GOOD}).status_code == 201


def test_the_first_administrator_comes_by_a_code_that_is_good_once(app: FastAPI) -> None:
    accounts = app.state.accounts
    client, code = signed_up(app, "liming"), accounts.admin_code()
    told = client.post("/v1/sign-in/code", json={"code": code.lower().replace("-", " ")})
    assert (told.status_code, told.json()["roles"]) == (200, [{"role": "administrator", "subject": None}])
    assert signed_up(app, "thief").post("/v1/sign-in/code", json={"code": code}).status_code == 401
    wanted = {"code": accounts.admin_code(), "name": "first", "password": "short"}
    assert client_of(app).post("/v1/sign-in/code", json=wanted).status_code == 400
    entered = client_of(app).post("/v1/sign-in/code", json=wanted | {"password": GOOD})
    assert (entered.status_code, entered.json()["new"]) == (201, True), "a bad password did not use the code up"


def test_a_code_is_good_for_a_quarter_of_an_hour(app: FastAPI) -> None:
    code = app.state.accounts.admin_code()
    with app.state.library.store.database.write() as connection:
        row = connection.execute(select(schema.one_time_codes)).one()
        assert row.expires_at - row.created_at == timedelta(minutes=15)
        connection.execute(update(schema.one_time_codes).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert signed_up(app, "liming").post("/v1/sign-in/code", json={"code": code}).status_code == 401


def test_an_account_that_was_made_for_somebody_is_opened_by_its_code(app: FastAPI) -> None:
    boss = with_role(app, "boss", Role("administrator"))
    made = boss.post("/v1/desk/people", json={"name": "Wang.Fang", "reason": "New at the desk."})
    assert made.status_code == 201, made.text
    nobody = client_of(app).post("/v1/sign-in", json={"name": "wang.fang", "password": GOOD})
    assert nobody.status_code == 401, "without a password nobody comes in"
    entered = client_of(app).post("/v1/sign-in/code", json={"code": made.json()["code"], "password": GOOD})
    assert entered.status_code == 201, entered.text
    assert entered.json()["person"]["id"] == made.json()["person"]["id"]
    again = boss.post(f"/v1/desk/people/{made.json()['person']['id']}/code", json={"reason": "Forgotten."})
    newer = client_of(app).post("/v1/sign-in/code", json={"code": again.json()["code"], "password": "new words again"})
    assert newer.status_code == 201
    first = client_of(app, Authorization=f"Bearer {entered.json()['token']}")
    assert first.get("/v1/me").status_code == 401, "whoever had the old password is out"
    looks = client_of(app, Authorization=f"Bearer {newer.json()['token']}").get("/v1/me/access").json()["results"]
    assert [(one["what"], one["why"], one["who"]) for one in looks] == [
        ("password_code", "Forgotten.", me(boss)["id"]),
        ("made", "New at the desk.", me(boss)["id"]),
    ]


def test_each_look_of_the_staff_is_told_to_whom_it_concerned(app: FastAPI) -> None:
    boss, reader = with_role(app, "boss", Role("administrator")), signed_up(app, "liming")
    person = me(reader)["id"]
    assert boss.get("/v1/desk/people").status_code == 400, "without saying why nobody looks"
    for _ in range(3):
        assert boss.get("/v1/desk/people", params={"q": "LIM", "why": "Lost card"}).json()["meta"]["count"] == 1
    assert boss.get(f"/v1/desk/people/{person}", params={"why": "Lost card"}).json()["name"] == "liming"
    told = reader.get("/v1/me/access").json()["results"]
    assert [(one["what"], one["why"]) for one in told] == [("profile", "Lost card"), ("list", "Lost card")]
    assert boss.get("/v1/me/access").json()["results"][-1]["who"] is None, "only the command line's"


def test_who_is_shut_out_is_out_at_once_and_comes_in_no_more(app: FastAPI) -> None:
    boss, reader = with_role(app, "boss", Role("administrator")), signed_up(app, "liming")
    path = f"/v1/desk/people/{me(reader)['id']}/state"
    assert boss.put(path, json={"disabled": True, "reason": "Spam."}).json()["disabled"] is True
    assert reader.get("/v1/me").status_code == 401
    right = client_of(app).post("/v1/sign-in", json={"name": "liming", "password": GOOD})
    wrong = client_of(app).post("/v1/sign-in", json={"name": "liming", "password": "wrong words here"})
    assert (right.status_code, wrong.status_code) == (403, 401), "only who knows the password learns of it"
    boss.put(path, json={"disabled": False, "reason": "A mistake."})
    assert client_of(app).post("/v1/sign-in", json={"name": "liming", "password": GOOD}).status_code == 201


def test_somebody_remains_administrator(app: FastAPI) -> None:
    boss = with_role(app, "boss", Role("administrator"))
    own = f"/v1/desk/people/{me(boss)['id']}"
    assert boss.put(f"{own}/roles", json={"roles": [], "reason": "Tired."}).status_code == 409
    assert boss.put(f"{own}/state", json={"disabled": True, "reason": "Tired."}).status_code == 409
    other = signed_up(app, "other")
    wanted = {"roles": [{"role": "administrator"}], "reason": "Takes over."}
    assert boss.put(f"/v1/desk/people/{me(other)['id']}/roles", json=wanted).status_code == 200
    assert boss.put(f"{own}/roles", json={"roles": [], "reason": "Tired."}).status_code == 200
    assert boss.get("/v1/desk/people", params={"why": "x"}).status_code == 403


def test_another_process_knows_whoever_signed_in_here(library: Library) -> None:
    client = signed_up(opened(library), "liming")
    with open_library(library.settings, sources=[]) as second:
        other = TestClient(make_app(second), headers=dict(client.headers))
        assert me(other)["id"] == me(client)["id"]


def test_people_are_listed_page_by_page_and_by_role(app: FastAPI) -> None:
    boss = with_role(app, "boss", Role("administrator"))
    people = app.state.library.store.people
    for at in range(5):
        app.state.accounts.add_local(f"reader{at}", None, reason="x", actor=COMMAND_LINE)
    seen: list[str] = []
    before: dict[str, int] = {}
    while True:
        page = boss.get("/v1/desk/people", params={"why": "count", "limit": 2, **before}).json()
        seen += [one["name"] for one in page["results"]]
        if page["meta"]["next_before"] is None:
            break
        before = {"before": page["meta"]["next_before"]}
    assert seen == ["reader4", "reader3", "reader2", "reader1", "reader0", "boss"]
    found = boss.get("/v1/desk/people", params={"why": "count", "role": "administrator"}).json()["results"]
    assert [one["name"] for one in found] == ["boss"]
    assert boss.get("/v1/desk/people", params={"why": "x", "q": "%"}).json()["meta"]["count"] == 0
    assert len(people.page(limit=100)) == 6


def test_the_schema_is_taken_back_only_where_nobody_has_an_account(app: FastAPI) -> None:
    database = app.state.library.store.database
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))

    def downgrade() -> None:
        with database.engine.execution_options(immediate=True).begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0007")

    client = signed_up(app, "liming")
    with pytest.raises(StoreError, match="an older kaijuan would lose"):
        downgrade()
    assert client.request("DELETE", "/v1/me", json={}).status_code == 204
    downgrade()
    database.migrated()
    assert me(signed_up(app, "liming"))["name"] == "liming"
