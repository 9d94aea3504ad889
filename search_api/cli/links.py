"""``kaijuan links``: whether copies still open, and what readers report."""

from __future__ import annotations

import click

from harvesters.pace import Pace
from indexer.storage.links import STALE_DAYS
from search_api.cli.output import FAILED, OK, CountWatch, print_json, print_table
from search_api.library import open_library
from search_api.link_checks import MOST, Wanted, check_links
from search_api.settings import read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")


@click.group()
def links() -> None:
    """Check whether copies still open, and see what readers report.

    \b
    Example: kaijuan links check --limit 200
             kaijuan links reports
    """


@links.command()
@click.option("--source", help="Only copies that this source names.")
@click.option("--host", help="Only addresses of this host.")
@click.option("--reported", is_flag=True, help="Only what readers reported.")
@click.option("--limit", type=click.IntRange(1, MOST), default=1000, show_default=True, help="Addresses to check.")
@click.option(
    "--stale-days",
    type=click.FloatRange(min=0, max=3650),
    default=STALE_DAYS,
    show_default=True,
    help="Check again what was checked so long ago; what failed is checked sooner.",
)
@_JSON
def check(
    *, source: str | None, host: str | None, reported: bool, limit: int, stale_days: float, as_json: bool
) -> None:
    """Ask whether addresses open: reported ones first, then those that are due, then new ones.

    One request at a time and at most one a second to a host, several hosts at once. Ctrl-C keeps what was found; the
    same command goes on from there. Exit code 1 where the network cannot be reached.

    \b
    Example: kaijuan links check
             kaijuan links check --host journal.example.org --stale-days 0
             kaijuan links check --reported --json
    """
    if source is not None and reported:
        raise click.UsageError("--reported is of all sources; leave --source out, or --reported.")
    host = host.strip().lower() if host else None
    wanted = Wanted(source=source, host=host, reported=reported, limit=limit, stale_days=stale_days)
    with open_library(read_settings()) as library:
        if source is not None:
            library.store.sources.get(source)
        with CountWatch("check links", None, quiet=as_json) as watch:
            checked = check_links(library, wanted, pace=Pace(), watch=watch)
    if as_json:
        print_json(checked.values())
    else:
        row = {name: value for name, value in checked.values().items() if name != "message"}
        print_table("Links", tuple(row), [tuple(row.values())])
        if checked.message:
            click.echo(checked.message, err=True)
    raise SystemExit(FAILED if checked.message else OK)


@links.command()
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Rows, most reported first.")
@_JSON
def reports(*, limit: int, as_json: bool) -> None:
    """List the addresses that readers say do not open, until a check finds them open.

    \b
    Example: kaijuan links reports
    """
    with open_library(read_settings()) as library:
        rows = library.store.links.open_reports(limit=limit)
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("key", "url", "work", "reports", "since", "state", "http_status", "checked_at", "note")
    print_table("Reports", columns, [[row[name] for name in columns] for row in rows])


@links.command()
@click.argument("key", type=click.IntRange(1, 2**63 - 1))
def settle(key: int) -> None:
    """Say that you opened a reported address yourself, for hosts that turn programs away.

    \b
    Example: kaijuan links settle 12
    """
    with open_library(read_settings()) as library:
        is_known = library.store.links.settle(key)
    if not is_known:
        raise click.UsageError(f"There is no address {key}. See them with: kaijuan links reports")
    click.echo("It counts as open; its reports are settled.")
