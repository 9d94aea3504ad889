"""From keys to works: connected components, and which work id each component keeps.

The partition depends on the manifestations alone, never on their order of arrival. Ids depend on history: a work keeps
its id where its oldest member goes, the older of merged works keeps its id, and a component without a past gets a new
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from indexer.identity.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A live manifestation: its key, the work it belonged to, its identifiers, and whether it is a notice.

    ``founded_key`` is the work that was minted for it, if one was; no two members have founded the same.
    """

    key: int
    work_key: int | None
    founded_key: int | None = None
    keys: frozenset[Key]
    notice: bool


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


def components(members: Iterable[Member]) -> list[tuple[Member, ...]]:
    """Group members that share a key, directly or through others; each group ordered by member key.

    Cost is linear in members and keys: a key links its members in a star, never pairwise.
    """
    everyone = sorted(members, key=lambda member: member.key)
    parent = {member.key: member.key for member in everyone}
    first_with: dict[tuple[Key, bool], int] = {}
    for member in everyone:
        for key in member.keys:
            _join(parent, member.key, first_with.setdefault((key, member.notice), member.key))
    groups: dict[int, list[Member]] = {}
    for member in everyone:
        groups.setdefault(_root(parent, member.key), []).append(member)
    return [tuple(group) for group in groups.values()]


def assign(members: Iterable[Member], ended: frozenset[int] = frozenset()) -> list[Assignment]:
    """Cluster members and give each component its work; ``ended`` are works that were merged away or removed.

    A component that is left without a work takes up the ended one that was minted for its oldest founder: what was
    merged by mistake comes apart under the ids it had.
    """
    groups = components(members)
    home: dict[int, int] = {}  # work key → index of the component that holds its oldest member
    oldest: dict[int, int] = {}
    for index, group in enumerate(groups):
        for member in group:
            if member.work_key is not None and member.key < oldest.get(member.work_key, member.key + 1):
                oldest[member.work_key] = member.key
                home[member.work_key] = index
    owned: dict[int, list[int]] = {}
    for work, index in home.items():
        owned.setdefault(index, []).append(work)
    revivable = ended - home.keys()
    return [_assignment(group, sorted(owned.get(index, ())), revivable) for index, group in enumerate(groups)]


def _assignment(group: tuple[Member, ...], owned: list[int], revivable: frozenset[int]) -> Assignment:
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


def _join(parent: dict[int, int], one: int, other: int) -> None:
    a, b = _root(parent, one), _root(parent, other)
    if a != b:
        parent[max(a, b)] = min(a, b)
