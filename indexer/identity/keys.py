"""The keys by which manifestations meet: equal DOI, PMID or PMCID (design section 6, a first identity)."""

from __future__ import annotations

import re
from typing import NamedTuple

from indexer.models import Manifestation

_SCHEMES = ("doi", "pmid", "pmcid")
#: Notices are about another article and often carry its identifiers; they are never the same work.
_NOTICE_TYPES = frozenset({"correction", "retraction"})
_NOTICE_TITLE = re.compile(
    r"^\W*(corrigend|errat|correction\b|correction to|retract|withdraw|expression of concern|fe de errat|errata\b|"
    r"更正|勘误|勘誤|撤稿|撤回|更正啟事)",
    re.IGNORECASE,
)


class Key(NamedTuple):
    """One identifier of a manifestation."""

    scheme: str
    value: str


def keys_of(manifestation: Manifestation) -> frozenset[Key]:
    """Return the identifiers that join this manifestation with others; many have none and stay alone."""
    return frozenset(Key(one.scheme, one.value) for one in manifestation.identifiers if one.scheme in _SCHEMES)


def is_notice(manifestation: Manifestation) -> bool:
    """Tell whether this is a corrigendum, erratum or retraction, which never joins the article it is about."""
    return manifestation.type in _NOTICE_TYPES or _NOTICE_TITLE.match(manifestation.title.value) is not None
