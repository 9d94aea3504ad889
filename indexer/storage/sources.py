"""Sources in the store: seeded from TOML, added by people, with who did it."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import structlog
from sqlalchemy import Connection, exists, select

from harvesters.errors import SourceError
from harvesters.sources.definition import Source, find_source
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

    def all(self) -> list[Source]:
        """Return every source, by id."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.sources.c.settings).order_by(schema.sources.c.id))
            return [Source.of(orjson.loads(row.settings)) for row in rows]

    def get(self, source_id: str) -> Source:
        """Return one source; raise ``SourceError`` naming the known ones."""
        return find_source(self.all(), source_id)

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
                    if orjson.loads(row.settings)["endpoint"] != source.endpoint:
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
            before, after = orjson.loads(row.settings), orjson.loads(orjson.dumps(source.values()))
            changed = {name: value for name, value in after.items() if before.get(name) != value}
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
            record_audit(connection, actor, "source.remove", source_id, orjson.loads(row.settings))

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
