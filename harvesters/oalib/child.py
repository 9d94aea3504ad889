"""The spider's process as the harvest sees it: started, listened to, and ended without leaving an orphan."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO

import structlog

from harvesters.errors import HarvestError
from harvesters.oalib.messages import PART_BYTES, Task
from harvesters.pace import Pace

_COMMAND = (sys.executable, "-m", "harvesters.oalib.spider")
#: The folder that our packages are in: the process finds them there, whatever the folder it is started from.
_FOLDER = Path(__file__).parents[2]
_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 2.0
_LOGGED_LINES = 20
_LOGGED_CHARACTERS = 2000
_log = structlog.get_logger()


class Child:
    """One process that crawls one task. Its lines come one by one; it waits wherever it is told to."""

    def __init__(self, task: Task, pace: Pace, *, silence: float) -> None:
        self._pace = pace
        self._silence = silence
        # A part's pages, the last that made it full, and lists that failed before it: in base64, with their addresses.
        self._limit = (PART_BYTES + 4 * task.max_bytes) * 4 // 3 + (1 << 20)
        # A session of its own: Ctrl-C is for the harvest, which ends its child when the page in hand is stored.
        self._process = subprocess.Popen(  # noqa: S603  # our own module, no shell, nothing of anybody's in it
            _COMMAND,
            cwd=_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._lines: queue.Queue[bytes] = queue.Queue(maxsize=1)
        self._said: deque[str] = deque(maxlen=_LOGGED_LINES)
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._log, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._write(task.line())

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def want(self) -> None:
        """Let it go on after the part that it handed over."""
        self._write(b"\n")

    def read(self) -> bytes:
        """Wait for the next line.

        Raises:
            StoppedError: asked to stop meanwhile.
            HarvestError: the process has ended, or says nothing for too long.
        """
        began = time.monotonic()
        while time.monotonic() - began < self._silence:
            self._pace.sleep(0)
            try:
                line = self._lines.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if line:
                return line
            raise self._crashed()
        raise HarvestError(
            f"The crawler has said nothing for {self._silence:.0f} s. Harvest again: it goes on from its last page."
        )

    def end(self) -> None:
        """End the process, politely and then not, and wait for it; a second call changes nothing."""
        self._ended.set()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        with contextlib.suppress(queue.Empty):
            self._lines.get_nowait()
        for thread in self._threads:
            thread.join(_GRACE_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _crashed(self) -> HarvestError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        self._threads[1].join(_GRACE_SECONDS)
        last = self._said[-1] if self._said else "it said nothing"
        return HarvestError(
            f"The crawler ended unexpectedly (exit code {self._process.poll()}): {last}. Harvest again: it goes on "
            "from its last page. If it stays so, run kaijuan --verbose harvest and tell the maintainers."
        )

    def _write(self, line: bytes) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(OSError):  # it has ended; reading will tell how
                stdin.write(line)
                stdin.flush()

    def _listen(self, stream: IO[bytes]) -> None:
        """Pass lines on; an endless one is as good as a crash."""
        line = b"begun"
        while line:
            line = stream.readline(self._limit)
            if line and not line.endswith(b"\n"):
                self._said.append("it wrote a line that is too long, or was cut")
                line = b""
            while not self._ended.is_set():
                with contextlib.suppress(queue.Full):
                    self._lines.put(line, timeout=_LOOK_SECONDS)
                    break

    def _log(self, stream: IO[bytes]) -> None:
        while line := stream.readline(_LOGGED_CHARACTERS):
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._said.append(text)
                _log.debug("crawler_says", line=text)
