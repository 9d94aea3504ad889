"""Identity computed anew: after a change of its rules, in an old store, killed half-way; and people's rulings."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from sqlalchemy import Connection, select

from indexer.errors import StoreBusyError
from indexer.models import Identifier, Manifestation, PartialDate, Text
from indexer.reidentifying import Reidentifier
from indexer.storage import schema
from indexer.storage.judgements import Judgements
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.test_identity_walk import Shelf, check
from tests.repository import Item, ListRepository

_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title><dc:identifier>doi:10.5555/{}</dc:identifier></oai_dc:dc>"
)


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(library, random.Random(7))  # noqa: S311


def one(identifier: object, title: str, *dois: str, source: str = "a", **values: object) -> Manifestation:
    return Manifestation(
        source=source,
        record_identifier=str(identifier),
        datestamp="2026-01-01",
        title=Text(value=title),
        published=PartialDate(year=2020),
        identifiers=tuple(Identifier(scheme="doi", value=f"10.5555/{doi}") for doi in dois),
        **values,  # type: ignore[arg-type]
    )


def kept(library: Library) -> list[tuple[object, ...]]:
    with library.store.database.read() as connection:
        works = schema.works.c
        columns = (works.id, works.version, works.state, works.merged_into, works.first_indexed)
        return [tuple(row) for row in connection.execute(select(*columns).order_by(works.key))]


def partition(library: Library) -> set[frozenset[str]]:
    return {frozenset(work.data["manifestations"]) for page in library.store.catalogue.pages() for work in page}


def forget(library: Library) -> None:
    """Take away what a store from before identity's tables did not have."""
    with library.store.database.write() as connection:
        for table in (schema.decisions, schema.identity_blocks, schema.portraits):
            connection.execute(table.delete())
        connection.execute(schema.facts.delete().where(schema.facts.c.name == "identity_version"))


def test_a_store_from_before_is_identified_anew_when_records_are_next_joined(shelf: Shelf) -> None:
    shelf.library.pipeline.join_pending()
    for _ in range(5):
        shelf.save(*{record.record_identifier: record for record in (shelf.any_record() for _ in range(12))}.values())
    before = kept(shelf.library)
    forget(shelf.library)
    shelf.library.pipeline.join_pending()
    check(shelf.library)
    assert kept(shelf.library) == before
    assert not shelf.library.pipeline.is_outdated()


def test_who_watches_is_told_of_as_much_as_was_announced(shelf: Shelf) -> None:
    pipeline = shelf.library.pipeline
    pipeline.join_pending()
    assert pipeline.count_to_identify() == 0
    shelf.save(*(one(number, f"Lakes number {number} of the north and their fish") for number in range(7)))
    forget(shelf.library)
    announced = pipeline.count_pending()
    heard: list[int] = []
    pipeline.join_pending(watch=heard.append)
    assert (sum(heard), announced) == (21, 21), "seven records in three steps"
    assert pipeline.count_pending() == 0


def test_killed_half_way_it_begins_again_and_the_works_stay_as_they_were(shelf: Shelf) -> None:
    shelf.library.pipeline.join_pending()
    shelf.save(one(1, "Lakes of the north and their fish", "a"), one(2, "Lakes of the north and their fish", "a"))
    before = kept(shelf.library)
    shelf.library.store.set_fact("identity_version", "0")
    assert shelf.library.pipeline.is_outdated()

    class KilledError(BaseException):
        pass

    class Mortal(Reidentifier):
        def _judge(self, connection: Connection, keys: list[int]) -> None:  # noqa: ARG002
            raise KilledError

    with pytest.raises(KilledError):
        Mortal(shelf.library.store).run()
    assert kept(shelf.library) == before
    assert shelf.library.pipeline.is_outdated()

    def judge(_: Connection) -> Iterable[tuple[int, str]]:
        raise AssertionError("nothing is judged by halves")

    with pytest.raises(StoreBusyError, match="kaijuan index"):
        shelf.library.pipeline.reconsider(judge)
    shelf.library.pipeline.join_pending()
    assert not shelf.library.pipeline.is_outdated()
    check(shelf.library)
    assert kept(shelf.library) == before


def test_a_rebuild_keeps_ids_redirects_rulings_and_first_indexed(
    library: Library, list_repository: ListRepository
) -> None:
    titles = ["Fish of the northern lakes in winter", "Birds above the northern lakes in summer", "Rice and lead"]
    list_repository.put(
        *(
            Item(f"oai:x:{number}", "2026-01-01", metadata=_DC.format(titles[number % 3], number % 7))
            for number in range(30)
        )
    )
    source = add_source(library, "x", list_repository.url)
    harvest(library, source)
    library.bring_up_to_date()
    shelf = Shelf(library, random.Random(1))  # noqa: S311
    shelf.rule("same", [("x", "oai:x:0"), ("x", "oai:x:1")])
    shelf.rule("different", [("x", "oai:x:2")], [("x", "oai:x:23")])
    before, groups = kept(library), partition(library)
    assert "merged" in {row[2] for row in before}
    check(library)
    library.rebuild(normalise=True)
    assert kept(library) == before
    assert partition(library) == groups
    check(library)


# --- people's rulings ------------------------------------------------------------


