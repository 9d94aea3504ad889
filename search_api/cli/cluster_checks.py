"""What ``kaijuan doctor`` examines of the cluster's servers; each finding with what to do."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from harvesters.wording import counted
from indexer.errors import IndexerError
from indexer.storage.backlog import index_lag
from indexer.storage.cluster_state import (
    DatabaseState,
    IndexShape,
    SearchClusterState,
    describe_database,
    describe_search_cluster,
)
from indexer.storage.leases import count_leases
from indexer.storage.schema import MIGRATION
from search_api.cli.findings import Check
from search_api.library import Library
from search_api.settings import ClusterStorage

_LEAST_POSTGRESQL, _LEAST_ELASTICSEARCH = 150_000, (8, 19)
#: Of two clocks; leases go by the database's alone, but log lines and "new since" are by each machine's.
_MOST_APART_SECONDS = 2.0
#: A process' pool of connections, and a few for locks.
_CONNECTIONS_A_PROCESS = 20
_NEARLY_FULL, _FULL = 80.0, 90.0
_LATE_SECONDS = 900.0


def examine_servers(storage: ClusterStorage) -> Iterator[Check]:
    """Examine database and search cluster without opening the library: they are what may keep it from opening."""
    yield from _addresses(storage)
    try:
        database = describe_database(storage.database_url.get_secret_value())
    except IndexerError as error:
        yield Check(name="database", state="failed", found=error.reason, remedy=error.remedy)
    else:
        yield from _database(database)
    try:
        cluster = describe_search_cluster(
            storage.elasticsearch_url.get_secret_value(), storage.index_prefix, ca=storage.elasticsearch_ca
        )
    except IndexerError as error:
        yield Check(name="search cluster", state="failed", found=error.reason, remedy=error.remedy)
    else:
        yield from _search_cluster(cluster, storage)


def _addresses(storage: ClusterStorage) -> Iterator[Check]:
    """Tell of passwords that anybody sees who sees the environment, and of those that travel in the clear."""
    given = {
        "DATABASE": (storage.database_url, storage.database_password_file),
        "ELASTICSEARCH": (storage.elasticsearch_url, storage.elasticsearch_password_file),
    }
    for name, (address, file) in given.items():
        parts = [urlsplit(one.strip()) for one in address.get_secret_value().split(",")]
        if file is None and any(one.password for one in parts):
            found = f"the password stands in KAIJUAN_STORAGE__{name}_URL"
            remedy = f"Better in a file that KAIJUAN_STORAGE__{name}_PASSWORD_FILE names; see docs/settings.md."
            yield Check(name=f"{name.lower()} password", state="ok", found=found, remedy=remedy)
    for one in (urlsplit(part.strip()) for part in storage.elasticsearch_url.get_secret_value().split(",")):
        if one.scheme == "http" and not _is_this_machine(one.hostname or ""):
            found = f"{one.hostname} is asked over http, without encryption"
            remedy = "Write https in KAIJUAN_STORAGE__ELASTICSEARCH_URL, unless the network is the servers' own."
            yield Check(name="encryption", state="warning", found=found, remedy=remedy)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _database(state: DatabaseState) -> Iterator[Check]:
    version = f"PostgreSQL {state.version // 10_000}.{state.version % 10_000}"
    if state.version < _LEAST_POSTGRESQL:
        yield Check(name="database", state="failed", found=version, remedy="Update it to PostgreSQL 15 or newer.")
    elif state.is_read_only:
        remedy = "Name the primary server in KAIJUAN_STORAGE__DATABASE_URL, or promote this one."
        yield Check(name="database", state="failed", found=f"{version} takes no writes (a standby?)", remedy=remedy)
    else:
        yield Check(name="database", state="ok", found=f"{version} answers")
    if state.encoding != "UTF8":
        remedy = "Make a database with ENCODING 'UTF8' and move there: kaijuan migrate."
        yield Check(
            name="encoding", state="failed", found=f"the database keeps text as {state.encoding}", remedy=remedy
        )
    yield _schema(state.schema)
    yield _connections(state)
    yield _clocks(state.ahead_seconds)


def _schema(schema: str | None) -> Check:
    if schema == MIGRATION:
        return Check(name="schema", state="ok", found=f"schema {schema}")
    if schema is None:
        return Check(name="schema", state="warning", found="no schema yet", remedy="Run kaijuan store upgrade.")
    if schema < MIGRATION:
        found = f"schema {schema}; this version makes it {MIGRATION}"
        return Check(name="schema", state="warning", found=found, remedy="Run kaijuan store upgrade.")
    found = f"schema {schema}, newer than this version's {MIGRATION}"
    return Check(name="schema", state="failed", found=found, remedy="Update kaijuan here as well.")


def _connections(state: DatabaseState) -> Check:
    left = state.most_connections - state.connections
    found = f"{state.connections} of {state.most_connections} connections in use"
    if left < _CONNECTIONS_A_PROCESS:
        remedy = f"Raise max_connections: each process of kaijuan takes up to {_CONNECTIONS_A_PROCESS}."
        return Check(name="connections", state="warning", found=found, remedy=remedy)
    return Check(name="connections", state="ok", found=found)


def _clocks(ahead_seconds: float) -> Check:
    if abs(ahead_seconds) > _MOST_APART_SECONDS:
        direction = "ahead of" if ahead_seconds > 0 else "behind"
        found = f"the database's is {abs(ahead_seconds):.1f} s {direction} this machine's"
        return Check(name="clocks", state="warning", found=found, remedy="Let both follow one time server (NTP).")
    return Check(name="clocks", state="ok", found=f"{abs(ahead_seconds) * 1000:.0f} ms apart")


def _search_cluster(state: SearchClusterState, storage: ClusterStorage) -> Iterator[Check]:
    told = ", ".join(sorted(set(state.versions.values())))
    if any(_version(version) < _LEAST_ELASTICSEARCH for version in state.versions.values()):
        remedy = "Update all nodes to 8.19 or newer."
        yield Check(name="search cluster", state="failed", found=f"Elasticsearch {told}", remedy=remedy)
    else:
        nodes = counted(len(state.versions), "node")
        yield Check(name="search cluster", state="ok", found=f"Elasticsearch {told}, {nodes}")
    yield _copies(state)
    for disk in state.disks:
        if disk.used_percent is not None and disk.used_percent >= _NEARLY_FULL:
            yield Check(
                name="search disk",
                state="failed" if disk.used_percent >= _FULL else "warning",
                found=f"{disk.node}: {disk.used_percent:.0f} % full; copies move away at {state.high_watermark}",
                remedy="Make room or add a node, before the cluster stops taking changes (docs/operations.md).",
            )
    yield from _shapes(state.indices, storage)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.partition("-")[0].split(".")[:2])


def _copies(state: SearchClusterState) -> Check:
    missing = f"copies missing: {state.missing_copies}"
    if state.status == "red":
        remedy = "Start the nodes that have it; else build it anew: kaijuan rebuild --index-only."
        return Check(
            name="copies",
            state="failed",
            found=f"red: a part of the index is on no node; {missing}",
            remedy=remedy,
        )
    if state.status == "yellow":
        remedy = "Start the node that is missing, or set KAIJUAN_STORAGE__REPLICAS to fewer than there are nodes."
        return Check(name="copies", state="warning", found=f"yellow; {missing}", remedy=remedy)
    return Check(name="copies", state="ok", found="green: all there")


def _shapes(indices: tuple[IndexShape, ...], storage: ClusterStorage) -> Iterator[Check]:
    for one in indices:
        if one.blocks:
            yield Check(
                name="blocks",
                state="failed",
                found=f"{one.name} takes no changes: {', '.join(one.blocks)}",
                remedy="Make room on the nodes' disks; the block then goes by itself. Another one was set by hand.",
            )
    for one in (index for index in indices if index.is_current):
        if (one.shards, one.replicas) != (storage.shards, storage.replicas):
            yield Check(
                name="shards",
                state="warning",
                found=f"{one.name} has {one.shards} x {1 + one.replicas}, the settings say "
                f"{storage.shards} x {1 + storage.replicas} (shards x copies)",
                remedy="Build it anew with kaijuan rebuild --index-only, or correct the settings.",
            )
    left = [one.name for one in indices if not one.is_current]
    if left:
        yield Check(
            name="generations",
            state="warning",
            found=f"not in use: {', '.join(left)}",
            remedy="Is a rebuild under way, or did one end minutes ago? Else the next one removes what is left.",
        )


def examine_following(library: Library) -> Iterator[Check]:
    """Examine how far the workers are behind."""
    leases = count_leases(library.store.database)
    if leases.expired:
        found = f"stretches of the feed that their workers left behind: {leases.expired}"
        remedy = "Start a worker: kaijuan up --no-serve. It takes them over at once."
        yield Check(name="workers", state="warning", found=found, remedy=remedy)
    else:
        yield Check(name="workers", state="ok", found=f"stretches of the feed being indexed: {leases.open}")
    try:
        late = index_lag(library.store, library.index.position())
    except IndexerError:  # told by another check
        return
    if late > _LATE_SECONDS:
        found = f"the oldest change that cannot be found yet is {late / 60:,.0f} minutes old"
        remedy = "See that workers run (kaijuan up --no-serve), and add some: docs/operations.md."
        yield Check(name="index lag", state="warning", found=found, remedy=remedy)
