"""How the processes that serve a library begin, stop, die and are replaced."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from harvesters.demo.loopback import Request, Response
from indexer.storage.leases import count_leases
from search_api.library import open_library
from search_api.settings import ClusterStorage, Settings
from tests.integration.conftest import add_source
from tests.integration.test_command import Shell, filled, get, shell
from tests.repository import Item, ListRepository

__all__ = ["filled", "shell"]

#: So that no test waits for ever; nothing is measured by it.
_PATIENCE = 60
_EACH = pytest.mark.parametrize("workers", [1, 2])


def _children(process: subprocess.Popen[str]) -> list[int]:
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(pid) for pid in found.split()]


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def _metrics(address: str) -> dict[str, float]:
    with urlopen(f"{address}/metrics", timeout=_PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def _answered(address: str) -> float:
    return _metrics(address).get('kaijuan_http_request_seconds_count{route="/v1/works",status="2xx"}', 0)


def _half_sent(address: str) -> socket.socket:
    """Begin a request whose body is not here yet: the server is answering it until it comes."""
    connection = socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), timeout=_PATIENCE)
    head = "POST /v1/works HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n"
    connection.sendall(head.encode() + b'{"q":')
    _wait(lambda: _metrics(address)["kaijuan_http_requests_in_flight"] == 2)
    return connection


def _is_refused(address: str) -> bool:
    try:
        socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), timeout=_PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def test_several_processes_answer_at_one_address_and_end_together(filled: Shell) -> None:
    with filled.served("serve", "--workers", "2") as (address, process):
        children = _children(process)
        assert len(children) == 2
        for _ in range(20):
            assert get(f"{address}/v1/works?q=health&limit=1")[0] == 200
    assert process.returncode == 0
    assert not [pid for pid in children if _lives(pid)]


def test_a_process_that_is_killed_is_replaced_and_nothing_that_was_counted_is_lost(filled: Shell) -> None:
    with filled.served("serve", "--workers", "2") as (address, process):
        for _ in range(20):
            assert get(f"{address}/v1/works?q=health&limit=1")[0] == 200
        assert _answered(address) == 20, "whichever process is asked tells the sum"
        for _ in range(2):
            first, *others = _children(process)
            os.kill(first, signal.SIGKILL)
            _wait(lambda gone=first, kept=others: len(set(_children(process)) - {gone, *kept}) == 1)  # type: ignore[misc]
        for _ in range(20):
            assert get(f"{address}/v1/works?q=health&limit=1")[0] == 200
        _wait(lambda: _metrics(address)["kaijuan_http_requests_in_flight"] == 1)
        assert _answered(address) == 40
        told = {name for name in _metrics(address) if name.startswith("kaijuan_process_cpu_seconds_total")}
        assert told == {f'kaijuan_process_cpu_seconds_total{{process="{place}"}}' for place in (0, 1)}
    assert process.returncode == 0


def test_processes_that_die_again_and_again_are_not_replaced_for_ever(filled: Shell) -> None:
    with filled.served("serve", "--workers", "2") as (_, process):

        def kill_all() -> bool:
            for pid in _children(process):
                os.kill(pid, signal.SIGKILL)
            return process.poll() is not None

        try:
            _wait(kill_all)
        except FileNotFoundError:  # it ended a moment ago
            process.wait(_PATIENCE)
        assert process.returncode == 1


def test_where_their_parent_is_killed_the_processes_end(filled: Shell) -> None:
    with filled.served("serve", "--workers", "2") as (_, process):
        children = _children(process)
        process.kill()
        _wait(lambda: not any(map(_lives, children)))


@_EACH
def test_told_to_stop_a_server_says_so_before_it_accepts_nobody_any_more(filled: Shell, workers: int) -> None:
    filled.environment["KAIJUAN_DRAIN_SECONDS"] = "4"
    with filled.served("serve", "--workers", str(workers)) as (address, process):
        assert get(f"{address}/ready")[1]["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        _wait(lambda: get(f"{address}/ready") == (503, {"status": "stopping", "checks": {}}))
        assert get(f"{address}/v1/works?q=health&limit=1")[0] == 200
        _wait(lambda: _is_refused(address))
        assert process.wait(_PATIENCE) == 0


@_EACH
def test_what_is_being_answered_when_a_server_stops_is_answered(filled: Shell, workers: int) -> None:
    with filled.served("serve", "--workers", str(workers)) as (address, process):
        connection = _half_sent(address)
        process.send_signal(signal.SIGTERM)
        _wait(lambda: _is_refused(address))
        connection.sendall(b'"health"}')
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, "results" in json.load(answer)) == (200, True)
        connection.close()
        assert process.wait(_PATIENCE) == 0


@_EACH
def test_what_never_ends_keeps_no_server_from_stopping(filled: Shell, workers: int) -> None:
    with filled.served("serve", "--workers", str(workers)) as (address, process), _half_sent(address) as connection:
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE) == 0
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        answer.close()


@_EACH
def test_an_export_that_is_cut_off_by_the_end_of_the_server_is_one_line_that_is_no_error(
    filled: Shell, workers: int
) -> None:
    filled.environment["KAIJUAN_LOG_FORMAT"] = "json"
    with (
        filled.served("serve", "--workers", str(workers)) as (address, process),
        socket.socket() as connection,
    ):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what is not read waits in the server
        connection.settimeout(_PATIENCE)
        connection.connect((urlsplit(address).hostname, urlsplit(address).port))
        connection.sendall(b"GET /v1/export?format=jsonl HTTP/1.1\r\nHost: x\r\nX-Request-Id: long\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        lines = [json.loads(line) for line in process.stderr]
        assert process.wait(_PATIENCE) == 0
    cut = [line for line in lines if line["level"] in ("warning", "error")]
    assert [(line["event"], line["level"], line["request_id"]) for line in cut] == [
        ("request_cut_off", "warning", "long")
    ]
    assert not [line for line in lines if line["event"] == "library_said" or "exception" in line]


@_EACH
def test_told_twice_a_server_stops_at_once(filled: Shell, workers: int) -> None:
    filled.environment["KAIJUAN_DRAIN_SECONDS"] = "300"
    with filled.served("serve", "--workers", str(workers)) as (address, process):
        children = _children(process)
        with _half_sent(address):
            process.send_signal(signal.SIGTERM)
            _wait(lambda: get(f"{address}/ready")[0] == 503)
            process.send_signal(signal.SIGTERM)
            assert process.wait(_PATIENCE) == 0
        assert not [pid for pid in children if _lives(pid)]


def test_a_worker_tells_operators_how_it_is_and_stops_when_told(shell: Shell) -> None:
    for name in ("doaj", "doaj-journals", "pmc", "pmc-idconv", "oalib"):
        shell("sources", "pause", name)
    process = subprocess.Popen(
        [sys.executable, "-c", "from search_api.cli import main; main()", "up", "--no-serve", "--metrics-port", "0"],
        env=shell.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        found = next(found for line in process.stderr if (found := re.search(r"Metrics at (http://[\d.:]+)", line)))
        assert get(f"{found[1]}/health") == (200, {"status": "ok", "checks": {}})
        _wait(lambda: get(f"{found[1]}/ready")[0] == 200)
        told = _metrics(found[1])
        assert (told["kaijuan_store_up"], told["kaijuan_index_up"], told["kaijuan_queue_records"]) == (1, 1, 0)
        assert get(f"{found[1]}/v1/works")[0] == 404
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.close()
        assert process.wait(_PATIENCE) == 0


def _worker_settings(settings: Settings) -> dict[str, str]:
    told = {"KAIJUAN_DATA_DIR": str(settings.data_dir), "KAIJUAN_LOG_FORMAT": "json", "KAIJUAN_LOG_LEVEL": "debug"}
    if isinstance(settings.storage, ClusterStorage):
        told |= {
            "KAIJUAN_STORAGE__KIND": "cluster",
            "KAIJUAN_STORAGE__DATABASE_URL": settings.storage.database_url.get_secret_value(),
            "KAIJUAN_STORAGE__ELASTICSEARCH_URL": settings.storage.elasticsearch_url.get_secret_value(),
            "KAIJUAN_STORAGE__INDEX_PREFIX": settings.storage.index_prefix,
        }
    return told


def test_a_worker_that_is_told_to_stop_stores_the_page_in_hand_and_leaves_no_lease(settings: Settings) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def hold(_: Request, response: Response) -> Response:
        asked.set()
        assert may_answer.wait(_PATIENCE)
        return response

    items = [Item(f"oai:x:{number:03}", "2026-01-01", title=f"Solar cells {number}") for number in range(60)]
    with ListRepository(items) as repository, open_library(settings) as library:
        for source in library.store.sources.all():
            library.store.sources.update(dataclasses.replace(source, enabled=False))
        repository.faults.add(hold, page=2)
        add_source(library, "campus", repository.url)
        process = subprocess.Popen(
            [sys.executable, "-c", "from search_api.cli import main; main()", "up", "--no-serve"],
            env={name: value for name, value in os.environ.items() if not name.startswith("KAIJUAN_")}
            | _worker_settings(settings),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert asked.wait(_PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert any(json.loads(line)["event"] == "stopping" for line in process.stderr)
        may_answer.set()
        lines = [json.loads(line) for line in process.stderr]
        process.stderr.close()
        assert process.wait(_PATIENCE) == 0
        (report,) = library.store.harvests.history.runs("campus")
        assert (report.status, report.received) == ("incomplete", 20)
        assert count_leases(library.store.database).open == 0
    ended = [(line["source"], line["run"], line["status"]) for line in lines if line["event"] == "harvest_ended"]
    assert ended == [("campus", report.id, "incomplete")]
