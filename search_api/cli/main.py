"""Commands; each opens the library, does one thing, and says how it went.

Exit codes: 0 done, 1 it did not work out (the message says why and what to do), 2 the command itself was wrong.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from harvesters.checkpoints import Counts, RunReport
from harvesters.errors import HarvestError, SourceError
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.windows import check_request
from indexer.errors import IndexerError, QueryError, StoreBusyError
from indexer.pipeline import Indexed, Joined
from search_api.cli import checks
from search_api.cli.output import FAILED, OK, USAGE, CountWatch, HarvestWatch, print_json, print_table
from search_api.cli.sources import sources
from search_api.errors import KaijuanError, SettingsError
from search_api.library import open_library
from search_api.logs import configure_logs
from search_api.schemas import search_parameters
from search_api.searching import Searcher
from search_api.settings import read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
_HOST, _PORT = "127.0.0.1", 8000
#: How long `kaijuan index` waits for another one.
_WAIT_SECONDS = 3600.0


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="kaijuan")
@click.option("--verbose", is_flag=True, help="Log more, to standard error.")
def cli(*, verbose: bool) -> None:
    """Kaijuan (开卷): harvest open-access repositories and search them together.

    \b
    Example: kaijuan up            harvest, index and serve on http://127.0.0.1:8000
    """
    configure_logs(verbose=verbose)


cli.add_command(sources)


@cli.command()
@click.argument("names", metavar="SOURCE…", nargs=-1, required=True)
@click.option("--since", help="Ask from this date on (YYYY-MM-DD) instead of from the checkpoint.")
@click.option("--until", help="Ask up to this date (YYYY-MM-DD), inclusive.")
@click.option("--full", is_flag=True, help="Forget the checkpoint and ask for everything the source's settings cover.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many records; the run is then incomplete.")
@_JSON
def harvest(
    names: tuple[str, ...], *, since: str | None, until: str | None, full: bool, limit: int | None, as_json: bool
) -> None:
    """Harvest sources, going on from where each stands; prints each run's ledger row.

    Exit code 0 only when every run is complete.

    \b
    Example: kaijuan harvest doaj pmc
             kaijuan harvest doaj --since 2026-09-01 --until 2026-09-07 --json
    """
    check_request(since, until)
    request = Request(since=since, until=until, full=full, max_records=limit)
    reports: list[RunReport] = []
    busy = False
    stop = threading.Event()
    with open_library(read_settings()) as library, HarvestWatch(quiet=as_json) as watch, _stopping_politely(stop):
        for source in [library.store.sources.get(name) for name in names]:
            try:
                report = library.harvest(source, request, pace=Pace(stop), on_progress=watch)
            except StoreBusyError as error:  # the others are harvested all the same
                busy = True
                click.echo(f"{source.id}: {error}", err=True)
                if as_json:
                    print_json(_not_run(source.id, str(error)))
                continue
            reports.append(report)
            if as_json:
                print_json(report.values())
    if not as_json and reports:
        print_reports(reports)
    raise SystemExit(OK if not busy and all(report.status == "complete" for report in reports) else FAILED)


@contextlib.contextmanager
def _stopping_politely(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C end the harvest after the page in hand, with its ledger row; the second ends it at once."""

    def first(*_: object) -> None:
        click.echo("Stopping after the page in hand … (again to stop at once)", err=True)
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _not_run(source_id: str, error: str) -> dict[str, Any]:
    """Return what stands for the ledger row of a harvest that did not begin."""
    return {"source": source_id, "status": "failed", "expected": None, **asdict(Counts()), "error": error}


def print_reports(reports: list[RunReport]) -> None:
    """Print ledger rows as a table, with each error in full below it."""
    columns = (
        "source",
        "status",
        "expected",
        "received",
        "new",
        "changed",
        "unchanged",
        "deleted",
        "quarantined",
        "duplicates",
        "pages",
    )
    print_table("Harvests", columns, [[getattr(report, name) for name in columns] for report in reports])
    for report in reports:
        if report.error:
            click.echo(f"{report.source}: {report.error}", err=True)


@cli.command()
@_JSON
def index(*, as_json: bool) -> None:
    """Bring works and search index up to date with what was harvested.

    \b
    Example: kaijuan index
    """
    started = time.monotonic()
    with open_library(read_settings()) as library:
        with CountWatch("normalise and join", library.store.raw.count_pending(), quiet=as_json) as watch:
            joined, indexed = library.bring_up_to_date(watch, wait_seconds=_WAIT_SECONDS)
        works = library.store.catalogue.counts()["works"]
    _print_indexed(joined, indexed, works, started, as_json=as_json)


@cli.command()
@click.option("--index-only", is_flag=True, help="Keep the works, build only the search index anew.")
@_JSON
def rebuild(*, index_only: bool, as_json: bool) -> None:
    """Build works and search index anew from the raw records; ids stay, searches go on meanwhile.

    \b
    Example: kaijuan rebuild --index-only
    """
    started = time.monotonic()
    with open_library(read_settings()) as library:
        with CountWatch("rebuild", None, quiet=as_json) as watch:
            joined, indexed = library.rebuild(normalise=not index_only, watch=watch)
        works = library.store.catalogue.counts()["works"]
    _print_indexed(joined, indexed, works, started, as_json=as_json)


