"""``kaijuan harvest``, ``reconcile`` and ``harvests``: bring records in, compare, and see how it went."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
import structlog

from harvesters.checkpoints import Counts, RunReport
from harvesters.errors import HarvestError
from harvesters.pace import Pace
from harvesters.preview import Preview
from harvesters.runner import Request
from harvesters.sources.definition import Source
from harvesters.windows import check_request
from harvesters.wording import counted
from indexer.errors import IndexerError
from search_api.cli.output import FAILED, OK, HarvestWatch, print_json, print_table, these
from search_api.hours import is_allowed_at
from search_api.library import MAX_KEY, Library, open_library
from search_api.logs import say
from search_api.settings import read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
_COUNTS = ("expected", "received", "new", "changed", "unchanged", "deleted", "quarantined", "duplicates", "pages")
_SHOWN_LISTS = 10
_SHOWN_RUNS = 20
#: A run has a list a day and format at most; forty years of days are more than this.
_MOST_LISTS = 10_000
_log = structlog.get_logger()


@click.command()
@click.argument("names", metavar="SOURCE…", nargs=-1, required=True)
@click.option("--since", help="Ask from this date on (YYYY-MM-DD) instead of from the checkpoint.")
@click.option("--until", help="Ask up to this date (YYYY-MM-DD), inclusive.")
@click.option("--set", "set_spec", help="Ask for this set only; it has a checkpoint of its own.")
@click.option("--full", is_flag=True, help="Forget the checkpoint and ask for everything the source's settings cover.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many records; the run is then incomplete.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked for, ask for one page, store nothing.")
@click.option(
    "--confirm-deletions", is_flag=True, help="Delete what a complete list no longer names, however much it is."
)
@_JSON
def harvest(
    names: tuple[str, ...],
    *,
    since: str | None,
    until: str | None,
    set_spec: str | None,
    full: bool,
    limit: int | None,
    dry_run: bool,
    confirm_deletions: bool,
    as_json: bool,
) -> None:
    """Harvest sources, going on from where each stands; prints each run's ledger row.

    Sources of different hosts are harvested at the same time, never two of one host. Exit code 0 only when every run is
    complete.

    \b
    Example: kaijuan harvest doaj pmc
             kaijuan harvest doaj --since 2026-09-01 --until 2026-09-07 --json
             kaijuan harvest our-repository --dry-run
    """
    check_request(since, until)
    request = Request(
        since=since,
        until=until,
        full=full,
        set_spec=set_spec,
        max_records=limit,
        confirm_deletions=confirm_deletions,
    )
    with open_library(read_settings()) as library:
        sources = [library.store.sources.get(name) for name in dict.fromkeys(names)]
        if dry_run:
            _preview(library, sources, request, as_json=as_json)
            return
        _tell_hours(sources, request)
        _run_all(library.harvest, sources, request, as_json=as_json)


@click.command()
@click.argument("names", metavar="SOURCE…", nargs=-1, required=True)
@click.option("--confirm-deletions", is_flag=True, help="Delete what is gone, however much it is.")
@_JSON
def reconcile(names: tuple[str, ...], *, confirm_deletions: bool, as_json: bool) -> None:
    """Compare with all that a repository lists: deletions that were never told, records that never arrived.

    What the list does not name is asked for by itself, then deleted; more than the source's max_deleted_share only with
    --confirm-deletions. What is listed but not here is fetched.

    \b
    Example: kaijuan reconcile our-repository
    """
    with open_library(read_settings()) as library:
        sources = [library.store.sources.get(name) for name in dict.fromkeys(names)]
        request = Request(confirm_deletions=confirm_deletions)
        _run_all(library.reconcile, sources, request, as_json=as_json)


def _tell_hours(sources: Sequence[Source], request: Request) -> None:
    """Say which hosts want large harvests at other hours: who harvests by hand decides that."""
    for source in sources:
        if not is_allowed_at(source, request, datetime.now(UTC)):
            click.echo(
                f"{source.id}: large harvests are for {source.hours} o'clock (UTC), as its host asks. If this is one, "
                "stop it with Ctrl-C; it goes on at the next kaijuan harvest, or by kaijuan up, which keeps the hours.",
                err=True,
            )


def _run_all(
    work: Callable[..., RunReport],
    sources: Sequence[Source],
    request: Request,
    *,
    as_json: bool,
) -> None:
    """Run sources side by side, those of one host one after the other; print rows as they end; exit."""
    stop = threading.Event()
    by_host: dict[str, list[Source]] = {}
    for source in sources:
        by_host.setdefault(source.host, []).append(source)
    reports: list[RunReport] = []
    is_all_run = True
    with HarvestWatch(quiet=as_json) as watch, _stopping_politely(stop), _side_by_side(len(by_host)) as mapped:

        def run_host(mine: list[Source]) -> list[RunReport | str]:
            pace = Pace(stop)  # the host's, whichever source asks
            return [_run_one(work, source, request, pace, watch) for source in mine]

        for mine, done in zip(by_host.values(), mapped(run_host, by_host.values()), strict=True):
            for source, outcome in zip(mine, done, strict=True):
                if isinstance(outcome, RunReport):
                    reports.append(outcome)
                    if as_json:
                        print_json(outcome.values())
                    continue
                is_all_run = False
                click.echo(f"{source.id}: {outcome}", err=True)
                if as_json:
                    print_json(_not_run(source.id, outcome))
    if not as_json and reports:
        print_reports(reports)
    raise SystemExit(OK if is_all_run and all(report.status == "complete" for report in reports) else FAILED)


@contextlib.contextmanager
def _side_by_side(hosts: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Give what maps a function over so many hosts: a thread each; one alone is done here.

    A thread has a heap of its own, beside what the imports left free in this one: 4 MiB for a harvest.
    """
    if hosts == 1:
        yield map
        return
    with ThreadPoolExecutor(hosts) as pool:
        yield pool.map


