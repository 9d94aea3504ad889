"""Judging by command: what it prints, and with which exit code it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from search_api.library import open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.integration.test_command import Shell
from tests.repository import Item, ListRepository

_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title><dc:date>2020</dc:date>{}</oai_dc:dc>"
)
_RICE = "Lead uptake of rice in the river delta"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands on a library of one work of two records, and another work."""
    data_dir = tmp_path / "data"
    doi = "<dc:identifier>doi:10.5555/shared</dc:identifier>"
    with ListRepository(page_size=50) as repository, open_library(Settings(data_dir=data_dir), sources=[]) as library:
        for name, title, more in (("1", _RICE, doi), ("2", _RICE, doi), ("3", "Fish of the northern lakes", "")):
            repository.put(Item(f"oai:x:{name}", "2026-01-01", metadata=_DC.format(title, more)))
        assert harvest(library, add_source(library, "x", repository.url)).status == "complete"
        library.bring_up_to_date()
    return Shell(data_dir)


def answer(shell: Shell, *arguments: str) -> Any:
    done = shell(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return rows[0] if len(rows) == 1 else rows


def works(shell: Shell) -> list[str]:
    return [row["id"] for row in answer(shell, "search", "")["results"]]


def test_a_judgement_is_made_listed_explained_and_undone_by_command(shell: Shell) -> None:
    one, other = works(shell)
    made = answer(shell, "merge", one, other, "--why", "I looked.", "--who", "Li Ming")
    assert (made["created"], made["index_follows"], len(works(shell))) == (True, True, 1)
    again = shell("merge", one, other, "--why", "I looked.")
    assert again.returncode == 0
    assert "it held already" in again.stdout
    assert "since a merge" in again.stdout
    (listed,) = [answer(shell, "judgements", "--work", other)]
    assert (listed["id"], listed["state"], listed["who"]) == (made["judgement"]["id"], "in_force", "Li Ming")
    told = shell("why", other)
    assert "Both carry doi:10.5555/shared." in told.stdout
    assert "Li Ming: I looked." in told.stdout
    assert "两条记录都有 doi:10.5555/shared。" in shell("why", other, "--language", "zh").stdout
    undone = answer(shell, "judgements", "undo", listed["id"], "--why", "No.")
    assert undone["judgement"]["state"] == "undone"
    assert sorted(works(shell)) == sorted((one, other))
    twice = shell("judgements", "undo", listed["id"], "--why", "No.")
    assert (twice.returncode, "undone already" in twice.stderr) == (1, True)


def test_splitting_and_correcting_by_command_changes_what_is_found_at_once(shell: Shell) -> None:
    answer(shell, "split", "doi:10.5555/shared", "--apart", "x:oai:x:2", "--why", "Another study.")
    assert len(works(shell)) == 3
    answer(shell, "correct", "doi:10.5555/shared", "title", "Wheat and mercury", "--why", "Printed.")
    (found,) = answer(shell, "search", "mercury")["results"]
    assert found["title"] == "Wheat and mercury"
    assert len(answer(shell, "judgements")) == 2
    assert "title = Wheat and mercury" in shell("judgements", "--kind", "correct").stdout


def test_pairs_that_may_be_one_are_listed_until_they_are_judged(shell: Shell) -> None:
    assert shell("review", "--json").stdout == ""
    table = shell("review")
    assert (table.returncode, "0 undecided pairs" in table.stdout) == (0, True)
    assert shell("review", "--after", "nonsense").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("merge", "w0", "w1", "--why", "x"), 2, "There is no work 'w0'"),
        (("merge", "w0", "--why", "x"), 2, "2 to 50 works"),
        (("merge", "w0", "w1"), 2, "--why"),
        (("split", "doi:10.5555/shared", "--apart", "x:9", "--why", "x"), 2, "no record 'x:9'"),
        (("correct", "doi:10.5555/shared", "hue", "red", "--why", "x"), 2, "no field 'hue'"),
        (("correct", "doi:10.5555/shared", "year", "MM", "--why", "x"), 2, "a year such as"),
        (("correct", "doi:10.5555/shared", "year", "2020", "--why", " "), 2, "The reason is missing"),
        (("judgements", "undo", "j0", "--why", "x"), 2, "There is no judgement 'j0'"),
        (("judgements", "--work", "w0"), 2, "There is no work 'w0'"),
        (("why", "w0"), 2, "There is no work 'w0'"),
    ],
)
def test_what_cannot_be_judged_is_told_on_standard_error(
    shell: Shell, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = shell(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
