"""Judgements of pairs: what is one work, what is related, what is kept apart, and what a person should see."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings

from indexer.identity.judging import Judgement, Reason, contradict, judge, words
from indexer.identity.portrait import Portrait
from indexer.identity.wording import CODES
from tests.unit.identity.drawing import JOURNAL, PEOPLE, TITLE, draw
from tests.unit.identity.worlds import portraits

_PLACED = {"journal": JOURNAL, "volume": "12", "pages": "3-14"}


def _codes(judgement: Judgement) -> set[str]:
    return {reason.code for reason in judgement.reasons}


def _subject(left: Portrait, right: Portrait) -> Portrait:
    return left if judge(left, right).subject_is_left else right


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (draw(ids=["doi:10.1/a"], people=["Smith, John"]), draw(ids=["doi:10.1/a"], people=[], year=None)),
        (draw(ids=["pmid:1"]), draw(ids=["pmid:1", "doi:10.1/a"], year=2021)),
        (draw(), draw(people=["Jane Doe", "J. Smith"])),
        (draw(**_PLACED), draw(journal="J Hydrol", volume="12", pages="3-14", year=2021)),
        (draw("Efectos del nitrógeno en lagos", **_PLACED), draw(**_PLACED)),
        (draw("Efeitos do nitrogênio", ids=["doi:10.1/a"], language="pt"), draw(ids=["doi:10.1/a"], language="en")),
        (
            draw("基于深度学习的图像识别方法研究", ["张三"], ids=["doi:10.1/a"]),
            draw(people=["Zhang San"], ids=["doi:10.1/a"]),
        ),
        (draw("中國近代農業經濟發展史研究", ["張三丰"]), draw("中国近代农业经济发展史研究", ["张三丰"])),
        (draw("RETRACTED ARTICLE: " + TITLE, ids=["doi:10.1/a"]), draw(ids=["doi:10.1/a"])),
        (draw("", ids=["doi:10.1/a"]), draw(ids=["doi:10.1/a"])),
        (draw("Editorial", **_PLACED), draw("Editorial", **_PLACED)),
        (draw(translated=["Seen im Norden"]), draw("Seen im Norden", translated=[TITLE])),
        (
            draw(type="preprint", ids=["doi:10.1101/2020.01.01.123456"], year=2019),
            draw(journal="Nature", ids=["doi:10.1/a"]),
        ),
    ],
)
def test_what_agrees_is_one_work(one: Portrait, other: Portrait) -> None:
    assert judge(one, other).verdict == "same", judge(one, other)
    assert not contradict(one, other)


@pytest.mark.parametrize(
    ("subject", "relation", "other"),
    [
        (draw("Corrigendum: " + TITLE, **_PLACED), "corrects", draw(**_PLACED)),
        (draw("Erratum to: " + TITLE, ids=["doi:10.1/a"]), "corrects", draw(ids=["doi:10.1/a"])),
        (draw(type="correction"), "corrects", draw()),
        (draw("Retraction notice to " + TITLE, year=2023), "retracts", draw()),
        (draw("Retracted: " + TITLE, year=2023, ids=["doi:10.1/b"]), "retracts", draw(ids=["doi:10.1/a"])),
        (draw("Comment on “" + TITLE + "”", ["Other, Ann"]), "comments_on", draw()),
        (draw(TITLE + ": reply", year=2021), "replies_to", draw()),
        (draw("Reply to Comment on “" + TITLE + "”"), "replies_to", draw("Comment on “" + TITLE + "”", ["Other, Ann"])),
        (draw(TITLE + ", part II"), "is_part_of_series", draw(TITLE + ", part I")),
        (
            draw("中国近代农业经济发展史研究（下）", ["张三"]),
            "is_part_of_series",
            draw("中国近代农业经济发展史研究（上）", ["张三"]),
        ),
        (
            draw("Effets", ids=["doi:10.1/b"], relations=[("translation_of", "doi:10.1/a")]),
            "is_translation_of",
            draw(ids=["doi:10.1/a"]),
        ),
        (
            draw(ids=["doi:10.1/b"]),
            "is_translation_of",
            draw("Effets", ids=["doi:10.1/a"], relations=[("translated_by", "doi:10.1/b")]),
        ),
        (
            draw(ids=["doi:10.1002/14651858.cd1.pub3"], year=2022),
            "is_version_of",
            draw(ids=["doi:10.1002/14651858.cd1.pub2"]),
        ),
        (
            draw(journal="Diabetes", volume="61", pages="A237"),
            "is_abstract_of",
            draw(journal=JOURNAL, volume="7", pages="20-31", year=2021),
        ),
        (draw(type="thesis"), "is_version_of", draw(journal=JOURNAL)),
        (draw("Data from: " + TITLE, ids=["doi:10.5061/d.1"]), "is_supplement_to", draw(ids=["doi:10.1/a"])),
    ],
)
def test_what_is_about_another_work_is_related_to_it_and_never_joined(
    subject: Portrait, relation: str, other: Portrait
) -> None:
    judgement = judge(subject, other)
    assert (judgement.verdict, judgement.relation) == ("related", relation)
    assert judgement.subject_is_left
    assert not judge(other, subject).subject_is_left
    assert contradict(subject, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            draw(ids=["doi:10.1/a"], pages="3-9", journal=JOURNAL),
            draw(ids=["doi:10.1/b"], pages="30-39", journal=JOURNAL),
        ),
        (draw(ids=["doi:10.1/a"], volume="3", journal=JOURNAL), draw(ids=["doi:10.1/b"], volume="4", journal=JOURNAL)),
        (draw("Whales of the south", ["Nemo, Ann"], ids=["doi:10.1/a"]), draw(ids=["doi:10.1/a"])),
        (
            draw("Effects of melatonin on sleep and weight gain in rats", journal=JOURNAL),
            draw("Effects of melatonin on sleep and weight gain in mice", journal=JOURNAL),
        ),
        (draw("A phase 2 trial of lake water in patients"), draw("A phase III trial of lake water in patients")),
        (draw(**_PLACED), draw(year=2022, journal="Water Research", volume="40", pages="100-110")),
        (draw(people=["Poe, Mary"]), draw(people=["Smith, John"])),
        (draw("Sleep apnea", []), draw("Sleep apnea", [])),
        (draw("Editorial", [], journal=JOURNAL, volume="3"), draw("Editorial", [], journal=JOURNAL, volume="3")),
    ],
)
def test_what_only_looks_alike_is_kept_apart(one: Portrait, other: Portrait) -> None:
    assert judge(one, other).verdict == "different", judge(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (draw(ids=["doi:10.1/a"], journal=JOURNAL), draw(ids=["doi:10.1/b"], journal=JOURNAL)),
        (draw("Whales of the south", [], ids=["doi:10.1/a"]), draw(people=[], ids=["doi:10.1/a"])),
        (draw("Efeitos do nitrogênio", ids=["doi:10.1/a"]), draw(ids=["doi:10.1/a"])),
        (draw("Editorial", journal=JOURNAL, volume="3"), draw("Editorial", journal=JOURNAL, volume="3")),
        (
            draw("Nitrogen effects on lakes of all temperate regions", type="preprint"),
            draw("Nitrogen effects on lakes of temperate regions", journal="Nature"),
        ),
    ],
)
def test_what_may_be_one_work_waits_for_a_person(one: Portrait, other: Portrait) -> None:
    judgement = judge(one, other)
    assert judgement.verdict == "undecided", judgement


def test_other_dois_on_other_pages_stay_apart_however_much_else_agrees() -> None:
    people = ("Smith, John", "Doe, Jane", "Roe, Mary", "Poe, Karl")
    one = draw(people=people, ids=["doi:10.1/a"], journal=JOURNAL, volume="12", pages="3-9")
    other = draw(people=people, ids=["doi:10.1/b"], journal=JOURNAL, volume="12", pages="30-39")
    assert judge(one, other).verdict == "different"


def test_a_stated_preprint_joins_its_article_under_another_title() -> None:
    preprint = draw("Nitrogen in lakes: a model", type="preprint", ids=["doi:10.1101/2020.01.01.123456"])
    stating = draw(journal="Nature", relations=[("published_from", "doi:10.1101/2020.01.01.123456")])
    silent = draw(journal="Nature")
    assert judge(preprint, stating).verdict == "same"
    assert judge(preprint, silent).verdict == "different"


def test_pages_far_apart_outweigh_an_equal_title_of_two_years() -> None:
    left, right = draw(**_PLACED), draw(year=2021, journal=JOURNAL, volume="13", pages="90-99")
    assert judge(left, right).verdict != "same"
    assert _codes(judge(left, right)) >= {"pages_different", "volume_different", "year_near"}


def test_serial_numbers_of_exports_are_no_issues_and_real_issues_are() -> None:
    column = "Remarks from the northern lakes and rivers department"
    first = draw(column, journal=JOURNAL, volume="24", issue="2")
    assert judge(first, draw(column, journal=JOURNAL, volume="24", issue="3")).verdict != "same"
    exported = draw(column, journal=JOURNAL, volume="24", issue="1112")
    assert judge(exported, draw(column, journal=JOURNAL, volume="24", issue="1113")).verdict == "same"


@settings(max_examples=300, deadline=None)
@given(portraits(), portraits())
def test_a_judgement_is_the_same_from_both_sides(left: Portrait, right: Portrait) -> None:
    assume(left.order != right.order)
    one, other = judge(left, right), judge(right, left)
    assert (one.verdict, one.score, one.reasons, one.relation) == (
        other.verdict, other.score, other.reasons, other.relation,
    )  # fmt: skip
    assert contradict(left, right) == contradict(right, left)
    assert 0 <= one.score <= 1
    if one.relation is not None:
        assert one.subject_is_left != other.subject_is_left
    assert {reason.code for reason in one.reasons} <= CODES


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    for code in CODES:
        reason = Reason(code, 1.0, "X")
        assert words(reason, "en").endswith((".", "X."))
        assert words(reason, "zh").endswith("。")
        assert words(reason, "en") != words(reason, "zh")


def test_a_reason_of_another_version_is_shown_as_it_is() -> None:
    assert words(Reason("title_of_old", 1.0), "en") == "title_of_old"


def test_people_of_an_order_nobody_keeps_are_compared_as_sets() -> None:
    assert judge(draw(people=PEOPLE), draw(people=tuple(reversed(PEOPLE)))).verdict == "same"


def test_a_number_within_a_name_makes_no_series() -> None:
    one, other = draw("Draft genome of Pseudomonas strain A506"), draw("Draft genome of Pseudomonas strain A507")
    assert judge(one, other).verdict == "different"
