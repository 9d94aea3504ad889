"""Reading works and containers from SQL."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, func, select, true

from indexer import clock
from indexer.identity.states import WorkState
from indexer.models import Work
from indexer.storage import schema
from indexer.storage.database import Database

_IN_CHUNK = 500
_MOST_CORRECTED = 20
_WORK = TypeAdapter(Work)
_SCHEMES = frozenset(("doi", "pmid", "pmcid"))
_BY_KEYS = select(schema.works).where(schema.works.c.key.in_(bindparam("keys", expanding=True)))
#: Of a work's data: what its relations to others make of it.
STATE_FIELDS = tuple(WorkState.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True)
class StoredWork:
    """A work as kept: ``raw`` are the merged fields as JSON, ``state`` active, removed or merged."""

    key: int
    id: str
    version: int
    state: str
    first_indexed: str
    raw: bytes

    @functools.cached_property
    def data(self) -> dict[str, Any]:
        """Return the merged fields as plain values."""
        fields: dict[str, Any] = orjson.loads(self.raw)
        return fields

    def work(self) -> Work:
        """Build the typed work, for the index and for everything that computes with it.

        What is beside the fields is put in front of them, so that all is read at once: twice as fast as by way of
        plain values, and an index is built from millions.
        """
        beside = {"key": self.key, "id": self.id, "version": self.version, "first_indexed": self.first_indexed}
        return _WORK.validate_json(orjson.dumps(beside)[:-1] + b"," + self.raw[1:])


def chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut keys into lists short enough for one SQL IN."""
    listed = list(keys)
    for start in range(0, len(listed), _IN_CHUNK):
        yield listed[start : start + _IN_CHUNK]


