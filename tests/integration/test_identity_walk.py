"""Identity under a long random walk of changes: the works are always what the records alone say."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest
from sqlalchemy import select

from indexer.identity.cluster import Member, components
from indexer.identity.keys import Key
from indexer.storage import schema
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository

_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title>{}</oai_dc:dc>"
)


def check(library: Library) -> None:
    """Compare the stored works with a partition computed afresh from the manifestations."""
    with library.store.database.read() as connection:
        live = connection.execute(select(schema.manifestations).where(schema.manifestations.c.live)).all()
        works = {row.key: row for row in connection.execute(select(schema.works))}
        keys: dict[int, set[Key]] = defaultdict(set)
        for row in connection.execute(select(schema.manifestation_keys)):
            keys[row.manifestation_key].add(Key(row.scheme, row.value))
    members = [
        Member(key=row.key, work_key=row.work_key, keys=frozenset(keys[row.key]), notice=row.notice) for row in live
    ]
    wanted = {frozenset(member.key for member in group) for group in components(members)}
    stored: dict[int, set[int]] = defaultdict(set)
    for row in live:
        stored[row.work_key].add(row.key)
    assert {frozenset(group) for group in stored.values()} == wanted
    assert {key for key, row in works.items() if row.state == "active"} == set(stored)
    assert library.index.stats().documents == len(stored)
    for row in works.values():
        seen = {row.key}
        while row.state == "merged":
            row = works[row.merged_into]  # noqa: PLW2901
            assert row.key not in seen, "redirects in a circle"
            seen.add(row.key)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_works_follow_from_the_records_alone_whatever_happened_before(embedded: Library, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    with ListRepository(page_size=50) as repository:
        source = add_source(embedded, "x", repository.url)
        for day in range(1, 29):
            stamp = f"2026-01-{day:02d}"
            for _ in range(chance.randint(1, 6)):
                identifier = f"oai:x:{chance.randint(1, 14):02d}"
                if chance.random() < 0.2 and identifier in repository.items:
                    repository.delete(identifier, stamp)
                    continue
                dois = chance.sample("abcdef", chance.choice([0, 1, 1, 2]))
                title = chance.choice(["A study", "Corrigendum: A study"])
                named = "".join(f"<dc:identifier>doi:10.5555/{doi}</dc:identifier>" for doi in dois)
                repository.put(Item(identifier, stamp, metadata=_DC.format(title, named)))
            assert harvest(embedded, source).status == "complete"
            embedded.bring_up_to_date()
            check(embedded)
        embedded.rebuild(normalise=True)
        check(embedded)
