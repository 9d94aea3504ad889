from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.normalise.text import clean_abstract, clean_line, clean_title, strip_glued_digit

# Every row is a real text of a real repository (DOAJ, PMC, Zenodo, arXiv, PUC-Rio), shortened.
ABSTRACTS = [
    (
        "<h4>Purpose</h4>The Covid-19 pandemic<h4>Methods</h4>We used",
        "Purpose: The Covid-19 pandemic\n\nMethods: We used",
    ),
    ("<h4>Background:</h4><p>Oral</p>", "Background: Oral"),
    ("\n <h4>Abstract</h4>\n <p>This study</p>", "This study"),
    ("Abstract Background We", "Background We"),
    ("Abstract algebra is hard", "Abstract algebra is hard"),
    ("ABSTRACT: Rice", "Rice"),
    ("RESUMO O objetivo do artigo", "O objetivo do artigo"),
    ("【摘要】目的 探讨", "目的 探讨"),
    ("摘 要：本文", "本文"),
    ("No abstract available.", ""),
    ("p &lt; 0.01 and p<0.05, a<b, c>d", "p < 0.01 and p<0.05, a<b, c>d"),
    (
        "&amp;lt;h3&amp;gt;Abstract&amp;lt;/h3&amp;gt;&amp;lt;p&amp;gt;Hemo&amp;nbsp;philia",
        "Hemo philia",
    ),
    ("&lt;p&gt;A&lt;/p&gt;", "A"),
    ("R&ast;D &ndash; x", "R*D – x"),
    ("effective radius R e $R_{e}$ of", "effective radius R e of"),
    (r"measure of $\zeta(s) = \pi^2/6$", "measure of ζ(s) = π²/6"),
    ("bound\nof order $x/\\log x$.", "bound of order x/log x."),
    ("it costs $5 and not $10", "it costs $5 and not $10"),
    ("US$ 5 million, A$ 3", "US$ 5 million, A$ 3"),
    (r"G\"odel, Erd\H{o}s, Poincar\'e, \'{e}t\'e", "Gödel, Erdős, Poincaré, été"),
    (r"50\% of $\alpha$", "50% of α"),
    ("First.\r\n\r\nSecond\r\nline", "First.\n\nSecond line"),
    ("H<sub>2</sub>O at 10<sup>-5</sup>, x<sup>a</sup>", "H₂O at 10⁻⁵, xa"),
    ("<jats:p>Text <jats:italic>in vitro</jats:italic></jats:p>", "Text in vitro"),
    ("a<script>alert(1)</script>b<!-- c -->d", "a b d"),
    ('<p class="x" style="color: red">A</p><br/>B', "A\n\nB"),
    ("SociÃ©tÃ© gÃ©nÃ©rale", "Société générale"),
    ("Ca\u0301fe\u0301 zero\u200bwidth so\u00adft\x0b", "Cáfé zerowidth soft"),
    ("<![CDATA[text]]>", "text"),
    (None, ""),
]

TITLES = [
    ("CAROTID CHEMORECEPTOR ABLATION IMPROVES SURVIVAL", "Carotid chemoreceptor ablation improves survival"),
    ("VULNERÁVEIS", "VULNERÁVEIS"),
    ("ИССЛЕДОВАНИЕ РЫНКА ТРУДА В РФ И США: МЕТОДЫ", "Исследование рынка труда в РФ и США: методы"),
    ("USE OF HPLC-MS (ABCD) IN COVID-19 PATIENTS. PART II", "Use of HPLC-MS (ABCD) in COVID-19 patients. Part II"),
    ("İSTANBUL ILIK SULARI ÜZERİNE", "Istanbul ılık suları üzerine"),
    ("PCR of HIV", "PCR of HIV"),
    ("基于DNA的分析", "基于DNA的分析"),
    ("\n\n Structural\n  basis of <i>E. coli</i> ", "Structural basis of E. coli"),
    ("A study of rats*", "A study of rats"),
    ("Effects of X (a review)†‡", "Effects of X (a review)"),
    ("Path search with A*", "Path search with A*"),
    ("***", "***"),
    ("Preoperative <sup>18</sup>F-FDG PET/CT", "Preoperative ¹⁸F-FDG PET/CT"),
    ("On <i>p</i> &amp; <i>q</i>", "On p & q"),
    ("   ", ""),
]  # fmt: skip


@pytest.mark.parametrize(("dirty", "clean"), ABSTRACTS)
def test_abstracts_of_real_repositories_come_out_clean(dirty: str | None, clean: str) -> None:
    assert clean_abstract(dirty) == clean


@pytest.mark.parametrize(("dirty", "clean"), TITLES)
def test_titles_of_real_repositories_come_out_clean(dirty: str, clean: str) -> None:
    assert clean_title(dirty) == clean


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
