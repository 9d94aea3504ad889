"""What titles are sorted by, as text and as numbers in the same order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.search.titles import title_columns, title_key, title_of, title_order


@pytest.mark.parametrize(
    ("title", "language", "order"),
    [
        ("The effect of X: a study", "en", "effect of x a study"),
        ("A", "en", "a"),
        ("The effect", "fr", "the effect"),
        ("L'étude des sols", "fr", "etude des sols"),
        ("Über Müller", "de", "uber muller"),
        ("重庆的水稻", "zh", "zhong qing de shui dao"),
        ("基於深度學習", "zh", "ji yu shen du xue xi"),
        ("Привет мир", "ru", "привет мир"),
        ("???", None, "\uffff"),
    ],
)
def test_titles_are_ordered_by_their_words(title: str, language: str | None, order: str) -> None:
    assert title_order(title, language) == order


_TITLES = st.text(st.sampled_from("aZ09 é水の한йيא𠀀ß-"), max_size=60) | st.text(max_size=60)


@given(_TITLES)
def test_numbers_tell_the_whole_order(title: str) -> None:
    order = title_order(title, None)
    assert title_of(title_columns(order)) == order
    assert all(0 <= column < 2**63 for column in title_columns(order))


@given(_TITLES, _TITLES)
def test_numbers_are_in_the_order_of_texts(one: str, other: str) -> None:
    first, second = title_order(one, None), title_order(other, None)
    assert (first < second) == (title_columns(first) < title_columns(second))


def test_long_titles_are_cut_between_letters() -> None:
    assert title_order("x" * 100, None) == "x" * 44
    assert title_order("й" * 100, None) == "й" * 14
    assert title_order("の" * 100, None) == "の" * 7


def test_the_key_of_a_title_sees_letters_and_digits_only() -> None:
    assert title_key("Deep-Learning: ＡＢＣ 學習!") == title_key("deep learning abc 学习")
    assert title_key("Deep learning 2") != title_key("Deep learning 3")
    assert title_key("?!") == ""
