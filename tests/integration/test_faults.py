"""What readers, probes and operators are told while a server of the cluster refuses, cuts or hangs, and afterwards."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from search_api.library import Library, open_library
from search_api.logs import configure_logs
from search_api.settings import ClusterStorage, Settings
from tests.integration.proxying import Mood, Proxy
from tests.integration.wire import Wire, served
from tests.unit.web.records import Dublin, put

pytestmark = pytest.mark.cluster

#: What search may take here; with the spare ten seconds that cards have, every answer begins within eleven.
_SEARCH_SECONDS = 1.0
_MOST_SECONDS = 30.0
_ROUTES = (
    "/v1/works?q=solar",
    "/v1/works/doi:10.5555/s.1",
    "/v1/sources",
    "/v1/facets?facet=keyword&q=solar",
    "/v1/export?format=ris&q=solar",
    "/v1/works.atom?q=solar",
    "/oai?verb=ListRecords&metadataPrefix=oai_dc",
)
_PAGES = ("/?q=solar", "/works/doi:10.5555/s.1", "/sources")


@pytest.fixture
def database(cluster_storage: ClusterStorage) -> Iterator[Proxy]:
    url = make_url(cluster_storage.database_url.get_secret_value())
    with Proxy(str(url.host), url.port or 5432) as proxy:
        yield proxy


@pytest.fixture
def engine(cluster_storage: ClusterStorage) -> Iterator[Proxy]:
    parts = urlsplit(cluster_storage.elasticsearch_url.get_secret_value())
    with Proxy(str(parts.hostname), parts.port or 9200) as proxy:
        yield proxy


@pytest.fixture
def library(tmp_path: Any, cluster_storage: ClusterStorage, database: Proxy, engine: Proxy) -> Iterator[Library]:
    url = make_url(cluster_storage.database_url.get_secret_value()).set(host="127.0.0.1", port=database.port)
    storage = cluster_storage.model_copy(
        update={
            "database_url": SecretStr(url.render_as_string(hide_password=False)),
            "elasticsearch_url": SecretStr(f"http://127.0.0.1:{engine.port}"),
        }
    )
    settings = Settings(data_dir=tmp_path, storage=storage, search_seconds=_SEARCH_SECONDS)
    with open_library(settings, sources=[]) as opened:
        elements = [("title", "Solar cells"), ("identifier", "https://doi.org/10.5555/s.1")]
        put(opened, Dublin(identifier="oai:x:1", elements=elements))
        yield opened


@pytest.fixture
def wire(library: Library) -> Iterator[Wire]:
    with served(library) as wire:
        assert wire.ask("/v1/works?q=solar").json()["meta"]["count"] == 1
        yield wire


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def _asked(wire: Wire, targets: tuple[str, ...], *headers: str) -> dict[str, Any]:
    """Ask for everything at once; return the answers by target."""
    answers: dict[str, Any] = {}
    threads = [
        threading.Thread(target=lambda one=one: answers.update({one: wire.ask(one, *headers)})) for one in targets
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < _MOST_SECONDS
    return answers


def _well_again(wire: Wire) -> None:
    _until(lambda: wire.ask("/ready").status == 200)
    _until(lambda: all(wire.ask(target).status < 400 for target in (*_ROUTES, *_PAGES)))


@pytest.mark.parametrize("mood", ["refusing", "holding"])
def test_without_the_database_everything_says_so_in_bounded_time_and_works_again_by_itself(
    wire: Wire, database: Proxy, mood: Mood
) -> None:
    database.set(mood)
    for target, answer in _asked(wire, _ROUTES).items():
        assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json"), target
        assert int(answer.headers["retry-after"]) > 0, target
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert _asked(wire, ("/v1/suggest?q=sol",), "Authorization: Bearer kj_somebody")["/v1/suggest?q=sol"].status == 503
    for language, said in (("zh-CN", "检索暂时不能用"), ("en", "The search cannot be used now")):
        for target, page in _asked(wire, _PAGES, "Accept: text/html", f"Accept-Language: {language}").items():
            assert (page.status, page.headers["retry-after"]) == (503, "5"), target
            assert said in page.body.decode(), target
    assert wire.ask("/health").status == 200
    ready = wire.ask("/ready")
    assert (ready.status, ready.json()["checks"]["store"] == "ok") == (503, False)
    database.set("passing")
    _well_again(wire)


_INDEX_DOWN = "\nkaijuan_index_up 0.0\n"


@pytest.mark.parametrize("mood", ["refusing", "holding"])
def test_without_the_engine_searches_say_so_and_works_are_still_shown(wire: Wire, engine: Proxy, mood: Mood) -> None:
    engine.set(mood)
    answers = _asked(wire, ("/v1/works?q=solar", "/v1/export?format=ris&q=solar", "/v1/works/doi:10.5555/s.1"))
    assert [answer.status for answer in map(answers.get, sorted(answers))] == [503, 200, 503]  # type: ignore[union-attr]
    assert answers["/v1/works?q=solar"].headers["retry-after"] == "5"
    assert wire.ask("/health").status == 200
    ready = wire.ask("/ready")
    assert (ready.status, ready.json()["checks"]["store"]) == (503, "ok")
    assert ready.json()["checks"]["index"] != "ok"
    # A machine that is busy may need more than one look for the store's numbers.
    _until(lambda: "\nkaijuan_store_up 1.0\n" in (told := wire.ask("/metrics").body.decode()) and _INDEX_DOWN in told)
    engine.set("passing")
    _well_again(wire)


def test_however_many_wait_for_a_database_that_hangs_the_process_still_says_that_it_lives(
    wire: Wire, database: Proxy
) -> None:
    database.set("holding")
    waiting = [threading.Thread(target=wire.ask, args=("/v1/sources",)) for _ in range(60)]
    for thread in waiting:
        thread.start()
    _until(lambda: _in_flight(wire) > 50)
    assert wire.ask("/health").status == 200
    assert wire.ask("/ready").status == 503
    database.set("passing")
    for thread in waiting:
        thread.join()
    _well_again(wire)


def _in_flight(wire: Wire) -> float:
    told = re.search(r"^kaijuan_http_requests_in_flight (\S+)$", wire.ask("/metrics").body.decode(), re.MULTILINE)
    return float(told[1]) if told else 0


def test_what_is_logged_meanwhile_names_no_password(
    library: Library, database: Proxy, engine: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = library.settings.storage
    assert isinstance(storage, ClusterStorage)
    password = make_url(storage.database_url.get_secret_value()).password
    assert password
    configure_logs(style="json", level="debug")
    try:
        with served(library) as wire:
            for proxy in (database, engine):
                proxy.set("refusing")
                _asked(wire, _ROUTES)
    finally:
        structlog.reset_defaults()
    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert {"service_unavailable", "request_answered"} <= {line["event"] for line in lines}
    assert str(password) not in written
    assert "solar" not in written
    assert all("request_id" in line for line in lines if line["event"] == "request_answered")
