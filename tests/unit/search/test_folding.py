"""The same word written differently becomes the same letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.search.folding import fold, fold_with_origins


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("MÜLLER", "muller"),
        ("Mu\u0308ller", "muller"),
        ("Straße", "strasse"),
        ("Ångström Łódź Ærø", "angstrom lodz aero"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("CO₂ ﬁnance", "co2 finance"),
        ("İstanbul ılık", "istanbul ilik"),
        ("Ёлка новый", "елка новый"),
        ("новыи\u0306", "новый"),
        ("Ελληνικός", "ελληνικοσ"),
        ("الْعَرَبِيَّة", "العربيه"),
        ("أإآٱ كتـــاب ٢٠٢٤", "اااا كتاب 2024"),
        ("學習資訊圖書館", "学习资讯图书馆"),
        ("が か\u3099", "が が"),
        ("हिन्दी", "हिन्दी"),
        ("state‐of‑the–art", "state-of-the-art"),
        ("Alzheimer’s", "alzheimer's"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("a\x00b \ud800", "a\x00b  "),
    ],
)
def test_forms_of_one_word_fold_to_the_same_letters(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_origins_lead_back_to_the_text() -> None:
    text = "Der Mu\u0308ller aus ﬁeld 學習"
    folded, origins = fold_with_origins(text)
    start = folded.index("muller")
    assert text[origins[start] : origins[start + len("muller")]] == "Mu\u0308ller"
    start = folded.index("学习")
    assert text[origins[start] : origins[start + 2]] == "學習"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Mn", "Mc", "Me", "Lo"])))
def test_folding_with_origins_folds_the_same(text: str) -> None:
    folded, origins = fold_with_origins(text)
    assert folded == fold(text)
    assert len(origins) == len(folded) + 1
    assert origins == sorted(origins)
