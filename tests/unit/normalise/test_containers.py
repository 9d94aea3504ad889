from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.formats.description import Description, RawIdentifier
from indexer.normalise.containers import Citation, container_of, number, pages_of, read_citation


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("Volume 16", "16"), ("16", "16"), ("Vol. XII", "XII"), ("No. 3-4", "3-4"), ("12/1", "12/1"), ("Том 5", "5"),
        ("№ 2", "2"), ("Suppl 1", "Suppl 1"), ("", None), ("-", None), ("0", None), ("n/a", None), (None, None),
    ],
)  # fmt: skip
def test_volumes_and_issues_lose_their_label(value: str | None, clean: str | None) -> None:
    assert number(value) == clean


@pytest.mark.parametrize(
    ("first", "last", "article", "pages"),
    [
        ("129", "134", None, "129-134"), ("11", "11", None, "11"), ("S1", "S9", "e1", "S1-S9"),
        ("pp. 3", "4", None, "3-4"),
        ("3–4", None, None, "3-4"), (None, None, "e2065", "e2065"), ("", "", "e1", "e1"), (None, None, None, None),
    ],
)  # fmt: skip
def test_pages_are_written_in_one_way(
    first: str | None, last: str | None, article: str | None, pages: str | None
) -> None:
    assert pages_of(first, last, article) == pages


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("PLoS ONE, Vol 16, Iss 3, p e0247999 (2021)", ("PLoS ONE", "16", "3", "e0247999", "2021")),
        ("Journal, Vol 1, Iss 2, Pp 3-4 (2020)", ("Journal", "1", "2", "3-4", "2020")),
        ("Revista, de Historia, Vol 1, Pp 3-4 (2020)", ("Revista, de Historia", "1", None, "3-4", "2020")),
        ("Cuizine : The Journal ; vol. 6 no. 2 (2015)", ("Cuizine : The Journal", "6", "2", None, "2015")),
        ("Some book, 2004", (None, None, None, None, None)),
        ("http://x.org/Vol 1", (None, None, None, None, None)),
        (None, (None, None, None, None, None)),
    ],
)
def test_citation_lines_are_taken_apart(line: str | None, expected: tuple[str | None, ...]) -> None:
    found = read_citation(line)
    assert (found.journal, found.volume, found.issue, found.pages, found.year) == expected


def test_a_journal_has_each_valid_issn_once_and_the_linking_one_apart() -> None:
    found = container_of(
        Description(
            container_title=" Papéis  Avulsos ",
            publisher="P",
            issns=(
                RawIdentifier(value="2529-850X", scheme="ppub"),
                RawIdentifier(value="2529-850x", scheme="epub"),
                RawIdentifier(value="1111-1111", scheme="epub"),
                RawIdentifier(value="0210-5462", scheme="issn-l"),
            ),
        ),
        Citation(),
    )
    assert found is not None
    assert (found.title, found.issns, found.issn_l) == ("Papéis Avulsos", ("2529-850X", "0210-5462"), "0210-5462")


def test_dublin_core_keeps_issns_among_its_identifiers() -> None:
    values = ("0102-311X", "0000-0000", "issn:2583-1887", "7")
    identifiers = tuple(RawIdentifier(value=value) for value in values)
    found = container_of(Description(identifiers=identifiers), Citation(journal="J"))
    assert found is not None
    assert (found.title, found.issns) == ("J", ("0102-311X", "2583-1887"))


def test_nothing_said_is_no_journal() -> None:
    assert container_of(Description(), Citation()) is None


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    read_citation(text)
    found = number(text)
    assert found is None or number(found) == found
    pages_of(text, text, text)
