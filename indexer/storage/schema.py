"""All tables, for SQLite and PostgreSQL alike; migrations build them, a test holds the two together.

Integer keys are signed and never reused (SQLite: AUTOINCREMENT); public ids stand beside them. Times are UTC and aware.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

#: The newest migration; a test holds it to the scripts in ``migrations``.
MIGRATION = "0005"

Key = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times on both databases; SQLite would hand back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive time cannot be stored. Give it a zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Hand back aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key() -> Column[int]:
    return Column("key", Key, primary_key=True, autoincrement=True)


def _to(target: str, name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    return Column(name, Key, ForeignKey(f"{target}.key"), nullable=nullable, primary_key=primary_key)


def _time(name: str, *, nullable: bool = False) -> Column[datetime]:
    kind: TypeEngine[datetime] = UtcDateTime()
    return Column(name, kind, nullable=nullable)


def _count(name: str) -> Column[int]:
    return Column(name, Key, nullable=False, server_default=text("0"))


_NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}

#: Facts about the store itself: library id, signing key, versions of what wrote the data.
facts = Table("facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

people = Table(
    "people",
    metadata,
    _key(),
    Column("id", Text, nullable=False, unique=True),
    _time("created_at"),
    **_NEVER_REUSED,
)

#: A person's roles (reader, librarian, administrator …), all over or for one subject (``''`` is all).
person_roles = Table(
    "person_roles",
    metadata,
    _to("people", "person_key", primary_key=True),
    Column("role", Text, primary_key=True),
    Column("subject", Text, primary_key=True, server_default=""),
)

#: Who changed what; append-only. ``person_key`` is null for the command line.
audit = Table(
    "audit",
    metadata,
    _key(),
    _to("people", "person_key", nullable=True),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("details", LargeBinary, nullable=False),
    _time("at"),
    **_NEVER_REUSED,
)

sources = Table(
    "sources",
    metadata,
    _key(),
    Column("id", Text, nullable=False, unique=True),
    Column("settings", LargeBinary, nullable=False),
    _to("people", "owner_key", nullable=True),
    Column("seeded", Boolean, nullable=False),
    _time("created_at"),
    _time("updated_at"),
    **_NEVER_REUSED,
)

#: The newest datestamp up to which a (source, format, set) is completely harvested.
checkpoints = Table(
    "checkpoints",
    metadata,
    _to("sources", "source_key", primary_key=True),
    Column("metadata_prefix", Text, primary_key=True),
    Column("set_spec", Text, primary_key=True, server_default=""),
    Column("datestamp", Text, nullable=False),
    _time("updated_at"),
)

COUNTS = ("received", "new", "changed", "unchanged", "deleted", "quarantined", "duplicates", "pages", "bytes")

harvest_runs = Table(
    "harvest_runs",
    metadata,
    _key(),
    _to("sources", "source_key"),
    Column("kind", Text, nullable=False, server_default="harvest"),
    Column("status", Text, nullable=False),
    Column("since", Text),
    Column("until", Text),
    Column("resumed", Boolean, nullable=False),
    Column("expected", Key),
    *(_count(name) for name in COUNTS),
    _time("started_at"),
    _time("finished_at", nullable=True),
    Column("error", Text),
    Column("error_url", Text),
    Index(None, "source_key", "key"),
    **_NEVER_REUSED,
)

harvest_slices = Table(
    "harvest_slices",
    metadata,
    _key(),
    _to("harvest_runs", "run_key"),
    _to("sources", "source_key"),
    Column("metadata_prefix", Text, nullable=False),
    Column("set_spec", Text, nullable=False, server_default=""),
    Column("since", Text),
    Column("until", Text),
    Column("status", Text, nullable=False),
    Column("token", Text),
    Column("list_size", Key),
    Column("newest_datestamp", Text),
    # By the repository's own clock: when its first and its latest page of this list were made.
    Column("first_response", Text),
    Column("last_response", Text),
    # Why the list stands as it does, in words.
    Column("note", Text),
    *(_count(name) for name in COUNTS),
    _time("started_at"),
    _time("finished_at", nullable=True),
    Index(None, "run_key"),
    Index(None, "source_key", "status"),
    **_NEVER_REUSED,
)

#: What opens a page around its records; the same for nearly all pages of a repository.
heads = Table(
    "heads",
    metadata,
    _key(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("head", LargeBinary, nullable=False),
    **_NEVER_REUSED,
)

#: What compresses the records of one source and format; each record knows which one it needs. Never removed.
dictionaries = Table(
    "dictionaries",
    metadata,
    _key(),
    _to("sources", "source_key"),
    Column("metadata_prefix", Text, nullable=False),
    Column("version", Key, nullable=False),
    Column("data", LargeBinary, nullable=False),
    _time("created_at"),
    UniqueConstraint("source_key", "metadata_prefix", "version"),
    **_NEVER_REUSED,
)

raw_records = Table(
    "raw_records",
    metadata,
    _key(),
    _to("sources", "source_key"),
    Column("identifier", Text, nullable=False),
    Column("metadata_prefix", Text, nullable=False),
    Column("datestamp", Text, nullable=False),
    Column("set_specs", LargeBinary, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("size", Key, nullable=False),
    # Of ``dictionaries``; no constraint, which SQLite could only add by writing the whole table anew.
    Column("dictionary_key", Key),
    _to("heads", "head_key", nullable=True),
    _to("harvest_slices", "slice_key"),
    _time("first_received_at"),
    _time("received_at"),
    _count("changes"),
    Column("pending", Boolean, nullable=False),
    UniqueConstraint("source_key", "identifier", "metadata_prefix"),
    Index("ix_raw_records_pending", "key", sqlite_where=text("pending = 1"), postgresql_where=text("pending")),
    Index("ix_raw_records_deleted", "source_key", sqlite_where=text("deleted = 1"), postgresql_where=text("deleted")),
    **_NEVER_REUSED,
)

#: When a raw record changed, and what its datestamp was then.
raw_changes = Table(
    "raw_changes",
    metadata,
    _key(),
    _to("raw_records", "raw_key"),
    Column("datestamp", Text, nullable=False),
    Column("deleted", Boolean, nullable=False),
    _time("at"),
    Index(None, "raw_key"),
    **_NEVER_REUSED,
)

#: What could not be used, whole, with reason and remedy; ``resolved_at`` is set when a replay succeeded.
quarantine = Table(
    "quarantine",
    metadata,
    _key(),
    _to("sources", "source_key"),
    _to("raw_records", "raw_key", nullable=True),
    _to("harvest_runs", "run_key", nullable=True),
    # The list and the format that it came with; none for records that are stored (``raw_key``).
    Column("slice_key", Key),
    Column("metadata_prefix", Text),
    Column("digest", LargeBinary),
    Column("identifier", Text),
    Column("url", Text),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    _time("created_at"),
    _time("resolved_at", nullable=True),
    Index(None, "source_key", "resolved_at"),
    Index(None, "source_key", "identifier"),
    Index(None, "source_key", "digest"),
    Index(None, "raw_key"),
    **_NEVER_REUSED,
)

#: Journals as works know them; one whose last key went to another names that one in ``merged_into``.
containers = Table(
    "containers",
    metadata,
    _key(),
    Column("id", Text, nullable=False, unique=True),
    Column("title", Text),
    Column("merged_into", Key),
    **_NEVER_REUSED,
)

#: How containers are recognised: by ISSN, or by folded title where a record has no ISSN.
container_keys = Table(
    "container_keys",
    metadata,
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    _to("containers", "container_key"),
    Index(None, "container_key"),
)

#: What sources say of journals, cleaned; all ISSNs of a row belong to its container in ``container_keys``.
journals = Table(
    "journals",
    metadata,
    _key(),
    _to("sources", "source_key"),
    Column("identifier", Text, nullable=False),
    _to("containers", "container_key"),
    Column("data", LargeBinary, nullable=False),
    _time("updated_at"),
    UniqueConstraint("source_key", "identifier"),
    Index(None, "container_key"),
    **_NEVER_REUSED,
)

#: Containers whose works are to be merged anew, and up to which work that is done.
stale_containers = Table(
    "stale_containers",
    metadata,
    _to("containers", "container_key", primary_key=True),
    Column("after_work_key", Key, nullable=False),
)

works = Table(
    "works",
    metadata,
    _key(),
    Column("id", Text, nullable=False, unique=True),
    Column("version", Key, nullable=False),
    Column("state", Text, nullable=False),
    _to("works", "merged_into", nullable=True),
    _time("first_indexed"),
    _time("updated_at"),
    Column("digest", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("container_key", Key),  # no foreign key: SQLite would have to copy the table to add one
    Index(None, "container_key", "key"),
    **_NEVER_REUSED,
)

#: Works that name an ISSN of another container than their own: whatever changes there may concern them.
container_guests = Table(
    "container_guests",
    metadata,
    _to("containers", "container_key", primary_key=True),
    _to("works", "work_key", primary_key=True),
    Index(None, "work_key"),
)

manifestations = Table(
    "manifestations",
    metadata,
    _key(),
    Column("id", Text, nullable=False, unique=True),
    _to("sources", "source_key"),
    Column("identifier", Text, nullable=False),
    _to("works", "work_key", nullable=True),
    # The work that was minted for this manifestation, if one was: it is taken up again when a merge comes apart.
    _to("works", "founded_key", nullable=True),
    Column("live", Boolean, nullable=False),
    Column("notice", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    _time("updated_at"),
    UniqueConstraint("source_key", "identifier"),
    Index(None, "work_key"),
    **_NEVER_REUSED,
)

#: The identifiers of manifestations, to find them by; live manifestations only.
manifestation_keys = Table(
    "manifestation_keys",
    metadata,
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    _to("manifestations", "manifestation_key", primary_key=True),
    Index(None, "manifestation_key"),
)

#: What identity looks at of a live manifestation, packed; ``ordinal`` is its portrait's order.
portraits = Table(
    "portraits",
    metadata,
    _to("manifestations", "manifestation_key", primary_key=True),
    Column("ordinal", Key, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(None, "ordinal"),
)

#: Under which hashed keys live manifestations meet (``indexer.identity.blocking``).
identity_blocks = Table(
    "identity_blocks",
    metadata,
    Column("block", Key, primary_key=True),
    _to("manifestations", "manifestation_key", primary_key=True),
    Column("fine", Boolean, nullable=False),
    Index(None, "manifestation_key"),
    sqlite_with_rowid=False,
)

#: What was judged of pairs of live manifestations that are not plainly different; the lower ordinal is on the left.
decisions = Table(
    "decisions",
    metadata,
    _to("manifestations", "left_key", primary_key=True),
    _to("manifestations", "right_key", primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("score", Float, nullable=False),
    # A relation reads "subject RELATION object".
    Column("relation", Text),
    Column("subject_is_left", Boolean, nullable=False),
    Column("reasons", LargeBinary, nullable=False),
    Index(None, "right_key"),
    Index(None, "verdict", "score"),
)

#: What people decided: ``same``, ``different`` or ``correct`` (a field); undone, never removed.
judgements = Table(
    "judgements",
    metadata,
    _key(),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    # Of a correction: which field, and its value as JSON.
    Column("field", Text),
    Column("value", LargeBinary),
    Column("reason", Text, nullable=False),
    _to("people", "person_key", nullable=True),
    Column("who", Text, nullable=False),
    _time("at"),
    _time("undone_at", nullable=True),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Index(None, "kind", "key"),
    **_NEVER_REUSED,
)

#: The records that a judgement is about, by their own names; records of different ``label`` are in different groups.
judgement_records = Table(
    "judgement_records",
    metadata,
    _to("judgements", "judgement_key", primary_key=True),
    Column("position", Integer, primary_key=True),
    _to("sources", "source_key"),
    Column("identifier", Text, nullable=False),
    Column("label", Integer, nullable=False),
    Index(None, "source_key", "identifier"),
)

#: Addresses of copies that were checked or reported, by the digest of the address.
links = Table(
    "links",
    metadata,
    _key(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    # ``opens``, ``fails``, ``refused`` (to robots or by a rule), ``unknown`` until the first check.
    Column("state", Text, nullable=False),
    Column("http_status", Integer),
    Column("final_url", Text),
    Column("note", Text),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    _time("checked_at", nullable=True),
    _time("due_at"),
    Index(None, "due_at"),
    **_NEVER_REUSED,
)

#: Readers' reports about addresses that do not open; settled by the next check of the address.
link_reports = Table(
    "link_reports",
    metadata,
    _key(),
    _to("links", "link_key"),
    _to("works", "work_key"),
    # A keyed hash of whoever reports, so that one person counts once.
    Column("reporter", LargeBinary, nullable=False),
    Column("note", Text),
    _time("at"),
    _time("settled_at", nullable=True),
    UniqueConstraint("link_key", "reporter"),
    Index(None, "settled_at"),
    **_NEVER_REUSED,
)

#: The append-only change feed of works, read by the search index, later by alerts, feeds and sync.
work_changes = Table(
    "work_changes",
    metadata,
    Column("sequence", Key, primary_key=True, autoincrement=True),
    _to("works", "work_key"),
    Column("version", Key, nullable=False),
    Column("kind", Text, nullable=False),
    _time("at"),
    Index(None, "work_key"),
    **_NEVER_REUSED,
)
