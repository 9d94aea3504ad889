"""``kaijuan thesaurus``: entries are added, listed, taken back, and go through a spreadsheet unchanged."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from search_api.cli.main import cli

BOM = "\ufeff"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KAIJUAN_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["thesaurus", *arguments], standalone_mode=False)


def entries(*arguments: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("list", "--json", *arguments).stdout.splitlines()]


def test_an_entry_is_added_once_listed_and_taken_back() -> None:
    added = json.loads(run("add", "智慧图书馆", "en:smart library", "--why", "Ours.", "--who", "Li", "--json").stdout)
    assert added["created"]
    assert added["entry"]["kind"] == "translation"
    again = json.loads(run("add", "smart libraries", "智慧圖書館", "--why", "Ours.", "--json").stdout)
    assert not again["created"]
    (listed,) = entries()
    assert (listed["id"], listed["who"], listed["reason"]) == (added["entry"]["id"], "Li", "Ours.")
    assert json.loads(run("undo", str(listed["id"]), "--why", "No.", "--json").stdout)["state"] == "undone"
    assert entries() == []
    assert [one["state"] for one in entries("--all")] == ["undone"]
    undone_again = run("undo", str(listed["id"]), "--why", "No.")
    assert undone_again.exit_code == 1 or isinstance(undone_again.exception, SystemExit)


def test_what_is_exported_is_imported_as_nothing_new(folder: Path) -> None:
    run("add", "Klimawandel", "de:Erderwärmung", "=cmd()", "--why", 'A, "quoted" reason')
    run("block", "heavy metal", "--why", "Music.")
    table = folder / "terms.csv"
    run("export", str(table))
    text = table.read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text.removeprefix(BOM))))
    assert [row[0] for row in rows] == ["kind", "translation", "block"]
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert json.loads(run("import", str(table), "--why", "Again.", "--json").stdout) == {"entries": 2, "created": 0}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_any_spreadsheet_are_read(folder: Path, encoding: str, separator: str) -> None:
    lines = [
        ["中文", "英文", "备注"],
        ["碳达峰 | 碳峰值", "carbon peak", "x"],
        ["", "", ""],
        ["智慧图书馆", "smart library", ""],
    ]
    table = folder / "terms.csv"
    table.write_bytes("\r\n".join(separator.join(line) for line in lines).encode(encoding))
    assert json.loads(run("import", str(table), "--why", "Ours.", "--json").stdout) == {"entries": 2, "created": 2}
    texts = [[term["text"] for term in one["terms"]] for one in entries()]  # type: ignore[attr-defined]
    assert texts == [["智慧图书馆", "smart library"], ["碳达峰", "碳峰值", "carbon peak"]]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("a,b\nx,y\n", "names no column of terms"),
        ("zh,en\n只有,\n", "Row 2"),
        ("zh,en\n好词,fine\n!!,other\n", "Row 3"),
        ("kind,zh,en\nnonsense,好词,fine\n", "Row 2"),
        ("", "names no column"),
        ("zh,en\n" + "长" * 101 + ",x y\n", "Row 2"),
    ],
)
def test_a_table_with_a_mistake_changes_nothing_and_names_the_row(folder: Path, body: str, told: str) -> None:
    table = folder / "terms.csv"
    table.write_text(body, encoding="utf-8")
    result = run("import", str(table), "--why", "Ours.")
    assert isinstance(result.exception, click.UsageError)
    assert told in str(result.exception)
    assert entries() == []


def test_the_terms_of_the_program_are_listed() -> None:
    listed = [json.loads(line) for line in run("list", "--builtin", "--json").stdout.splitlines()]
    assert len(listed) > 200
    assert {"text": "深度学习", "language": "zh"} in [term for one in listed for term in one["terms"]]
