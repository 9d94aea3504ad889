"""What is marked in titles and snippets, and that marking never changes a text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.search.compile import UsedMatch, compile_query
from indexer.search.highlighting import MOST_LETTERS, SNIPPET_LENGTH, Marked, Marks, cut_snippet, mark, marks_of
from indexer.search.query import Query, TokenQuery


def shown(marked: Marked | None) -> str | None:
    """Write the marks as brackets."""
    if marked is None:
        return None
    parts, at = [], 0
    for start, end in marked.spans:
        parts += [marked.text[at:start], "[", marked.text[start:end], "]"]
        at = end
    return "".join([*parts, marked.text[at:]])


def wanted(query: str, match: UsedMatch = "all") -> Marks:
    return marks_of(compile_query(Query(text=query), match), "all", "title")


@pytest.mark.parametrize(
    ("query", "text", "language", "expected"),
    [
        ("神经网络 医学影像", "基于卷积神經網絡的医学影像分割", "zh", "基于卷积[神經網絡]的[医学影像]分割"),
        ("水", "水稻的水分，用水", "zh", "[水]稻的[水]分，用[水]"),
        (
            '"deep learning"',
            "Deep Learning is deep, not learning deep",
            "en",
            "[Deep Learning] is deep, not learning deep",
        ),
        ("covid19", "COVID-19 and covid 19", "en", "[COVID-19] and [covid 19]"),
        ("COVID-19", "Covid19, covid 19", "en", "[Covid19], [covid 19]"),
        ("muller studies", "Müller studied a study", "en", "[Müller] [studied] a [study]"),
        ("comput*", "Computational and compute; recompute", "en", "[Computational] and [compute]; recompute"),
        ("solar -cell", "solar cell", "en", "[solar] cell"),
        ("the effects of heat", "The effect of the heat", "en", "The [effect] of the [heat]"),
        ("the of", "The effect of the heat", "en", "[The] effect [of] [the] heat"),
        ('"of the"', "of heat, of the heat", "en", "of heat, [of the] heat"),
        ("title:heat author:smith", "Heat of Smith", "en", "[Heat] of Smith"),
        ("year:2020", "2020", "en", "2020"),
        ("H2O", "H₂O and h2o", "en", "[H₂O] and [h2o]"),
        ("深度学习 -图像", "图像深度学习", "zh", "图像[深度学习]"),
        ("<b>heat</b>", "<i>heat</i> & b", "en", "<i>[heat]</i> & [b]"),
    ],
)
def test_what_was_looked_for_is_marked(query: str, text: str, language: str, expected: str) -> None:
    assert shown(mark(text, language, wanted(query))) == expected


def test_a_snippet_begins_with_the_sentence_of_most_marks() -> None:
    text = "Rice grows. " * 30 + "We find a disease of rice in fields. " + "Nothing follows here. " * 30
    snippet = shown(cut_snippet(text, "en", wanted("rice disease")))
    assert snippet is not None
    assert "…" in snippet[0] + snippet[-1]
    assert "We find a [disease] of [rice] in fields." in snippet
    assert len(snippet.replace("[", "").replace("]", "")) <= SNIPPET_LENGTH + 2


def test_a_chinese_snippet_is_cut_at_a_sentence() -> None:
    text = "本文研究了很多东西。" * 20 + "我们提出了一种水稻病害识别方法，准确率很高。" + "后来又有很多。" * 30
    snippet = shown(cut_snippet(text, "zh", wanted("水稻 病害")))
    assert snippet is not None
    assert "我们提出了一种[水稻病害]识别方法" in snippet
    assert snippet.startswith(("…本文", "…我们"))


def test_without_a_mark_there_is_no_snippet() -> None:
    assert cut_snippet("Nothing of it.", "en", wanted("rice")) is None
    assert cut_snippet("Anything.", "en", marks_of(TokenQuery(matching=None), "all")) is None
    assert mark("Anything.", "en", Marks()) == Marked(text="Anything.")


def test_a_short_text_is_its_own_snippet() -> None:
    assert shown(cut_snippet("Rice. Heat.", "en", wanted("heat"))) == "Rice. [Heat]."


def test_an_endless_text_is_looked_through_up_to_a_limit() -> None:
    text = "x " * MOST_LETTERS + "rice"
    assert cut_snippet(text, "en", wanted("rice")) is None


_LETTERS = st.text(st.sampled_from("abR i-ce.。 水稻病é\u0301ﬁ<>&\n2"), max_size=400)


@given(_LETTERS, _LETTERS, st.sampled_from(["all", "any"]), st.sampled_from([None, "en", "zh"]), st.integers(20, 250))
def test_spans_lie_in_order_inside_the_text(
    query: str, text: str, match: UsedMatch, language: str | None, length: int
) -> None:
    words = " ".join(part for part in query.replace("-", " ").split() if part.isalnum())[:150]
    if not words:
        return
    marks = wanted(words, match)
    whole = mark(text, language, marks)
    assert whole.text == text
    snippet = cut_snippet(text, language, marks, length)
    assert (snippet is None) == (not whole.spans)
    for marked in (whole, snippet):
        if marked is None:
            continue
        for start, end in marked.spans:
            assert 0 <= start < end <= len(marked.text)
        assert all(earlier[1] < later[0] for earlier, later in pairwise(marked.spans))
    if snippet is not None:
        assert snippet.text.strip("…") in text
        assert snippet.spans
