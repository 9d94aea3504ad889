"""PostgreSQL and Elasticsearch of the cluster benchmark's own.

The servers for tests do not wait for the disk and start fast instead of running fast; speed is measured on servers with
ordinary settings. They live in a folder of their own, listen on loopback only, and end with the block.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.spending import Spent
from indexer.storage.elastic import connect
from tests.cluster.nodes import Node
from tests.cluster.processes import end, free_port, give, server_user, start, wait_until

#: Of a small server: an eighth of what a machine with 8 GB has. All else is as PostgreSQL comes.
POSTGRES_SETTINGS = ("shared_buffers=1GB", "max_wal_size=4GB")
#: Of Elasticsearch, whose collector and compilers are those that it comes with.
HEAP = "-Xms2g -Xmx2g"
_START_SECONDS = 180.0


# --- the servers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Where the servers are, what they are, and their processes, where these are the benchmark's own."""

    database_url: str
    search_url: str
    postgres: int | None = None
    engine: int | None = None

    def spent(self) -> Spent:
        """Begin to count."""
        return Spent(postgres=self.postgres, engine=self.engine)


class OwnNode(Node):
    """One Elasticsearch node that runs as it would in earnest, and keeps its data for the next time."""

    def __init__(self, folder: Path, *, home: Path, java: Path) -> None:
        super().__init__("own", give(folder), home=home, java=java)
        for written_anew in ("config", "logs", "tmp"):
            shutil.rmtree(folder / written_anew, ignore_errors=True)
        kept = folder / "data"
        aside = kept.rename(folder / "kept") if kept.exists() else None
        self.configure([self])
        if aside:
            kept.rmdir()
            aside.rename(kept)

    @property
    def pid(self) -> int:
        """Return the process of its launcher, whose child the server is."""
        assert self._launcher is not None
        return self._launcher.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "ES_JAVA_HOME": str(self._java),
            "ES_PATH_CONF": str(self._folder / "config"),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "ES_JAVA_OPTS": HEAP,
        }
        command, log = [str(self._home / "bin" / "elasticsearch")], self._folder / "log"
        self._launcher = start(command, log=log, environment=environment, cwd=self._folder, **server_user())
        wait_until(self._answers, seconds=_START_SECONDS, what=f"Elasticsearch answers, see {log}", every=0.3)

    def _answers(self) -> bool:
        try:
            return bool(self.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")["status"] != "red")
        except (OSError, AssertionError):
            return False


class OwnPostgres:
    """A PostgreSQL that waits for the disk, and keeps its data for the next time."""

    def __init__(self, folder: Path, *, programs: Path) -> None:
        data = give(folder) / "data"
        if not (data / "PG_VERSION").exists():
            make = [str(programs / "initdb"), "-D", str(data), "-U", "kaijuan", "--encoding=UTF8", "--locale=C.UTF-8"]
            # It listens on loopback for as long as this runs, and nothing but generated works is in it.
            command = [*make, "--auth=trust"]
            subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True, **server_user())
        port = free_port()
        options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *POSTGRES_SETTINGS]
        command = [str(programs / "postgres"), "-D", str(data), *(part for one in options for part in ("-c", one))]
        log = folder / "log"
        self._process = start(command, log=log, environment=dict(os.environ), cwd=folder, **server_user())
        self.url = f"postgresql+psycopg://kaijuan@127.0.0.1:{port}/postgres"
        wait_until(self._answers, seconds=_START_SECONDS, what=f"PostgreSQL answers, see {log}")

    @property
    def pid(self) -> int:
        """Return its first process, whose children all others are."""
        return self._process.pid

    def _answers(self) -> bool:
        try:
            ask(self.url, "SELECT 1")
        except OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it; connections are cut."""
        self._process.send_signal(2)
        end(self._process)


def named(variable: str) -> Path:
    """Return where a program is that ``.ci/services env`` names."""
    value = os.environ.get(variable)
    if not value:
        raise SystemExit(f'{variable} is not set: eval "$(.ci/services env)", or give --services.')
    return Path(value)


@contextlib.contextmanager
def own_services(folder: Path) -> Iterator[Services]:
    """Run both servers from the programs that ``.ci/services`` names; what they keep stays in the folder."""
    with contextlib.ExitStack() as stack:
        database = OwnPostgres(folder / "postgresql", programs=named("KAIJUAN_TEST_POSTGRESQL_BIN"))
        stack.callback(database.stop)
        home, java = named("KAIJUAN_TEST_ELASTICSEARCH_HOME"), named("KAIJUAN_TEST_JAVA_HOME")
        node = OwnNode(folder / "elasticsearch", home=home, java=java)
        stack.callback(node.stop)
        node.start()
        yield Services(database_url=database.url, search_url=node.url, postgres=database.pid, engine=node.pid)


@contextlib.contextmanager
def given_services() -> Iterator[Services]:
    """Give the servers that the environment names; what they cost cannot be told."""
    yield Services(
        database_url=os.environ["KAIJUAN_TEST_DATABASE_URL"], search_url=os.environ["KAIJUAN_TEST_ELASTICSEARCH_URL"]
    )


# --- PostgreSQL ------------------------------------------------------------------------------------


def make_database(server: str, name: str, *, anew: bool = False) -> str:
    """Make a database unless it is there, and return its address."""
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        if anew:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement, in a transaction of its own that is kept."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        answer = connection.execute(text(statement))
        return [tuple(row) for row in answer] if answer.returns_rows else []


# --- Elasticsearch ---------------------------------------------------------------------------------


def forget_indices(url: str, prefix: str) -> None:
    """Delete all indices whose names begin so."""
    client = connect(url)
    try:
        for name in client.indices.get(index=f"{prefix}-*", features=["aliases"]):
            client.indices.delete(index=name)
    finally:
        client.close()
