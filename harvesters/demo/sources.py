"""The demonstration repositories as sources: plain settings, in the words of the sources' table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTE = "Invented records for demonstration; DOIs under 10.5555 resolve to nothing."
_SOURCES: tuple[tuple[str, str, list[str]], ...] = (
    ("demo-doaj", "示范 DOAJ / Demonstration DOAJ", ["oai_doaj", "oai_dc"]),
    ("demo-pmc", "示范 PMC / Demonstration PMC", ["pmc_fm"]),
    ("demo-university", "示范大学机构库 / Demonstration University", ["oai_dc"]),
)


def demo_sources(endpoints: Mapping[str, str]) -> list[dict[str, Any]]:
    """Describe the three sources at the given addresses (:attr:`DemoRepositories.endpoints`)."""
    return [
        {
            "id": name,
            "name": display,
            "endpoint": endpoints[name],
            "metadata_prefixes": prefixes,
            "slice": None,
            "pace_seconds": 0,
            "license_note": _NOTE,
            "contact": f"demo@{name}.example",
        }
        for name, display, prefixes in _SOURCES
    ]
