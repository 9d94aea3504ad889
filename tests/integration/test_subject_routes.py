"""Subjects and ranking over HTTP: browse within any search, and edit at the desk; the pages too."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from search_api.app import make_app
from search_api.library import Library
from tests.integration.classed import article, in_class
from tests.unit.web.records import SOURCE, put, texts, values

TOKEN = "a desk token that nobody guesses, of the tests"
COMPUTERS, FOOD, ODD = ("Computers", "QA75.5-76.95"), ("Food", "TP368-456"), ("Odd things", "XA1-9")
WHY = {"reason": "So is our shelving.", "who": "Li Ming"}


@pytest.fixture
def shelves(library: Library) -> Library:
    put(
        library,
        article(1, "Compilers for cheese makers", lcc=(COMPUTERS, FOOD)),
        article(2, "Cheese", lcc=(FOOD,)),
        article(3, "Curiosities of cheese", "odd keyword", lcc=(ODD,)),
        article(4, "Tumours", "Lung cancer", "stress"),
    )
    library.settings.desk_token = SecretStr(TOKEN)
    return library


@pytest.fixture
def client(shelves: Library) -> TestClient:
    return TestClient(make_app(shelves), follow_redirects=False)


@pytest.fixture
def librarian(shelves: Library) -> TestClient:
    return TestClient(make_app(shelves), headers={"Authorization": f"Bearer {TOKEN}"}, follow_redirects=False)


def get(client: TestClient, path: str, status: int = 200, **parameters: Any) -> Any:
    answer = client.get(path, params=parameters or None)
    assert answer.status_code == status, answer.text
    return answer.json()


def post(client: TestClient, path: str, body: dict[str, Any], status: int) -> Any:
    answer = client.post(f"/v1/desk/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def counts(classes: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in classes:
        found |= {one["code"]: one["count"]} | counts(one.get("children", []))
    return {code: count for code, count in found.items() if count}


# --- browsing ------------------------------------------------------------------------------------


def test_the_tree_is_counted_exactly_and_rolls_up(client: TestClient) -> None:
    body = get(client, "/v1/subjects", depth=8)
    assert counts(body["results"]) == {"R": 1, "R73": 1, "T": 2, "TP": 1, "TP3": 1, "TS": 2}
    assert (body["meta"]["count"], body["meta"]["unclassed"]) == (4, 1)
    top = {one["code"]: one for one in body["results"]}
    assert len(top) == 22
    assert top["T"]["name"] == {"en": "Industrial technology", "zh": "工业技术"}
    assert get(client, top["T"]["works"])["meta"]["count"] == 2
    assert "children" not in get(client, "/v1/subjects", depth=1)["results"][0]


def test_the_tree_is_counted_within_any_search_without_its_own_filter(client: TestClient) -> None:
    body = get(client, "/v1/subjects", q="cheese", depth=3)
    assert counts(body["results"]) == {"T": 2, "TP": 1, "TP3": 1, "TS": 2}
    assert (body["meta"]["count"], body["meta"]["unclassed"]) == (3, 1)
    within = get(client, "/v1/subjects", q="cheese", clc="TP3", depth=3)
    assert within["results"] == body["results"]
    assert (within["meta"]["count"], within["meta"]["unclassed"]) == (3, 1)
    assert counts(get(client, "/v1/subjects", q="cheese", year_from=2021)["results"]) == {}


def test_a_class_has_its_path_and_what_is_below(client: TestClient) -> None:
    body = get(client, "/v1/subjects/tp", q="compilers")
    assert (body["code"], body["count"], [one["code"] for one in body["path"]]) == ("TP", 1, ["T"])
    assert counts(body["children"]) == {"TP3": 1}
    assert get(client, "/v1/subjects/TP3")["children"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/subjects/NOWHERE", 404),
        ("/v1/subjects/%00", 404),
        ("/v1/subjects?depth=0", 400),
        ("/v1/subjects?deep=1", 400),
        ("/v1/subjects?depth=1&depth=2", 400),
        ("/v1/subjects?q=%22", 400),
        (f"/v1/subjects/{'x' * 60}", 400),
    ],
)
def test_what_cannot_be_browsed_is_a_problem_with_a_way_on(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_the_facet_of_classes_shows_their_names(client: TestClient) -> None:
    facet = get(client, "/v1/works", facets="clc")["facets"]["clc"]
    assert facet[0] == {"value": "T", "label": "Industrial technology", "count": 2}


# --- the desk ------------------------------------------------------------------------------------


def test_what_leads_to_no_class_is_listed_page_by_page_and_mapped(shelves: Library, librarian: TestClient) -> None:
    body = get(librarian, "/v1/desk/subjects/unmapped")
    assert body["results"] == [
        {"scheme": "LCC", "code": "XA1-9", "term": "Odd things", "count": 1},
        {"scheme": "keyword", "code": None, "term": "odd keyword", "count": 1},
    ]
    assert get(librarian, "/v1/desk/subjects/unmapped", scheme="keyword")["meta"]["count"] == 1
    assert get(librarian, "/v1/desk/subjects/unmapped", q="THINGS")["meta"]["count"] == 1
    page = get(librarian, "/v1/desk/subjects/unmapped", limit=1)
    assert page["meta"]["next_offset"] == 1
    assert get(librarian, "/v1/desk/subjects/unmapped", limit=1, offset=1)["results"] == body["results"][1:]
    mapping = {"scheme": "LCC", "value": "XA", "code": "G8"}
    made = post(librarian, "subjects/mappings", {"mappings": [mapping], **WHY}, 201)
    assert (made["created"], made["changes"][0]["reason"], made["changes"][0]["who"]) == (1, WHY["reason"], "Li Ming")
    assert post(librarian, "subjects/mappings", {"mappings": [mapping], **WHY}, 200)["created"] == 0
    shelves.bring_up_to_date()
    assert in_class(shelves, "G8") == {"Curiosities of cheese"}
    assert get(librarian, "/v1/desk/subjects/unmapped")["results"] == []
    change = get(librarian, "/v1/desk/subjects/changes")["results"][0]
    assert post(librarian, f"subjects/changes/{change['id']}/undo", WHY, 200)["state"] == "undone"
    post(librarian, f"subjects/changes/{change['id']}/undo", WHY, 409)
    shelves.bring_up_to_date()
    assert in_class(shelves, "G8") == set()


def test_a_class_is_named_hidden_and_added(shelves: Library, librarian: TestClient) -> None:
    post(librarian, "subjects/classes", {"code": "T", "name_en": "Engineering", **WHY}, 201)
    post(librarian, "subjects/classes", {"code": "T", "name_en": "Engineering", **WHY}, 200)
    post(librarian, "subjects/classes", {"code": "R", "hidden": True, **WHY}, 201)
    own = {"code": "x-1", "name_zh": "奶酪", "name_en": "Cheese", "parent": "TS", **WHY}
    post(librarian, "subjects/classes", own, 201)
    post(librarian, "subjects/mappings", {"mappings": [{"scheme": "LCC", "value": "TP368", "code": "X-1"}], **WHY}, 201)
    shelves.bring_up_to_date()
    shelves.store.subjects._looked = 0.0  # a second has passed
    top = {one["code"]: one for one in get(librarian, "/v1/subjects", depth=3)["results"]}
    assert top["T"]["name"]["en"] == "Engineering"
    assert "R" not in top
    get(librarian, "/v1/subjects/R73", 404)
    assert get(librarian, "/v1/works", clc="R73")["meta"]["count"] == 1, "works stay in a class that is not shown"
    found = get(librarian, "/v1/subjects/X-1")
    assert (found["own"], found["count"], [one["code"] for one in found["path"]]) == (True, 2, ["T", "TS"])
    listed = get(librarian, "/v1/desk/subjects/changes", kind="class", limit=2)
    assert [one["code"] for one in listed["results"]] == ["X-1", "R"]
    following = get(librarian, "/v1/desk/subjects/changes", kind="class", before=listed["meta"]["next_before"])
    assert [one["code"] for one in following["results"]] == ["T"]


def test_rules_of_ranking_are_made_listed_with_reasons_and_undone(librarian: TestClient) -> None:
    rule = {"kind": "work", "target": "doi:10.5555/cls.2", "effect": "hide", **WHY}
    made = post(librarian, "ranking", rule, 201)["rule"]
    assert (made["name"], made["state"], made["reason"]) == ("Cheese", "in_force", WHY["reason"])
    assert post(librarian, "ranking", rule, 200)["created"] is False
    assert get(librarian, "/v1/works", q="cheese")["meta"]["query"]["rules"]["hidden"] == 1
    assert [one["id"] for one in get(librarian, "/v1/desk/ranking", in_force=True)["results"]] == [made["id"]]
    assert post(librarian, f"ranking/{made['id']}/undo", WHY, 200)["state"] == "undone"
    assert get(librarian, "/v1/works", q="cheese")["meta"]["query"]["rules"] is None
    post(librarian, f"ranking/{made['id']}/undo", WHY, 409)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("subjects/mappings", {"mappings": [], **WHY}, 400),
        ("subjects/mappings", {"mappings": [{"scheme": "LCC", "value": "Q"}], **WHY}, 400),
        ("subjects/mappings", {"mappings": [{"scheme": "LCC", "value": "Q", "code": "NOWHERE"}], **WHY}, 400),
        ("subjects/mappings", {"mappings": [{"scheme": "LCC", "value": "Q", "code": "N"}]}, 400),
        ("subjects/mappings", {"mappings": [{"scheme": "LCC", "value": "\x00", "code": "N"}], **WHY}, 400),
        ("subjects/mappings", {"mappings": [{"scheme": "LCC", "value": "Q", "code": "N"}], "reason": " "}, 400),
        ("subjects/classes", {"code": "T", **WHY}, 409),
        ("subjects/classes", {"code": "NEW", **WHY}, 400),
        ("subjects/classes", {"code": "T", "colour": "red", **WHY}, 400),
        ("subjects/changes/m99/undo", WHY, 404),
        ("subjects/changes/x/undo", WHY, 404),
        ("ranking", {"kind": "work", "target": "w0", "effect": "hide", **WHY}, 404),
        ("ranking", {"kind": "source", "target": SOURCE.id, "effect": "boost", "weight": 99, **WHY}, 400),
        ("ranking", {"kind": "source", "target": SOURCE.id, "effect": "love", **WHY}, 400),
        ("ranking/r0/undo", WHY, 404),
        ("ranking/%00/undo", WHY, 404),
    ],
)
def test_what_cannot_be_written_is_a_problem_that_says_what_to_do(
    librarian: TestClient, path: str, body: dict[str, Any], status: int
) -> None:
    problem = post(librarian, path, body, status)
    assert problem["status"] == status
    assert problem["detail"].rstrip().endswith((".", "…"))


def test_the_desk_is_for_whoever_knows_the_token(client: TestClient) -> None:
    for path in ("subjects/unmapped", "subjects/changes", "ranking"):
        assert client.get(f"/v1/desk/{path}").status_code == 401
    for path in ("subjects/mappings", "subjects/classes", "subjects/changes/m1/undo", "ranking", "ranking/r1/undo"):
        assert client.post(f"/v1/desk/{path}", json={}).status_code == 401


# --- pages ---------------------------------------------------------------------------------------


def test_the_page_of_subjects_leads_down_to_works_and_up_again(client: TestClient) -> None:
    page = client.get("/subjects", params={"ui": "en"}).text
    assert texts(page, "//ul[@class='classes']/li/h2") == ["R Medicine and health 1", "T Industrial technology 2"]
    assert "A Marxism" in texts(page, "//section[@class='empties']")[0]
    assert "1 work more could not be classed yet" in page
    below = client.get("/subjects/T", params={"ui": "en"}).text
    assert texts(below, "//h1") == ["T Industrial technology"]
    (works,) = values(below, "//a[@class='button']/@href")
    assert texts(client.get(works).text, "//p[@class='count']") == ["2 works"]
    lowest = client.get("/subjects/TP3", params={"ui": "zh"}).text
    assert texts(lowest, "//nav[@class='crumbs']//li") == ["学科分类", "T 工业技术", "TP 自动化技术、计算机技术"]


def test_the_page_of_subjects_counts_within_a_search(client: TestClient) -> None:
    page = client.get("/subjects", params={"q": "cheese", "ui": "en"}).text
    assert texts(page, "//ul[@class='classes']/li/h2") == ["T Industrial technology 2"]
    assert "Only what “cheese” finds is counted." in page
    assert any("q=cheese" in href for href in values(page, "//ul[@class='classes']//a/@href"))
    result = client.get("/", params={"q": "cheese", "clc": "TS", "ui": "en"}).text
    assert "TS Light industry, food and crafts" in result
    assert any(href.startswith("/subjects?q=cheese") for href in values(result, "//a/@href"))


def test_a_page_of_no_class_says_so_and_a_wrong_search_is_told_where_searches_are(client: TestClient) -> None:
    for path in ("/subjects/NOWHERE", "/subjects/<script>"):
        answer = client.get(path, params={"ui": "en"})
        assert answer.status_code == 404
        assert "<script>" not in answer.text.replace('<script src="', "")
    answer = client.get("/subjects", params={"q": '"'})
    assert (answer.status_code, answer.headers["location"]) == (302, "/?q=%22")
