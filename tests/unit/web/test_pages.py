"""The pages over a real library: what a reader is shown, in which language, with which headers."""

from __future__ import annotations

import gzip
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from search_api.library import Library
from tests.unit.web.conftest import NewClient
from tests.unit.web.records import texts, values

_CARD_TITLES = "//ol[@class='cards']//h2"


def _first_work(reader: TestClient, query: str = "library") -> str:
    return values(reader.get("/", params={"q": query}).text, "//ol[@class='cards']//h2/a/@href")[0]


# --- start page --------------------------------------------------------------------------------


def test_the_start_page_says_what_is_in_the_index(reader: TestClient, demonstration: Library) -> None:
    body = reader.get("/").text
    works = demonstration.store.catalogue.counts()["works"]
    assert f"{works} works from 3 sources" in " ".join(texts(body, "//main"))
    sources = texts(body, "//ul[@class='sources']/li")
    assert len(sources) == 3
    assert all("harvested" in line and "works" in line for line in sources)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_search_that_the_start_page_offers_finds_something(new_client: NewClient, language: str) -> None:
    reader = new_client(language)
    offered = values(reader.get("/").text, "//ul[contains(@class,'pills')]//a/@href[starts-with(., '/?')]")
    assert len(offered) >= 8
    for address in offered:
        answer = reader.get(address)
        assert answer.status_code == 200
        assert texts(answer.text, _CARD_TITLES), address


def test_an_empty_query_shows_the_start_page(reader: TestClient) -> None:
    assert texts(reader.get("/?q=+&lang=").text, "//ul[@class='sources']/li")


def test_demonstration_records_are_called_so_on_every_page(reader: TestClient) -> None:
    for address in ("/", "/?q=library", "/sources", _first_work(reader)):
        answer = reader.get(address)
        assert "Demonstration records" in " ".join(texts(answer.text, "//aside[@class='demo']"))
        assert values(answer.text, "//meta[@name='robots']/@content")
    assert "演示数据" in reader.get("/?ui=zh").text


# --- results -----------------------------------------------------------------------------------


def test_a_search_shows_what_the_interface_for_programs_finds(reader: TestClient) -> None:
    for parameters in ({"q": "library"}, {"q": "太阳能"}, {"q": "library", "lang": "zh"}, {"sort": "newest"}):
        body = reader.get("/v1/works", params=parameters).json()
        page = reader.get("/", params=parameters).text
        assert texts(page, _CARD_TITLES) == [" ".join(work["title"].split()) for work in body["results"]]
        count = body["meta"]["count"]
        assert count
        assert texts(page, "//p[@class='count']")[0] == ("1 work" if count == 1 else f"{count} works")


def test_a_facet_link_adds_its_filter_and_finds_as_many_as_it_says(reader: TestClient) -> None:
    page = reader.get("/", params={"q": "study"}).text
    links = values(page, "//div[@class='facets']//li/a/@href")
    counts = [int(text.replace(",", "")) for text in texts(page, "//div[@class='facets']//li/a/i")]
    assert len(links) > 20
    for link, count in list(zip(links, counts, strict=True))[::5]:
        filtered = reader.get(link).text
        found = texts(filtered, "//p[@class='count']")[0]
        assert found == ("1 work" if count == 1 else f"{count} works"), link


def test_an_active_filter_is_a_chip_and_a_marked_value_that_take_it_away(reader: TestClient) -> None:
    page = reader.get("/", params={"q": "study", "lang": "en", "year_from": "2015"}).text
    assert texts(page, "//ul[@class='chips']/li") == ["Language English ×", "From year 2015 ×", "Clear all"]
    without, unbounded, cleared = values(page, "//ul[@class='chips']//a/@href")
    assert parse_qs(urlsplit(without).query) == {"q": ["study"], "year_from": ["2015"]}
    assert parse_qs(urlsplit(unbounded).query) == {"q": ["study"], "lang": ["en"]}
    assert parse_qs(urlsplit(cleared).query) == {"q": ["study"]}
    assert values(page, "//div[@class='facets']//a[@class='on']/@href") == [without]


def test_a_new_query_keeps_filters_and_order_as_hidden_fields(reader: TestClient) -> None:
    page = reader.get("/", params={"q": "study", "lang": "en", "sort": "newest", "cursor": ""}).text
    names = values(page, "//form[@role='search']/input[@type='hidden']/@name")
    assert names == ["lang", "sort"]
    assert values(page, "//input[@id='q']/@value") == ["study"]


