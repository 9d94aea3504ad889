"""Authors: the same person in other forms, and how much two lists have in common."""

from __future__ import annotations

import pytest

from harvesters.formats.description import RawContributor
from indexer.identity.people import MOST_PEOPLE, Overlap, authors_of, compare_authors, is_same_person
from indexer.models import Contributor
from indexer.normalise.names import contributors
from tests.unit.identity.drawing import crowd


def _authors(*names: str) -> tuple[str, ...]:
    return authors_of(contributors([RawContributor(name=name) for name in names]))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Fruehwirth, Jane Cooley", "Jane Cooley Fruehwirth", True),
        ("Smith, J. A.", "Smith, John Albert", True),
        ("Smith, John", "Smith, Karl", False),
        ("Zhang San", "San Zhang", True),
        ("Zhang, Xiao-Ming", "X.-M. Zhang", True),
        ("Wang X", "Xiaoguang Wang", True),
        ("Müller, K.", "Mueller, Karl", True),
        ("García, M.", "García López, María", True),
        ("van den Berg, P.", "Berg, P.", True),
        ("Lockemann, P.", "Lockermann, P.", True),
        ("Li, W.", "Lu, W.", False),
        ("Wang, Lei", "Li, Wang", False),
        ("Wang, XM", "Xiaoming Wang", True),
        ("张三丰", "張三豐", True),
        ("张三", "李四", False),
        ("The ATLAS Collaboration", "ATLAS Collaboration", True),
    ],
)
def test_a_person_is_known_in_other_forms(one: str, other: str, *, expected: bool) -> None:
    (a,), (b,) = _authors(one), _authors(other)
    assert is_same_person(a, b) is expected
    assert is_same_person(b, a) is expected


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (("Smith, J", "Doe, K"), ("Doe, Karen", "Smith, John"), "most"),
        (("Smith, J",), ("Smith, J", "Doe, K", "Roe, L", "Poe, M"), "most"),
        (("Poe, M",), ("Smith, J", "Doe, K", "Roe, L", "Poe, M"), "some"),
        (("Smith, J", "Doe, K", "Roe, L"), ("Smith, J", "Poe, M", "Noe, N"), "some"),
        (("Smith, J",), ("Poe, M",), "none"),
        ((), ("Poe, M",), "unknown"),
        (("张三",), ("Zhang San",), "unknown"),
        (("Иванов, И. И.",), ("Ivanov, I.",), "unknown"),
        (("张三", "Zhang San"), ("Zhang, S.",), "most"),
        (("ATLAS Collaboration",), ("Aad, G.", "Abbott, B."), "unknown"),
        (("Anonymous",), ("Poe, M",), "unknown"),
    ],
)
def test_lists_overlap_as_far_as_they_can_be_compared(
    one: tuple[str, ...], other: tuple[str, ...], overlap: Overlap
) -> None:
    assert compare_authors(_authors(*one), _authors(*other))[0] == overlap
    assert compare_authors(_authors(*other), _authors(*one))[0] == overlap


def test_of_a_list_of_thousands_the_first_are_compared() -> None:
    assert len(authors_of(crowd(5_000))) == MOST_PEOPLE


def test_editors_count_only_where_there_is_no_author() -> None:
    author = Contributor(name="A Smith", family="Smith", given="A")
    editor = Contributor(name="B Doe", family="Doe", given="B", role="editor")
    assert authors_of([editor, author]) == ("smith a",)
    assert authors_of([editor]) == ("doe b",)
