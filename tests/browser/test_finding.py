"""Finding by number: a hand scanner types, a camera scans where the browser can, and nothing breaks without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE

pytestmark = pytest.mark.browser

#: A camera that shows nothing, and a browser that reads one code after two looks that find none.
_CAMERA = """
  let looks = 0;
  window.BarcodeDetector = class {
    static async getSupportedFormats() { return ["ean_13", "qr_code"]; }
    async detect() { return ++looks < 3 ? [] : [{ rawValue: "10.5555/none" }]; }
  };
  navigator.mediaDevices.getUserMedia = async () => {
    if (window.isDenied) { throw new DOMException("no", "NotAllowedError"); }
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 9, 9);
    return window.lastStream = canvas.captureStream();
  };
"""


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A phone; any error in a page's script or policy fails the test."""
    context = browser.new_context(base_url=site, viewport=PHONE, has_touch=True, is_mobile=True, locale="zh-CN")
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
    yield page
    context.close()
    assert not complaints


def test_a_hand_scanner_types_one_number_after_another(page: Page) -> None:
    page.goto("/resolve")
    for given in ("10.5555/none", "9780306406157"):
        page.keyboard.type(given)
        page.keyboard.press("Enter")
        expect(page.locator("#outcome")).to_have_text("这里没有这个号码对应的作品或期刊。")
        expect(page.locator("#code")).to_have_value(given)


def test_the_camera_reads_a_code_and_is_switched_off(page: Page) -> None:
    page.add_init_script(_CAMERA)
    page.goto("/resolve")
    page.get_by_role("button", name="用摄像头扫描").tap()
    expect(page.get_by_role("button", name="停止扫描")).to_be_visible()
    expect(page.locator("#scanning")).to_have_text("请把条码或二维码对准摄像头。")
    page.wait_for_url("**/resolve?id=10.5555*")
    expect(page.locator("#outcome")).to_be_visible()


def test_scanning_can_be_stopped(page: Page) -> None:
    page.add_init_script(_CAMERA.replace("++looks < 3", "true"))
    page.goto("/resolve")
    page.get_by_role("button", name="用摄像头扫描").tap()
    page.get_by_role("button", name="停止扫描").tap()
    expect(page.locator("video")).to_be_hidden()
    assert page.evaluate("lastStream.getTracks().every((track) => track.readyState === 'ended')")
    expect(page.get_by_role("button", name="用摄像头扫描")).to_be_enabled()


def test_a_refused_camera_is_told(page: Page) -> None:
    page.add_init_script(_CAMERA + "window.isDenied = true;")
    page.goto("/resolve")
    page.get_by_role("button", name="用摄像头扫描").tap()
    expect(page.locator("#scanning")).to_have_text("摄像头无法使用，请输入号码。")
    expect(page.locator("video")).to_be_hidden()


def test_without_a_reader_of_codes_there_is_no_button(page: Page) -> None:
    page.add_init_script("delete window.BarcodeDetector;")
    page.goto("/resolve")
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("button.scan")).to_be_hidden()
