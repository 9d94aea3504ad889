"""Killed at any moment, a harvest goes on; what is stored in the end equals an uninterrupted harvest's."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import select

from harvesters.pace import Pace
from harvesters.runner import Request
from indexer.storage import schema
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository

_COMMAND = [sys.executable, "-c", "from search_api.cli import main; main()"]


def records(library: Library) -> dict[tuple[str, str], tuple[str, bool, bytes]]:
    with library.store.database.read() as connection:
        rows = connection.execute(select(schema.raw_records))
        return {
            (row.identifier, row.metadata_prefix): (
                row.datestamp,
                row.deleted,
                library.store.raw.compression.decompress(row.body, row.dictionary_key),
            )
            for row in rows
        }


def test_a_harvest_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    items = [Item(f"oai:x:{number:04d}", "2026-01-01", title=f"Study {number}") for number in range(1500)]
    chance = random.Random(20261122)  # noqa: S311
    with ListRepository(items, page_size=10, order="newest") as repository:
        with open_library(Settings(data_dir=tmp_path / "whole"), sources=[]) as library:
            assert harvest(library, add_source(library, "x", repository.url)).status == "complete"
            expected = records(library)
        settings = Settings(data_dir=tmp_path / "killed")
        with open_library(settings, sources=[]) as library:
            add_source(library, "x", repository.url, pace_seconds=0.02)
        environment = {**os.environ, "KAIJUAN_DATA_DIR": str(settings.data_dir)}
        kills = 0
        for _ in range(40):
            process = subprocess.Popen([*_COMMAND, "harvest", "x", "--json"], env=environment, stdout=subprocess.PIPE)
            asked = len(repository.verbs)
            wanted = asked + chance.randint(1, 40)
            while process.poll() is None and len(repository.verbs) < wanted:
                time.sleep(0.001)
            if process.poll() is None:
                time.sleep(chance.random() / 200)
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.communicate()
            if process.returncode == 0:
                break
        with open_library(settings, sources=[]) as library:
            assert records(library) == expected
            runs = library.store.harvests.history.runs("x")
            assert runs[0].status == "complete"
            assert (runs[0].expected, runs[0].received - runs[0].duplicates) == (1500, 1500)
            assert all(run.status == "incomplete" and "interrupted" in (run.error or "") for run in runs[1:])
    assert kills >= 3


def test_an_interrupted_chosen_window_is_never_taken_for_the_sources_own(tmp_path: Path) -> None:
    items = [
        Item(f"oai:x:{number:02d}", f"2026-01-{number % 20 + 1:02d}", title=f"Study {number}") for number in range(60)
    ]
    with (
        ListRepository(items, granularity="YYYY-MM-DD") as repository,
        open_library(Settings(data_dir=tmp_path), sources=[]) as library,
    ):
        source = add_source(library, "x", repository.url)
        part = harvest(library, source, since="2026-01-15", max_records=10)
        assert part.status == "incomplete"
        whole = harvest(library, source)
        assert (whole.status, whole.received, whole.resumed) == ("complete", 60, False)
        assert len(records(library)) == 60


def test_a_token_that_died_between_runs_restarts_its_list_and_counts_it_once(tmp_path: Path) -> None:
    items = [Item(f"oai:x:{number:02d}", "2026-01-01", title=f"Study {number}") for number in range(40)]
    with (
        ListRepository(items) as repository,
        open_library(Settings(data_dir=tmp_path), sources=[]) as library,
    ):
        source = add_source(library, "x", repository.url)
        assert harvest(library, source, max_records=20).status == "incomplete"
        with library.store.database.write() as connection:
            connection.execute(schema.harvest_slices.update().values(token="dead"))
        again = harvest(library, source)
        assert (again.status, again.expected, again.received, again.new, again.unchanged) == (
            "complete",
            40,
            40,
            20,
            20,
        )


def test_a_window_that_somebody_chose_moves_no_checkpoint(tmp_path: Path) -> None:
    items = [Item(f"oai:x:{day:02d}", f"2026-01-{day:02d}", title=f"Study {day}") for day in range(1, 6)]
    with (
        ListRepository(items, granularity="YYYY-MM-DD", page_size=1) as repository,
        open_library(Settings(data_dir=tmp_path), sources=[]) as library,
    ):
        source = add_source(library, "x", repository.url, slice="day", first_days=5, lag_days=0)
        first = library.harvest(source, Request(until="2026-01-05", since="2026-01-01"), pace=Pace())
        assert (first.status, first.received) == ("complete", 5)
        assert library.store.harvests.checkpoint(source, "oai_dc") is None
