"""What a librarian decides about works: they are one, they are not, a field is wrong; and that this was a mistake.

A judgement is kept by the names of the records it is about, so it survives a rebuild. Recording one clusters its
neighbourhood anew in the same transaction, and the change feed tells index and readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, select

from indexer.errors import UnfitJudgementError, UnknownWorkError, WrongJudgementError
from indexer.identity.corrections import read_value
from indexer.pipeline import Pipeline
from indexer.storage import schema
from indexer.storage.catalogue import StoredWork, chunks
from indexer.storage.judgement_log import JudgementLog, LoggedJudgement, NewJudgement, RecordName
from indexer.storage.limits import storable_text
from indexer.storage.standing import Standing, standing_near
from indexer.storage.store import RecordStore

LONGEST_REASON, LONGEST_WHO = 2_000, 200
MOST_WORKS, MOST_RECORDS = 50, 10_000
_TWO = 2
_FIND = "Search for its title, or take the id from the address of its page."


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of recording or undoing a judgement.

    ``created`` is false where the same was recorded before and still holds. ``overrules`` and ``restores`` are public
    ids of older judgements that do not hold any more, or again. ``redirected`` tells which of the given ids lead
    elsewhere since a merge; ``works`` are those that the records are in now.
    """

    judgement: LoggedJudgement
    created: bool
    overrules: tuple[str, ...] = ()
    restores: tuple[str, ...] = ()
    redirected: dict[str, str] = field(default_factory=dict)
    works: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who judges, and why; ``person_key`` of whoever is signed in, whose public id is ``who`` then."""

    who: str
    reason: str
    person_key: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is missing, too long, or no line of text."""
        for name, called, value, longest in (
            ("reason", "The reason", self.reason, LONGEST_REASON),
            ("who", "The name of who decides", self.who, LONGEST_WHO),
        ):
            if not value.strip() or len(value) > longest or storable_text(value) != value:
                raise WrongJudgementError(
                    f"{called} is missing, too long, or has characters that no text may have.",
                    remedy=f"Give 1 to {longest:,} characters.",
                    parameter=name,
                )


def _signed(by: By) -> dict[str, Any]:
    return {"who": by.who, "reason": by.reason, "person_key": by.person_key}


@dataclass(frozen=True, slots=True)
class _Member:
    key: int
    id: str
    source: str
    name: RecordName


@dataclass(slots=True, kw_only=True)
class _Noted:
    """What a transaction left to be told; made anew where it had to be tried again."""

    key: int = 0
    created: bool = True
    records: list[int] = field(default_factory=list)
    before: dict[int, Standing] = field(default_factory=dict)
    redirected: dict[str, str] = field(default_factory=dict)


#: What says, of the works as they are in the transaction, what is to be recorded.
_Draft = Callable[[Connection, _Noted], NewJudgement]


