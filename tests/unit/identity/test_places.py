"""Places: pages, volumes and containers as they are written in different sources."""

from __future__ import annotations

import pytest

from indexer.identity.places import (
    Agreement,
    compare_containers,
    compare_names,
    compare_pages,
    name_of,
    number_of,
    pages_of,
)
from indexer.models import Container


@pytest.mark.parametrize(
    ("written", "pages"),
    [
        ("221-8", ("221", "228")),
        ("0091-0092", ("91", "92")),
        ("p. 12--19", ("12", "19")),
        ("e43268", ("e43268", "e43268")),
        ("S34-S42", ("s34", "s42")),
        ("iii-xi", ("iii", "xi")),
        ("Suppl-29", ("", "29")),
        (None, ("", "")),
    ],
)
def test_pages_are_read_from_their_many_forms(written: str | None, pages: tuple[str, str]) -> None:
    assert pages_of(written) == pages


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("221-8", "221-228", "same"),
        ("221", "221-228", "first"),
        ("S27", "27", "near"),
        ("100-101", "100", "first"),
        ("12-19", "14-15", "near"),
        ("12-19", "40-49", "different"),
        ("1-15", "e0247999", "unknown"),
        ("12-19", None, "unknown"),
    ],
)
def test_pages_agree_in_whole_or_in_part(one: str | None, other: str | None, agreement: str) -> None:
    assert compare_pages(pages_of(one), pages_of(other)) == agreement
    assert compare_pages(pages_of(other), pages_of(one)) == agreement


@pytest.mark.parametrize(
    ("written", "number"),
    [("38 (Supplement 1)", "38"), ("Suppl. 03", "3"), ("XII", "12"), ("30A", "30a"), ("第5卷", "5"), (None, "")],
)
def test_volumes_are_their_first_number(written: str | None, number: str) -> None:
    assert number_of(written) == number


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("Current Opinion in Lipidology", "Curr Opin Lipidol", "same"),
        (
            "JPEN. Journal of Parenteral & Enteral Nutrition",
            "Jpen: Journal of parenteral and enteral nutrition",
            "same",
        ),
        ("BMJ (Clinical research ed.)", "BMJ", "same"),
        ("Journal of the American Medical Association", "JAMA", "same"),
        ("Annales françaises d'anesthésie et de réanimation", "Ann Fr Anesth Reanim", "same"),
        ("PLoS ONE", "PLOS ONE", "same"),
        ("中國農業科學", "中国农业科学", "same"),
        ("VLDB", "The VLDB Journal", "unknown"),
        ("SIGMOD Conference", "International Conference on Management of Data", "unknown"),
        ("计算机学报", "Chinese Journal of Computers", "unknown"),
        ("Journal of Clinical Oncology", "PLOS ONE", "different"),
        ("Diabetes", "Diabetologia", "different"),
    ],
)
def test_containers_are_known_by_their_names_forms(one: str, other: str, agreement: Agreement) -> None:
    a, b = name_of(Container(title=one)), name_of(Container(title=other))
    assert (a == b and agreement == "same") or compare_names(*sorted((a, b))) == agreement


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("Zhongguo fei ai za zhi = Chinese journal of lung cancer", "Chin J Lung Cancer", "same"),
        ("Zhongguo fei ai za zhi = Chinese journal of lung cancer", "Zhongguo Fei Ai Za Zhi", "same"),
        ("Zhongguo fei ai za zhi = Chinese journal of lung cancer", "Ai zheng", "unknown"),
        ("Materials & Design", "Materials and Design", "same"),
    ],
)
def test_a_container_named_in_two_languages_is_known_by_either(one: str, other: str, agreement: Agreement) -> None:
    a, b = name_of(Container(title=one)), name_of(Container(title=other))
    assert compare_containers((), a, (), b) == agreement
    assert compare_containers((), b, (), a) == agreement


def test_one_issn_in_common_is_enough_and_other_ones_are_no_conflict() -> None:
    assert compare_containers(("1234-5679",), "a", ("1234-5679", "2345-6782"), "b") == "same"
    assert compare_containers(("1234-5679",), "lakes", ("2345-6782",), "lakes") == "same"
    assert compare_containers(("1234-5679",), "", ("2345-6782",), "") == "unknown"
