"""Several processes write one index: who has which stretch of the change feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "index_leases",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("index_id", sa.Text(), nullable=False),
        sa.Column("first", key, nullable=False),
        sa.Column("last", key, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_index_leases")),
        sa.UniqueConstraint("index_id", "first", name=op.f("uq_index_leases_index_id_first")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("index_leases")
