"""Sources, containers and works that the library hides, raises or lowers in searches; with who said it and why.

Of several rules for one thing the newest that was not taken back counts. What a rule is about is followed where it was
merged into another. Every search asks for the rules, so they are kept in memory and looked at again after a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from indexer import ids
from indexer.errors import UnfitEditError, UnknownEditError, WrongEditError
from indexer.search.query import Clause, Exact, Keys
from indexer.search.rules import (
    LEAST_WEIGHT,
    MOST_WEIGHT,
    NO_RULES,
    USUAL_WEIGHT,
    Lift,
    Rules,
    any_of,
    sources_hidden,
    works_hidden,
)
from indexer.storage import schema
from indexer.storage.catalogue import Catalogue, chunks
from indexer.storage.database import Database, retried
from indexer.storage.said import Signed, undo_row
from indexer.storage.sources import record_audit

TargetKind = Literal["source", "container", "work"]
Effect = Literal["hide", "boost", "bury"]
State = Literal["in_force", "overruled", "undone"]
#: Rules in force; each is a part of every search.
MOST_RULES = 500
_LOOK_SECONDS = 1.0
_ISSN = 9
_rules = schema.ranking_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingRule:
    """A rule as it is kept; ``name`` is what the source, container or work is called now, ``None`` where it is gone."""

    id: str
    kind: TargetKind
    target: str
    name: str | None
    effect: Effect
    weight: float
    state: State
    note: str
    who: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


class RankingRules:
    """The library's rules; safe for threads."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._known = NO_RULES
        self._good_until = 0.0

    # --- for every search --------------------------------------------------------------------

    def current(self) -> Rules:
        """Return the rules as they were at most a second or two ago; nearly always without asking the database."""
        if time.monotonic() < self._good_until:
            return self._known
        if not self._lock.acquire(blocking=self._good_until == 0.0):
            return self._known  # another thread is looking
        try:
            if time.monotonic() >= self._good_until:
                rules = self._read()
                # The same rules stay the same object.
                self._known = self._known if rules == self._known else rules
                self._good_until = time.monotonic() + _LOOK_SECONDS
            return self._known
        finally:
            self._lock.release()

    def _read(self) -> Rules:
        with self._database.read() as connection:
            rows = _in_force(connection)
            if not rows:
                return NO_RULES
            every = frozenset(connection.scalars(select(schema.sources.c.id)))
            containers = _containers_now(connection, [row.target for row in rows if row.kind == "container"])
            works = _works_now(connection, [row.target for row in rows if row.kind == "work"])
        hidden = [row for row in rows if row.effect == "hide"]
        parts = [
            sources_hidden(frozenset(row.target for row in hidden if row.kind == "source"), every),
            _containers([containers[row.target] for row in hidden if row.kind == "container"]),
            works_hidden([key for row in hidden if row.kind == "work" and (key := works[row.target]) is not None]),
        ]
        lifts: dict[tuple[str, float], list[Row[Any]]] = {}
        for row in rows:
            if row.effect != "hide":
                lifts.setdefault((row.kind, row.weight if row.effect == "boost" else -row.weight), []).append(row)
        return Rules(
            hidden=any_of([part for part in parts if part is not None]),
            lifts=tuple(
                Lift(clause=clause, weight=weight)
                for (kind, weight), alike in sorted(lifts.items(), key=lambda item: item[0])
                if (clause := _lifted(kind, [row.target for row in alike], containers, works)) is not None
            ),
        )

    # --- the desk's list ---------------------------------------------------------------------

    def page(
        self, *, in_force: bool | None = None, before: str | None = None, limit: int
    ) -> tuple[list[RankingRule], str | None]:
        """Return rules, the newest first, and what to give as ``before`` for the next page."""
        statement = select(_rules).order_by(_rules.c.key.desc()).limit(limit + 1)
        with self._database.read() as connection:
            ruling = {row.key for row in _in_force(connection)}
            if in_force:
                statement = statement.where(_rules.c.key.in_(ruling))
            if in_force is False:
                statement = statement.where(_rules.c.key.not_in(ruling))
            if before is not None:
                named = before if before.isprintable() else ""
                last = connection.scalar(select(_rules.c.key).where(_rules.c.id == named))
                statement = statement.where(_rules.c.key < (last or 0))
            rows = connection.execute(statement).all()
        shown = rows[:limit]
        return [self._shown(row, ruling) for row in shown], shown[-1].id if len(rows) > limit else None

    def _shown(self, row: Row[Any], ruling: set[int]) -> RankingRule:
        state: State = "in_force" if row.key in ruling else "overruled" if row.undone_at is None else "undone"
        kept = ("id", "kind", "target", "effect", "weight", "note", "who", "at", "undone_at", "undone_by")
        values = {name: getattr(row, name) for name in kept}
        return RankingRule(**values, state=state, name=self._name(row.kind, row.target))

    def _name(self, kind: TargetKind, target: str) -> str | None:
        if kind == "container":
            with self._database.read() as connection:
                now = _containers_now(connection, [target])[target]
            return self._catalogue.container_titles([now]).get(now)
        if kind == "work":
            work = self._catalogue.by_id(target)
            now_work = self._catalogue.target(work) if work is not None else None
            return None if now_work is None else str(now_work.data["title"]["value"])
        return target

    # --- saying and taking back --------------------------------------------------------------

    def add(
        self, kind: TargetKind, target: str, effect: Effect, by: Signed, *, weight: float = USUAL_WEIGHT
    ) -> tuple[RankingRule, bool]:
        """Hide, raise or lower a source (by id), a container (id or ISSN) or a work (id or ``doi:…``).

        Returns the rule, and whether it is new: the same that holds already is not written twice.

        Raises:
            UnknownEditError: there is nothing of that name.
            WrongEditError: the weight is out of bounds.
            UnfitEditError: there are too many rules.
        """
        if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
            raise WrongEditError(
                f"A weight of {weight} is out of bounds.",
                remedy=f"Give {LEAST_WEIGHT} to {MOST_WEIGHT}; {USUAL_WEIGHT} counts about as one word of the query.",
                parameter="weight",
            )
        named = self._find(kind, target.strip())
        return self._add(kind, named, effect, by, USUAL_WEIGHT if effect == "hide" else weight)

    @retried
    def _add(self, kind: TargetKind, named: str, effect: Effect, by: Signed, weight: float) -> tuple[RankingRule, bool]:
        with self._database.write() as connection:
            self._database.one_writer(connection, "ranking_rules")
            before = _in_force(connection)
            held = next((row for row in before if (row.kind, row.target) == (kind, named)), None)
            is_new = held is None or (held.effect, held.weight) != (effect, weight)
            if is_new:
                if held is None and len(before) >= MOST_RULES:
                    raise UnfitEditError(
                        f"There are {MOST_RULES} rules already, and each is a part of every search.",
                        remedy="Take back those that are not needed: kaijuan rank list.",
                    )
                rule_id = ids.mint(ids.RULE)
                values = {"id": rule_id, "kind": kind, "target": named, "effect": effect, "weight": weight}
                connection.execute(_rules.insert().values(**values, **by.values()))
                details = {**values, "reason": by.note, "who": by.who}
                record_audit(connection, by.actor, f"ranking.{effect}", f"rule:{rule_id}", details)
            else:
                assert held is not None  # noqa: S101  # or it would be new
                rule_id = held.id
        return self._changed(rule_id), is_new

    @retried
    def undo(self, rule_id: str, by: Signed) -> RankingRule:
        """Take a rule back; an older one for the same counts again.

        Raises:
            UnknownEditError: there is none of this id.
            UnfitEditError: it was undone before.
        """
        with self._database.write() as connection:
            self._database.one_writer(connection, "ranking_rules")
            named = rule_id if rule_id.isprintable() else ""
            row = connection.execute(select(_rules).where(_rules.c.id == named)).one_or_none()
            undo_row(connection, _rules, row, f"rule:{rule_id}", by, "ranking.undo")
        return self._changed(rule_id)

    def _changed(self, rule_id: str) -> RankingRule:
        self._good_until = 0.0  # whoever changed it searches by it at once
        with self._database.read() as connection:
            ruling = {row.key for row in _in_force(connection)}
            row = connection.execute(select(_rules).where(_rules.c.id == rule_id)).one()
        return self._shown(row, ruling)

    def _find(self, kind: TargetKind, target: str) -> str:
        """Return the id of what is meant."""
        finds: dict[TargetKind, Callable[[str], str | None]] = {
            "source": self._find_source,
            "container": self._find_container,
            "work": self._find_work,
        }
        found = finds[kind](target) if target and target.isprintable() else None
        if found is None:
            remedy = {
                "source": "List them with: kaijuan sources",
                "container": "Give its ISSN, or the id that the container facet shows.",
                "work": "Give its id or doi:…; search for its title to find it.",
            }[kind]
            raise UnknownEditError(f"There is no {kind} {target[:80]!r}.", remedy=remedy)
        return found

    def _find_source(self, target: str) -> str | None:
        table = schema.sources.c
        with self._database.read() as connection:
            found: str | None = connection.scalar(select(table.id).where(table.id == target))
        return found

    def _find_container(self, target: str) -> str | None:
        table, keys = schema.containers.c, schema.container_keys.c
        issn = target.upper().removeprefix("ISSN:").strip()
        statement = select(table.id).where(table.id == target)
        if len(issn) == _ISSN:
            led = select(keys.container_key).where(keys.scheme == "issn", keys.value == issn)
            statement = select(table.id).where(table.key.in_(led))
        with self._database.read() as connection:
            found: str | None = connection.scalar(statement)
            return None if found is None else _containers_now(connection, [found])[found]

    def _find_work(self, target: str) -> str | None:
        work = self._catalogue.find(target)
        now = self._catalogue.target(work) if work is not None else None
        return None if now is None else now.id


