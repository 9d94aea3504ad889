"""``kaijuan sources``: list them, add one."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from harvesters.errors import HarvestError
from harvesters.oai.fetch import Fetcher
from harvesters.oai.repository import Identity, Repository
from harvesters.pace import Pace
from harvesters.sources.definition import Source
from search_api.cli.output import print_json, print_table
from search_api.library import open_library
from search_api.overview import source_rows
from search_api.settings import read_settings


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
@click.pass_context
def sources(context: click.Context, *, as_json: bool) -> None:
    """List the sources with their counts, last harvest and lag; `sources add` adds one.

    \b
    Example: kaijuan sources
             kaijuan sources add https://example.org/oai --name example
    """
    if context.invoked_subcommand is not None:
        return
    with open_library(read_settings()) as library:
        rows = source_rows(library)
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("source", "records", "deleted", "usable", "quarantined", "complete until", "last harvest", "address")
    print_table("Sources", columns, [_row(row) for row in rows])


def _row(row: dict[str, Any]) -> list[object]:
    last = row["last_harvest"]
    said = (
        f"{last['status']}, {last['received']:,} of {last['expected'] if last['expected'] is not None else '?'}"
        if last
        else None
    )
    return [
        row["id"],
        row["records"],
        row["deleted"],
        row["manifestations"],
        row["quarantined"],
        row["complete_until"],
        said,
        row["endpoint"],
    ]


@sources.command()
@click.argument("url")
@click.option("--name", required=True, help="Short name, such as our-repository.")
@click.option(
    "--prefix", "prefixes", multiple=True, help="Metadata format (default oai_dc); repeat for more, best first."
)
@click.option("--set", "set_spec", help="Only this set.")
@click.option("--title", help="Name that readers see.")
@click.option(
    "--slice",
    "slice_",
    type=click.Choice(["day", "month"]),
    help="Cut lists by date; only where the repository heeds dates.",
)
@click.option("--pace", type=click.FloatRange(min=0), help="Seconds between requests (default 1; 0 on this machine).")
@click.option("--json", "as_json", is_flag=True, help="Print the source as JSON.")
def add(
    url: str,
    *,
    name: str,
    prefixes: tuple[str, ...],
    set_spec: str | None,
    title: str | None,
    slice_: str | None,
    pace: float | None,
    as_json: bool,
) -> None:
    """Add an OAI-PMH repository by its base URL; it is asked to identify itself, but added even if it is silent.

    \b
    Example: kaijuan sources add https://repository.example.edu/oai --name our-repository --prefix oai_dc
    """
    values = {
        "id": name,
        "name": title or name,
        "endpoint": url,
        "metadata_prefixes": list(prefixes) or ["oai_dc"],
        "set_spec": set_spec,
        "slice": slice_,
    }
    source = Source.of(values)
    source = dataclasses.replace(
        source, pace_seconds=pace if pace is not None else 0.0 if _is_loopback(source) else 1.0
    )
    identity = _identify(source)
    if identity is not None:
        fine = identity.granularity.lower().startswith("yyyy-mm-ddthh")
        source = dataclasses.replace(
            source, name=title or identity.name or name, granularity="second" if fine else "day"
        )
    with open_library(read_settings()) as library:
        library.store.sources.add(source)
    if as_json:
        print_json(source.values())
    else:
        click.echo(f"Added {source.id}: {source.name}. Harvest it with: kaijuan harvest {source.id}")


def _is_loopback(source: Source) -> bool:
    return source.host.rsplit(":", 1)[0] in {"127.0.0.1", "localhost", "[::1]"}


def _identify(source: Source) -> Identity | None:
    fetcher = Fetcher(dataclasses.replace(source, attempts=1, timeout_seconds=10.0), Pace())
    try:
        return Repository(fetcher).identify()
    except HarvestError as error:
        click.echo(
            f"The repository did not identify itself: {error} It is added all the same, with dates by the day.",
            err=True,
        )
        return None
    finally:
        fetcher.close()
