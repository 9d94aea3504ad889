"""Which of a library's indices is the current one: made, swapped and removed here, by their aliases alone.

::

    kaijuan-works                     the current generation, exactly one
    kaijuan-works-d3-a5               the same, as it is searched: another version's program finds none by its own name
    kaijuan-works-d3-a5-2026…-write   a generation, as it is written; taken away from what was swapped away

Each swap is one action of the cluster, so that searches, writers and other rebuilds see all of it or nothing. A
generation behind the current one that may still be written was never swapped in: a rebuild that was killed has left it.
One that may not be written any more was current once, and searches and walks may still be under way in it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import structlog

from indexer.errors import IndexDamagedError, SearchIndexError
from indexer.storage.elastic_client import Cluster
from indexer.storage.elastic_errors import ExistsError, MissingError, PassingError, shard_missing
from indexer.storage.elastic_generation import ElasticState, Standing, show, writing_alias
from indexer.storage.elastic_queries import build_mapping
from indexer.storage.generations import FIRST, REBUILD, Generation, mint_generation, parse_generation

_SWAPS_TRIED = 20
_LOOK_SECONDS = 0.2
#: How long in all: a terabyte at the speed the servers allow by themselves (40 MB/s) takes seven hours.
_MOST_COPYING_SECONDS = 12 * 3_600.0
#: Where nobody has begun to make a copy for so long, there is no node for it.
_NOBODY_COPIES_SECONDS = 10.0
_log = structlog.get_logger()


class ElasticGenerations:
    """The indices of one prefix; ``cluster`` is as patient as who writes."""

    def __init__(
        self, cluster: Cluster, prefix: str, *, shards: int, replicas: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster = cluster
        self._prefix = prefix
        self._shards = shards
        self._replicas = replicas
        self._clock = clock
        self._replaced_since: dict[str, float] = {}
        self.alias = f"{prefix}-works"
        self.searched = f"{prefix}-{FIRST.family}"

    # --- what is there -----------------------------------------------------------------------

    def current(self, cluster: Cluster | None = None) -> ElasticState:
        """Return the current generation.

        Raises:
            IndexVersionError: it was made by another version.
            IndexDamagedError: there is none, there are several, or it is no generation.
        """
        state = self._only(cluster or self._cluster)
        self.generation_of(state).require_this_version()
        return state

    def _only(self, cluster: Cluster) -> ElasticState:
        states = ElasticState.all_of(cluster, self.alias)
        if len(states) != 1:
            raise IndexDamagedError(f"The alias {self.alias} names {len(states)} indices, not one.", remedy=REBUILD)
        return states[0]

    def generation_of(self, state: ElasticState) -> Generation:
        """Return what the index's name says; raise ``IndexDamagedError`` where it is no generation's."""
        generation = self._parse(state.name)
        if generation is None:
            raise IndexDamagedError(
                f"The alias {self.alias} names {state.name}, which is no generation.", remedy=REBUILD
            )
        return generation

    def _parse(self, name: str) -> Generation | None:
        return parse_generation(name.removeprefix(f"{self._prefix}-"))

    def _all(self) -> list[tuple[ElasticState, Generation]]:
        """Return all generations of this library; what else begins with its name is another's."""
        states = ElasticState.all_of(self._cluster, f"{self.alias}-*")
        parsed = ((state, self._parse(state.name)) for state in states)
        return [(state, generation) for state, generation in parsed if generation is not None]

    # --- made --------------------------------------------------------------------------------

    def found(self, cluster: Cluster) -> None:
        """Make an empty generation where there is none, as others may be doing at the same time.

        ``cluster`` is as patient as who opens the index, and waits.
        """
        if ElasticState.all_of(cluster, self.alias):
            return
        name = f"{self._prefix}-{FIRST.name}"
        try:
            self._create(name, self._replicas, [self.alias, self.searched])
        except ExistsError:
            if not ElasticState.all_of(self._cluster, self.alias):
                raise IndexDamagedError(f"The alias {self.alias} names no index.", remedy=REBUILD) from None

    def adopt(self, cluster: Cluster) -> None:
        """Bring the current generation to the settings, as far as that is done without filling it anew."""
        state = self.current(cluster)
        if self.searched not in state.aliases:  # made by a program that did not search by it
            self._act([{"add": {"index": state.name, "alias": self.searched}}])
        if state.replicas != self._replicas:
            try:
                self._set_copies(state.name, cluster)
            except PassingError as error:  # searches need no elected master; whoever opens it next will set them
                _log.warning("copies_not_set", index=state.name, reason=error.reason)
        if state.shards != self._shards:
            _log.warning("index_shards_differ", index=state.name, has=state.shards, set=self._shards, remedy=REBUILD)

    def mint(self) -> ElasticState:
        """Make a new generation, to be filled; what rebuilds that were killed have left goes.

        It has no copies before it is filled: each copy would analyse every document again, where afterwards its files
        are copied. Should its node die, the rebuild fails, and what is searched is not touched.
        """
        everything = self._all()
        newest = max((generation.made for _, generation in everything), default="")
        for state, _ in everything:
            if self.alias not in state.aliases and writing_alias(state.name) in state.aliases:
                _log.warning("abandoned_generation_removed", index=state.name)
                self.drop(state.name)
        name = f"{self._prefix}-{mint_generation(after=newest).name}"
        self._create(name, 0, [])
        return ElasticState.all_of(self._cluster, name)[0]

    def _create(self, name: str, replicas: int, aliases: Iterable[str]) -> None:
        settings = {
            "number_of_shards": self._shards,
            "number_of_replicas": replicas,
            "refresh_interval": -1,  # only a commit shows changes
            # What was acknowledged is on the disks: with "async" a power cut lost nine writes of ten.
            "translog.durability": "request",
            # For so long the version of a delete is remembered. A writer that is later than that would bring back what
            # is gone; none is that late, but one that was stopped and woken up again may be.
            "gc_deletes": "1h",
        }
        every: dict[str, Any] = {alias: {} for alias in (*aliases, writing_alias(name))}
        self._cluster.ask(
            "make an index",
            lambda client: client.indices.create(
                index=name, settings=settings, mappings=build_mapping(asdict(Standing())), aliases=every
            ),
        )

    def make_copies(self, state: ElasticState) -> None:
        """Have the copies of a filled generation made, as many as the settings say, and wait for them."""
        show(self._cluster, state.name)
        self._wait_for_copies(state.name)

    # --- swapped -----------------------------------------------------------------------------

    def swap_to(self, state: ElasticState) -> None:
        """Make a filled generation the current one, once it has its copies.

        Raises:
            SearchIndexError: a rebuild that began later was ready earlier.
        """
        self.make_copies(state)
        mine = self.generation_of(state)
        for _ in range(_SWAPS_TRIED):
            current = ElasticState.all_of(self._cluster, self.alias)
            generations = [self._parse(one.name) for one in current]
            if any(other is not None and other.made > mine.made for other in generations):
                break
            with contextlib.suppress(MissingError):  # another was faster, and what was to be removed is not there
                self._act(self._swapping(state, [one for one in current if one.id != state.id]))
                return
        raise SearchIndexError(
            "Another rebuild, begun later, was ready earlier; what it made is used.", remedy="Run one at a time."
        )

    def _swapping(self, state: ElasticState, old: list[ElasticState]) -> list[dict[str, Any]]:
        """Take all aliases of the old ones away, also those they are written by: late writers are told at once."""
        removed = [
            {"remove": {"index": one.name, "alias": alias, "must_exist": True}}
            for one in old
            for alias in sorted(one.aliases)
        ]
        # Of two indices to write behind one alias the cluster refuses the second.
        added = {"index": state.name, "alias": self.alias, "is_write_index": True}
        return [*removed, {"add": added}, {"add": {"index": state.name, "alias": self.searched}}]

    def _act(self, actions: list[dict[str, Any]]) -> None:
        self._cluster.ask("swap the index", lambda client: client.indices.update_aliases(actions=actions))

    def _set_copies(self, name: str, cluster: Cluster) -> None:
        settings = {"index.number_of_replicas": self._replicas}
        cluster.ask("set copies", lambda client: client.indices.put_settings(index=name, settings=settings))

    def _wait_for_copies(self, name: str) -> None:
        """Have the copies made, so that no search meets a shard that is being copied, and no node's death loses one."""
        if self._replicas:
            self._set_copies(name, self._cluster)
        last_seen_copying = began = self._clock()
        while (now := self._clock()) - began < _MOST_COPYING_SECONDS:
            health = self._cluster.ask("look at the copies", lambda client: client.cluster.health(index=name))
            if health["status"] == "green":
                return
            if health["initializing_shards"] or health["delayed_unassigned_shards"]:
                last_seen_copying = now
            if now - last_seen_copying >= _NOBODY_COPIES_SECONDS:
                break
            time.sleep(_LOOK_SECONDS)
        if health["status"] == "red":
            raise shard_missing("swap the index")
        _log.warning("copies_missing", index=name, missing=health["unassigned_shards"], remedy="Start more nodes.")

    # --- removed -----------------------------------------------------------------------------

    def drop_replaced(self, seconds: float) -> int:
        """Remove generations that this process has known for so long as swapped away; return how many.

        Whoever looks often removes them in time; no clock of another machine is trusted.
        """
        everything = self._all()
        current = max((generation.made for state, generation in everything if self.alias in state.aliases), default="")
        behind = [state.name for state, generation in everything if not state.aliases and generation.made < current]
        now = self._clock()
        self._replaced_since = {name: self._replaced_since.get(name, now) for name in behind}
        due = [name for name, since in self._replaced_since.items() if now - since >= seconds]
        for name in due:
            self.drop(name)
        return len(due)

    def drop(self, name: str) -> None:
        """Remove a generation; one that is not there is no error."""
        self._cluster.ask("remove an index", lambda client: client.indices.delete(index=name, ignore_unavailable=True))
