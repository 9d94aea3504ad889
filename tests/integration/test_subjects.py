"""The subject tree in a library: works are classed, the library has the last word, and the index follows it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

import indexer.reclassifying
from indexer.errors import UnfitEditError, UnknownEditError, WrongEditError
from indexer.pipeline import Pipeline
from indexer.search.document import Document
from indexer.storage import schema
from indexer.storage.catalogue import StoredWork
from indexer.storage.said import Signed
from indexer.storage.subjects import SubjectTable
from indexer.subjects.classifying import SubjectMapping
from search_api.library import Library
from tests.integration.classed import article, documents, in_class, unmapped
from tests.unit.web.records import put

BY = Signed(who="Li Ming", note="So is our shelving.")
COMPUTERS, FOOD, ODD = (
    ("Electronic computers", "QA75.5-76.95"),
    ("Food processing", "TP368-456"),
    ("Odd things", "XA1-9"),
)


@pytest.fixture
def shelves(library: Library) -> Library:
    put(
        library,
        article(1, "Compilers", "stress", lcc=(("Science", "Q"), COMPUTERS)),
        article(2, "Cheese", "Stress", lcc=(FOOD,)),
        article(3, "Curiosities", "odd keyword", lcc=(ODD,)),
        article(4, "Nothing known", "odd keyword", "ODD KEYWORD indeed"),
        article(5, "Tumours", "Lung Cancer"),
    )
    return library


def described(library: Library, describe: Callable[[], Any]) -> Pipeline:
    """Return the steps with what makes documents replaced."""

    class Described(Pipeline):
        def _describe(self) -> Any:
            return describe()

    return Described(library.store)


def indexed(library: Library) -> list[int]:
    """Bring the index up to date; return the keys of the works that were indexed again."""
    keys: list[int] = []
    describe = library.pipeline._describe

    def counting() -> Any:
        made = describe()

        def documents_of(works: Iterable[StoredWork]) -> Iterator[Document]:
            for document in made(works):
                keys.append(document.key)
                yield document

        return documents_of

    described(library, counting).reclassify(library.index)
    return keys


def feed(library: Library) -> int:
    return library.store.feed.horizon()


def test_works_are_classed_when_they_are_indexed(shelves: Library) -> None:
    assert in_class(shelves, "TP3") == in_class(shelves, "TP") == {"Compilers"}
    assert in_class(shelves, "T") == {"Compilers", "Cheese"}
    assert in_class(shelves, "N") == set(), "LCC's Q beside QA says nothing more"
    assert in_class(shelves, "R73") == in_class(shelves, "R") == {"Tumours"}
    assert unmapped(shelves) == {
        "LCC | XA1-9 | Odd things": 1,
        "keyword |  | odd keyword": 2,
        "keyword |  | ODD KEYWORD indeed": 1,
    }


def test_a_mapping_moves_just_the_works_that_it_is_about_and_is_taken_back(shelves: Library) -> None:
    before, horizon = documents(shelves), feed(shelves)
    change, created = shelves.store.subjects.map("LCC", "QA75.5-76.95", "G25", BY)
    assert (created, change.state, change.code) == (True, "in_force", "G25")
    assert len(indexed(shelves)) == 1
    assert (in_class(shelves, "TP3"), in_class(shelves, "G25")) == (set(), {"Compilers"})
    assert in_class(shelves, "G") == {"Compilers"}
    assert indexed(shelves) == [], "it waits no more"
    shelves.store.subjects.undo(change.id, BY)
    assert len(indexed(shelves)) == 1
    assert documents(shelves) == before
    assert feed(shelves) == horizon, "no work has changed: alerts and harvesters hear nothing"


@pytest.mark.parametrize(
    ("scheme", "value", "moved"),
    [
        ("LCC", "Q", {"Compilers"}),
        ("lcc", "qa75", {"Compilers"}),
        ("LCC", "electronic COMPUTERS", {"Compilers"}),
        ("keyword", "STRESS", {"Compilers", "Cheese"}),
        ("keyword", "odd keyword", {"Curiosities", "Nothing known"}),
        ("keyword", "Odd Keyword Indeed", {"Nothing known"}),
        ("keyword", "cancer", set()),
        ("LCC", "XA1-9", {"Curiosities"}),
        ("MeSH", "Odd things", set()),
    ],
)
def test_exactly_the_works_that_carry_a_heading_or_keyword_are_indexed_again(
    shelves: Library, scheme: str, value: str, moved: set[str]
) -> None:
    shelves.store.subjects.map(scheme, value, "E", BY)
    again = shelves.store.catalogue.by_keys(indexed(shelves))
    assert {work.data["title"]["value"] for work in again.values()} == moved
    after = documents(shelves)
    shelves.rebuild(normalise=False)
    assert documents(shelves) == after, "a rebuild comes to the same"


def test_what_belongs_to_no_class_is_listed_no_more(shelves: Library) -> None:
    for scheme, value in (("LCC", "XA1-9"), ("keyword", "odd keyword")):
        shelves.store.subjects.map(scheme, value, None, BY)
    shelves.bring_up_to_date()
    assert unmapped(shelves) == {"keyword |  | ODD KEYWORD indeed": 1}


def test_the_newest_mapping_counts_and_the_same_twice_is_one(shelves: Library) -> None:
    table = shelves.store.subjects
    first, _ = table.map("keyword", "Stress", "B84", BY)
    again, created = table.map("keyword", "stress", "B84", Signed(who="Wu", note="Again."))
    assert (again.id, created) == (first.id, False)
    second, _ = table.map("keyword", "STRESS", "R74", BY)
    shelves.bring_up_to_date()
    assert (in_class(shelves, "B84"), in_class(shelves, "R74")) == (set(), {"Compilers", "Cheese"})
    listed = table.changes("mapping", before=None, limit=10)
    assert [(one.id, one.state) for _, one in listed] == [(second.id, "in_force"), (first.id, "overruled")]
    table.undo(second.id, BY)
    shelves.bring_up_to_date()
    assert in_class(shelves, "B84") == {"Compilers", "Cheese"}
    assert [one.state for _, one in table.changes("mapping", before=None, limit=10)] == ["undone", "in_force"]
    with pytest.raises(UnfitEditError, match="undone already"):
        table.undo(second.id, BY)


def test_classes_are_named_hidden_and_added(shelves: Library) -> None:
    table = shelves.store.subjects
    table.set_class("G25", BY, name_zh="图书馆学")
    table.set_class("E", BY, hidden=True)
    own, created = table.set_class("R199", BY, name_zh="校园健康", name_en="Campus health", parent="R1")
    assert created
    tree = SubjectTable(shelves.store.database).tree()
    assert tree.names(["G25"], "zh") == {"G25": "图书馆学"}
    assert tree.names(["G25"], "en") == {"G25": "Library and information services"}
    assert not tree.is_shown("E")
    assert not tree.is_shown("E2"), "nor what is below"
    assert tree.path("R199") == ("R", "R1", "R199")
    assert [one.code for one in tree if one.own] == ["R199"]
    table.map("keyword", "stress", "R199", BY)
    shelves.bring_up_to_date()
    assert in_class(shelves, "R1") == in_class(shelves, "R199") == {"Compilers", "Cheese"}
    with pytest.raises(UnfitEditError, match="in use"):
        table.undo(own.id, BY)
    table.set_class("R199", BY, parent="G4")
    assert len(indexed(shelves)) == 2
    assert (in_class(shelves, "R1"), in_class(shelves, "G4")) == (set(), {"Compilers", "Cheese"})
    after = documents(shelves)
    shelves.rebuild(normalise=False)
    assert documents(shelves) == after


def test_names_are_seen_by_other_processes_within_two_seconds(
    shelves: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SubjectTable(shelves.store.database)
    assert other.tree().names(["E"], "en") == {"E": "Military science"}
    shelves.store.subjects.set_class("E", BY, name_en="War")
    monkeypatch.setattr("indexer.storage.subjects._LOOK_SECONDS", 0.0)
    assert other.tree().names(["E"], "en") == {"E": "War"}


@pytest.mark.parametrize(
    ("scheme", "value", "code", "part"),
    [
        ("LCC", " ", "T", "value"),
        ("LCC", "x" * 201, "T", "value"),
        ("LCC", "a\x00b", "T", "value"),
        ("LCC", "?!", "T", "value"),
        ("x" * 41, "QA", "T", "scheme"),
        ("LCC", "QA", "NOWHERE", "code"),
        ("LCC", "QA", "'; --", "code"),
        ("LCC", "QA", "", "code"),
    ],
)
def test_what_cannot_be_a_mapping_is_refused_and_nothing_of_it_kept(
    embedded: Library, scheme: str, value: str, code: str, part: str
) -> None:
    wanted = [
        SubjectMapping(scheme="LCC", value="QB", code="P1"),
        SubjectMapping(scheme=scheme, value=value, code=code),
    ]
    with pytest.raises(WrongEditError) as refused:
        embedded.store.subjects.map_many(wanted, BY)
    assert refused.value.parameter == part
    assert embedded.store.subjects.mappings() == []
    assert embedded.store.subject_queue.waiting() == []


@pytest.mark.parametrize(
    ("code", "values", "part"),
    [
        ("NEW", {"name_zh": "新"}, "name_en"),
        ("T", {"parent": "TP3"}, "parent"),
        ("TP", {"parent": "TP"}, "parent"),
        ("TP", {"parent": "NOWHERE"}, "parent"),
        ("1", {"name_zh": "新", "name_en": "New"}, "code"),
        ("TP", {"name_en": "x" * 200}, "name_en"),
    ],
)
def test_what_cannot_be_a_class_is_refused(embedded: Library, code: str, values: dict[str, Any], part: str) -> None:
    with pytest.raises(WrongEditError) as refused:
        embedded.store.subjects.set_class(code, BY, **values)
    assert refused.value.parameter == part


@pytest.mark.parametrize("change", ["m1", "c99", "x1", "", "m", "m²", "m" + "9" * 30, "1"])
def test_a_change_that_is_not_there_cannot_be_taken_back(embedded: Library, change: str) -> None:
    with pytest.raises(UnknownEditError):
        embedded.store.subjects.undo(change, BY)


def test_changes_are_audited(embedded: Library) -> None:
    change, _ = embedded.store.subjects.map("LCC", "QA", "O1", BY)
    embedded.store.subjects.undo(change.id, Signed(who="Wu", note="No."))
    with embedded.store.database.read() as connection:
        rows = connection.execute(
            select(schema.audit.c.action, schema.audit.c.object).order_by(schema.audit.c.key)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("subject.map", f"subjects:{change.id}"),
        ("subject.mapping.undo", f"subjects:{change.id}"),
    ]


def test_many_works_follow_in_batches_and_a_kill_between_leaves_them_waiting(
    embedded: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.reclassifying, "_PAGE", 3)
    monkeypatch.setattr(indexer.reclassifying, "_PAGES_A_COMMIT", 2)
    put(embedded, *(article(number, f"Study {number}", "stress") for number in range(25)))
    embedded.store.subjects.map("keyword", "stress", "B84", BY)
    made = 0

    def killed() -> Any:
        describe = embedded.pipeline._describe()

        def some(works: Iterable[StoredWork]) -> Iterator[Document]:
            nonlocal made
            for document in describe(works):
                made += 1
                if made > 12:
                    raise KeyboardInterrupt
                yield document

        return some

    with pytest.raises(KeyboardInterrupt):
        described(embedded, killed).reclassify(embedded.index)
    assert len(embedded.store.subject_queue.waiting()) == 1
    assert 0 < len(in_class(embedded, "B84")) < 25
    assert len(indexed(embedded)) == 25
    assert len(in_class(embedded, "B84")) == 25
    assert embedded.store.subject_queue.waiting() == []


def test_what_is_said_while_works_follow_is_done_the_next_time(shelves: Library) -> None:
    shelves.store.subjects.map("keyword", "stress", "B84", BY)

    def meanwhile() -> Any:
        describe = shelves.pipeline._describe()
        shelves.store.subjects.map("keyword", "stress", "R74", BY)
        return describe

    described(shelves, meanwhile).reclassify(shelves.index)
    assert in_class(shelves, "B84") == {"Compilers", "Cheese"}
    assert len(indexed(shelves)) == 2
    assert (in_class(shelves, "B84"), in_class(shelves, "R74")) == (set(), {"Compilers", "Cheese"})


def test_a_rebuild_settles_what_waits(shelves: Library) -> None:
    shelves.store.subjects.map("keyword", "stress", "B84", BY)
    Pipeline(shelves.store).rebuild_index(shelves.index)
    assert in_class(shelves, "B84") == {"Compilers", "Cheese"}
    assert shelves.store.subject_queue.waiting() == []
