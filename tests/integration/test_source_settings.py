"""What is set: sources whose stored settings cannot be used, lists with commas, the pace of a crawl."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from harvesters.errors import SourceError
from harvesters.sources.definition import Source, seed_sources
from indexer.storage import schema
from search_api.app import make_app
from search_api.cli.sources import changed, mended, read_list
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.integration.test_command import Shell
from tests.repository import Item, ListRepository

Spoil = Callable[[bytes], bytes]


def with_setting(name: str, value: object) -> Spoil:
    return lambda settings: orjson.dumps({**orjson.loads(settings), name: value})


#: What stands there instead of a source's settings, what is said, and what mends it.
SPOILT: list[tuple[Spoil, str, tuple[str, ...]]] = [
    (lambda settings: settings[:-20], "cannot be read", ("endpoint={url}",)),
    (lambda _: b"\xff\xfe", "cannot be read", ("endpoint={url}", "kind=oai")),
    (lambda _: b"[1]", "cannot be read", ("endpoint={url}",)),
    (with_setting("colour", "red"), "unknown setting colour", ("pace_seconds=0",)),
    (with_setting("colour", None), "unknown setting colour", ("pace_seconds=0",)),
    (with_setting("pace_seconds", "soon"), "pace_seconds", ("pace_seconds=0",)),
    (with_setting("endpoint", "ftp://x"), "http or https", ("endpoint={url}",)),
    (with_setting("kind", "gopher"), "kind", ("kind=oai",)),
    (with_setting("id", "doaj"), "those of a source 'doaj'", ("endpoint={url}",)),
]


def spoil(library: Library, name: str, how: Spoil) -> None:
    with library.store.database.write() as connection:
        row = connection.execute(schema.sources.select().where(schema.sources.c.id == name)).one()
        connection.execute(
            schema.sources.update().where(schema.sources.c.key == row.key).values(settings=how(row.settings))
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def spoilt(shell: Shell, repository: ListRepository, how: Spoil) -> None:
    """Harvest a source `x` and another, then spoil the settings of `x`."""
    repository.put(*(Item(f"oai:x:{number}", "2026-01-01") for number in range(5)))
    with open_library(Settings(data_dir=Path(shell.environment["KAIJUAN_DATA_DIR"])), sources=[]) as library:
        harvest(library, add_source(library, "x", repository.url))
        add_source(library, "y", repository.url, set_spec="s")
        spoil(library, "x", how)


@pytest.mark.parametrize(("how", "said", "mend"), SPOILT)
def test_a_source_that_cannot_be_used_stops_no_other_and_is_mended(
    library: Library, list_repository: ListRepository, how: Spoil, said: str, mend: tuple[str, ...]
) -> None:
    stored = library.store.sources
    add_source(library, "x", list_repository.url)
    add_source(library, "y", list_repository.url)
    spoil(library, "x", how)
    assert [source.id for source in stored.all()] == ["y"]
    assert stored.get("y").id == "y"
    stored.seed([stored.get("y")])
    (unusable,) = stored.unusable()
    assert (unusable.id, said in unusable.reason) == ("x", True)
    assert "kaijuan sources set x" in unusable.remedy
    with pytest.raises(SourceError, match="kaijuan sources set x"):
        stored.get("x")
    stored.require("x")

    changes = dict(one.format(url=list_repository.url).split("=", 1) for one in mend)
    stored.update(mended(stored.kept_settings("x"), changes))
    assert stored.unusable() == []
    assert (stored.get("x").id, stored.get("x").endpoint) == ("x", list_repository.url)


def test_the_commands_go_on_beside_a_source_that_cannot_be_used(shell: Shell, list_repository: ListRepository) -> None:
    spoilt(shell, list_repository, lambda _: b"{")
    listed = shell("sources", "--json")
    rows = {row["id"]: row for row in map(json.loads, listed.stdout.splitlines())}
    assert (listed.returncode, rows["x"]["records"], rows["y"]["problem"]) == (0, 5, None)
    assert "kaijuan doctor" in rows["x"]["problem"]
    assert listed.stderr.count("source_unusable") == 1, "named once"
    assert "'x'" in listed.stderr
    assert "Traceback" not in listed.stderr
    assert "x (unusable)" in shell("sources").stdout
    assert shell("harvest", "y").returncode == 0
    refused = shell("harvest", "x")
    assert (refused.returncode, "kaijuan sources set x" in refused.stderr) == (2, True)
    assert len(shell.lines("harvests", "x", "--json")) == 1

    found = {row["name"]: row for row in shell.lines("doctor", "--json")}
    assert "sources file" not in found
    assert (found["source x"]["state"], "kaijuan sources set x" in found["source x"]["remedy"]) == ("failed", True)

    changed_kind = shell("sources", "set", "y", "kind=oalib")
    assert (changed_kind.returncode, "cannot be changed" in changed_kind.stderr) == (2, True)
    done = shell("sources", "set", "x", f"endpoint={list_repository.url}", "pace_seconds=0")
    assert (done.returncode, "can be used again" in done.stdout) == (0, True)
    assert shell("harvest", "x").returncode == 0


def test_a_source_that_cannot_be_used_can_be_removed_where_it_has_nothing(
    shell: Shell, list_repository: ListRepository
) -> None:
    spoilt(shell, list_repository, with_setting("colour", "red"))
    with open_library(Settings(data_dir=Path(shell.environment["KAIJUAN_DATA_DIR"])), sources=[]) as library:
        spoil(library, "y", lambda _: b"{")
    assert shell("sources", "remove", "y").returncode == 0
    assert "kaijuan sources pause x" in shell("sources", "remove", "x").stderr
    assert shell("sources", "pause", "x").returncode == 0, "which leaves out what is unknown"
    (row,) = [row for row in shell.lines("sources", "--json") if row["id"] == "x"]
    assert (row["enabled"], row["problem"], row["records"]) == (False, None, 5)


def test_the_api_and_the_page_show_a_source_that_cannot_be_used_but_not_what_is_wrong(
    library: Library, list_repository: ListRepository
) -> None:
    list_repository.put(Item("oai:x:1", "2026-01-01"))
    harvest(library, add_source(library, "x", list_repository.url))
    spoil(library, "x", with_setting("endpoint", "https://me:hunter2@x.example/"))
    client = TestClient(make_app(library))
    answer = client.get("/v1/sources")
    (row,) = answer.json()["results"]
    assert (row["id"], row["enabled"], row["records"], "kaijuan doctor" in row["problem"]) == ("x", False, 1, True)
    assert "hunter2" not in answer.text
    assert client.get("/v1/sources/x/harvests").json()["meta"]["count"] == 1
    assert client.get("/v1/sources/none/harvests").status_code == 404
    page = client.get("/sources")
    assert (page.status_code, "hunter2" in page.text) == (200, False)
    assert "设置无法读取" in page.text or "settings unreadable" in page.text
    assert client.get("/").status_code == 200


def test_mending_is_audited_with_what_was_left_out(library: Library, list_repository: ListRepository) -> None:
    source = add_source(library, "x", list_repository.url)
    spoil(library, "x", with_setting("colour", "red"))
    library.store.sources.update(source)
    with library.store.database.read() as connection:
        rows = connection.execute(schema.audit.select().order_by(schema.audit.c.key)).all()
    assert json.loads(rows[-1].details) == {"from": {"colour": "red"}, "to": {"colour": None}}


def test_the_last_page_of_a_ledger_has_none_after_it(library: Library, list_repository: ListRepository) -> None:
    source = add_source(library, "x", list_repository.url)
    for _ in range(2):
        harvest(library, source)
    client = TestClient(make_app(library))

    def following(limit: int) -> Any:
        return client.get("/v1/sources/x/harvests", params={"limit": limit}).json()["meta"]["next_before"]

    assert [following(limit) is None for limit in (1, 2, 3)] == [False, True, True]
    assert client.get("/v1/sources/x/harvests", params={"before": following(1)}).json()["meta"] == {
        "count": 1,
        "next_before": None,
    }


def test_the_command_says_when_there_is_more_than_it_shows(shell: Shell, list_repository: ListRepository) -> None:
    spoilt(shell, list_repository, lambda settings: settings)
    shell("harvest", "x")
    one, both = (shell("harvests", "x", "--limit", limit, "--json") for limit in ("1", "2"))
    assert (len(one.stdout.splitlines()), "older harvests than this one" in one.stderr) == (1, True)
    assert (len(both.stdout.splitlines()), both.stderr) == (2, "")


@pytest.mark.parametrize(
    "command",
    [("quarantine", "--source", "nobody"), ("quarantine", "replay", "--source", "nobody"), ("harvests", "nobody")],
)
def test_an_unknown_source_is_refused_with_the_known_ones(shell: Shell, command: tuple[str, ...]) -> None:
    done = shell(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no source 'nobody'. Known: doaj, " in done.stderr


def test_a_source_that_is_being_harvested_is_said_to_be_and_no_lock_is_named(
    shell: Shell, list_repository: ListRepository
) -> None:
    spoilt(shell, list_repository, lambda settings: settings)
    with (
        open_library(Settings(data_dir=Path(shell.environment["KAIJUAN_DATA_DIR"])), sources=[]) as library,
        library.alone_with("x"),
    ):
        done, removed = shell("harvest", "x"), shell("sources", "remove", "x")
    for refused in (done, removed):
        assert refused.returncode == 1
        assert "Source 'x' is being harvested by another process. Wait until it is done" in refused.stderr
        assert "harvest:x" not in refused.stderr


OALIB = next(source for source in seed_sources() if source.id == "oalib")


@pytest.mark.parametrize("pace", [1, 0, 2.9])
def test_a_crawl_is_not_made_faster_than_politeness_allows(pace: float) -> None:
    with pytest.raises(SourceError, match="Set pace_seconds=3 or more"):
        changed(OALIB, {"pace_seconds": str(pace)})
    here = changed(OALIB, {"pace_seconds": str(pace), "endpoint": "http://localhost:8/"})
    assert here.pace_seconds == pace
    with pytest.raises(SourceError, match="Set pace_seconds=3 or more"):
        changed(here, {"endpoint": "http://localhost.example.org/"})


def test_a_crawl_has_its_pace_unless_another_is_given() -> None:
    values = {"id": "o", "name": "O", "kind": "oalib", "endpoint": "https://www.oalib.com/"}
    assert Source.of(values).pace_seconds == 3.0
    assert Source.of({**values, "pace_seconds": 5}).pace_seconds == 5.0


def test_a_pace_that_is_too_fast_is_refused_when_a_site_is_added(shell: Shell) -> None:
    done = shell(
        "sources", "add", "https://oalib.example.org/", "--kind", "oalib", "--name", "o", "--pace", "1", "--no-test"
    )
    assert (done.returncode, "Set pace_seconds=3 or more" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("journal:4054,journal:2336", ["journal:4054", "journal:2336"]),
        (" glaciers , ", ["glaciers"]),
        ('["ice, snow", "journal:4054"]', ["ice, snow", "journal:4054"]),
        ('"ice and snow"', ['"ice and snow"']),
        ("[2019 TO 2020]", ["[2019 TO 2020]"]),
        ("", []),
    ],
)
def test_a_list_is_read_as_it_is_typed(typed: str, parts: list[str]) -> None:
    assert read_list("queries", typed) == parts


@pytest.mark.parametrize("typed", ['["ice, snow"', '["ice", 7]', '["ice"] and more'])
def test_a_list_that_begins_as_json_must_be_json(typed: str) -> None:
    with pytest.raises(SourceError, match=r'such as \["ice, snow", "water"\]'):
        read_list("queries", typed)


def test_a_query_with_a_comma_is_set_and_shown_as_it_is_typed(shell: Shell) -> None:
    typed = '["ice, snow","journal:4054"]'
    assert shell("sources", "set", "oalib", f"queries={typed}").returncode == 0
    (row,) = shell.lines("sources", "show", "oalib", "--json")
    assert row["settings"]["queries"] == ["ice, snow", "journal:4054"]
    assert typed in shell("sources", "show", "oalib").stdout
    twice = shell("sources", "set", "oalib", "queries=ice", "queries=snow")
    assert (twice.returncode, "given twice" in twice.stderr) == (2, True)