def test_a_ruling_on_records_that_are_not_here_sleeps_until_they_come(shelf: Shelf) -> None:
    shelf.save(one(1, "Lakes of the north"))
    shelf.rule("same", [("a", "1"), ("b", "2")])
    assert check(shelf.library).groups
    assert shelf.library.store.catalogue.counts()["works"] == 1
    shelf.save(one(2, "Another title altogether", source="b"))
    assert shelf.library.store.catalogue.counts()["works"] == 1
    shelf.save(gone=[("b", "2")])
    shelf.save(one(2, "A third title of it", source="b"))
    assert shelf.library.store.catalogue.counts()["works"] == 1
    check(shelf.library)


def test_of_contradictory_rulings_the_newest_holds_and_the_other_is_told(shelf: Shelf) -> None:
    shelf.save(one(1, "Lakes of the north"), one(2, "Rice and lead"))
    judgements = Judgements(shelf.library.store.database)
    first = shelf.rule("same", [("a", "1"), ("a", "2")])
    assert judgements.overruled() == frozenset()
    second = shelf.rule("different", [("a", "1")], [("a", "2")])
    assert shelf.library.store.catalogue.counts()["works"] == 2
    assert judgements.overruled() == {first}
    shelf.undo(second)
    assert shelf.library.store.catalogue.counts()["works"] == 1
    assert judgements.overruled() == frozenset()


def test_a_ruling_that_is_overruled_holds_for_none_of_its_records(shelf: Shelf) -> None:
    title = "Fish of the northern lakes in winter and in spring"
    shelf.save(one(1, "Lakes of the north"), one(2, title, "a"), one(3, "Rice and lead"), one(4, title, "a"))
    shelf.rule("different", [("a", "1"), ("a", "2")], [("a", "3"), ("a", "4")])
    assert shelf.library.store.catalogue.counts()["works"] == 4
    ruling = shelf.rule("same", [("a", "1"), ("a", "3")])
    check(shelf.library)
    assert shelf.library.store.catalogue.counts()["works"] == 2, "also of those that the newer one does not name"
    shelf.undo(ruling)
    check(shelf.library)


def test_works_that_merge_and_part_in_turn_never_redirect_in_a_circle(shelf: Shelf) -> None:
    records = [one(1, "Lakes of the north"), one(2, "Rice and lead"), one(3, "Birds of the delta")]
    shelf.save(*records)
    ids = [row[0] for row in kept(shelf.library)]
    catalogue = shelf.library.store.catalogue
    for first, second in [(1, 2), (2, 3), (3, 1), (2, 1), (3, 2)] * 2:
        ruling = shelf.rule("same", [("a", str(first)), ("a", str(second))])
        shelf.save(gone=[("a", str(first))])
        check(shelf.library)
        shelf.save(records[first - 1])
        for identifier in ids:
            work = catalogue.by_id(str(identifier))
            assert work is not None
            assert catalogue.target(work) is not None, "every id leads to a work that is there"
        shelf.undo(ruling)
        check(shelf.library)
    assert [row[0] for row in kept(shelf.library)] == ids, "no id was minted where an old one could be taken up again"


def test_a_split_by_hand_holds_against_the_machine_and_ends_with_its_undoing(shelf: Shelf) -> None:
    title = "Fish of the northern lakes in winter and in spring"
    shelf.save(one(1, title, "a"), one(2, title, "a"))
    shelf.save(one(3, title, "a"))
    (work,) = (work for page in shelf.library.store.catalogue.pages() for work in page)
    ruling = shelf.rule("different", [("a", "1"), ("a", "2")], [("a", "3")])
    assert shelf.library.store.catalogue.counts()["works"] == 2
    apart = next(row for row in kept(shelf.library) if row[0] != work.id)
    assert apart[4] == kept(shelf.library)[0][4], "what was split off was first seen when it was seen first"
    shelf.undo(ruling)
    (again,) = (work for page in shelf.library.store.catalogue.pages() for work in page)
    assert again.id == work.id
    assert [row[2] for row in kept(shelf.library)] == ["active", "merged"]
    check(shelf.library)


# --- what is wrong or made on purpose ------------------------------------------------------------


@pytest.mark.parametrize(("titles", "works"), [(1, 1), (500, 500)], ids=["one article", "500 articles"])
def test_a_doi_on_500_records_joins_those_of_one_article_only(shelf: Shelf, titles: int, works: int) -> None:
    words = ("lead", "rice", "fish", "lakes", "birds", "winter", "delta", "north", "water", "stone")
    names = [
        " of ".join(words[int(digit)] for digit in f"{number:03d}") + f" in {words[number % 9]}"
        for number in range(500)
    ]
    records = [
        one(number, f"{names[number % titles]} and what came of it: study {number % titles}", "shared")
        for number in range(500)
    ]
    for start in range(0, 500, 125):
        shelf.save(*records[start : start + 125])
    assert shelf.library.store.catalogue.counts()["works"] == works
    check(shelf.library)


def test_records_without_a_word_of_title_stay_apart(shelf: Shelf) -> None:
    shelf.save(*(one(number, "—") for number in range(60)))
    assert shelf.library.store.catalogue.counts()["works"] == 60
    check(shelf.library)
