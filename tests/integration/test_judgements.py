"""People's judgements: they win over the machine, survive a rebuild, sleep, contradict each other and are undone."""

from __future__ import annotations

import random
from collections.abc import Callable

import orjson
import pytest
from sqlalchemy import func, select

from indexer.errors import UnfitJudgementError, UnknownWorkError, WrongJudgementError
from indexer.judging_desk import By, Decided, JudgingDesk
from indexer.models import Identifier
from indexer.storage import schema
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.judging import BY, FISH, RICE, home, record, states
from tests.integration.test_identity_walk import Shelf, check
from tests.repository import Item, ListRepository

_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title>{}</oai_dc:dc>"
)


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(library, random.Random(1))  # noqa: S311


@pytest.fixture
def desk(shelf: Shelf) -> JudgingDesk:
    shelf.library.pipeline.join_pending()  # by which rules identity is computed is written down
    return JudgingDesk(shelf.library.store, shelf.library.pipeline)


def rows(shelf: Shelf) -> int:
    with shelf.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.judgements)).scalar_one())


# --- one work, or not --------------------------------------------------------------------------


def test_what_a_person_says_is_one_work_is_one_until_it_is_undone(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH))
    one, other = home(shelf, "1"), home(shelf, "2")
    horizon = shelf.library.store.feed.horizon()
    made = desk.merge([one.id, other.id], BY)
    assert (made.created, made.judgement.kind, made.judgement.state) == (True, "same", "in_force")
    assert made.works == (one.id,)
    assert home(shelf, "2").id == one.id
    target = shelf.library.store.catalogue.target(found := shelf.library.store.catalogue.by_id(other.id) or one)
    assert (found.state, target and target.id) == ("merged", one.id)
    assert {(change.work_key, change.kind) for change in shelf.library.store.feed.after(horizon, 10)} == {
        (one.key, "changed"),
        (other.key, "merged"),
    }
    check(shelf.library)
    undone = desk.undo(made.judgement.id, By(who="Wu", reason="They are two."))
    assert (undone.judgement.state, undone.judgement.undone_by) == ("undone", "Wu")
    assert (home(shelf, "1").id, home(shelf, "2").id) == (one.id, other.id), "each takes its own id up again"
    check(shelf.library)


def test_a_split_parts_what_the_machine_joined_and_goes_on_when_records_change(shelf: Shelf, desk: JudgingDesk) -> None:
    doi = (Identifier(scheme="doi", value="10.5555/shared"),)
    shelf.save(*(record(name, identifiers=doi) for name in "123"))
    work = home(shelf, "1")
    assert home(shelf, "3").id == work.id
    apart = next(one for one in work.data["manifestations"] if one in home(shelf, "3").data["manifestations"])
    made = desk.split(work.id, [["a:3"]], BY)
    assert len(made.works) == 2
    assert home(shelf, "1").id == home(shelf, "2").id != home(shelf, "3").id
    shelf.save(record("3", identifiers=doi, volume="4"))
    assert home(shelf, "3").id != home(shelf, "1").id
    check(shelf.library)
    again = desk.split(work.id, [["a:3"]], BY)
    assert (again.created, again.judgement.id, rows(shelf)) == (False, made.judgement.id, 1)
    assert apart


def test_records_left_unnamed_stay_together_and_groups_are_parted_from_each_other(
    shelf: Shelf, desk: JudgingDesk
) -> None:
    doi = (Identifier(scheme="doi", value="10.5555/shared"),)
    shelf.save(*(record(name, identifiers=doi) for name in "123456"))
    ids = {name: one for one in home(shelf, "1").data["manifestations"] for name in [one]}
    assert len(ids) == 6
    desk.split(home(shelf, "1").id, [["a:3", "a:4"], ["a:5"]], BY)
    works = [home(shelf, name).id for name in "123456"]
    assert works[0] == works[1] == works[5]
    assert works[2] == works[3]
    assert len(set(works)) == 3
    check(shelf.library)


def test_works_that_are_not_the_same_stay_apart_when_the_machine_learns_better(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH))
    made = desk.distinct([home(shelf, "1").id, home(shelf, "2").id], BY)
    doi = (Identifier(scheme="doi", value="10.5555/shared"),)
    shelf.save(record("1", identifiers=doi), record("2", identifiers=doi))
    assert home(shelf, "1").id != home(shelf, "2").id
    check(shelf.library)
    desk.undo(made.judgement.id, BY)
    assert home(shelf, "1").id == home(shelf, "2").id


