"""Commands; each opens the library, does one thing, and says how it went.

Exit codes: 0 done, 1 it did not work out (the message says why and what to do), 2 the command itself was wrong.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from harvesters.errors import HarvestError, SourceError
from harvesters.wording import counted
from indexer.errors import IndexerError, QueryError
from search_api.cli.output import FAILED, OK, USAGE, CountWatch, print_json, print_table
from search_api.errors import KaijuanError, SettingsError
from search_api.library import open_library
from search_api.logs import configure_logs, secrets_of
from search_api.settings import read_settings

if TYPE_CHECKING:
    from indexer.pipeline import Indexed, Joined

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
_HOST, _PORT = "127.0.0.1", 8000
#: How long `kaijuan index` waits for another one.
_WAIT_SECONDS = 3600.0


#: The commands with modules of their own.
_MODULES: Mapping[str, str] = {
    "sources": "sources",
    "harvest": "harvesting",
    "harvests": "harvesting",
    "reconcile": "harvesting",
    "quarantine": "quarantine",
    "export": "export",
    "links": "links",
    "mcp": "mcp",
    "people": "people",
    "tokens": "tokens",
    "subjects": "subjects",
    "rank": "rank",
    "thesaurus": "thesaurus",
    "store": "store",
    "migrate": "migrate",
    **dict.fromkeys(("backup", "restore"), "backup"),
    **dict.fromkeys(("merge", "split", "distinct", "correct", "judgements", "review", "why"), "judgements"),
}


class _Commands(click.Group):
    """Commands whose modules are imported when they are asked for: a harvest then needs no survey and no web."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(f"search_api.cli.{_MODULES[cmd_name]}"), cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="kaijuan")
@click.option("--verbose", is_flag=True, help="Log more, to standard error.")
def cli(*, verbose: bool) -> None:
    """Kaijuan (开卷): harvest open-access repositories and search them together.

    \b
    Example: kaijuan up            harvest, index and serve on http://127.0.0.1:8000
    """
    try:
        settings = read_settings()
    except SettingsError:  # told by the command, which may not need them
        configure_logs(verbose=verbose)
    else:
        secrets = secrets_of(settings)
        configure_logs(verbose=verbose, level=settings.log_level, style=settings.log_format, secrets=secrets)


@cli.command()
@_JSON
def index(*, as_json: bool) -> None:
    """Bring works and search index up to date with what was harvested.

    \b
    Example: kaijuan index
    """
    started = time.monotonic()
    with open_library(read_settings()) as library:
        with CountWatch("normalise and join", library.pipeline.count_pending(), quiet=as_json) as watch:
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
        with CountWatch("rebuild", library.pipeline.count_rebuild(normalise=not index_only), quiet=as_json) as watch:
            joined, indexed = library.rebuild(normalise=not index_only, watch=watch)
        works = library.store.catalogue.counts()["works"]
    _print_indexed(joined, indexed, works, started, as_json=as_json)


def _print_indexed(joined: Joined, indexed: Indexed, works: int, started: float, *, as_json: bool) -> None:
    row = {
        "works": works,
        "indexed": indexed.indexed,
        "removed": indexed.removed,
        "remerged": joined.remerged,
        "records": joined.records,
        "quarantined": joined.quarantined,
        "seconds": round(time.monotonic() - started, 3),
    }
    if as_json:
        print_json(row)
    else:
        print_table("Index", tuple(row), [tuple(row.values())])


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
@click.option("--keyword", multiple=True, help="Only this keyword.")
@click.option("--container", multiple=True, help="Only this journal (id).")
@click.option("--clc", multiple=True, help="Only this class of the subject tree (TP …) and those below it.")
@click.option("--type", multiple=True, help="Only this article type.")
@click.option("--version", multiple=True, help="Only works with a submitted, accepted or published version.")
@click.option("--has", multiple=True, help="Only works with pdf, abstract, doi, license or fulltext.")
@click.option("--status", multiple=True, help="Only retracted, withdrawn, concern or corrected works.")
@click.option("--rules", help="off: as if the library hid no works and ranked none by rules of its own.")
@click.option("--no-expand", "expand", flag_value="off", help="Only the words as written, nothing of the thesaurus.")
@click.option("--sort", help="relevance, newest, oldest, first_indexed or title.")
@click.option("--facets", help="Facets to count, with commas.")
@click.option("--limit", help="Works to show (1 to 200).")
@click.option("--cursor", help="next_cursor of the page before.")
@click.option("--fields", help="id, minimal, card, detail, or field names with commas.")
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
    from search_api.schemas import search_parameters  # noqa: PLC0415  # dictionaries that harvests do not need
    from search_api.searching import Searcher  # noqa: PLC0415

    wanted = search_parameters({"q": query, **values})
    with open_library(read_settings()) as library:
        body = Searcher(library).answer(wanted.search())
        pending = library.store.raw.count_pending()
    if pending:
        click.echo(f"Not indexed yet: {counted(pending, 'record')}. Run kaijuan index.", err=True)
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
        f"{counted(body['meta']['count'], 'work')} in {body['meta']['took_ms']} ms",
        ("year", "title", "journal", "sources", "id"),
        rows,
    )
    for meant in body["meta"]["query"]["did_you_mean"]:
        click.echo(f"Did you mean: {meant['query']} ({counted(meant['count'], 'work')})", err=True)


@cli.command()
@click.option("--host", default=_HOST, show_default=True, help="Address to serve on; loopback unless you know better.")
@click.option("--port", default=_PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
def serve(*, host: str, port: int, workers: int) -> None:
    """Serve the API and the page, nothing else.

    \b
    Example: kaijuan serve --port 8080
             kaijuan serve --workers 4
    """
    from search_api.serving import serve_library  # noqa: PLC0415  # the web stack takes a moment to load

    if workers > 1:
        from search_api.supervising import serve_by_processes  # noqa: PLC0415

        serve_by_processes(read_settings(), host, port, workers)
        return
    with open_library(read_settings()) as library:
        serve_library(library, host, port)


@cli.command()
@click.option("--demo", is_flag=True, help="Use the demonstration repositories, in a data folder of their own.")
@click.option("--host", default=_HOST, show_default=True, help="Address to serve on; loopback unless you know better.")
@click.option("--port", default=_PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-serve", is_flag=True, help="Only harvest and index; another process serves.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="With --no-serve: answer /metrics and /ready here.")
def up(*, demo: bool, host: str, port: int, no_serve: bool, metrics_port: int | None) -> None:
    """Harvest, index, serve, and go on harvesting by schedule; Ctrl-C stops, the next `up` goes on.

    \b
    Example: kaijuan up
             kaijuan up --demo
    """
    from search_api.up import run, work  # noqa: PLC0415  # the web stack takes a moment to load

    if no_serve and demo:
        raise click.UsageError("--demo is for looking at; leave --no-serve out.")
    if metrics_port is not None and not no_serve:
        raise click.UsageError("--metrics-port is for --no-serve; who serves answers /metrics at its own address.")
    if no_serve:
        work(read_settings(), watched_at=None if metrics_port is None else (host, metrics_port))
    else:
        run(read_settings(), demo=demo, host=host, port=port)


@cli.command()
@_JSON
def doctor(*, as_json: bool) -> None:
    """Check settings, store, index and sources, and say what to do.

    \b
    Example: kaijuan doctor
    """
    from search_api.cli import checks  # noqa: PLC0415  # what asks each kind of source

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
