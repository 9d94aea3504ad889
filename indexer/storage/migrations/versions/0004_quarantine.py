"""Which list and format a quarantined piece is of; found by its digest and its identifier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("quarantine", sa.Column("metadata_prefix", sa.Text(), nullable=True))
    op.add_column("quarantine", sa.Column("slice_key", key, nullable=True))
    op.add_column("quarantine", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_quarantine_source_key_identifier"), "quarantine", ["source_key", "identifier"])
    op.create_index(op.f("ix_quarantine_source_key_digest"), "quarantine", ["source_key", "digest"])


def downgrade() -> None:
    op.drop_index(op.f("ix_quarantine_source_key_digest"), table_name="quarantine")
    op.drop_index(op.f("ix_quarantine_source_key_identifier"), table_name="quarantine")
    op.drop_column("quarantine", "digest")
    op.drop_column("quarantine", "slice_key")
    op.drop_column("quarantine", "metadata_prefix")
