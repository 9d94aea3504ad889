"""Which container a work belongs to; everything works inside one transaction of the pipeline's.

A container is recognised by any ISSN, or by its name's forms where a record has none (``container_keys``). A work with
ISSNs of several containers goes where the first of them leads that a journal record speaks for, else where the first
known one leads; it is a *guest* of the others, so that a change there reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from indexer import ids
from indexer.identity.journals import JournalView, container_keys, enrich, merge_journals
from indexer.identity.keys import Key
from indexer.identity.merge import Merged
from indexer.models import Container, Journal
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.database import Database, inserted_key

_JOURNAL = TypeAdapter(Journal)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedWork:
    """A merged view with its container's id and what its journal adds; ``guest_of`` are other containers' keys."""

    merged: Merged
    container_key: int | None = None
    guest_of: frozenset[int] = frozenset()


class ContainerWriter:
    """Finding and minting containers within one transaction."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def place(self, merged: Sequence[Merged]) -> list[PlacedWork]:
        """Give each merged view its container, minted where it is first met, and what the journal's records add."""
        wanted = [container_keys(one) if (one := view.bibliography.container) else () for view in merged]
        known = self.bound(key for keys in wanted for key in keys)
        views = self.views(set(known.values()))
        homes = self._homes([view.bibliography.container for view in merged], wanted, known, views)
        names = self._ids({home for home in homes if home is not None})
        placed = []
        for view, keys, home in zip(merged, wanted, homes, strict=True):
            if home is None:
                placed.append(PlacedWork(merged=view))
                continue
            journal = views.get(home)
            speaks = journal is not None and not journal.keys.isdisjoint(keys)
            described = _named(view, names[home])
            placed.append(
                PlacedWork(
                    merged=enrich(described, journal) if journal and speaks else described,
                    container_key=home,
                    guest_of=frozenset(known[key] for key in keys) - {home},
                )
            )
        return placed

    def _homes(
        self,
        containers: Sequence[Container | None],
        wanted: Sequence[tuple[Key, ...]],
        known: dict[Key, int],
        views: Mapping[int, JournalView],
    ) -> list[int | None]:
        """Choose each one's container, mint what is new, and bind the keys that nobody knew (``known`` grows)."""
        homes: list[int | None] = []
        fresh: dict[Key, int] = {}
        for container, keys in zip(containers, wanted, strict=True):
            led = [(key, known[key]) for key in keys if key in known]
            spoken = (home for key, home in led if home in views and key in views[home].keys)
            home = next(spoken, led[0][1] if led else None)
            if home is None and container is not None and keys:
                home = self.mint(container.title)
            homes.append(home)
            if home is not None:
                fresh.update((key, home) for key in keys if key not in known)
                known |= {key: home for key in keys if key not in known}
        self.bind(fresh)
        return homes

    def mint(self, title: str | None) -> int:
        """Make a new container and return its key."""
        return inserted_key(
            self._connection.execute(schema.containers.insert().values(id=ids.mint(ids.CONTAINER), title=title))
        )

    def bind(self, keys: Mapping[Key, int]) -> None:
        """Let keys lead to containers, wherever they led before."""
        if keys:
            insert = self._database.insert(schema.container_keys)
            statement = insert.on_conflict_do_update(
                index_elements=["scheme", "value"], set_={"container_key": insert.excluded.container_key}
            )
            rows = [{"scheme": key.scheme, "value": key.value, "container_key": home} for key, home in keys.items()]
            self._connection.execute(statement, rows)

    def bound(self, keys: Iterable[Key]) -> dict[Key, int]:
        """Return where keys lead; unknown ones are left out."""
        table = schema.container_keys.c
        by_scheme: dict[str, set[str]] = {}
        for key in keys:
            by_scheme.setdefault(key.scheme, set()).add(key.value)
        return {
            Key(scheme, row.value): row.container_key
            for scheme, values in by_scheme.items()
            for chunk in chunks(values)
            for row in self._connection.execute(
                select(table.value, table.container_key).where(table.scheme == scheme, table.value.in_(chunk))
            )
        }

    def views(self, containers: Iterable[int]) -> dict[int, JournalView]:
        """Return what the journal records of containers say together; most containers have none."""
        table = schema.journals.c
        found: dict[int, list[Journal]] = {}
        for chunk in chunks(containers):
            for row in self._connection.execute(
                select(table.container_key, table.data).where(table.container_key.in_(chunk))
            ):
                found.setdefault(row.container_key, []).append(journal_of(row.data))
        return {key: merge_journals(journals) for key, journals in found.items()}

    def _ids(self, keys: Iterable[int]) -> dict[int, str]:
        table = schema.containers.c
        return {
            row.key: row.id
            for chunk in chunks(keys)
            for row in self._connection.execute(select(table.key, table.id).where(table.key.in_(chunk)))
        }

    def keep_guests(self, wanted: Mapping[int, frozenset[int]]) -> None:
        """Write down of which other containers works are guests, by work key; nearly always none."""
        table = schema.container_guests
        stored: dict[int, set[int]] = {}
        for chunk in chunks(wanted):
            for row in self._connection.execute(select(table).where(table.c.work_key.in_(chunk))):
                stored.setdefault(row.work_key, set()).add(row.container_key)
        changed = [work for work, others in wanted.items() if stored.get(work, set()) != others]
        for chunk in chunks(work for work in changed if work in stored):
            self._connection.execute(table.delete().where(table.c.work_key.in_(chunk)))
        rows = [{"container_key": other, "work_key": work} for work in changed for other in sorted(wanted[work])]
        if rows:
            self._connection.execute(table.insert(), rows)


def _named(view: Merged, container_id: str) -> Merged:
    described = view.bibliography
    assert described.container is not None  # noqa: S101  # it has a home
    return replace(view, bibliography=replace(described, container=replace(described.container, id=container_id)))


@lru_cache(maxsize=2048)
def journal_of(data: bytes) -> Journal:
    """Read a journal as it is stored; batches of works ask for the same ones again and again."""
    return _JOURNAL.validate_json(data)
