"""The keys by which manifestations meet: equal DOI, PMID or PMCID (design section 6, a first identity)."""

from __future__ import annotations

import re
from typing import NamedTuple

from indexer.models import Manifestation

#: DOAJ's own number joins its dump, its API and its OAI-PMH feed where an article has no DOI.
_SCHEMES = ("doi", "pmid", "pmcid", "doaj")
#: Databases limit what an index may hold; no genuine DOI is longer.
_LONGEST_BYTES = 1_000
#: Notices are about another article and often carry its identifiers; they are never the same work.
_NOTICE_TYPES = frozenset({"correction", "retraction"})
#: The word alone proves nothing ("Correction of refractive errors"): what follows it must be a notice's.
_NOTICE_TITLE = re.compile(
    r"^\W*(?:(?:(?:publisher|author)\W*s?\s+)?"
    r"(?:corrigend(?:um|a)|errat(?:um|a)|corrections?|retraction|retracted|withdrawal|withdrawn|"
    r"expression of concern|fe de erratas?)\b(?=\s*(?:$|[:.\]–—-]|to\b|note\b|notice\b|article\b))|"
    r"更正|勘误|勘誤|撤稿|撤回)",
    re.IGNORECASE,
)


class Key(NamedTuple):
    """One identifier of a manifestation."""

    scheme: str
    value: str


def keys_of(manifestation: Manifestation) -> frozenset[Key]:
    """Return the identifiers that join this manifestation with others; many have none and stay alone."""
    return frozenset(
        Key(one.scheme, one.value)
        for one in manifestation.identifiers
        if one.scheme in _SCHEMES and len(one.value.encode()) <= _LONGEST_BYTES
    )


def is_notice(manifestation: Manifestation) -> bool:
    """Tell whether this is a corrigendum, erratum or retraction, which never joins the article it is about."""
    return manifestation.type in _NOTICE_TYPES or _NOTICE_TITLE.match(manifestation.title.value) is not None
