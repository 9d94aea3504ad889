"""Identity: portraits, blocks, decisions, people's judgements; checks and reports of links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from indexer.errors import StoreError

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "links",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("final_url", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_links_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_links_due_at"), "links", ["due_at"])

    op.create_table(
        "judgements",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_key", key, nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_judgements_person_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_judgements")),
        sa.UniqueConstraint("id", name=op.f("uq_judgements_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_judgements_kind_key"), "judgements", ["kind", "key"])

    op.create_table(
        "link_reports",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("link_key", key, nullable=False),
        sa.Column("work_key", key, nullable=False),
        sa.Column("reporter", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["link_key"], ["links.key"], name=op.f("fk_link_reports_link_key")),
        sa.ForeignKeyConstraint(["work_key"], ["works.key"], name=op.f("fk_link_reports_work_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_link_reports")),
        sa.UniqueConstraint("link_key", "reporter", name=op.f("uq_link_reports_link_key_reporter")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_link_reports_settled_at"), "link_reports", ["settled_at"])

    op.create_table(
        "judgement_records",
        sa.Column("judgement_key", key, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_key", key, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["judgement_key"], ["judgements.key"], name=op.f("fk_judgement_records_judgement_key")),
        sa.ForeignKeyConstraint(["source_key"], ["sources.key"], name=op.f("fk_judgement_records_source_key")),
        sa.PrimaryKeyConstraint("judgement_key", "position", name=op.f("pk_judgement_records")),
    )
    op.create_index(
        op.f("ix_judgement_records_source_key_identifier"), "judgement_records", ["source_key", "identifier"]
    )

    op.create_table(
        "decisions",
        sa.Column("left_key", key, nullable=False),
        sa.Column("right_key", key, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("subject_is_left", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["left_key"], ["manifestations.key"], name=op.f("fk_decisions_left_key")),
        sa.ForeignKeyConstraint(["right_key"], ["manifestations.key"], name=op.f("fk_decisions_right_key")),
        sa.PrimaryKeyConstraint("left_key", "right_key", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_right_key"), "decisions", ["right_key"])
    op.create_index(op.f("ix_decisions_verdict_score"), "decisions", ["verdict", "score"])

    op.create_table(
        "identity_blocks",
        sa.Column("block", key, nullable=False),
        sa.Column("manifestation_key", key, nullable=False),
        sa.Column("fine", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manifestation_key"], ["manifestations.key"], name=op.f("fk_identity_blocks_manifestation_key")
        ),
        sa.PrimaryKeyConstraint("block", "manifestation_key", name=op.f("pk_identity_blocks")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_identity_blocks_manifestation_key"), "identity_blocks", ["manifestation_key"])

    op.create_table(
        "portraits",
        sa.Column("manifestation_key", key, nullable=False),
        sa.Column("ordinal", key, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manifestation_key"], ["manifestations.key"], name=op.f("fk_portraits_manifestation_key")
        ),
        sa.PrimaryKeyConstraint("manifestation_key", name=op.f("pk_portraits")),
    )
    op.create_index(op.f("ix_portraits_ordinal"), "portraits", ["ordinal"])
    op.create_index(
        "ix_raw_records_deleted",
        "raw_records",
        ["source_key"],
        sqlite_where=sa.text("deleted = 1"),
        postgresql_where=sa.text("deleted"),
    )


def downgrade() -> None:
    for held, what in (
        ("judgements", "judgements of librarians"),
        ("link_reports WHERE settled_at IS NULL", "readers' reports about copies"),
    ):
        count = op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {held}"))  # noqa: S608  # our own words
        if count:
            raise StoreError(
                f"{count:,} {what} would be lost, which schema 0004 has no place for.",
                remedy="Stay with this version, or restore a backup from before the update.",
            )
    # What it tells of goes with the tables: whoever comes back here identifies anew.
    op.execute("DELETE FROM facts WHERE name = 'identity_version'")
    op.drop_index("ix_raw_records_deleted", table_name="raw_records")
    op.drop_index(op.f("ix_portraits_ordinal"), table_name="portraits")

    op.drop_table("portraits")
    op.drop_index(op.f("ix_identity_blocks_manifestation_key"), table_name="identity_blocks")

    op.drop_table("identity_blocks")
    op.drop_index(op.f("ix_decisions_verdict_score"), table_name="decisions")
    op.drop_index(op.f("ix_decisions_right_key"), table_name="decisions")

    op.drop_table("decisions")
    op.drop_index(op.f("ix_judgement_records_source_key_identifier"), table_name="judgement_records")

    op.drop_table("judgement_records")
    op.drop_index(op.f("ix_link_reports_settled_at"), table_name="link_reports")

    op.drop_table("link_reports")
    op.drop_index(op.f("ix_judgements_kind_key"), table_name="judgements")

    op.drop_table("judgements")
    op.drop_index(op.f("ix_links_due_at"), table_name="links")

    op.drop_table("links")
