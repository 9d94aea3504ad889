"""What stands in the logs: whole lines, whose each is, and no secret."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from harvesters.pace import Pace
from harvesters.progress import Progress as HarvestProgress
from harvesters.runner import Request
from indexer.errors import StoreError
from search_api.account_settings import CampusSettings, WeChatSettings
from search_api.cli.output import HarvestWatch
from search_api.library import Library
from search_api.logs import HIDDEN, configure_logs, secrets_of
from search_api.settings import ClusterStorage, Settings
from tests.integration.conftest import add_source
from tests.integration.test_command import Shell, get, shell
from tests.integration.wire import served
from tests.repository import Item, ListRepository
from tests.unit.web.records import Dublin, put

__all__ = ["shell"]

_SECRET = 's3cr"3t/p@ß wort'
#: Four processes of two threads write long lines into one pipe at once.
_WRITERS = """
import os, threading, structlog
from search_api.logs import configure_logs, share_lines
configure_logs(style="json")
share_lines()
log = structlog.get_logger()
def write(name):
    for number in range(40):
        log.info("written", writer=name, number=number, text="x" * (200 if number % 2 else 20_000))
children = []
for place in range(4):
    pid = os.fork()
    if not pid:
        threads = [threading.Thread(target=write, args=(f"{place}.{one}",)) for one in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Log as a service does; call it for what was logged since."""
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    configure_logs(style="json", level="info", secrets=[_SECRET])
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    configure_logs()
    structlog.reset_defaults()
    logging.getLogger("elastic_transport").setLevel(logging.NOTSET)
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


def test_lines_of_several_processes_and_threads_are_whole_however_long() -> None:
    done = subprocess.run([sys.executable, "-c", _WRITERS], capture_output=True, text=True, check=True, timeout=120)
    written = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(written) == 4 * 2 * 40
    assert {(line["writer"], line["number"]) for line in written} == {
        (f"{place}.{thread}", number) for place in range(4) for thread in range(2) for number in range(40)
    }


def test_no_secret_gets_out_in_whatever_form(lines: Any) -> None:
    log = structlog.get_logger()
    log.info("connecting", url=f"postgresql://kaijuan:{_SECRET}@db/x", plain=_SECRET, listed=[_SECRET])
    log.info("other", url="https://someone:unknown-word@es:9200/", dsn="host=db password=unknown-word user=x")
    log.info("asked", url="https://doaj.org/oai?verb=Identify&api_key=unknown-word&x=1")
    log.info("quoted", said='Connection "host=db password=unknown-word" failed.')
    error = StoreError(f"cannot connect to {_SECRET}", remedy="postgresql://a:unknown-word@b/c")
    log.error("failed", exc_info=error)
    logging.getLogger("urllib3").warning("node %s", "http://kaijuan:unknown-word@es:9200")
    told = lines()
    assert [line["event"] for line in told] == ["connecting", "other", "asked", "quoted", "failed", "library_said"]
    text = json.dumps(told, ensure_ascii=False)
    assert "unknown-word" not in text
    assert "s3cr" not in text
    assert text.count(HIDDEN) >= 8
    assert told[2]["url"].endswith("&x=1")
    assert told[3]["said"] == f'Connection "host=db password={HIDDEN}" failed.'


@pytest.mark.parametrize("style", ["json", "console"])
def test_nothing_that_lets_somebody_in_is_logged(style: str, lines: Any, capsys: pytest.CaptureFixture[str]) -> None:
    lines()
    configure_logs(style=style)
    word, device, program = "unknown-w'o\"rd", "ks_" + "Ab1-" * 10 + "x_9", "kj_" + "Ab1-" * 10 + "x_9"
    log, code = structlog.get_logger(), "ABCDE-23456-FGHJK-789AB"
    log.info(
        "shown",
        cookie=f"a=1; kaijuan_session={device}; kaijuan_campus=eyJ.word.sig",
        header="Bearer word.4+/=",
        token=program,
    )
    log.info("given", password=word, new_password=word, body={"csrf": word, "profile": {"password": word}})
    log.info("sent", form="name=wang&password=word1&csrf=word2", page="/sign-in/campus?adds=word3&next=/me")
    log.info("read", body='{"name": "wang", "new_password": "word1"}', repeated=repr({"csrf": "word2"}))
    log.info("entered", code=code, typed=f"kaijuan: {code.lower()}\n{device}\npassword=word4")
    logging.getLogger("urllib3").warning("GET /sns/jscode2session?appid=wx1&secret=word1&js_code=word2&x=1")
    told = capsys.readouterr().err
    for secret in ("word", "eyJ", "Ab1-", "rd", "ABCDE", "abcde"):
        left = [line for line in told.splitlines() if secret in line.replace("password", "")]
        assert not left, secret
    for kept in ("wang", "next=/me", "appid=wx1", "x=1"):
        assert kept in told
    assert len(told.splitlines()) == 6 or style == "console"
    if style == "json":
        assert all(json.loads(line) for line in told.splitlines())


def test_all_secrets_among_the_settings_are_known() -> None:
    storage = ClusterStorage(
        kind="cluster",
        database_url=SecretStr("postgresql://kaijuan:first%40word@db/x"),
        elasticsearch_url=SecretStr("https://u:second-word@a:9200,https://u:third-word@b:9200"),
    )
    settings = Settings(
        storage=storage,
        desk_token=SecretStr("desk-token-desk-token-24"),
        source_keys={"doaj": SecretStr("doaj-key")},
        wechat=WeChatSettings(secret=SecretStr("wechat-secret")),
        campus=CampusSettings(secret=SecretStr("campus-secret")),
    )
    assert set(secrets_of(settings)) == {
        "first%40word",
        "first@word",
        "second-word",
        "third-word",
        "desk-token-desk-token-24",
        "doaj-key",
        "wechat-secret",
        "campus-secret",
    }


def test_what_libraries_log_carries_the_request_too(lines: Any) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("uvicorn.error").error("Something of %s", "its own")
    (line,) = lines()
    assert (line["event"], line["library"], line["said"], line["level"], line["request_id"]) == (
        "library_said",
        "uvicorn.error",
        "Something of its own",
        "error",
        "r-1",
    )


def test_an_engine_that_is_merely_busy_fills_no_log_with_its_clients_warnings(lines: Any) -> None:
    log = logging.getLogger("elastic_transport.node_pool")
    log.warning("Node %r has failed for %i times in a row, putting on %i second timeout", "x", 9, 30)
    assert lines() == []
    log.error("what is worse")
    assert [line["said"] for line in lines()] == ["what is worse"]
    configure_logs(style="json", level="debug")
    log.warning("who looks for a cause sees it")
    assert [line["said"] for line in lines()] == ["who looks for a cause sees it"]


def test_where_lines_shall_be_json_all_that_a_service_says_is(shell: Shell) -> None:
    shell.environment["KAIJUAN_LOG_FORMAT"] = "json"
    with shell.served("up", "--demo") as (address, process):
        assert get(f"{address}/v1/sources")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        told = [json.loads(line) for line in process.stderr]
        assert process.wait(60) == 0
    assert "stopping" in {line["event"] for line in told}


def test_progress_is_an_event_where_lines_shall_be_json(lines: Any) -> None:
    HarvestWatch()(HarvestProgress(source="campus", started=0.0))
    (line,) = lines()
    assert (line["event"], line["source"], line["received"]) == ("harvest_progress", "campus", 0)


def test_a_cancellation_that_is_no_end_of_the_server_stays_an_error(lines: Any) -> None:
    error = asyncio.CancelledError()
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    assert [line["level"] for line in lines()] == ["error"]


def test_a_request_is_one_line_that_names_neither_the_reader_nor_what_was_asked_for(
    embedded: Library, lines: Any
) -> None:
    put(embedded, Dublin(identifier="oai:x:1", elements=[("title", "Solar cells")]))
    lines()
    with served(embedded) as wire:
        wire.ask("/v1/works?q=embarrassing", "X-Request-Id: one", "User-Agent: Somebody")
        wire.ask("/v1/works/w1embarrassing", "X-Request-Id: two", "Cookie: somebody=1")
        wire.ask("/embarrassing", "X-Request-Id: three")
        wire.ask("/?q=%22embarrassing", "X-Request-Id: four")
        wire.ask("/health", "X-Request-Id: five")
    told = [line for line in lines() if line["event"] == "request_answered"]
    assert [(line["request_id"], line["route"], line["status"]) for line in told] == [
        ("one", "/v1/works", 200),
        ("two", "/v1/works/{work_id:path}", 404),
        ("three", "unmatched", 404),
        ("four", "/", 400),
    ]
    assert set(told[0]) == {"event", "level", "timestamp", "request_id", "method", "route", "status", "ms"}


def test_what_is_logged_in_a_harvest_names_its_source_and_its_run(embedded: Library, lines: Any) -> None:
    log = structlog.get_logger()
    with ListRepository([Item("oai:x:1", "2026-01-01")]) as repository:
        source = add_source(embedded, "campus", repository.url)
        seen: list[dict[str, Any]] = []

        def on_progress(_: object) -> None:
            log.info("in_the_middle")
            seen.append(dict(structlog.contextvars.get_contextvars()))

        report = embedded.harvest(source, Request(), pace=Pace(), on_progress=on_progress)
    assert seen
    assert {(line["source"], line["run"]) for line in lines() if line["event"] == "in_the_middle"} == {
        ("campus", report.id)
    }
    assert "run" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize(("setting", "value"), [("LOG_FORMAT", "console"), ("LOG_LEVEL", "error")])
def test_settings_choose_how_and_from_what_level_is_logged(shell: Shell, setting: str, value: str) -> None:
    for name in ("doaj", "doaj-journals", "pmc", "pmc-idconv", "oalib"):
        shell("sources", "pause", name)
    shell.environment[f"KAIJUAN_{setting}"] = value
    written: list[str] = []
    with shell.served("serve") as (address, process):
        assert get(f"{address}/v1/sources")[0] == 200
        assert process.stderr is not None
        process.send_signal(signal.SIGTERM)
        written = process.stderr.read().splitlines()
    told = [line for line in written if "request_answered" in line]
    assert (len(told), any(line.startswith("{") for line in told)) == (1 if setting == "LOG_FORMAT" else 0, False)


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    writer = (
        "import structlog\nfrom search_api.logs import configure_logs, say\n"
        "configure_logs(style='auto')\ninput()\nstructlog.get_logger().info('unread')\n"
        "say('stopping', 'Stopping')\nprint('went on')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", writer],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    process.stderr.close()
    assert process.communicate("\n", timeout=60)[0] == "went on\n"