def _print_indexed(joined: Joined, indexed: Indexed, works: int, started: float, *, as_json: bool) -> None:
    row = {
        "works": works,
        "indexed": indexed.indexed,
        "removed": indexed.removed,
        "records": joined.records,
        "quarantined": joined.quarantined,
        "seconds": round(time.monotonic() - started, 3),
    }
    if as_json:
        print_json(row)
    else:
        print_table("Index", tuple(row), [tuple(row.values())])


@cli.command()
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Rows to show, newest first.")
@_JSON
def quarantine(*, limit: int, as_json: bool) -> None:
    """List what could not be used, each with the reason and the remedy; all of it is kept.

    \b
    Example: kaijuan quarantine
    """
    with open_library(read_settings()) as library:
        rows = library.store.quarantine.list(limit=limit)
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("source", "identifier", "reason", "remedy", "created_at")
    print_table("Quarantine", columns, [[row[name] for name in columns] for row in rows])


@cli.command()
@click.argument("query")
@click.option("--match", help="all, most, any or auto (the default).")
@click.option("--source", multiple=True, help="Only this source; repeat for more.")
@click.option("--year", multiple=True, help="Only this year; repeat for more.")
@click.option("--year-from", help="Only this year and later.")
@click.option("--year-to", help="Only this year and earlier.")
@click.option("--lang", multiple=True, help="Only this language (en, zh …).")
@click.option("--license", multiple=True, help="Only this licence (cc-by …).")
@click.option("--subject", multiple=True, help="Only this subject.")
@click.option("--container", multiple=True, help="Only this journal (id).")
@click.option("--type", multiple=True, help="Only this article type.")
@click.option("--has", multiple=True, help="Only works with pdf, abstract, doi, license or fulltext.")
@click.option("--sort", help="relevance, newest, oldest or first_indexed.")
@click.option("--facets", help="Facets to count, with commas.")
@click.option("--limit", help="Works to show (1 to 200).")
@click.option("--cursor", help="next_cursor of the page before.")
@click.option("--fields", help="card, detail, or field names with commas.")
@_JSON
def search(query: str, *, as_json: bool, **given: Any) -> None:
    """Search the index; --json prints the same body as GET /v1/works.

    \b
    Example: kaijuan search "perovskite stability" --lang en
             kaijuan search 钙钛矿 --json
    """
    values = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
        if value not in (None, ())
    }
    wanted = search_parameters({"q": query, **values})
    with open_library(read_settings()) as library:
        body = Searcher(library).answer(wanted.search())
        pending = library.store.raw.count_pending()
    if pending:
        click.echo(f"{pending:,} records wait to be indexed: run kaijuan index.", err=True)
    if as_json:
        print_json(body)
        return
    rows = [
        [
            str(row.get("year") or ""),
            row.get("title"),
            (row.get("container") or {}).get("title"),
            " ".join(row.get("sources") or ()),
            row["id"],
        ]
        for row in body["results"]
    ]
    print_table(
        f"{body['meta']['count']:,} works in {body['meta']['took_ms']} ms",
        ("year", "title", "journal", "sources", "id"),
        rows,
    )


@cli.command()
@click.option("--host", default=_HOST, show_default=True, help="Address to serve on; loopback unless you know better.")
@click.option("--port", default=_PORT, show_default=True, type=click.IntRange(0, 65535))
def serve(*, host: str, port: int) -> None:
    """Serve the API and the page, nothing else.

    \b
    Example: kaijuan serve --port 8080
    """
    from search_api.serving import serve_library  # noqa: PLC0415  # the web stack takes a moment to load

    with open_library(read_settings()) as library:
        serve_library(library, host, port)


@cli.command()
@click.option("--demo", is_flag=True, help="Use the demonstration repositories, in a data folder of their own.")
@click.option("--host", default=_HOST, show_default=True, help="Address to serve on; loopback unless you know better.")
@click.option("--port", default=_PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-serve", is_flag=True, help="Only harvest and index; another process serves.")
def up(*, demo: bool, host: str, port: int, no_serve: bool) -> None:
    """Harvest, index, serve, and go on harvesting by schedule; Ctrl-C stops, the next `up` goes on.

    \b
    Example: kaijuan up
             kaijuan up --demo
    """
    from search_api.up import run, work  # noqa: PLC0415  # the web stack takes a moment to load

    if no_serve and demo:
        raise click.UsageError("--demo is for looking at; leave --no-serve out.")
    if no_serve:
        work(read_settings())
    else:
        run(read_settings(), demo=demo, host=host, port=port)


@cli.command()
@_JSON
def doctor(*, as_json: bool) -> None:
    """Check settings, store, index and sources, and say what to do.

    \b
    Example: kaijuan doctor
    """
    found = checks.examine()
    if as_json:
        for check in found:
            print_json(check.values())
    else:
        print_table(
            "Doctor",
            ("check", "state", "what was found", "what to do"),
            [(c.name, c.state, c.found, c.remedy) for c in found],
        )
    raise SystemExit(FAILED if any(check.state == "failed" for check in found) else OK)


def main() -> None:
    """Run the command line; every expected error is one clear message."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        raise SystemExit(USAGE) from None
    except click.Abort:
        click.echo("Stopped.", err=True)
        raise SystemExit(FAILED) from None
    except KeyboardInterrupt:
        click.echo("Stopped. What was stored stays; the same command goes on from there.", err=True)
        raise SystemExit(FAILED) from None
    except SettingsError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(USAGE) from None
    except (QueryError, SourceError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(USAGE) from None
    except (HarvestError, IndexerError, KaijuanError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(FAILED) from None
