"""A reader's way through the pages, in a real browser against a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no stubs
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import DESK, PHONE

pytestmark = pytest.mark.browser

NewPage = Callable[..., Page]
_PATHS = (
    "/",
    "/?q=library",
    "/?q=library&lang=en&year_from=2010",
    "/?lang=ar",
    '/?q="library',
    "/?q=zzyzx",
    "/sources",
    "/resolve",
    "/resolve?id=10.5555/none",
    "/resolve?id=5550-0021",
    "/docs",
    "/works/none",
)


@pytest.fixture
def new_page(browser: Browser, site: str) -> Iterator[NewPage]:
    """Open pages in contexts of their own; any error in a page's script or policy fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def new(
        *,
        phone: bool = True,
        scheme: Literal["light", "dark"] = "light",
        script: bool = True,
        locale: str = "zh-CN",
    ) -> Page:
        context = browser.new_context(
            base_url=site,
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            is_mobile=phone,
            color_scheme=scheme,
            java_script_enabled=script,
            locale=locale,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
        return page

    yield new
    for context in contexts:
        context.close()
    assert not complaints


def _work(page: Page) -> str:
    """Return the address of the first work that a search for a library finds."""
    page.goto("/?q=library")
    return page.locator(".cards h2 a").first.get_attribute("href") or ""


def _overflows(page: Page) -> bool:
    """Tell whether a page is wider than the phone; ``innerWidth`` would not do, it grows with what overflows."""
    return int(page.evaluate("document.documentElement.scrollWidth")) > PHONE["width"]


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_a_reader_on_a_phone_searches_filters_turns_the_page_and_opens_a_work(
    new_page: NewPage, *, script: bool
) -> None:
    page = new_page(script=script)
    page.goto("/")
    box = page.get_by_label("检索论文")
    box.fill("library")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("“library”的检索结果")
    found = page.locator(".count").inner_text()
    first = page.locator(".cards h2").first.inner_text()
    page.get_by_role("link", name="下一页").tap()
    expect(page.locator(".cards h2").first).not_to_have_text(first)
    page.go_back()
    expect(page.locator(".cards h2").first).to_have_text(first)

    facets = page.locator("details.filters")
    chinese = facets.get_by_role("link", name="中文")
    expect(chinese).to_be_hidden()
    facets.locator("summary").tap()
    chinese.tap()
    expect(page.locator(".chips li").first).to_contain_text("语言 中文")
    assert page.locator(".count").inner_text() != found

    title = page.locator(".cards h2 a").first.inner_text()
    page.locator(".cards h2 a").first.tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.get_by_role("link", name="返回检索结果").tap()
    page.get_by_role("link", name="取消筛选条件 语言：中文").first.tap()
    expect(page.locator(".count")).to_have_text(found)


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_the_language_switch_keeps_the_search_and_is_remembered(new_page: NewPage, *, script: bool) -> None:
    page = new_page(script=script)
    page.goto("/?q=library&has=pdf")
    page.get_by_role("link", name="English").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “library”")
    expect(page.locator(".chips")).to_contain_text("PDF")
    page.goto("/sources")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sources")


def test_beside_the_results_the_filters_stand_open_on_a_desk(new_page: NewPage) -> None:
    for script in (True, False):
        page = new_page(phone=False, script=script, locale="en-GB")
        page.goto("/?q=library")
        facets = page.locator(".facets").bounding_box()
        results = page.locator(".cards").bounding_box()
        assert facets is not None
        assert results is not None
        assert facets["height"] > 300
        assert facets["x"] + facets["width"] <= results["x"]
        page.locator(".facets").get_by_role("link", name="English").click()
        expect(page.locator(".chips")).to_contain_text("English")


def test_the_year_bounds_are_a_form_of_their_own(new_page: NewPage) -> None:
    page = new_page(locale="en-GB", script=False)
    page.goto("/?q=library&lang=en")
    page.locator("details.filters summary").tap()
    page.get_by_role("spinbutton", name="From year").fill("2015")
    page.get_by_role("button", name="Apply").tap()
    expect(page.locator(".chips")).to_contain_text("From year 2015")
    expect(page.locator(".chips")).to_contain_text("English")
    assert all(int(year) >= 2015 for year in page.locator(".where span:first-of-type").all_inner_texts())


def test_nothing_is_wider_than_a_phone(new_page: NewPage) -> None:
    for locale in ("zh-CN", "en-GB"):
        page = new_page(locale=locale)
        for path in (*_PATHS, _work(page)):
            page.goto(path)
            assert not _overflows(page), path
        page.goto("/?q=library")
        page.locator("details.filters summary").tap()
        assert not _overflows(page)
        page.goto("/?q=" + "x" * 300)
        assert not _overflows(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_no_page_shuts_anybody_out(new_page: NewPage, *, phone: bool, scheme: Literal["light", "dark"]) -> None:
    page = new_page(phone=phone, scheme=scheme)
    axe = Axe()
    for path in (*_PATHS, "/?q=status:corrected", _work(page), f"{_work(page)}/sources"):
        page.goto(path)
        if phone and page.locator("details.filters").count():
            page.locator("details.filters summary").tap()
        violations = axe.run(page).response["violations"]
        assert not [
            (path, one["id"], [node["target"] for node in one["nodes"]][:5])
            for one in violations
            if one["impact"] in {"serious", "critical", "moderate"}
        ]


def test_a_keyboard_is_enough(new_page: NewPage) -> None:
    page = new_page(phone=False, locale="en-GB")
    page.goto("/?q=library")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("diabetes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “diabetes”")


def test_what_a_finger_must_hit_is_large_enough(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/?q=library&lang=en")
    page.locator("details.filters summary").tap()
    for selector in (
        ".search button",
        ".read",
        ".filters summary",
        ".facets a",
        ".chips a",
        ".next",
        ".menu a:visible",
        ".sort a",
        ".exports summary",
        ".follow a",
    ):
        for box in (element.bounding_box() for element in page.locator(selector).all()):
            assert box is not None
            assert box["height"] >= 40, selector


def test_the_permanent_link_can_be_copied(new_page: NewPage) -> None:
    page = new_page(locale="en-GB")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(_work(page))
    page.get_by_role("button", name="Copy link").tap()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
