"""All tables, for SQLite and PostgreSQL alike; migrations build them, a test holds the two together.

Integer keys are signed and never reused (SQLite: AUTOINCREMENT); public ids stand beside them. Times are UTC and aware.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, UniqueConstraint, text

from indexer.storage.columns import (
    NEVER_REUSED,
    Key,
    UtcDateTime,
    count_column,
    key_column,
    metadata,
    reference,
    time_column,
)
from indexer.storage.identity_tables import (
    decisions,
    identity_blocks,
    judgement_records,
    judgements,
    link_reports,
    links,
    portraits,
)
from indexer.storage.people_tables import (
    consents,
    logins,
    one_time_codes,
    people,
    person_roles,
    personal_access,
    sign_in_failures,
)
from indexer.storage.search_tables import (
    index_leases,
    kept_answers,
    ranking_rules,
    subject_classes,
    subject_mappings,
    thesaurus_entries,
    tokens,
)

__all__ = [
    "COUNTS",
    "MIGRATION",
    "UtcDateTime",
    "audit",
    "checkpoints",
    "consents",
    "container_guests",
    "container_keys",
    "containers",
    "decisions",
    "dictionaries",
    "facts",
    "harvest_runs",
    "harvest_slices",
    "heads",
    "identity_blocks",
    "index_leases",
    "journals",
    "judgement_records",
    "judgements",
    "kept_answers",
    "link_reports",
    "links",
    "logins",
    "manifestation_keys",
    "manifestations",
    "metadata",
    "one_time_codes",
    "people",
    "person_roles",
    "personal_access",
    "portraits",
    "quarantine",
    "ranking_rules",
    "raw_changes",
    "raw_records",
    "sign_in_failures",
    "sources",
    "stale_containers",
    "subject_classes",
    "subject_mappings",
    "thesaurus_entries",
    "tokens",
    "work_changes",
    "works",
]

#: The newest migration; a test holds it to the scripts in ``migrations``.
MIGRATION = "0008"

#: Facts about the store itself: library id, signing key, versions of what wrote the data.
facts = Table("facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

#: Who changed what; append-only. ``person_key`` is null for the command line.
audit = Table(
    "audit",
    metadata,
    key_column(),
    reference("people", "person_key", nullable=True),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("details", LargeBinary, nullable=False),
    time_column("at"),
    Index(None, "person_key"),
    **NEVER_REUSED,
)

sources = Table(
    "sources",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("settings", LargeBinary, nullable=False),
    reference("people", "owner_key", nullable=True),
    Column("seeded", Boolean, nullable=False),
    time_column("created_at"),
    time_column("updated_at"),
    **NEVER_REUSED,
)

#: The newest datestamp up to which a (source, format, set) is completely harvested.
checkpoints = Table(
    "checkpoints",
    metadata,
    reference("sources", "source_key", primary_key=True),
    Column("metadata_prefix", Text, primary_key=True),
    Column("set_spec", Text, primary_key=True, server_default=""),
    Column("datestamp", Text, nullable=False),
    time_column("updated_at"),
)

COUNTS = ("received", "new", "changed", "unchanged", "deleted", "quarantined", "duplicates", "pages", "bytes")

harvest_runs = Table(
    "harvest_runs",
    metadata,
    key_column(),
    reference("sources", "source_key"),
    Column("kind", Text, nullable=False, server_default="harvest"),
    Column("status", Text, nullable=False),
    Column("since", Text),
    Column("until", Text),
    Column("resumed", Boolean, nullable=False),
    Column("expected", Key),
    *(count_column(name) for name in COUNTS),
    time_column("started_at"),
    time_column("finished_at", nullable=True),
    Column("error", Text),
    Column("error_url", Text),
    Index(None, "source_key", "key"),
    **NEVER_REUSED,
)

harvest_slices = Table(
    "harvest_slices",
    metadata,
    key_column(),
    reference("harvest_runs", "run_key"),
    reference("sources", "source_key"),
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
    *(count_column(name) for name in COUNTS),
    time_column("started_at"),
    time_column("finished_at", nullable=True),
    Index(None, "run_key"),
    Index(None, "source_key", "status"),
    **NEVER_REUSED,
)

#: What opens a page around its records; the same for nearly all pages of a repository.
heads = Table(
    "heads",
    metadata,
    key_column(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("head", LargeBinary, nullable=False),
    **NEVER_REUSED,
)

#: What compresses the records of one source and format; each record knows which one it needs. Never removed.
dictionaries = Table(
    "dictionaries",
    metadata,
    key_column(),
    reference("sources", "source_key"),
    Column("metadata_prefix", Text, nullable=False),
    Column("version", Key, nullable=False),
    Column("data", LargeBinary, nullable=False),
    time_column("created_at"),
    UniqueConstraint("source_key", "metadata_prefix", "version"),
    **NEVER_REUSED,
)

raw_records = Table(
    "raw_records",
    metadata,
    key_column(),
    reference("sources", "source_key"),
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
    reference("heads", "head_key", nullable=True),
    reference("harvest_slices", "slice_key"),
    time_column("first_received_at"),
    time_column("received_at"),
    count_column("changes"),
    Column("pending", Boolean, nullable=False),
    UniqueConstraint("source_key", "identifier", "metadata_prefix"),
    Index("ix_raw_records_pending", "key", sqlite_where=text("pending = 1"), postgresql_where=text("pending")),
    Index("ix_raw_records_deleted", "source_key", sqlite_where=text("deleted = 1"), postgresql_where=text("deleted")),
    **NEVER_REUSED,
)

#: When a raw record changed, and what its datestamp was then.
raw_changes = Table(
    "raw_changes",
    metadata,
    key_column(),
    reference("raw_records", "raw_key"),
    Column("datestamp", Text, nullable=False),
    Column("deleted", Boolean, nullable=False),
    time_column("at"),
    Index(None, "raw_key"),
    **NEVER_REUSED,
)

#: What could not be used, whole, with reason and remedy; ``resolved_at`` is set when a replay succeeded.
quarantine = Table(
    "quarantine",
    metadata,
    key_column(),
    reference("sources", "source_key"),
    reference("raw_records", "raw_key", nullable=True),
    reference("harvest_runs", "run_key", nullable=True),
    # The list and the format that it came with; none for records that are stored (``raw_key``).
    Column("slice_key", Key),
    Column("metadata_prefix", Text),
    Column("digest", LargeBinary),
    Column("identifier", Text),
    Column("url", Text),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    time_column("created_at"),
    time_column("resolved_at", nullable=True),
    Index(None, "source_key", "resolved_at"),
    Index(None, "source_key", "identifier"),
    Index(None, "source_key", "digest"),
    Index(None, "raw_key"),
    **NEVER_REUSED,
)

#: Journals as works know them; one whose last key went to another names that one in ``merged_into``.
containers = Table(
    "containers",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("title", Text),
    Column("merged_into", Key),
    **NEVER_REUSED,
)

#: How containers are recognised: by ISSN, or by folded title where a record has no ISSN.
container_keys = Table(
    "container_keys",
    metadata,
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    reference("containers", "container_key"),
    Index(None, "container_key"),
)

#: What sources say of journals, cleaned; all ISSNs of a row belong to its container in ``container_keys``.
journals = Table(
    "journals",
    metadata,
    key_column(),
    reference("sources", "source_key"),
    Column("identifier", Text, nullable=False),
    reference("containers", "container_key"),
    Column("data", LargeBinary, nullable=False),
    time_column("updated_at"),
    UniqueConstraint("source_key", "identifier"),
    Index(None, "container_key"),
    **NEVER_REUSED,
)

#: Containers whose works are to be merged anew, and up to which work that is done.
stale_containers = Table(
    "stale_containers",
    metadata,
    reference("containers", "container_key", primary_key=True),
    Column("after_work_key", Key, nullable=False),
)

works = Table(
    "works",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("version", Key, nullable=False),
    Column("state", Text, nullable=False),
    reference("works", "merged_into", nullable=True),
    time_column("first_indexed"),
    time_column("updated_at"),
    Column("digest", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("container_key", Key),  # no foreign key: SQLite would have to copy the table to add one
    Index(None, "container_key", "key"),
    **NEVER_REUSED,
)

#: Works that name an ISSN of another container than their own: whatever changes there may concern them.
container_guests = Table(
    "container_guests",
    metadata,
    reference("containers", "container_key", primary_key=True),
    reference("works", "work_key", primary_key=True),
    Index(None, "work_key"),
)

manifestations = Table(
    "manifestations",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    reference("sources", "source_key"),
    Column("identifier", Text, nullable=False),
    reference("works", "work_key", nullable=True),
    # The work that was minted for this manifestation, if one was: it is taken up again when a merge comes apart.
    reference("works", "founded_key", nullable=True),
    Column("live", Boolean, nullable=False),
    Column("notice", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    time_column("updated_at"),
    UniqueConstraint("source_key", "identifier"),
    Index(None, "work_key"),
    **NEVER_REUSED,
)

#: The identifiers of manifestations, to find them by; live manifestations only.
manifestation_keys = Table(
    "manifestation_keys",
    metadata,
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    reference("manifestations", "manifestation_key", primary_key=True),
    Index(None, "manifestation_key"),
)

#: The append-only change feed of works, read by the search index, later by alerts, feeds and sync.
work_changes = Table(
    "work_changes",
    metadata,
    Column("sequence", Key, primary_key=True, autoincrement=True),
    reference("works", "work_key"),
    Column("version", Key, nullable=False),
    Column("kind", Text, nullable=False),
    time_column("at"),
    Index(None, "work_key"),
    **NEVER_REUSED,
)
