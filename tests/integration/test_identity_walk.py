"""Identity under a long random walk of changes: the works are always what the records and the rulings alone say."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

import orjson
import pytest
from pydantic import TypeAdapter
from sqlalchemy import Connection, select, update

from indexer import clock, ids
from indexer.assembling import Assembler
from indexer.identity.blocking import blocks_of
from indexer.identity.bulk import Resolution, resolve
from indexer.identity.clustering import Ruling
from indexer.identity.portrait import order_of, portrait_of
from indexer.identity.states import Tie, WorkState, state_of
from indexer.joining import Joiner
from indexer.models import Container, Contributor, Identifier, Manifestation, PartialDate, Relation, Text
from indexer.storage import schema
from indexer.storage.feed import append_changes
from indexer.storage.judgements import Judgements
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository

_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title>{}</oai_dc:dc>"
)
_MANIFESTATION = TypeAdapter(Manifestation)
_STATE = TypeAdapter(WorkState)
_TITLES = (
    "Lead uptake of rice in the river delta",
    "Lead uptake of rice in the river deltas",
    "Lead uptake of rice in the river delta: part 2",
    "Corrigendum to: Lead uptake of rice in the river delta",
    "Retraction: Lead uptake of rice in the river delta",
    "RETRACTED: Lead uptake of rice in the river delta",
    "Editorial",
    "A walk through the lakes of the north",
    "北方湖泊的水质变化研究",
    "The walk of the northern lakes, and what lives there",
)


class Shelf:
    """A library's manifestations, changed without a repository."""

    def __init__(self, library: Library, chance: random.Random) -> None:
        self.library = library
        self.database = library.store.database
        self.joiner = Joiner(library.store)
        self.chance = chance
        for name in ("a", "b"):
            add_source(library, name, f"http://127.0.0.1/{name}")
        self.sources = library.store.sources.keys()

    def save(self, *saved: Manifestation, gone: Sequence[tuple[str, str]] = ()) -> None:
        """Save and retire manifestations in one batch."""
        with self.database.write() as connection:
            assembler = Assembler(self.database, connection)
            kept = assembler.writer.save([(self.sources[one.source], one, portrait_of(one)) for one in saved])
            retired = assembler.writer.retire([(self.sources[source], identifier) for source, identifier in gone])
            entries = assembler.follow({**kept, **dict.fromkeys(retired)})
            append_changes(self.database, connection, entries)

    def rule(self, verdict: str, *groups: Sequence[tuple[str, str]]) -> int:
        """Record a judgement about records, by source and identifier; return its key."""
        made: list[int] = []

        def judge(connection: Connection) -> Iterator[tuple[int, str]]:
            values = {"id": ids.mint("j"), "kind": verdict, "reason": "walk", "who": "w", "at": clock.now()}
            key = connection.execute(schema.judgements.insert().values(**values)).inserted_primary_key
            assert key is not None
            made.append(key[0])
            named = [(label, *name) for label, group in enumerate(groups) for name in group]
            rows = [
                {
                    "judgement_key": key[0],
                    "position": position,
                    "source_key": self.sources[source],
                    "identifier": identifier,
                    "label": label,
                }
                for position, (label, source, identifier) in enumerate(named)
            ]
            connection.execute(schema.judgement_records.insert(), rows)
            yield from ((self.sources[source], identifier) for _, source, identifier in named)

        self.joiner.reconsider(judge)
        return made[0]

    def undo(self, key: int) -> None:
        """Undo a judgement."""

        def judge(connection: Connection) -> list[tuple[int, str]]:
            table, names = schema.judgements, schema.judgement_records
            connection.execute(update(table).where(table.c.key == key).values(undone_at=clock.now()))
            rows = connection.execute(select(names).where(names.c.judgement_key == key))
            return [(row.source_key, row.identifier) for row in rows]

        self.joiner.reconsider(judge)

    def any_record(self, titles: Sequence[str] = _TITLES) -> Manifestation:
        """Make up a record that has much in common with others."""
        chance = self.chance
        dois = chance.sample("abcd", chance.choice([0, 0, 1, 1, 2]))
        related = [Relation(kind="corrects", target=Identifier(scheme="doi", value="10.5555/a"))]
        return Manifestation(
            source=chance.choice("ab"),
            record_identifier=str(chance.randint(1, 15)),
            datestamp="2026-01-01",
            title=Text(value=chance.choice(titles)),
            contributors=(Contributor(name="Ann Lee", family="Lee", given="Ann"),) * chance.randint(0, 1),
            container=Container(title="Journal of Lakes", issns=("1234-5679",)) if chance.random() < 0.7 else None,
            published=PartialDate(year=chance.choice([2019, 2020])) if chance.random() < 0.8 else None,
            volume=chance.choice([None, "3"]),
            pages=chance.choice([None, "11-19", "20-29"]),
            identifiers=tuple(Identifier(scheme="doi", value=f"10.5555/{doi}") for doi in dois),
            relations=tuple(related) if chance.random() < 0.1 else (),
        )


