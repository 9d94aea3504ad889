"""What an index in the cluster knows of itself, and one generation as several processes write it at the same time.

In the index's metadata stand the feed position up to which all is written and seen, and the last one at which every
copy of the index was whole (``safe``): while a copy is missing, what is written stands on the others alone, and were
these lost before it is back, an older copy might take their place. So all behind ``safe`` is written again once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from indexer.errors import IndexDamagedError
from indexer.search.document import Document
from indexer.storage.elastic_bulk import BulkSender, past_refused, replaced
from indexer.storage.elastic_client import Cluster
from indexer.storage.elastic_errors import MissingError, shard_missing
from indexer.storage.elastic_queries import encode_delete, encode_upsert
from indexer.storage.generations import REBUILD


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an index stands in the feed, with what stands at these places there; kept as the index's ``_meta``."""

    position: int = 0
    mark: str = ""
    safe: int = 0
    safe_mark: str = ""

    def moved(self, position: int, mark: str, *, is_whole: bool) -> Standing:
        """Return where it stands after an advance; ``safe`` goes along while no copy has been missing."""
        moved = replace(self, position=position, mark=mark)
        return moved.made_safe() if is_whole and self.safe == self.position else moved

    def made_safe(self) -> Standing:
        """Return the same place, as one that every copy has."""
        return replace(self, safe=self.position, safe_mark=self.mark)

    def stepped_back(self) -> Standing:
        """Return the last place that every copy had."""
        return replace(self, position=self.safe, mark=self.safe_mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticState:
    """An index as the cluster describes it."""

    name: str
    uuid: str
    aliases: frozenset[str]
    shards: int
    replicas: int
    meta: Mapping[str, Any]

    @classmethod
    def all_of(cls, cluster: Cluster, name: str) -> list[Self]:
        """Ask for all indices of a name, an alias or a pattern; none where it stands for none."""
        try:
            answer = cluster.ask(
                "describe the index",
                lambda client: (
                    client.indices.get(
                        index=name, features=["aliases", "mappings", "settings"], flat_settings=True
                    ).body
                ),
            )
        except MissingError:
            return []
        return [cls._read(found, answer[found]) for found in sorted(answer)]

    @classmethod
    def _read(cls, name: str, told: Mapping[str, Any]) -> Self:
        settings = told["settings"]
        return cls(
            name=name,
            uuid=settings["index.uuid"],
            aliases=frozenset(told["aliases"]),
            shards=int(settings["index.number_of_shards"]),
            replicas=int(settings["index.number_of_replicas"]),
            meta=told["mappings"].get("_meta", {}),
        )

    @property
    def id(self) -> str:
        """The index itself: of the same name, another one is made when a backup is put back."""
        return f"{self.name}:{self.uuid}"

    @property
    def standing(self) -> Standing:
        """Where it stands; raises ``IndexDamagedError`` where that is lost."""
        position, mark = self.meta.get("position"), self.meta.get("mark", "")
        if not isinstance(position, int):
            raise IndexDamagedError(f"The index {self.name} has lost its feed position.", remedy=REBUILD)
        safe, safe_mark = self.meta.get("safe", position), self.meta.get("safe_mark", mark)
        return Standing(position=position, mark=str(mark), safe=int(safe), safe_mark=str(safe_mark))


def show(cluster: Cluster, name: str) -> None:
    """Let searches see what was written."""
    shards = cluster.ask("show changes", lambda client: client.indices.refresh(index=name))["_shards"]
    if shards["failed"]:
        raise shard_missing("show changes")


def store_standing(cluster: Cluster, name: str, standing: Standing) -> None:
    """Store where an index stands."""
    cluster.ask("store the position", lambda client: client.indices.put_mapping(index=name, meta=asdict(standing)))


def is_whole(cluster: Cluster, name: str) -> bool:
    """Tell whether every copy of every part of an index is there."""
    return bool(
        cluster.ask("look at the copies", lambda client: client.cluster.health(index=name))["status"] == "green"
    )


class ElasticGeneration:
    """Writes by versions alone: which process comes last makes no difference.

    A delete carries the version at which its work went, and is remembered (``index.gc_deletes``) for longer than any
    writer is late.
    """

    def __init__(self, cluster: Cluster, state: ElasticState, *, tidy: Callable[[], object] = lambda: None) -> None:
        self.id = state.id
        self._cluster = cluster
        self._alias = writing_alias(state.name)
        self._sender = BulkSender(cluster, self._alias)
        self._tidy = tidy

    def write(self, documents: Iterable[Document], gone: Mapping[int, int]) -> None:
        """Send changes in bulk; each carries its work's version."""
        operations = [encode_upsert(document) for document in documents]
        with past_refused():
            self._sender.send(operations + [encode_delete(str(key), version) for key, version in gone.items()])

    def position(self) -> int:
        """Return the position that was stored last."""
        return self._state().standing.position

    def advance(self, position: int, mark: str) -> None:
        """Refresh, then store the position; it never goes back by this."""
        state = self._state()
        show(self._cluster, state.name)
        standing = state.standing
        if position < standing.position:
            position, mark = standing.position, standing.mark
        moved = standing.moved(position, mark, is_whole=is_whole(self._cluster, state.name))
        if moved != standing:
            store_standing(self._cluster, state.name, moved)

    def place_to_return_to(self) -> int | None:
        """Return the last place that every copy had, once all are whole again; ``None`` where it is there."""
        state = self._state()
        standing = state.standing
        if standing.position == standing.safe or not is_whole(self._cluster, state.name):
            return None
        if not standing.safe:  # no copy was there before: those there are now were made of what had been written
            store_standing(self._cluster, state.name, standing.made_safe())
            return None
        return standing.safe

    def step_back(self) -> bool:
        """Go back to the last place that every copy had, once all are whole again."""
        if self.place_to_return_to() is None:
            return False
        state = self._state()
        store_standing(self._cluster, state.name, state.standing.stepped_back())
        return True

    def tidy(self) -> None:
        """Remove what rebuilds have left behind, once nobody can be walking through it any more."""
        self._tidy()

    def _state(self) -> ElasticState:
        states = ElasticState.all_of(self._cluster, self._alias)
        if [state.id for state in states] != [self.id]:
            raise replaced()
        return states[0]


def writing_alias(name: str) -> str:
    """Return the alias by which writers name a generation; a swap takes it away from the old one."""
    return f"{name}-write"
