"""What an enriching source is told to ask for; a file of its own, because listers and services both need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Wanted(Protocol):
    """Tells an enriching source what to ask for."""

    def __call__(self, source_id: str, metadata_prefix: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the next identifiers of a source (after one, in order) that lack an answer in this format."""
