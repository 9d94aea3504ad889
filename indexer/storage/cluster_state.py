"""What the servers of the cluster say of themselves, for whoever looks after them; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from indexer import clock
from indexer.storage.database import Database
from indexer.storage.elastic_client import Cluster, Patience, connect
from indexer.storage.elastic_generation import ElasticState

#: Who looks waits little; what is slow is worth knowing.
_LOOKING = Patience(seconds=15, request_seconds=10, tries=3, longest_pause=1.0)
_NODES = ("nodes.*.name", "nodes.*.version")
_WATERMARKS = "cluster.routing.allocation.disk.watermark."


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """PostgreSQL: ``version`` as 150004, ``ahead_seconds`` of its clock before this machine's, ``schema`` as it is."""

    version: int
    encoding: str
    most_connections: int
    connections: int
    ahead_seconds: float
    is_read_only: bool
    schema: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDisk:
    """How full the disk of a node is; ``None`` where the node does not say."""

    node: str
    used_percent: float | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexShape:
    """One index of the library's: ``blocks`` are the reasons for which it takes no changes."""

    name: str
    is_current: bool
    shards: int
    replicas: int
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchClusterState:
    """Elasticsearch: ``status`` is green, yellow or red, ``high_watermark`` as its settings have it (``90%``)."""

    versions: Mapping[str, str]
    status: str
    missing_copies: int
    disks: tuple[NodeDisk, ...]
    high_watermark: str
    indices: tuple[IndexShape, ...]


def describe_database(url: str) -> DatabaseState:
    """Ask PostgreSQL; its schema is left as it is.

    Raises:
        StoreError: it cannot be reached, or does not let us in.
    """
    database = Database.postgresql(url, as_is=True)
    try:
        with database.read() as connection:
            connection.execute(select(1))  # connected before the clocks are compared
            before = clock.now()
            there = connection.execute(select(func.clock_timestamp())).scalar_one().astimezone(UTC)
            here = before + (clock.now() - before) / 2
            is_there = connection.scalar(select(func.to_regclass("alembic_version")))
            return DatabaseState(
                version=int(connection.scalar(text("SHOW server_version_num")) or 0),
                encoding=str(connection.scalar(text("SHOW server_encoding"))),
                most_connections=int(connection.scalar(text("SHOW max_connections")) or 0),
                connections=int(connection.scalar(text("SELECT sum(numbackends) FROM pg_stat_database")) or 0),
                ahead_seconds=(there - here).total_seconds(),
                is_read_only=connection.scalar(text("SHOW transaction_read_only")) == "on",
                schema=connection.scalar(text("SELECT version_num FROM alembic_version")) if is_there else None,
            )
    finally:
        database.close()


def describe_search_cluster(url: str, prefix: str, *, ca: Path | None = None) -> SearchClusterState:
    """Ask Elasticsearch.

    Raises:
        SearchIndexError: it cannot be reached, or does not let us in.
    """
    cluster = Cluster(connect(url, ca=ca), _LOOKING)
    try:
        ours = f"{prefix}-works-*"
        health = cluster.ask("tell its health", lambda client: client.cluster.health(index=ours).body)
        nodes = cluster.ask("name its nodes", lambda client: client.nodes.info(filter_path=_NODES).body)["nodes"]
        settings = cluster.ask(
            "tell its settings",
            lambda client: client.cluster.get_settings(include_defaults=True, flat_settings=True).body,
        )
        disks: Any = cluster.ask("tell its disks", lambda client: client.cat.allocation(format="json", bytes="b").body)
        return SearchClusterState(
            versions={node["name"]: node["version"] for node in nodes.values()},
            status=health["status"],
            missing_copies=health["unassigned_shards"],
            disks=tuple(_disk(row) for row in disks if row.get("node") not in {None, "UNASSIGNED"}),
            high_watermark=_setting(settings, f"{_WATERMARKS}high"),
            indices=tuple(_indices(cluster, prefix)),
        )
    finally:
        cluster.close()


def _disk(row: Mapping[str, Any]) -> NodeDisk:
    percent, free = row.get("disk.percent"), row.get("disk.avail")
    return NodeDisk(
        node=str(row["node"]),
        used_percent=None if percent is None else float(percent),
        free_bytes=None if free is None else int(free),
    )


def _setting(settings: Mapping[str, Mapping[str, Any]], name: str) -> str:
    found = (settings[kind][name] for kind in ("transient", "persistent", "defaults") if name in settings[kind])
    return str(next(found, "90%"))


def _indices(cluster: Cluster, prefix: str) -> list[IndexShape]:
    pattern, alias = f"{prefix}-works-*", f"{prefix}-works"
    blocks = cluster.ask(
        "tell what is blocked",
        lambda client: (
            (
                client.indices.get_settings(
                    index=pattern, name="index.blocks.*", flat_settings=True, allow_no_indices=True
                )
            ).body
        ),
    )
    return [
        IndexShape(
            name=state.name,
            is_current=alias in state.aliases,
            shards=state.shards,
            replicas=state.replicas,
            blocks=tuple(
                name.removeprefix("index.blocks.")
                for name, value in blocks.get(state.name, {}).get("settings", {}).items()
                if value == "true"
            ),
        )
        for state in ElasticState.all_of(cluster, pattern)
        if state.name.startswith(f"{prefix}-works-")  # a pattern finds indices by their aliases, too
    ]
