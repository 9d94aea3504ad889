"""Citations as the styles' own manuals write them, in both scripts."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_api.exporting.citations import LABELS, STYLES, cite
from search_api.exporting.item import Item, Person
from search_api.exporting.names import initials
from tests.unit.exporting.items import CHINESE, ENGLISH, items

_TODAY = date(2026, 1, 2)
_ARTICLE = "Perovskite solar cells: a review of stability"
_DOI = "https://doi.org/10.1000/x_1"
_ENDING = f"pp. 100–10, {_DOI}."
_CHINESE = "钙钛矿太阳能电池的稳定性研究"


def _with(item: Item = ENGLISH, **values: Any) -> Item:
    return dataclasses.replace(item, **values)


def _authors(count: int) -> tuple[Person, ...]:
    return tuple(Person(name=f"Given Family{n}", family=f"Family{n}", given="Given") for n in range(1, count + 1))


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (
            "apa",
            f"Müller, J. A., & Smith, J. (2021). {_ARTICLE}. Journal of Things, 12(3), 100–110. https://doi.org/10.1000/x_1",
        ),
        (
            "mla",
            f"Müller, Jörg A., and Jane Smith. “{_ARTICLE}.” Journal of Things, vol. 12, no. 3, 3 May 2021, {_ENDING}",
        ),
        (
            "chicago",
            f"Müller, Jörg A., and Jane Smith. 2021. “{_ARTICLE}.” Journal of Things 12 (3): 100–110. {_DOI}.",
        ),
        ("vancouver", f"Müller JA, Smith J. {_ARTICLE}. Journal of Things. 2021 May 3;12(3):100-10. doi:10.1000/x_1"),
        ("gb7714", f"MÜLLER J A, SMITH J. {_ARTICLE}[J]. Journal of Things, 2021, 12(3): 100-110. DOI:10.1000/x_1."),
    ],
)
def test_an_english_article_is_cited_as_the_style_wants(style: str, expected: str) -> None:
    assert cite(ENGLISH, style, _TODAY) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("apa", f"王小明, 欧阳娜, 李四, 赵六. (2021). {_CHINESE}. 物理学报, 70(3), Article e0123. https://a.example/x"),
        ("mla", f"王小明等. “{_CHINESE}.” 物理学报, vol. 70, no. 3, May 2021, article e0123, https://a.example/x."),
        ("chicago", f"王小明, 欧阳娜, 李四, 赵六. 2021. “{_CHINESE}.” 物理学报 70 (3): e0123. https://a.example/x."),
        (
            "vancouver",
            f"王小明, 欧阳娜, 李四, 赵六. {_CHINESE}. 物理学报. 2021 May;70(3):e0123. Available from: https://a.example/x",
        ),
        (
            "gb7714",
            f"王小明, 欧阳娜, 李四, 等. {_CHINESE}[J/OL]. 物理学报, 2021, 70(3): e0123[2026-01-02]. https://a.example/x.",
        ),
    ],
)
def test_a_chinese_article_is_cited_with_whole_names(style: str, expected: str) -> None:
    assert cite(CHINESE, style, _TODAY) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("apa", "Rossi, A. (2019). A thesis [Thesis]. Univ."),
        ("mla", "Rossi, Anna. A thesis. 2019. Univ, Thesis."),
        ("chicago", "Rossi, Anna. 2019. “A thesis.” Thesis, Univ."),
        ("vancouver", "Rossi A. A thesis [thesis]. Univ; 2019."),
        ("gb7714", "ROSSI A. A thesis[D]. Univ, 2019."),
    ],
)
def test_a_thesis_names_its_university(style: str, expected: str) -> None:
    thesis = Item(
        id="t",
        type="thesis",
        title="A thesis",
        people=(Person(name="Anna Rossi", family="Rossi", given="Anna"),),
        publisher="Univ",
        year=2019,
    )
    assert cite(thesis, style, _TODAY) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("apa", "WHO. (2019). A chapter. In A Book (pp. 1–9). Pub."),
        ("mla", "WHO. “A chapter.” A Book, Pub, 2019, pp. 1–9."),
        ("chicago", "WHO. 2019. “A chapter.” In A Book, 1–9. Pub."),
        ("vancouver", "WHO. A chapter. In: A Book. Pub; 2019. p. 1-9."),
        ("gb7714", "WHO. A chapter[M]//A Book. Pub, 2019: 1-9."),
    ],
)
def test_a_chapter_names_its_book(style: str, expected: str) -> None:
    people = (Person(name="WHO", is_group=True),)
    chapter = Item(
        id="c",
        type="chapter",
        title="A chapter",
        people=people,
        container="A Book",
        publisher="Pub",
        year=2019,
        pages="1–9",
    )
    assert cite(chapter, style, _TODAY) == expected


@pytest.mark.parametrize(
    ("style", "listed", "end"),
    [
        ("apa", 20, "Family19, G., … Family21, G. (2021)."),
        ("mla", 2, "Family1, Given, et al."),
        ("chicago", 10, "Given Family7, et al. 2021."),
        ("vancouver", 6, "Family6 G, et al."),
        ("gb7714", 3, "FAMILY3 G, et al."),
    ],
)
def test_many_authors_are_cut_where_the_style_cuts_them(style: str, listed: int, end: str) -> None:
    whole = cite(_with(people=_authors(listed)), style, _TODAY)
    assert "et al" not in whole
    assert "…" not in whole
    assert end in cite(_with(people=_authors(listed + 1)), style, _TODAY)


def test_a_retracted_work_says_so_in_its_own_language() -> None:
    for style in STYLES:
        assert cite(_with(status="retracted"), style, _TODAY).endswith(" [Retracted]")
        assert cite(_with(CHINESE, status="withdrawn"), style, _TODAY).endswith(" [已撤回]")
        assert "[" not in cite(_with(status="corrected"), style, _TODAY).replace("[J]", "")


def test_initials_are_those_of_every_part_of_a_name() -> None:
    assert initials("Jean-Pierre A.", mark=".", between=" ", hyphen="-") == "J.-P. A."
    assert initials("JA", mark="", between=" ", hyphen=" ") == "J A"
    assert initials("", mark=".", between=" ", hyphen="-") == ""


def test_a_work_without_author_begins_with_its_title() -> None:
    bare = Item(id="b", type="article", title="Why?")
    assert {style: cite(bare, style, _TODAY) for style in STYLES} == {
        "apa": "Why? (n.d.).",
        "mla": "“Why?”",
        "chicago": "“Why?” n.d.",
        "vancouver": "Why?",
        "gb7714": "Why?[J].",
    }


def test_every_style_has_a_name() -> None:
    assert {style for style, _ in LABELS} == set(STYLES)


@settings(deadline=None)
@given(items, st.sampled_from(STYLES))
def test_any_work_is_cited_on_one_line_with_its_title(item: Item, style: str) -> None:
    text = cite(item, style, _TODAY)
    assert len(text.splitlines()) == 1
    assert item.title.rstrip(".") in text