def _in_force(connection: Connection) -> list[Row[Any]]:
    """Return the newest rule that was not undone for each thing, the oldest first."""
    statement = select(_rules).where(_rules.c.undone_at.is_(None)).order_by(_rules.c.key)
    return list({(row.kind, row.target): row for row in connection.execute(statement)}.values())


def _containers_now(connection: Connection, wanted: list[str]) -> dict[str, str]:
    """Return the ids of the containers that these were merged into, each its own where it was not."""
    table = schema.containers.c
    now: dict[str, str] = {}
    for chunk in chunks(wanted):
        for row in connection.execute(select(table.id, table.merged_into).where(table.id.in_(chunk))):
            now[row.id], into, seen = row.id, row.merged_into, set[int]()
            while into is not None and into not in seen:
                seen.add(into)
                home = connection.execute(select(table.id, table.merged_into).where(table.key == into)).one_or_none()
                if home is None:
                    break
                now[row.id], into = home.id, home.merged_into
    return {one: now.get(one, one) for one in wanted}


def _works_now(connection: Connection, wanted: list[str]) -> dict[str, int | None]:
    """Return the keys of the works that these are now, ``None`` for those that have left."""
    table = schema.works.c
    columns = select(table.key, table.id, table.state, table.merged_into)
    now: dict[str, int | None] = {}
    for chunk in chunks(wanted):
        for row in connection.execute(columns.where(table.id.in_(chunk))).all():
            at, seen = row, {row.key}
            while at.state == "merged" and at.merged_into is not None and at.merged_into not in seen:
                seen.add(at.merged_into)
                at = connection.execute(columns.where(table.key == at.merged_into)).one()
            now[row.id] = at.key if at.state == "active" else None
    return {one: now.get(one) for one in wanted}


def _containers(wanted: list[str]) -> Clause | None:
    return Exact(field="container", values=tuple(sorted(set(wanted)))) if wanted else None


def _lifted(kind: str, targets: list[str], containers: dict[str, str], works: dict[str, int | None]) -> Clause | None:
    if kind == "source":
        return Exact(field="source", values=tuple(sorted(targets)))
    if kind == "container":
        return _containers([containers[one] for one in targets])
    keys = [key for one in targets if (key := works[one]) is not None]
    return Keys(keys=tuple(sorted(keys))) if keys else None
