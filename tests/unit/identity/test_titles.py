"""Titles: folded, parted by script, and how alike two are."""

from __future__ import annotations

import pytest

from indexer.identity.titles import Likeness, Title, compare_titles, is_slip, parts_of


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("Crohn's disease & X", [("crohns disease 10", "latin")]),
        ("Études sur l'été", [("etudes sur lete", "latin")]),
        (
            "Efficient Regular Expression Matching Algorithm Based on DoLFA 基于DoLFA的高效正则表达式匹配算法",
            [
                ("efficient regular expression matching algorithm based on dolfa", "latin"),
                ("基于dolfa的高效正则表达式匹配算法", "han"),
            ],
        ),
        (
            "中國農業經濟發展史研究 A history of Chinese agriculture",
            [("中国农业经济发展史研究", "han"), ("a history of chinese agriculture", "latin")],
        ),
        ("COVID-19 疫情对旅游业的影响", [("covid19疫情对旅游业的影响", "han")]),
        ("The particle 的 in Mandarin relative clauses", [("the particle 的 in mandarin relative clauses", "latin")]),
        (
            "Digital economy and labour markets Цифровая экономика и рынок труда",
            [("digital economy and labour markets", "latin"), ("цифровая экономика и рынок труда", "cyrillic")],
        ),
        ("The role of TNF-α in sepsis", [("the role of tnf α in sepsis", "latin")]),
        ("Lakes. Part IV", [("lakes part 4", "latin")]),
        ("Lakes: part B", [("lakes part 998", "latin")]),
        ("水稻研究（上）", [("水稻研究1", "han")]),
        ("水稻研究之二", [("水稻研究之2", "han")]),
        ("", []),
        ("?!", []),
    ],
)
def test_a_title_is_folded_and_parted_where_its_script_changes(title: str, parts: list[tuple[str, str]]) -> None:
    assert list(parts_of([title])) == [Title(*part) for part in parts]


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("Meta-analysis of on-line trials", "Metaanalysis of online trials", "equal"),
        ("Lake studies, part II", "Lake studies: Part 2", "equal"),
        ("中國農業經濟發展史研究", "中国农业经济发展史研究", "equal"),
        ("Inferring structure in semistructured data", "Infering structure in semistructured data", "near"),
        ("Treatment of low back pain in adult workers", "The treatment of low-back pain in adult workers", "near"),
        ("Diminished control in crowdsourcing", "Diminished control in crowdsourcing: a study of work", "head"),
        (
            "Are drugs useful in closed thoracostomy",
            "Utilidad de drogas. Are drugs useful in closed thoracostomy",
            "head",
        ),
        (
            "Providing recovery for all workflow management systems now",
            "Providing recovery for all workflow systems now",
            "longer",
        ),
        ("Surgical treatment of low back pain in workers", "Treatment of low back pain in workers", "edged"),
        (
            "Effects of melatonin on sleep and weight gain in rats",
            "Effects of melatonin on sleep and weight gain in mice",
            "close",
        ),
        (
            "Role of vitamin A in the prevention of early blindness",
            "Role of vitamin D in the prevention of early blindness",
            "close",
        ),
        (
            "Management of hypertension in pregnancy among rural women",
            "Management of hypotension in pregnancy among rural women",
            "close",
        ),
        (
            "Management of hepatitis of young adults with interferon",
            "Management of hepatitis of young adults without interferon",
            "close",
        ),
        ("Lake studies, part I: theory", "Lake studies, part II: practice", "numbered"),
        ("Lake studies: part A", "Lake studies: part B", "numbered"),
        ("Cancer statistics, 2019", "Cancer statistics, 2020", "numbered"),
        ("水稻研究（上）", "水稻研究（下）", "numbered"),
        ("高温条件下水稻产量的变化研究", "低温条件下水稻产量的变化研究", "close"),
        ("Nitrogen in lakes", "Whales of the southern seas", "other"),
        ("Nitrogen in temperate lakes", "温带湖泊中的氮", "incomparable"),
    ],
)
def test_titles_are_alike_by_letters_slips_words_and_numbers(one: str, other: str, likeness: Likeness) -> None:
    a, b = parts_of([one]), parts_of([other])
    assert compare_titles(a, b).likeness == likeness
    assert compare_titles(b, a).likeness == likeness


def test_a_bilingual_title_agrees_with_either_of_its_parts() -> None:
    both = parts_of(["A history of Chinese agriculture 中国农业经济发展史研究"])
    assert compare_titles(both, parts_of(["中國農業經濟發展史研究"])) == ("equal", 33)
    assert compare_titles(both, parts_of(["A History of Chinese Agriculture"])).likeness == "equal"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("inferring", "infering", True),
        ("multi", "mutli", True),
        ("disorder", "disorders", True),
        ("hypertension", "hypotension", False),
        ("intracellular", "intercellular", False),
        ("hiv", "hcv", False),
        ("2019", "2010", False),
    ],
)
def test_a_slip_is_the_same_word_and_its_opposite_is_not(one: str, other: str, *, expected: bool) -> None:
    assert is_slip(one, other) is expected
    assert is_slip(other, one) is expected
