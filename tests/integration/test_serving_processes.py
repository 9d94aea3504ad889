"""Several processes serve one library at one address."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.integration.test_command import Shell, filled, get, shell

__all__ = ["filled", "shell"]


def test_several_processes_answer_at_one_address_and_end_together(filled: Shell) -> None:
    with filled.served("serve", "--workers", "2") as (address, process):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        assert len(children) == 2
        for _ in range(20):
            assert get(f"{address}/v1/works?q=health&limit=1")[0] == 200
    assert process.returncode == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def test_where_one_of_several_processes_ends_by_itself_all_end_with_a_message(filled: Shell) -> None:
    with filled.served("serve", "--workers", "2") as (_, process):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        os.kill(int(children[0]), signal.SIGKILL)
        assert process.wait(60) == 1
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
