"""What tests of people's judgements share: records, where they are, and how judgements stand."""

from __future__ import annotations

from sqlalchemy import select

from indexer.judging_desk import By, JudgingDesk
from indexer.models import Manifestation, PartialDate, Text
from indexer.storage import schema
from indexer.storage.catalogue import StoredWork
from tests.integration.test_identity_walk import Shelf

BY = By(who="Li", reason="I looked at both.")
FISH, RICE = "Fish of the northern lakes", "Lead uptake of rice in the river delta"


def record(identifier: str, title: str = RICE, source: str = "a", **values: object) -> Manifestation:
    """Make a record of 2020."""
    return Manifestation(
        source=source,
        record_identifier=identifier,
        datestamp="2026-01-01",
        title=Text(value=title),
        published=PartialDate(year=2020),
        **values,  # type: ignore[arg-type]
    )


def home(shelf: Shelf, identifier: str, source: str = "a") -> StoredWork:
    """Return the work that a record is in."""
    rows, works = schema.manifestations.c, schema.works.c
    statement = (
        select(works.id)
        .join(schema.manifestations, rows.work_key == works.key)
        .where(rows.source_key == shelf.sources[source], rows.identifier == identifier, rows.live)
    )
    with shelf.database.read() as connection:
        found = shelf.library.store.catalogue.by_id(connection.execute(statement).scalar_one())
    assert found is not None
    return found


def states(desk: JudgingDesk) -> dict[str, str]:
    """Return how judgements stand, by id."""
    return {one.id: one.state for one in desk.log.page(limit=100)}
