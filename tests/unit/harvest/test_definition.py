"""Source definitions: what is accepted, and how what is not is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harvesters.errors import SourceError
from harvesters.sources.definition import Source, find_source, read_sources, seed_sources
from harvesters.windows import plan_windows

GOOD = {"id": "s", "name": "S", "endpoint": "https://example.org/oai"}


def test_the_projects_own_sources_are_sound() -> None:
    sources = {source.id: source for source in seed_sources()}
    enabled = [name for name, source in sources.items() if source.enabled]
    assert enabled == ["doaj", "doaj-journals", "pmc", "pmc-idconv", "oalib"]
    assert {source.enriches for source in sources.values()} <= {None, *sources}


def test_the_first_harvests_are_as_small_as_promised() -> None:
    sources = {source.id: source for source in seed_sources()}
    doaj, pmc, oalib, journals = (sources[name] for name in ("doaj", "pmc", "oalib", "doaj-journals"))
    now = datetime(2026, 11, 22, 6, tzinfo=UTC)
    windows = plan_windows(doaj, checkpoint=None, since=None, until=None, now=now)
    assert (len(windows), windows[-1].until) == (14, "2026-10-22"), "two weeks, ending 31 days ago"
    assert (doaj.first_requests, journals.first_requests) == (400, 5)
    assert (pmc.first_requests, pmc.first_records) == (100, 1000)
    assert pmc.pace_seconds >= 3
    assert oalib.pace_seconds >= 3
    assert 3 * ((oalib.first_requests or 1000) + 10) <= 130, "about two minutes, with the part that passes the limit"


def test_a_definition_survives_being_written_and_read() -> None:
    for source in seed_sources():
        assert Source.of(source.values()) == source


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"id": "Has Spaces"}, "lower-case"),
        ({"id": "../up"}, "lower-case"),
        ({"endpoint": "ftp://example.org"}, "http or https"),
        ({"endpoint": "https://user:secret@example.org/"}, "without a password"),
        ({"endpoint": "nonsense"}, "http or https"),
        ({"metadata_prefixes": []}, "at least one format"),
        ({"pace_seconds": "soon"}, "pace_seconds"),
        ({"pace_seconds": -1}, "pace_seconds"),
        ({"slice": "week"}, "slice"),
        ({"colour": "red"}, "unknown setting colour"),
        ({"hours": "at night"}, "hours"),
    ],
)
def test_a_wrong_setting_is_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SourceError, match=said):
        Source.of({**GOOD, **values})


@pytest.mark.parametrize(
    ("text", "said"), [("= broken", "TOML"), ("lonely = 3", "must be a table"), ("[x]\n", "endpoint")]
)
def test_a_wrong_sources_file_names_file_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=said):
        read_sources(path)


def test_a_missing_sources_file_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="KAIJUAN_SOURCES_FILE"):
        read_sources(tmp_path / "none.toml")


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SourceError, match="doaj, doaj-journals"):
        find_source(seed_sources(), "dojo")
