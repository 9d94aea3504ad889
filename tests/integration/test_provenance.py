"""Where a work comes from, over HTTP: records as sent and understood, who says what, why they are one; and the desk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr, ValidationError
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from indexer.models import Identifier, Manifestation, PartialDate, Relation, Text
from search_api.app import make_app
from search_api.desk import MOST_A_MINUTE, WriteLimit
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.integration.test_identity_walk import Shelf
from tests.repository import Item, ListRepository

Json = dict[str, Any]
TOKEN = "a-token-for-tests-0123456789"  # of this test alone
_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "{}</oai_dc:dc>"
)
_RICE, _FISH = "Lead uptake of rice in the river delta", "Fish of the northern lakes"
_DOI = "<dc:identifier>doi:10.5555/shared</dc:identifier>"


def elements(**values: str) -> str:
    return _DC.format("".join(f"<dc:{name}>{value}</dc:{name}>" for name, value in values.items()) + _DOI)


@pytest.fixture
def shelves(settings: Settings) -> Iterator[Library]:
    """A library with one work of two sources, whose records differ in their titles and years."""
    settings = settings.model_copy(update={"desk_token": SecretStr(TOKEN)})
    with ListRepository(page_size=50) as repository, open_library(settings, sources=[]) as library:
        records = {
            "first": elements(title=_RICE, creator="Li, Ming", date="2020", description="A long abstract. " * 20),
            "second": elements(title=f"{_RICE}, again", creator="Li, Ming", date="2021"),
        }
        for name, metadata in records.items():
            repository.items.clear()
            repository.put(Item("oai:x:1", "2026-01-01", metadata=metadata))
            source = add_source(library, name, repository.url)
            assert harvest(library, source).status == "complete"
        library.bring_up_to_date()
        yield library


@pytest.fixture
def client(shelves: Library) -> TestClient:
    return TestClient(make_app(shelves), raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def librarian(shelves: Library) -> TestClient:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return TestClient(make_app(shelves), headers=headers, raise_server_exceptions=False, follow_redirects=False)


def got(client: TestClient, path: str, status: int = 200) -> Json:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


def posted(client: TestClient, path: str, body: Json, status: int) -> Json:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


def the_work(client: TestClient) -> str:
    return str(got(client, "/v1/works/doi:10.5555/shared")["id"])


# --- provenance -----------------------------------------------------------------------------------


def test_each_record_is_shown_as_it_was_sent_and_as_it_was_understood(client: TestClient) -> None:
    body = got(client, f"/v1/works/{the_work(client)}/sources")
    assert body["meta"]["count"] == 2
    assert [one["source"] for one in body["results"]] == ["first", "second"]
    first = body["results"][0]
    assert first["as_understood"]["title"]["value"] == _RICE
    (form,) = first["as_sent"]
    assert (form["format"], form["datestamp"], form["cut"], form["changes"]) == ("oai_dc", "2026-01-01", False, 0)
    assert f"<dc:title>{_RICE}</dc:title>" in form["body"]
    raw = client.get(form["raw"])
    assert raw.text == form["body"]
    assert raw.headers["content-type"].startswith("text/plain")
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in raw.headers["content-security-policy"]


def test_each_field_tells_its_value_its_source_and_what_lost(client: TestClient) -> None:
    body = got(client, "/v1/works/doi:10.5555/shared/sources")
    ids = [one["manifestation"] for one in body["results"]]
    fields = {one["field"]: one for one in body["fields"]}
    title = fields["title"]
    assert (title["value"]["value"], title["origin"], title["united"]) == (_RICE, ids[0], False)
    assert [(one["value"]["value"], one["records"]) for one in title["losing"]] == [(f"{_RICE}, again", [ids[1]])]
    assert [one["value"]["year"] for one in fields["published"]["losing"]] == [2021]
    assert fields["contributors"]["losing"] == [], "both say the same"
    assert fields["identifiers"]["united"]
    claims = {one["value"]["value"]: one["records"] for one in fields["identifiers"]["claims"]}
    assert claims["10.5555/shared"] == ids


def test_records_come_in_pages_and_a_wrong_place_is_told(client: TestClient) -> None:
    path = f"/v1/works/{the_work(client)}/sources"
    first = got(client, f"{path}?limit=1")
    second = got(client, f"{path}?limit=1&after={first['meta']['next_after']}")
    assert [one["source"] for one in (*first["results"], *second["results"])] == ["first", "second"]
    assert second["meta"]["next_after"] is None
    assert "first record" in got(client, f"{path}?after=m0", 400)["errors"][0]["fix"]
    assert got(client, f"{path}?limit=51", 400)["errors"][0]["parameter"] == "limit"


def test_a_long_record_is_cut_and_whole_behind_its_link(embedded: Library) -> None:
    with ListRepository(page_size=50) as repository:
        long = elements(title=_RICE, description="x" * 30_000)
        repository.put(Item("oai:x:1", "2026-01-01", metadata=long))
        assert harvest(embedded, add_source(embedded, "x", repository.url)).status == "complete"
        embedded.bring_up_to_date()
        client = TestClient(make_app(embedded))
        (form,) = got(client, "/v1/works/doi:10.5555/shared/sources")["results"][0]["as_sent"]
        assert (form["cut"], len(form["body"])) == (True, 20_000)
        assert len(client.get(form["raw"]).content) == form["bytes"] > 30_000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/works/w0000000000000/sources", 404),
        ("/v1/works/w0000000000000/why", 404),
        ("/v1/works/{work}/sources/m0000000000000/raw", 404),
        ("/v1/works/{work}/sources/{record}/raw?format=jats", 404),
        ("/v1/works/{work}/sources/{record}/raw?colour=red", 400),
        ("/v1/works/{work}/why?language=de", 400),
    ],
)
def test_what_is_not_there_is_a_problem(client: TestClient, path: str, status: int) -> None:
    body = got(client, "/v1/works/doi:10.5555/shared/sources")
    record = body["results"][0]["manifestation"]
    answer = client.get(path.format(work=body["meta"]["work"], record=record))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_why_says_in_both_languages_what_joins_the_records(client: TestClient) -> None:
    path = f"/v1/works/{the_work(client)}/why"
    english, chinese = got(client, path), got(client, f"{path}?language=zh")
    assert [one["source"] for one in english["records"]] == ["first", "second"]
    (link,) = english["links"]
    assert link["verdict"] == "same"
    assert "Both carry doi:10.5555/shared." in {one["text"] for one in link["reasons"]}
    assert "两条记录都有 doi:10.5555/shared。" in {one["text"] for one in chinese["links"][0]["reasons"]}


# --- the desk ---------------------------------------------------------------------------------------


def test_the_desk_is_closed_without_a_token_and_to_whoever_does_not_know_it(
    client: TestClient, embedded: Library
) -> None:
    closed = TestClient(make_app(embedded)).get("/v1/desk/judgements", headers={"Authorization": f"Bearer {TOKEN}"})
    assert closed.status_code == 403
    assert "KAIJUAN_DESK_TOKEN" in closed.json()["detail"]
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Basic {TOKEN}"}):
        for path in ("/v1/desk/judgements", "/v1/desk/review"):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer")
            assert TOKEN not in answer.text
        assert client.post("/v1/desk/judgements?x=1", content=b"x" * 10, headers=headers).status_code == 401


@pytest.mark.parametrize("token", ["short", "x" * 23, "a b" * 10, "é" * 30])
def test_a_token_that_could_be_guessed_or_never_sent_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValidationError, match="24 ASCII characters") as caught:
        Settings(desk_token=SecretStr(token))
    assert token not in str(caught.value.errors(include_input=False)[0]["msg"])


def test_a_judgement_is_recorded_once_listed_and_undone(librarian: TestClient) -> None:
    work = the_work(librarian)
    split = {"kind": "different", "work": work, "groups": [["second:oai:x:1"]], "reason": "Not this one.", "who": "Li"}
    made = posted(librarian, "/v1/desk/judgements", split, 201)
    assert (made["created"], made["judgement"]["state"], len(made["works"])) == (True, "in_force", 2)
    again = posted(librarian, "/v1/desk/judgements", split, 200)
    assert (again["created"], again["judgement"]["id"]) == (False, made["judgement"]["id"])
    listed = got(librarian, f"/v1/desk/judgements?work={work}&kind=different&undone=false")
    assert [one["id"] for one in listed["results"]] == [made["judgement"]["id"]]
    assert {one["group"] for one in listed["results"][0]["records"]} == {0, 1}
    assert got(librarian, "/v1/desk/judgements?kind=same")["results"] == []
    why = got(librarian, f"/v1/works/{work}/why")
    assert [one["kept_apart_by_people"] for one in why["refused"]] == [True]
    assert why["judgements"][0]["id"] == made["judgement"]["id"]
    assert "Li" not in {str(value) for value in why["judgements"][0].values()}, "who judged is the library's own affair"
    undo = f"/v1/desk/judgements/{made['judgement']['id']}/undo"
    assert posted(librarian, undo, {"reason": "It is."}, 200)["works"] == [work]
    assert "undone already" in posted(librarian, undo, {"reason": "It is."}, 409)["detail"]
    assert got(librarian, "/v1/desk/judgements?undone=true")["results"][0]["undone"]["who"] == "desk"


def test_a_merged_id_leads_everywhere_to_the_work_and_a_split_gives_it_back(librarian: TestClient) -> None:
    work = the_work(librarian)
    split = {"kind": "different", "work": work, "groups": [["second:oai:x:1"]], "reason": "Not this one."}
    works = posted(librarian, "/v1/desk/judgements", split, 201)["works"]
    joined = {"kind": "same", "works": works, "reason": "It is."}
    made = posted(librarian, "/v1/desk/judgements", joined, 201)
    assert len(made["overrules"]) == 1
    (other,) = set(works) - set(made["works"])
    (left,) = made["works"]
    for path in ("", "/sources", "/why"):
        answer = librarian.get(f"/v1/works/{other}{path}")
        assert answer.status_code == 301
        assert answer.headers["location"].startswith(f"/v1/works/{left}{path}?")
        assert f"redirected_from={other}" in answer.headers["location"]
        assert librarian.get(answer.headers["location"]).status_code == 200
    for path in ("", "/sources"):
        answer = librarian.get(f"/works/{other}{path}")
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (301, f"/works/{left}{path}")
    fix = {"kind": "correct", "work": other, "field": "volume", "value": "7", "reason": "Printed."}
    assert posted(librarian, "/v1/desk/judgements", fix, 201)["redirected"] == [{"from": other, "to": left}]
    posted(librarian, f"/v1/desk/judgements/{made['judgement']['id']}/undo", {"reason": "No."}, 200)
    assert got(librarian, f"/v1/works/{other}")["id"] == other


def test_a_correction_shows_in_provenance_with_the_value_that_lost(librarian: TestClient) -> None:
    work = the_work(librarian)
    fix = {"kind": "correct", "work": work, "field": "title", "value": "Lead uptake of wheat", "reason": "Printed."}
    made = posted(librarian, "/v1/desk/judgements", fix, 201)
    fields = {one["field"]: one for one in got(librarian, f"/v1/works/{work}/sources")["fields"]}
    assert fields["title"]["value"]["value"] == "Lead uptake of wheat"
    assert fields["title"]["origin"] == f"judgement:{made['judgement']['id']}"
    assert {one["value"]["value"] for one in fields["title"]["losing"]} == {_RICE, f"{_RICE}, again"}
    posted(librarian, "/v1/desk/judgements", {**fix, "field": "doi", "value": "10.5555/right"}, 201)
    assert the_work(librarian) == got(librarian, "/v1/works/doi:10.5555/right")["id"] == work
    posted(librarian, "/v1/desk/judgements", {**fix, "field": "authors", "value": "Smith, Jane; 王明"}, 201)
    assert "authors = Smith, Jane; 王明" in librarian.get(f"/works/{work}/sources").text, "one name is not two"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"kind": "same", "works": ["w0", "w1"], "reason": "x"}, 404, "no work"),
        ({"kind": "same", "works": ["w0"], "reason": "x"}, 400, "works"),
        ({"kind": "same", "works": ["w0"] * 51, "reason": "x"}, 400, "works"),
        ({"kind": "same", "works": ["w0", "w1"]}, 400, "reason"),
        ({"kind": "same", "works": ["w0", "w1"], "reason": "x" * 2001}, 400, "reason"),
        ({"kind": "same", "works": ["w0", "w1"], "reason": "\u0000"}, 400, "reason"),
        ({"kind": "same", "works": ["w0", "w1"], "reason": "x", "colour": "red"}, 400, "colour"),
        ({"kind": "equal", "works": ["w0", "w1"], "reason": "x"}, 400, "kind"),
        ({"kind": "different", "reason": "x"}, 400, "not clear"),
        ({"kind": "different", "work": "w0", "works": ["w0", "w1"], "reason": "x"}, 400, "not clear"),
        ({"kind": "correct", "work": "doi:10.5555/shared", "field": "hue", "value": "1", "reason": "x"}, 400, "field"),
        ({"kind": "correct", "work": "doi:10.5555/shared", "field": "doi", "value": "1", "reason": "x"}, 400, "a DOI"),
        ({"kind": "different", "work": "doi:10.5555/shared", "groups": [["m0"]], "reason": "x"}, 400, "no record"),
        ([], 400, "body"),
    ],
)
def test_a_wrong_judgement_is_a_problem_that_names_the_part(
    librarian: TestClient, body: Json, status: int, said: str
) -> None:
    answer = librarian.post("/v1/desk/judgements", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.text
    assert got(librarian, "/v1/desk/judgements")["results"] == []


def test_bodies_and_writes_have_limits(librarian: TestClient) -> None:
    path = "/v1/desk/judgements"
    assert librarian.post(path, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    json = {"Content-Type": "application/json"}
    assert librarian.post(path, content=b"x" * (513 * 1024), headers=json).status_code == 413
    assert librarian.post(path, content=b"{", headers=json).status_code == 400
    codes = [librarian.post(path, content=b"{}", headers=json).status_code for _ in range(MOST_A_MINUTE)]
    assert set(codes) == {400, 429}
    assert int(librarian.post(path, content=b"{}", headers=json).headers["retry-after"]) <= 60


def test_the_review_list_shows_each_pair_of_works_once_and_forgets_what_was_judged(library: Library) -> None:
    library.settings.desk_token = SecretStr(TOKEN)
    shelf = Shelf(library, random.Random(1))  # noqa: S311
    library.pipeline.join_pending()
    doi = (Identifier(scheme="doi", value="10.5555/shared"),)
    shelf.save(*(_likely(name) for name in "123"), *(replace(_likely(name), identifiers=doi) for name in "45"))
    client = TestClient(make_app(library), headers={"Authorization": f"Bearer {TOKEN}"})
    listed = got(client, "/v1/desk/review?language=zh")
    assert listed["results"], "the records are meant to leave the machine in doubt"
    pairs = [frozenset((one["left"]["work"]["id"], one["right"]["work"]["id"])) for one in listed["results"]]
    assert len(pairs) == len(set(pairs)) == 6, "four works, one of which has two records"
    assert {one["records"] for one in listed["results"]} == {2, 3}
    assert [one["score"] for one in listed["results"]] == sorted(
        (one["score"] for one in listed["results"]), reverse=True
    )
    assert all(reason["text"] for one in listed["results"] for reason in one["reasons"])
    walked, after = [], ""
    while True:
        page = got(client, f"/v1/desk/review?limit=1{after}")
        walked += page["results"]
        if page["meta"]["next_after"] is None:
            break
        after = f"&after={page['meta']['next_after']}"
    assert [frozenset((one["left"]["work"]["id"], one["right"]["work"]["id"])) for one in walked] == pairs
    body = {"kind": "different", "works": sorted(pairs[0]), "reason": "Two studies."}
    posted(client, "/v1/desk/judgements", body, 201)
    left = got(client, "/v1/desk/review")["results"]
    assert pairs[0] not in [frozenset((one["left"]["work"]["id"], one["right"]["work"]["id"])) for one in left]
    assert got(client, "/v1/desk/review?after=nonsense", 400)["errors"][0]["parameter"] == "after"


def _likely(name: str) -> Manifestation:
    """Make up a record that is like the others, but not enough to be sure."""
    return Manifestation(
        source="a",
        record_identifier=name,
        datestamp="2026-01-01",
        title=Text(value=_RICE),
        published=PartialDate(year=2020),
    )


def test_the_desk_holds_against_made_up_requests_of_whoever_has_the_token(shelves: Library) -> None:
    app = make_app(shelves)
    app.state.desk_writes = WriteLimit(most=1_000_000)  # or nearly all would be 429
    schema = schemathesis.openapi.from_asgi("/openapi.json", app).include(path_regex="^/v1/desk/")
    operations = [operation.ok() for operation in schema.get_all_operations() if isinstance(operation, Ok)]
    assert len(operations) >= 15
    for operation in operations:

        @hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(operation.as_strategy())
        def is_as_described(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(
                headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=[positive_data_acceptance, ignored_auth]
            )

        is_as_described()


# --- states -------------------------------------------------------------------------------------------


def test_a_retracted_work_says_so_on_card_and_page_with_the_notices_link(embedded: Library) -> None:
    shelf = Shelf(embedded, random.Random(1))  # noqa: S311
    doi = Identifier(scheme="doi", value="10.5555/article")
    shelf.save(
        Manifestation(source="a", record_identifier="1", datestamp="2026", title=Text(value=_RICE), identifiers=(doi,)),
        Manifestation(
            source="b",
            record_identifier="2",
            datestamp="2026",
            title=Text(value="Retraction"),
            published=PartialDate(year=2021, month=3),
            identifiers=(Identifier(scheme="doi", value="10.5555/notice"),),
            relations=(Relation(kind="retracts", target=doi),),
        ),
    )
    embedded.bring_up_to_date()
    client = TestClient(make_app(embedded), headers={"Accept-Language": "en"})
    body = got(client, "/v1/works/doi:10.5555/article")
    (notice,) = body["notices"]
    notice_work = got(client, "/v1/works/doi:10.5555/notice")["id"]
    assert (body["status"], notice["kind"], notice["url"]) == (
        "retracted",
        "retraction",
        "https://doi.org/10.5555/notice",
    )
    assert notice["work"] == notice_work
    found = got(client, "/v1/works?status=retracted&fields=title,status")["results"]
    assert [(one["title"], one["status"]) for one in found] == [(_RICE, "retracted")]
    page = client.get(f"/works/{body['id']}").text
    assert "has been retracted" in page
    assert f"/works/{notice_work}" in page
    assert "已被撤稿" in client.get(f"/works/{body['id']}?ui=zh").text
    assert "retracted" in client.get("/?q=rice&ui=en").text


def test_the_settings_of_a_desk_are_never_shown(tmp_path: Path) -> None:
    assert TOKEN not in repr(Settings(data_dir=tmp_path, desk_token=SecretStr(TOKEN)))
