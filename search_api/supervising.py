"""Serve by several processes that accept from one socket, each with the library open; one that dies is replaced.

Python computes in one thread of a process at a time: with more processes more cores answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections import deque

import structlog

from search_api.errors import KaijuanError
from search_api.library import open_library
from search_api.logs import share_lines
from search_api.serving import CLOSING_SECONDS, SHUTDOWN_SECONDS, bind, make_server, run_server, until_interrupted
from search_api.settings import Settings
from search_api.tally import Tally

#: So many deaths within so many seconds, and nobody left who has lived for a while, are no accident: all end then.
_MOST_DEATHS = 6
_WITHIN_SECONDS = 120.0
_A_WHILE_SECONDS = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
#: Beyond what each process takes to stop by itself.
_SPARE_SECONDS = 5.0
_LOOK_SECONDS, _AGAIN_SECONDS = 0.05, 1.0
_log = structlog.get_logger()


def serve_by_processes(settings: Settings, host: str, port: int, processes: int) -> None:
    """Serve by several processes until stopped.

    Raises:
        KaijuanError: processes died again and again; all were stopped.
    """
    with open_library(settings):  # made, migrated, or refused with one message, before there are several
        pass
    with bind(host, port) as listener:
        _Supervisor(settings, listener, processes).run()


class _Supervisor:
    """The parent of the processes that serve; it does nothing but watch them.

    A process' place in the tally goes to its successor. All hold the end of a pipe that nobody writes to: where the
    parent dies without a word, they hear its end and stop.
    """

    def __init__(self, settings: Settings, listener: socket.socket, processes: int) -> None:
        self._settings = settings
        self._listener = listener
        self._processes = processes
        self._tally = Tally(processes)
        self._places: dict[int, int] = {}
        self._born: dict[int, float] = {}
        self._deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
        self._heard, self._held = os.pipe()

    def run(self) -> None:
        """Begin all processes, and replace each that ends, until told to stop."""
        share_lines()
        is_given_up = False
        with until_interrupted():
            for place in range(self._processes):
                self._begin(place)
            while not is_given_up:
                place = self._buried(*os.wait())
                is_given_up = self._is_hopeless()
                if not is_given_up:
                    time.sleep(min(_FIRST_PAUSE * 2 ** len(self._deaths), _LONGEST_PAUSE))
                    self._begin(place)
        self._stop()
        if is_given_up:
            raise KaijuanError(
                f"Serving processes ended by themselves {_MOST_DEATHS} times within {_WITHIN_SECONDS:.0f} seconds; all "
                "were stopped. See why in the log; serve again."
            )

    def _buried(self, pid: int, status: int) -> int:
        """Take note of a process that ended, and return the place that it leaves."""
        place = self._places.pop(pid)
        self._born.pop(pid)
        _log.error("serving_process_ended", process=place, pid=pid, exit_code=os.waitstatus_to_exitcode(status))
        now = time.monotonic()
        while self._deaths and now - self._deaths[0] > _WITHIN_SECONDS:
            self._deaths.popleft()
        self._deaths.append(now)
        return place

    def _is_hopeless(self) -> bool:
        is_anybody_well = any(time.monotonic() - born > _A_WHILE_SECONDS for born in self._born.values())
        return len(self._deaths) == _MOST_DEATHS and not is_anybody_well

    def _begin(self, place: int) -> None:
        pid = os.fork()
        if pid:
            self._places[pid], self._born[pid] = place, time.monotonic()
            return
        status = 1
        try:
            self._serve(place)
            status = 0
        except Exception:  # noqa: BLE001  # it must end here, and not go on as its parent
            _log.exception("serving_process_failed")
        finally:
            os._exit(status)

    def _serve(self, place: int) -> None:
        os.close(self._held)
        threading.Thread(target=self._follow_parent, name="parent", daemon=True).start()
        self._tally.take_place(place)
        with until_interrupted(), open_library(self._settings) as library:
            server = make_server(library, tally=self._tally, told_once=True, closing_seconds=CLOSING_SECONDS)
            run_server(server, self._listener)

    def _follow_parent(self) -> None:
        os.read(self._heard, 1)  # which ends when the last that could write to it has ended
        until = time.monotonic() + self._patience()
        while time.monotonic() < until:  # a signal is lost where Python is collecting garbage while it begins
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(_AGAIN_SECONDS)
        os._exit(1)

    def _patience(self) -> float:
        return self._settings.drain_seconds + SHUTDOWN_SECONDS + CLOSING_SECONDS + _SPARE_SECONDS

    def _stop(self) -> None:
        """Tell all to stop and wait for them; told again, or where they take too long, end them."""
        self._listener.close()
        self._tell(signal.SIGTERM)
        until = time.monotonic() + self._patience()
        with until_interrupted(), contextlib.suppress(ChildProcessError):
            while self._places and time.monotonic() < until:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid:
                    self._places.pop(pid, None)
                else:
                    time.sleep(_LOOK_SECONDS)
        self._tell(signal.SIGKILL)
        for pid in self._places:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _tell(self, number: int) -> None:
        for pid in self._places:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
