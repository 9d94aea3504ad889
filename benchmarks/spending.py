"""What processes cost: CPU time of this one, and of servers with all their children."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and all its descendants until now, those that have ended included."""
    folder = Path(f"/proc/{pid}")
    try:
        found = (folder / "stat").read_text().rpartition(")")[2].split()
        children = [int(one) for task in (folder / "task").iterdir() for one in (task / "children").read_text().split()]
    except OSError:  # it has ended
        return 0.0
    return sum(int(value) for value in found[11:15]) / _TICKS + sum(map(cpu_seconds, children))


class Spent:
    """CPU seconds of this process and of named others with their children, and wall seconds, since a moment."""

    def __init__(self, **pids: int | None) -> None:
        self._pids = {name: pid for name, pid in pids.items() if pid is not None}
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        spent = {f"{name}_cpu_seconds": cpu_seconds(pid) for name, pid in self._pids.items()}
        return {"seconds": time.perf_counter(), "cpu_seconds": time.process_time(), **spent}

    def __call__(self) -> dict[str, float]:
        """Return what was spent until now; ``cpu_seconds`` is this process's."""
        return {name: value - self._before[name] for name, value in self._now().items()}
