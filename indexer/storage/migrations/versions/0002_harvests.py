"""Dictionaries of raw records, kinds of runs, and what is known of a slice's end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from indexer.errors import StoreError

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "dictionaries",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("source_key", key, nullable=False),
        sa.Column("metadata_prefix", sa.Text(), nullable=False),
        sa.Column("version", key, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_dictionaries_source_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_dictionaries")),
        sa.UniqueConstraint(
            "source_key", "metadata_prefix", "version", name=op.f("uq_dictionaries_source_key_metadata_prefix_version")
        ),
        sqlite_autoincrement=True,
    )
    op.add_column("raw_records", sa.Column("dictionary_key", key, nullable=True))
    op.add_column("harvest_runs", sa.Column("kind", sa.Text(), server_default="harvest", nullable=False))
    op.add_column("harvest_slices", sa.Column("last_response", sa.Text(), nullable=True))
    op.add_column("harvest_slices", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    held = op.get_bind().scalar(sa.text("SELECT count(*) FROM raw_records WHERE dictionary_key IS NOT NULL"))
    if held:
        raise StoreError(
            f"{held:,} raw records can only be read with their compression dictionaries, which schema 0001 lacks.",
            remedy="Stay with this version, or restore a backup from before the update.",
        )
    op.drop_column("harvest_slices", "note")
    op.drop_column("harvest_slices", "last_response")
    op.drop_column("harvest_runs", "kind")
    op.drop_column("raw_records", "dictionary_key")
    op.drop_table("dictionaries")
