"""``kaijuan subjects`` and ``kaijuan rank``: what they print, and with which exit code they end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from search_api.cli.main import cli
from search_api.library import open_library
from search_api.settings import Settings
from tests.integration.classed import article
from tests.unit.web.records import put


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Commands in this process: nothing of these needs one of its own."""

    def __init__(self, data_dir: Path) -> None:
        self._runner = CliRunner(env={"KAIJUAN_DATA_DIR": str(data_dir)})

    def __call__(self, *arguments: str) -> Done:
        done = self._runner.invoke(cli, arguments)
        return Done(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands on a library of three works."""
    data_dir = tmp_path / "data"
    with open_library(Settings(data_dir=data_dir), sources=[]) as library:
        put(
            library,
            article(1, "Compilers", "stress", lcc=(("Computers", "QA75.5-76.95"),)),
            article(2, "Curiosities", "odd keyword", lcc=(("Odd things", "XA1-9"),)),
            article(3, "Tumours", "Lung cancer"),
        )
    return Shell(data_dir)


def answer(shell: Shell, *arguments: str) -> Any:
    done = shell(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return rows[0] if len(rows) == 1 else rows


def found(shell: Shell, code: str) -> int:
    return int(answer(shell, "subjects", "tree", code)["count"])


def test_the_tree_is_shown_with_counts_in_either_language(shell: Shell) -> None:
    told = shell("subjects", "tree", "T", "--language", "zh", "--depth", "3").stdout
    assert "T 工业技术: 3 works, 1 in no class" in told
    assert "计算技术、计算机技术" in told
    assert answer(shell, "subjects", "tree", "--query", "tumours")["works_in_all"] == 1
    assert [one["code"] for one in answer(shell, "subjects", "tree", "TP")["path"]] == ["T"]


def test_headings_are_mapped_unmapped_and_taken_back_and_the_index_follows_at_once(shell: Shell) -> None:
    made = answer(shell, "subjects", "map", "LCC", "QA75", "G25", "--why", "Our shelving.", "--who", "Li Ming")
    assert (made["created"], made["index_follows"], made["change"]["who"]) == (True, True, "Li Ming")
    assert (found(shell, "G25"), found(shell, "TP3")) == (1, 0)
    again = shell("subjects", "map", "lcc", "qa75", "G25", "--why", "Our shelving.")
    assert "it held already" in again.stdout
    undone = answer(shell, "subjects", "undo", made["change"]["id"], "--why", "No.")
    assert undone["change"]["state"] == "undone"
    assert found(shell, "TP3") == 1
    listed = [one["term"] for one in answer(shell, "subjects", "unmapped")]
    assert listed == ["Odd things", "odd keyword"]
    answer(shell, "subjects", "unmap", "LCC", "XA1-9", "--why", "No subject.")
    assert answer(shell, "subjects", "unmapped")["term"] == "odd keyword"
    assert "LCC XA1-9" in shell("subjects", "changes").stdout


def test_classes_are_named_added_and_hidden(shell: Shell) -> None:
    answer(
        shell, "subjects", "name", "R199", "--zh", "校园健康", "--en", "Campus health", "--parent", "R1", "--why", "x"
    )
    answer(shell, "subjects", "map", "keyword", "stress", "R199", "--why", "x")
    assert (found(shell, "R199"), found(shell, "R1")) == (1, 1)
    answer(shell, "subjects", "hide", "E", "--why", "x")
    assert "Military science" not in shell("subjects", "tree").stdout
    answer(shell, "subjects", "hide", "E", "--show", "--why", "x")
    assert "Military science" in shell("subjects", "tree").stdout
    in_use = shell("subjects", "undo", "c1", "--why", "x")
    assert (in_use.returncode, "in use" in in_use.stderr) == (1, True)


def test_mappings_are_edited_in_a_spreadsheet(shell: Shell, tmp_path: Path) -> None:
    todo, kept = tmp_path / "todo.csv", tmp_path / "kept.csv"
    assert "2 rows" in shell("subjects", "export", str(todo), "--unmapped").stdout
    text = todo.read_text(encoding="utf-8-sig")
    assert text.splitlines() == [
        "scheme,value,code,term,works",
        "LCC,XA1-9,,Odd things,1",
        "keyword,odd keyword,,odd keyword,1",
    ]
    todo.write_bytes(text.replace("LCC,XA1-9,,", "LCC,XA1-9,G8,").encode("gb18030"))
    taken = answer(shell, "subjects", "import", str(todo), "--why", "List of November.")
    assert taken == {"created": 1, "held": 0, "without_code": 1, "index_follows": True}
    assert found(shell, "G8") == 1
    assert shell("subjects", "export", str(kept)).returncode == 0
    assert kept.read_text(encoding="utf-8-sig").splitlines()[1] == "LCC,XA1-9,G8,体育,Sports"
    assert answer(shell, "subjects", "import", str(kept), "--why", "Again.")["held"] == 1
    todo.write_text("scheme,value,code\nLCC,Q,N\nLCC,R,NOWHERE\n", encoding="utf-8")
    refused = shell("subjects", "import", str(todo), "--why", "x")
    assert (refused.returncode, "no class 'NOWHERE'" in refused.stderr) == (2, True)
    assert "LCC,Q," not in kept.read_text(encoding="utf-8")


def test_works_are_hidden_lifted_listed_and_shown_again(shell: Shell) -> None:
    rule = answer(shell, "rank", "hide", "work", "doi:10.5555/cls.1", "--why", "Fabricated.", "--who", "Li Ming")[
        "rule"
    ]
    assert answer(shell, "search", "")["meta"]["count"] == 2
    assert answer(shell, "search", "", "--rules", "off")["meta"]["count"] == 3
    assert "Fabricated." in shell("rank", "list").stdout
    assert "It held already" in shell("rank", "hide", "work", "doi:10.5555/cls.1", "--why", "x").stdout
    assert answer(shell, "rank", "boost", "source", "campus", "--weight", "2", "--why", "Ours.")["rule"]["weight"] == 2
    assert answer(shell, "rank", "undo", rule["id"], "--why", "No.")["state"] == "undone"
    assert answer(shell, "search", "")["meta"]["count"] == 3
    assert [one["state"] for one in answer(shell, "rank", "list", "--all")] == ["in_force", "undone"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("subjects", "tree", "NOWHERE"), 2, "There is no class"),
        (("subjects", "map", "LCC", "Q", "NOWHERE", "--why", "x"), 2, "There is no class"),
        (("subjects", "map", "LCC", "Q", "N"), 2, "--why"),
        (("subjects", "map", "LCC", "Q", "N", "--why", " "), 2, "The reason is missing"),
        (("subjects", "name", "NEW", "--zh", "新", "--why", "x"), 2, "name of class NEW"),
        (("subjects", "undo", "m9", "--why", "x"), 2, "There is no change"),
        (("rank", "hide", "work", "w0", "--why", "x"), 2, "There is no work"),
        (("rank", "boost", "source", "campus", "--weight", "9", "--why", "x"), 2, "--weight"),
        (("rank", "undo", "r0", "--why", "x"), 2, "There is no change"),
    ],
)
def test_what_cannot_be_done_is_told_on_standard_error(
    shell: Shell, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = shell(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