def check(library: Library) -> Resolution:
    """Compare everything that identity keeps with what the records and rulings say when they are looked at afresh."""
    with library.store.database.read() as connection:
        held = connection.execute(select(schema.manifestations)).all()
        works = {row.key: row for row in connection.execute(select(schema.works))}
        decisions = connection.execute(select(schema.decisions)).all()
        blocks = {tuple(row) for row in connection.execute(select(schema.identity_blocks))}
        drawn = set(connection.scalars(select(schema.portraits.c.manifestation_key)))
        rulings = list(stored_rulings(connection))
    live = {row.key: row for row in held if row.live}
    described = {key: _MANIFESTATION.validate_json(row.data) for key, row in live.items()}
    portraits = {key: portrait_of(one) for key, one in described.items()}
    orders = {portrait.order: key for key, portrait in portraits.items()}
    wanted = resolve(portraits.values(), rulings)
    stored: dict[int, set[int]] = defaultdict(set)
    for row in live.values():
        stored[row.work_key].add(row.key)
    assert {frozenset(group) for group in stored.values()} == {
        frozenset(orders[order] for order in group) for group in wanted.groups
    }
    assert {key for key, row in works.items() if row.state == "active"} == set(stored)
    assert {(row.left_key, row.right_key): row.verdict for row in decisions} == {
        (orders[left], orders[right]): one.verdict for (left, right), one in wanted.judgements.items()
    }
    assert drawn == set(live)
    assert blocks == {
        (block.value, key, block.fine) for key, portrait in portraits.items() for block in blocks_of(portrait)
    }
    assert Judgements(library.store.database).overruled() == wanted.overruled
    ties = defaultdict(list)
    for (left, right), one in wanted.judgements.items():
        for own, other, is_subject in ((left, right, one.subject_is_left), (right, left, not one.subject_is_left)):
            if one.relation:
                other_key = orders[other]
                tie = Tie(
                    relation=one.relation,
                    is_subject=is_subject,
                    other_id=live[other_key].id,
                    other=described[other_key],
                )
                ties[orders[own]].append(tie)
    for work, members in stored.items():
        said = orjson.loads(works[work].data)
        state = state_of(
            [(live[key].id, described[key]) for key in members], [tie for key in members for tie in ties[key]]
        )
        assert _STATE.validate_python({name: said[name] for name in ("status", "notices", "related")}) == state
    assert {key for key, row in works.items() if row.merged_into is not None} == {
        key for key, row in works.items() if row.state == "merged"
    }
    for row in works.values():
        seen = {row.key}
        while row.state == "merged":
            row = works[row.merged_into]  # noqa: PLW2901
            assert row.key not in seen, "redirects in a circle"
            seen.add(row.key)
    return wanted


