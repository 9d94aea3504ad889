"""The tables of identity, of people's judgements and of links; ``schema`` has all tables."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from indexer.storage.columns import NEVER_REUSED, Key, key_column, metadata, reference, time_column

#: What identity looks at of a live manifestation, packed; ``ordinal`` is its portrait's order.
portraits = Table(
    "portraits",
    metadata,
    reference("manifestations", "manifestation_key", primary_key=True),
    Column("ordinal", Key, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(None, "ordinal"),
)

#: Under which hashed keys live manifestations meet (``indexer.identity.blocking``).
identity_blocks = Table(
    "identity_blocks",
    metadata,
    Column("block", Key, primary_key=True),
    reference("manifestations", "manifestation_key", primary_key=True),
    Column("fine", Boolean, nullable=False),
    Index(None, "manifestation_key"),
    sqlite_with_rowid=False,
)

#: What was judged of pairs of live manifestations that are not plainly different; the lower ordinal is on the left.
decisions = Table(
    "decisions",
    metadata,
    reference("manifestations", "left_key", primary_key=True),
    reference("manifestations", "right_key", primary_key=True),
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
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    # Of a correction: which field, and its value as JSON.
    Column("field", Text),
    Column("value", LargeBinary),
    Column("reason", Text, nullable=False),
    reference("people", "person_key", nullable=True),
    Column("who", Text, nullable=False),
    time_column("at"),
    time_column("undone_at", nullable=True),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Index(None, "kind", "key"),
    **NEVER_REUSED,
)

#: The records that a judgement is about, by their own names; records of different ``label`` are in different groups.
judgement_records = Table(
    "judgement_records",
    metadata,
    reference("judgements", "judgement_key", primary_key=True),
    Column("position", Integer, primary_key=True),
    reference("sources", "source_key"),
    Column("identifier", Text, nullable=False),
    Column("label", Integer, nullable=False),
    Index(None, "source_key", "identifier"),
)

#: Addresses of copies that were checked or reported, by the digest of the address.
links = Table(
    "links",
    metadata,
    key_column(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    # ``opens``, ``fails``, ``refused`` (to robots or by a rule), ``unknown`` until the first check.
    Column("state", Text, nullable=False),
    Column("http_status", Integer),
    Column("final_url", Text),
    Column("note", Text),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    time_column("checked_at", nullable=True),
    time_column("due_at"),
    Index(None, "due_at"),
    **NEVER_REUSED,
)

#: Readers' reports about addresses that do not open; settled by the next check of the address.
link_reports = Table(
    "link_reports",
    metadata,
    key_column(),
    reference("links", "link_key"),
    reference("works", "work_key"),
    # A keyed hash of whoever reports, so that one person counts once.
    Column("reporter", LargeBinary, nullable=False),
    Column("note", Text),
    time_column("at"),
    time_column("settled_at", nullable=True),
    UniqueConstraint("link_key", "reporter"),
    Index(None, "settled_at"),
    **NEVER_REUSED,
)
