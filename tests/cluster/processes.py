"""Processes of a test's own: started, killed, stopped, and never left behind."""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_running: set[subprocess.Popen[Any]] = set()


@atexit.register
def _leave_nothing_behind() -> None:
    for process in list(_running):
        kill_all(process)


def wait_until(is_so: Callable[[], object], *, seconds: float, what: str, every: float = 0.1) -> float:
    """Wait until something is so and return how long that took; fail, with what was waited for, after so long."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(every)
    return time.monotonic() - started


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def server_user() -> dict[str, Any]:
    """Return as whom a server is to run, as ``Popen`` takes it: the servers refuse to be root."""
    if os.geteuid():
        return {}
    user = _unprivileged()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def give(folder: Path) -> Path:
    """Make a folder that is the servers' user's."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        user = _unprivileged()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    return folder


def start(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str], **options: Any
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own; what it says goes to the end of a log."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            **options,
        )
    _running.add(process)
    return process


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    found = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def kill_all(process: subprocess.Popen[Any]) -> None:
    """Kill (-9) a process and all of its session, at once, and wait until it has gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    _running.discard(process)


def end(process: subprocess.Popen[Any], *, seconds: float = 60) -> int:
    """Ask a process to end, and return its exit code; killed where it does not."""
    process.terminate()
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"{process.args!r} did not end in {seconds:g} s after SIGTERM") from error
    finally:
        kill_all(process)


class Program:
    """One ``kaijuan`` process: an API or a worker."""

    def __init__(self, name: str, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [sys.executable, "-c", "from search_api.cli import main; main()", *arguments]
        self._environment = {**_bare_environment(), **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        assert self._process is None, f"{self.name} runs already"
        self._process = start(self._command, log=self.log, environment=self._environment)

    @property
    def is_running(self) -> bool:
        """Tell whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return its process id."""
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        """Stop it where it is (SIGSTOP), as a machine does that is put to sleep."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it (-9), and whatever it started."""
        assert self._process is not None
        kill_all(self._process)
        self._process = None

    def stop(self) -> int:
        """End it as an administrator does, and return its exit code."""
        assert self._process is not None
        process, self._process = self._process, None
        return end(process)

    def wait(self, *, seconds: float) -> int:
        """Wait for its own end and return its exit code."""
        assert self._process is not None
        code = self._process.wait(timeout=seconds)
        kill_all(self._process)
        self._process = None
        return code

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


def _bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("KAIJUAN_")}
