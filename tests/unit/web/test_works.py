"""The page of one work: all that is known, redirects, what has gone, and records that mean harm."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_api.app import make_app
from search_api.library import Library
from tests.unit.web.records import Dublin, put, rewrite, texts, values

_TITLE = ("title", "Reading in mountain villages: a survey of school libraries")


@pytest.fixture
def own_reader(own_library: Library) -> TestClient:
    return TestClient(
        make_app(own_library), headers={"Accept-Language": "en"}, follow_redirects=False, raise_server_exceptions=False
    )


def _only_work(reader: TestClient) -> str:
    results = reader.get("/v1/works").json()["results"]
    assert len(results) == 1
    return str(results[0]["id"])


def _demonstrated(reader: TestClient, **parameters: str) -> tuple[dict[str, Any], str]:
    """Return a work that has a DOI as programs see it, and its page."""
    every = reader.get("/v1/works", params=parameters | {"fields": "detail"}).json()["results"]
    found = next(work for work in every if any(one["scheme"] == "doi" for one in work["identifiers"]))
    return found, reader.get(f"/works/{found['id']}").text


def test_a_work_is_shown_with_all_that_is_known_of_it(reader: TestClient) -> None:
    work, page = _demonstrated(reader, source="demo-pmc", lang="en", q="has:abstract")
    assert texts(page, "//h1") == [work["title"]]
    assert len(values(page, "//ul[@class='persons']/li")) == work["contributor_count"]
    assert work["container"]["title"] in texts(page, "//p[@class='where']")[0]
    assert " ".join(work["abstracts"][0]["value"].split()) == texts(page, "//section[@class='abstract']/p")[0]
    facts = " ".join(texts(page, "//dl"))
    assert all(one["value"] in facts for one in work["identifiers"])
    assert values(page, "//link[@rel='canonical']/@href") == [f"http://testserver/works/{work['id']}"]
    assert values(page, "//meta[@name='citation_title']/@content") == [work["title"]]
    doi = next(one["value"] for one in work["identifiers"] if one["scheme"] == "doi")
    assert f"https://doi.org/{doi}" in values(page, "//dl//a/@href")


def test_each_text_is_marked_with_its_language(reader: TestClient) -> None:
    work, page = _demonstrated(reader, lang="ar", q="has:abstract")
    languages = values(page, "//section[@class='abstract']/p/@lang")
    assert languages == [text["language"] for text in work["abstracts"]]
    assert values(page, "//section[@class='abstract']/p[@lang='ar']/@dir") == ["rtl"]
    assert values(page, "//h1/@dir") == ["rtl"]


def test_the_best_link_is_a_pdf_where_there_is_one(reader: TestClient) -> None:
    work, page = _demonstrated(reader, has="pdf", q="library")
    pdfs = [place["pdf_url"] for place in work["locations"] if place["pdf_url"]]
    assert values(page, "//a[contains(@class,'big')]/@href") == pdfs[:1]
    card = reader.get("/", params={"has": "pdf", "q": "library"}).text
    assert values(card, "//a[contains(@class,'read')]/@href")[0] == pdfs[0]
    assert len(values(page, "//ul[@class='copies']/li")) == len(work["locations"])


def test_keywords_and_subjects_lead_to_searches_that_find_the_work(reader: TestClient) -> None:
    work, page = _demonstrated(reader, source="demo-doaj", q="library", lang="en")
    links = values(page, "//ul[contains(@class,'pills')]//a/@href")
    assert len(links) == len(work["keywords"]) + len(work["subjects"])
    for link in links:
        found = reader.get(f"/v1/works{link[1:]}&limit=200").json()
        assert work["id"] in {one["id"] for one in found["results"]}, link


def test_an_identifier_leads_to_the_works_own_address(reader: TestClient) -> None:
    work, _ = _demonstrated(reader, has="doi", q="library")
    doi = next(one["value"] for one in work["identifiers"] if one["scheme"] == "doi")
    answer = reader.get(f"/works/doi:{doi}")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/works/{work['id']}"


def test_the_way_back_to_the_results_is_there_only_for_our_own(reader: TestClient) -> None:
    work, page = _demonstrated(reader, q="library")
    assert not values(page, "//p[@class='back']")
    address = f"/works/{work['id']}"
    ours = reader.get(address, headers={"Referer": "http://testserver/?q=library&lang=en"}).text
    assert values(ours, "//p[@class='back']/a/@href") == ["/?q=library&lang=en"]
    foreign = reader.get(address, headers={"Referer": "http://evil.example/?q=library"}).text
    assert not values(foreign, "//p[@class='back']")


def test_a_correction_leads_to_the_article_that_it_corrects(reader: TestClient) -> None:
    work, page = _demonstrated(reader, type="correction")
    assert work["relations"]
    link = values(page, "//section[contains(@class,'relations')]//a/@href")[0]
    target = reader.get(link)
    assert target.status_code == 200
    assert texts(target.text, "//h1")[0] in " ".join(texts(page, "//section[contains(@class,'relations')]"))


def test_a_merged_work_redirects_for_ever(own_library: Library, own_reader: TestClient) -> None:
    title = ("title", "Reading in villages")  # too short to join records by itself
    put(
        own_library,
        Dublin(identifier="oai:a", elements=[title, ("identifier", "https://doi.org/10.5555/one"), ("date", "2020")]),
        Dublin(identifier="oai:b", elements=[title, ("identifier", "PMID: 95000001"), ("date", "2020")]),
    )
    before = {work["id"] for work in own_reader.get("/v1/works").json()["results"]}
    assert len(before) == 2
    both = [title, ("identifier", "https://doi.org/10.5555/one"), ("identifier", "PMID: 95000001"), ("date", "2020")]
    put(own_library, Dublin(identifier="oai:c", elements=both), datestamp="2026-10-02")
    kept = _only_work(own_reader)
    (gone,) = before - {kept}
    answer = own_reader.get(f"/works/{gone}?ui=zh")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"/works/{kept}?redirected_from={gone}&ui=zh"
    assert f"编号 {gone} 已并入本篇" in own_reader.get(answer.headers["location"]).text


def test_a_work_that_its_sources_deleted_is_gone(own_library: Library, own_reader: TestClient) -> None:
    put(own_library, Dublin(identifier="oai:a", elements=[_TITLE, ("date", "2020")]))
    work = _only_work(own_reader)
    assert own_reader.get(f"/works/{work}").status_code == 200
    put(own_library, Dublin(identifier="oai:a", deleted=True), datestamp="2026-10-02")
    answer = own_reader.get(f"/works/{work}")
    assert answer.status_code == 410
    assert texts(answer.text, "//h1") == ["This work has left the index"]


def test_markup_in_a_record_stays_text(own_library: Library, own_reader: TestClient) -> None:
    put(own_library, Dublin(identifier="oai:a", elements=[("title", 'Effects where p < 0.05 & q > 1 in "villages"')]))
    title = 'Effects where p < 0.05 & q > 1 in "villages"'
    work = _only_work(own_reader)
    assert texts(own_reader.get(f"/works/{work}").text, "//h1") == [title]
    assert texts(own_reader.get("/?q=villages").text, "//ol[@class='cards']//h2") == [title]


def test_a_record_that_means_harm_becomes_neither_link_nor_markup(own_library: Library, own_reader: TestClient) -> None:
    put(own_library, Dublin(identifier="oai:a", elements=[_TITLE, ("creator", "Li, Wei"), ("date", "2020")]))
    work, bad, script = _only_work(own_reader), "javascript:alert(1)", "<img src=x onerror=alert(1)>"
    place = {"url": bad, "pdf_url": bad, "license": None, "version": script, "source": script}
    person = {
        "name": script,
        "family": None,
        "given": None,
        "orcid": '"><script>',
        "affiliations": [script],
        "role": "author",
    }
    rewrite(
        own_library,
        work,
        title={"value": script, "language": {"code": '"><script>', "origin": "declared", "confidence": 1.0}},
        abstracts=[{"value": script, "language": None}],
        contributors=[person],
        keywords=[script],
        subjects=[{"term": script, "scheme": None, "code": None}],
        identifiers=[{"scheme": "url", "value": bad}, {"scheme": script, "value": script}],
        license={"code": script, "name": script, "url": bad},
        locations=[place],
        type=script,
        relations=[{"kind": script, "target": {"scheme": "url", "value": bad}}],
        container={"title": script, "issns": [script], "issn_l": None, "publisher": None, "id": script},
    )
    for address in (f"/works/{work}", "/?q=villages"):
        answer = own_reader.get(address)
        assert answer.status_code == 200
        assert "&lt;img src=x" in answer.text
        assert "<img src=x" not in answer.text
        assert "<script>" not in answer.text
        assert not [url for url in values(answer.text, "//@href | //@src") if url.lower().startswith("javascript")]


def test_a_source_with_a_harmful_home_page_is_named_without_a_link(
    own_library: Library, own_reader: TestClient
) -> None:
    put(own_library, Dublin(identifier="oai:a", elements=[_TITLE]))
    source = own_library.store.sources.all()[0]
    own_library.store.sources.seed([type(source).of(source.values() | {"homepage": "javascript:alert(1)"})])
    page = own_reader.get("/sources").text
    assert texts(page, "//tbody//th") == ["Campus Repository"]
    assert "javascript" not in page.partition("<main")[2]


def test_an_empty_library_says_so(own_reader: TestClient) -> None:
    assert "Nothing has been indexed yet" in own_reader.get("/").text
    assert "No sources are set up yet" in own_reader.get("/sources").text
    assert "Demonstration" not in own_reader.get("/").text


def test_a_damaged_index_is_a_page_and_not_a_crash(own_library: Library, own_reader: TestClient) -> None:
    put(own_library, Dublin(identifier="oai:a", elements=[_TITLE]))
    own_library.close_index()
    for path in own_library.index_folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    answer = own_reader.get("/?q=villages")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert texts(answer.text, "//h1") == ["The search cannot be used now"]
    shutil.rmtree(own_library.index_folder)


def test_an_unexpected_error_is_a_page_too(own_library: Library, own_reader: TestClient) -> None:
    put(own_library, Dublin(identifier="oai:a", elements=[_TITLE]))
    work = _only_work(own_reader)
    rewrite(own_library, work, contributors=None)
    answer = own_reader.get(f"/works/{work}?ui=zh")
    assert answer.status_code == 500
    assert texts(answer.text, "//h1") == ["这里出了问题"]
    assert "Traceback" not in answer.text
