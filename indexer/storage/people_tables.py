"""The tables of people: who they are, how they sign in, what they agreed to, and who of the staff looked at it.

``schema`` has all tables. Whatever belongs to a person has the person's key, and stands in ``personal_data``.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text, UniqueConstraint, text

from indexer.storage.columns import NEVER_REUSED, Key, key_column, metadata, reference, time_column

#: ``name`` is what the person wants to be called; ``profile`` a JSON object, see ``people``. A person who is disabled
#: cannot sign in and keeps all that is theirs.
people = Table(
    "people",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    time_column("created_at"),
    Column("name", Text, nullable=False, server_default=""),
    Column("profile", LargeBinary),
    time_column("updated_at", nullable=True),
    Column("version", Key, nullable=False, server_default=text("1")),
    time_column("disabled_at", nullable=True),
    **NEVER_REUSED,
)

#: A person's roles (librarian, administrator …), all over or for one class and what is below it (``''`` is all).
person_roles = Table(
    "person_roles",
    metadata,
    reference("people", "person_key", primary_key=True),
    Column("role", Text, primary_key=True),
    Column("subject", Text, primary_key=True, server_default=""),
)

#: Ways in. ``subject`` is the folded name of a ``local`` one, and a keyed hash of what WeChat or the campus calls the
#: person; ``secret`` is an argon2id hash, of local ones only (``None`` until a password is chosen).
logins = Table(
    "logins",
    metadata,
    key_column(),
    Column("id", Text, nullable=False, unique=True),
    reference("people", "person_key"),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("secret", Text),
    time_column("created_at"),
    Column("last_used", Text),
    UniqueConstraint("kind", "subject"),
    Index(None, "person_key"),
    **NEVER_REUSED,
)

#: Codes that are good once and soon expire, by digest: ``administrator`` for whoever runs the library, ``password``
#: for one person.
one_time_codes = Table(
    "one_time_codes",
    metadata,
    key_column(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("purpose", Text, nullable=False),
    reference("people", "person_key", nullable=True),
    time_column("created_at"),
    time_column("expires_at"),
    Index(None, "person_key"),
    Index(None, "expires_at"),
    **NEVER_REUSED,
)

#: Failed tries to sign in, by a keyed hash of what was tried: a name, or an address. Forgotten after a day.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("tries", Key, nullable=False),
    time_column("first_at"),
    time_column("last_at"),
    Index(None, "last_at"),
)

#: What a person agreed to, and when that was taken back; each time is a row.
consents = Table(
    "consents",
    metadata,
    key_column(),
    reference("people", "person_key"),
    Column("purpose", Text, nullable=False),
    time_column("given_at"),
    time_column("withdrawn_at", nullable=True),
    Index(None, "person_key", "purpose"),
    **NEVER_REUSED,
)

#: Who of the staff saw or changed what of a person; shown to that person. Without ``actor_key``: the command line, or
#: somebody who has left.
personal_access = Table(
    "personal_access",
    metadata,
    key_column(),
    reference("people", "person_key"),
    reference("people", "actor_key", nullable=True),
    Column("what", Text, nullable=False),
    Column("why", Text, nullable=False),
    time_column("at"),
    Index(None, "person_key", "key"),
    Index(None, "actor_key"),
    **NEVER_REUSED,
)