def test_of_two_that_contradict_each_other_the_newest_holds_and_the_answer_names_the_other(
    shelf: Shelf, desk: JudgingDesk
) -> None:
    shelf.save(record("1"), record("2", FISH))
    works = [home(shelf, "1").id, home(shelf, "2").id]
    first = desk.distinct(works, BY)
    second = desk.merge(works, BY)
    assert second.overrules == (first.judgement.id,)
    assert states(desk) == {first.judgement.id: "overruled", second.judgement.id: "in_force"}
    third = desk.split(works[0], [["a:2"]], BY)
    assert third.overrules == (second.judgement.id,)
    assert home(shelf, "1").id != home(shelf, "2").id
    back = desk.undo(third.judgement.id, BY)
    assert back.restores == (second.judgement.id,)
    assert home(shelf, "1").id == home(shelf, "2").id
    check(shelf.library)


def test_a_record_split_off_a_work_joined_by_hand_leaves_the_others_together(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH), record("3", "Rice and lead in the delta"))
    works = [home(shelf, name).id for name in "123"]
    first, second = desk.merge(works[:2], BY), desk.merge([works[0], works[2]], BY)
    made = desk.split(works[0], [["a:2"]], BY)
    assert made.overrules == (first.judgement.id, second.judgement.id)
    assert [home(shelf, name).id for name in "123"] == [works[0], works[1], works[0]]
    check(shelf.library)
    shelf.library.rebuild(normalise=True)
    assert [home(shelf, name).id for name in "123"] == [works[0], works[1], works[0]]


def test_the_same_judgement_twice_is_one_row_unless_it_was_overruled_meanwhile(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH))
    works = [home(shelf, "1").id, home(shelf, "2").id]
    first = desk.merge(works, BY)
    again = desk.merge(works, By(who="Wu", reason="I looked too."))
    assert (again.created, again.judgement.id, again.judgement.who, rows(shelf)) == (False, first.judgement.id, "Li", 1)
    assert again.redirected == {works[1]: works[0]}
    desk.split(works[0], [["a:2"]], BY)
    third = desk.merge(works, BY)
    assert third.created
    assert third.judgement.id != first.judgement.id
    assert home(shelf, "1").id == home(shelf, "2").id


def test_a_judgement_sleeps_while_its_records_are_gone_and_wakes_when_they_return(
    shelf: Shelf, desk: JudgingDesk
) -> None:
    shelf.save(record("1"), record("2", FISH))
    made = desk.merge([home(shelf, "1").id, home(shelf, "2").id], BY)
    shelf.save(gone=[("a", "2")])
    assert states(desk) == {made.judgement.id: "sleeping"}
    shelf.save(record("2", FISH))
    assert states(desk) == {made.judgement.id: "in_force"}
    assert home(shelf, "1").id == home(shelf, "2").id
    shelf.save(gone=[("a", "1"), ("a", "2")])
    assert states(desk) == {made.judgement.id: "sleeping"}


_Deed = Callable[[JudgingDesk, str, str], Decided]


@pytest.mark.parametrize(
    ("deed", "error", "said"),
    [
        (lambda desk, one, _: desk.merge([one, "w0000000000000"], BY), UnknownWorkError, "no work 'w0000000000000'"),
        (lambda desk, one, _: desk.merge([one, "w\x00"], BY), UnknownWorkError, "no work"),
        (lambda desk, one, _: desk.merge([one, one], BY), WrongJudgementError, "2 to 50"),
        (lambda desk, one, _: desk.merge([one, "doi:10.5555/one"], BY), UnfitJudgementError, "all names of one"),
        (lambda desk, one, _: desk.distinct([one, "doi:10.5555/one"], BY), UnfitJudgementError, "one work now"),
        (lambda desk, one, _: desk.split(one, [["a:9"]], BY), WrongJudgementError, "no record 'a:9'"),
        (lambda desk, one, _: desk.split(one, [["a:2"]], BY), WrongJudgementError, "no record 'a:2'"),
        (lambda desk, one, _: desk.split(one, [["a\x00:2", "\udcff"]], BY), WrongJudgementError, "no record"),
        (lambda desk, one, _: desk.split(one, [["a:1"]], BY), WrongJudgementError, "stay together"),
        (lambda desk, one, _: desk.split(one, [], BY), WrongJudgementError, "stay together"),
        (lambda desk, one, _: desk.split(one, [["a:1"], ["a:1"]], BY), WrongJudgementError, "in two groups"),
        (lambda desk, one, _: desk.correct(one, "colour", "red", BY), WrongJudgementError, "no field 'colour'"),
        (lambda desk, one, _: desk.correct(one, "year", "MMXX", BY), WrongJudgementError, "a year such as"),
        (lambda desk, one, _: desk.correct(one, "title", "", BY), WrongJudgementError, "cannot be without title"),
        (lambda desk, one, two: desk.merge([one, two], By(who="Li", reason=" ")), WrongJudgementError, "reason"),
        (lambda desk, one, two: desk.merge([one, two], By(who="Li", reason="x" * 2001)), WrongJudgementError, "2,000"),
        (lambda desk, one, two: desk.merge([one, two], By(who="", reason="x")), WrongJudgementError, "who"),
        (lambda desk, _, __: desk.undo("j0000000000000", BY), UnknownWorkError, "no judgement"),
        (lambda desk, _, __: desk.undo("j\x00", BY), UnknownWorkError, "no judgement"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_what_to_do_and_leaves_nothing(
    shelf: Shelf, desk: JudgingDesk, deed: _Deed, error: type[Exception], said: str
) -> None:
    shelf.save(record("1", identifiers=(Identifier(scheme="doi", value="10.5555/one"),)), record("2", FISH))
    horizon = shelf.library.store.feed.horizon()
    with pytest.raises(error, match=said):
        deed(desk, home(shelf, "1").id, home(shelf, "2").id)
    assert (rows(shelf), shelf.library.store.feed.horizon()) == (0, horizon)


def test_a_work_that_is_gone_cannot_be_judged(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH))
    works = [home(shelf, "1").id, home(shelf, "2").id]
    shelf.save(gone=[("a", "2")])
    with pytest.raises(UnknownWorkError, match="has left the index"):
        desk.merge(works, BY)


def test_what_was_undone_cannot_be_undone_again(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH))
    made = desk.merge([home(shelf, "1").id, home(shelf, "2").id], BY)
    desk.undo(made.judgement.id, BY)
    with pytest.raises(UnfitJudgementError, match="undone already, by Li"):
        desk.undo(made.judgement.id, BY)


def test_who_did_what_is_in_the_audit(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH))
    made = desk.merge([home(shelf, "1").id, home(shelf, "2").id], BY)
    desk.undo(made.judgement.id, By(who="Wu", reason="No."))
    with shelf.database.read() as connection:
        statement = select(schema.audit).where(schema.audit.c.action.startswith("judgement"))
        found = connection.execute(statement.order_by(schema.audit.c.key)).all()
    assert [(row.action, row.object) for row in found] == [
        ("judgement.record", f"judgement:{made.judgement.id}"),
        ("judgement.undo", f"judgement:{made.judgement.id}"),
    ]
    assert orjson.loads(found[0].details)["who"] == "Li"
    assert orjson.loads(found[1].details) == {"who": "Wu", "reason": "No."}


