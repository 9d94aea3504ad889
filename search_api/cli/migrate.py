"""``kaijuan migrate``: a whole library from one deployment to the other, proved, with a search index there."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from urllib.parse import urlsplit

import click

from harvesters.wording import counted
from indexer.errors import IndexDamagedError, IndexVersionError, StoreDamagedError, StoreError
from indexer.storage.database import Database
from indexer.storage.moving import Compared, move
from indexer.storage.store import FILE_NAME, RecordStore
from search_api.cli.output import FAILED, CountWatch, print_json, print_table
from search_api.cli.store import as_it_is, place
from search_api.library import INDEX_FOLDER, Library, open_library
from search_api.settings import ClusterStorage, EmbeddedStorage, Settings, read_settings

_DEPLOYMENTS = click.Choice(["embedded", "cluster"])
_SHOWN_CHECKSUM = 16


@click.command()
@click.argument("source", type=_DEPLOYMENTS)
@click.argument("target", type=_DEPLOYMENTS)
@click.option("--dry-run", is_flag=True, help="Only read: count, and tell what would be refused.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
def migrate(source: str, target: str, *, dry_run: bool, as_json: bool) -> None:
    """Move the library from one deployment to the other; the source is left as it is.

    The embedded one is KAIJUAN_DATA_DIR, the cluster is KAIJUAN_STORAGE__…; set both. Stopped at any moment, the same
    command goes on. See docs/moving.md.

    \b
    Example: kaijuan migrate embedded cluster --dry-run
             kaijuan migrate embedded cluster
    """
    if source == target:
        raise click.UsageError("Name two deployments: kaijuan migrate embedded cluster, or cluster embedded.")
    settings = read_settings()
    if not isinstance(settings.storage, ClusterStorage):
        raise click.UsageError(
            "Set KAIJUAN_STORAGE__KIND=cluster, KAIJUAN_STORAGE__DATABASE_URL and KAIJUAN_STORAGE__ELASTICSEARCH_URL: "
            "they say where the cluster is. The embedded side is KAIJUAN_DATA_DIR."
        )
    embedded = settings.model_copy(update={"storage": EmbeddedStorage()})
    sides = (embedded, settings) if source == "embedded" else (settings, embedded)
    verb = "would be written" if dry_run else "is written"
    click.echo(f"Read:  {place(sides[0])}; it is left as it is, and cannot be changed meanwhile.", err=True)
    click.echo(f"Write: {place(sides[1])}, and {_index_of(sides[1])}; nothing else {verb}.", err=True)
    compared = _move(*sides, dry_run=dry_run, quiet=as_json)
    _print(compared, as_json=as_json)
    wrong = [one.table for one in compared if not (dry_run or one.is_same)]
    if wrong:
        raise StoreError(
            f"The target is not the same in: {', '.join(wrong)}. It stays closed.",
            remedy="See whether anything else writes there (triggers, replication), and run the same command again: "
            "it fills the target anew.",
        )
    if not dry_run:
        _build_index(sides[1], as_json=as_json)


def _move(source: Settings, target: Settings, *, dry_run: bool, quiet: bool) -> list[Compared]:
    if source.storage.kind == "embedded" and not (source.data_dir / FILE_NAME).exists():
        raise StoreError(
            f"There is no library in {source.data_dir}.", remedy="Set KAIJUAN_DATA_DIR to the one to move."
        )
    is_missing = target.storage.kind == "embedded" and not (target.data_dir / FILE_NAME).exists()
    with contextlib.ExitStack() as stack:
        reading = stack.enter_context(as_it_is(source))
        writing = None if dry_run and is_missing else stack.enter_context(as_it_is(target))
        return move(
            reading,
            writing,
            phase=functools.partial(_phase, quiet=quiet),
            dry_run=dry_run,
            before_writing=lambda: _require_no_index(target, writing),
        )


@contextlib.contextmanager
def _phase(what: str, rows: int, *, quiet: bool) -> Iterator[CountWatch]:
    if not quiet:
        click.echo(f"{what}: {counted(rows, 'row')}", err=True)
    with CountWatch(what, rows, quiet=quiet) as watch:
        yield watch


def _require_no_index(settings: Settings, database: Database | None) -> None:
    """Refuse to replace a search index that belongs to who knows what, before anything is written."""
    if database is None:
        return
    library = Library(settings, RecordStore(database))
    try:
        _ = library.index
    except (StoreDamagedError, IndexDamagedError, IndexVersionError) as error:
        raise StoreError(
            f"There is a search index of another library: {_index_of(settings)}.",
            remedy="Name another KAIJUAN_STORAGE__INDEX_PREFIX or KAIJUAN_DATA_DIR, or remove that index.",
        ) from error
    finally:
        library.close_index()


def _index_of(settings: Settings) -> str:
    """Name the search index for people, without passwords."""
    storage = settings.storage
    if not isinstance(storage, ClusterStorage):
        return f"the search index in {settings.data_dir / INDEX_FOLDER}"
    hosts = [urlsplit(url).netloc.rpartition("@")[2] for url in storage.elasticsearch_url.get_secret_value().split(",")]
    return f"the search index {storage.index_prefix}-… at {', '.join(hosts)}"


def _print(compared: list[Compared], *, as_json: bool) -> None:
    rows = [
        {
            "table": one.table,
            "rows": one.source.rows,
            "moved": one.target and one.target.rows,
            "last_key": one.source.last_key,
            "checksum": one.source.checksum[:_SHOWN_CHECKSUM],
            "same": None if one.target is None else one.is_same,
        }
        for one in compared
    ]
    if as_json:
        for row in rows:
            print_json(row)
        return
    print_table("Moved", tuple(rows[0]), [[_yes(value) for value in row.values()] for row in rows])


def _yes(value: object) -> object:
    return ("yes" if value else "NO") if isinstance(value, bool) else value


def _build_index(settings: Settings, *, as_json: bool) -> None:
    """Build the target's search index from its store, and compare the number of documents with that of works."""
    with open_library(settings, sources=[]) as library:
        total = library.pipeline.count_rebuild(normalise=False)
        with _phase("build the index", total, quiet=as_json) as watch:
            library.rebuild(normalise=False, watch=watch)
        works, documents = library.store.catalogue.counts()["works"], library.index.stats().documents
    row = {"works": works, "documents": documents}
    if as_json:
        print_json(row)
    else:
        click.echo(f"{counted(works, 'work')} in the store, {counted(documents, 'document')} in the index.")
    if works != documents:
        click.echo("Error: the index does not have all works. Run kaijuan rebuild --index-only there.", err=True)
        raise SystemExit(FAILED)
