"""Sources in the store: seeded from TOML, added by people, with who did it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, Row, exists, select

from harvesters.errors import SourceError
from harvesters.sources.definition import Source, find_source, unknown_source
from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something: a person with roles, or the command line (no person, every right)."""

    person_key: int | None = None
    roles: frozenset[str] = frozenset({"administrator"})


COMMAND_LINE = Actor()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableSource:
    """A stored source whose settings cannot be used, as a newer kaijuan or a foreign hand leaves them."""

    id: str
    reason: str
    remedy: str

    def error(self) -> SourceError:
        """Return what whoever wants this source is told."""
        return SourceError(f"{self.reason} {self.remedy}")


def record_audit(connection: Connection, actor: Actor, action: str, subject: str, details: object) -> None:
    """Write down who did what to which object; part of the transaction that does it."""
    connection.execute(
        schema.audit.insert().values(
            person_key=actor.person_key, action=action, object=subject, details=orjson.dumps(details), at=clock.now()
        )
    )


class SourceTable:
    """The sources of this library."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._named: set[str] = set()

    def all(self) -> list[Source]:
        """Return every source that can be used, by id; the others are named in a warning, once."""
        return self._read()[0]

    def unusable(self) -> list[UnusableSource]:
        """Return the sources whose settings cannot be used, by id, each with the reason and the remedy."""
        return self._read()[1]

    def get(self, source_id: str) -> Source:
        """Return one source; raise ``SourceError`` where it cannot be used, or naming the known ones."""
        usable, unusable = self._read()
        for source in unusable:
            if source.id == source_id:
                raise source.error()
        return find_source(usable, source_id)

    def require(self, source_id: str) -> None:
        """Raise ``SourceError`` naming the known sources where there is none of this id; an unusable one is there."""
        known = self.keys()
        if source_id not in known:
            raise unknown_source(source_id, sorted(known))

    def kept_settings(self, source_id: str) -> dict[str, Any]:
        """Return what can still be read of a source's settings, known ones only, for whoever mends them."""
        with self._database.read() as connection:
            row = connection.execute(select(schema.sources).where(schema.sources.c.id == source_id)).first()
        return {"name": source_id, **(_known_settings(row) if row else {}), "id": source_id}

    def _read(self) -> tuple[list[Source], list[UnusableSource]]:
        with self._database.read() as connection:
            read = [_source(row) for row in connection.execute(select(schema.sources).order_by(schema.sources.c.id))]
        unusable = [one for one in read if isinstance(one, UnusableSource)]
        self._warn(unusable)
        return [one for one in read if isinstance(one, Source)], unusable

    def _warn(self, unusable: Iterable[UnusableSource]) -> None:
        for source in unusable:
            if source.id not in self._named:
                self._named.add(source.id)
                _log.warning("source_unusable", source=source.id, reason=source.reason, remedy=source.remedy)

    def keys(self) -> dict[str, int]:
        """Return the integer key of every source id."""
        with self._database.read() as connection:
            return {row.id: row.key for row in connection.execute(select(schema.sources.c.id, schema.sources.c.key))}

    def seed(self, sources: list[Source]) -> None:
        """Bring in sources from TOML: new ones are added, seeded ones updated, what a person touched is left alone."""
        with self._database.write() as connection:
            self._database.one_writer(connection, "sources")  # several processes start together
            known = {row.id: row for row in connection.execute(select(schema.sources))}
            for source in sources:
                settings = orjson.dumps(source.values())
                row = known.get(source.id)
                if row is None:
                    self._insert(connection, source, COMMAND_LINE, seeded=True)
                elif not row.seeded:
                    if _settings(row).get("endpoint", source.endpoint) != source.endpoint:
                        _log.warning(
                            "source_ignored",
                            source=source.id,
                            reason="a source of that name was added or changed by command",
                        )
                elif row.settings != settings:
                    self._update(connection, source)

    def add(self, source: Source, actor: Actor = COMMAND_LINE) -> None:
        """Add a source; raise ``SourceError`` where the id is taken."""
        with self._database.write() as connection:
            taken = connection.scalar(select(schema.sources.c.key).where(schema.sources.c.id == source.id))
            if taken is not None:
                raise SourceError(f"There is a source {source.id!r} already. Choose another --name.")
            self._insert(connection, source, actor, seeded=False)
            record_audit(connection, actor, "source.add", source.id, source.values())

    def update(self, source: Source, actor: Actor = COMMAND_LINE) -> None:
        """Change a source's settings; its records stay, and a seed does not change it back.

        Raises:
            SourceError: there is no such source.
        """
        with self._database.write() as connection:
            row = connection.execute(select(schema.sources).where(schema.sources.c.id == source.id)).first()
            if row is None:
                raise SourceError(f"There is no source {source.id!r}. List them with: kaijuan sources")
            before, after = _settings(row), orjson.loads(orjson.dumps(source.values()))
            changed = {
                name: after.get(name)
                for name in before | after
                if before.get(name) != after.get(name) or name not in after
            }
            if changed:
                self._update(connection, source)
                connection.execute(schema.sources.update().where(schema.sources.c.key == row.key).values(seeded=False))
                record_audit(
                    connection,
                    actor,
                    "source.update",
                    source.id,
                    {"from": {name: before.get(name) for name in changed}, "to": changed},
                )

    def remove(self, source_id: str, actor: Actor = COMMAND_LINE) -> None:
        """Remove a source that never brought anything, with the ledger of its attempts.

        Raises:
            SourceError: there is no such source, or something of it is kept.
        """
        with self._database.write() as connection:
            row = connection.execute(select(schema.sources).where(schema.sources.c.id == source_id)).first()
            if row is None:
                raise SourceError(f"There is no source {source_id!r}. List them with: kaijuan sources")
            for table in (schema.raw_records, schema.manifestations, schema.journals, schema.quarantine):
                if connection.scalar(select(exists().where(table.c.source_key == row.key))):
                    raise SourceError(
                        f"Source {source_id!r} has records, which are kept. Stop harvesting it with: "
                        f"kaijuan sources pause {source_id}"
                    )
            for table in reversed(schema.metadata.sorted_tables):
                if "source_key" in table.c:
                    connection.execute(table.delete().where(table.c.source_key == row.key))
            connection.execute(schema.sources.delete().where(schema.sources.c.key == row.key))
            record_audit(connection, actor, "source.remove", source_id, _settings(row))

    def _insert(self, connection: Connection, source: Source, actor: Actor, *, seeded: bool) -> None:
        now = clock.now()
        connection.execute(
            schema.sources.insert().values(
                id=source.id,
                settings=orjson.dumps(source.values()),
                owner_key=actor.person_key,
                seeded=seeded,
                created_at=now,
                updated_at=now,
            )
        )

    def _update(self, connection: Connection, source: Source) -> None:
        connection.execute(
            schema.sources.update()
            .where(schema.sources.c.id == source.id)
            .values(settings=orjson.dumps(source.values()), updated_at=clock.now())
        )


