"""One generation in a cluster, as several processes write it at the same time: see ``SharedGeneration``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from indexer.search.document import Document
from indexer.storage.elastic_queries import encode_delete, encode_upsert

Send = Callable[[list[bytes]], None]


class ElasticGeneration:
    """Writes by versions alone: which process comes last makes no difference."""

    def __init__(
        self,
        generation_id: str,
        *,
        send: Send,
        position: Callable[[], int],
        advance: Callable[[int, str], None],
    ) -> None:
        self.id = generation_id
        self._send = send
        self._position = position
        self._advance = advance

    def write(self, documents: Iterable[Document], gone: Mapping[int, int]) -> None:
        """Send changes in bulk; each carries its work's version."""
        operations = [encode_upsert(document) for document in documents]
        self._send(operations + [encode_delete(str(key), version) for key, version in gone.items()])

    def position(self) -> int:
        """Return the position that was stored last."""
        return self._position()

    def advance(self, position: int, mark: str) -> None:
        """Refresh, then store the position."""
        self._advance(position, mark)

    def step_back(self) -> bool:
        """Say that it did not."""
        return False
