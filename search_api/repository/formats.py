"""The formats that works are given away in, and what each is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from indexer.identity.copies import RankedCopy
from indexer.storage.catalogue import StoredWork
from indexer.storage.dated_works import Origin
from search_api.repository import dublin_core, own_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A metadata format; ``schema`` is an address, or a path below the repository's own."""

    prefix: str
    schema: str
    namespace: str
    write: Callable[[StoredWork, tuple[RankedCopy, ...], Mapping[str, Origin], str], str]

    def schema_at(self, base_url: str) -> str:
        """Return where its schema is."""
        return f"{base_url}{self.schema}" if self.schema.startswith("/") else self.schema


_LISTED = (
    Format(
        prefix="oai_dc",
        schema=dublin_core.SCHEMA,
        namespace=dublin_core.NAMESPACE,
        write=lambda work, copies, _origins, page: dublin_core.write(work, copies, page),
    ),
    Format(prefix="kaijuan", schema=own_format.SCHEMA, namespace=own_format.NAMESPACE, write=own_format.write),
)
FORMATS: Mapping[str, Format] = {one.prefix: one for one in _LISTED}
