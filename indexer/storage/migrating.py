"""Alembic's migrations, forwards and back, on a connection that the database hands over."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from indexer.errors import StoreError

_SCRIPTS = Path(__file__).with_name("migrations")


def revisions() -> list[str]:
    """Return the revisions that this version knows, the oldest first."""
    scripts = ScriptDirectory(str(_SCRIPTS))
    return [script.revision for script in reversed([*scripts.walk_revisions()])]


def change(connection: Connection, revision: str, *, only_back: bool = False) -> None:
    """Bring the schema from wherever it is to a revision, as part of the connection's transaction.

    Raises:
        StoreError: one of the two is unknown here; the way is none ``back``; or it would lose what people said.
    """
    known = revisions()
    at = MigrationContext.configure(connection).get_current_revision()
    if at is not None and at not in known:
        raise StoreError(
            f"The store was written by a newer kaijuan (schema {at}).",
            remedy="Update kaijuan, or open a store of this version.",
        )
    if revision not in known:
        raise StoreError(
            f"There is no schema {revision[:40]!r}.", remedy=f"This version knows {known[0]} to {known[-1]}."
        )
    is_back = at is not None and known.index(revision) < known.index(at)
    if only_back and not is_back:
        raise StoreError(f"Schema {revision} is not older than the store's, {at}.", remedy="Name an older one.")
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if is_back:
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
