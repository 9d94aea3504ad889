"""Corrections that hold: read within a transaction, for the works that they are about.

A correction names the work's records in their order, and is about whichever work the first live one of them is in. So
it stays with the article when other records come and go, and sleeps when all are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, select

from indexer.identity.corrections import Correction, Value
from indexer.storage import schema
from indexer.storage.catalogue import chunks

_judgements, _names, _rows = schema.judgements, schema.judgement_records, schema.manifestations
_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_in_force = (_judgements.c.kind == "correct") & _judgements.c.undone_at.is_(None)
_ANY = select(_judgements.c.key).where(_in_force).limit(1)
_named = (_names.c.source_key == _rows.c.source_key) & (_names.c.identifier == _rows.c.identifier)
_ABOUT = (
    select(_judgements.c.key)
    .select_from(_rows)
    .join(_names, _named)
    .join(_judgements, (_judgements.c.key == _names.c.judgement_key) & _in_force)
    .where(_rows.c.key.in_(_keys))
    .distinct()
)
_RECORDS = (
    select(_names.c.judgement_key, _rows.c.key)
    .join(_rows, _named & _rows.c.live)
    .where(_names.c.judgement_key.in_(_keys))
    .order_by(_names.c.judgement_key, _names.c.position)
)
_VALUES = select(_judgements.c.key, _judgements.c.id, _judgements.c.field, _judgements.c.value).where(
    _judgements.c.key.in_(_keys)
)


def value_of(stored: bytes | None) -> Value:
    """Read a value as it is kept."""
    value = orjson.loads(stored) if stored is not None else None
    return tuple(value) if isinstance(value, list) else value


class CorrectionTable:
    """Reading the corrections in force, within a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def exist(self) -> bool:
        """Tell whether there are any; most libraries have none."""
        return self._connection.scalar(_ANY) is not None

    def companions(self, manifestation_keys: Iterable[int]) -> set[int]:
        """Return the live records that corrections name together with these, live or not.

        Where one of these came or went, a correction may have come to or left the work of any.
        """
        return {row.key for row in self._live_records(manifestation_keys)}

    def anchors(self, manifestation_keys: Iterable[int]) -> dict[int, int]:
        """Return, for each correction that names any of these records, the key of its first live record.

        In the order in which they were made. Those without live records are left out.
        """
        found: dict[int, int] = {}
        for row in self._live_records(manifestation_keys):
            found.setdefault(row.judgement_key, row.key)
        return found

    def _live_records(self, manifestation_keys: Iterable[int]) -> Iterator[Any]:
        """Yield the live records of the corrections that name any of these, each in its order."""
        keys = {
            key for chunk in chunks(manifestation_keys) for key in self._connection.scalars(_ABOUT, {"keys": chunk})
        }
        for chunk in chunks(sorted(keys)):
            yield from self._connection.execute(_RECORDS, {"keys": chunk})

    def of(self, manifestation_keys: Iterable[int]) -> dict[int, list[Correction]]:
        """Return the corrections about these live records' works by the record that holds them."""
        wanted = set(manifestation_keys)
        anchors = {key: anchor for key, anchor in self.anchors(wanted).items() if anchor in wanted}
        found: dict[int, list[Correction]] = {}
        for chunk in chunks(anchors):
            rows = {row.key: row for row in self._connection.execute(_VALUES, {"keys": chunk})}
            for key in chunk:
                one = rows[key]
                correction = Correction(key=key, judgement=one.id, field=one.field, value=value_of(one.value))
                found.setdefault(anchors[key], []).append(correction)
        return found