class JudgingDesk:
    """Records and undoes judgements.

    Every method raises ``UnknownWorkError`` for a work that is not here, ``WrongJudgementError`` for a part that cannot
    be used, ``UnfitJudgementError`` for what does not fit how things stand, and ``StoreBusyError`` while identity is
    to be computed anew.
    """

    def __init__(self, store: RecordStore, pipeline: Pipeline) -> None:
        self._store = store
        self._database = store.database
        self._pipeline = pipeline
        self.log = JudgementLog(store.database)

    def merge(self, works: Sequence[str], by: By) -> Decided:
        """Judge that works are one and the same; all their records of now are named."""
        _count(works)

        def draft(connection: Connection, noted: _Noted) -> NewJudgement:
            found = self._active(works, noted)
            if len(found) == 1 and not noted.redirected:
                raise UnfitJudgementError(
                    f"These are all names of one work: {found[0].id}.", remedy="Name another work to join it with."
                )
            names = tuple(one.name for work in found for one in _members(connection, work))
            return NewJudgement(**_signed(by), kind="same", records=names)

        return self._record(draft)

    def distinct(self, works: Sequence[str], by: By) -> Decided:
        """Judge that works are different, each from each other."""
        _count(works)

        def draft(connection: Connection, noted: _Noted) -> NewJudgement:
            found = self._active(works, noted)
            if len(found) < len(set(works)):
                raise UnfitJudgementError(
                    f"These are one work now: {found[0].id}.",
                    remedy="Split it instead, and say which of its records stand apart.",
                )
            groups = [[one.name for one in _members(connection, work)] for work in found]
            return _apart(groups, by)

        return self._record(draft)

    def split(self, work: str, groups: Sequence[Sequence[str]], by: By) -> Decided:
        """Judge that groups of a work's records are different works; records in no group make one of their own.

        A record is named by its id here (``m…``) or as ``source:identifier``.
        """

        def draft(connection: Connection, noted: _Noted) -> NewJudgement:
            (found,) = self._active([work], noted)
            members = _members(connection, found)
            held = self._held_split(connection, members, groups)
            return _apart(held or _grouped(members, groups), by)

        return self._record(draft)

    def correct(self, work: str, field_name: str, value: object, by: By) -> Decided:
        """Correct a field of a work; an empty value says that it has none."""
        kept_as, kept = read_value(field_name, value)

        def draft(connection: Connection, noted: _Noted) -> NewJudgement:
            (found,) = self._active([work], noted)
            names = tuple(one.name for one in _members(connection, found))
            return NewJudgement(**_signed(by), kind="correct", records=names, field=kept_as, value=kept)

        return self._record(draft)

    def undo(self, judgement: str, by: By) -> Decided:
        """Take a judgement back; what older ones said counts again."""
        noted = _Noted()

        def judge(connection: Connection) -> Iterator[tuple[int, str]]:
            row = self.log.row(connection, storable_text(judgement))
            if row is None:
                raise UnknownWorkError(
                    f"There is no judgement {judgement[:80]!r}.", remedy="See the list: kaijuan judgements."
                )
            if row.undone_at is not None:
                raise UnfitJudgementError(
                    f"Judgement {judgement} was undone already, by {row.undone_by}.",
                    remedy="Nothing is left to undo; record a new judgement to say it again.",
                )
            names = self.log.names(connection, row.key)
            noted.key, noted.records = row.key, list(_keys_of(connection, names))
            noted.before = standing_near(self._database, connection, noted.records)
            self.log.undo(connection, row.key, judgement, **_signed(by))
            yield from ((one.source_key, one.identifier) for one in names)

        self._pipeline.reconsider(judge)
        return self._decided(noted)

    def _held_split(
        self, connection: Connection, members: Sequence[_Member], groups: Sequence[Sequence[str]]
    ) -> list[list[RecordName]] | None:
        """Return the groups of the judgement that parted just these from the work before; ``None`` where none did."""
        own = {one.name for one in members}
        wanted = [{one.name for one in _named_records(connection, group)} for group in groups]
        if any(len(found) != len(set(group)) for found, group in zip(wanted, groups, strict=True)):
            return None
        parted = {one for group in wanted for one in group}
        if not parted or parted & own:
            return None
        for key in self.log.naming(connection, next(iter(parted))):
            parts: dict[int, list[RecordName]] = {}
            for one in self.log.names(connection, key):
                parts.setdefault(one.label, []).append(RecordName(one.source_key, one.identifier))
            rest = [one for part in parts.values() for one in part if one not in parted]
            if rest and set(rest) <= own and all(group in map(set, parts.values()) for group in wanted):
                return list(parts.values())
        return None

    # --- within the transaction -------------------------------------------------------------------

    def _record(self, draft: _Draft) -> Decided:
        noted = _Noted()

        def judge(connection: Connection) -> Iterator[tuple[int, str]]:
            noted.redirected.clear()
            new = draft(connection, noted)
            if len(new.records) > MOST_RECORDS:
                raise UnfitJudgementError(
                    f"The judgement would name {len(new.records):,} records, more than {MOST_RECORDS:,}.",
                    remedy="Judge fewer works at a time.",
                )
            noted.records = list(_keys_of(connection, new.records))
            noted.before = standing_near(self._database, connection, noted.records)
            alike = self.log.alike(connection, new)
            held = next((key for key in alike if noted.before.get(key) == "in_force"), None)
            noted.created = held is None
            noted.key = self.log.record(connection, new) if held is None else held
            if noted.created:
                yield from ((one.source_key, one.identifier) for one in new.records)

        self._pipeline.reconsider(judge)
        return self._decided(noted)

    def _active(self, wanted: Sequence[str], noted: _Noted) -> list[StoredWork]:
        """Return the works meant, each once; ids of merged ones are followed, and that is noted."""
        found: dict[int, StoredWork] = {}
        for one in dict.fromkeys(wanted):
            work = self._store.catalogue.find(one)
            if work is None:
                raise UnknownWorkError(f"There is no work {one[:80]!r}.", remedy=_FIND)
            if work.state == "merged":
                target = self._store.catalogue.target(work)
                if target is not None:
                    noted.redirected[one] = target.id
                    work = target
            if work.state != "active":
                raise UnknownWorkError(
                    f"Work {work.id} has left the index: its sources have deleted its records.",
                    remedy="Judge it when they are back.",
                )
            found[work.key] = work
        return list(found.values())

    def _decided(self, noted: _Noted) -> Decided:
        with self._database.read() as connection:
            after = standing_near(self._database, connection, noted.records)
            changed = [key for key in noted.before.keys() & after.keys() if noted.before[key] != after[key]]
            over = [key for key in changed if after[key] == "overruled"]
            again = [key for key in changed if noted.before[key] == "overruled" and after[key] == "in_force"]
            public = _judgement_ids(connection, [*over, *again])
            works = _works_of(connection, noted.records)
        return Decided(
            judgement=self.log.get(noted.key),
            created=noted.created,
            overrules=tuple(public[key] for key in sorted(over)),
            restores=tuple(public[key] for key in sorted(again)),
            redirected=dict(noted.redirected),
            works=works,
        )


