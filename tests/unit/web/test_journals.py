"""What the page and the API show of a work's journal, and of what the work has from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from indexer.storage import schema
from search_api.app import make_app
from search_api.library import Library
from tests.integration.journals import PRINT, doaj_article, journal, pmc_article, receive
from tests.unit.web.records import texts, values


@pytest.fixture
def page(own_library: Library) -> TestClient:
    """A reader of a library with one article, which has its licence and more from its journal."""
    receive(own_library, [doaj_article(1, PRINT), journal(7, PRINT, subject=[])])
    own_library.bring_up_to_date()
    return TestClient(make_app(own_library))


def _work(page: TestClient, **parameters: str) -> dict[str, Any]:
    work = page.get("/v1/works", params=parameters).json()["results"][0]
    assert isinstance(work, dict)
    return work


@pytest.mark.parametrize(
    ("ui", "license_", "publisher"),
    [
        ("zh", "CC BY（期刊许可）", "Publisher 7（巴西）"),
        ("en", "CC BY (licence of the journal)", "Publisher 7 (Brazil)"),
    ],
)
def test_card_and_page_say_that_the_licence_is_the_journals(
    page: TestClient, ui: str, license_: str, publisher: str
) -> None:
    card = page.get("/", params={"q": "reading", "ui": ui}).text
    assert texts(card, "//li[@class='licence']") == [license_]
    shown = page.get(f"/works/{_work(page)['id']}", params={"ui": ui}).text
    assert texts(shown, "//span[@class='licence']") == [license_]
    facts = texts(shown, "//dl//dd")
    assert {license_, publisher, PRINT} <= set(facts)
    assert values(shown, "//meta[@name='citation_issn']/@content") == [PRINT]


def test_the_articles_own_licence_is_shown_without_a_word_about_the_journal(own_library: Library) -> None:
    own = "https://creativecommons.org/licenses/by-nc/4.0/"
    receive(own_library, [pmc_article(1, PRINT, license_url=own), journal(7, PRINT)])
    own_library.bring_up_to_date()
    page = TestClient(make_app(own_library))
    shown = page.get(f"/works/{_work(page)['id']}", params={"ui": "en"}).text
    assert texts(shown, "//span[@class='licence']") == ["CC BY-NC 4.0"]


def test_the_api_gives_the_journals_parts_in_the_detail_and_says_what_is_the_journals(page: TestClient) -> None:
    card, detail = _work(page), _work(page, fields="detail")
    assert set(card["container"]) == {"id", "title", "issns"}
    assert detail["container"] == card["container"] | {"issn_l": None, "publisher": "Publisher 7", "country": "BR"}
    assert detail["license"] == {"code": "cc-by", "name": "CC BY", "url": None, "origin": "journal"}


def test_a_work_that_was_stored_before_there_were_journals_is_shown_as_ever(
    own_library: Library, page: TestClient
) -> None:
    work, table = _work(page)["id"], schema.works
    with own_library.store.database.write() as connection:
        data = json.loads(connection.execute(select(table.c.data).where(table.c.id == work)).scalar_one())
        data["license"] = {"code": "cc-by", "name": "CC BY", "url": None}
        data["subjects"] = [{"term": "Reading", "scheme": None, "code": None}]
        del data["container"]["country"]
        connection.execute(update(table).where(table.c.id == work).values(data=json.dumps(data).encode()))
    detail = _work(page, fields="detail")
    assert (detail["license"]["origin"], detail["subjects"][0]["origin"]) == ("article", "article")
    assert detail["container"]["country"] is None
    assert texts(page.get(f"/works/{work}?ui=en").text, "//span[@class='licence']") == ["CC BY"]
    stored = own_library.store.catalogue.by_id(work)
    assert stored is not None
    read = stored.work()
    assert read.license is not None
    assert (read.license.origin, read.subjects[0].origin) == ("article", "article")
