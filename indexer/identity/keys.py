"""Keys by which a record is looked up: the identifiers of a manifestation, the ISSNs and titles of a journal."""

from __future__ import annotations

from typing import NamedTuple

from indexer.models import Manifestation

#: DOAJ's own number finds an article in its dump, its API and its OAI-PMH feed where it has no DOI.
_SCHEMES = ("doi", "pmid", "pmcid", "doaj")
#: Databases limit what an index may hold; no genuine DOI is longer.
_LONGEST_BYTES = 1_000


class Key(NamedTuple):
    """One key, such as an identifier."""

    scheme: str
    value: str


def keys_of(manifestation: Manifestation) -> frozenset[Key]:
    """Return the identifiers under which a manifestation is found; many have none."""
    return frozenset(
        Key(one.scheme, one.value)
        for one in manifestation.identifiers
        if one.scheme in _SCHEMES and len(one.value.encode()) <= _LONGEST_BYTES
    )