def test_pages_follow_each_other_to_the_end_without_repeating(reader: TestClient) -> None:
    seen: list[str] = []
    address, pages = "/?sort=newest&limit=50", 0
    while address:
        page = reader.get(address).text
        seen += values(page, "//ol[@class='cards']//h2/a/@href")
        address = next(iter(values(page, "//a[contains(@rel,'next')]/@href")), "")
        pages += 1
    count = reader.get("/v1/works").json()["meta"]["count"]
    assert pages > 2
    assert len(seen) == len(set(seen)) == count


def test_it_is_said_when_not_all_words_had_to_match(reader: TestClient) -> None:
    asked = {"q": "university libraries bibliometric zzyzx"}
    body = reader.get("/v1/works", params=asked).json()
    assert body["meta"]["query"]["match"] == "most"
    assert body["results"]
    page = reader.get("/", params=asked).text
    assert "Few works have all your words" in texts(page, "//p[@class='notice']")[0]
    assert "match=all" in values(page, "//p[@class='notice']/a/@href")[0]
    assert not texts(reader.get("/", params={"q": "library"}).text, "//p[@class='notice']")


def test_no_results_come_with_ways_on(reader: TestClient) -> None:
    page = reader.get("/", params={"q": '"zzyzx" qqyzx', "lang": "en"}).text
    ways = values(page, "//div[@class='none']//a/@href")
    assert [parse_qs(urlsplit(way).query) for way in ways[:3]] == [
        {"q": ['"zzyzx" qqyzx']},
        {"q": ['"zzyzx" qqyzx'], "lang": ["en"], "match": ["any"]},
        {"q": ["zzyzx qqyzx"], "lang": ["en"]},
    ]


def test_addresses_that_wechat_has_added_to_still_work(reader: TestClient) -> None:
    shared = reader.get("/?q=library&from=singlemessage&isappinstalled=0&nsukey=abc")
    assert shared.status_code == 200
    assert texts(shared.text, _CARD_TITLES)


# --- errors ------------------------------------------------------------------------------------


def test_a_wrong_query_is_shown_at_its_place_with_the_fix_and_kept(reader: TestClient) -> None:
    answer = reader.get("/", params={"q": 'library "solar', "lang": "en"})
    assert answer.status_code == 400
    assert values(answer.text, "//input[@id='q']/@value") == ['library "solar']
    assert texts(answer.text, "//mark") == ['"']
    shown = " ".join(texts(answer.text, "//main"))
    assert "At character 9" in shown
    problem = reader.get("/v1/works", params={"q": 'library "solar'}).json()["errors"][0]
    assert problem["fix"] in shown
    way = values(answer.text, "//main//a[@class='button']/@href")[0]
    assert parse_qs(urlsplit(way).query) == {"q": ["library solar"], "lang": ["en"]}


def test_a_wrong_query_is_explained_in_chinese_too(new_client: NewClient) -> None:
    for q in ("(library", "auther:smith", "doi:x", "year:2020..2010", '"solar cells energy"~2', "a*", "one OR"):
        shown = " ".join(texts(new_client("zh").get("/", params={"q": q}).text, "//main"))
        assert "这个检索式无法理解" in shown
        (problem,) = new_client().get("/v1/works", params={"q": q}).json()["errors"]
        assert problem["words"]["en"] == f"{problem['detail']} {problem['fix']}"
        assert problem["words"]["zh"].replace(" ", "") in shown.replace(" ", "")


@pytest.mark.parametrize(
    "address",
    [
        "/?year=abc",
        "/?has=everything",
        "/?sort=random",
        "/?limit=0",
        "/?cursor=forged&q=x",
        "/?q=" + "a" * 11_000,
        "/?q=" + "b" * 21_000,
    ],
)
def test_a_wrong_address_is_a_page_with_a_way_back(reader: TestClient, address: str) -> None:
    answer = reader.get(address)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert texts(answer.text, "//main//h1")


def test_unknown_works_are_a_page_in_the_readers_language(new_client: NewClient) -> None:
    for address in ("/works/w0000000000000", "/works/doi:10.5555/none", "/works/<script>", "/works/" + "x" * 3000):
        answer = new_client("zh-CN").get(address)
        assert answer.status_code == 404
        assert texts(answer.text, "//main//h1") == ["没有这个页面"]
        assert values(answer.text, "/html/@lang") == ["zh-CN"]
        assert "<script>" not in answer.text.partition("<main")[2]


# --- language ----------------------------------------------------------------------------------


