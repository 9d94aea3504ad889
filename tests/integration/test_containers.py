"""Journals over HTTP: found by title or ISSN, counted, and never lost when they are merged; in both deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from indexer.storage import schema
from search_api.app import make_app
from search_api.library import Library
from tests.integration.journals import ONLINE, OTHER, PRINT, THIRD, doaj_article, journal, receive
from tests.unit.web.records import Dublin, put

Json = dict[str, Any]


def dated(number: int, year: int) -> Dublin:
    elements = [
        ("title", f"Cheese and its holes, part {number}"),
        ("source", f"Dairy Letters, Vol 1, Iss 2, Pp {number}-{number + 1} ({year})"),
        ("date", str(year)),
        ("publisher", "The Dairy Press"),
    ]
    return Dublin(identifier=f"oai:campus:{number}", elements=elements)


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    put(library, dated(1, 1999), dated(2, 2021), dated(3, 2010))
    receive(
        library,
        [
            doaj_article(1, PRINT, journal="图书馆季刊"),
            doaj_article(2, PRINT, journal="图书馆季刊"),
            journal(7, PRINT, ONLINE, title="图书馆季刊"),
            doaj_article(3, OTHER, journal="图书馆季刊"),
        ],
    )
    library.bring_up_to_date()
    with TestClient(make_app(library), raise_server_exceptions=False) as opened:
        yield opened


def get(client: TestClient, path: str, **parameters: Any) -> Json:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_a_journal_is_found_by_its_title_pinyin_or_issn(client: TestClient) -> None:
    (dairy,) = get(client, "/v1/containers", q="dairy")["results"]
    assert (dairy["title"], dairy["works"], dairy["first_year"], dairy["last_year"]) == ("Dairy Letters", 3, 1999, 2021)
    assert (dairy["publisher"], dairy["issns"]) == ("The Dairy Press", [])
    assert [one["works"] for one in get(client, "/v1/containers", q="tsg")["results"]] == [2, 1]
    for typed in (ONLINE, ONLINE.replace("-", ""), f" issn:{ONLINE} "):
        (one,) = get(client, "/v1/containers", q=typed)["results"]
        assert (one["issns"], one["publisher"], one["works"]) == ([PRINT, ONLINE], "Publisher 7", 2)
    assert get(client, "/v1/containers", q=THIRD)["results"] == []


def test_a_list_is_paged_and_each_journal_comes_once(client: TestClient) -> None:
    whole = get(client, "/v1/containers")
    assert (whole["meta"]["count"], whole["meta"]["next_cursor"]) == (3, None)
    walked, cursor = [], None
    for _ in range(3):
        page = get(client, "/v1/containers", limit=1, **({"cursor": cursor} if cursor else {}))
        walked += page["results"]
        cursor = page["meta"]["next_cursor"]
    assert cursor is None
    assert walked == whole["results"]


def test_one_journal_is_answered_by_id_or_issn_with_a_link_to_its_works(client: TestClient) -> None:
    for listed in get(client, "/v1/containers")["results"]:
        assert get(client, f"/v1/containers/{listed['id']}") == listed
        assert client.get(listed["works_url"]).json()["meta"]["count"] == listed["works"]
    assert get(client, f"/v1/containers/issn:{ONLINE}") == get(client, f"/v1/containers/issn:{PRINT}")


def test_a_merged_journals_id_redirects(client: TestClient, library: Library) -> None:
    lost = get(client, f"/v1/containers/issn:{OTHER}")["id"]
    receive(library, [journal(8, PRINT, OTHER, datestamp="2026-10-05", title="图书馆季刊")])
    library.bring_up_to_date()
    table = schema.containers.c
    with library.store.database.read() as connection:
        assert connection.scalar(select(table.merged_into).where(table.id == lost)) is not None
    kept = get(client, f"/v1/containers/issn:{OTHER}")
    answer = client.get(f"/v1/containers/{lost}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, f"/v1/containers/{kept['id']}")
    assert kept["works"] == 3
    assert kept["id"] != lost


@pytest.mark.parametrize(
    "wanted", ["c0", "issn:", "issn:1234-5678", "issn:x", "%00", "w1", "c%F0%9F%98%80", "issn:%00"]
)
def test_what_is_no_journal_is_not_found(client: TestClient, wanted: str) -> None:
    answer = client.get(f"/v1/containers/{wanted}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("wrong", ["limit=0", "limit=51", "x=1", "q=a&q=b", "cursor=x", "q=" + "a" * 201])
def test_wrong_parameters_are_refused(client: TestClient, wrong: str) -> None:
    answer = client.get(f"/v1/containers?{wrong}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