def stored_rulings(connection: Connection) -> Iterator[Ruling]:
    """Read the judgements in force as they are stored, with names of records that are not there."""
    names, judgements = schema.judgement_records.c, schema.judgements
    statement = select(names.judgement_key, names.label, names.identifier, schema.sources.c.id)
    groups: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(statement.join(schema.sources, schema.sources.c.key == names.source_key)):
        groups[row.judgement_key][row.label].append(order_of(row.id, row.identifier))
    for row in connection.execute(
        select(judgements).where(judgements.c.undone_at.is_(None), judgements.c.kind != "correct")
    ):
        yield Ruling(row.key, row.kind, row.key, tuple(map(tuple, groups[row.key].values())))


@pytest.mark.parametrize("seed", range(6))
def test_the_works_follow_from_the_records_and_rulings_alone_whatever_happened_before(
    library: Library, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    shelf = Shelf(library, chance)
    rulings: list[int] = []
    names = [(source, str(number)) for source in "ab" for number in range(1, 16)]
    for _ in range(25):
        deed = chance.random()
        if deed < 0.65:
            saved = {
                (one.source, one.record_identifier): one
                for _ in range(chance.choice([1, 2, 9, 30]))
                for one in [shelf.any_record()]
            }
            gone = [name for name in chance.sample(names, chance.randint(0, 4)) if name not in saved]
            shelf.save(*saved.values(), gone=gone)
        elif deed < 0.8 or not rulings:
            some = chance.sample(names, chance.randint(2, 5))
            verdict = chance.choice(["same", "different"])
            cut = chance.randint(1, len(some) - 1)
            rulings.append(shelf.rule(verdict, *([some] if verdict == "same" else [some[:cut], some[cut:]])))
        elif deed < 0.9:
            shelf.undo(rulings.pop(chance.randrange(len(rulings))))
        else:
            shelf.save(gone=chance.sample(names, 12))
        check(library)
    assert library.store.catalogue.counts()["works"] > 0


@pytest.mark.parametrize("seed", range(3))
def test_a_block_that_grows_over_its_limit_and_shrinks_again_pairs_its_members_anew(
    library: Library, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    shelf = Shelf(library, chance)
    present: dict[str, Manifestation] = {}

    def alike(name: str, title: Text) -> Manifestation:
        return Manifestation(
            source="a",
            record_identifier=name,
            datestamp="2026-01-01",
            title=title,
            published=PartialDate(year=2020),
            pages=chance.choice([None, "11-19", "20-29"]),
            identifiers=(Identifier(scheme="doi", value="10.5555/shared"),),
        )

    for goal in (45, 49, 52, 51, 48, 60, 75, 70, 49, 53, 20, 51):
        while len(present) < goal:
            absent = [str(number) for number in range(100) if str(number) not in present]
            come = chance.sample(absent, min(goal - len(present), chance.choice([1, 3, 20])))
            new = {name: alike(name, Text(value=_TITLES[chance.random() < 0.1])) for name in come}
            shelf.save(*new.values())
            present |= new
        leave = chance.sample(sorted(present), len(present) - goal)
        shelf.save(gone=[("a", name) for name in leave])
        present = {name: one for name, one in present.items() if name not in leave}
        check(library)
        first = sorted(present, key=lambda name: order_of("a", name))[:2]
        for name in (*first, chance.choice(sorted(present))):  # stays in its blocks, but may be another work
            present[name] = alike(name, present[name].title)
            shelf.save(present[name])
        check(library)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_repository_sends_day_by_day_and_a_rebuild_agree(embedded: Library, seed: int) -> None:
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
                named = "".join(f"<dc:identifier>doi:10.5555/{doi}</dc:identifier>" for doi in dois)
                repository.put(Item(identifier, stamp, metadata=_DC.format(chance.choice(_TITLES), named)))
            assert harvest(embedded, source).status == "complete"
            embedded.bring_up_to_date()
            check(embedded)
            assert embedded.index.stats().documents == embedded.store.catalogue.counts()["works"]
        embedded.rebuild(normalise=True)
        check(embedded)
