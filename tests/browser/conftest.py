"""A browser, and a library on a real server to look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import EXECUTABLE, chromium
from tests.browser.demonstration import demonstration_library, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip where there is none.

    It goes with its file: as long as it lives, an event loop runs in the tests' own thread, and none of another file
    could run one of its own.
    """
    if not EXECUTABLE.exists():
        pytest.skip(f"there is no {EXECUTABLE}: install Debian's package chromium")
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a served demonstration library."""
    with demonstration_library(tmp_path_factory.mktemp("library"), 700) as library, serving(library) as address:
        yield address
