"""Identity on sets of known duplicates: floors, each for the very set that it was told of."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.duplicates import digest_of, measure


class _Floor(NamedTuple):
    digest: str
    precision: float
    f1: float


_FLOORS = {
    "cytology_screening": _Floor("4a99d05d773e5e4f", 0.998, 0.990),
    "respiratory": _Floor("c9c80cd40b0d0c7a", 0.998, 0.975),
    "digital_work": _Floor("2c8329e37e9c128d", 0.995, 0.985),
    "asysd_diabetes": _Floor("6b9f9ccb41c111c5", 0.995, 0.995),
    "dblp_acm": _Floor("e420e40af7b8c6e5", 0.970, 0.970),
    "dblp_scholar_pairs": _Floor("bc6768f385eb720d", 0.970, 0.650),
}
_SLOWEST = 2_000
"""Records a CPU second that no machine should fall below; the figure itself is the benchmark's to tell."""


@pytest.mark.parametrize("name", _FLOORS)
def test_duplicates_are_found_as_well_as_ever(recorded: Path, name: str) -> None:
    folder = recorded.parent / "benchmarks" / "duplicates" / name
    if not folder.is_dir():
        pytest.skip(f"the set {name} is not here")
    floor = _FLOORS[name]
    if digest_of(folder) != floor.digest:
        pytest.skip(f"the set {name} is another one than its floors were measured on")
    figures = measure(folder).as_json()
    assert float(figures["precision"]) >= floor.precision, figures
    assert float(figures["f1"]) >= floor.f1, figures
    assert float(figures["records_per_cpu_second"]) >= _SLOWEST, figures
