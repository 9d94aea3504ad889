"""Journals' descriptions, and what is needed to bring them to the works of their containers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from indexer.errors import StoreError

revision = "0003"
down_revision = "0002"

#: The container that each work of an older store names in its data.
_CONTAINER_OF_WORKS = {
    "sqlite": "json_extract(CAST(works.data AS TEXT), '$.container.id')",
    "postgresql": "(convert_from(works.data, 'UTF8')::json -> 'container' ->> 'id')",
}


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("containers", sa.Column("merged_into", key, nullable=True))
    op.create_index(op.f("ix_container_keys_container_key"), "container_keys", ["container_key"])
    op.create_table(
        "journals",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("source_key", key, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("container_key", key, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_journals_source_key")),
        sa.ForeignKeyConstraint(["container_key"], ["containers.key"], name=op.f("fk_journals_container_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_journals")),
        sa.UniqueConstraint("source_key", "identifier", name=op.f("uq_journals_source_key_identifier")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journals_container_key"), "journals", ["container_key"])
    op.create_table(
        "stale_containers",
        sa.Column("container_key", key, nullable=False),
        sa.Column("after_work_key", key, nullable=False),
        sa.ForeignKeyConstraint(["container_key"], ["containers.key"], name=op.f("fk_stale_containers_container_key")),
        sa.PrimaryKeyConstraint("container_key", name=op.f("pk_stale_containers")),
    )
    op.add_column("works", sa.Column("container_key", key, nullable=True))
    named = _CONTAINER_OF_WORKS[op.get_bind().dialect.name]
    op.execute(f"UPDATE works SET container_key = (SELECT key FROM containers WHERE containers.id = {named})")  # noqa: S608  # our own words
    op.create_index(op.f("ix_works_container_key_key"), "works", ["container_key", "key"])
    op.create_table(
        "container_guests",
        sa.Column("container_key", key, nullable=False),
        sa.Column("work_key", key, nullable=False),
        sa.ForeignKeyConstraint(["container_key"], ["containers.key"], name=op.f("fk_container_guests_container_key")),
        sa.ForeignKeyConstraint(["work_key"], ["works.key"], name=op.f("fk_container_guests_work_key")),
        sa.PrimaryKeyConstraint("container_key", "work_key", name=op.f("pk_container_guests")),
    )
    op.create_index(op.f("ix_container_guests_work_key"), "container_guests", ["work_key"])


def downgrade() -> None:
    held = op.get_bind().scalar(sa.text("SELECT count(*) FROM containers WHERE merged_into IS NOT NULL"))
    if held:
        raise StoreError(
            f"{held:,} ids of journals would lead nowhere, which lead to other journals now.",
            remedy="Stay with this version, or restore a backup from before the update.",
        )
    # Journals' records will not be described again by themselves: whoever comes back here is told to rebuild.
    op.execute("UPDATE facts SET value = '' WHERE name = 'normaliser_version'")
    op.drop_table("container_guests")
    op.drop_index("ix_works_container_key_key", "works")
    op.drop_column("works", "container_key")
    op.drop_table("stale_containers")
    op.drop_table("journals")
    op.drop_index("ix_container_keys_container_key", "container_keys")
    op.drop_column("containers", "merged_into")