class Catalogue:
    """Reading works."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_keys(self, keys: Sequence[int]) -> dict[int, StoredWork]:
        """Load works by integer key; unknown keys are left out."""
        with self._database.read() as connection:
            return {
                row.key: _stored(row) for chunk in chunks(keys) for row in connection.execute(_BY_KEYS, {"keys": chunk})
            }

    def ids(self, keys: Sequence[int]) -> dict[int, str]:
        """Return the public ids of active works by integer key, without reading the works."""
        table = schema.works.c
        columns = select(table.key, table.id).where(table.state == "active")
        with self._database.read() as connection:
            rows = (row for chunk in chunks(keys) for row in connection.execute(columns.where(table.key.in_(chunk))))
            return {row.key: row.id for row in rows}

    def by_id(self, work_id: str) -> StoredWork | None:
        """Load a work by public id; a merged one is returned as such, see :meth:`target`."""
        with self._database.read() as connection:
            row = connection.execute(select(schema.works).where(schema.works.c.id == work_id)).one_or_none()
            return _stored(row) if row else None

    def target(self, work: StoredWork) -> StoredWork | None:
        """Follow a merged work to the one that holds its records now; ``None`` where that is gone."""
        seen = {work.key}
        with self._database.read() as connection:
            key: int | None = work.key
            while key is not None:
                row = connection.execute(select(schema.works).where(schema.works.c.key == key)).one()
                if row.state != "merged":
                    return _stored(row) if row.state == "active" else None
                key = row.merged_into if row.merged_into not in seen else None
                seen.add(row.merged_into)
        return None

    def find(self, wanted: str) -> StoredWork | None:
        """Load a work by its public id, in whatever state, or the active one by ``doi:…``, ``pmid:…``, ``pmcid:…``."""
        scheme, _, value = wanted.partition(":")
        if not wanted.isprintable():
            return None
        if not value or scheme.lower() not in _SCHEMES:
            return self.by_id(wanted)
        from indexer.normalise import identifiers  # noqa: PLC0415  # rules that a harvest does not need

        clean: Callable[[str], str | None] = getattr(identifiers, scheme.lower())
        canonical = clean(value)
        return self.by_identifier(scheme.lower(), canonical) if canonical else None

    def by_identifier(self, scheme: str, value: str) -> StoredWork | None:
        """Load the active work that carries an identifier in canonical form (``doi``, ``pmid``, ``pmcid``)."""
        keys, table = schema.manifestation_keys.c, schema.manifestations.c
        statement = (
            select(schema.works)
            .join(schema.manifestations, table.work_key == schema.works.c.key)
            .join(schema.manifestation_keys, keys.manifestation_key == table.key)
            .where(keys.scheme == scheme, keys.value == value, table.live, schema.works.c.state == "active")
            .order_by(table.notice, schema.works.c.key)
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
            return _stored(row) if row else _by_corrected(connection, scheme, value)

    def pages(self, size: int = 1000) -> Iterator[list[StoredWork]]:
        """Walk all active works by key, a page at a time; each page is a transaction of its own."""
        after = 0
        table = schema.works
        while True:
            statement = (
                select(table).where(table.c.key > after, table.c.state == "active").order_by(table.c.key).limit(size)
            )
            with self._database.read() as connection:
                page = [_stored(row) for row in connection.execute(statement)]
            if not page:
                return
            yield page
            after = page[-1].key

    def counts(self) -> Mapping[str, int]:
        """Return how many works are active, and how many live manifestations there are."""
        with self._database.read() as connection:
            works = connection.execute(
                select(func.count()).select_from(schema.works).where(schema.works.c.state == "active")
            ).scalar_one()
            live = connection.execute(
                select(func.count()).select_from(schema.manifestations).where(schema.manifestations.c.live)
            ).scalar_one()
        return {"works": works, "manifestations": live}

    def manifestations_by_source(self) -> dict[str, int]:
        """Return, per source id, how many of its records are in use: live manifestations, or journals."""
        found: dict[str, int] = {}
        manifestations, journals = schema.manifestations, schema.journals
        with self._database.read() as connection:
            for table, usable in ((manifestations, manifestations.c.live), (journals, true())):
                statement = (
                    select(schema.sources.c.id, func.count())
                    .select_from(table)
                    .join(schema.sources, schema.sources.c.key == table.c.source_key)
                    .where(usable)
                    .group_by(schema.sources.c.id)
                )
                for source, count in connection.execute(statement):
                    found[source] = found.get(source, 0) + count
        return found

    def works_of(self, manifestation_ids: Iterable[str]) -> dict[str, StoredWork]:
        """Return the active works that hold manifestations now, by public manifestation id."""
        table = schema.manifestations.c
        columns = select(table.id.label("manifestation_id"), schema.works)
        joined = columns.join(schema.works, schema.works.c.key == table.work_key)
        with self._database.read() as connection:
            return {
                row.manifestation_id: _stored(row)
                for chunk in chunks(manifestation_ids)
                for row in connection.execute(
                    joined.where(table.id.in_(chunk), table.live, schema.works.c.state == "active")
                )
            }

    def container_titles(self, container_ids: Sequence[str]) -> dict[str, str]:
        """Return the titles of containers, for facet labels: the first ISSN where there is no title, else the id.

        A filter may name what is none, of any characters.
        """
        table, keys = schema.containers.c, schema.container_keys.c
        issn = select(func.min(keys.value)).where(keys.container_key == table.key, keys.scheme == "issn")
        columns = select(table.id, func.coalesce(func.nullif(table.title, ""), issn.scalar_subquery()).label("name"))
        named = [one for one in container_ids if one.isprintable()]
        with self._database.read() as connection:
            return {
                row.id: row.name or row.id
                for chunk in chunks(named)
                for row in connection.execute(columns.where(table.id.in_(chunk)))
            }


def _by_corrected(connection: Connection, scheme: str, value: str) -> StoredWork | None:
    """Return the work that a person gave a DOI which no record of it has."""
    judged, names, rows = schema.judgements.c, schema.judgement_records.c, schema.manifestations.c
    statement = (
        select(schema.works)
        .join(schema.manifestations, rows.work_key == schema.works.c.key)
        .join(schema.judgement_records, (names.source_key == rows.source_key) & (names.identifier == rows.identifier))
        .join(schema.judgements, judged.key == names.judgement_key)
        .where(judged.kind == "correct", judged.field == scheme, judged.value == orjson.dumps(value))
        .where(judged.undone_at.is_(None), rows.live, schema.works.c.state == "active")
        .order_by(judged.key.desc(), names.position)
        .limit(_MOST_CORRECTED)
    )
    named = {"scheme": scheme, "value": value}
    works = (_stored(row) for row in connection.execute(statement))
    return next((work for work in works if named in work.data["identifiers"]), None)


def _stored(row: Row[Any]) -> StoredWork:
    return StoredWork(
        key=row.key,
        id=row.id,
        version=row.version,
        state=row.state,
        first_indexed=clock.iso(row.first_indexed) or "",
        raw=row.data,
    )
