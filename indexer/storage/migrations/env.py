"""Alembic's entry: runs on the connection that the store hands over, for both databases."""

from __future__ import annotations

from alembic import context

from indexer.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, transaction_per_migration=False, render_as_batch=True
)
context.run_migrations()
