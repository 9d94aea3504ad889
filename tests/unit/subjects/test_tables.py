"""The tables that come with the program agree with each other."""

from __future__ import annotations

import pytest

from indexer.subjects.tables import (
    base_classes,
    base_terms,
    fold_term,
    lcc_letters,
    lcc_ranges,
    read_pairs,
    section_headings,
    split_notation,
)
from indexer.subjects.tree import SubjectTree

TREE = SubjectTree()


def test_the_tree_has_all_main_classes_and_their_divisions() -> None:
    tops = [one.code for one in TREE.children(None)]
    assert tops == list("ABCDEFGHIJKNOPQRSTUVXZ")
    assert len(base_classes()) > 200
    assert len({one.code for one in base_classes()}) == len(base_classes()), "a code stands twice"
    assert all(TREE.children(top) for top in tops)


def test_every_class_has_both_names_and_stands_below_the_beginning_of_its_code() -> None:
    for one in base_classes():
        assert one.name_en.isascii(), one
        assert any("\u4e00" <= letter <= "\u9fff" for letter in one.name_zh), one
        assert one.parent is None or (one.parent in TREE and one.code.startswith(one.parent)), one


def test_whatever_leads_somewhere_leads_to_a_class() -> None:
    ranges = {row.code for rows in lcc_ranges().values() for row in rows}
    assert {*lcc_letters().values(), *ranges, *base_terms().values()} <= {one.code for one in TREE}


def test_every_letter_of_lcc_leads_somewhere() -> None:
    assert {letters for letters in lcc_letters() if len(letters) == 1} == set("ABCDEFGHJKLMNPQRSTUVZ")


def test_no_term_leads_to_two_classes() -> None:
    found: dict[str, set[str]] = {}
    for code, terms in read_pairs("terms.psv"):
        for term in filter(str.strip, terms.split(";")):
            found.setdefault(fold_term(term), set()).add(code)
    assert {term: codes for term, codes in found.items() if len(codes) > 1} == {}
    assert len(found) > 2_000


def test_no_heading_of_a_section_is_a_term() -> None:
    assert section_headings() & base_terms().keys() == set()


@pytest.mark.parametrize(
    ("mark", "letters", "number"),
    [
        ("QA75.5-76.95", "QA", "75.5"),
        ("R5-920", "R", "5"),
        (" qr1-502", "QR", "1"),
        ("Q", "Q", ""),
        ("KBP1-4860", "KBP", "1"),
        ("75", "", ""),
        ("", "", ""),
        ("Ｑ1", "", ""),
        ("Q" + "9" * 400, "Q", "99999"),
    ],
)
def test_a_class_mark_is_letters_and_its_first_number(mark: str, letters: str, number: str) -> None:
    assert split_notation(mark) == (letters, number)
