"""Killed at a hundred random moments while records change, a harvest ends with what an uninterrupted one has."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from harvesters.demo.loopback import Request as HttpRequest
from harvesters.demo.loopback import Response
from harvesters.pace import Pace
from harvesters.runner import Request
from search_api.library import open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source
from tests.integration.test_resume import records
from tests.repository import Item, ListRepository
from tests.repository.server import RESPONSE_DATE

KILLS = 100
_DAYS = 8


class ChangingRepository(ListRepository):
    """A repository by its own clock, some of whose records change with every other request while it is ``restless``.

    A record that changes gets a new datestamp, so that it leaves its list: with offset tokens, one of those behind it
    moves over the border of a page and is not sent.
    """

    def __init__(
        self, items: list[Item], *, stamp: Callable[[datetime], str], chance: random.Random, **habits: object
    ) -> None:
        super().__init__(items, **habits)  # type: ignore[arg-type]
        self.restless = True
        self._stamp, self._chance = stamp, chance

    def answer(self, request: HttpRequest) -> Response:
        """Change something now and then, then answer with today's date."""
        if self.restless and self._chance.random() < 0.5:
            self._change()
        response = super().answer(request)
        assert isinstance(response.body, bytes)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Response(body=response.body.replace(RESPONSE_DATE.encode(), now.encode()))

    def _change(self) -> None:
        now = self._stamp(datetime.now(UTC))
        name = self._chance.choice(sorted(self.items))
        kind = self._chance.choice(("title", "title", "deleted", "new"))
        if kind == "deleted":
            self.delete(name, now)
        elif kind == "new":
            new = f"oai:x:new-{len(self.items):05d}"
            self.put(Item(new, now, title=f"New study {len(self.items)}"))
        else:
            self.put(Item(name, now, title=f"Study {self._chance.random()}"))


def harvest_once(data: Path) -> None:
    """Harvest in a process of its own."""
    with open_library(Settings(data_dir=data), sources=[]) as library:
        library.harvest(library.store.sources.get("x"), Request(), pace=Pace())


def by_day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def by_second(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("order", "stamp", "granularity", "states_size"),
    [
        pytest.param("newest", by_second, "YYYY-MM-DDThh:mm:ssZ", True, id="DOAJ: newest first, sizes, seconds"),
        pytest.param("oldest", by_day, "YYYY-MM-DD", False, id="PMC: oldest first, no sizes, days"),
    ],
)
def test_a_hundred_kills_while_records_change_lose_nothing(
    tmp_path: Path,
    order: Literal["newest", "oldest"],
    stamp: Callable[[datetime], str],
    granularity: str,
    states_size: bool,  # noqa: FBT001
) -> None:
    chance = random.Random(f"kills {order}")  # noqa: S311
    now = datetime.now(UTC)
    items = [
        Item(f"oai:x:{number:05d}", stamp(now - timedelta(days=_DAYS * chance.random())), title=f"Study {number}")
        for number in range(2400)
    ]
    repository = ChangingRepository(
        items,
        stamp=stamp,
        chance=chance,
        order=order,
        granularity=granularity,
        states_size=states_size,
        page_size=10,
    )
    settings: dict[str, Any] = {
        "slice": "day",
        "first_days": _DAYS + 2,
        "granularity": "second" if states_size else "day",
        "pace_seconds": 0.03,  # so that pages are stored some at a time, and kills fall between and within them
    }
    with repository:
        killed = tmp_path / "killed"
        with open_library(Settings(data_dir=killed), sources=[]) as library:
            add_source(library, "x", repository.url, **settings)
        kills = _kill_again_and_again(repository, killed, chance)
        repository.restless = False
        with open_library(Settings(data_dir=killed), sources=[]) as library:
            source = library.store.sources.get("x")
            progress = library.store.harvests.history.runs("x", limit=2 * KILLS)
            last = library.harvest(source, Request(), pace=Pace())
            assert last.status == "complete", last.error
            found = records(library)
        with open_library(Settings(data_dir=tmp_path / "whole"), sources=[]) as library:
            source = add_source(library, "x", repository.url, **{**settings, "pace_seconds": 0})
            assert library.harvest(source, Request(), pace=Pace()).status == "complete"
            expected = records(library)
    assert kills >= KILLS
    assert sum(run.pages > 0 for run in progress) > KILLS / 10  # many of them were killed between stored pages
    assert found.keys() == expected.keys()
    assert found == expected


def _kill_again_and_again(repository: ListRepository, data: Path, chance: random.Random) -> int:
    """Start harvests and kill each after some requests; return how many were killed while they worked."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.integration.test_resume_changing"])
    kills = 0
    while kills < KILLS:
        process = processes.Process(target=harvest_once, args=(data,))
        process.start()
        wanted = len(repository.requests) + chance.randint(1, 6)
        while process.is_alive() and len(repository.requests) < wanted:
            time.sleep(0.0005)
        time.sleep(chance.random() / 100)
        if process.is_alive():
            process.kill()
            kills += 1
        process.join()
        process.close()
    return kills
