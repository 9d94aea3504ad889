"""Which identifiers a list has brought so far, and where: small enough for millions of them."""

from __future__ import annotations

import hashlib
from array import array

_FIRST_SLOTS = 1 << 10
_FULL = 2 / 3
_ROW_BITS = 40


class SeenIdentifiers:
    """Remembers the place of each identifier in 16 bytes and the free room of an open-addressed table.

    A set of Python texts takes ten times that. Two identifiers in a million million million share a digest of 64 bits.
    """

    def __init__(self) -> None:
        self._digests = array("Q", bytes(8 * _FIRST_SLOTS))
        self._places = array("Q", bytes(8 * _FIRST_SLOTS))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Return how many bytes the table takes."""
        return self._digests.itemsize * len(self._digests) + self._places.itemsize * len(self._places)

    def first(self, identifier: str, *, file: int, row: int) -> tuple[int, int] | None:
        """Note where an identifier stands (number of its file, row); return where it stood first, if it did before."""
        digest = int.from_bytes(hashlib.blake2b(identifier.encode(), digest_size=8).digest(), "big") or 1
        slot = self._slot(digest)
        if self._digests[slot]:
            known = self._places[slot]
            return known >> _ROW_BITS, known & ((1 << _ROW_BITS) - 1)
        self._digests[slot] = digest
        self._places[slot] = (file << _ROW_BITS) | row
        self._count += 1
        if self._count > len(self._digests) * _FULL:
            self._grow()
        return None

    def _slot(self, digest: int) -> int:
        mask = len(self._digests) - 1
        slot = digest & mask
        while self._digests[slot] not in {0, digest}:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        digests, places = self._digests, self._places
        self._digests = array("Q", bytes(16 * len(digests)))
        self._places = array("Q", bytes(16 * len(places)))
        for digest, place in zip(digests, places, strict=True):
            if digest:
                slot = self._slot(digest)
                self._digests[slot], self._places[slot] = digest, place
