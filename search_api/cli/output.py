"""How the command line speaks: tables and progress for people, JSON lines for programs, exit codes for scripts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from harvesters.progress import Progress as HarvestProgress
from harvesters.wording import counted
from search_api.logs import is_only_json, say

OK, FAILED, USAGE = 0, 1, 2
_PLAIN_SECONDS = 5.0
_PLAIN_WIDTH = 160


def print_json(value: object) -> None:
    """Print one JSON document on one line."""
    click.echo(orjson.dumps(value).decode())


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; empty values show as a dash."""
    table = Table(title=escape(title), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_shown(value) for value in row))
    Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH).print(table)


def _shown(value: object) -> str:
    """Write a value for a table; brackets in titles are no markup."""
    if value in (None, ""):
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(str(value))


def these(number: int) -> str:
    """Write which rows were shown, for what there is beside them: this one, these 20."""
    return "this one" if number == 1 else f"these {number:,}"


class HarvestWatch:
    """A progress line per source on standard error: records, expected, rate, errors."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not quiet and not is_only_json()
        self._bars = Progress(
            TextColumn("{task.description:<18}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:>7}/s  errors {task.fields[errors]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            disable=not self._live,
        )
        self._tasks: dict[str, Any] = {}
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, progress: HarvestProgress) -> None:
        """Show how far a source is."""
        now = time.monotonic()
        rate = progress.counts.received / max(now - progress.started, 0.001)
        if self._live:
            self._update_bar(progress, rate)
        elif not self._quiet and now - self._said.get(progress.source, 0.0) >= _PLAIN_SECONDS:
            self._said[progress.source] = now
            expected = f"{progress.expected:,}" if progress.expected is not None else "unknown"
            say(
                "harvest_progress",
                f"{progress.source}: {counted(progress.counts.received, 'record')} of {expected}, {rate:,.0f}/s, "
                f"errors {progress.errors}{_left(progress)}",
                source=progress.source,
                received=progress.counts.received,
                expected=progress.expected,
                errors=progress.errors,
            )

    def counting(self, what: str, total: int) -> Callable[[int], None]:
        """Return a watch on other work that goes on beside the harvests, shown among them."""
        task = self._bars.add_task(what, total=total, rate="–", errors=0, left="")
        started, done = time.monotonic(), 0

        def advance(more: int) -> None:
            """Hear that so much more is done."""
            nonlocal done
            done = min(done + more, total)
            rate = done / max(time.monotonic() - started, 0.001)
            if self._live:
                self._bars.update(task, completed=done, rate=f"{rate:,.0f}")
            elif not self._quiet and time.monotonic() - self._said.get(what, started) >= _PLAIN_SECONDS:
                self._said[what] = time.monotonic()
                say("progress", f"{what}: {done:,} of {total:,}, {rate:,.0f}/s", what=what, done=done, total=total)

        return advance

    def _update_bar(self, progress: HarvestProgress, rate: float) -> None:
        if progress.source not in self._tasks:
            self._tasks[progress.source] = self._bars.add_task(progress.source, total=None, rate="", errors=0, left="")
        self._bars.update(
            self._tasks[progress.source],
            completed=progress.counts.received,
            total=progress.expected,
            rate=f"{rate:,.0f}",
            errors=progress.errors,
            left=_left(progress).removeprefix(", "),
        )


def _left(progress: HarvestProgress) -> str:
    """Write how long a harvest will go on, as far as its lists tell."""
    seconds = progress.seconds_left()
    if seconds is None or seconds < 1:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f", about {hours}:{minutes:02d}:{rest:02d} left"


class CountWatch:
    """A progress bar for counted work of known or unknown size, on standard error."""

    def __init__(self, what: str, total: int | None, *, quiet: bool = False) -> None:
        self._bars = Progress(
            TextColumn(f"{what:<18}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=quiet or not sys.stderr.isatty(),
        )
        self._task = self._bars.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, done: int) -> None:
        """Hear that so much more is done."""
        self._bars.advance(self._task, done)

    def show(self, done: int, total: int) -> None:
        """Hear how much of how much is done."""
        self._bars.update(self._task, completed=done, total=total)