def _settings(row: Row[Any]) -> dict[str, Any]:
    """Return a row's settings as they stand; where they are no JSON object, nothing."""
    try:
        read = orjson.loads(row.settings)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _known_settings(row: Row[Any]) -> dict[str, Any]:
    known = {field.name for field in dataclasses.fields(Source)}
    return {name: value for name, value in _settings(row).items() if name in known}


def _source(row: Row[Any]) -> Source | UnusableSource:
    read = _settings(row)
    mend = f"kaijuan sources set {row.id}"
    if not read:
        return UnusableSource(
            id=row.id,
            reason=f"The stored settings of source {row.id!r} cannot be read.",
            remedy=f"Give them anew with: {mend} endpoint=URL (and kind=KIND, if it is not oai).",
        )
    try:
        source = Source.of(read)
    except SourceError as error:
        remedy = f"Set what is wrong with: {mend} KEY=VALUE (unknown settings are then left out), or update kaijuan."
        return UnusableSource(id=row.id, reason=f"The stored settings cannot be used. {error}", remedy=remedy)
    if source.id != row.id:
        reason = f"The stored settings of source {row.id!r} are those of a source {source.id!r}."
        return UnusableSource(id=row.id, reason=reason, remedy=f"Set its own address with: {mend} endpoint=URL")
    return source
