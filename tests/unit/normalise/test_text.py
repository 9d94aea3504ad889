from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.normalise.text import clean_abstract, clean_line, clean_title, strip_glued_digit


@pytest.mark.parametrize(
    ("title", "abstract", "clean"),
    [
        ("Depression among gay people1", "", "Depression among gay people"),
        ("Stabilization of Twist1", "", "Stabilization of Twist1"),
        ("Binding of calmodulin2", "We studied calmodulin2.", "Binding of calmodulin2"),
        ("The tumour suppressor p53", "", "The tumour suppressor p53"),
        ("Growth in 2011", "", "Growth in 2011"),
    ],
)
def test_a_glued_footnote_digit_goes_only_where_that_is_safe(title: str, abstract: str, clean: str) -> None:
    assert strip_glued_digit(title, abstract) == clean


FRAGMENTS = st.sampled_from(
    (
        "<p>", "</p>", "<h4>", "</h4>", "<i", ">", "<sup>2</sup>", "&amp;", "&lt;", "&gt;", "lt;", "&#38;", "$",
        "{", "}",        "_", "^", "\\", "\\alpha", "\\'e", "Ã©", "e\u0301", "*", "A",
        "Abstract ", "ABSTRACT: ", "\n\n", "\r\n", " ", "\x0b",
    )
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.one_of(FRAGMENTS, st.text(max_size=3)), max_size=20).map("".join))


@pytest.mark.parametrize("text", ["$<P>A$", "<I<P>&gt;", "\xa0Â¡", "&a<b>mp;lt;", "Abstract <b>Abstract</b> A"])
@pytest.mark.parametrize("clean", [clean_line, clean_abstract, clean_title])
def test_what_only_appears_when_the_text_is_put_together_is_cleaned_too(clean: Callable[[str], str], text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize("clean", [clean_line, clean_abstract, clean_title])
@settings(max_examples=500, deadline=None)
@given(text=TEXTS)
def test_cleaning_never_fails_and_twice_is_once(clean: Callable[[str], str], text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize(
    "hostile",
    [
        "&amp;" * 200_000,
        "&" + "amp;" * 200_000 + "lt;",
        "<script>" * 100_000,
        "<!--" * 100_000,
        "<a " + "x " * 300_000,
        " " * 500_000 + "\n" + " " * 500_000 + "x",
        "<h4>" * 100_000,
        "$" * 300_000,
        "\\" * 300_000,
        "*" * 300_000 + "x",
        "<" * 300_000,
        "{" * 300_000,
        "{\\em " * 60_000,
        " \\cite[" * 60_000,
        "\\begin{" * 60_000,
        "x_{1} " * 60_000,
        "$1-1" * 60_000,
        "a. " * 100_000,
        "; " * 100_000,
        "Abstract: " * 50_000,
    ],
    ids=lambda text: text[:8],
)
def test_a_hostile_text_costs_no_more_than_its_length(hostile: str) -> None:
    start = time.process_time()
    clean_abstract(hostile)
    clean_title(hostile)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("JosÃ© GarcÃ\xada", "José García"),
        ("Jose\u0301 Garci\u0301a", "José García"),
        ("  Jane   Roe ", "Jane Roe"),
        ("the <foo> and the <bar baz=1> of it", "the <foo> and the <bar baz=1> of it"),
    ],
)
def test_lines_are_mended_and_what_is_no_markup_stays(written: str, clean: str) -> None:
    assert clean_line(written) == clean
