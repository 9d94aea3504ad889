"""``kaijuan quarantine``: what could not be used, why, its bytes, and another try."""

from __future__ import annotations

import sys
from typing import Any

import click

from harvesters.pace import Pace
from harvesters.wording import counted
from search_api.cli.output import FAILED, OK, print_json, print_table, these
from search_api.library import MAX_KEY, REPLAYED_AT_ONCE, Library, open_library
from search_api.settings import read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
_WAIT_SECONDS = 3600.0


@click.group(invoke_without_command=True)
@click.option("--source", help="Only this source's.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Rows to show, newest first.")
@_JSON
@click.pass_context
def quarantine(context: click.Context, *, source: str | None, limit: int, as_json: bool) -> None:
    """List what could not be used, each with the reason and the remedy; all of it is kept.

    \b
    Example: kaijuan quarantine
             kaijuan quarantine show 12
             kaijuan quarantine replay --source our-repository
    """
    if context.invoked_subcommand is not None:
        return
    with open_library(read_settings()) as library:
        if source is not None:
            library.store.sources.require(source)
        rows = library.store.quarantine.list(source=source, limit=limit)
        waiting = library.store.quarantine.counts()
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("key", "source", "identifier", "reason", "remedy", "created_at")
    print_table("Quarantine", columns, [[row[name] for name in columns] for row in rows])
    count = waiting.get(source, 0) if source is not None else sum(waiting.values())
    if count > len(rows):
        click.echo(f"{counted(count, 'row')} in quarantine. Show more than {these(len(rows))} with --limit.", err=True)


@quarantine.command()
@click.argument("key", type=click.IntRange(1, MAX_KEY))
@click.option("--raw", is_flag=True, help="Print only the bytes, as they came.")
@_JSON
def show(key: int, *, raw: bool, as_json: bool) -> None:
    """Show one row and the bytes it is about.

    \b
    Example: kaijuan quarantine show 12
             kaijuan quarantine show 12 --raw > record.xml
    """
    with open_library(read_settings()) as library:
        found = library.store.quarantine.show(key)
    if found is None:
        raise click.UsageError(f"There is no quarantine row {key}. See them with: kaijuan quarantine")
    row, body = found
    if raw:
        sys.stdout.buffer.write(body)
        return
    text = body.decode("utf-8", "backslashreplace")
    if as_json:
        print_json({**row, "body": text})
        return
    for name, value in row.items():
        click.echo(f"{name + ':':<14}{value if value is not None else '–'}")
    click.echo(f"\n{text}")


@quarantine.command()
@click.argument("keys", nargs=-1, type=click.IntRange(1, MAX_KEY))
@click.option("--source", help="Only this source's rows.")
@_JSON
def replay(keys: tuple[int, ...], *, source: str | None, as_json: bool) -> None:
    """Try what is in quarantine again: records are described anew, missing ones asked for once more.

    Exit code 0 when nothing of it is left.

    \b
    Example: kaijuan quarantine replay
             kaijuan quarantine replay 12 13
    """
    with open_library(read_settings()) as library:
        if source is not None:
            library.store.sources.require(source)
        counts = library.store.quarantine.counts()
        names = [source] if source else sorted(counts)
        rows = [_replay(library, name, keys or None) for name in names if counts.get(name)]
        library.bring_up_to_date(wait_seconds=_WAIT_SECONDS)
        left = library.store.quarantine.counts()
    for row in rows:
        row["left"] = left.get(row["source"], 0)
        if as_json:
            print_json(row)
    if not as_json:
        columns = ("source", "tried", "left", "message")
        print_table("Replayed", columns, [[row[name] for name in columns] for row in rows])
    raise SystemExit(FAILED if any(row["left"] for row in rows) else OK)


def _replay(library: Library, name: str, keys: tuple[int, ...] | None) -> dict[str, Any]:
    report, waiting = library.replay(library.store.sources.get(name), keys=keys, pace=Pace(), limit=REPLAYED_AT_ONCE)
    tried = waiting + (report.received if report else 0)
    return {"source": name, "tried": tried, "message": report.error if report else None}
