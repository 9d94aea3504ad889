"""What an enriching source is to be asked about."""

from __future__ import annotations

from sqlalchemy import func, select

from indexer.storage import schema
from indexer.storage.database import Database


class Wants:
    """Tells which records of a source lack an answer of another's; implements ``harvesters.wanted.Wanted``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, source_id: str, metadata_prefix: str, *, after: str, limit: int) -> list[str]:
        """Return the next identifiers of a source that lack an answer in this format, and need one.

        They need one where a DOI or a PMID is missing; records that are not described yet come next time.
        """
        rows, raw, keys = schema.manifestations.c, schema.raw_records.c, schema.manifestation_keys.c
        sources = schema.sources.c
        answered = select(raw.key).where(
            raw.source_key == rows.source_key,
            raw.identifier == rows.identifier,
            raw.metadata_prefix == metadata_prefix,
            ~raw.deleted,  # the record had gone, its answer with it; now it is back
        )
        named = (
            select(func.count(keys.scheme.distinct()))
            .where(keys.manifestation_key == rows.key, keys.scheme.in_(("doi", "pmid")))
            .scalar_subquery()
        )
        with self._database.read() as connection:
            statement = (
                select(rows.identifier)
                .where(
                    rows.source_key == select(sources.key).where(sources.id == source_id).scalar_subquery(),
                    rows.live,
                    rows.identifier > after,
                    ~answered.exists(),
                    named < 2,  # noqa: PLR2004  # both of them
                )
                .order_by(rows.identifier)
                .limit(limit)
            )
            return list(connection.scalars(statement))
