"""``kaijuan export``: chosen works or a whole result, to a file or to standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from harvesters.wording import counted
from indexer.errors import QueryError
from indexer.storage.catalogue import StoredWork
from search_api.cli.output import FAILED
from search_api.exporting.formats import FORMATS, Ranked, encoded, format_named
from search_api.exporting.walking import ranked, walk
from search_api.library import Library, open_library
from search_api.schemas import QueryParameters, search_parameters
from search_api.settings import read_settings

_FILTERS = (
    *("source", "year", "lang", "license", "subject", "keyword", "container", "clc", "type", "version", "has"),
    "status",
)


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters of a search."""
    for name in reversed(_FILTERS):
        command = click.option(f"--{name}", multiple=True, help="As in kaijuan search; repeat for more.")(command)
    return command


@click.command()
@click.argument("query", default="")
@click.option("--format", "name", required=True, help=f"One of {', '.join(FORMATS)}.")
@click.option(
    "--id", "ids", multiple=True, help="This work (id, doi:…, pmid:…, pmcid:…); repeat for more. Without a query."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; it is replaced whole.")
@click.option("--limit", type=click.IntRange(1), help="Works at most; all where it is left out.")
@click.option("--bom", is_flag=True, help="For csv: begin with a byte order mark, for Excel.")
@click.option("--match", help="all, most, any or auto (the default).")
@click.option("--no-expand", "expand", flag_value="off", help="Only the words as written, nothing of the thesaurus.")
@click.option("--sort", help="relevance, newest, oldest, first_indexed or title.")
@click.option("--year-from", help="Only this year and later.")
@click.option("--year-to", help="Only this year and earlier.")
@_filters
def export(
    query: str, *, name: str, ids: tuple[str, ...], output: Path | None, limit: int | None, bom: bool, **given: Any
) -> None:
    """Export works: RIS, BibTeX, CSL-JSON, CSV, EndNote, NoteExpress, JSON Lines, or citations. An empty query is all.

    \b
    Example: kaijuan export "perovskite stability" --format ris --output perovskite.ris
             kaijuan export --format gb7714 --id doi:10.1000/x
    """
    chosen = format_named(name, bom=bom)
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value}
    if ids and (query or values or limit):
        raise QueryError("ids_beside_query")
    wanted = search_parameters({"q": query, **values})
    written = 0

    def counting(works: Iterator[Ranked]) -> Iterator[Ranked]:
        nonlocal written
        for written, work in enumerate(works, 1):  # noqa: B007  # told at the end
            yield work

    with open_library(read_settings()) as library:
        works = _named(library, ids) if ids else walk(library, QueryParameters.search(wanted), limit)
        with _target(output) as file:
            for piece in encoded(chosen.stream(counting(works), bom=bom)):
                file.write(piece)
    click.echo(f"Exported {counted(written, 'work')} as {chosen.label}.", err=True)


def _named(library: Library, ids: tuple[str, ...]) -> Iterator[Ranked]:
    """Return named works; raise ``QueryError`` naming those that are not there."""
    found: dict[int, StoredWork] = {}
    missing: list[str] = []
    for one in ids:
        work = library.store.catalogue.find(one)
        if work is not None and work.state == "merged":
            work = library.store.catalogue.target(work)
        if work is None or work.state != "active":
            missing.append(one)
        else:
            found.setdefault(work.key, work)
    if missing:
        raise QueryError("no_works", ids=", ".join(map(repr, missing)))
    return ranked(library, found.values())


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """Open where an export goes; a file appears when it is whole, and what was there before stays until then."""
    if output is None:
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # "| head" has seen enough; what is still buffered must not be told as an error
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(FAILED) from None
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written ({error.strerror}). Choose another file.") from error
    finally:
        part.unlink(missing_ok=True)
