"""``kaijuan store``: which schema the record store has, and bringing it forwards or back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from indexer.errors import StoreError
from indexer.storage.database import Database
from indexer.storage.quiet import alone, require_no_harvest
from indexer.storage.schema import MIGRATION
from indexer.storage.store import FILE_NAME
from search_api.cli.output import print_json, print_table
from search_api.settings import ClusterStorage, Settings, read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")


@click.group()
def store() -> None:
    """Show the record store's schema, bring it up to date, or take it back; see docs/operations.md.

    \b
    Example: kaijuan store show
             kaijuan store upgrade
    """


@store.command()
@_JSON
def show(*, as_json: bool) -> None:
    """Show which schema the store has, and which one this version knows; nothing is changed.

    \b
    Example: kaijuan store show --json
    """
    settings = read_settings()
    at = None
    if (file := _file(settings)) is None or file.exists():
        with as_it_is(settings) as database:
            at = database.version()
    row = {"kind": settings.storage.kind, "store": place(settings), "schema": at, "newest": MIGRATION}
    row["state"] = "none yet" if at is None else _state(at)
    if as_json:
        print_json(row)
    else:
        print_table("Store", tuple(row), [tuple(row.values())])


@store.command()
def upgrade() -> None:
    """Bring the schema up to date and end; several at the same moment wait for each other.

    \b
    Example: kaijuan store upgrade
    """
    settings = read_settings()
    with as_it_is(settings) as database:
        before = database.version()
        database.migrated()
        told = f"{before or 'none'} → {MIGRATION}" if before != MIGRATION else f"{MIGRATION}, up to date"
    click.echo(f"Schema of {place(settings)}: {told}.")


@store.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the schema back to REVISION for an older version of kaijuan; refused where that would lose what people said.

    Make a backup first, and stop everything that works with the store.

    \b
    Example: kaijuan store downgrade 0006
    """
    settings = read_settings()
    with as_it_is(settings) as database:
        before = database.version()
        if before is None:
            raise StoreError(
                f"There is no store in {place(settings)}.", remedy="Check the settings, see docs/settings.md."
            )
        with alone(database):
            with database.read() as connection:
                require_no_harvest(database, connection)
            database.change_schema(revision, only_back=True)
    click.echo(
        f"Schema of {place(settings)}: {before} → {revision}. Start the older version now: "
        "any command of this one but `store` brings it forwards again."
    )


@contextlib.contextmanager
def as_it_is(settings: Settings) -> Iterator[Database]:
    """Open the store's database without changing its schema; the embedded file is made where it is missing."""
    storage = settings.storage
    if isinstance(storage, ClusterStorage):
        database = Database.postgresql(storage.database_url.get_secret_value(), as_is=True)
    else:
        database = Database.sqlite(settings.data_dir / FILE_NAME, as_is=True)
    try:
        yield database
    finally:
        database.close()


def place(settings: Settings) -> str:
    """Name the store for people, without its password."""
    storage = settings.storage
    if not isinstance(storage, ClusterStorage):
        return str(settings.data_dir / FILE_NAME)
    url = make_url(storage.database_url.get_secret_value())
    return f"PostgreSQL {url.database} at {url.host or 'localhost'}" + (f":{url.port}" if url.port else "")


def _file(settings: Settings) -> Path | None:
    return None if isinstance(settings.storage, ClusterStorage) else settings.data_dir / FILE_NAME


def _state(at: str) -> str:
    if at == MIGRATION:
        return "up to date"
    return "older: run kaijuan store upgrade" if at < MIGRATION else "newer: update kaijuan"
