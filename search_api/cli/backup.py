"""``kaijuan backup`` and ``kaijuan restore``: the embedded library as one file."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from harvesters.wording import counted
from indexer.errors import StoreError
from indexer.storage.backup import Backup, back_up, checksum_file
from indexer.storage.backup import restore as put_back
from indexer.storage.store import FILE_NAME
from search_api.cli.output import CountWatch, print_json
from search_api.cli.store import as_it_is
from search_api.library import INDEX_FOLDER, open_library
from search_api.settings import ClusterStorage, read_settings

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")


@click.command()
@_FILE
@_JSON
def backup(file: Path, *, as_json: bool) -> None:
    """Write the embedded library into FILE while harvests and searches go on; see docs/operations.md.

    FILE appears when it is whole, with its checksum beside it (FILE.sha256). For a cluster this tells what to run.

    \b
    Example: kaijuan backup /backups/kaijuan-2026-11-22.db
    """
    settings = read_settings()
    if isinstance(settings.storage, ClusterStorage):
        url = make_url(settings.storage.database_url.get_secret_value())._replace(
            drivername="postgresql", password=None
        )
        asked = shlex.join(["pg_dump", "--format=custom", f"--file={file}", url.render_as_string()])
        raise click.UsageError(
            f"A cluster is backed up by PostgreSQL's own tools. Run (with the password in ~/.pgpass):\n  {asked}\n"
            "or, where docker-compose.yml started it:\n"
            f"  docker compose exec -T postgres pg_dump -U kaijuan -Fc kaijuan > {shlex.quote(str(file))}\n"
            "The search index is built from that, see docs/operations.md."
        )
    if not (settings.data_dir / FILE_NAME).exists():
        raise StoreError(f"There is no library in {settings.data_dir}.", remedy="Set KAIJUAN_DATA_DIR.")
    with as_it_is(settings) as database, CountWatch("copy pages", None, quiet=as_json) as watch:
        done = back_up(database, file, watch=watch.show)
    if as_json:
        print_json(_row(done))
        return
    click.echo(f"{file}: {_told(done)}. Checksum in {checksum_file(file).name}.")


@click.command()
@_FILE
@click.option("--replace", is_flag=True, help="Also where a library is; its store is kept beside.")
@_JSON
def restore(file: Path, *, replace: bool, as_json: bool) -> None:
    """Put the library in FILE, which `kaijuan backup` made, into KAIJUAN_DATA_DIR, and build its search index.

    \b
    Example: kaijuan restore /backups/kaijuan-2026-11-22.db
    """
    settings = read_settings()
    if isinstance(settings.storage, ClusterStorage):
        raise click.UsageError(
            "A cluster is restored by PostgreSQL's own tools: pg_restore into an empty database, then kaijuan rebuild "
            "--index-only; see docs/operations.md. To bring an embedded library's backup into a cluster, restore it "
            "with KAIJUAN_STORAGE__KIND=embedded and run kaijuan migrate embedded cluster."
        )
    done, kept = put_back(file, settings.data_dir, replace=replace)
    if not as_json:
        click.echo(f"{settings.data_dir / FILE_NAME}: {_told(done)}.")
    if kept is not None:
        click.echo(f"The store that was there is kept: {kept}. Remove it when all is well.", err=True)
    shutil.rmtree(settings.data_dir / INDEX_FOLDER, ignore_errors=True)  # of another store, or of a lost one
    with open_library(settings) as library:
        total = library.pipeline.count_rebuild(normalise=False)
        with CountWatch("build the index", total, quiet=as_json) as watch:
            _, indexed = library.rebuild(normalise=False, watch=watch)
    if as_json:
        print_json({**_row(done), "kept": str(kept) if kept else None, "indexed": indexed.indexed})
    else:
        click.echo(f"{counted(indexed.indexed, 'work')} in the search index.")


def _row(done: Backup) -> dict[str, object]:
    return {
        "file": str(done.path),
        "bytes": done.size,
        "sha256": done.sha256,
        "schema": done.schema,
        "works": done.works,
        "records": done.records,
    }


def _told(done: Backup) -> str:
    return (
        f"{counted(done.works, 'work')} and {counted(done.records, 'record')} in {done.size / 1e6:,.1f} MB, "
        f"schema {done.schema}"
    )
