"""From manifestations that came, changed or went to the works that come of it; within one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from indexer.identity.cluster import Assignment, assign
from indexer.identity.corrections import Correction, corrected
from indexer.identity.merge import Merged, merge
from indexer.identity.portrait import Portrait
from indexer.identity.states import Tie
from indexer.storage.catalogue_writer import CatalogueWriter, WorkEntry
from indexer.storage.closure import Closure, Neighbourhood
from indexer.storage.containers import PlacedWork
from indexer.storage.corrections import CorrectionTable
from indexer.storage.database import Database
from indexer.storage.decisions import DecisionTable, decisions_of
from indexer.storage.portraits import PortraitTable
from indexer.storage.relations import RelatedPair, related_pairs

Related = Mapping[int, Sequence[RelatedPair]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The works after clustering; those in ``stale`` say something else now, the others stay as they are."""

    near: Neighbourhood
    assignments: list[Assignment]
    known: dict[int, Row[Any]]
    stale: set[int]
    related: Related

    def is_stale(self, one: Assignment) -> bool:
        """Tell whether a work must be written."""
        return one.work_key is None or one.work_key in self.stale or self.known[one.work_key].state != "active"


class Assembler:
    """Keeps portraits, decisions and works in agreement with manifestations."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._connection = connection
        self.writer = CatalogueWriter(database, connection)
        self.portraits = PortraitTable(database, connection)
        self.decisions = DecisionTable(database, connection, self.portraits)
        self._corrections = CorrectionTable(connection)
        self._closure = Closure(connection, self.portraits)

    def follow(self, drawn: Mapping[int, Portrait | None]) -> list[WorkEntry]:
        """Follow manifestations that were saved, given with their portraits, or retired (``None``)."""
        if not drawn:
            return []
        redrawn = self.portraits.replace(drawn)
        related = self.decisions.judge_anew(redrawn)
        return self.assemble(drawn, linked=redrawn.changed | redrawn.shaken, related=related)

    def assemble(
        self, touched: Collection[int], *, linked: Iterable[int] = (), related: Iterable[int] = ()
    ) -> list[WorkEntry]:
        """Cluster what is around changes anew, and write the works that come of it.

        ``touched`` manifestations say something else themselves, the links of ``linked`` may be others, and so may be
        what is told about the works of ``related`` ones; works that none of this concerns are left alone.
        """
        plan = self._plan(touched, linked)
        told = {pair.other for key in touched for pair in plan.related.get(key, ())}
        if self._corrections.exist():  # one that a record which came or went held is another's now
            told.update(self._corrections.companions(touched))
        plan.stale.update(self.writer.homes(told.union(related).difference(touched)))
        entries = self._write(plan)
        written = {one.work_key for one in plan.assignments}
        return [*entries, *self.remerge(plan.stale - plan.near.works - written)]

    def _plan(self, touched: Collection[int], linked: Iterable[int]) -> _Plan:
        near = self._closure.around({*touched, *linked})
        founded = {member.founded_key for member in near.members.values() if member.founded_key is not None}
        known = self.writer.works(near.works | founded)
        ended = frozenset(key for key, row in known.items() if row.state != "active")
        assignments = assign(self._closure.clusters(near), ended)
        moved = [(key, one.work_key) for one in assignments for key in one.members if near.at[key] != one.work_key]
        stale = {near.at[key] for key in (*touched, *(key for key, _ in moved)) if key in near.at}
        stale.update(home for _, home in moved)
        return _Plan(
            near=near,
            assignments=assignments,
            known=known,
            stale={work for work in stale if work is not None},
            related=related_pairs(near.decisions),
        )

    def _write(self, plan: _Plan) -> list[WorkEntry]:
        """Write the works that are stale, mint the new ones, and end those that are left empty."""
        known = plan.known
        stale = [one for one in plan.assignments if plan.is_stale(one)]
        placed = self._placed([one.members for one in stale], plan.related)
        old: list[tuple[Assignment, Row[Any], PlacedWork]] = []
        new: list[tuple[Assignment, Row[Any] | None, PlacedWork]] = []
        for one, view in zip(stale, placed, strict=True):
            if one.work_key is not None:
                old.append((one, known[one.work_key], view))
            else:
                new.append((one, known[one.split_from] if one.split_from else None, view))
        changed = self.writer.write_works([(row, view) for _, row, view in old])
        minted = self.writer.new_works([(view, row) for _, row, view in new])
        founders = [(one, entry[0]) for (one, _, _), entry in zip(new, minted, strict=True)]
        self.writer.found([(one.members[0], work) for one, work in founders])
        homes = [(one, one.work_key) for one in plan.assignments if one.work_key is not None] + founders
        at = plan.near.at
        self.writer.move([(key, work) for one, work in homes for key in one.members if at[key] != work])
        return [*changed, *minted, *self._end_works(homes, plan)]

    def _end_works(self, homes: Sequence[tuple[Assignment, int]], plan: _Plan) -> list[WorkEntry]:
        """Redirect the works that were merged, and mark those removed that no live manifestation is left in."""
        ended: list[WorkEntry | None] = []
        kept: set[int] = set()
        for assignment, work_key in homes:
            kept |= {work_key, *assignment.absorbed}
            absorbed = [plan.known[key] for key in assignment.absorbed]
            if absorbed:
                ended.extend(self.writer.end_work(row, merged_into=work_key) for row in absorbed)
                self.writer.keep_first_indexed(work_key, absorbed)
        left = (plan.known[key] for key in sorted(plan.near.works - kept))
        ended.extend(self.writer.end_work(row, merged_into=None) for row in left if row.state == "active")
        return [entry for entry in ended if entry is not None]

    def remerge(self, work_keys: Collection[int]) -> list[WorkEntry]:
        """Merge works anew whose members stay the same."""
        if not work_keys:
            return []
        members = self.writer.members(work_keys)
        known = self.writer.works(members)
        decided = decisions_of(self._connection, [key for keys in members.values() for key in keys])
        placed = self._placed(list(members.values()), related_pairs(decided))
        return self.writer.write_works([(known[work], view) for work, view in zip(members, placed, strict=True)])

    def _placed(self, works: Sequence[Sequence[int]], related: Related) -> list[PlacedWork]:
        """Merge works and give them their containers; what people corrected holds against the journal's records too."""
        if not works:
            return []
        corrections = self._corrections_of(works)
        placed = self.writer.containers.place(
            [corrected(one, known) for one, known in zip(self._merged(works, related), corrections, strict=True)]
        )
        return [
            replace(one, merged=corrected(one.merged, known)) if known else one
            for one, known in zip(placed, corrections, strict=True)
        ]

    def _corrections_of(self, works: Sequence[Sequence[int]]) -> list[list[Correction]]:
        """Return the corrections of works, given by the keys of their members."""
        if not self._corrections.exist():
            return [[] for _ in works]
        held = self._corrections.of([key for keys in works for key in keys])
        return [[one for key in keys for one in held.get(key, ())] for keys in works]

    def _merged(self, works: Sequence[Sequence[int]], related: Related) -> list[Merged]:
        """Merge works, given by the keys of their members, with what is told of their relations."""
        members = [key for keys in works for key in keys]
        others = {pair.other for key in members for pair in related.get(key, ())}
        held = self.writer.manifestations(dict.fromkeys((*members, *others)))
        return [
            merge(
                [held[key] for key in keys],
                [
                    Tie(relation=pair.relation, is_subject=pair.is_subject, other_id=other_id, other=other)
                    for key in keys
                    for pair in related.get(key, ())
                    for other_id, other in (held[pair.other],)
                ],
            )
            for keys in works
        ]
