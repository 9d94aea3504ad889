"""What the doctor finds of the cluster's real servers."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from indexer import clock
from indexer.storage import schema
from indexer.storage.cluster_state import DatabaseState, NodeDisk, SearchClusterState
from indexer.storage.elastic import connect
from search_api.cli import cluster_checks
from search_api.cli.cluster_checks import examine_following, examine_servers
from search_api.cli.findings import Check
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings
from tests.unit.web.records import Dublin, put

pytestmark = pytest.mark.cluster


@pytest.fixture
def library(cluster_storage: ClusterStorage, tmp_path: Path) -> Iterator[Library]:
    with open_library(Settings(data_dir=tmp_path, storage=cluster_storage), sources=[]) as opened:
        put(opened, Dublin(identifier="oai:x:1", elements=[("title", "Solar cells")]))
        yield opened


def _found(checks: Iterator[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def _states(checks: Iterator[Check]) -> dict[str, str]:
    return {name: check.state for name, check in _found(checks).items() if name != "search disk"}


def test_a_cluster_that_is_well_is_said_to_be(library: Library, cluster_storage: ClusterStorage) -> None:
    assert _states(examine_servers(cluster_storage)) == {
        "database password": "ok",
        "database": "ok",
        "schema": "ok",
        "connections": "ok",
        "clocks": "ok",
        "search cluster": "ok",
        "copies": "ok",
    }
    assert _states(examine_following(library)) == {"workers": "ok"}


def test_what_is_wrong_with_the_index_is_told_with_its_remedy(
    library: Library, cluster_storage: ClusterStorage
) -> None:
    client = connect(cluster_storage.elasticsearch_url.get_secret_value())
    name = next(iter(client.indices.get_alias(name=f"{cluster_storage.index_prefix}-works")))
    other = f"{cluster_storage.index_prefix}-works-left"
    client.indices.create(index=other)  # one copy more than there are nodes
    client.indices.put_settings(index=name, settings={"index.blocks.read_only_allow_delete": True})
    try:
        found = _found(examine_servers(cluster_storage.model_copy(update={"shards": 3, "replicas": 2})))
    finally:
        client.indices.put_settings(index=name, settings={"index.blocks.read_only_allow_delete": None})
        client.close()
    assert (found["blocks"].state, found["blocks"].found) == (
        "failed",
        f"{name} takes no changes: read_only_allow_delete",
    )
    assert found["shards"].found.endswith("has 1 x 1, the settings say 3 x 3 (shards x copies)")
    assert (found["generations"].state, found["generations"].found) == ("warning", f"not in use: {other}")
    assert (found["copies"].state, found["copies"].found) == ("warning", "yellow; copies missing: 1")
    assert all(check.remedy for check in found.values() if check.state != "ok")


def test_what_a_worker_left_behind_and_for_how_long_is_told(library: Library) -> None:
    with library.store.database.write() as connection:
        long_ago = clock.now() - timedelta(hours=2)
        lease = {"index_id": "x", "first": 1, "last": 2, "owner": "gone", "until": long_ago, "done": False}
        connection.execute(schema.index_leases.insert().values(**lease))
        change = {"work_key": 1, "version": 9, "kind": "changed", "at": long_ago}
        connection.execute(schema.work_changes.insert().values(**change))
    found = _found(examine_following(library))
    assert found["workers"].found == "stretches of the feed that their workers left behind: 1"
    assert found["index lag"].found == "the oldest change that cannot be found yet is 120 minutes old"


@pytest.mark.parametrize("fault", ["database port", "database password", "search port"])
def test_a_server_that_cannot_be_used_is_named_and_no_password_is(
    cluster_storage: ClusterStorage, tmp_path: Path, fault: str
) -> None:
    url = make_url(cluster_storage.database_url.get_secret_value())
    search = cluster_storage.elasticsearch_url.get_secret_value()
    if fault == "database port":
        url = url.set(port=1)
    elif fault == "database password":
        url = url.set(password="s3cr3t:@/wort")
    else:
        search = f"http://kaijuan:s3cr3t-wort@{urlsplit(search).hostname}:1"
    secret = str(url.password)
    environment = {
        "KAIJUAN_STORAGE__KIND": "cluster",
        "KAIJUAN_STORAGE__DATABASE_URL": url.render_as_string(hide_password=False),
        "KAIJUAN_STORAGE__ELASTICSEARCH_URL": search,
        "KAIJUAN_STORAGE__INDEX_PREFIX": cluster_storage.index_prefix,
        "KAIJUAN_DATA_DIR": str(tmp_path),
        "KAIJUAN_LOG_LEVEL": "debug",
    }
    command = ["doctor", "--json"] if fault.startswith("database") else ["search", "solar"]
    done = subprocess.run(
        [sys.executable, "-c", "from search_api.cli import main; main()", *command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    assert "Traceback" not in told
    assert ("Elasticsearch" if fault == "search port" else "database cannot be used") in told
    assert secret not in told
    assert "s3cr3t" not in told


_DATABASE = DatabaseState(
    version=150_004,
    encoding="UTF8",
    most_connections=100,
    connections=10,
    ahead_seconds=0.1,
    is_read_only=False,
    schema=schema.MIGRATION,
)
_CLUSTER = SearchClusterState(
    versions={"a": "8.19.0", "b": "9.2.0-SNAPSHOT"},
    status="green",
    missing_copies=0,
    disks=(NodeDisk(node="a", used_percent=50, free_bytes=1), NodeDisk(node="b", used_percent=None, free_bytes=None)),
    high_watermark="90%",
    indices=(),
)


@pytest.mark.parametrize(
    ("changed", "name", "state"),
    [
        ({"version": 140_012}, "database", "failed"),
        ({"is_read_only": True}, "database", "failed"),
        ({"encoding": "SQL_ASCII"}, "encoding", "failed"),
        ({"connections": 85}, "connections", "warning"),
        ({"ahead_seconds": -4.0}, "clocks", "warning"),
        ({"ahead_seconds": 1.9}, "clocks", "ok"),
        ({"schema": None}, "schema", "warning"),
        ({"schema": "0001"}, "schema", "warning"),
        ({"schema": "9999"}, "schema", "failed"),
    ],
)
def test_each_trouble_with_a_database_is_told(changed: dict[str, object], name: str, state: str) -> None:
    found = _found(cluster_checks._database(dataclasses.replace(_DATABASE, **changed)))  # type: ignore[arg-type]
    assert (found[name].state, bool(found[name].remedy)) == (state, state != "ok")
    assert {check.state for check in found.values() if check.name != name} <= {"ok"}


@pytest.mark.parametrize(
    ("changed", "name", "state"),
    [
        ({"versions": {"a": "8.19.0", "b": "8.18.3"}}, "search cluster", "failed"),
        ({"status": "red", "missing_copies": 2}, "copies", "failed"),
        ({"disks": (NodeDisk(node="a", used_percent=84, free_bytes=1),)}, "search disk", "warning"),
        ({"disks": (NodeDisk(node="a", used_percent=96, free_bytes=1),)}, "search disk", "failed"),
    ],
)
def test_each_trouble_with_a_search_cluster_is_told(
    cluster_storage: ClusterStorage, changed: dict[str, object], name: str, state: str
) -> None:
    told = dataclasses.replace(_CLUSTER, **changed)  # type: ignore[arg-type]
    found = _found(cluster_checks._search_cluster(told, cluster_storage))
    assert (found[name].state, bool(found[name].remedy)) == (state, True)
    assert {check.state for check in found.values() if check.name != name} <= {"ok"}


def test_what_travels_in_the_clear_is_told(cluster_storage: ClusterStorage) -> None:
    away = cluster_storage.model_copy(
        update={"elasticsearch_url": SecretStr("http://u:p@es1.example.edu:9200,https://u:p@es2.example.edu:9200")}
    )
    found = _found(cluster_checks._addresses(away))
    assert found["encryption"].found == "es1.example.edu is asked over http, without encryption"
    assert {"database password", "elasticsearch password"} < found.keys()
