"""The pages of facets and trends, and the facets beside the results, as a reader's browser gets them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from fastapi.testclient import TestClient

from tests.unit.web.conftest import NewClient
from tests.unit.web.records import texts, values


def number(text: str) -> int:
    return int(text.replace(",", ""))


def works(reader: TestClient, address: str) -> int:
    found = reader.get("/v1/works", params={**parse_qs(urlsplit(address).query), "limit": 1, "fields": "id"})
    assert found.status_code == 200, found.text
    return int(found.json()["meta"]["count"])


def test_bars_of_years_lead_to_as_many_works_as_they_say_and_all_are_told(reader: TestClient) -> None:
    body = reader.get("/?q=study").text
    bars = values(body, "//*[@class='histogram']//a/@href")
    said = [
        number(label.rpartition(": ")[2].split()[0]) for label in values(body, "//*[@class='histogram']//a/@aria-label")
    ]
    assert len(bars) > 1
    assert [works(reader, bar) for bar in bars] == said
    no_year = sum(number(text.split()[2]) for text in texts(body, "//p[starts-with(., 'No year')]"))
    assert sum(said) + no_year == works(reader, "/?q=study")


def test_every_facet_with_more_values_leads_to_all_of_them(reader: TestClient) -> None:
    body = reader.get("/?q=study&lang=en").text
    more = values(body, "//p[@class='more']/a/@href")
    named = [parse_qs(urlsplit(url).query)["facet"][0] for url in more if url.startswith("/facets?")]
    assert {"container", "keyword"} <= set(named)
    for url in more:
        assert reader.get(url).status_code == 200, url
        assert "lang=en" in url


def test_a_value_is_searched_chosen_and_taken_back(reader: TestClient) -> None:
    page = reader.get("/facets?facet=container&q=study&facet_q=annals").text
    links, shown = values(page, "//ol[@class='values']//a/@href"), texts(page, "//ol[@class='values']//a")
    assert links
    assert all("Annals" in text for text in shown)
    assert works(reader, links[0]) == number(shown[0].rsplit(" ", 1)[1])
    container = parse_qs(urlsplit(links[0]).query)["container"][0]
    chosen = reader.get(f"/facets?facet=container&q=study&container={container}").text
    (back,) = values(chosen, "//ul[contains(@class, 'chosen')]//a/@href")
    assert parse_qs(urlsplit(back).query) == {"q": ["study"]}


def test_values_are_paged_without_a_script(reader: TestClient) -> None:
    page, seen = "/facets?facet=keyword&order=label&facet_q=a", []
    while page:
        body = reader.get(page).text
        seen += values(body, "//ol[@class='values']//a/@href")
        (page,) = values(body, "//nav[@class='paging']//a/@href") or [""]
    total = reader.get("/v1/facets?facet=keyword&order=label&facet_q=a&limit=1").json()["meta"]["values"]
    assert len(seen) == len(set(seen)) == total > 50


def test_trends_are_a_picture_and_a_table_of_the_same_numbers(reader: TestClient) -> None:
    body = reader.get("/trends?q=study&facet=lang").text
    answer = reader.get("/v1/trends?q=study&facet=lang").json()
    assert texts(body, "//figure//*[local-name()='g']/*[local-name()='text']") == [
        row["label"] for row in answer["results"]
    ]
    newest = texts(body, "//table/tbody/tr[1]/*")
    assert newest[0] == str(answer["years"][-1])
    assert [number(cell.split()[0]) for cell in newest[1:]] == [
        row["counts"][-1] for row in (answer["total"], *answer["results"])
    ]
    (picture,) = values(body, "//figcaption/a/@href")
    assert reader.get(picture).headers["content-type"] == "image/svg+xml"


def test_keywords_beside_the_trends_lead_to_their_works(reader: TestClient) -> None:
    body = reader.get("/trends?q=perovskite").text
    links = values(body, "//section[@class='keywords']//a/@href")
    shown = texts(body, "//section[@class='keywords']//a/i")
    assert links
    assert [works(reader, link) for link in links] == [number(text.split()[0]) for text in shown]
    assert re.fullmatch(r"\d+ \(by chance [\d.]+\)", shown[0])
    assert not values(reader.get("/trends").text, "//section[@class='keywords']")


def test_the_pages_speak_both_languages(new_client: NewClient) -> None:
    chinese = new_client("zh")
    assert "按期刊筛选" in chinese.get("/facets?facet=container").text
    assert "历年作品数量" in chinese.get("/trends").text
    assert "Filter by Journal" in new_client().get("/facets?facet=container").text


def test_what_is_wrong_with_an_address_is_told_as_a_page(reader: TestClient) -> None:
    for address in ("/facets", "/facets?facet=colour", "/facets?facet=lang&cursor=x", "/trends?facet=colour"):
        answer = reader.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8"), address
    wrong = reader.get("/trends?q=%22open")
    assert (wrong.status_code, urlsplit(wrong.headers["location"]).path) == (302, "/")
    assert reader.get("/facets?facet=lang&from=timeline").status_code == 200  # WeChat adds its own to addresses
