"""Where works belong in the subject tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import UnusableRecordError
from indexer.models import Subject
from indexer.normalise.manifestation import normalise
from indexer.subjects.classifying import MOST_UNMAPPED, Classifier, SubjectMapping, UnmappedSubject
from indexer.subjects.tables import SubjectClass
from indexer.subjects.tree import SubjectTree
from tests.unit.pages import cut
from tests.unit.search.test_document import WORK

CLASSIFY = Classifier(SubjectTree())


def said(*mappings: tuple[str, str, str | None], classes: tuple[SubjectClass, ...] = ()) -> Classifier:
    made = (SubjectMapping(scheme=scheme, value=value, code=code) for scheme, value, code in mappings)
    return Classifier(SubjectTree(classes), made)


def work(*subjects: Subject, keywords: tuple[str, ...] = ()) -> Any:
    return replace(WORK, subjects=subjects, keywords=keywords)


def lcc(code: str | None, term: str = "?!") -> Subject:
    return Subject(term=term, scheme="LCC", code=code)


@pytest.mark.parametrize(
    ("scheme", "code", "term", "expected"),
    [
        ("LCC", "R", "Medicine", "R"),
        ("LCC", "R5-920", "Medicine (General)", "R"),
        ("LCC", "QA1-939", "Mathematics", "O1"),
        ("LCC", "QA75.5-76.95", "Electronic computers. Computer science", "TP3"),
        ("LCC", "QA76.9", "x", "TP3"),
        ("LCC", "QA77", "x", "O1"),
        ("LCC", "TP248.13-248.65", "Biotechnology", "Q81"),
        ("LCC", "TP368-456", "Food processing and manufacture", "TS"),
        ("LCC", "RC254-282", "Neoplasms", "R73"),
        ("LCC", "T", "Technology", "T"),
        ("LCC", "S", "Agriculture", "S"),
        ("LCC", "H", "Social Sciences", "C"),
        ("LCC", "KBP1-4860", "Islamic law", "D9"),
        ("LCC", None, "Science: Biology (General)", "Q"),
        ("LCC", None, "Science: Something new", "N"),
        ("LCC", "??", "Something new", None),
        ("CLC", "TP391.41", "TP391.41", "TP3"),
        ("CLC", "[TU986]", "[TU986]", "TU"),
        ("CLC", "I247.5", "I247.5", "I2"),
        ("clc", "R73-3", "R73-3", "R73"),
        ("CLC", "W1", "W1", None),
        ("PMC", None, "Research Article", ""),
        ("PMC", None, "Microbiology", "Q93"),
        ("PMC", None, "Special topic on: Stigma", None),
        ("MeSH", None, "*Neoplasms/genetics", "R73"),
        ("LCSH", None, "Libraries--China--History", "K1"),
        ("keyword", None, "Mathematics - Combinatorics", "O1"),
        ("keyword", None, "機器學習", "TP1"),
        ("keyword", None, "Ｍａｃｈｉｎｅ　Learning", "TP1"),
        ("keyword", None, "ONCOLOGÍA", "R73"),
        ("keyword", None, "severe type 2 diabetes mellitus", "R5"),
        ("keyword", None, "neural network", "TP1"),
        ("keyword", None, "teaching materials", None),
        ("keyword", None, "stress", None),
        ("keyword", None, "", None),
    ],
)
def test_a_subject_leads_to_its_class(scheme: str, code: str | None, term: str, expected: str | None) -> None:
    assert CLASSIFY.class_of(scheme, code, term) == expected
    assert CLASSIFY.class_of(scheme, code, term) == expected, "what is remembered is the same"


def test_a_work_is_in_its_classes_and_in_all_above_them_once() -> None:
    found = CLASSIFY(work(lcc("QA75.5-76.95"), lcc("TP368-456"), keywords=("Machine learning", "deep learning")))
    assert found.codes == ("T", "TP", "TP3", "TS", "TP1")
    assert found.unmapped == ()


def test_the_broad_class_that_doaj_adds_counts_only_where_nothing_says_more() -> None:
    assert CLASSIFY(work(lcc("Q", "Science"), lcc("QH301-705.5", "Biology (General)"))).codes == ("Q", "Q1")
    assert CLASSIFY(work(lcc("Q", "Science"))).codes == ("N",)
    assert CLASSIFY(work(lcc("Q", "Science"), lcc("R", "Medicine"))).codes == ("N", "R")


def test_what_leads_nowhere_is_listed_with_scheme_code_and_term() -> None:
    found = CLASSIFY(work(lcc("??", "Odd | things"), Subject(term="Stigma", scheme="PMC"), keywords=("stress",)))
    assert found.codes == ()
    assert [UnmappedSubject.read(one) for one in found.unmapped] == [
        UnmappedSubject(scheme="LCC", code="??", term="Odd | things"),
        UnmappedSubject(scheme="PMC", code=None, term="Stigma"),
        UnmappedSubject(scheme="keyword", code=None, term="stress"),
    ]


def test_keywords_that_lead_nowhere_are_listed_only_of_works_in_no_class() -> None:
    assert CLASSIFY(work(keywords=("stress", "asthma"))).unmapped == ()
    assert CLASSIFY(work(Subject(term="Research Article", scheme="PMC"))).unmapped == ()


def test_a_work_with_a_thousand_subjects_stays_small() -> None:
    found = CLASSIFY(work(*(lcc("?", f"Odd thing {number}" + "x" * 5_000) for number in range(1_000))))
    assert len(found.unmapped) == MOST_UNMAPPED
    assert max(map(len, found.unmapped)) < 300


# --- the library's own word ---------------------------------------------------------------------


def test_the_library_has_the_last_word_on_a_term_whatever_its_case() -> None:
    classify = said(("keyword", "Machine Learning", "G25"), ("LCC", "Science", None), ("PMC", "stigma", "C91"))
    assert classify.class_of("keyword", None, "MACHINE learning") == "G25"
    assert classify.class_of("PMC", None, "Stigma") == "C91"
    assert classify.class_of("LCC", "Q", "Science") == ""
    assert classify(work(lcc("Q", "Science"))).codes == ()
    assert classify.class_of("MeSH", None, "machine learning") == "TP1", "another scheme's term is another thing"


@pytest.mark.parametrize(
    ("mark", "expected"),
    [("QA75.5-76.95", "G25"), ("QA76.9", "G25"), ("QA1-939", "O"), ("QB1", "P1"), ("Q", "N"), ("QA75", "TP3")],
)
def test_a_class_mark_speaks_for_all_that_begin_so_unless_a_longer_one_does(mark: str, expected: str) -> None:
    classify = said(("LCC", "qa75.5", "G25"), ("LCC", "QA76", "G25"), ("LCC", "QA", "O"))
    assert classify.class_of("LCC", mark, "x") == expected


def test_a_mapping_to_a_class_that_is_not_there_says_nothing() -> None:
    assert said(("LCC", "QA", "NOWHERE")).class_of("LCC", "QA1", "x") == "O1"


def test_a_class_of_the_librarys_own_brings_those_above_it() -> None:
    own = SubjectClass(code="R199", parent="R1", name_zh="校园健康", name_en="Campus health")
    classify = said(("keyword", "campus health", "R199"), classes=(own,))
    assert classify(work(keywords=("Campus health",))).codes == ("R", "R1", "R199")
    assert classify.class_of("CLC", "R199.8", "x") == "R199"


@given(st.text(), st.one_of(st.none(), st.text()), st.text())
def test_nothing_that_a_record_says_trips_it(scheme: str, code: str | None, term: str) -> None:
    found = CLASSIFY(work(Subject(term=term, scheme=scheme or None, code=code), keywords=(term,)))
    assert all(one in SubjectTree() for one in found.codes)


# --- real records -------------------------------------------------------------------------------


def test_most_real_articles_of_pmc_and_arxiv_that_say_a_subject_are_classed(recorded: Path) -> None:
    pages = {
        "pmc": sorted((recorded / "pmc").glob("scrapi_pubmedcentral_oai_dc_*.xml")),
        "arxiv": [recorded / "oai-misc" / "scrapi_arxiv_oai_00.xml"],
    }
    counts: Counter[tuple[str, bool]] = Counter()
    for source, files in pages.items():
        for record in (one for file in files for one in cut(file, source=source)):
            try:
                described = normalise([record], source)
            except UnusableRecordError:
                continue
            found = CLASSIFY(work(*described.subjects, keywords=described.keywords))
            counts[source, bool(found.codes)] += 1
            assert "Research Article" not in " ".join(found.unmapped)
    assert counts["arxiv", True] > 0.95 * (counts["arxiv", True] + counts["arxiv", False])
    assert counts["pmc", True] > 80, "844 records, of which most have nothing but the heading of a section"