def _count(works: Sequence[str]) -> None:
    if not _TWO <= len(set(works)) <= MOST_WORKS:
        raise WrongJudgementError(
            f"{len(set(works))} different works are named.",
            remedy=f"Name 2 to {MOST_WORKS} works.",
            parameter="works",
        )


def _apart(groups: Sequence[Sequence[RecordName]], by: By) -> NewJudgement:
    names = (RecordName(one.source_key, one.identifier, label) for label, group in enumerate(groups) for one in group)
    return NewJudgement(**_signed(by), kind="different", records=tuple(names))


def _grouped(members: Sequence[_Member], groups: Sequence[Sequence[str]]) -> list[list[RecordName]]:
    """Find the records that are named; those that are not make the first group."""
    known = {name: one for one in members for name in (one.id, f"{one.source}:{one.name.identifier}")}
    taken: dict[RecordName, int] = {}
    for label, group in enumerate(groups, start=1):
        for name in group:
            one = known.get(name)
            if one is None:
                raise WrongJudgementError(
                    f"The work has no record {name[:200]!r}.",
                    remedy="Name its records by id or as source:identifier; kaijuan why WORK lists them.",
                    parameter="groups",
                )
            if taken.setdefault(one.name, label) != label:
                raise WrongJudgementError(
                    f"Record {name[:200]!r} is in two groups.", remedy="Name each record once.", parameter="groups"
                )
    rest = [one.name for one in members if one.name not in taken]
    made = [rest, *([name for name, at in taken.items() if at == label] for label in range(1, len(groups) + 1))]
    filled = [group for group in made if group]
    if len(filled) < _TWO:
        raise WrongJudgementError(
            "All records of the work would stay together.",
            remedy="Name the records that stand apart from the others, but not all of them in one group.",
            parameter="groups",
        )
    return filled


def _named_records(connection: Connection, names: Iterable[str]) -> list[_Member]:
    """Return the records that are named by id (``m…``) or as ``source:identifier``; those not known are left out."""
    table, sources = schema.manifestations.c, schema.sources.c
    columns = select(table.key, table.id, table.source_key, table.identifier, sources.id.label("source"))
    columns = columns.join(schema.sources, sources.key == table.source_key)
    found: list[_Member] = []
    for name in dict.fromkeys(names):
        if storable_text(name) != name:
            continue
        source, _, identifier = name.partition(":")
        named = and_(sources.id == source, table.identifier == identifier) if identifier else table.id == name
        found.extend(
            _Member(row.key, row.id, row.source, RecordName(row.source_key, row.identifier))
            for row in connection.execute(columns.where(named))
        )
    return found


def _members(connection: Connection, work: StoredWork) -> list[_Member]:
    """Return the work's live records in the order in which it was merged: the first speaks for it."""
    table = schema.manifestations.c
    statement = (
        select(table.key, table.id, table.source_key, table.identifier, schema.sources.c.id.label("source"))
        .join(schema.sources, schema.sources.c.key == table.source_key)
        .where(table.work_key == work.key, table.live)
    )
    order = {public: place for place, public in enumerate(work.data["manifestations"])}
    found = [
        _Member(row.key, row.id, row.source, RecordName(row.source_key, row.identifier))
        for row in connection.execute(statement)
    ]
    return sorted(found, key=lambda one: (order.get(one.id, len(order)), one.key))


def _keys_of(connection: Connection, names: Iterable[RecordName]) -> Iterator[int]:
    """Return the keys of those records that are live."""
    table = schema.manifestations.c
    by_source: dict[int, list[str]] = {}
    for one in names:
        by_source.setdefault(one.source_key, []).append(one.identifier)
    for source_key, identifiers in by_source.items():
        for chunk in chunks(identifiers):
            statement = select(table.key).where(table.source_key == source_key, table.identifier.in_(chunk), table.live)
            yield from connection.scalars(statement)


def _judgement_ids(connection: Connection, keys: Iterable[int]) -> dict[int, str]:
    table = schema.judgements.c
    return {
        row.key: row.id
        for chunk in chunks(keys)
        for row in connection.execute(select(table.key, table.id).where(table.key.in_(chunk)))
    }


def _works_of(connection: Connection, keys: Iterable[int]) -> tuple[str, ...]:
    """Return the public ids of the works that records are in, the oldest work first."""
    table = schema.manifestations.c
    found: dict[int, str] = {}
    for chunk in chunks(keys):
        statement = (
            select(schema.works.c.key, schema.works.c.id)
            .join(schema.manifestations, table.work_key == schema.works.c.key)
            .where(table.key.in_(chunk), table.live)
            .distinct()
        )
        found.update({row.key: row.id for row in connection.execute(statement)})
    return tuple(found[key] for key in sorted(found))