# --- for good ---------------------------------------------------------------------------------


def test_judgements_survive_a_rebuild_with_their_works_ids(library: Library) -> None:
    with ListRepository(page_size=50) as repository:
        source = add_source(library, "x", repository.url)
        for name, title in (("1", RICE), ("2", FISH), ("3", RICE)):
            named = "<dc:identifier>doi:10.5555/shared</dc:identifier>" if title == RICE else ""
            repository.put(Item(f"oai:x:{name}", "2026-01-01", metadata=_DC.format(title, named)))
        assert harvest(library, source).status == "complete"
        library.bring_up_to_date()
        desk = JudgingDesk(library.store, library.pipeline)
        work = library.store.catalogue.by_identifier("doi", "10.5555/shared")
        assert work is not None
        desk.split(work.id, [["x:oai:x:3"]], BY)
        parted = next(one for page in library.store.catalogue.pages() for one in page if one.id != work.id)
        desk.correct(work.id, "title", "Lead uptake of wheat", BY)
        before = _shown(library)
        assert "Lead uptake of wheat" in str(before)
        assert parted.id in before
        library.rebuild(normalise=True)
        assert _shown(library) == before


def _shown(library: Library) -> dict[str, tuple[str, list[str]]]:
    return {
        one.id: (one.data["title"]["value"], sorted(one.data["manifestations"]))
        for page in library.store.catalogue.pages()
        for one in page
    }


@pytest.mark.parametrize("seed", range(4))
def test_after_any_judgements_and_undos_the_works_are_what_records_and_rulings_say(
    shelf: Shelf, desk: JudgingDesk, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    shelf.chance = chance
    made: list[str] = []
    for _ in range(30):
        shelf.save(*{(one.source, one.record_identifier): one for one in [shelf.any_record()]}.values())
        works = [one for page in shelf.library.store.catalogue.pages() for one in page]
        some = chance.sample(works, min(len(works), chance.randint(2, 3)))
        deed = chance.choice(["merge", "distinct", "split", "undo", "correct"])
        if deed == "undo" and made:
            desk.undo(made.pop(chance.randrange(len(made))), BY)
        elif deed == "split":
            large = next((one for one in works if len(one.data["manifestations"]) > 1), None)
            if large is not None:
                made.append(desk.split(large.id, [large.data["manifestations"][:1]], BY).judgement.id)
        elif deed == "correct":
            made.append(desk.correct(some[0].id, "volume", str(chance.randint(1, 9)), BY).judgement.id)
        elif deed != "undo" and len(some) > 1:
            judge = desk.merge if deed == "merge" else desk.distinct
            made.append(judge([one.id for one in some], BY).judgement.id)
        made = list(dict.fromkeys(made))
        check(shelf.library)
    assert made
