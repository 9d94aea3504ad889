"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_FOR_TESTS = ("KAIJUAN_TEST_", "KAIJUAN_SHARED")


def pytest_configure() -> None:
    """Forget the caller's own settings, here and for every process that tests start: tests set what they need."""
    for name in list(os.environ):
        known = name.upper()  # settings are read in any case
        if known.startswith("KAIJUAN_") and not known.startswith(_FOR_TESTS):
            del os.environ[name]


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded answers, or skip where this machine has none."""
    shared = os.environ.get("KAIJUAN_SHARED") or Path(__file__).parents[2] / "shared"
    folder = Path(shared) / "data" / "recorded"
    if not folder.is_dir():
        pytest.skip("the recorded answers are not here: set KAIJUAN_SHARED to the folder that holds data/recorded")
    return folder
