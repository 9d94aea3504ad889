"""Reading containers: a journal by its id or ISSN, with what its records say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from indexer.identity.journals import merge_journals
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.containers import journal_of
from indexer.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContainer:
    """A journal: ``issns`` are all that it is known by; what nobody states is ``None``."""

    id: str
    title: str | None
    issns: tuple[str, ...]
    issn_l: str | None = None
    publisher: str | None = None
    country: str | None = None


def find_container(database: Database, issn: str) -> StoredContainer | None:
    """Return the journal that an ISSN (``1234-567X``) leads to, or ``None``."""
    keys, containers = schema.container_keys.c, schema.containers.c
    found = (
        select(schema.containers)
        .join(schema.container_keys, keys.container_key == containers.key)
        .where(keys.scheme == "issn", keys.value == issn)
    )
    with database.read() as connection:
        row = connection.execute(found).one_or_none()
        return _described(connection, row) if row else None


def container_by_id(database: Database, container_id: str) -> StoredContainer | None:
    """Return a container; for one that another took over, that one, whose ``id`` is not the one asked for."""
    table = schema.containers
    if not container_id.isprintable():
        return None
    with database.read() as connection:
        row = connection.execute(select(table).where(table.c.id == container_id)).one_or_none()
        seen: set[int] = set()
        while row and row.merged_into is not None and row.key not in seen:
            if _leads_somewhere(connection, row.key):  # it was taken over, and has been given a key since
                break
            seen.add(row.key)
            row = connection.execute(select(table).where(table.c.key == row.merged_into)).one_or_none()
        return _described(connection, row) if row else None


def containers_by_ids(database: Database, container_ids: Iterable[str]) -> dict[str, StoredContainer]:
    """Return containers by id, a page of them; unknown ones are left out."""
    table = schema.containers
    with database.read() as connection:
        return {
            row.id: _described(connection, row)
            for chunk in chunks(container_ids)
            for row in connection.execute(select(table).where(table.c.id.in_(chunk))).all()
        }


def _leads_somewhere(connection: Connection, container: int) -> bool:
    keys = schema.container_keys.c
    return connection.execute(select(keys.value).where(keys.container_key == container).limit(1)).first() is not None


def _described(connection: Connection, row: Row[Any]) -> StoredContainer:
    """Say what a container's records say together; what they leave open, one of its works says."""
    keys, journals = schema.container_keys.c, schema.journals.c
    known = select(keys.value).where(keys.container_key == row.key, keys.scheme == "issn").order_by(keys.value)
    issns = tuple(connection.execute(known).scalars())
    records = connection.execute(select(journals.data).where(journals.container_key == row.key)).scalars().all()
    view = merge_journals([journal_of(data) for data in records]) if records else None
    work = _of_a_work(connection, row.key) if view is None else {}
    return StoredContainer(
        id=row.id,
        title=(view.title if view else None) or row.title or work.get("title"),
        issns=tuple(dict.fromkeys((*(view.issns if view else ()), *issns))),
        issn_l=view.issn_l if view else work.get("issn_l"),
        publisher=view.publisher if view else work.get("publisher"),
        country=view.country if view else None,
    )


def _of_a_work(connection: Connection, container: int) -> dict[str, Any]:
    """Return the container as its first work names it."""
    works = schema.works.c
    named = works.container_key == container, works.state == "active"
    data = connection.execute(select(works.data).where(*named).order_by(works.key).limit(1)).scalar()
    return dict(orjson.loads(data).get("container") or {}) if data else {}
