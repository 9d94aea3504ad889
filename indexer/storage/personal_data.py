"""Everything that belongs to a person, in one list: what is given out on request, and what goes when they leave.

A table with a person's key that is not in this list fails a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import LargeBinary, Table, delete, select, update

from indexer import clock
from indexer.storage import schema
from indexer.storage.database import Database, retried
from indexer.storage.people import unknown_person
from indexer.storage.sources import Actor, record_audit

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """Rows of a person: ``delete`` with them, or ``forget`` whose they were, because others need what they say.

    ``hidden`` columns are kept from exports: digests and hashes, from which nobody learns anything, and keys of ours.
    """

    table: Table
    column: str = "person_key"
    leaving: Literal["delete", "forget"] = "delete"
    hidden: frozenset[str] = frozenset()


def _said(table: Table) -> Personal:
    return Personal(table=table, leaving="forget")


#: In an order in which rows can be deleted: who names a person comes before the person.
PERSONAL: tuple[Personal, ...] = (
    Personal(table=schema.tokens, hidden=frozenset({"digest"})),
    Personal(table=schema.logins, hidden=frozenset({"secret"})),
    Personal(table=schema.one_time_codes, hidden=frozenset({"digest"})),
    Personal(table=schema.consents),
    Personal(table=schema.personal_access, hidden=frozenset({"actor_key"})),
    Personal(table=schema.personal_access, column="actor_key", leaving="forget", hidden=frozenset({"actor_key"})),
    Personal(table=schema.kept_answers, hidden=frozenset({"digest", "request", "body"})),
    Personal(table=schema.person_roles),
    Personal(table=schema.audit, leaving="forget"),
    Personal(table=schema.sources, column="owner_key", leaving="forget", hidden=frozenset({"settings"})),
    _said(schema.judgements),
    _said(schema.thesaurus_entries),
    _said(schema.subject_classes),
    _said(schema.subject_mappings),
    _said(schema.ranking_rules),
    Personal(table=schema.people, column="key"),
)
_OURS = frozenset({"key", "person_key", "owner_key"})


class PersonalData:
    """Giving out and removing everything of a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, person_key: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give every row of a person with the name of its table, in one consistent view on SQLite."""
        with self._database.read() as connection:
            for one in PERSONAL:
                shown = [column for column in one.table.c if column.name not in _OURS | one.hidden]
                name = one.table.name if one.column != "actor_key" else f"{one.table.name}_by_you"
                found = connection.execution_options(yield_per=_AT_ONCE).execute(
                    select(*shown).where(one.table.c[one.column] == person_key)
                )
                for row in found:
                    yield name, {str(column.name): _told(column.type, row[at]) for at, column in enumerate(shown)}

    @retried
    def delete(self, person_key: int, *, actor: Actor | None = None, reason: str = "") -> None:
        """Remove a person with all that is theirs; what they did for the library stays, as nobody's.

        Raises:
            UnknownPersonError: they have left already.
        """
        with self._database.write() as connection:
            people = schema.people
            found = connection.execute(select(people.c.id).where(people.c.key == person_key).with_for_update()).first()
            if found is None:
                raise unknown_person()
            record_audit(connection, actor or Actor(), "person.delete", found.id, {"reason": reason})
            for one in PERSONAL:
                column = one.table.c[one.column]
                if one.leaving == "delete":
                    connection.execute(delete(one.table).where(column == person_key))
                else:
                    connection.execute(update(one.table).where(column == person_key).values({column.name: None}))


def _told(kind: Any, value: Any) -> Any:
    """Return a value as JSON can hold it; all bytes that are not hidden are JSON texts."""
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return orjson.loads(value)
    return clock.iso(value) if isinstance(kind, schema.UtcDateTime) else value
