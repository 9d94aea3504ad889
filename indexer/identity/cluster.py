"""Which work id each cluster keeps, and the clusters of journals' records: connected components.

The partition depends on the records alone, never on their order of arrival. Ids depend on history: a work keeps its id
where the record goes that it was minted for (its oldest, where that is gone), the older of merged works keeps its id,
and a cluster without a past gets a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from indexer.identity.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A live record: its key (the older record has the lower), the work it belonged to, and the one minted for it.

    No two members have founded the same work.
    """

    key: int
    work_key: int | None
    founded_key: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One work after clustering.

    ``work_key`` is ``None`` where a new id is to be minted (not where an ended work is taken up again); ``absorbed``
    are works that now redirect to it; ``split_from`` is the work whose other members went elsewhere.
    """

    work_key: int | None
    members: tuple[int, ...]
    absorbed: tuple[int, ...] = ()
    split_from: int | None = None


def components(keys: Mapping[int, frozenset[Key]]) -> list[tuple[int, ...]]:
    """Group members that share a key, directly or through others.

    Cost is linear in members and keys: a key links its members in a star, never pairwise.
    """
    first_with: dict[Key, int] = {}
    links = [(member, first_with.setdefault(key, member)) for member in sorted(keys) for key in keys[member]]
    return connected(keys, links)


def connected(members: Iterable[int], links: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Group members that are linked, directly or through others; each group, and the groups by their first, ordered."""
    everyone = sorted(members)
    parent = {member: member for member in everyone}
    for one, other in links:
        a, b = _root(parent, one), _root(parent, other)
        if a != b:
            parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for member in everyone:
        groups.setdefault(_root(parent, member), []).append(member)
    return [tuple(group) for group in groups.values()]


def assign(groups: Iterable[Iterable[Member]], ended: frozenset[int] = frozenset()) -> list[Assignment]:
    """Give each cluster its work; ``ended`` are works that were merged away or removed.

    A cluster that is left without a work takes up the ended one that was minted for its oldest founder: what was merged
    by mistake comes apart under the ids it had.
    """
    ordered = [tuple(sorted(group, key=lambda member: member.key)) for group in groups]
    home: dict[int, int] = {}  # work key → index of the cluster that holds its founder, or else its oldest member
    heir: dict[int, tuple[bool, int]] = {}
    for index, group in enumerate(ordered):
        for member in group:
            if member.work_key is None:
                continue
            rank = (member.founded_key != member.work_key, member.key)
            if rank < heir.setdefault(member.work_key, (True, member.key + 1)):
                heir[member.work_key] = rank
                home[member.work_key] = index
    owned: dict[int, list[int]] = {}
    for work, index in home.items():
        owned.setdefault(index, []).append(work)
    revivable = ended - home.keys()
    return [_assignment(group, sorted(owned.get(index, ())), revivable) for index, group in enumerate(ordered)]


def _assignment(group: Sequence[Member], owned: list[int], revivable: frozenset[int]) -> Assignment:
    came_from = sorted({member.work_key for member in group if member.work_key is not None})
    founded = (member.founded_key for member in group if member.founded_key in revivable)
    return Assignment(
        work_key=owned[0] if owned else next(founded, None),
        members=tuple(member.key for member in group),
        absorbed=tuple(owned[1:]),
        split_from=came_from[0] if not owned and came_from else None,
    )


def _root(parent: dict[int, int], key: int) -> int:
    while parent[key] != key:
        parent[key] = parent[parent[key]]
        key = parent[key]
    return key
