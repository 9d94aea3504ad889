"""The log of people's judgements: recorded, undone, listed; nothing in it is ever removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, Select, func, select, update

from indexer import clock, ids
from indexer.identity.corrections import Value
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.corrections import value_of
from indexer.storage.database import Database, inserted_key
from indexer.storage.sources import Actor, record_audit
from indexer.storage.standing import Standing, standing_near

Kind = Literal["same", "different", "correct"]
KINDS: tuple[Kind, ...] = ("same", "different", "correct")

#: Records that are shown of one judgement; their number is always told.
MOST_SHOWN = 100
_MOST_ALIKE = 50
_AS_KEPT = ("key", "id", "kind", "field", "reason", "who", "at", "undone_at", "undone_by", "undone_reason")
_judgements, _names, _rows = schema.judgements, schema.judgement_records, schema.manifestations


@dataclass(frozen=True, slots=True, order=True)
class RecordName:
    """A record as its source names it; records of different ``label`` are in different groups."""

    source_key: int
    identifier: str
    label: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJudgement:
    """What is to be recorded; ``records`` are in the order that counts for corrections."""

    kind: Kind
    who: str
    reason: str
    records: tuple[RecordName, ...]
    field: str | None = None
    value: Value = None
    person_key: int | None = None

    @property
    def parts(self) -> frozenset[frozenset[RecordName]]:
        """Return the groups, whatever they are numbered."""
        groups: dict[int, set[RecordName]] = {}
        for one in self.records:
            groups.setdefault(one.label, set()).add(RecordName(one.source_key, one.identifier))
        return frozenset(frozenset(group) for group in groups.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRecord:
    """A record that a judgement names; ``manifestation`` and ``work`` are public ids, none while it is gone."""

    source: str
    identifier: str
    group: int
    manifestation: str | None
    work: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedJudgement:
    """A judgement as it is kept, and how it stands now; ``records`` are the first of ``record_count``."""

    key: int
    id: str
    kind: Kind
    field: str | None
    value: Value
    reason: str
    who: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None
    state: Standing
    records: tuple[JudgedRecord, ...]
    record_count: int


class JudgementLog:
    """Writing works inside the caller's transaction, listing in one of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- writing ------------------------------------------------------------------------------

    def record(self, connection: Connection, new: NewJudgement) -> int:
        """Write a judgement down and return its key."""
        public = ids.mint(ids.JUDGEMENT)
        statement = _judgements.insert().values(
            id=public,
            kind=new.kind,
            field=new.field,
            value=orjson.dumps(new.value) if new.kind == "correct" else None,
            reason=new.reason,
            who=new.who,
            person_key=new.person_key,
            at=clock.now(),
        )
        key = inserted_key(connection.execute(statement))
        rows = [
            {
                "judgement_key": key,
                "position": position,
                "source_key": one.source_key,
                "identifier": one.identifier,
                "label": one.label,
            }
            for position, one in enumerate(new.records)
        ]
        connection.execute(_names.insert(), rows)
        details = {"kind": new.kind, "field": new.field, "value": new.value, "reason": new.reason, "who": new.who}
        actor = Actor(person_key=new.person_key)
        record_audit(connection, actor, "judgement.record", f"judgement:{public}", {**details, "records": len(rows)})
        return key

    def undo(
        self, connection: Connection, key: int, public: str, *, who: str, reason: str, person_key: int | None = None
    ) -> None:
        """Mark a judgement undone."""
        values = {"undone_at": clock.now(), "undone_by": who, "undone_reason": reason}
        connection.execute(update(_judgements).where(_judgements.c.key == key).values(**values))
        # The desk's token is nobody's account, as the command line is nobody's.
        details = {"who": who, "reason": reason}
        record_audit(connection, Actor(person_key=person_key), "judgement.undo", f"judgement:{public}", details)

    def alike(self, connection: Connection, new: NewJudgement) -> list[int]:
        """Return the keys of the judgements that say the same of the same records and are not undone, newest first."""
        first = new.records[0]
        named = select(_names.c.judgement_key).where(
            _names.c.source_key == first.source_key, _names.c.identifier == first.identifier
        )
        statement = (
            select(_judgements.c.key, _judgements.c.value)
            .where(
                _judgements.c.key.in_(named),
                _judgements.c.kind == new.kind,
                _judgements.c.undone_at.is_(None),
                _judgements.c.field.is_not_distinct_from(new.field),
            )
            .order_by(_judgements.c.key.desc())
            .limit(_MOST_ALIKE)
        )
        wanted = new.value if new.kind == "correct" else None
        return [
            row.key
            for row in connection.execute(statement).all()
            if value_of(row.value) == wanted and self._parts(connection, row.key) == new.parts
        ]

    def naming(self, connection: Connection, record: RecordName) -> list[int]:
        """Return the keys of the judgements in force that part this record from others, the newest first."""
        statement = (
            select(_names.c.judgement_key)
            .join(_judgements, _judgements.c.key == _names.c.judgement_key)
            .where(
                _names.c.source_key == record.source_key,
                _names.c.identifier == record.identifier,
                _judgements.c.kind == "different",
                _judgements.c.undone_at.is_(None),
            )
            .order_by(_names.c.judgement_key.desc())
            .limit(_MOST_ALIKE)
        )
        return list(connection.scalars(statement))

    def _parts(self, connection: Connection, key: int) -> frozenset[frozenset[RecordName]]:
        records = tuple(self.names(connection, key))
        return NewJudgement(kind="same", who="", reason="", records=records).parts

    def names(self, connection: Connection, key: int) -> list[RecordName]:
        """Return the records that a judgement names, in their order."""
        statement = select(_names).where(_names.c.judgement_key == key).order_by(_names.c.position)
        return [RecordName(row.source_key, row.identifier, row.label) for row in connection.execute(statement)]

    def row(self, connection: Connection, public: str) -> Row[Any] | None:
        """Return a judgement's own row, by its public id."""
        return connection.execute(select(_judgements).where(_judgements.c.id == public)).one_or_none()

    # --- listing ------------------------------------------------------------------------------

    def get(self, key: int) -> LoggedJudgement:
        """Return one judgement by key, which is known to be there."""
        with self._database.read() as connection:
            return self._shown(connection, select(_judgements).where(_judgements.c.key == key))[0]

    def page(
        self,
        *,
        work_key: int | None = None,
        kind: Kind | None = None,
        undone: bool | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[LoggedJudgement]:
        """Return judgements, the newest first: those that name a record of a work, of a kind, undone ones or not."""
        statement = select(_judgements).order_by(_judgements.c.key.desc()).limit(limit)
        if work_key is not None:
            named = (
                select(_names.c.judgement_key)
                .select_from(_rows)
                .join(_names, (_names.c.source_key == _rows.c.source_key) & (_names.c.identifier == _rows.c.identifier))
                .where(_rows.c.work_key == work_key, _rows.c.live)
            )
            statement = statement.where(_judgements.c.key.in_(named))
        if kind is not None:
            statement = statement.where(_judgements.c.kind == kind)
        if undone is not None:
            is_undone = _judgements.c.undone_at.is_not(None)
            statement = statement.where(is_undone if undone else ~is_undone)
        if before is not None:
            statement = statement.where(_judgements.c.key < before)
        with self._database.read() as connection:
            return self._shown(connection, statement)

    def _shown(self, connection: Connection, statement: Select[Any]) -> list[LoggedJudgement]:
        rows = connection.execute(statement).all()
        keys = [row.key for row in rows]
        records, live = _records(connection, keys)
        counts = _counts(connection, keys)
        standing = standing_near(self._database, connection, live)
        return [
            LoggedJudgement(
                **{name: getattr(row, name) for name in _AS_KEPT},
                value=value_of(row.value),
                state="undone" if row.undone_at else standing.get(row.key, "sleeping"),
                records=tuple(records.get(row.key, ())),
                record_count=counts.get(row.key, 0),
            )
            for row in rows
        ]


def _records(connection: Connection, keys: Sequence[int]) -> tuple[dict[int, list[JudgedRecord]], set[int]]:
    """Return the first records of judgements, and the keys of those that are live: enough to tell how they stand."""
    found: dict[int, list[JudgedRecord]] = {}
    live: set[int] = set()
    statement = (
        select(
            _names,
            schema.sources.c.id.label("source"),
            _rows.c.key.label("manifestation_key"),
            _rows.c.id.label("manifestation"),
            schema.works.c.id.label("work"),
        )
        .join(schema.sources, schema.sources.c.key == _names.c.source_key)
        .outerjoin(
            _rows,
            (_rows.c.source_key == _names.c.source_key) & (_rows.c.identifier == _names.c.identifier) & _rows.c.live,
        )
        .outerjoin(schema.works, schema.works.c.key == _rows.c.work_key)
        .order_by(_names.c.judgement_key, _names.c.position)
    )
    for chunk in chunks(keys):
        for row in connection.execute(statement.where(_names.c.judgement_key.in_(chunk))):
            if row.manifestation_key is not None:
                live.add(row.manifestation_key)
            shown = found.setdefault(row.judgement_key, [])
            if len(shown) < MOST_SHOWN:
                shown.append(
                    JudgedRecord(
                        source=row.source,
                        identifier=row.identifier,
                        group=row.label,
                        manifestation=row.manifestation,
                        work=row.work,
                    )
                )
    return found, live


def _counts(connection: Connection, keys: Iterable[int]) -> dict[int, int]:
    table = _names.c
    statement = select(table.judgement_key, func.count()).group_by(table.judgement_key)
    return {
        key: count
        for chunk in chunks(keys)
        for key, count in connection.execute(statement.where(table.judgement_key.in_(chunk)))
    }
