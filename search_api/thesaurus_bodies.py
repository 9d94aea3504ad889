"""How an entry of the thesaurus looks from outside."""

from __future__ import annotations

from typing import Any

from indexer import clock
from indexer.storage.thesaurus import ThesaurusEntry


def entry_body(one: ThesaurusEntry) -> dict[str, Any]:
    """Return an entry as the API and ``--json`` show it."""
    return {
        "id": one.id,
        "kind": one.kind,
        "terms": [{"text": term.text, "language": term.language or None} for term in one.terms],
        "state": "in_force" if one.undone_at is None else "undone",
        "reason": one.note,
        "who": one.who,
        "at": clock.iso(one.at),
        "undone_at": clock.iso(one.undone_at),
        "undone_by": one.undone_by,
    }
