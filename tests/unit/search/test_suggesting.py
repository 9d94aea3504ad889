"""What of a work can be suggested, and by what it may begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models import Container, Contributor, Subject, Text, Work, WorkStatus
from indexer.search.pinyin import begun, covered, initials, syllables
from indexer.search.suggesting import form_of, read_value, suggest_values

WORK = Work(
    key=1,
    id="w1",
    version=1,
    first_indexed=datetime(2026, 1, 2, tzinfo=UTC),
    title=Text(value="A title"),
    sources=("doaj",),
)


def begins(work: Work, mark: str) -> set[str]:
    return {value[1:].replace("\x1f", "|") for value in suggest_values(work) if value[0] == mark}


def test_a_subject_begins_with_any_of_its_words_but_small_ones() -> None:
    work = replace(WORK, keywords=("Quality of Life",))
    assert begins(work, "s") == {"quality of life|Quality of Life", "life|Quality of Life"}


def test_what_is_shown_as_it_is_typed_is_kept_once() -> None:
    assert begins(replace(WORK, keywords=("graphene",)), "s") == {"graphene|"}


def test_a_chinese_term_begins_as_it_is_read_too_whatever_its_characters() -> None:
    expected = {"深度学习|深度學習", "shenduxuexi|深度學習", "sdxx|深度學習", "学习|深度學習"}
    assert begins(replace(WORK, keywords=("深度學習",)), "s") == expected


def test_a_journal_leads_to_its_id() -> None:
    work = replace(WORK, container=Container(title="Journal of Food Research", id="c1"))
    assert begins(work, "j") == {"journal of food research|c1", "food research|c1", "research|c1"}
    assert begins(replace(WORK, container=Container(title="Journal of Food Research")), "j") == set()


def test_an_author_begins_with_the_family_name() -> None:
    people = (
        Contributor(name="José A. Müller", family="Müller", given="José A."),
        Contributor(name="王小明"),
        Contributor(name="WHO Group", is_group=True),
    )
    names = {"muller jose a|José A. Müller", "王小明|", "wangxiaoming|王小明", "wxm|王小明", "who group|WHO Group"}
    assert begins(replace(WORK, contributors=people), "a") == names


def test_headings_of_sections_numbers_and_sentences_are_no_subjects() -> None:
    subjects = (Subject(term="Research Article", scheme="PMC"), Subject(term="2024"), Subject(term="word " * 30))
    assert begins(replace(WORK, subjects=subjects), "s") == set()


@pytest.mark.parametrize("status", ["retracted", "withdrawn"])
def test_what_was_retracted_suggests_nothing(status: WorkStatus) -> None:
    assert suggest_values(replace(WORK, keywords=("graphene",), status=status)) == ()


def test_a_work_with_thousands_of_names_and_keywords_stays_small() -> None:
    people = tuple(Contributor(name=f"王小{chr(0x4E00 + at)}") for at in range(3_000))
    words = tuple(f"大型的主题词和关键词第{chr(0x4E00 + at)}号研究方法" for at in range(1_000))
    assert len(suggest_values(replace(WORK, contributors=people, keywords=words))) <= 90


@given(st.lists(st.text(max_size=40), max_size=5), st.text(max_size=40))
def test_whatever_a_record_says_is_read_back(keywords: list[str], name: str) -> None:
    people = (Contributor(name=name or "x"),)
    work = replace(WORK, keywords=tuple(keywords), contributors=people, container=Container(title=name, id="c1"))
    for value in suggest_values(work):
        one = read_value(value)
        assert one.form == form_of(one.form) != ""
        assert one.shown


@pytest.mark.parametrize(
    ("text", "read"),
    [("重庆银行", "chong qing yin hang"), ("音乐", "yin yue"), ("绿色", "lv se"), ("深x度", "shen x du")],
)
def test_phrases_are_read_as_they_are_said(text: str, read: str) -> None:
    assert " ".join(syllables(text)) == read


@pytest.mark.parametrize(
    ("typed", "reached"), [("shendux", 3), ("sdxx", 4), ("shdx", 3), ("shenduxuexi", 4), ("xd", 0), ("shenduxuexia", 0)]
)
def test_syllables_may_be_cut_anywhere(typed: str, reached: int) -> None:
    assert covered(typed, ("shen", "du", "xue", "xi")) == reached


def test_mixed_typing_leads_to_first_letters() -> None:
    assert initials(syllables("深度学习")) == "sdxx"
    assert "sdxx" in list(begun("shendxx"))
    assert len(list(begun("x" * 200))) <= 4
