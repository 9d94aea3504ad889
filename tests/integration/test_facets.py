"""All values of a facet, works by year and keywords of a search: over HTTP, in both deployments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml import etree

from indexer.errors import QueryError
from indexer.storage.said import Signed
from search_api.app import make_app
from search_api.facets import FacetLister, FacetSearch
from search_api.library import Library
from search_api.searching import Search, Searcher
from tests.contract.corpus import make_document
from tests.unit.web.records import Dublin, put

Json = dict[str, Any]
WORDS = ("solar", "wind", "tidal")
NAMES = {"solar": "Photovoltaics", "wind": "Turbines; Renewable energy", "tidal": "潮汐能; Renewable Energy"}


def record(number: int) -> Dublin:
    word = WORDS[number % 3]
    chinese = f"关于第{number}号样品历年观测数据的比较研究：{word} study"
    elements = [
        ("title", f"A {word} study of number {number} among many" if number % 5 else chinese),
        ("creator", f"Author{number}, Ann"),
        ("identifier", f"https://repository.example/{number}"),
        ("language", "zh" if number % 5 == 0 else "en"),
        ("subject", NAMES[word]),
        ("subject", f"Rare　Term {number:02}"),
    ]
    if number % 7:
        elements.append(("date", str(2000 + number % 12)))
    return Dublin(identifier=f"oai:campus:{number}", elements=elements)


def year_of(number: int) -> int | None:
    return 2000 + number % 12 if number % 7 else None


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    put(library, *map(record, range(60)))
    with TestClient(make_app(library), raise_server_exceptions=False) as opened:
        yield opened


def get(client: TestClient, path: str, **parameters: Any) -> Json:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def walk(client: TestClient, **parameters: Any) -> list[Json]:
    found: list[Json] = []
    cursor = None
    while True:
        body = get(client, "/v1/facets", **parameters, **({"cursor": cursor} if cursor else {}))
        found += body["results"]
        cursor = body["meta"]["next_cursor"]
        if cursor is None:
            return found


def pairs(rows: list[Json]) -> list[tuple[str, int]]:
    return [(row["value"], row["count"]) for row in rows]


def test_every_value_is_listed_once_with_its_exact_count_in_either_order(client: TestClient) -> None:
    expected = {"renewable energy": 40, "photovoltaics": 20, "turbines": 20, "潮汐能": 20}
    expected |= {f"rare term {number:02}": 1 for number in range(60)}
    by_count = pairs(walk(client, facet="keyword", limit=7))
    assert by_count == sorted(expected.items(), key=lambda item: (-item[1], item[0]))
    by_label = pairs(walk(client, facet="keyword", limit=7, order="label"))
    assert dict(by_label) == expected
    assert len(by_label) == len(expected)
    # Chinese stands where its pinyin does: chao xi neng.
    assert [value for value, _ in by_label][:2] == ["潮汐能", "photovoltaics"]
    assert get(client, "/v1/facets", facet="keyword", order="label")["meta"]["values"] == 64


def test_values_are_found_by_what_readers_see_of_them(client: TestClient) -> None:
    def found(facet: str, text: str) -> list[str]:
        return [row["value"] for row in walk(client, facet=facet, facet_q=text)]

    assert found("keyword", "ENERGY renew") == ["renewable energy"]
    assert found("keyword", "RARE m 3") == [f"rare term {number:02}" for number in range(60) if "3" in str(number)]
    assert found("keyword", "潮汐") == found("keyword", "chaoxi") == found("keyword", "cxn") == ["潮汐能"]
    assert found("lang", "Chinese") == found("lang", "中文") == ["zh"]
    assert found("source", "campus") == found("source", "校园") == ["campus"]
    assert found("year", "200") == sorted(
        map(str, range(2000, 2010)), key=lambda year: (-int(years()[int(year)]), year)
    )
    assert found("keyword", "nowhere") == []


def years(numbers: range = range(60)) -> Counter[int]:
    return Counter(year for number in numbers if (year := year_of(number)) is not None)


def test_the_facets_own_filter_is_left_out_and_marked_and_others_hold(client: TestClient) -> None:
    body = get(client, "/v1/facets", facet="keyword", keyword=["turbines", "gone"], lang="zh", limit=2)
    assert body["meta"]["count"] == 12
    assert pairs(body["results"]) == [("renewable energy", 8), ("photovoltaics", 4)]
    assert body["meta"]["selected"] == [
        {"value": "turbines", "label": "turbines", "count": 4, "selected": True},
        {"value": "gone", "label": "gone", "count": 0, "selected": True},
    ]
    listed = walk(client, facet="keyword", keyword="turbines", lang="zh", order="label")
    assert {("renewable energy", 8), ("photovoltaics", 4), ("turbines", 4)} <= set(pairs(listed))
    body = get(client, "/v1/facets", facet="year", year=2003, q="solar")
    assert body["meta"]["count"] == 20
    assert [row["value"] for row in body["results"] if row["selected"]] == ["2003"]
    works = get(client, "/v1/works", keyword="turbines", lang="zh")
    assert works["meta"]["count"] == 4


@pytest.mark.parametrize("q", ["", "solar", "wind OR tidal"])
def test_a_row_of_years_adds_up_to_its_count(client: TestClient, q: str) -> None:
    body = get(client, "/v1/trends", q=q, facet="keyword", value=["renewable energy", "nowhere"])
    assert body["years"] == list(range(body["years"][0], body["years"][-1] + 1))
    for row in (body["total"], *body["results"]):
        assert sum(row["counts"]) + row["before"] + row["no_year"] == row["count"]
    assert body["total"]["count"] == get(client, "/v1/works", q=q)["meta"]["count"]
    assert body["results"][1]["count"] == 0


def test_years_without_works_are_zero_and_shares_are_of_the_year(client: TestClient) -> None:
    body = get(client, "/v1/trends", facet="keyword", value="photovoltaics", year_from=1998)
    assert body["years"] == list(range(1998, 2012))
    assert body["total"]["counts"] == [years()[year] for year in range(1998, 2012)]
    solar = Counter(year for number in range(0, 60, 3) if (year := year_of(number)) is not None)
    (row,) = body["results"]
    assert row["counts"] == [solar[year] for year in range(1998, 2012)]
    assert row["shares"][:2] == [None, None]
    assert row["shares"][2] == round(solar[2000] / years()[2000], 4)
    assert (body["total"]["no_year"], row["no_year"]) == (0, 0)  # a work without a year is not within bounds
    assert get(client, "/v1/trends")["total"]["no_year"] == 9


def test_without_values_the_five_most_frequent_are_followed(client: TestClient) -> None:
    body = get(client, "/v1/trends", facet="keyword", keyword="turbines", year=[2001, 2002])
    listed = get(client, "/v1/facets", facet="keyword", keyword="turbines", year=[2001, 2002], limit=5)
    assert pairs(body["results"]) == pairs(listed["results"])
    assert body["years"] == [2001, 2002]


def test_a_picture_is_an_svg_in_which_nothing_runs(client: TestClient) -> None:
    value = 'x"><script>alert(1)</script>\x00\u202e'
    answer = client.get("/v1/trends.svg", params={"facet": "keyword", "value": [value, "turbines"], "ui": "zh"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    root = etree.fromstring(answer.content, etree.XMLParser(resolve_entities=False, no_network=True))
    names = {etree.QName(element).localname for element in root.iter()}
    assert names <= {"svg", "title", "desc", "rect", "path", "text", "g", "polyline"}
    texts = [element.text for element in root.iter("{*}text")]
    assert 'x"><script>alert(1)</script>' in texts
    assert len(list(root.iter("{*}polyline"))) == 2


def test_keywords_that_come_with_a_search_say_why(client: TestClient) -> None:
    body = get(client, "/v1/keywords", q="solar")
    (row,) = body["results"]
    assert row == {
        "value": "photovoltaics",
        "label": "photovoltaics",
        "count": 20,
        "everywhere": 20,
        "expected": round(20 * 20 / 60, 2),
        "score": 76.38,
    }
    together = get(client, "/v1/keywords", keyword="turbines")
    assert [row["value"] for row in together["results"]] == ["renewable energy"]
    assert get(client, "/v1/keywords", q="nowhere")["results"] == []


@pytest.mark.parametrize(
    ("path", "parameter", "fix"),
    [
        ("/v1/facets", "facet", "See /docs"),
        ("/v1/facets?facet=colour", "facet", "See /docs"),
        ("/v1/facets?facet=lang&sort=title&limit=0", "limit", "See /docs"),
        ("/v1/facets?facet=lang&facets=lang", "facets", "Leave it out"),
        ("/v1/facets?facet=lang&cursor=made-up", "cursor", "Leave it out"),
        ("/v1/facets?facet=lang&q=(", "q", ""),
        ("/v1/trends?value=a", "value", "facet="),
        ("/v1/trends?facet=year", "facet", "See /docs"),
        ("/v1/trends?facet=lang&" + "&".join(f"value={at}" for at in range(11)), "value", "See /docs"),
        ("/v1/keywords", "q", "filter"),
        ("/v1/keywords?q=a&facet=lang", "facet", "See /docs"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_a_fix(
    embedded: Library, path: str, parameter: str, fix: str
) -> None:
    answer = TestClient(make_app(embedded), raise_server_exceptions=False).get(path)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert problem["errors"][0]["parameter"] == parameter
    assert fix in problem["errors"][0]["fix"]


@pytest.mark.parametrize("facet", ["lang", "license", "source", "container", "clc", "type", "version", "subject"])
@pytest.mark.parametrize("value", ["é\U00063761", "zh\x00", "a-b-c-d-e-f-g" * 9, "*", "'"])
def test_a_value_that_cannot_be_is_refused_or_one_of_no_work(embedded: Library, facet: str, value: str) -> None:
    client = TestClient(make_app(embedded), raise_server_exceptions=False)
    asked = {"facet": facet, facet: value}
    for path in ("/v1/facets", "/v1/trends", "/facets", "/trends", "/"):
        answer = client.get(path, params={**asked, "q": "study", "ui": "zh"} if path != "/" else {facet: value})
        told = {200, 400} if facet in {"version", "lang", "clc", "type"} else {200}
        assert answer.status_code in told, (path, answer.text)


def test_a_cursor_serves_its_own_list_only(embedded: Library) -> None:
    put(embedded, *map(record, range(12)))
    client = TestClient(make_app(embedded), raise_server_exceptions=False)
    asked: Json = {"facet": "keyword", "q": "study", "limit": 2}
    cursor = get(client, "/v1/facets", **asked)["meta"]["next_cursor"]
    works = get(client, "/v1/works", q="study", limit=2)["meta"]["next_cursor"]
    for other in ({"q": "solar"}, {"order": "label"}, {"facet_q": "rare"}, {"lang": "en"}, {"cursor": works}):
        answer = client.get("/v1/facets", params={**asked, "cursor": cursor, **other})
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "cursor"), other


def test_a_walk_by_label_stays_whole_while_counts_change(embedded: Library) -> None:
    put(embedded, *map(record, range(20)))
    client = TestClient(make_app(embedded), raise_server_exceptions=False)
    first = get(client, "/v1/facets", facet="keyword", order="label", limit=5)
    put(embedded, *map(record, range(20, 40)), datestamp="2026-10-02")
    rest = walk_on(client, first)
    names = [row["value"] for row in first["results"]] + rest
    assert len(names) == len(set(names))
    assert set(names) >= {f"rare term {number:02}" for number in range(20)}
    again = {row["value"]: row["count"] for row in walk(client, facet="keyword", order="label", limit=5)}
    assert again["photovoltaics"] > next(row["count"] for row in first["results"] if row["value"] == "photovoltaics")


def test_a_list_that_is_kept_follows_the_subject_tree_within_a_minute(embedded: Library) -> None:
    put(embedded, *map(record, range(6)))
    now = [100.0]
    lister = FacetLister(embedded, Searcher(embedded), clock=lambda: now[0])
    wanted = FacetSearch(search=Search(), facet="clc", order="label")
    assert "B84" not in {row["value"] for row in lister.answer(wanted)["results"]}
    embedded.store.subjects.map("keyword", "Photovoltaics", "B84", Signed(who="Li Ming", note="So is our shelving."))
    embedded.bring_up_to_date()  # which moves no position: no work has changed
    now[0] += 60
    assert {row["value"]: row["count"] for row in lister.answer(wanted)["results"]}["B84"] == 2


def walk_on(client: TestClient, body: Json) -> list[str]:
    found: list[str] = []
    while cursor := body["meta"]["next_cursor"]:
        body = get(client, "/v1/facets", facet="keyword", order="label", limit=5, cursor=cursor)
        found += [row["value"] for row in body["results"]]
    return found


def test_thousands_of_values_are_walked_to_the_end_and_too_many_are_refused(embedded: Library) -> None:
    with embedded.index.writer() as writer:
        writer.upsert(make_document(key, keyword=[f"v{key * 8 + at:05}" for at in range(8)]) for key in range(750))
        writer.commit(0)
    lister = FacetLister(embedded, Searcher(embedded), most=7_000)
    wanted: Json = {"search": Search(), "facet": "keyword", "limit": 1_000}
    values: list[str] = []
    cursor = None
    while True:
        body = lister.answer(FacetSearch(**wanted, cursor=cursor))
        values += [row["value"] for row in body["results"]]
        cursor = body["meta"]["next_cursor"]
        if cursor is None:
            break
    assert values == [f"v{at:05}" for at in range(6_000)]
    small = FacetLister(embedded, Searcher(embedded), most=5_000)
    assert len(small.answer(FacetSearch(**wanted))["results"]) == 1_000
    others: list[Json] = [{"text": "v1"}, {"order": "label"}]
    for more in others:
        with pytest.raises(QueryError, match="more than 5,000 values") as refused:
            small.answer(FacetSearch(**wanted, **more))
        assert refused.value.parameter == "facet"
