"""The kaijuan command as a person or a script uses it: real processes, exit codes, JSON lines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.repository import Item, ListRepository, RecordedRepository

_COMMAND = [sys.executable, "-c", "from search_api.cli import main; main()"]
#: The sources that come with the project and are harvested by themselves.
_SEEDS = ("doaj", "doaj-journals", "pmc", "pmc-idconv", "oalib")
_LEDGER = {
    "source",
    "status",
    "expected",
    "received",
    "new",
    "changed",
    "unchanged",
    "deleted",
    "quarantined",
    "duplicates",
    "pages",
    "error",
}
_ADDRESS = re.compile(r'(?:Search at |"address": ")(http://[\d.:]+)')
_MEMORY_LIMIT_KB = 400 * 1024


class Shell:
    """Run commands against one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("KAIJUAN_")}
        self.environment |= {"KAIJUAN_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_COMMAND, *arguments],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*arguments).stdout.splitlines()]

    @contextmanager
    def served(self, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        """Start a serving command on a free port and wait for its address."""
        process = subprocess.Popen(
            [*_COMMAND, *arguments, "--port", "0"],
            env=self.environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stderr is not None
        seen: list[str] = []
        try:
            for line in process.stderr:
                seen.append(line)
                if found := _ADDRESS.search(line):
                    yield found[1], process
                    break
            else:
                pytest.fail("".join(seen))
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.stderr.close()
            process.wait(60)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def get(url: str) -> tuple[int, dict[str, Any]]:
    """Ask until the server listens."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(url)


@pytest.fixture
def filled(shell: Shell, pmc_pages: RecordedRepository) -> Shell:
    assert shell("sources", "add", pmc_pages.url, "--name", "pmc-recorded").returncode == 0
    assert shell("harvest", "pmc-recorded").returncode == 0
    assert shell("index").returncode == 0
    return shell


def test_a_repository_added_by_command_is_harvested_indexed_and_found(
    shell: Shell, pmc_pages: RecordedRepository
) -> None:
    assert shell("sources", "add", pmc_pages.url, "--name", "rec", "--prefix", "oai_dc").returncode == 0
    done = shell("harvest", "rec", "--json")
    row = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(row) >= _LEDGER
    assert (row["source"], row["status"], row["expected"], row["received"], row["new"]) == (
        "rec",
        "complete",
        None,
        844,
        844,
    )
    early = shell("search", "older lesbian and gay people", "--json")
    assert json.loads(early.stdout)["meta"]["count"] == 0
    assert "Not indexed yet: 844 records. Run kaijuan index." in early.stderr
    (indexed,) = shell.lines("index", "--json")
    assert {"works", "indexed", "removed", "seconds"} <= set(indexed)
    assert indexed["works"] == indexed["indexed"] > 800
    (body,) = shell.lines("search", "older lesbian and gay people", "--json")
    assert set(body) == {"meta", "results", "facets"}
    assert body["results"][0]["title"].startswith("Social connection, relationships and older lesbian")
    (again,) = shell.lines("harvest", "rec", "--json")
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 844)


def test_several_sources_print_one_object_a_line_and_fail_together(
    shell: Shell, pmc_pages: RecordedRepository, doaj_page: RecordedRepository
) -> None:
    shell("sources", "add", pmc_pages.url, "--name", "a")
    shell("sources", "add", doaj_page.url, "--name", "b", "--prefix", "oai_doaj")
    done = shell("harvest", "a", "b", "--json")
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["complete", "incomplete"]
    assert done.returncode == 1


def test_a_limit_gives_incomplete_and_the_next_harvest_goes_on(shell: Shell, pmc_pages: RecordedRepository) -> None:
    shell("sources", "add", pmc_pages.url, "--name", "rec")
    limited = shell("harvest", "rec", "--limit", "100", "--json")
    row = json.loads(limited.stdout)
    assert limited.returncode == 1
    assert row["status"] == "incomplete"
    assert 100 <= row["received"] < 844
    (rest,) = shell.lines("harvest", "rec", "--json")
    assert (rest["status"], rest["received"], rest["new"]) == ("complete", 844, 844)
    assert rest["resumed"] is True


def test_the_search_command_and_the_api_answer_alike(filled: Shell) -> None:
    arguments = ["search", "mental health", "--facets", "source,year", "--limit", "3", "--json"]
    (printed,) = filled.lines(*arguments)
    with filled.served("serve") as (address, _):
        status, served = get(f"{address}/v1/works?q=mental+health&facets=source,year&limit=3")
    assert status == 200
    for body in (printed, served):
        assert body["meta"].pop("took_ms") >= 0
    assert printed == served
    assert printed["facets"]["source"] == [
        {"value": "pmc-recorded", "label": "Recorded pages", "count": printed["meta"]["count"]}
    ]


def test_the_api_answers_for_the_recorded_corpus_in_four_hundred_megabytes(filled: Shell) -> None:
    with filled.served("serve") as (address, process):
        for number in range(60):
            query = ["health", "cell OR protein", '"mental health"', "gen*", "effect -mouse", "title:study"][number % 6]
            path = f"/v1/works?facets=source,year,lang,license,type,has&q={urllib.request.quote(query)}"  # type: ignore[attr-defined]
            assert get(address + path)[0] == 200
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]
    assert peak <= _MEMORY_LIMIT_KB, f"{peak / 1024:.0f} MB"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["harvest"], 2, "Missing argument"),
        (["harvest", "nowhere"], 2, "There is no source 'nowhere'"),
        (["harvest", "doaj", "--since", "yesterday"], 2, "YYYY-MM-DD"),
        (["harvest", "doaj", "--since", "2026-02-01", "--until", "2026-01-01"], 2, "Exchange"),
        (["search", '"unbalanced'], 2, "never closed"),
        (["search", "x" * 10_000], 2, "2,000"),
        (["search", "x", "--sort", "colour"], 2, "sort"),
        (["search", "x", "--facets", "colour"], 2, "unknown facet colour"),
        (["sources", "add", "ftp://example.org", "--name", "x"], 2, "http or https"),
        (["no-such-command"], 2, "No such command"),
        (["serve", "--port", "99999"], 2, "99999"),
    ],
)
def test_a_wrong_command_says_what_to_do_and_exits_with_its_code(
    shell: Shell, arguments: list[str], code: int, said: str
) -> None:
    done = shell(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"KAIJUAN_STORAGE__KIND": "cloud"}, "KAIJUAN_STORAGE"),
        ({"KAIJUAN_STORAGE__KIND": "cluster"}, "KAIJUAN_STORAGE__DATABASE_URL"),
        ({"KAIJUAN_SOURCES_FILE": "/nonexistent/sources.toml"}, "KAIJUAN_SOURCES_FILE"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_touched(shell: Shell, environment: dict[str, str], said: str) -> None:
    done = shell("sources", **environment)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_in_a_setting_is_never_printed(shell: Shell) -> None:
    secret = "hunter2-very-secret"
    done = shell(
        "sources",
        KAIJUAN_STORAGE__KIND="cluster",
        KAIJUAN_STORAGE__DATABASE_URL=f"postgresql://kaijuan:{secret}@127.0.0.1:1/none",
        KAIJUAN_STORAGE__ELASTICSEARCH_URL=f"http://elastic:{secret}@127.0.0.1:1",
    )
    assert done.returncode == 1
    assert secret not in done.stdout + done.stderr


def test_more_sources_come_from_a_file(shell: Shell, tmp_path: Path, pmc_pages: RecordedRepository) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(f'[ours]\nname = "Ours"\nendpoint = "{pmc_pages.url}"\npace_seconds = 0\n', encoding="utf-8")
    shell.environment["KAIJUAN_SOURCES_FILE"] = str(file)
    assert {row["id"] for row in shell.lines("sources", "--json")} > {"doaj", "oalib", "ours", "pmc"}
    assert shell("harvest", "ours").returncode == 0


def test_doctor_examines_everything_and_says_what_to_do(filled: Shell) -> None:
    found = {row["name"]: row for row in filled.lines("doctor", "--json")}
    assert {"settings", "disk", "store", "index", "source doaj", "source pmc"} <= set(found)
    assert found["store"]["state"] == found["index"]["state"] == "ok"
    assert found["repository"]["state"] == "warning"
    assert "KAIJUAN_REPOSITORY_ID" in found["repository"]["remedy"]
    assert (
        found["source pmc-recorded"]["state"] == "warning" or "Recorded pages" in found["source pmc-recorded"]["found"]
    )
    assert all(row["remedy"] for row in found.values() if row["state"] != "ok")


def test_a_damaged_index_is_named_by_doctor_and_mended_by_rebuild(filled: Shell, tmp_path: Path) -> None:
    (generation,) = [path for path in (tmp_path / "data" / "search").iterdir() if path.is_dir()]
    for part in generation.iterdir():
        if part.suffix in {".term", ".idx", ".store", ".fast"}:
            part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
    (generation / "meta.json").write_text("{", encoding="utf-8")
    broken = filled("search", "health")
    assert broken.returncode == 1
    assert "kaijuan rebuild" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert filled("doctor").returncode == 1
    (row,) = filled.lines("rebuild", "--index-only", "--json")
    assert row["indexed"] == row["works"] > 800
    assert filled("search", "health").returncode == 0


def test_every_command_explains_itself_with_an_example(shell: Shell) -> None:
    for command in ("sources", "harvest", "index", "rebuild", "search", "serve", "up", "doctor"):
        done = shell(command, "--help")
        assert done.returncode == 0
        assert f"Example: kaijuan {command}" in done.stdout


def wait_for(condition: Any, seconds: float = 90) -> None:
    """Wait until something is so; fail after a long while."""
    for _ in range(int(seconds * 10)):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about in time")


def test_up_serves_the_demonstration_and_goes_on_after_a_kill(shell: Shell) -> None:
    with shell.served("up", "--demo") as (address, process):
        wait_for(lambda: get(f"{address}/v1/works?limit=1")[1]["meta"]["count"] > 200)
        process.kill()
    with shell.served("up", "--demo") as (address, process):

        def finished() -> bool:
            rows = get(f"{address}/v1/sources")[1]["results"]
            return all(row["last_harvest"] and row["last_harvest"]["status"] == "complete" for row in rows)

        wait_for(finished)

        def indexed() -> bool:
            facets = get(f"{address}/v1/works?facets=source&limit=1")[1]["facets"]
            return bool(sum(value["count"] for value in facets["source"]) >= 3000)

        wait_for(indexed)
        _, body = get(f"{address}/v1/works?facets=lang,source&limit=1")
        languages = {value["value"] for value in body["facets"]["lang"]}
        assert {"en", "zh", "es", "pt", "ru", "ar"} <= languages
        assert {value["value"] for value in body["facets"]["source"]} == {"demo-doaj", "demo-pmc", "demo-university"}
        both = get(f"{address}/v1/works?limit=200&sort=oldest")[1]["results"]
        assert any(len(row["sources"]) > 1 for row in both)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_up_without_reachable_sources_says_so_and_serves_the_demonstration(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    closed = 'endpoint = "http://127.0.0.1:9/oai"\n'
    file.write_text("".join(f"[{name}]\n{closed}" for name in _SEEDS), encoding="utf-8")
    shell.environment["KAIJUAN_SOURCES_FILE"] = str(file)
    said: list[str] = []
    command = [*_COMMAND, "up", "--port", "0"]
    with subprocess.Popen(command, env=shell.environment, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            said.append(line)
            if _ADDRESS.search(line):
                break
        process.send_signal(signal.SIGINT)
        try:
            said.append(process.communicate(timeout=60)[1])
        finally:
            process.kill()
    text = "".join(said)
    assert process.returncode == 0, text
    assert "source doaj: No answer from 127.0.0.1:9" in text
    assert "source pmc: No answer from 127.0.0.1:9" in text
    assert "demonstration repositories" in text
    assert (tmp_path / "data" / "demo" / "records.db").exists()


def test_up_harvests_real_sources_where_they_answer(shell: Shell, tmp_path: Path) -> None:
    with ListRepository(
        [Item(f"oai:x:{number}", "2026-01-01", title=f"Real study {number}") for number in range(25)]
    ) as repository:
        file = tmp_path / "sources.toml"
        file.write_text(
            f'[ours]\nendpoint = "{repository.url}"\npace_seconds = 0\n'
            + "".join(f'[{name}]\nendpoint = "http://127.0.0.1:9/oai"\nenabled = false\n' for name in _SEEDS),
            encoding="utf-8",
        )
        shell.environment["KAIJUAN_SOURCES_FILE"] = str(file)
        with shell.served("up") as (address, _):
            wait_for(lambda: get(f"{address}/v1/works?q=study")[1]["meta"]["count"] == 25)
        assert not (tmp_path / "data" / "demo").exists()


def test_up_goes_on_harvesting_by_schedule(shell: Shell, tmp_path: Path) -> None:
    with ListRepository([Item("oai:x:1", "2026-01-01", title="First study")]) as repository:
        file = tmp_path / "sources.toml"
        file.write_text(
            f'[ours]\nendpoint = "{repository.url}"\npace_seconds = 0\nevery_hours = 0.0006\n'
            + "".join(f"[{name}]\nenabled = false\n" for name in _SEEDS),
            encoding="utf-8",
        )
        shell.environment["KAIJUAN_SOURCES_FILE"] = str(file)
        with shell.served("up") as (address, _):
            wait_for(lambda: get(f"{address}/v1/works?q=study")[1]["meta"]["count"] == 1)
            repository.put(Item("oai:x:2", "2026-01-02", title="Second study"))
            wait_for(lambda: get(f"{address}/v1/works?q=study")[1]["meta"]["count"] == 2)


def test_up_stops_a_first_harvest_at_the_sources_limits(shell: Shell, tmp_path: Path) -> None:
    items = [Item(f"oai:x:{number}", "2026-01-01", title=f"Study {number}") for number in range(60)]
    with ListRepository(items, page_size=5) as repository:
        file = tmp_path / "sources.toml"
        file.write_text(
            f'[ours]\nendpoint = "{repository.url}"\npace_seconds = 0\nfirst_requests = 4\nfirst_records = 1000\n'
            + "".join(f"[{name}]\nenabled = false\n" for name in _SEEDS),
            encoding="utf-8",
        )
        shell.environment["KAIJUAN_SOURCES_FILE"] = str(file)
        with shell.served("up") as (address, _):
            wait_for(lambda: get(f"{address}/v1/works?q=study")[1]["meta"]["count"] == 20)
            (row,) = [row for row in get(f"{address}/v1/sources")[1]["results"] if row["id"] == "ours"]
        assert repository.verbs.count("ListRecords") == 4
        assert (row["last_harvest"]["status"], "4 requests" in row["last_harvest"]["error"]) == ("incomplete", True)


def test_a_taken_port_is_a_clear_message(shell: Shell) -> None:
    with shell.served("serve") as (address, _):
        get(f"{address}/health")
        done = shell("serve", "--port", address.rpartition(":")[2])
    assert done.returncode == 1
    assert "Choose another --port" in done.stderr
