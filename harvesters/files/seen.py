"""Which identifiers a list has brought so far, and where: small enough for millions of them."""

from __future__ import annotations

import hashlib
from array import array

_SHARDS = 64
_FIRST_SLOTS = 64
_FULL = 3 / 4
_ROW_BITS = 40


class SeenIdentifiers:
    """Remembers the place of each identifier in 16 bytes and the free room of an open-addressed table.

    A set of Python texts takes ten times that. The table grows a part at a time, so that no second copy of all of it
    stands beside it. One of a million identifiers shares a digest of 64 bits with another once in 37 million times.
    """

    def __init__(self) -> None:
        self._shards = [_Shard() for _ in range(_SHARDS)]

    def __len__(self) -> int:
        return sum(shard.count for shard in self._shards)

    @property
    def nbytes(self) -> int:
        """Return how many bytes the table takes."""
        return sum(16 * len(shard.digests) for shard in self._shards)

    def first(self, identifier: str, *, file: int, row: int) -> tuple[int, int] | None:
        """Note where an identifier stands (number of its file, row); return where it stood first, if it did before."""
        digest = int.from_bytes(hashlib.blake2b(identifier.encode(), digest_size=8).digest(), "big") or 1
        known = self._shards[digest % _SHARDS].first(digest, (file << _ROW_BITS) | row)
        return None if known is None else (known >> _ROW_BITS, known & ((1 << _ROW_BITS) - 1))


class _Shard:
    """One part of the table: digests (0 for a free slot) and places, side by side."""

    __slots__ = ("count", "digests", "places")

    def __init__(self) -> None:
        self.digests = array("Q", bytes(8 * _FIRST_SLOTS))
        self.places = array("Q", bytes(8 * _FIRST_SLOTS))
        self.count = 0

    def first(self, digest: int, place: int) -> int | None:
        slot = self._slot(digest)
        if self.digests[slot]:
            return self.places[slot]
        self.digests[slot], self.places[slot] = digest, place
        self.count += 1
        if self.count > len(self.digests) * _FULL:
            self._grow()
        return None

    def _slot(self, digest: int) -> int:
        mask = len(self.digests) - 1
        slot = (digest // _SHARDS) & mask
        while self.digests[slot] not in {0, digest}:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        digests, places = self.digests, self.places
        self.digests = array("Q", bytes(16 * len(digests)))
        self.places = array("Q", bytes(16 * len(places)))
        for digest, place in zip(digests, places, strict=True):
            if digest:
                slot = self._slot(digest)
                self.digests[slot], self.places[slot] = digest, place