def _run_one(
    work: Callable[..., RunReport], source: Source, request: Request, pace: Pace, watch: HarvestWatch
) -> RunReport | str:
    """Return how a run went, or why it did not begin or broke off; the others are harvested all the same."""
    try:
        return work(source, request, pace=pace, on_progress=watch)
    except (HarvestError, IndexerError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # one source's surprise must not hide what became of the others
        _log.exception("harvest_failed", source=source.id)
        return f"An unforeseen error ended it ({type(error).__name__}: {error}). Tell the maintainers."


@contextlib.contextmanager
def _stopping_politely(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C end the harvest after the page in hand, with its ledger row; the second ends it at once."""

    def first(*_: object) -> None:
        say("stopping", "Stopping after the page in hand … (again to stop at once)")
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


def _preview(library: Library, sources: Sequence[Source], request: Request, *, as_json: bool) -> None:
    pace, is_all_seen = Pace(), True
    for source in sources:
        try:
            seen = library.preview(source, request, pace=pace)
        except (HarvestError, IndexerError) as error:
            is_all_seen = False
            click.echo(f"{source.id}: {error}", err=True)
            if as_json:
                print_json({"source": source.id, "error": str(error)})
            continue
        is_all_seen = is_all_seen and seen.error is None
        if as_json:
            lists = [{"metadata_prefix": prefix, "since": one.since, "until": one.until} for prefix, one in seen.lists]
            print_json({**asdict(seen), "lists": lists})
            continue
        _print_preview(seen)
    raise SystemExit(OK if is_all_seen else FAILED)


def _print_preview(seen: Preview) -> None:
    rows = [(prefix, window.since, window.until) for prefix, window in seen.lists]
    print_table(f"{seen.source}: would ask for", ("format", "from", "until"), rows[:_SHOWN_LISTS])
    if len(rows) > _SHOWN_LISTS:
        more = counted(len(rows) - _SHOWN_LISTS, "more list")
        click.echo(f"… and {more}, up to {rows[-1][2] or 'now'}.")
    size = "no number of records" if seen.expected is None else counted(seen.expected, "record")
    click.echo(
        f"The first page brought {counted(seen.records, 'record')} of a list that states {size}"
        f"{': ' + ', '.join(seen.examples) if seen.examples else ''}. Nothing was stored."
        if seen.error is None
        else f"The first page failed: {seen.error}"
    )


@click.command()
@click.argument("source", required=False)
@click.option("--run", type=click.IntRange(min=1, max=MAX_KEY), help="Show the lists of this run.")
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=1_000_000),
    help=f"Rows to show; by default {_SHOWN_RUNS} runs, or a run's lists up to {_MOST_LISTS:,}.",
)
@_JSON
def harvests(source: str | None, *, run: int | None, limit: int | None, as_json: bool) -> None:
    """Show the harvest ledger: runs, newest first, or the lists of one run, in the order in which they were begun.

    \b
    Example: kaijuan harvests doaj
             kaijuan harvests --run 12
    """
    with open_library(read_settings()) as library:
        history = library.store.harvests.history
        if source is not None:
            library.store.sources.require(source)
        if run is not None:
            found = history.run(run)
            if found is None or source not in {None, found.source}:
                whose = f"Source {source!r} has" if source else "There is"
                raise click.UsageError(f"{whose} no harvest {run}. See them with: kaijuan harvests")
            most = limit or _MOST_LISTS
            lists = [one.values() for one in history.slices(run, limit=most + 1)]
            _print_lists(lists[:most], as_json=as_json)
            if len(lists) > most:
                click.echo(f"The run has more lists than {these(most)}. Show more with --limit.", err=True)
            return
        most = limit or _SHOWN_RUNS
        reports = [library.shown(report) for report in history.runs(source, limit=most + 1)]
    _print_runs(reports[:most], as_json=as_json)
    if len(reports) > most:
        click.echo(f"There are older harvests than {these(most)}. Show more with --limit.", err=True)


def _print_runs(reports: Sequence[RunReport], *, as_json: bool) -> None:
    if as_json:
        for report in reports:
            print_json(report.values())
        return
    columns = ("id", "source", "kind", "status", *_COUNTS, "started", "seconds")
    print_table("Harvests", columns, [[_cell(report.values()[name]) for name in columns] for report in reports])
    _print_errors(reports)


def _print_lists(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("id", "metadata_prefix", "since", "until", "status", *_COUNTS, "note")
    print_table("Lists", columns, [[row[name] for name in columns] for row in rows])


def _cell(value: object) -> object:
    return round(value, 1) if isinstance(value, float) else value


def print_reports(reports: Sequence[RunReport]) -> None:
    """Print ledger rows as a table, with each error in full below it."""
    columns = ("source", "status", *_COUNTS)
    print_table("Harvests", columns, [[getattr(report, name) for name in columns] for report in reports])
    _print_errors(reports)


def _print_errors(reports: Sequence[RunReport]) -> None:
    for report in reports:
        if report.error:
            click.echo(f"{report.source}: {report.error}", err=True)
