"""Harvesting by command: previews, sets, several hosts at once, the ledger, the quarantine, keys that stay secret."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from harvesters.demo.loopback import Request as HttpRequest
from harvesters.demo.loopback import Response
from harvesters.pace import Pace
from harvesters.runner import Request
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.integration.test_command import Shell
from tests.repository import Item, ListRepository, faults
from tests.repository.server import envelope, error

_KEY = "AB+CD/EF=gh12"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def add(shell: Shell, name: str, repository: ListRepository, **settings: object) -> None:
    with open_library(Settings(data_dir=Path(shell.environment["KAIJUAN_DATA_DIR"])), sources=[]) as library:
        add_source(library, name, repository.url, **settings)  # type: ignore[arg-type]


def fill(repository: ListRepository, count: int) -> None:
    repository.put(
        *(
            Item(
                f"oai:x:{number:03d}",
                f"2026-01-{number % 20 + 1:02d}",
                title=f"Study {number}",
                set_specs=(f"s{number % 2}",),
            )
            for number in range(count)
        )
    )


def test_a_preview_stores_nothing_and_a_set_has_a_checkpoint_of_its_own(
    shell: Shell, list_repository: ListRepository
) -> None:
    fill(list_repository, 40)
    add(shell, "x", list_repository)
    done = shell("harvest", "x", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "10 records of a list that states 40" in done.stdout
    assert "Nothing was stored" in done.stdout
    assert shell.lines("harvests", "--json") == []
    (preview,) = shell.lines("harvest", "x", "--dry-run", "--json")
    assert (preview["expected"], preview["records"], preview["lists"][0]["metadata_prefix"]) == (40, 10, "oai_dc")

    list_repository.faults.add(faults.html, verb="ListRecords", times=2)
    failed = shell("harvest", "x", "--dry-run")
    assert (failed.returncode, "The first page failed" in failed.stdout) == (1, True)
    (odd,) = shell.lines("harvest", "x", "--set", "s1", "--json")
    assert (odd["status"], odd["received"]) == ("complete", 20)
    (whole,) = shell.lines("harvest", "x", "--json")
    assert (whole["status"], whole["received"], whole["new"], whole["unchanged"]) == ("complete", 40, 20, 20)


def test_hosts_are_harvested_side_by_side_and_one_host_never_twice(shell: Shell) -> None:
    both, overlap = threading.Barrier(2, timeout=60), threading.Semaphore(1)

    def meet(_: HttpRequest, response: Response) -> Response:
        both.wait()  # neither answers before the other is asked
        return response

    def alone(_: HttpRequest, response: Response) -> Response:
        assert overlap.acquire(blocking=False), "two requests to one host at once"
        time.sleep(0.05)
        overlap.release()
        return response

    with ListRepository() as first, ListRepository() as second:
        fill(first, 10)
        fill(second, 10)
        for repository in (first, second):
            repository.faults.add(meet, page=1)
        first.faults.add(alone, times=None)
        add(shell, "a", first)
        add(shell, "b", second)
        add(shell, "c", first)
        rows = shell.lines("harvest", "a", "b", "c", "--json")
    assert {(row["source"], row["status"]) for row in rows} == {(name, "complete") for name in "abc"}


def test_the_ledger_shows_runs_and_their_lists(tmp_path: Path, list_repository: ListRepository) -> None:
    fill(list_repository, 40)
    with open_library(Settings(data_dir=tmp_path), sources=[]) as library:
        source = add_source(library, "x", list_repository.url, slice="month", first_days=400)
        harvest(library, source, max_records=10, since="2026-01-01", until="2026-02-28")
        harvest(library, source, since="2026-01-01", until="2026-02-28")
        client = TestClient(make_app(library))
        body = client.get("/v1/sources/x/harvests", params={"limit": 1}).json()
        assert body["results"][0]["status"] == "complete"
        older = client.get("/v1/sources/x/harvests", params={"before": body["meta"]["next_before"]}).json()
        assert [row["status"] for row in older["results"]] == ["incomplete"]
        assert "limit of 10 records" in older["results"][0]["error"]
        one = client.get(f"/v1/sources/x/harvests/{body['results'][0]['id']}").json()
        assert [(row["since"], row["until"], row["received"], row["status"]) for row in one["lists"]] == [
            ("2026-01-01", "2026-01-31", 40, "complete"),
            ("2026-02-01", "2026-02-28", 0, "complete"),
        ]
        assert client.get("/v1/sources/y/harvests").status_code == 404
        assert client.get("/v1/sources/x/harvests/999").status_code == 404
        assert client.get("/v1/sources/x/harvests", params={"limit": 0}).status_code == 400
    shell = Shell(tmp_path)
    assert [row["status"] for row in shell.lines("harvests", "x", "--json")] == ["complete", "incomplete"]
    lists = shell.lines("harvests", "--run", str(one["id"]), "--json")
    assert [row["received"] for row in lists] == [40, 0]
    assert shell("harvests", "nobody").returncode == 2


def test_quarantine_shows_the_bytes_and_a_replay_brings_the_record_in(
    shell: Shell, list_repository: ListRepository
) -> None:
    fill(list_repository, 12)
    # not well-formed: one end tag is wrong, on every answer, until it is mended
    list_repository.faults.add(
        faults.with_bytes(b"<dc:title>Study 7</dc:title>", b"<dc:title>Study 7</dc:tilte>"), times=None
    )
    add(shell, "x", list_repository, attempts=1)
    done = shell("harvest", "x")
    (row,) = shell.lines("quarantine", "--json")
    assert row["identifier"] == "oai:x:007", done.stdout
    shown = shell("quarantine", "show", str(row["key"]))
    assert "Study 7</dc:tilte>" in shown.stdout
    assert "remedy:" in shown.stdout
    assert shell("quarantine", "show", "999").returncode == 2
    assert shell("quarantine", "show", "9" * 30).returncode == 2
    still = shell("quarantine", "replay", "--json")
    assert still.returncode == 1
    list_repository.faults.clear()
    mended = shell("quarantine", "replay", "--json")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert shell.lines("quarantine", "--json") == []
    assert shell.lines("search", "study 7", "--json")[0]["meta"]["count"] >= 1


def test_a_key_is_sent_and_lifts_the_lag_but_is_shown_nowhere(tmp_path: Path) -> None:
    secret = "s3cr3t-key-of-doaj"
    settings = Settings(data_dir=tmp_path, source_keys={"x": SecretStr(secret)})
    with ListRepository() as repository, open_library(settings, sources=[]) as library:
        fill(repository, 25)
        source = add_source(library, "x", repository.url, lag_days=31, first_days=30, slice="month")
        repository.faults.add(faults.status(500), page=2, times=None)
        repository.faults.add(faults.status(500), verb="Identify", times=None)
        report = library.harvest(source, Request(since="2026-01-01", until="2026-01-31"), pace=Pace())
        assert report.status == "incomplete"
        assert {request.argument("api_key") for request in repository.requests} == {secret}
        assert secret not in f"{report.error} {report.error_url} {library.preview(source, Request(), pace=Pace())}"
        until = [window.until or "" for _, window in library.preview(source, Request(), pace=Pace()).lists]
        assert max(until) > _today_minus(2)


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Library]:
    with open_library(Settings(data_dir=tmp_path, source_keys={"x": SecretStr(_KEY)}), sources=[]) as library:
        yield library


@pytest.mark.parametrize("written", [_KEY, "AB%2BCD%2FEF%3Dgh12", "AB%2bCD%2fEF%3dgh12", "AB%252BCD%252FEF%253Dgh12"])
@pytest.mark.parametrize("place", ["error", "cut error", "redirect", "page"])
def test_a_key_that_an_answer_echoes_is_shown_and_kept_nowhere(
    keyed: Library, list_repository: ListRepository, place: str, written: str
) -> None:
    fill(list_repository, 30)
    source = add_source(keyed, "x", list_repository.url)
    echo = f"api_key={written}"
    answers = {
        "error": error(list_repository.url, "badArgument", f"Illegal argument {echo}"),
        "cut error": error(list_repository.url, "badArgument", "…" * (300 - len(echo) + 3) + echo),
        "redirect": Response(status=302, headers=(("Location", f"http://other.example/oai?{echo}"),), body=b""),
        "page": Response(body=f"<OAI-PMH><request {echo}>no end".encode()),
    }
    list_repository.faults.add(lambda *_: answers[place], times=None)
    report = harvest(keyed, source)
    assert report.status == "failed"
    assert "AB" not in f"{report.error} {report.error_url}", "the beginning of the key"
    pieces = keyed.store.quarantine.pieces(keyed.store.sources.keys()["x"], keys=None, limit=10)
    kept = [keyed.store.quarantine.body(row) for row in pieces]
    assert len(kept) == (place == "page")
    assert all(b"AB" not in body and b"api_key=" in body for body in kept)


def test_a_token_that_echoes_the_key_is_followed_and_shown_nowhere(
    keyed: Library, list_repository: ListRepository
) -> None:
    """The list leads in a circle by a token that holds the key; it was sent back as it was."""
    fill(list_repository, 30)
    source = add_source(keyed, "x", list_repository.url)
    pages = iter(range(1000))

    def lead_in_circles(*_: object) -> Response:
        record = (
            f"<record><header><identifier>oai:x:{next(pages)}</identifier><datestamp>2026-01-01</datestamp></header>"
        )
        token = f"<resumptionToken>api_key={_KEY}/1</resumptionToken>"
        listed = f"<ListRecords>{record}<metadata><a/></metadata></record>{token}</ListRecords>"
        return Response(body=envelope(list_repository.url, listed))

    list_repository.faults.add(lead_in_circles, times=None)
    report = harvest(keyed, source)
    assert "a second time" in (report.error or "")
    assert "AB+CD" not in f"{report.error} {report.error_url}"
    assert list_repository.requests[1].argument("resumptionToken") == f"api_key={_KEY}/1"


def test_the_lag_of_a_source_is_shown_where_there_is_no_key_that_lifts_it(shell: Shell) -> None:
    with ListRepository() as repository:
        add(shell, "x", repository, lag_days=31)
    for keys, days in (({}, 31), ({"KAIJUAN_SOURCE_KEYS": json.dumps({"x": _KEY})}, 0)):
        rows = [json.loads(line) for line in shell("sources", "--json", **keys).stdout.splitlines()]
        assert [row["lag_days"] for row in rows if row["id"] == "x"] == [days]
        (line,) = [line for line in shell("sources", COLUMNS="200", **keys).stdout.splitlines() if line[2:4] == "x "]
        assert ("31 days" in line) == (days == 31)


def test_a_harvest_by_hand_outside_of_its_hosts_hours_goes_on_and_says_so(
    shell: Shell, list_repository: ListRepository
) -> None:
    fill(list_repository, 3)
    hour = datetime.now(UTC).hour
    add(shell, "outside", list_repository, hours=f"{(hour + 2) % 24:02d}-{(hour + 3) % 24:02d}")
    add(shell, "inside", list_repository, hours=f"{hour:02d}-{(hour + 2) % 24:02d}")
    done = shell("harvest", "outside", "inside", "--json")
    assert done.returncode == 0, done.stderr
    assert "outside: large harvests are for" in done.stderr
    assert "inside: large" not in done.stderr


def _today_minus(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d")


def test_one_source_that_fails_hides_no_others_outcome(shell: Shell, list_repository: ListRepository) -> None:
    fill(list_repository, 10)
    add(shell, "bad", list_repository, kind="pmc-idconv")  # it enriches no source
    add(shell, "good", list_repository)
    for dry in ((), ("--dry-run",)):
        done = shell("harvest", "bad", "good", "--json", *dry)
        rows = {row["source"]: row for row in map(json.loads, done.stdout.splitlines())}
        assert set(rows) == {"bad", "good"}
        assert "Set enriches" in rows["bad"]["error"]
        assert rows["good"]["error"] is None
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
    people = shell("harvest", "bad", "good")
    assert people.returncode == 1
    assert "Set enriches" in people.stderr
    assert "complete" in people.stdout


def test_sources_of_one_host_share_its_pace(shell: Shell, list_repository: ListRepository) -> None:
    fill(list_repository, 1)
    for name in "ab":
        add(shell, name, list_repository, pace_seconds=1.0)
    moments: list[float] = []

    def note(_: HttpRequest, response: Response) -> Response:
        moments.append(time.monotonic())
        return response

    list_repository.faults.add(note, times=None)
    assert shell("harvest", "a", "b", "--json").returncode == 0
    assert len(moments) == 2
    assert moments[1] - moments[0] > 0.5


def test_nothing_asks_a_host_that_another_process_is_asking(shell: Shell, list_repository: ListRepository) -> None:
    fill(list_repository, 10)
    add(shell, "x", list_repository)
    with (
        open_library(Settings(data_dir=Path(shell.environment["KAIJUAN_DATA_DIR"])), sources=[]) as library,
        library.store.database.lock(f"host:{library.store.sources.get('x').host}"),
    ):
        done = shell("harvest", "x", "--dry-run")
        adding = shell("sources", "add", list_repository.url, "--name", "y", "--set", "s1")
        asking = shell("sources", "show", "x", "--ask")
        (examined,) = [row for row in shell.lines("doctor", "--json") if row["name"] == "source x"]
    for refused in (done, adding, asking):
        assert refused.returncode == 1
        assert "Another process is asking 127.0.0.1" in refused.stderr
        assert "host:" not in refused.stderr
    assert (examined["state"], "another process" in examined["found"]) == ("ok", True)
    assert list_repository.requests == []


def test_a_lock_that_is_only_looked_at_makes_no_harvest_busy(
    embedded: Library, list_repository: ListRepository
) -> None:
    """A page view asks whether a harvest is running; it holds the lock while it looks."""
    fill(list_repository, 10)
    source = add_source(embedded, "x", list_repository.url)
    looking, has_looked = threading.Event(), threading.Event()

    def look() -> None:
        with embedded.store.database.lock("harvest:x"):
            looking.set()
            has_looked.wait(0.05)

    viewer = threading.Thread(target=look)
    viewer.start()
    assert looking.wait(30)
    assert harvest(embedded, source).status == "complete"
    viewer.join()


def test_all_lists_of_a_run_are_shown_in_order_or_it_is_said_that_they_are_not(
    tmp_path: Path, list_repository: ListRepository
) -> None:
    fill(list_repository, 5)
    with open_library(Settings(data_dir=tmp_path), sources=[]) as library:
        source = add_source(library, "x", list_repository.url, slice="day")
        report = harvest(library, source, since="2026-01-01", until="2026-01-31")
        add_source(library, "y", list_repository.url)
        shown = TestClient(make_app(library)).get(f"/v1/sources/x/harvests/{report.id}").json()
        assert (len(shown["lists"]), shown["lists_cut"]) == (31, False)
    shell = Shell(tmp_path)
    lists = shell.lines("harvests", "--run", str(report.id), "--json")
    assert [row["since"] for row in lists] == [f"2026-01-{day:02d}" for day in range(1, 32)]
    few = shell("harvests", "--run", str(report.id), "--limit", "30", "--json")
    assert len(few.stdout.splitlines()) == 30
    assert "more lists than these 30" in few.stderr
    for unknown in (("--run", "999"), ("y", "--run", str(report.id)), ("--run", "99999999999999999999")):
        refused = shell("harvests", *unknown)
        assert refused.returncode == 2, unknown
        assert "Traceback" not in refused.stderr
    assert "no harvest 999" in shell("harvests", "--run", "999").stderr


def test_a_redirect_counts_as_a_request(embedded: Library, list_repository: ListRepository) -> None:
    fill(list_repository, 30)
    source = add_source(embedded, "x", list_repository.url)
    there = (("Location", f"{list_repository.url}?verb=ListRecords&metadataPrefix=oai_dc&again=1"),)
    list_repository.faults.add(lambda *_: Response(status=302, headers=there, body=b""), times=1)
    report = harvest(embedded, source, max_requests=2)
    assert (report.received, len(list_repository.requests)) == (10, 2)
    assert "limit of 2 requests" in (report.error or "")
