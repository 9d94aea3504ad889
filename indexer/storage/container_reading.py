"""Reading containers: a journal by its ISSN, with what its records say."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from indexer.identity.journals import merge_journals
from indexer.storage import schema
from indexer.storage.containers import journal_of
from indexer.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContainer:
    """A journal: ``issns`` are all that it is known by; what no journal record states is ``None``."""

    id: str
    title: str | None
    issns: tuple[str, ...]
    issn_l: str | None = None
    publisher: str | None = None
    country: str | None = None


def find_container(database: Database, issn: str) -> StoredContainer | None:
    """Return the journal that an ISSN (``1234-567X``) leads to, or ``None``."""
    keys, containers, journals = schema.container_keys.c, schema.containers.c, schema.journals.c
    found = (
        select(containers.key, containers.id, containers.title)
        .join(schema.container_keys, keys.container_key == containers.key)
        .where(keys.scheme == "issn", keys.value == issn)
    )
    with database.read() as connection:
        row = connection.execute(found).one_or_none()
        if row is None:
            return None
        known = select(keys.value).where(keys.container_key == row.key, keys.scheme == "issn").order_by(keys.value)
        issns = tuple(connection.execute(known).scalars())
        records = connection.execute(select(journals.data).where(journals.container_key == row.key)).scalars().all()
    view = merge_journals([journal_of(data) for data in records]) if records else None
    if view is None:
        return StoredContainer(id=row.id, title=row.title, issns=issns)
    return StoredContainer(
        id=row.id,
        title=view.title or row.title,
        issns=tuple(dict.fromkeys((*view.issns, *issns))),
        issn_l=view.issn_l,
        publisher=view.publisher,
        country=view.country,
    )
