"""Retracted, corrected, withdrawn works: the state comes, changes and goes with the notice, and the feed tells."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from indexer.errors import QueryError
from indexer.models import Identifier, Manifestation, PartialDate, Relation, Text
from indexer.search.compile import compile_query
from indexer.search.query import Filters, Query, View
from indexer.storage.catalogue import StoredWork
from search_api.library import Library
from tests.integration.test_identity_walk import Shelf, check

_TITLE = "Lead uptake of rice in the river delta"
_DOI = Identifier(scheme="doi", value="10.5555/article")


def article(identifier: str = "article", title: str = _TITLE, **values: object) -> Manifestation:
    return Manifestation(
        source="a",
        record_identifier=identifier,
        datestamp="2026-01-01",
        title=Text(value=title),
        published=PartialDate(year=2020),
        identifiers=values.pop("identifiers", (_DOI,)),  # type: ignore[arg-type]
        **values,  # type: ignore[arg-type]
    )


def notice(title: str, *relations: str, doi: str = "10.5555/notice", **values: object) -> Manifestation:
    return Manifestation(
        source="b",
        record_identifier="notice",
        datestamp="2026-01-01",
        title=Text(value=title),
        published=PartialDate(year=2021, month=3),
        identifiers=(Identifier(scheme="doi", value=doi),),
        relations=tuple(Relation(kind=kind, target=_DOI) for kind in relations),
        **values,  # type: ignore[arg-type]
    )


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(library, random.Random(1))  # noqa: S311


def work_of(shelf: Shelf, identifier: Identifier = _DOI) -> StoredWork:
    found = shelf.library.store.catalogue.by_identifier(identifier.scheme, identifier.value)
    assert found is not None
    return found


def told(shelf: Shelf) -> list[tuple[int, str]]:
    return [(change.work_key, change.kind) for change in shelf.library.store.feed.after(0, 100)]


@pytest.mark.parametrize(
    ("title", "relations", "status", "kind"),
    [
        ("Retraction", ["retracts"], "retracted", "retraction"),
        (f"Retraction: {_TITLE}", [], "retracted", "retraction"),
        (f"Withdrawal: {_TITLE}", ["retracts"], "withdrawn", "withdrawal"),
        ("Corrigendum", ["corrects"], "corrected", "correction"),
        (f"Expression of concern: {_TITLE}", [], "concern", "concern"),
    ],
)
def test_a_notice_that_comes_gives_its_article_the_state_and_its_link(
    shelf: Shelf, title: str, relations: list[str], status: str, kind: str
) -> None:
    shelf.save(article())
    before = work_of(shelf)
    assert (before.work().status, before.work().notices) == (None, ())
    shelf.save(notice(title, *relations))
    after = work_of(shelf)
    assert (after.id, after.version) == (before.id, before.version + 1)
    assert (after.key, "changed") in told(shelf)
    work = after.work()
    assert work.status == status
    assert [(one.kind, one.url, one.title, str(one.published)) for one in work.notices] == [
        (kind, "https://doi.org/10.5555/notice", title, "2021-03")
    ]
    notice_work = work_of(shelf, Identifier(scheme="doi", value="10.5555/notice"))
    assert work.notices[0].manifestation in notice_work.data["manifestations"]
    assert notice_work.work().status is None
    check(shelf.library)


def test_a_notice_that_was_there_first_is_found_by_its_article(shelf: Shelf) -> None:
    shelf.save(notice("Retraction", "retracts"))
    shelf.save(article())
    assert work_of(shelf).work().status == "retracted"


def test_a_notice_that_changes_or_leaves_changes_its_article(shelf: Shelf) -> None:
    shelf.save(article())
    shelf.save(notice("Retraction", "retracts"))
    first = work_of(shelf)
    shelf.save(notice("Retraction", "retracts", abstracts=(Text(value="Data were made up."),)))
    assert work_of(shelf).version == first.version, "what the article does not show of its notice changes nothing"
    shelf.save(
        notice("Retraction", "retracts", doi="10.5555/other"),
    )
    second = work_of(shelf)
    assert second.version == first.version + 1
    assert second.work().notices[0].url == "https://doi.org/10.5555/other"
    later = replace(notice("Retraction", "retracts", doi="10.5555/other"), published=PartialDate(year=2021, month=5))
    shelf.save(later)
    second = work_of(shelf)
    assert str(second.work().notices[0].published) == "2021-05", "also what identity itself does not look at"
    shelf.save(notice("Corrigendum", "corrects"))
    assert work_of(shelf).work().status == "corrected"
    shelf.save(gone=[("b", "notice")])
    last = work_of(shelf)
    assert (last.work().status, last.work().notices, last.work().related) == (None, (), ())
    assert last.version == second.version + 2
    check(shelf.library)


def test_the_gravest_of_several_notices_is_the_state(shelf: Shelf) -> None:
    shelf.save(article(), notice("Retraction", "retracts", "corrects"))
    other = notice("Corrigendum", "corrects", doi="10.5555/corrigendum")
    shelf.save(
        Manifestation(
            source="b",
            record_identifier="corrigendum",
            datestamp="2026-01-01",
            title=other.title,
            relations=other.relations,
            identifiers=other.identifiers,
        )
    )
    work = work_of(shelf).work()
    assert work.status == "retracted"
    assert {one.kind for one in work.notices} == {"retraction", "correction"}


def test_an_article_that_names_a_notice_which_is_not_here_has_the_state_and_an_address(shelf: Shelf) -> None:
    target = Identifier(scheme="pmid", value="123")
    shelf.save(article(relations=(Relation(kind="retracted_by", target=target),)))
    work = work_of(shelf).work()
    assert work.status == "retracted"
    assert [(one.manifestation, one.identifier, one.url) for one in work.notices] == [
        (None, target, "https://pubmed.ncbi.nlm.nih.gov/123")
    ]


def test_a_notice_that_both_sides_name_is_told_once(shelf: Shelf) -> None:
    target = Identifier(scheme="doi", value="10.5555/notice")
    shelf.save(article(relations=(Relation(kind="retracted_by", target=target),)), notice("Retraction", "retracts"))
    assert len(work_of(shelf).work().notices) == 1


@pytest.mark.parametrize(
    ("title", "status"),
    [
        (f"RETRACTED: {_TITLE}", "retracted"),
        (f"WITHDRAWN: {_TITLE}", "withdrawn"),
        (f"Retracted Article: {_TITLE}", "retracted"),
        ("Withdrawn patients: a study of those who leave", None),
        (f"已撤稿：{_TITLE}", "retracted"),
    ],
)
def test_a_title_that_says_so_itself_gives_the_state(shelf: Shelf, title: str, status: str | None) -> None:
    shelf.save(article(title=title))
    assert work_of(shelf).work().status == status


def test_a_comment_is_related_and_is_no_notice(shelf: Shelf) -> None:
    shelf.save(article(), notice("A remark", "comments_on"))
    work = work_of(shelf).work()
    assert (work.status, work.notices) == (None, ())
    assert [(one.relation, one.is_subject) for one in work.related] == [("comments_on", False)]
    other = work_of(shelf, Identifier(scheme="doi", value="10.5555/notice")).work()
    assert [(one.relation, one.is_subject) for one in other.related] == [("comments_on", True)]
    found = shelf.library.store.catalogue.works_of([work.related[0].manifestation])
    assert [one.id for one in found.values()] == [other.id]


def test_the_state_is_searched_by_and_left_out_by(shelf: Shelf) -> None:
    shelf.save(
        article(), notice("Retraction", "retracts"), article("fish", "Fish of the northern lakes", identifiers=())
    )
    library = shelf.library
    library.bring_up_to_date()

    def titles(text: str, *status: str) -> set[str]:
        asked = Query(text=text, filters=Filters(status=status))
        hits = library.index.search(compile_query(asked, "all"), View()).hits
        return {
            work.data["title"]["value"] for work in library.store.catalogue.by_keys([hit.key for hit in hits]).values()
        }

    assert titles("status:retracted") == titles("", "retracted") == {_TITLE}
    assert titles("NOT status:retracted") == {"Retraction", "Fish of the northern lakes"}
    assert titles("", "retracted", "corrected") == {_TITLE}
    assert titles("status:corrected") == set()
    shelf.save(gone=[("b", "notice")])
    library.bring_up_to_date()
    assert titles("status:retracted") == set()


def test_a_state_that_cannot_be_is_told_with_those_that_can() -> None:
    with pytest.raises(QueryError, match="status:withdrawn"):
        compile_query(Query(text="status:retired"), "all")
