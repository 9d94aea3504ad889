"""Everything that a change may move: the whole components of links, judgements and works around it, clustered anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, select

from indexer.identity.cluster import Member, connected
from indexer.identity.clustering import Link, cluster
from indexer.identity.portrait import Portrait
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.decisions import Decision, decisions_of
from indexer.storage.judgements import HumanRuling, Rulings
from indexer.storage.portraits import PortraitTable

_rows = schema.manifestations
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_MEMBER = select(_rows.c.key, _rows.c.work_key, _rows.c.founded_key, _rows.c.live)
_BY_KEY = _MEMBER.where(_rows.c.key.in_(_keys))
_BY_WORK = _MEMBER.where(_rows.c.work_key.in_(_keys), _rows.c.live)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """The live members around a change by key, and the works that they and what was retired belong to.

    ``at`` says where each of them was. ``decisions`` are all of the members' pairs (also with others, where they are
    only related), ``rulings`` all that name any of them.
    """

    at: dict[int, int | None] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    works: set[int] = field(default_factory=set)
    decisions: set[Decision] = field(default_factory=set)
    rulings: Sequence[HumanRuling] = ()

    def take(self, row: Row[Any]) -> None:
        """Note a row of a manifestation."""
        self.at[row.key] = row.work_key
        if row.work_key is not None:
            self.works.add(row.work_key)
        if row.live:
            self.members[row.key] = Member(key=row.key, work_key=row.work_key, founded_key=row.founded_key)


class Closure:
    """Components around changes, within one transaction."""

    def __init__(self, connection: Connection, portraits: PortraitTable) -> None:
        self._connection = connection
        self._portraits = portraits
        self._rulings = Rulings(connection)

    def around(self, keys: Iterable[int]) -> Neighbourhood:
        """Follow links, people's judgements and the members of works until nothing new is met.

        Cost is linear in what is met; a component is never cut.
        """
        found = Neighbourhood()
        has_rulings = self._rulings.exist()
        frontier, met = set(keys), set(keys)
        while frontier:
            works_before = set(found.works)
            self._take(found, _BY_KEY, frontier - found.at.keys())
            decisions = decisions_of(self._connection, frontier)
            found.decisions.update(decisions)
            near = {key for one in decisions if one.verdict == "same" for key in (one.left, one.right)}
            if has_rulings:
                near |= self._rulings.joined(frontier)
            near |= self._take(found, _BY_WORK, found.works - works_before)
            frontier = near - met
            met |= frontier
        return replace(found, rulings=self._rulings.of(found.members)) if has_rulings else found

    def _take(self, found: Neighbourhood, statement: Select[Any], keys: Iterable[int]) -> set[int]:
        taken = set()
        for chunk in chunks(keys):
            for row in self._connection.execute(statement, {"keys": chunk}):
                found.take(row)
                taken.add(row.key)
        return taken

    def clusters(self, near: Neighbourhood) -> list[list[Member]]:
        """Cluster a neighbourhood: the groups of members that are one work each."""
        links = [one for one in near.decisions if one.verdict == "same"]
        linked = ((one.left, one.right) for one in links)
        named = (one.named for one in near.rulings)
        components = connected(near.members, (*linked, *((keys[0], key) for keys in named for key in keys)))
        groups = [[near.members[component[0]]] for component in components if len(component) == 1]
        larger = [_Component(keys=component) for component in components if len(component) > 1]
        at = {key: component for component in larger for key in component.keys}
        for link in links:
            at[link.left].links.append(link)
        for ruling in near.rulings:
            if component := at.get(ruling.named[0]):
                component.rulings.append(ruling)
        portraits = self._portraits.load(at)
        for component in larger:
            groups.extend([near.members[key] for key in group] for group in component.clustered(portraits))
        return groups


@dataclass(frozen=True, slots=True, kw_only=True)
class _Component:
    """Members that links or judgements hold together."""

    keys: tuple[int, ...]
    links: list[Decision] = field(default_factory=list)
    rulings: list[HumanRuling] = field(default_factory=list)

    def clustered(self, portraits: Mapping[int, Portrait]) -> Iterator[list[int]]:
        """Yield the groups. Two names with one order (made on purpose: 64 bits) are told apart: the second is alone."""
        orders = {key: portraits[key].order for key in self.keys}
        by_order = {order: key for key, order in reversed(orders.items())}
        links = [Link(orders[one.left], orders[one.right], one.score) for one in self.links]
        rulings = [one.of(orders) for one in self.rulings]
        made = cluster({order: portraits[key] for order, key in by_order.items()}, links, rulings)
        yield from ([by_order[order] for order in group] for group in made.groups)
        yield from ([key] for key, order in orders.items() if by_order[order] != key)
