"""What readers are shown of a search's matches, of a walk that broke, of related works, and of numbers and codes."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.unit.web.conftest import NewClient
from tests.unit.web.records import Dublin, put, rewrite, texts, values

_HEADLINE = "//ol[@class='cards']//h2"
_HARM = "<img src=x onerror=alert(1)>"


def _client(library: Library, language: str = "en") -> TestClient:
    return TestClient(make_app(library), headers={"Accept-Language": language}, follow_redirects=False)


def _article(number: int, *elements: tuple[str, str]) -> Dublin:
    return Dublin(identifier=f"oai:campus:{number}", elements=elements)


def _parts(count: int) -> list[Dublin]:
    return [_article(number, ("title", f"Gardens of light, part {number}")) for number in range(count)]


# --- what matched --------------------------------------------------------------------------------


def test_what_matched_is_marked_in_titles_and_in_a_piece_of_the_abstract(reader: TestClient) -> None:
    asked = {"q": "library"}
    page = reader.get("/", params=asked).text
    results = reader.get("/v1/works", params=asked | {"highlight": "true"}).json()["results"]
    expected = [
        one["highlights"]["title"]["text"][start:end]
        for one in results
        for start, end in one["highlights"]["title"]["spans"]
    ]
    assert expected
    assert texts(page, f"{_HEADLINE}//mark") == expected
    snippets = [one["highlights"]["snippet"]["text"] for one in results if one["highlights"]["snippet"]]
    assert snippets
    assert texts(page, "//p[@class='snippet']") == [" ".join(text.split()) for text in snippets]
    assert texts(page, "//p[@class='snippet']/mark")


def test_without_words_nothing_is_marked(reader: TestClient) -> None:
    page = reader.get("/?sort=newest").text
    assert texts(page, _HEADLINE)
    assert not values(page, "//mark | //p[@class='snippet']")


def test_another_title_is_shown_where_only_that_one_matches(own_library: Library) -> None:
    titles = ("title", "山村小学图书馆的阅读状况调查"), ("title", "Reading in village libraries: a survey")
    put(own_library, _article(1, *titles, ("language", "zh"), ("creator", "王 军")))
    reader = _client(own_library)
    found = reader.get("/", params={"q": "village", "expand": "off"}).text
    assert texts(found, "//p[@class='translated']/mark") == ["village"]
    assert not values(reader.get("/", params={"q": "阅读", "expand": "off"}).text, "//p[@class='translated']")


def test_markup_in_what_matched_stays_text(own_library: Library) -> None:
    put(own_library, _article(1, ("title", "Gardens img"), ("description", "Gardens again b gardens")))
    work = _client(own_library).get("/v1/works", params={"fields": "detail"}).json()["results"][0]
    harm = {"value": f"Gardens {_HARM} again, <b>gardens</b>.", "language": None}
    rewrite(own_library, work["id"], title=harm, abstracts=[harm])
    for q in ("gardens img", '"again b gardens"'):
        page = _client(own_library).get("/", params={"q": q}).text
        assert values(page, "//p[@class='snippet']/mark"), q
        assert not values(page, "//ol[@class='cards']//img | //ol[@class='cards']//b | //@onerror"), q
    assert "again, <b>gardens" in texts(page, "//p[@class='snippet']/mark")


def test_an_address_cannot_switch_the_marks(reader: TestClient) -> None:
    assert reader.get("/?q=library&highlight=perhaps").status_code == 200


# --- walking and following -----------------------------------------------------------------------


def test_a_reader_is_told_when_pages_do_not_come_from_one_state_any_more(tmp_path: Path) -> None:
    with open_library(Settings(data_dir=tmp_path), sources=[]) as library:
        put(library, *_parts(3))
        first = _client(library).get("/?q=gardens&limit=1").text
        (onward,) = values(first, "//a[contains(@rel,'next')]/@href")
        second = _client(library).get(onward).text
        assert not texts(second, "//p[@class='notice']")
        (onward,) = values(second, "//a[contains(@rel,'next')]/@href")
        put(library, _article(9, ("title", "Gardens of another light")), datestamp="2026-10-02")
    with open_library(Settings(data_dir=tmp_path), sources=[]) as again:
        broken = _client(again, "zh").get(onward).text
    (notice,) = texts(broken, "//p[@class='notice']")
    assert "可能重复出现或有遗漏" in notice
    assert parse_qs(urlsplit(values(broken, "//p[@class='notice']/a/@href")[0]).query) == {
        "q": ["gardens"],
        "limit": ["1"],
    }


def test_a_search_can_be_followed_from_its_page(reader: TestClient) -> None:
    page = reader.get("/?q=library&lang=en&sort=title&limit=5&ui=en").text
    (feed,) = values(page, "//p[@class='follow']/a/@href")
    assert values(page, "//link[@rel='alternate']/@href") == [feed]
    assert parse_qs(urlsplit(feed).query) == {"q": ["library"], "lang": ["en"]}
    answer = reader.get(feed)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert "<entry" in answer.text


def test_results_can_be_put_in_the_order_of_titles(reader: TestClient) -> None:
    page = reader.get("/?q=library&lang=en").text
    (by_title,) = values(page, "//nav[@class='sort']//a[text()='Title']/@href")
    sorted_page = reader.get(by_title).text
    assert values(sorted_page, "//nav[@class='sort']//a[@aria-current]/@href") == [by_title]
    body = reader.get("/v1/works", params={"q": "library", "lang": "en", "sort": "title"}).json()
    assert texts(sorted_page, _HEADLINE) == [" ".join(one["title"].split()) for one in body["results"]]


# --- related works -------------------------------------------------------------------------------


def test_related_works_stand_on_a_works_page_with_their_reasons(new_client: NewClient) -> None:
    reader = new_client("en")
    work = reader.get("/v1/works", params={"q": "solar cells"}).json()["results"][0]["id"]
    expected = reader.get(f"/v1/works/{work}/related", params={"limit": 5}).json()["results"]
    assert expected
    for language in ("en", "zh"):
        page = new_client(language).get(f"/works/{work}").text
        assert values(page, "//section[@class='related']//a/@href") == [f"/works/{one['id']}" for one in expected]
        reasons = texts(page, "//span[@class='why']")
        for shown, one in zip(reasons, expected, strict=True):
            assert all(" ".join(reason["text"][language].split()) in shown for reason in one["reasons"])
    with_language = new_client("de").get(f"/works/{work}?ui=zh").text
    assert all("ui=zh" in url for url in values(with_language, "//section[@class='related']//a/@href"))


def test_a_work_without_relatives_has_no_heading_for_them(own_library: Library) -> None:
    put(own_library, _article(1, ("title", "Gardens of light")))
    reader = _client(own_library)
    work = reader.get("/v1/works").json()["results"][0]["id"]
    assert not values(reader.get(f"/works/{work}").text, "//section[@class='related']")


def test_a_work_is_shown_while_the_index_is_away(tmp_path: Path) -> None:
    with open_library(Settings(data_dir=tmp_path), sources=[]) as library:
        put(library, *_parts(3))
        reader = _client(library)
        work = reader.get("/v1/works").json()["results"][0]["id"]
        assert values(reader.get(f"/works/{work}").text, "//section[@class='related']")
        shutil.rmtree(library.index_folder)
    with open_library(Settings(data_dir=tmp_path), sources=[]) as away:
        page = _client(away).get(f"/works/{work}")
    assert page.status_code == 200
    assert texts(page.text, "//h1")
    assert not values(page.text, "//section[@class='related']")


# --- numbers and codes ---------------------------------------------------------------------------


def test_the_page_for_numbers_is_linked_from_the_start_and_waits_for_one(new_client: NewClient) -> None:
    reader = new_client("zh")
    assert "/resolve" in values(reader.get("/").text, "//main//a/@href")
    page = reader.get("/resolve")
    assert page.status_code == 200
    assert texts(page.text, "//h1") == ["按号码或条码查找"]
    assert values(page.text, "//input[@id='code']/@autofocus")
    assert values(page.text, "//button[contains(@class,'scan')]/@hidden")
    assert not values(page.text, "//*[@id='outcome']")


def test_a_number_leads_to_its_work(reader: TestClient) -> None:
    every = reader.get("/v1/works", params={"has": "doi"}).json()["results"]
    doi = next(one["value"] for one in every[0]["identifiers"] if one["scheme"] == "doi")
    for given in (doi, f" https://doi.org/{doi} ", f"Smith J. A reference. https://doi.org/{doi}"):
        page = reader.get("/resolve", params={"id": given}).text
        assert texts(page, "//*[@id='outcome']") == ["Found 1 work"], given
        assert values(page, f"{_HEADLINE}/a/@href") == [f"/works/{every[0]['id']}"]
        assert f"DOI {doi}" in " ".join(texts(page, "//main//section/p"))
    assert values(page, "//input[@id='code']/@value") == [f"Smith J. A reference. https://doi.org/{doi}"]


def test_a_journals_number_or_bar_code_leads_to_the_journal_and_its_newest_works(reader: TestClient) -> None:
    largest = reader.get("/v1/works", params={"facets": "container"}).json()["facets"]["container"][0]
    every = reader.get("/v1/works", params={"container": largest["value"]}).json()["results"]
    container = next(one["container"] for one in every if one["container"]["issns"])
    issn = container["issns"][0]
    page = reader.get("/resolve", params={"id": issn}).text
    assert texts(page, "//ul[@class='journals']//strong") == [largest["label"]]
    (journal,) = values(page, "//ul[@class='journals']//a/@href")
    assert parse_qs(urlsplit(journal).query)["container"] == [container["id"]]
    count = reader.get("/v1/works", params={"container": container["id"]}).json()["meta"]["count"]
    assert f"{count} works" in texts(page, "//ul[@class='journals']//a")[0]
    assert texts(reader.get(journal).text, "//p[@class='count']") == [f"{count} works"]
    assert 5 < len(texts(page, _HEADLINE)) <= 20
    code = "977" + issn.replace("-", "")[:7] + "00"
    check = (10 - sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10) % 10
    scanned = reader.get("/resolve", params={"id": f"{code}{check}"}).text
    assert texts(scanned, "//ul[@class='journals']//strong") == [largest["label"]]


@pytest.mark.parametrize(
    ("given", "chinese", "english", "ways"),
    [
        ("10.5555/none", "这里没有这个号码", "Nothing of that number", ["/", "https://doi.org/10.5555/none"]),
        ("9780306406158", "校验位不对", "The check digit is wrong", ["/"]),
        ("gardens & light", "没有可以识别的号码", "There is no number", ["/?q=gardens+%26+light"]),
        ("\x00!?", "没有可以识别的号码", "There is no number", ["/?q=%21%3F"]),
    ],
)
def test_a_miss_says_why_and_leads_on(
    new_client: NewClient, given: str, chinese: str, english: str, ways: list[str]
) -> None:
    for language, reason in (("zh", chinese), ("en", english)):
        answer = new_client(language).get("/resolve", params={"id": given})
        assert answer.status_code == 200
        assert reason in texts(answer.text, "//*[@id='outcome']")[0]
        shown = values(answer.text, "//ul[@class='ways']//a/@href")
        assert shown[: len(ways)] == ways


def test_ways_on_keep_the_language_and_what_was_given_stays_text(new_client: NewClient) -> None:
    page = new_client("de").get("/resolve", params={"id": f'gardens "{_HARM}"', "ui": "zh"}).text
    (way,) = values(page, "//ul[@class='ways']//a/@href")
    assert parse_qs(urlsplit(way).query)["ui"] == ["zh"]
    assert values(page, "//input[@id='code']/@value") == [f'gardens "{_HARM}"']
    assert not values(page, "//main//img | //@onerror")


def test_too_long_a_text_is_refused_with_a_way_back(reader: TestClient) -> None:
    answer = reader.get("/resolve", params={"id": "x" * 2001})
    assert answer.status_code == 400
    assert values(answer.text, "//main//a[@class='button']/@href") == ["/resolve"]


def test_a_book_of_many_chapters_leads_to_all_of_them(own_library: Library) -> None:
    subjects = ("rivers", "bridges", "gardens", "libraries", "villages", "mountains", "harvests")
    titles = [f"On {one} and their {other}" for one in subjects for other in ("history", "future", "people", "law")]
    book = ("identifier", "ISBN 978-0-306-40615-7"), ("type", "book chapter")
    put(own_library, *(_article(number, ("title", title), *book) for number, title in enumerate(titles)))
    reader = _client(own_library)
    page = reader.get("/resolve", params={"id": "9780306406157", "ui": "en"}).text
    assert texts(page, "//*[@id='outcome']") == ["Found 28 works"]
    assert len(texts(page, _HEADLINE)) == 20
    (everything,) = values(page, "//a[text()='See all 28 works']/@href")
    assert texts(reader.get(everything).text, "//p[@class='count']") == ["28 works"]
