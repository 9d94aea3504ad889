"""Journals' records, the containers that they speak for, and the works that must hear of it.

As manifestations are clustered into works, so journal records into containers: records that share an ISSN are one
journal, whatever the order of arrival; a container stays with its oldest record. A record takes its ISSNs along, also
from a container that only articles have made: what is bound to an ISSN there follows. Where that makes a container's
works look otherwise, it is *stale*, and its works are merged anew in batches, later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, exists, or_, select, update

from indexer import clock
from indexer.identity.cluster import Member, assign, components
from indexer.identity.journals import JournalView, container_keys, merge_journals
from indexer.identity.keys import Key
from indexer.models import Journal
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.containers import ContainerWriter, journal_of
from indexer.storage.database import Database

_CONTAINERS_AT_ONCE = 500
_Name = tuple[int, str]


def journal_sources(connection: Connection) -> frozenset[int]:
    """Return the keys of the sources whose records describe journals."""
    rows = connection.execute(select(schema.sources.c.key, schema.sources.c.settings))
    return frozenset(row.key for row in rows if orjson.loads(row.settings).get("describes") == "journals")


@dataclass(slots=True, kw_only=True)
class _Held:
    """A live journal record: its row's key and container, where it has been stored before."""

    journal: Journal
    key: int | None = None
    container_key: int | None = None


class JournalWriter:
    """What the pipeline does to journals within one transaction."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self._containers = ContainerWriter(database, connection)
        self._stale = StaleContainers(database, connection)

    def replace(self, saved: Sequence[tuple[int, Journal]], gone: Sequence[_Name]) -> None:
        """Store and remove journal records (given with or by their source keys), and mark what becomes stale."""
        said = {(source_key, one.record_identifier): one for source_key, one in saved}
        gone = self._stored(gone)
        held = self._neighbourhood(said, gone)
        if not held and not said:
            return
        before = _views((one.container_key, one.journal) for one in held.values())
        for name in gone:
            held.pop(name, None)
        for name, journal in said.items():
            known = held.get(name)
            held[name] = _Held(
                journal=journal,
                key=known.key if known else None,
                container_key=known.container_key if known else None,
            )
        homes, losers = self._settle(held)
        self._write(held, homes, said, gone)
        after = _views((homes[name], one.journal) for name, one in held.items())
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        self._entitle(after)
        self._stale.add(losers | changed)

    def _stored(self, names: Iterable[_Name]) -> list[_Name]:
        """Return those of the names that journals are stored under."""
        by_source: dict[int, list[str]] = {}
        for source_key, identifier in names:
            by_source.setdefault(source_key, []).append(identifier)
        table = schema.journals.c
        found: list[_Name] = []
        for source_key, identifiers in by_source.items():
            if self._connection.scalar(select(table.key).where(table.source_key == source_key).limit(1)) is None:
                continue  # nearly every source has articles only
            for chunk in chunks(identifiers):
                statement = select(table.identifier)
                rows = self._connection.scalars(
                    statement.where(table.source_key == source_key, table.identifier.in_(chunk))
                )
                found.extend((source_key, identifier) for identifier in rows)
        return found

    def _neighbourhood(self, said: Mapping[_Name, Journal], gone: Sequence[_Name]) -> dict[_Name, _Held]:
        """Return all live records of the containers that the changed ones are in, or share a key with."""
        table = schema.journals.c
        near = set(self._containers.bound(key for one in said.values() for key in container_keys(one)).values())
        by_source: dict[int, list[str]] = {}
        for source_key, identifier in (*said, *gone):
            by_source.setdefault(source_key, []).append(identifier)
        for source_key, identifiers in by_source.items():
            for chunk in chunks(identifiers):
                statement = select(table.container_key).where(table.source_key == source_key)
                near.update(self._connection.scalars(statement.where(table.identifier.in_(chunk))))
        return {
            (row.source_key, row.identifier): _Held(
                journal=journal_of(row.data), key=row.key, container_key=row.container_key
            )
            for chunk in chunks(near)
            for row in self._connection.execute(select(schema.journals).where(table.container_key.in_(chunk)))
        }

    def _settle(self, held: Mapping[_Name, _Held]) -> tuple[dict[_Name, int], set[int]]:
        """Give each journal its container and each container its keys; return also the containers that lost keys."""
        names = sorted(held, key=lambda name: (held[name].key is None, held[name].key, name))
        keys = [frozenset(container_keys(held[name].journal)) for name in names]
        bound = self._containers.bound(key for each in keys for key in each)
        members = [Member(key=place, work_key=held[name].container_key) for place, name in enumerate(names)]
        groups = components(dict(enumerate(keys)))
        assignments = assign([members[place] for place in group] for group in groups)
        taken = {one.work_key for one in assignments}
        homes: dict[_Name, int] = {}
        rebound: dict[Key, int] = {}
        for one in assignments:
            led = sorted(key for place in one.members for key in keys[place])
            home = one.work_key
            if home is None:
                free = min((bound[key] for key in led if key in bound and bound[key] not in taken), default=None)
                home = self._containers.mint(None) if free is None else free
                taken.add(home)
            homes.update((names[place], home) for place in one.members)
            rebound.update((key, home) for key in led if bound.get(key) != home)
        self._containers.bind(rebound)
        lost = {bound[key]: home for key, home in rebound.items() if key in bound}
        self._redirect(lost)
        return homes, set(lost)

    def _redirect(self, lost: Mapping[int, int]) -> None:
        """Let containers that nothing leads to any more name the one that took their last key."""
        table, keys = schema.containers, schema.container_keys
        for container, home in sorted(lost.items()):
            leads = exists().where(keys.c.container_key == container)
            self._connection.execute(update(table).where(table.c.key == container, ~leads).values(merged_into=home))

    def _write(
        self,
        held: Mapping[_Name, _Held],
        homes: Mapping[_Name, int],
        said: Mapping[_Name, Journal],
        gone: Sequence[_Name],
    ) -> None:
        table, now = schema.journals, clock.now()
        by_source: dict[int, list[str]] = {}
        for source_key, identifier in gone:
            by_source.setdefault(source_key, []).append(identifier)
        for source_key, identifiers in by_source.items():
            for chunk in chunks(identifiers):
                named = (table.c.source_key == source_key) & table.c.identifier.in_(chunk)
                self._connection.execute(table.delete().where(named))
        rows = [
            {
                "source_key": name[0],
                "identifier": name[1],
                "container_key": homes[name],
                "data": orjson.dumps(one.journal),
                "updated_at": now,
            }
            for name, one in held.items()
            if name in said or homes[name] != one.container_key
        ]
        if rows:
            insert = self._database.insert(table)
            kept = {name: insert.excluded[name] for name in ("container_key", "data", "updated_at")}
            self._connection.execute(
                insert.on_conflict_do_update(index_elements=["source_key", "identifier"], set_=kept), rows
            )

    def _entitle(self, views: Mapping[int, JournalView]) -> None:
        """Let containers bear the journals' proper titles, for facets."""
        table = schema.containers
        for chunk in chunks(views):
            columns = select(table.c.key, table.c.title)
            for row in self._connection.execute(columns.where(table.c.key.in_(chunk))).all():
                title = views[row.key].title
                if title and title != row.title:
                    self._connection.execute(update(table).where(table.c.key == row.key).values(title=title))


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleBatch:
    """Works to be merged anew, which containers are through with them, and where the last one goes on."""

    work_keys: tuple[int, ...]
    finished: tuple[int, ...]
    unfinished: int | None = None


