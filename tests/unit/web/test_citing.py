"""Citing and exporting from the pages."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.unit.web.records import texts, values


def test_a_work_is_cited_in_every_style_and_each_file_is_there(reader: TestClient) -> None:
    work = reader.get("/v1/works", params={"q": "library", "lang": "en", "limit": 1}).json()["results"][0]
    page = reader.get(f"/works/{work['id']}").text
    styles = ("gb7714", "apa", "mla", "chicago", "vancouver")
    written = [reader.get(f"/v1/works/{work['id']}/export", params={"format": style}).text for style in styles]
    assert values(page, "//section[@id='cite']//button/@data-copy") == [one.rstrip("\n") for one in written]
    files = values(page, "//section[@id='cite']//ul//a/@href")
    assert len(files) == 6
    for file in files:
        answer = reader.get(file)
        assert answer.status_code == 200, file
        assert answer.headers["content-disposition"].startswith("attachment; filename=")


def test_a_result_page_leads_to_the_whole_result_with_its_filters(reader: TestClient) -> None:
    asked = {"q": "library", "lang": "en", "sort": "newest", "limit": "5", "ui": "en"}
    page = reader.get("/", params=asked).text
    assert texts(page, "//details[@class='exports']/summary") == ["Export the whole result"]
    ris = reader.get(values(page, "//details[@class='exports']//a/@href")[0]).text
    count = reader.get("/v1/works", params={"q": "library", "lang": "en"}).json()["meta"]["count"]
    assert ris.count("ER  - ") == count > 5
    assert values(reader.get("/", params={"q": "zzyzx"}).text, "//details[@class='exports']") == []
