"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded answers, or skip where this machine has none."""
    shared = os.environ.get("KAIJUAN_SHARED") or Path(__file__).parents[2] / "shared"
    folder = Path(shared) / "data" / "recorded"
    if not folder.is_dir():
        pytest.skip("the recorded answers are not here: set KAIJUAN_SHARED to the folder that holds data/recorded")
    return folder