class StaleContainers:
    """The queue of containers whose works must be merged anew; what is in it survives any kill."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def is_empty(self) -> bool:
        """Tell whether all works know what their journals say."""
        return self._connection.scalar(select(schema.stale_containers.c.container_key).limit(1)) is None

    def add(self, containers: Iterable[int]) -> None:
        """Queue containers, from their first work on; those without works are passed over."""
        table, works, guests = schema.containers.c, schema.works.c, schema.container_guests.c
        has_works = or_(
            exists().where(works.container_key == table.key), exists().where(guests.container_key == table.key)
        )
        rows = [
            {"container_key": key, "after_work_key": 0}
            for chunk in chunks(sorted(containers))
            for key in self._connection.scalars(select(table.key).where(table.key.in_(chunk), has_works))
        ]
        if rows:
            insert = self._database.insert(schema.stale_containers)
            anew = {"after_work_key": insert.excluded.after_work_key}
            self._connection.execute(insert.on_conflict_do_update(index_elements=["container_key"], set_=anew), rows)

    def next(self, size: int) -> StaleBatch:
        """Return the next works, at most ``size``, of as many containers as it takes."""
        table = schema.stale_containers
        statement = select(table).order_by(table.c.container_key).limit(_CONTAINERS_AT_ONCE)
        work_keys: list[int] = []
        finished: list[int] = []
        unfinished: int | None = None
        for row in self._connection.execute(statement).all():
            room = size - len(work_keys)
            found = self._works(row.container_key, row.after_work_key, room)
            work_keys.extend(found)
            if len(found) == room:  # perhaps there are more
                unfinished = row.container_key
                break
            finished.append(row.container_key)
        return StaleBatch(work_keys=tuple(work_keys), finished=tuple(finished), unfinished=unfinished)

    def _works(self, container: int, after: int, limit: int) -> list[int]:
        """Return the next works of a container and its guests, by key."""
        works, guests = schema.works.c, schema.container_guests.c
        own = select(works.key).where(works.container_key == container, works.key > after).order_by(works.key)
        others = select(guests.work_key).where(guests.container_key == container, guests.work_key > after)
        found: set[Any] = set(self._connection.scalars(own.limit(limit)))
        found.update(self._connection.scalars(others.order_by(guests.work_key).limit(limit)))
        return sorted(found)[:limit]

    def settle(self, batch: StaleBatch) -> None:
        """Mark a batch done, in the transaction that has merged its works."""
        table = schema.stale_containers
        for chunk in chunks(batch.finished):
            self._connection.execute(table.delete().where(table.c.container_key.in_(chunk)))
        if batch.unfinished is not None:
            self._connection.execute(
                update(table)
                .where(table.c.container_key == batch.unfinished)
                .values(after_work_key=batch.work_keys[-1])
            )


def _views(said: Iterable[tuple[int | None, Journal]]) -> dict[int, JournalView]:
    by_container: dict[int, list[Journal]] = {}
    for container, journal in said:
        if container is not None:
            by_container.setdefault(container, []).append(journal)
    return {container: merge_journals(journals) for container, journals in by_container.items()}
