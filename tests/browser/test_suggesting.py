"""Suggestions under the search box, and what the page says of a query, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no stubs
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESK, PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page on a desk; any error in its script or policy fails the test."""
    complaints: list[str] = []
    context = browser.new_context(base_url=site, viewport=DESK, locale="en-GB")
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
    yield opened
    context.close()
    assert not complaints


def type_in(page: Page, text: str) -> None:
    page.locator("#q").fill("")
    page.locator("#q").press_sequentially(text)


def test_a_suggestion_is_chosen_with_the_keyboard(page: Page) -> None:
    page.goto("/")
    box, options = page.get_by_role("combobox", name="Search articles"), page.get_by_role("option")
    expect(box).to_have_attribute("aria-expanded", "false")
    type_in(page, "library sci")
    expect(options.first).to_contain_text("library science")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(options.first.locator("b")).to_have_text("library sci")
    expect(page.locator(".finder [role=status]")).to_contain_text("suggestion")
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "")
    expect(box).to_have_value("library sci")
    box.press("ArrowUp")
    expect(box).not_to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "")
    box.press("ArrowDown")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “library science”")


def test_escape_closes_the_list_and_keeps_what_was_typed(page: Page) -> None:
    page.goto("/")
    type_in(page, "libr")
    box = page.locator("#q")
    expect(page.get_by_role("listbox")).to_be_visible()
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("libr")
    box.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    box.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_enter_without_a_choice_searches_for_what_was_typed(page: Page) -> None:
    page.goto("/")
    type_in(page, "libr")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.locator("#q").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “libr”")


def test_a_journal_is_opened_by_its_filter_and_a_title_by_its_page(page: Page) -> None:
    page.goto("/")
    type_in(page, "journal:library")
    page.get_by_role("option").first.click()
    expect(page.locator(".chips")).to_contain_text("Journal")
    page.goto("/?q=library")
    title = page.locator(".cards h2 a").first.inner_text()
    type_in(page, f"title:{title}")
    option = page.get_by_role("option").filter(has_text="title").first
    option.click()
    expect(page.locator(".work-page h1, .work h1").first).to_be_visible()


def test_a_search_keeps_its_filters_when_a_subject_is_chosen(page: Page) -> None:
    page.goto("/?q=library&has=pdf")
    type_in(page, "library sci")
    page.get_by_role("option").first.click()
    expect(page.locator(".chips")).to_contain_text("PDF")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_an_open_list_shuts_nobody_out(
    browser: Browser, site: str, *, phone: bool, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(base_url=site, viewport=PHONE if phone else DESK, color_scheme=scheme)
    page = context.new_page()
    for path in ("/", "/?q=library"):
        page.goto(path)
        type_in(page, "libr")
        expect(page.get_by_role("listbox")).to_be_visible()
        page.locator("#q").press("ArrowDown")
        violations = [
            one
            for one in Axe().run(page).response["violations"]
            if one["impact"] in {"serious", "critical", "moderate"}
        ]
        assert not [(path, one["id"], [node["target"] for node in one["nodes"]][:5]) for one in violations]
        assert int(page.evaluate("document.documentElement.scrollWidth")) <= (PHONE if phone else DESK)["width"]
        heights = [box["height"] for one in page.get_by_role("option").all() if (box := one.bounding_box())]
        assert heights
        assert min(heights) >= 40
    context.close()


def test_what_was_meant_and_what_was_added_is_said(page: Page) -> None:
    page.goto("/?q=libary")
    page.locator(".meant a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “library”")
    page.goto("/?q=diabetes&has=pdf")
    found = page.locator(".count").inner_text()
    expect(page.locator(".expanded")).to_contain_text("糖尿病")
    page.get_by_role("link", name="Search only for what is written").click()
    expect(page.locator(".expanded")).to_have_count(0)
    expect(page.locator(".chips")).to_contain_text("PDF")
    assert page.locator(".count").inner_text() != found
    page.get_by_role("link", name="Search for synonyms and translations too").click()
    expect(page.locator(".count")).to_have_text(found)


def test_doubts_and_references_are_said(page: Page) -> None:
    page.goto("/?q=library jornals:x")
    expect(page.locator(".summary .notice").first).to_contain_text("“jornals:” is no field")


def test_without_script_the_box_just_searches(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, viewport=PHONE, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("searchbox", name="Search articles")).to_be_visible()
    expect(page.locator(".suggestions")).to_be_hidden()
    page.locator("#q").fill("libr")
    page.locator("#q").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “libr”")
    context.close()
