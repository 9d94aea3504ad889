"""The cluster engine: Elasticsearch 8.19 or 9.x, one index per generation behind an alias.

Connecting, patience and errors are in ``elastic_client``, which index is current in ``elastic_generations``, reading in
``elastic_reading``, writing in ``elastic_generation`` (by many) and ``elastic_writing`` (by one).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from indexer.errors import SearchIndexError
from indexer.search.query import FacetValue, Hits, KeywordField, TextField, TokenQuery, View
from indexer.storage.elastic_client import WRITING, Cluster, connect, reading
from indexer.storage.elastic_generation import ElasticGeneration, Standing
from indexer.storage.elastic_generations import ElasticGenerations
from indexer.storage.elastic_reading import SNAPSHOT_SECONDS, ElasticReader
from indexer.storage.elastic_writing import ElasticWriter
from indexer.storage.limited import DEFAULT_SECONDS
from indexer.storage.search_index import IndexStats, IndexWriter

__all__ = ["ElasticIndex", "connect"]


class ElasticIndex:
    """A search index in a cluster; any number of processes search and write."""

    def __init__(
        self,
        cluster: Cluster,
        prefix: str,
        *,
        shards: int,
        replicas: int,
        grace_seconds: float,
        search_seconds: float,
    ) -> None:
        self._cluster = cluster
        self._patient = cluster.with_patience(WRITING)
        self._generations = ElasticGenerations(self._patient, prefix, shards=shards, replicas=replicas)
        self._reader = ElasticReader(cluster, self._generations, search_seconds=search_seconds)
        self._grace_seconds = grace_seconds

    @classmethod
    def open(
        cls,
        url: str,
        prefix: str = "kaijuan",
        *,
        ca: Path | None = None,
        shards: int = 1,
        replicas: int = 0,
        grace_seconds: float = SNAPSHOT_SECONDS,
        search_seconds: float = DEFAULT_SECONDS,
        for_rebuild: bool = False,
    ) -> Self:
        """Open the index behind the alias, or make an empty one.

        Args:
            url: Addresses of one or several nodes, parted by commas, the first with ``user:password@`` where the
                cluster asks for it.
            prefix: What the names of this library's indices begin with.
            ca: File with the certificates (PEM) by which the nodes' are judged.
            shards: Primary shards of new generations.
            replicas: Copies of each shard, also of the generation that is there.
            grace_seconds: How long a replaced generation stays for the searches and walks under way.
            search_seconds: How long a search may take; what was found until then is not shown as all.
            for_rebuild: Do not look at what is there: ``rebuild`` replaces it.

        Raises:
            SearchIndexError: the cluster does not answer, or not to this user.
            IndexVersionError: made by another analyser or schema version.
            IndexDamagedError: the alias stands for something that is no generation.
        """
        client = connect(url, ca=ca)
        index = cls(
            Cluster(client, reading(search_seconds)),
            prefix,
            shards=shards,
            replicas=replicas,
            grace_seconds=grace_seconds,
            search_seconds=search_seconds,
        )
        try:
            if not for_rebuild:
                index._generations.found(index._cluster)
                index._generations.adopt(index._cluster)
        except BaseException:
            client.close()
            raise
        return index

    @contextlib.contextmanager
    def writer(self) -> Iterator[IndexWriter]:
        """Open the current generation for changes; other processes may do the same at the same time."""
        yield ElasticWriter(self._patient, self._generations.current())

    def shared(self) -> ElasticGeneration:
        """Return the current generation; its id has the index's own, which is another after it was restored."""
        return ElasticGeneration(self._patient, self._generations.current(), tidy=self.drop_replaced)

    @contextlib.contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """Fill a new generation and swap it in, in one action.

        The old one is removed by whoever calls ``drop_replaced`` or rebuilds next, when walks have ended.
        """
        generation = self._generations.mint()
        try:
            copies = functools.partial(self._generations.make_copies, generation)
            yield ElasticWriter(self._patient, generation, held_bytes=0, make_copies=copies)
            self._generations.swap_to(generation)
        except BaseException:
            with contextlib.suppress(SearchIndexError):
                self._generations.drop(generation.name)
            raise
        self.drop_replaced()

    def drop_replaced(self) -> int:
        """Remove generations that have been seen as replaced for as long as the grace; return how many."""
        return self._generations.drop_replaced(self._grace_seconds)

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer a compiled query; later pages by relevance from one point in time."""
        return self._reader.search(query, view)

    def values(
        self, query: TokenQuery, field: KeywordField, *, prefix: str = "", size: int = 20
    ) -> tuple[FacetValue, ...]:
        """Count the values of a field."""
        return self._reader.values(query, field, prefix=prefix, size=size)

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Count the works of tokens."""
        return self._reader.frequencies(field, tokens)

    def position(self) -> int:
        """Return the feed position that was stored with the last commit."""
        return self._standing().position

    def mark(self) -> str:
        """Return what the last commit said stands at its position."""
        return self._standing().mark

    def _standing(self) -> Standing:
        return self._generations.current(self._cluster).standing

    def stats(self) -> IndexStats:
        """Describe the current generation."""
        state = self._generations.current(self._cluster)
        generation = self._generations.generation_of(state)
        sizes = self._cluster.ask(
            "describe the index", lambda client: client.indices.stats(index=state.name, metric=["docs", "store"])
        )["_all"]["primaries"]
        return IndexStats(
            name=generation.name,
            documents=sizes["docs"]["count"],
            position=state.standing.position,
            analyzer_version=generation.analyzer_version,
            schema_version=generation.schema_version,
            size_bytes=sizes["store"]["size_in_bytes"],
        )

    def close(self) -> None:
        """Close the connections."""
        self._cluster.close()
