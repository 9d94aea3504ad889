"""Writing manifestations and works; everything works inside one transaction of the pipeline's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import BindParameter, Connection, Row, bindparam, literal_column, select, update

from indexer import clock, ids
from indexer.identity.keys import Key, keys_of
from indexer.identity.merge import Merged
from indexer.identity.portrait import Portrait
from indexer.models import Bibliography, Manifestation
from indexer.storage import schema
from indexer.storage.catalogue import STATE_FIELDS, chunks
from indexer.storage.containers import ContainerWriter, PlacedWork
from indexer.storage.database import Database
from indexer.storage.feed import ChangeKind

#: What the change feed is told: work key, version, kind.
WorkEntry = tuple[int, int, ChangeKind]
_MANIFESTATION = TypeAdapter(Manifestation)


#: A record's source key, its description and its portrait.
Described = tuple[int, Manifestation, Portrait]
#: Texts about another article, which often carry its identifiers.
_NOTICES = frozenset(("correction", "retraction", "concern"))
#: A work's row without its data, which are long and seldom needed to write others.
_WORK = select(*(column for column in schema.works.c if column.name != "data"))
# Statements of every batch, built once: that takes longer than what SQLite does for one record.
_rows, _identifiers = schema.manifestations, schema.manifestation_keys
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_BY_NAME = select(_rows.c.key, _rows.c.identifier).where(
    _rows.c.source_key == bindparam("source"), _rows.c.identifier.in_(_keys)
)
_IDENTIFIERS = select(_identifiers).where(_identifiers.c.manifestation_key.in_(_keys))
_DATA = select(_rows.c.key, _rows.c.id, _rows.c.data).where(_rows.c.key.in_(_keys))
_HOMES = select(_rows.c.work_key).where(_rows.c.key.in_(_keys), _rows.c.live, _rows.c.work_key.is_not(None))
_MEMBERS = select(_rows.c.key, _rows.c.work_key).where(_rows.c.work_key.in_(_keys), _rows.c.live).order_by(_rows.c.key)
_WORKS = _WORK.where(schema.works.c.key.in_(_keys))


class CatalogueWriter:
    """What the pipeline does to manifestations and works within one transaction."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self.containers = ContainerWriter(database, connection)

    # --- manifestations ---------------------------------------------------------------------

    def save(self, described: Sequence[Described]) -> dict[int, Portrait]:
        """Insert or replace manifestations and their identifiers; return their keys, each with its portrait."""
        if not described:
            return {}
        table, now = schema.manifestations, clock.now()
        kept: dict[str, Any] = {
            name: literal_column(f"excluded.{name}") for name in ("live", "notice", "data", "updated_at")
        }
        self._connection.execute(
            self._database.insert(table).on_conflict_do_update(index_elements=["source_key", "identifier"], set_=kept),
            [
                {
                    "id": ids.mint(ids.MANIFESTATION),
                    "source_key": source_key,
                    "identifier": one.record_identifier,
                    "live": True,
                    "notice": portrait.kind in _NOTICES,
                    "data": orjson.dumps(one),
                    "updated_at": now,
                }
                for source_key, one, portrait in described
            ],
        )
        keys = self.keys([(source_key, one.record_identifier) for source_key, one, _ in described])
        self._replace_keys({keys[source_key, one.record_identifier]: keys_of(one) for source_key, one, _ in described})
        return {keys[source_key, one.record_identifier]: portrait for source_key, one, portrait in described}

    def retire(self, names: Sequence[tuple[int, str]]) -> list[int]:
        """Take manifestations out of their works, keeping their rows for a return; return the keys of those known."""
        table = schema.manifestations
        keys = list(self.keys(names).values())
        for chunk in chunks(keys):
            retired = update(table).where(table.c.key.in_(chunk)).values(live=False, updated_at=clock.now())
            self._connection.execute(retired)
        self._replace_keys(dict.fromkeys(keys, frozenset()))
        return keys

    def keys(self, names: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Return the keys of manifestations by (source key, identifier), in the order asked for."""
        by_source: dict[int, list[str]] = {}
        for source_key, identifier in names:
            by_source.setdefault(source_key, []).append(identifier)
        found: dict[tuple[int, str], int] = {}
        for source_key, identifiers in by_source.items():
            for chunk in chunks(identifiers):
                rows = self._connection.execute(_BY_NAME, {"source": source_key, "keys": chunk})
                found.update({(source_key, row.identifier): row.key for row in rows})
        return {name: found[name] for name in names if name in found}

    def _replace_keys(self, wanted: Mapping[int, frozenset[Key]]) -> None:
        """Make the joining keys of manifestations what they shall be; most are so already."""
        table = schema.manifestation_keys
        stored = self._keys_of(wanted)
        changed = [key for key, keys in wanted.items() if stored[key] != keys]
        for chunk in chunks(key for key in changed if stored[key]):
            self._connection.execute(table.delete().where(table.c.manifestation_key.in_(chunk)))
        rows = [
            {"scheme": one.scheme, "value": one.value, "manifestation_key": key}
            for key in changed
            for one in sorted(wanted[key])
        ]
        if rows:
            self._connection.execute(table.insert(), rows)

    def _keys_of(self, manifestation_keys: Iterable[int]) -> dict[int, set[Key]]:
        found: dict[int, set[Key]] = {key: set() for key in manifestation_keys}
        for chunk in chunks(found):
            for row in self._connection.execute(_IDENTIFIERS, {"keys": chunk}):
                found[row.manifestation_key].add(Key(row.scheme, row.value))
        return found

    # --- identity ----------------------------------------------------------------------------

    def manifestations(self, keys: Iterable[int]) -> dict[int, tuple[str, Manifestation]]:
        """Load manifestations by key, with their public ids."""
        return {
            row.key: (row.id, _MANIFESTATION.validate_json(row.data))
            for chunk in chunks(keys)
            for row in self._connection.execute(_DATA, {"keys": chunk})
        }

    def homes(self, keys: Iterable[int]) -> set[int]:
        """Return the works that live manifestations are in."""
        return {key for chunk in chunks(keys) for key in self._connection.scalars(_HOMES, {"keys": chunk})}

    def members(self, work_keys: Iterable[int]) -> dict[int, list[int]]:
        """Return the keys of the live manifestations of works, by work key."""
        found: dict[int, list[int]] = {}
        for chunk in chunks(work_keys):
            for row in self._connection.execute(_MEMBERS, {"keys": chunk}):
                found.setdefault(row.work_key, []).append(row.key)
        return found

    def works(self, keys: Iterable[int]) -> dict[int, Row[Any]]:
        """Load the rows of works by key, without their data."""
        return {row.key: row for chunk in chunks(keys) for row in self._connection.execute(_WORKS, {"keys": chunk})}

    def move(self, moves: Sequence[tuple[int, int]]) -> None:
        """Put manifestations into works: (manifestation key, work key) pairs."""
        if moves:
            table = schema.manifestations
            statement = update(table).where(table.c.key == bindparam("at_key")).values(work_key=bindparam("to_work"))
            self._connection.execute(statement, [{"at_key": key, "to_work": work} for key, work in moves])

    def found(self, founders: Sequence[tuple[int, int]]) -> None:
        """Write down which work was minted for which manifestation: (manifestation key, work key) pairs."""
        if founders:
            table = schema.manifestations
            statement = update(table).where(table.c.key == bindparam("at_key"), table.c.founded_key.is_(None))
            rows = [{"at_key": key, "to_work": work} for key, work in founders]
            self._connection.execute(statement.values(founded_key=bindparam("to_work")), rows)

    # --- works -------------------------------------------------------------------------------

    def new_works(self, placed: Sequence[tuple[PlacedWork, Row[Any] | None]]) -> list[WorkEntry]:
        """Mint works; one that was split off (from the row beside it) was first seen when its old work was.

        So that nobody is alerted anew of what was there before.
        """
        if not placed:
            return []
        table, now = schema.works, clock.now()
        rows = []
        for view, split_from in placed:
            data = work_data(view.merged)
            rows.append(
                {
                    "id": ids.mint(ids.WORK),
                    "version": 1,
                    "state": "active",
                    "first_indexed": split_from.first_indexed if split_from else now,
                    "updated_at": now,
                    "digest": hashlib.sha256(data).digest(),
                    "data": data,
                    "container_key": view.container_key,
                }
            )
        self._connection.execute(table.insert(), rows)
        keys: dict[str, int] = {}
        for chunk in chunks(row["id"] for row in rows):
            keys.update(
                {
                    row.id: row.key
                    for row in self._connection.execute(select(table.c.id, table.c.key).where(table.c.id.in_(chunk)))
                }
            )
        minted = [keys[str(row["id"])] for row in rows]
        self.containers.keep_guests({key: view.guest_of for key, (view, _) in zip(minted, placed, strict=True)})
        return [(key, 1, "split" if split_from else "new") for key, (_, split_from) in zip(minted, placed, strict=True)]

    def write_works(self, placed: Sequence[tuple[Row[Any], PlacedWork]]) -> list[WorkEntry]:
        """Write known works' merged views; return the changes, none for those that stay as they are."""
        table, now = schema.works, clock.now()
        rows: list[dict[str, Any]] = []
        for known, view in placed:
            data = work_data(view.merged)
            digest = hashlib.sha256(data).digest()
            if known.digest != digest or known.state != "active":
                values = {"version": known.version + 1, "digest": digest, "data": data}
                values["container_key"] = view.container_key
                rows.append({"at_key": known.key, **{f"to_{name}": value for name, value in values.items()}})
        if rows:
            bound: dict[str, Any] = {
                name: bindparam(f"to_{name}") for name in ("version", "digest", "data", "container_key")
            }
            statement = update(table).where(table.c.key == bindparam("at_key"))
            self._connection.execute(statement.values(**bound, state="active", merged_into=None, updated_at=now), rows)
        self.containers.keep_guests({known.key: view.guest_of for known, view in placed})
        return [(row["at_key"], row["to_version"], "changed") for row in rows]

    def end_work(self, known: Row[Any], *, merged_into: int | None) -> WorkEntry | None:
        """Mark a work removed, or merged into another; its id stays and redirects."""
        state: ChangeKind = "removed" if merged_into is None else "merged"
        if known.state == state and known.merged_into == merged_into:
            return None
        version = known.version + 1
        self._connection.execute(
            update(schema.works)
            .where(schema.works.c.key == known.key)
            .values(version=version, state=state, merged_into=merged_into, updated_at=clock.now())
        )
        return known.key, version, state

    def keep_first_indexed(self, work_key: int, absorbed: Sequence[Row[Any]]) -> None:
        """A merged work was first seen when the oldest of its parts was: nobody is alerted anew."""
        earliest = min(row.first_indexed for row in absorbed)
        table = schema.works
        self._connection.execute(
            update(table)
            .where(table.c.key == work_key, table.c.first_indexed > earliest)
            .values(first_indexed=earliest)
        )


def work_data(merged: Merged) -> bytes:
    """Write a merged view as the JSON that the store keeps and the API answers from."""
    described = merged.bibliography
    values = {name: getattr(described, name) for name in Bibliography.__dataclass_fields__} | {
        "sources": merged.sources,
        "manifestations": merged.manifestations,
        "provenance": merged.provenance,
        **{name: getattr(merged.state, name) for name in STATE_FIELDS},
    }
    return orjson.dumps(values)
