"""Change one generation as its only writer: what a rebuild fills, and what tests fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from indexer.search.document import Document
from indexer.storage.elastic_bulk import MOST_BYTES, BulkSender, past_refused, replaced
from indexer.storage.elastic_client import Cluster
from indexer.storage.elastic_generation import ElasticState, is_whole, show, store_standing, writing_alias
from indexer.storage.elastic_queries import encode_delete, encode_upsert

_HELD_BYTES = 64_000_000
_LOOKUP = 1_000


class ElasticWriter:
    """Changes to one generation, sent in bulk; at most ``held_bytes`` wait for the commit.

    What is sent earlier is still not seen before the commit, as only a commit refreshes the index; but it stays if
    the block ends without one. Deletes always wait: a document deleted and written again in one commit is one write.
    A delete carries the version that is there when it is sent: what another writer puts there afterwards stays.
    """

    def __init__(
        self,
        cluster: Cluster,
        state: ElasticState,
        *,
        held_bytes: int = _HELD_BYTES,
        make_copies: Callable[[], object] = lambda: None,
    ) -> None:
        self._make_copies = make_copies
        self._cluster = cluster
        self._id = state.id
        self._alias = writing_alias(state.name)
        self._sender = BulkSender(cluster, self._alias)
        self._held_bytes = held_bytes
        self._upserts: dict[int, tuple[int, bytes]] = {}
        self._deletes: set[int] = set()
        self._size = 0

    def upsert(self, documents: Iterable[Document]) -> None:
        """Replace documents, unless a newer version is there."""
        for document in documents:
            self._deletes.discard(document.key)
            waiting = self._upserts.get(document.key)
            if waiting is None or waiting[0] <= document.version:
                operation = encode_upsert(document)
                self._upserts[document.key] = (document.version, operation)
                self._size += len(operation)
            if self._size >= max(self._held_bytes, MOST_BYTES):
                self._send_upserts()

    def delete(self, keys: Iterable[int]) -> None:
        """Remove documents."""
        for key in keys:
            self._upserts.pop(key, None)
            self._deletes.add(key)

    def commit(self, position: int, mark: str = "") -> None:
        """Send what waits, show it, then store the position; a kill in between repeats changes, which does no harm."""
        self._send_upserts()
        self._sender.send(self._encoded_deletes())
        self._deletes.clear()
        states = ElasticState.all_of(self._cluster, self._alias)
        if [state.id for state in states] != [self._id]:
            raise replaced()
        state = states[0]
        show(self._cluster, state.name)
        moved = state.standing.moved(position, mark, is_whole=is_whole(self._cluster, state.name))
        store_standing(self._cluster, state.name, moved)

    def make_copies(self) -> None:
        """Wait until a new generation has its copies, which may take hours."""
        self._make_copies()

    def _send_upserts(self) -> None:
        with past_refused():
            self._sender.send(operation for _, operation in self._upserts.values())
        self._upserts.clear()
        self._size = 0

    def _encoded_deletes(self) -> Iterator[bytes]:
        keys = sorted(self._deletes)
        for start in range(0, len(keys), _LOOKUP):
            yield from self._encode_deletes([str(key) for key in keys[start : start + _LOOKUP]])

    def _encode_deletes(self, ids: list[str]) -> Iterator[bytes]:
        found = self._cluster.ask("look up versions", lambda client: client.mget(index=self._alias, ids=ids))
        return (encode_delete(doc["_id"], doc["_version"]) for doc in found["docs"] if doc.get("found"))
