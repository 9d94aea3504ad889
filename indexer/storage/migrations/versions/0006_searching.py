"""Searching: thesaurus, subject tree, ranking rules, tokens, kept answers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from indexer.errors import StoreError

revision = "0006"
down_revision = "0005"

_KEPT = ("thesaurus_entries", "subject_classes", "subject_mappings", "ranking_rules", "tokens")


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    def table(name: str, *columns: sa.Column[Any], said: bool = True, unique: tuple[str, ...] = ()) -> None:
        last: list[Any] = []
        if said:
            last = [
                sa.Column("note", sa.Text(), nullable=False),
                sa.Column("person_key", key, nullable=True),
                sa.Column("who", sa.Text(), nullable=False),
                sa.Column("at", sa.DateTime(timezone=True), nullable=False),
                sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column("undone_by", sa.Text(), nullable=True),
            ]
        op.create_table(
            name,
            sa.Column("key", key, autoincrement=True, nullable=False),
            *columns,
            *last,
            sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f(f"fk_{name}_person_key")),
            sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{name}")),
            *(sa.UniqueConstraint(column, name=op.f(f"uq_{name}_{column}")) for column in unique),
            sqlite_autoincrement=True,
        )

    table(
        "thesaurus_entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        unique=("id",),
    )
    table(
        "subject_classes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
    )
    op.create_index(op.f("ix_subject_classes_code"), "subject_classes", ["code"])
    table(
        "subject_mappings",
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
    )
    op.create_index(op.f("ix_subject_mappings_scheme_value"), "subject_mappings", ["scheme", "value"])
    table(
        "ranking_rules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        unique=("id",),
    )
    op.create_index(op.f("ix_ranking_rules_kind_target"), "ranking_rules", ["kind", "target"])
    table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("person_key", key, nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used", sa.Text(), nullable=True),
        said=False,
        unique=("id", "digest"),
    )

    op.create_table(
        "kept_answers",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_kept_answers")),
    )
    op.create_index(op.f("ix_kept_answers_at"), "kept_answers", ["at"])


def downgrade() -> None:
    held = sum(op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in _KEPT)  # noqa: S608
    if held:
        raise StoreError(
            f"{held:,} entries of the library's thesaurus, subject tree, ranking and tokens would be lost, which "
            "schema 0005 has no place for.",
            remedy="Stay with this version, or restore a backup from before the update.",
        )
    op.drop_table("kept_answers")
    for name in reversed(_KEPT):
        op.drop_table(name)
