"""A PostgreSQL of its own that waits for the disk, as a real one does, and may be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests.cluster.processes import children, end, free_port, give, kill_all, server_user, start, wait_until


class Postgres:
    """The server; what it keeps stays in its folder while it is down."""

    def __init__(self, folder: Path, *, programs: Path) -> None:
        self._folder, self._programs = give(folder), programs
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        make = ["initdb", "-D", str(folder / "data"), "-U", "kaijuan", "--encoding=UTF8", "--locale=C.UTF-8"]
        # On loopback, for as long as the tests run, and nothing but generated works is in it.
        subprocess.run(
            [str(programs / make[0]), *make[1:], "--auth=trust", "--no-sync"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=120,
            **server_user(),
        )

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://kaijuan@127.0.0.1:{self._port}/{database}"

    def make(self, database: str) -> None:
        """Make a database."""
        engine = create_engine(_driven(self.url()), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{database}"'))

    @property
    def is_running(self) -> bool:
        """Tell whether it was started and not killed."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it answers; after a kill that takes as long as reading its log again does."""
        options = [
            f"port={self._port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=on",
            "synchronous_commit=on",
            "max_connections=100",
        ]
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        command += [part for option in options for part in ("-c", option)]
        environment = {"PATH": os.environ["PATH"]}
        log = self._folder / "log"
        self._process = start(command, log=log, environment=environment, cwd=self._folder, **server_user())
        wait_until(self.answers, seconds=60, what=f"PostgreSQL answers, see {log}")

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        engine = create_engine(_driven(self.url()), poolclass=NullPool, connect_args={"connect_timeout": 5})
        try:
            with engine.connect():
                return True
        except OperationalError:
            return False
        finally:
            engine.dispose()

    def kill(self) -> None:
        """Kill (-9) the server and all its children at once."""
        assert self._process is not None
        for pid in (self._process.pid, *children(self._process.pid)):
            with contextlib.suppress(ProcessLookupError):  # the others end by themselves when the first has
                os.kill(pid, signal.SIGKILL)
        kill_all(self._process)
        self._process = None

    def stop(self) -> None:
        """End it; connections are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            end(self._process)
            self._process = None


def _driven(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")
