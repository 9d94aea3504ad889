"""The tables behind searching: thesaurus, subject tree, ranking, who may ask, and who is writing the index.

``schema`` has all tables. What a librarian takes back is marked, never removed: each row keeps who said it and when.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from indexer.storage.columns import NEVER_REUSED, Key, key_column, metadata, reference, time_column


def _said() -> list[Column[Any]]:
    """Who said it and when, and who took it back."""
    return [
        Column("note", Text, nullable=False),
        reference("people", "person_key", nullable=True),
        Column("who", Text, nullable=False),
        time_column("at"),
        time_column("undone_at", nullable=True),
        Column("undone_by", Text),
    ]


#: Terms that stand for each other: ``synonym`` or ``translation``; ``terms`` is a JSON list of ``{text, language}``.
thesaurus_entries = Table(
    "thesaurus_entries",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("terms", LargeBinary, nullable=False),
    *_said(),
    **NEVER_REUSED,
)

#: What the library changed of the subject tree: a class of its own, another name, or a class that is not shown.
subject_classes = Table(
    "subject_classes",
    metadata,
    key_column(),
    Column("code", Text, nullable=False),
    Column("parent", Text),
    Column("name_en", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("hidden", Boolean, nullable=False),
    *_said(),
    Index(None, "code"),
    **NEVER_REUSED,
)

#: To which class a subject of a scheme belongs, by the library's word; without ``code`` to none.
subject_mappings = Table(
    "subject_mappings",
    metadata,
    key_column(),
    Column("scheme", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("code", Text),
    *_said(),
    Index(None, "scheme", "value"),
    **NEVER_REUSED,
)

#: Sources, containers and works that the library hides, or ranks by ``weight``, with the reason (``note``).
ranking_rules = Table(
    "ranking_rules",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("weight", Float, nullable=False),
    *_said(),
    Index(None, "kind", "target"),
    **NEVER_REUSED,
)

#: Who may ask under a name of their own, by the digest of what they show; the token itself is kept nowhere.
tokens = Table(
    "tokens",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    reference("people", "person_key", nullable=True),
    Column("scopes", Text, nullable=False),
    time_column("created_at"),
    time_column("expires_at", nullable=True),
    time_column("revoked_at", nullable=True),
    # A day, not a moment: enough to find what nobody uses, too little to tell when somebody reads.
    Column("last_used", Text),
    Index(None, "person_key"),
    **NEVER_REUSED,
)

#: What was answered to writes that carried a key, for whoever sends them again; without ``status`` one is under way.
kept_answers = Table(
    "kept_answers",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("media_type", Text),
    Column("body", LargeBinary),
    time_column("at"),
    # No foreign key: SQLite would have to copy the table to add one.
    Column("person_key", Key),
    Index(None, "at"),
    Index(None, "person_key"),
)

#: Stretches of the change feed that are being written into a shared index, by whom and until when; a lost worker's
#: comes free then. ``index_id`` is the generation's. What is done goes when all before it is done as well.
index_leases = Table(
    "index_leases",
    metadata,
    key_column(),
    Column("index_id", Text, nullable=False),
    Column("first", Key, nullable=False),
    Column("last", Key, nullable=False),
    Column("owner", Text, nullable=False),
    time_column("until"),
    Column("done", Boolean, nullable=False),
    UniqueConstraint("index_id", "first"),
    **NEVER_REUSED,
)
