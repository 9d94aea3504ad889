"""Three real Elasticsearch nodes, one cluster, on loopback: killed, restarted with what they had, asked."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.cluster.processes import children, end, free_port, give, kill_all, server_user, start, wait_until

#: Starts in a third of the time; see docs of the test server in ``.ci/services``.
_FAST = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_HEAP = "-Xms512m -Xmx512m -XX:-UseG1GC -XX:-AlwaysPreTouch"
_START_SECONDS = 180.0


class Node:
    """One node; what it keeps stays in its folder while it is down."""

    def __init__(self, name: str, folder: Path, *, home: Path, java: Path) -> None:
        self.name = name
        self.port, self.transport = free_port(), free_port()
        self._folder, self._home, self._java = folder, home, java
        self._launcher: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def configure(self, nodes: list[Node]) -> None:
        """Write its settings; the nodes find each other by their ports."""
        config = self._folder / "config"
        shutil.copytree(self._home / "config", config)
        options = config / "jvm.options"
        lines = options.read_text(encoding="utf-8").splitlines()
        # Its log of collections would be written into the unpacked server, which is not its user's.
        options.write_text("\n".join(line for line in lines if "gc.log" not in line) + "\n", encoding="utf-8")
        settings = {
            "cluster.name": "faults",
            "node.name": self.name,
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": self.transport,
            "path.data": str(self._folder / "data"),
            "path.logs": str(self._folder / "logs"),
            "discovery.seed_hosts": [f"127.0.0.1:{node.transport}" for node in nodes],
            "cluster.initial_master_nodes": [node.name for node in nodes],
            "xpack.security.enabled": False,
            "cluster.routing.allocation.disk.threshold_enabled": False,
        }
        written = "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())
        (config / "elasticsearch.yml").write_text(written, encoding="utf-8")
        for name in ("data", "logs", "tmp"):
            (self._folder / name).mkdir()
        give(self._folder)

    def start(self) -> None:
        """Start it; it answers when it has found the others."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "ES_JAVA_HOME": str(self._java),
            "ES_PATH_CONF": str(self._folder / "config"),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "CLI_JAVA_OPTS": _FAST,
            "ES_JAVA_OPTS": f"{_HEAP} {_FAST}",
        }
        self._launcher = start(
            [str(self._home / "bin" / "elasticsearch")],
            log=self._folder / "log",
            environment=environment,
            cwd=self._folder,
            **server_user(),
        )

    def servers(self) -> list[int]:
        """Return the process id of the server, which is a child of its launcher."""
        assert self._launcher is not None
        return children(self._launcher.pid)

    def kill(self) -> None:
        """Kill (-9) the server in the middle of whatever it does."""
        assert self._launcher is not None
        for server in self.servers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(server, signal.SIGKILL)
        kill_all(self._launcher)
        self._launcher = None

    def stop(self) -> None:
        """End it."""
        if self._launcher is not None:
            end(self._launcher, seconds=60)
            self._launcher = None

    @property
    def is_running(self) -> bool:
        """Tell whether it was started and not killed."""
        return self._launcher is not None

    def ask(self, method: str, path: str, body: object = None, *, seconds: float = 60) -> Any:
        """Return the answer, read as JSON; raise ``OSError`` or ``AssertionError`` where there is no good one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            encoded = None if body is None else json.dumps(body)
            connection.request(method, path, encoded, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        assert answer.status < 400, f"{method} {path}: {answer.status} {said[:500]!r}"
        return json.loads(said)


class Nodes:
    """The cluster."""

    def __init__(self, folder: Path, *, home: Path, java: Path) -> None:
        names = ("one", "two", "three")
        self.all = [Node(name, folder / name, home=home, java=java) for name in names]
        for node in self.all:
            give(folder / node.name)
            node.configure(self.all)

    def start(self) -> None:
        """Start those that are down."""
        for node in self.all:
            if not node.is_running:
                node.start()

    def kill_all(self) -> None:
        """Kill (-9) all servers at one moment."""
        for server in [pid for node in self.all for pid in node.servers()]:
            os.kill(server, signal.SIGKILL)
        for node in self.all:
            node.kill()

    def stop(self) -> None:
        """End those that run."""
        for node in self.all:
            if node.is_running:
                node.kill()

    @property
    def urls(self) -> str:
        """Return the addresses as the settings take them."""
        return ",".join(node.url for node in self.all)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask any node that runs."""
        return next(node for node in self.all if node.is_running).ask(method, path, body)

    def master(self) -> Node:
        """Return the elected master."""
        state = self.ask("GET", "/_cluster/state/master_node,nodes")
        name = state["nodes"][state["master_node"]]["name"]
        return next(node for node in self.all if node.name == name)

    def holder_of_a_primary(self, index: str) -> Node:
        """Return a node that holds the first copy of a shard, and is not the master."""
        master = self.master()
        shards = self.ask("GET", f"/_cat/shards/{index}?format=json")
        holders = {row["node"] for row in shards if row["prirep"] == "p"}
        return next(node for node in self.all if node.name in holders and node is not master)

    def is_green(self) -> bool:
        """Tell whether all three nodes and every copy are there."""
        try:
            health = self.ask("GET", "/_cluster/health")
        except (OSError, AssertionError, http.client.HTTPException):
            return False
        return (health["status"], health["number_of_nodes"]) == ("green", len(self.all))

    def wait_green(self) -> float:
        """Wait until every copy is whole, and return how long that took."""
        return wait_until(self.is_green, seconds=_START_SECONDS, what="three nodes, green", every=0.3)
