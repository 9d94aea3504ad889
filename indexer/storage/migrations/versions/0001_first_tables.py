"""The first tables: sources, harvests, raw records, manifestations, works and their change feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:

    op.create_table(
        "containers",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_containers")),
        sa.UniqueConstraint("id", name=op.f("uq_containers_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "heads",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_heads")),
        sa.UniqueConstraint("digest", name=op.f("uq_heads_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "people",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_people")),
        sa.UniqueConstraint("id", name=op.f("uq_people_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "works",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("first_indexed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["works.key"], name=op.f("fk_works_merged_into")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_works")),
        sa.UniqueConstraint("id", name=op.f("uq_works_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_audit_person_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "container_keys",
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("container_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["container_key"], ["containers.key"], name=op.f("fk_container_keys_container_key")),
        sa.PrimaryKeyConstraint("scheme", "value", name=op.f("pk_container_keys")),
    )
    op.create_table(
        "person_roles",
        sa.Column("person_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_person_roles_person_key")),
        sa.PrimaryKeyConstraint("person_key", "role", "subject", name=op.f("pk_person_roles")),
    )
    op.create_table(
        "sources",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("owner_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seeded", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_key"], ["people.key"], name=op.f("fk_sources_owner_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sources")),
        sa.UniqueConstraint("id", name=op.f("uq_sources_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "work_changes",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("work_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["work_key"], ["works.key"], name=op.f("fk_work_changes_work_key")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_work_changes")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("work_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_changes_work_key"), ["work_key"], unique=False)

    op.create_table(
        "checkpoints",
        sa.Column("source_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("metadata_prefix", sa.Text(), nullable=False),
        sa.Column("set_spec", sa.Text(), server_default="", nullable=False),
        sa.Column("datestamp", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_checkpoints_source_key")),
        sa.PrimaryKeyConstraint("source_key", "metadata_prefix", "set_spec", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "harvest_runs",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("resumed", sa.Boolean(), nullable=False),
        sa.Column("expected", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "received",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "new", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "changed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "unchanged",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "deleted", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "quarantined",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "duplicates",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "pages", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_harvest_runs_source_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_harvest_runs")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("harvest_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_harvest_runs_source_key_key"), ["source_key", "key"], unique=False)

    op.create_table(
        "manifestations",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("work_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("founded_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("notice", sa.Boolean(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["founded_key"], ["works.key"], name=op.f("fk_manifestations_founded_key")),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_manifestations_source_key")),
        sa.ForeignKeyConstraint(["work_key"], ["works.key"], name=op.f("fk_manifestations_work_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_manifestations")),
        sa.UniqueConstraint("id", name=op.f("uq_manifestations_id")),
        sa.UniqueConstraint("source_key", "identifier", name=op.f("uq_manifestations_source_key_identifier")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("manifestations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_manifestations_work_key"), ["work_key"], unique=False)

    op.create_table(
        "harvest_slices",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("metadata_prefix", sa.Text(), nullable=False),
        sa.Column("set_spec", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("list_size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("newest_datestamp", sa.Text(), nullable=True),
        sa.Column("first_response", sa.Text(), nullable=True),
        sa.Column(
            "received",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "new", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "changed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "unchanged",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "deleted", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "quarantined",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "duplicates",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "pages", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_key"], ["harvest_runs.key"], name=op.f("fk_harvest_slices_run_key")),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_harvest_slices_source_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_harvest_slices")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("harvest_slices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_harvest_slices_run_key"), ["run_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_harvest_slices_source_key_status"), ["source_key", "status"], unique=False)

    op.create_table(
        "manifestation_keys",
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("manifestation_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["manifestation_key"], ["manifestations.key"], name=op.f("fk_manifestation_keys_manifestation_key")
        ),
        sa.PrimaryKeyConstraint("scheme", "value", "manifestation_key", name=op.f("pk_manifestation_keys")),
    )
    with op.batch_alter_table("manifestation_keys", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_manifestation_keys_manifestation_key"), ["manifestation_key"], unique=False
        )

    op.create_table(
        "raw_records",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("metadata_prefix", sa.Text(), nullable=False),
        sa.Column("datestamp", sa.Text(), nullable=False),
        sa.Column("set_specs", sa.LargeBinary(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("head_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("slice_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "changes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["head_key"], ["heads.key"], name=op.f("fk_raw_records_head_key")),
        sa.ForeignKeyConstraint(["slice_key"], ["harvest_slices.key"], name=op.f("fk_raw_records_slice_key")),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_raw_records_source_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_raw_records")),
        sa.UniqueConstraint(
            "source_key",
            "identifier",
            "metadata_prefix",
            name=op.f("uq_raw_records_source_key_identifier_metadata_prefix"),
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("raw_records", schema=None) as batch_op:
        batch_op.create_index(
            "ix_raw_records_pending",
            ["key"],
            unique=False,
            sqlite_where=sa.text("pending = 1"),
            postgresql_where=sa.text("pending"),
        )

    op.create_table(
        "quarantine",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("raw_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("run_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("identifier", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["raw_key"], ["raw_records.key"], name=op.f("fk_quarantine_raw_key")),
        sa.ForeignKeyConstraint(["run_key"], ["harvest_runs.key"], name=op.f("fk_quarantine_run_key")),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_quarantine_source_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_quarantine")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantine_raw_key"), ["raw_key"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_quarantine_source_key_resolved_at"), ["source_key", "resolved_at"], unique=False
        )

    op.create_table(
        "raw_changes",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("raw_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("datestamp", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["raw_key"], ["raw_records.key"], name=op.f("fk_raw_changes_raw_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_raw_changes")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("raw_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_raw_changes_raw_key"), ["raw_key"], unique=False)


def downgrade() -> None:

    with op.batch_alter_table("raw_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_raw_changes_raw_key"))

    op.drop_table("raw_changes")
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quarantine_source_key_resolved_at"))
        batch_op.drop_index(batch_op.f("ix_quarantine_raw_key"))

    op.drop_table("quarantine")
    with op.batch_alter_table("raw_records", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_raw_records_pending", sqlite_where=sa.text("pending = 1"), postgresql_where=sa.text("pending")
        )

    op.drop_table("raw_records")
    with op.batch_alter_table("manifestation_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_manifestation_keys_manifestation_key"))

    op.drop_table("manifestation_keys")
    with op.batch_alter_table("harvest_slices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_harvest_slices_source_key_status"))
        batch_op.drop_index(batch_op.f("ix_harvest_slices_run_key"))

    op.drop_table("harvest_slices")
    with op.batch_alter_table("manifestations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_manifestations_work_key"))

    op.drop_table("manifestations")
    with op.batch_alter_table("harvest_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_harvest_runs_source_key_key"))

    op.drop_table("harvest_runs")
    op.drop_table("checkpoints")
    with op.batch_alter_table("work_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_changes_work_key"))

    op.drop_table("work_changes")
    op.drop_table("sources")
    op.drop_table("person_roles")
    op.drop_table("container_keys")
    op.drop_table("audit")
    op.drop_table("works")
    op.drop_table("people")
    op.drop_table("heads")
    op.drop_table("facts")
    op.drop_table("containers")
