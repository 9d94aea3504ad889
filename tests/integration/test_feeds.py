"""Any search as an Atom feed, held to RFC 4287 element by element."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from lxml import etree, html
from sqlalchemy import update

from indexer import clock
from indexer.storage import schema
from search_api.app import make_app
from search_api.library import Library
from tests.unit.web.records import Dublin, put

_A = "{http://www.w3.org/2005/Atom}"


def _dublin(number: int, *more: tuple[str, str]) -> Dublin:
    elements = [
        ("title", f"<b>Solar</b> cells & wind {number}"),
        ("date", "2021"),
        ("identifier", f"https://doi.org/10.5555/solar.{number}"),
        *more,
    ]
    return Dublin(identifier=f"oai:campus:{number}", elements=elements)


@pytest.fixture
def client(library: Library) -> TestClient:
    put(library, *[_dublin(number) for number in range(7)])
    put(
        library,
        _dublin(100, ("creator", "Li, Na"), ("subject", "sun"), ("description", "We <script>looked</script> & saw.")),
        datestamp="2026-10-02",
    )
    return TestClient(make_app(library))


def _feed(client: TestClient, query: str = "") -> etree._Element:
    answer = client.get(f"/v1/works.atom{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml"
    return etree.fromstring(answer.content)


def _links(element: etree._Element, rel: str) -> list[str]:
    return [one.get("href") or "" for one in element.findall(f"{_A}link") if one.get("rel") == rel]


def _one(element: etree._Element, name: str) -> str:
    [found] = element.findall(f"{_A}{name}")
    assert found.text
    return found.text


def test_a_feed_has_what_the_format_demands(client: TestClient, library: Library) -> None:
    feed = _feed(client, "?q=solar")
    for element in (feed, *feed.findall(f"{_A}entry")):
        assert _one(element, "id").startswith(f"tag:kaijuan-{library.store.library_id}.invalid,2026:")
        assert _one(element, "title")
        assert datetime.fromisoformat(_one(element, "updated")).tzinfo is not None
        assert len(_links(element, "alternate")) == 1
    assert feed.find(f"{_A}author/{_A}name") is not None  # for entries without one
    assert len({_one(entry, "id") for entry in feed.findall(f"{_A}entry")}) == 8
    assert _links(feed, "self") == ["http://testserver/v1/works.atom?q=solar"]
    assert _links(feed, "alternate") == ["http://testserver/?q=solar&sort=first_indexed"]
    assert max(_one(entry, "updated") for entry in feed.findall(f"{_A}entry")) == _one(feed, "updated")


def test_an_entry_tells_of_its_work_and_nothing_in_it_is_markup(client: TestClient, library: Library) -> None:
    feed = _feed(client, "?q=doi:10.5555/solar.100")
    [entry] = feed.findall(f"{_A}entry")
    work = client.get("/v1/works/doi:10.5555/solar.100").json()
    assert _one(entry, "id") == f"tag:kaijuan-{library.store.library_id}.invalid,2026:works/{work['id']}"
    assert _one(entry, "title") == work["title"]
    assert _one(entry, "published") == work["first_indexed"]
    assert entry.findtext(f"{_A}author/{_A}name") == "Na Li"
    assert _links(entry, "alternate") == [f"http://testserver/works/{work['id']}"]
    assert "https://doi.org/10.5555/solar.100" in _links(entry, "related")
    assert [one.get("term") for one in entry.findall(f"{_A}category")] == ["sun"]
    summary = entry.find(f"{_A}summary")
    assert summary is not None
    assert summary.get("type", "text") == "text"
    assert summary.text == f"2021. {work['abstracts'][0]['value']}"
    assert not len(summary)


def test_what_is_new_here_comes_first_and_what_changed_is_told(client: TestClient, library: Library) -> None:
    works = schema.works
    with library.store.database.write() as connection:
        older = clock.now() - timedelta(hours=1)
        connection.execute(update(works).where(works.c.key < library.store.feed.horizon()).values(first_indexed=older))
        connection.execute(update(schema.work_changes).where(schema.work_changes.c.sequence == 1).values(at=older))
    library.rebuild(normalise=False)
    first = _feed(client, "?limit=1")
    assert "wind 100" in _one(first.findall(f"{_A}entry")[0], "title")
    dates = {_one(entry, "updated") for entry in _feed(client).findall(f"{_A}entry")}
    assert len(dates) > 1
    assert _one(_feed(client), "updated") == max(dates)
    before = {_one(entry, "id"): _one(entry, "updated") for entry in _feed(client).findall(f"{_A}entry")}
    put(library, _dublin(3, ("description", "An abstract that came later.")), datestamp="2026-10-05")
    after = {_one(entry, "id"): _one(entry, "updated") for entry in _feed(client).findall(f"{_A}entry")}
    third = client.get("/v1/works/doi:10.5555/solar.3").json()["id"]
    changed = f"tag:kaijuan-{library.store.library_id}.invalid,2026:works/{third}"
    assert before.keys() == after.keys()
    assert after[changed] >= before[changed]
    told = library.store.dated_works.dates([changed.rpartition("/")[2]])
    assert [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in told.values()] == [after[changed]]


def test_a_feed_is_read_page_by_page_each_work_once(client: TestClient) -> None:
    address = "/v1/works.atom?limit=3&q=solar"
    seen: list[str] = []
    ids = set()
    while address:
        feed = etree.fromstring(client.get(address).content)
        ids.add(_one(feed, "id"))
        seen += [_one(entry, "id") for entry in feed.findall(f"{_A}entry")]
        address = next(iter(_links(feed, "next")), "")
    assert len(seen) == len(set(seen)) == 8
    assert len(ids) == 1
    assert ids != {_one(_feed(client, "?q=wind"), "id")}


def test_asked_again_it_answers_that_nothing_changed(client: TestClient, library: Library) -> None:
    answer = client.get("/v1/works.atom?q=solar")
    again = client.get("/v1/works.atom?q=solar", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    put(library, _dublin(200), datestamp="2026-10-06")
    assert client.get("/v1/works.atom?q=solar", headers={"If-None-Match": answer.headers["etag"]}).status_code == 200


def test_an_empty_feed_is_a_feed(client: TestClient) -> None:
    feed = _feed(client, "?q=nothing-at-all-like-this")
    assert _one(feed, "updated") == "1970-01-01T00:00:00Z"
    assert feed.find(f"{_A}entry") is None


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?q=%22open", "q"),
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?cursor=x", "cursor"),
        ("?facets=year", "facets"),
        ("?sort=x", "sort"),
    ],
)
def test_what_is_wrong_is_a_problem_with_a_fix(client: TestClient, query: str, parameter: str) -> None:
    answer = client.get(f"/v1/works.atom{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    [said] = answer.json()["errors"]
    assert (said["parameter"], bool(said["fix"])) == (parameter, True)


def test_a_hostile_query_stays_text_in_the_feed(client: TestClient) -> None:
    feed = _feed(client, "?q=%3Cb%3E%0B%26amp%3B%F0%9F%98%80&match=any")
    assert _one(feed, "title") == "kaijuan: <b>&amp;😀"


def test_a_page_of_results_names_its_feed(client: TestClient) -> None:
    page = html.fromstring(client.get("/?q=solar+%26&year=2021&limit=3&sort=newest&ui=en").text)
    [address] = cast("list[str]", page.xpath("//link[@rel='alternate' and @type='application/atom+xml']/@href"))
    assert parse_qs(urlsplit(address).query) == {"q": ["solar &"], "year": ["2021"]}
    assert client.get(address).status_code == 200