def test_the_language_is_the_browsers_until_another_is_asked_for(new_client: NewClient) -> None:
    assert values(new_client("zh-CN,zh;q=0.9").get("/").text, "/html/@lang") == ["zh-CN"]
    assert values(new_client("en-GB").get("/").text, "/html/@lang") == ["en"]


def test_switching_the_language_keeps_the_search_and_is_remembered(reader: TestClient) -> None:
    page = reader.get("/", params={"q": "library", "lang": "en"}).text
    switch = values(page, "//nav[@class='menu']/a[@hreflang]/@href")[0]
    assert parse_qs(urlsplit(switch).query) == {"q": ["library"], "lang": ["en"], "ui": ["zh"]}
    answer = reader.get(switch)
    assert values(answer.text, "/html/@lang") == ["zh-CN"]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("ui=zh;")
    assert "SameSite=lax" in cookie
    assert "HttpOnly" in cookie
    assert values(reader.get("/sources").text, "/html/@lang") == ["zh-CN"]


def test_without_cookies_the_links_carry_the_language(reader: TestClient) -> None:
    page = reader.get("/?q=library&ui=zh").text
    reader.cookies.clear()
    own = [link for link in values(page, "//main//a/@href") if link.startswith("/") and not link.startswith("/v1/")]
    assert len(own) > 20
    assert all("ui=zh" in link for link in own)


def test_a_made_up_language_is_not_remembered(reader: TestClient) -> None:
    assert "set-cookie" not in reader.get("/?ui=tlh").headers


# --- sources, static files, headers ------------------------------------------------------------


def test_the_sources_page_shows_counts_and_the_last_harvest(reader: TestClient) -> None:
    page = reader.get("/sources").text
    rows = reader.get("/v1/sources").json()["results"]
    shown = texts(page, "//tbody/tr")
    assert len(shown) == len(rows) == 3
    for row, line in zip(rows, shown, strict=True):
        assert str(row["manifestations"]) in line
        assert "complete" in line
        assert "Demonstration" in line
    assert "示范" in reader.get("/sources?ui=zh").text


def test_every_page_is_sent_with_safe_headers(reader: TestClient) -> None:
    for address in ("/", "/?q=library", "/?q=%22", "/works/none", "/sources", _first_work(reader)):
        headers = reader.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "Cookie" in headers["vary"]


def test_no_page_has_script_or_style_of_its_own_or_of_another_site(reader: TestClient) -> None:
    for address in ("/", "/?q=library", "/sources", _first_work(reader)):
        body = reader.get(address).text
        assert not values(body, "//@style | //@*[starts-with(name(),'on')] | //style/text() | //script/text()")
        assert all(
            url.startswith(("/static/", "/v1/works.atom?"))
            for url in values(body, "//script/@src | //img/@src | //link[@rel!='canonical']/@href")
        )


def test_links_to_other_sites_tell_them_nothing(reader: TestClient) -> None:
    for address in ("/?q=library", "/sources", _first_work(reader)):
        body = reader.get(address).text
        outside = values(
            body, "//main//a[starts-with(@href,'http') and not(starts-with(@href,'http://testserver'))]/@rel"
        )
        assert all("noopener" in rel and "noreferrer" in rel for rel in outside)


def test_static_files_are_kept_for_a_year_under_their_hash(reader: TestClient) -> None:
    linked = values(reader.get("/").text, "//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src")
    assert [address.split("/")[-1].partition("?")[0] for address in linked] == [
        *("logo.svg", "page.css", "page.js", "suggest.js"),
    ]
    for address in linked:
        answer = reader.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "immutable" not in reader.get(address.partition("?")[0]).headers["cache-control"]
    assert reader.get("/static/../i18n.py").status_code == 404
    assert reader.get("/static/none.css").status_code == 404


def test_a_page_with_all_that_belongs_to_it_is_small(reader: TestClient) -> None:
    body = reader.get("/?q=library").text
    linked = values(body, "//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src")
    assert sum(len(gzip.compress(reader.get(address).content, 6)) for address in ("/?q=library", *linked)) < 20_000


def test_pages_are_not_described_as_interface_for_programs(reader: TestClient) -> None:
    assert not {"/", "/sources", "/works/{work_id}"} & reader.get("/openapi.json").json()["paths"].keys()


def test_the_api_is_described_without_another_host(reader: TestClient) -> None:
    page = reader.get("/docs")
    assert page.status_code == 200
    assert "/v1/works/{work_id}" in page.text
    assert "http://" not in page.text.replace("http://testserver", "")
    assert "https://" not in page.text
