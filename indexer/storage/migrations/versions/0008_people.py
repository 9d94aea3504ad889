"""People: ways in, one-time codes, failed tries, consents, and who of the staff looked at what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from indexer.errors import StoreError

revision = "0008"
down_revision = "0007"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("people", sa.Column("name", sa.Text(), nullable=False, server_default=""))
    op.add_column("people", sa.Column("profile", sa.LargeBinary()))
    op.add_column("people", sa.Column("updated_at", _TIME))
    op.add_column("people", sa.Column("version", _KEY, nullable=False, server_default=sa.text("1")))
    op.add_column("people", sa.Column("disabled_at", _TIME))
    op.add_column("kept_answers", sa.Column("person_key", _KEY))
    for table in ("kept_answers", "tokens", "audit"):
        op.create_index(op.f(f"ix_{table}_person_key"), table, ["person_key"])
    _logins()
    _codes()
    _consents()


def _logins() -> None:
    op.create_table(
        "logins",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        _person("logins"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_used", sa.Text()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_logins")),
        sa.UniqueConstraint("id", name=op.f("uq_logins_id")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_logins_kind_subject")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_logins_person_key"), "logins", ["person_key"])


def _codes() -> None:
    op.create_table(
        "one_time_codes",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        _person("one_time_codes", nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_one_time_codes")),
        sa.UniqueConstraint("digest", name=op.f("uq_one_time_codes_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_one_time_codes_person_key"), "one_time_codes", ["person_key"])
    op.create_index(op.f("ix_one_time_codes_expires_at"), "one_time_codes", ["expires_at"])
    op.create_table(
        "sign_in_failures",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tries", _KEY, nullable=False),
        sa.Column("first_at", _TIME, nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_last_at"), "sign_in_failures", ["last_at"])


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        _person("consents"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given_at", _TIME, nullable=False),
        sa.Column("withdrawn_at", _TIME),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_consents")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_consents_person_key_purpose"), "consents", ["person_key", "purpose"])
    op.create_table(
        "personal_access",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        _person("personal_access"),
        _person("personal_access", "actor_key", nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_personal_access")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_personal_access_person_key_key"), "personal_access", ["person_key", "key"])
    op.create_index(op.f("ix_personal_access_actor_key"), "personal_access", ["actor_key"])


def _person(table: str, name: str = "person_key", *, nullable: bool = False) -> sa.Column[int]:
    constraint = op.f(f"fk_{table}_{name}")
    return sa.Column(name, _KEY, sa.ForeignKey("people.key", name=constraint), nullable=nullable)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT 1 FROM logins LIMIT 1")).first() is not None:
        raise StoreError(
            "People have accounts here, which an older kaijuan would lose.",
            remedy="Let them export what is theirs and delete the accounts first, or restore a backup from before.",
        )
    for table in ("personal_access", "consents", "sign_in_failures", "one_time_codes", "logins"):
        op.drop_table(table)
    for table in ("kept_answers", "tokens", "audit"):
        op.drop_index(op.f(f"ix_{table}_person_key"), table)
    op.drop_column("kept_answers", "person_key")
    for name in ("disabled_at", "version", "updated_at", "profile", "name"):
        op.drop_column("people", name)
