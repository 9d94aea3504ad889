"""What a command's process needs: modules, memory, a folder that it may write, settings that can be read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from harvesters.demo.loopback import Request, Response
from harvesters.wording import counted
from search_api.cli.output import these
from search_api.library import Library
from tests.integration.test_command import Shell
from tests.repository import Item, ListRepository

#: Runs the command, then tells what was imported and the most memory that was held, on standard error.
_TELLING = """
import json, pathlib, re, sys
from search_api.cli import main
try:
    main()
finally:
    status = pathlib.Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
    print(json.dumps({"modules": sorted(sys.modules), "peak_kib": peak}), file=sys.stderr)
"""
#: What brings dictionaries, models, servers, crawlers and parsers that a harvest over OAI-PMH has no use for.
_NOT_FOR_HARVESTS = {
    "alembic", "apscheduler", "babel", "elasticsearch", "fastapi", "ftfy", "idutils", "jinja2", "langcodes",
    "langdetect", "mcp", "nameparser", "numpy", "opencc", "protego", "psycopg", "py3langid", "pybtex", "pylatexenc",
    "pymarc", "rapidfuzz", "rispy", "rjieba", "scrapy", "Stemmer", "stdnum", "tantivy", "uvicorn",
    "harvesters.demo", "harvesters.files", "harvesters.oai.survey", "harvesters.oalib", "harvesters.pmc",
    "indexer.normalise.manifestation", "indexer.pipeline", "indexer.search.analysis",
    "search_api.app", "search_api.schemas", "search_api.web",
}  # fmt: skip
_PEAK_KIB = 100 * 1024


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_a_harvest_imports_what_it_uses_and_stays_small(shell: Shell) -> None:
    items = [Item(f"oai:x:{number:05}", "2026-01-01", title=f"Study {number}") for number in range(3_000)]
    with ListRepository(items, page_size=100) as repository:
        shell("sources", "add", repository.url, "--name", "x", "--no-test")
        done = subprocess.run(
            [sys.executable, "-c", _TELLING, "harvest", "x", "--json"],
            env=shell.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    assert json.loads(done.stdout)["received"] == 3_000
    told = json.loads(done.stderr.splitlines()[-1])
    assert _NOT_FOR_HARVESTS & set(told["modules"]) == set()
    assert told["peak_kib"] <= _PEAK_KIB, f"{told['peak_kib'] / 1024:.0f} MiB"


def test_one_interrupt_ends_a_harvest_after_the_page_in_hand(shell: Shell) -> None:
    items = [Item(f"oai:x:{number:05}", "2026-01-01") for number in range(60)]
    asked, may_answer = threading.Event(), threading.Event()

    def hold(_: Request, response: Response) -> Response:
        asked.set()
        assert may_answer.wait(60)
        return response

    with ListRepository(items) as repository:
        shell("sources", "add", repository.url, "--name", "x", "--no-test")
        repository.faults.add(hold, page=2)
        process = subprocess.Popen(
            [sys.executable, "-c", "from search_api.cli import main; main()", "harvest", "x", "--json"],
            env=shell.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        first = process.stderr.readline()
        may_answer.set()
        out, _ = process.communicate(timeout=60)
    assert "Stopping after the page in hand" in first
    row = json.loads(out)
    assert (process.returncode, row["status"], row["received"]) == (1, "incomplete", 20)


def test_every_command_is_listed_and_explains_itself(shell: Shell) -> None:
    listed = shell("--help").stdout
    for command in ("sources", "harvest", "harvests", "reconcile", "quarantine", "index", "doctor"):
        assert f"  {command} " in listed
        assert f"Example: kaijuan {command}" in shell(command, "--help").stdout


class Unprivileged(Shell):
    """Commands that may write only what the modes of files and folders let their user write."""

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        whole = [] if os.geteuid() else ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        return subprocess.run(
            [*whole, sys.executable, "-c", "from search_api.cli import main; main()", *arguments],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[Unprivileged]:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write everything, and setpriv is not there to change that")
    yield Unprivileged(tmp_path / "data")
    for folder in (tmp_path / "data", *(tmp_path / "data").rglob("*")):
        folder.chmod(0o755)


@pytest.mark.parametrize("what", ["empty", "filled", "locks", "search"])
def test_a_folder_that_cannot_be_written_is_named_with_what_helps(
    unprivileged: Unprivileged, tmp_path: Path, what: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if what != "empty":
        assert unprivileged("sources").returncode == 0
    folder = data / what if what in {"locks", "search"} else data
    folder.mkdir(exist_ok=True)
    folder.chmod(0o555)
    done = unprivileged("index")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "cannot be written" in done.stderr
    assert "KAIJUAN_DATA_DIR" in done.stderr
    assert "address" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SOURCE_KEYS", '{"doaj": "s3cr3t"', "KAIJUAN_SOURCE_KEYS must be a JSON object"),
        ("SOURCE_KEYS", "s3cr3t", "KAIJUAN_SOURCE_KEYS__DOAJ"),
        ("SOURCE_KEYS", '["s3cr3t"]', "KAIJUAN_SOURCE_KEYS"),
        ("CONTACT", "a@example.edu\nX-Other: s3cr3t", "KAIJUAN_CONTACT: must be one line of ASCII"),
        ("CONTACT", "a@example.edu\rs3cr3t", "KAIJUAN_CONTACT: must be one line of ASCII"),
        ("CONTACT", "图书馆 s3cr3t", "KAIJUAN_CONTACT: must be one line of ASCII"),
        ("CONTACT", "s3cr3t" * 50, "KAIJUAN_CONTACT: must be one line of ASCII"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_and_never_shown(shell: Shell, name: str, value: str, said: str) -> None:
    done = shell("sources", **{f"KAIJUAN_{name}": value})
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cr3t" not in done.stderr
    (examined,) = [
        json.loads(line) for line in shell("doctor", "--json", **{f"KAIJUAN_{name}": value}).stdout.splitlines()
    ]
    assert (examined["name"], examined["state"], said in examined["found"]) == ("settings", "failed", True)


def test_what_index_did_is_told_whole(shell: Shell) -> None:
    (row,) = shell.lines("index", "--json")
    assert set(row) == {"works", "indexed", "removed", "remerged", "records", "quarantined", "seconds"}


def test_one_is_no_plural(shell: Shell, list_repository: ListRepository) -> None:
    assert [counted(number, "record") for number in (0, 1, 2_000)] == ["0 records", "1 record", "2,000 records"]
    assert [these(number) for number in (1, 20)] == ["this one", "these 20"]
    list_repository.put(Item("oai:x:1", "2026-01-01"))
    added = shell("sources", "add", list_repository.url, "--name", "x")
    assert "1 record in oai_dc" in added.stdout
    shown = shell("harvest", "x", "--dry-run").stdout
    assert "brought 1 record of a list that states" in shown
    shell("harvest", "x")
    assert "Not indexed yet: 1 record." in shell("search", "study").stderr


def test_only_what_joins_records_keeps_much_of_the_store_in_memory(embedded: Library) -> None:
    def kept() -> int:
        with embedded.store.database.read() as connection:
            return int(connection.execute(text("PRAGMA cache_size")).scalar_one())

    before = kept()
    assert abs(before) <= 2_000, "SQLite's own: 2 MB"
    _ = embedded.pipeline
    assert kept() < 10 * before < 0
